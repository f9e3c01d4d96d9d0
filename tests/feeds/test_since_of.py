"""Feeds that are asked on from what their items say (a number, a token), not from when they were asked last."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from aiohttp import web

from hub.catalogue import inspect
from hub.contract import Kind
from hub.errors import HubError
from hub.feeds.cursor import Cursor, reached, read_cursor
from tests.feeds.register import OPERATION, a_town, files, page, street
from tests.ledger.makers import NOON

BY_NUMBER = ', since: "@after", since_of: sequence'
BY_TOKEN = ', since: "@after", since_of: token'
BY_POST = (
    "list_streets: {{direction: feed, action: searchStreets, items: streets, since: changed.after, since_of: sequence, "
    "page: {{field: page.number, size: 1}}}}"
)


async def test_the_first_fetch_sends_none_and_the_next_the_highest_number_that_came(tmp_path: Path) -> None:
    async with a_town(tmp_path, more=BY_NUMBER) as town:
        town.register.manner = lambda register, request: page(
            street(1, sequence=9), street(2, sequence=107), street(3, sequence=12)
        )

        await town.fetch()
        await town.fetch()

        assert town.register.asked == [{}, {"after": "107"}]


async def test_of_tokens_the_last_item_s_is_sent_whatever_its_letters(tmp_path: Path) -> None:
    async with a_town(tmp_path, more=BY_TOKEN) as town:
        town.register.manner = lambda register, request: page(street(1, token="z9"), street(2, token="a+/é="), street(3))

        await town.fetch()
        await town.fetch()

        assert town.register.asked == [{}, {"after": "a+/é="}]


async def test_a_fetch_that_brings_nothing_asks_on_from_the_same_place(tmp_path: Path) -> None:
    async with a_town(tmp_path, more=BY_NUMBER) as town:
        answers = iter([page(street(1, sequence=5)), page(), page()])
        town.register.manner = lambda register, request: next(answers)

        for _ in range(3):
            await town.fetch()

        assert [each.get("after") for each in town.register.asked] == [None, "5", "5"]


async def test_a_number_never_goes_back(tmp_path: Path) -> None:
    async with a_town(tmp_path, more=BY_NUMBER) as town:
        answers = iter([page(street(1, sequence=50)), page(street(2, sequence=7)), page()])
        town.register.manner = lambda register, request: next(answers)

        for _ in range(3):
            await town.fetch()

        assert town.register.asked[-1] == {"after": "50"}


async def test_it_is_not_lost_when_the_hub_stops(tmp_path: Path) -> None:
    async with a_town(tmp_path, more=BY_NUMBER) as town:
        town.register.manner = lambda register, request: page(street(1, sequence=41))
        await town.fetch()

    async with a_town(tmp_path, more=BY_NUMBER) as town:
        await town.fetch()

        assert town.register.asked == [{"after": "41"}]


async def test_over_several_pages_it_moves_with_the_last_and_all_pages_ask_from_the_same_place(tmp_path: Path) -> None:
    async with a_town(tmp_path, operation=BY_POST) as town:
        first = [page(street(1, sequence=1)), page()]
        second = [page(street(2, sequence=9)), web.Response(status=500)]
        third = [page(street(2, sequence=9)), page(street(3, sequence=8)), page()]
        answers = iter([*first, *second, *third, page()])
        town.register.manner = lambda register, request: next(answers)

        await town.fetch()
        with pytest.raises(HubError):
            await town.fetch()
        await town.fetch()
        await town.fetch()

        marks = [json.loads(said).get("changed", {}).get("after") for said in town.register.said]
        assert marks == [None, None, 1, 1, 1, 1, 1, 9]


async def test_a_mark_of_another_feed_is_not_sent(tmp_path: Path) -> None:
    async with a_town(tmp_path, more=BY_NUMBER) as town:
        town.register.manner = lambda register, request: page(street(1, sequence=41))
        await town.fetch()
        kept = await town.cursor()

    async with a_town(tmp_path, more=BY_NUMBER) as town:
        await town.hub.ledger.move_cursor("streets", str(kept).replace("list_streets", "list_squares"))
        await town.fetch()

        assert town.register.asked == [{}]


@pytest.mark.parametrize(
    ("kind", "mark", "values", "after"),
    [
        (Kind.INTEGER, "9", ["10", "2"], "10"),
        (Kind.INTEGER, "", [], ""),
        (Kind.DECIMAL, "", ["1.5", "01.50", "-3"], "1.5"),
        (Kind.DATE, "2026-02-01", ["2026-01-31"], "2026-02-01"),
        (Kind.DATETIME, "", ["2026-03-29T01:30:00Z", "2026-03-29T03:00:00+02:00"], "2026-03-29T01:30:00Z"),
        (Kind.DATETIME, "", ["2026-03-29T01:30:00", "2026-03-29T01:30:01.5"], "2026-03-29T01:30:01.5"),
        (Kind.INTEGER, "not a number", ["3"], "3"),
        (Kind.TEXT, "zz", ["b", "a"], "a"),
        (Kind.TEXT, "zz", [], "zz"),
    ],
)
def test_of_numbers_and_dates_the_highest_counts_of_texts_the_last(
    kind: Kind, mark: str, values: list[str], after: str
) -> None:
    items = [{"mark": value} for value in values] + [{"other": "x"}]

    assert reached(mark, items, "mark", kind) == after


def test_a_cursor_is_read_as_it_was_written() -> None:
    whole, plain = Cursor(NOON, "a.b c d", "é{"), Cursor(NOON, "a.b c d")

    assert read_cursor(whole.written(), feed="a.b c d") == whole
    assert read_cursor(whole.written(), feed="x.y z d") == Cursor(NOON, "x.y z d")
    assert read_cursor(plain.written(), feed="a.b c d") == plain
    assert plain.written() == NOON.isoformat()
    assert read_cursor(None, feed="a.b c d").at is None


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (", since_of: sequence", "there is no since"),
        (', since: "@after", since_of: sequnce', "sequence"),
        (', since: "@aftr", since_of: sequence', "@after"),
    ],
)
def test_a_mark_that_no_item_has_is_found_by_the_check(tmp_path: Path, more: str, says: str) -> None:
    report = inspect(files(tmp_path, more=more))[1]

    assert any(says in f"{found.text.en} {found.right.en if found.right else ''}" for found in report.errors)


def test_a_contract_that_demands_what_the_first_fetch_does_not_have_is_found_by_the_check(tmp_path: Path) -> None:
    contract = files(tmp_path, more=BY_NUMBER) / "connectors" / "register" / "register.yaml"
    contract.write_text(contract.read_text().replace("{name: after, in: query,", "{name: after, in: query, required: true,"))

    report = inspect(tmp_path)[1]

    assert any("first fetch" in found.text.en and "patches" in str(found.right) for found in report.errors)


@pytest.mark.parametrize(("more", "operation"), [(BY_NUMBER, OPERATION), (BY_TOKEN, OPERATION), ("", BY_POST)])
def test_right_marks_are_found_right(tmp_path: Path, more: str, operation: str) -> None:
    assert inspect(files(tmp_path, more=more, operation=operation))[1].errors == ()
