"""Feeds of several pages: each is accepted as it comes, the cursor moves with the last, and none goes on for ever."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import web

from hub.catalogue import inspect
from hub.errors import HubError
from hub.feeds.paging import MOST, Endless, Last, Turn, asked, following
from hub.specs.connector import Page
from tests.feeds.register import Register, a_town, files, page, street

COUNTED = ', page: {field: "@page", size: 2}'
TOLD = ', page: {field: "@cursor", next: paging.next}'


def of_two(register: Register, request: web.Request) -> web.Response:
    """Five streets, two a page."""
    start = (int(request.query["page"]) - 1) * 2
    return page(*(street(number) for number in range(start, min(start + 2, 5))))


def by_cursor(register: Register, request: web.Request) -> web.Response:
    """Three pages, each telling the next."""
    follow = {"": "b", "b": "c=é&", "c=é&": None}
    given = request.query.get("cursor", "")
    return page(street(len(register.asked)), paging={"next": follow[given]})


async def test_pages_are_counted_until_one_is_not_full(tmp_path: Path) -> None:
    async with a_town(tmp_path, more=COUNTED) as town:
        town.register.manner = of_two

        items = await town.fetch()

        assert items == 5
        assert [each["page"] for each in town.register.asked] == ["1", "2", "3"]
        assert await town.known() == {f"S-{number}" for number in range(5)}
        assert (await town.run()).items == 5 and await town.cursor()


async def test_a_full_last_page_is_followed_by_an_empty_one(tmp_path: Path) -> None:
    async with a_town(tmp_path, more=COUNTED) as town:
        town.register.manner = lambda register, request: page(
            *([street(1), street(2)] if request.query["page"] == "1" else [])
        )

        assert await town.fetch() == 2
        assert len(town.register.asked) == 2


async def test_without_a_size_the_last_page_is_the_empty_one(tmp_path: Path) -> None:
    async with a_town(tmp_path, more=', page: {field: "@page", first: 0}') as town:
        town.register.manner = lambda register, request: page(*[street(len(register.asked))][: 3 - len(register.asked)])

        assert await town.fetch() == 2
        assert [each["page"] for each in town.register.asked] == ["0", "1", "2"]


async def test_items_to_pass_over_are_counted_from_nought_and_the_size_is_asked_for(tmp_path: Path) -> None:
    more = ', page: {field: "@skip", counts: items, size: 2, size_field: "@limit"}'
    async with a_town(tmp_path, more=more) as town:
        town.register.manner = lambda register, request: page(*[street(1), street(2)][: 2 - len(register.asked) // 2])

        await town.fetch()

        assert town.register.asked == [{"skip": "0", "limit": "2"}, {"skip": "2", "limit": "2"}]


async def test_an_answer_tells_the_next_page_until_it_tells_none(tmp_path: Path) -> None:
    async with a_town(tmp_path, more=TOLD) as town:
        town.register.manner = by_cursor

        items = await town.fetch()

        assert items == 3
        assert town.register.asked == [{}, {"cursor": "b"}, {"cursor": "c=é&"}]


async def test_a_feed_by_post_is_asked_for_its_pages_in_the_body(tmp_path: Path) -> None:
    operation = (
        "list_streets: {{direction: feed, action: searchStreets, items: streets, "
        "page: {{field: page.number, size: 2, size_field: page.size}}}}"
    )
    async with a_town(tmp_path, operation=operation) as town:
        town.register.manner = lambda register, request: page(street(1))

        await town.fetch()

        assert town.register.said == [b'{"page":{"number":1,"size":2}}']


async def test_a_page_that_fails_leaves_the_cursor_and_what_came_before_is_taken(tmp_path: Path) -> None:
    async with a_town(tmp_path, more=COUNTED) as town:
        town.register.manner = lambda register, request: (
            of_two(register, request) if len(register.asked) != 2 else web.Response(status=500)
        )

        with pytest.raises(HubError):
            await town.fetch()
        run, cursor, known = await town.run(), await town.cursor(), await town.known()
        again = await town.fetch()

        assert "Page 2" in run.error and "500" in run.error
        assert cursor is None
        assert known == {"S-0", "S-1"}
        assert again == 5 and await town.known() == {f"S-{number}" for number in range(5)}


@pytest.mark.parametrize(
    ("more", "answers", "words"),
    [
        (COUNTED, page, "@page"),
        (TOLD, page, "paging.next"),
    ],
)
async def test_an_application_that_gives_the_same_page_for_ever_is_found_out(
    tmp_path: Path, more: str, answers: object, words: str
) -> None:
    async with a_town(tmp_path, more=more) as town:
        town.register.manner = lambda register, request: page(street(1), street(2), paging={"next": "again"})

        with pytest.raises(HubError) as caught:
            await town.fetch()

        assert words in caught.value.text.en and words in caught.value.text.fr
        assert len(town.register.asked) == 2
        assert await town.cursor() is None


async def test_tokens_that_go_round_in_a_circle_are_found_out(tmp_path: Path) -> None:
    async with a_town(tmp_path, more=TOLD) as town:
        circle = {"": "a", "a": "b", "b": "a"}
        town.register.manner = lambda register, request: page(paging={"next": circle[request.query.get("cursor", "")]})

        with pytest.raises(HubError):
            await town.fetch()

        assert len(town.register.asked) == 3


async def test_an_item_that_is_refused_on_one_page_is_said_and_all_others_are_taken(tmp_path: Path) -> None:
    async with a_town(tmp_path, more=COUNTED) as town:
        streets = {"1": [street(1), street(2)], "2": [{"code": "S-3", "name": "<b>"}]}
        town.register.manner = lambda register, request: page(*streets[request.query["page"]])

        items = await town.fetch()

        run = await town.run()
        assert items == 3 and "1" in run.error
        assert await town.known() == {"S-1", "S-2"}


def test_no_fetch_has_more_than_a_thousand_pages() -> None:
    counted, told = Page(field="@page", size=1), Page(field="@cursor", next="next")
    at_the_end = Turn(MOST)

    assert isinstance(following(counted, at_the_end, {}, [{"a": "b"}]), Endless)
    assert isinstance(following(told, at_the_end, {"next": "x"}, []), Endless)
    assert isinstance(following(counted, at_the_end, {}, []), Last)
    assert isinstance(following(counted, Turn(MOST - 1), {}, [{"a": "b"}]), Turn)


def test_a_feed_without_pages_is_asked_once_for_all() -> None:
    assert asked(None, Turn()) == {}
    assert isinstance(following(None, Turn(), {}, [{"a": "b"}]), Last)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (', page: {field: "@pge", size: 2}', "@page"),
        (', page: {field: "@page", size_field: "@limit"}', "how many items a full page has"),
        (', page: {field: "@skip", counts: items}', "how many items a full page has"),
        (', page: {field: "@cursor", next: paging.nxt}', "paging.next"),
        (', page: {field: "@cursor", next: paging}', "no single value"),
        (', page: {field: "@cursor", next: paging.next, first: 2}', "counted pages"),
        (', page: {field: "@cursor", next: paging.next, size: 2}', "counted pages"),
        (', page: {field: "@page", size: 2, size_field: "@limits"}', "@limit"),
        (', page: {field: "@page", size: 0}', ""),
    ],
)
def test_pages_that_cannot_be_asked_for_are_found_by_the_check(tmp_path: Path, more: str, says: str) -> None:
    report = inspect(files(tmp_path, more=more))[1]

    assert report.errors
    assert any(says in f"{found.text.en} {found.right.en if found.right else ''}" for found in report.findings)


def test_pages_of_what_is_no_feed_are_found_by_the_check(tmp_path: Path) -> None:
    connector = files(tmp_path) / "connectors" / "plan" / "connector.yaml"
    connector.write_text(connector.read_text().replace("repeatable: true", "repeatable: true, page: {field: code, size: 2}"))

    report = inspect(tmp_path)[1]

    assert any("direction: feed" in found.text.en for found in report.errors)


@pytest.mark.parametrize("more", ["", COUNTED, TOLD])
def test_right_words_are_found_right(tmp_path: Path, more: str) -> None:
    assert inspect(files(tmp_path, more=more))[1].errors == ()
