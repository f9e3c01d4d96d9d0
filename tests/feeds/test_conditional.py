"""Feeds whose answer says what it is known by: the hub asks again only for what has changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import web

from hub.call import Call, Reply
from hub.errors import HubError
from hub.transports.conditional import conditional, validators
from tests.feeds.register import Register, a_town, held, page, street

CHANGED = "Sat, 14 Nov 2026 08:00:00 GMT"
URL = "https://register.example.fr/streets"


def tagged(tag: str, *streets: dict[str, str], modified: str = "") -> web.Response:
    """A page with what it is known by."""
    answer = page(*streets)
    answer.headers.update({name: value for name, value in (("ETag", tag), ("Last-Modified", modified)) if value})
    return answer


def unchanged_when_asked(register: Register, request: web.Request) -> web.Response:
    """304 to whoever has the first answer."""
    if request.headers.get("If-None-Match") == '"v1"':
        return web.Response(status=304)
    return tagged('"v1"', street(1))


async def test_what_has_not_changed_is_no_item_and_no_error(tmp_path: Path) -> None:
    async with a_town(tmp_path) as town:
        town.register.manner = unchanged_when_asked

        items = [await town.fetch() for _ in range(3)]

        assert items == [1, 0, 0]
        assert (await town.run()).error == ""
        assert [each.get("If-None-Match") for each in town.register.headers] == [None, '"v1"', '"v1"']


async def test_the_time_of_the_last_change_does_as_well(tmp_path: Path) -> None:
    async with a_town(tmp_path) as town:
        town.register.manner = lambda register, request: tagged("", street(1), modified=CHANGED)

        await town.fetch()
        await town.fetch()

        assert [each.get("If-Modified-Since") for each in town.register.headers] == [None, CHANGED]


async def test_it_is_known_after_a_stop_too(tmp_path: Path) -> None:
    with held() as url:
        async with a_town(tmp_path, url=url) as town:
            town.register.manner = unchanged_when_asked
            await town.fetch()
            cursor = await town.cursor()

        async with a_town(tmp_path, url=url) as town:
            town.register.manner = unchanged_when_asked

            assert await town.fetch() == 0
            assert await town.cursor() != cursor, "a fetch that brings nothing moves it too"


async def test_an_application_that_moved_is_asked_for_everything(tmp_path: Path) -> None:
    with held() as url:
        async with a_town(tmp_path, url=url) as town:
            town.register.manner = unchanged_when_asked
            await town.fetch()

        async with a_town(tmp_path) as town:
            town.register.manner = unchanged_when_asked

            assert await town.fetch() == 1


async def test_a_304_that_nobody_asked_for_stops_the_run(tmp_path: Path) -> None:
    async with a_town(tmp_path) as town:
        town.register.manner = lambda register, request: web.Response(status=304)

        with pytest.raises(HubError):
            await town.fetch()

        assert "304" in (await town.run()).error and await town.cursor() is None


async def test_what_was_refused_is_asked_for_again(tmp_path: Path) -> None:
    async with a_town(tmp_path) as town:
        town.register.manner = lambda register, request: tagged('"v1"', {"code": "S-1", "name": "<b>"}, street(2))

        await town.fetch()
        await town.fetch()

        assert all("If-None-Match" not in each for each in town.register.headers)


async def test_an_answer_of_several_pages_is_not_known_by_its_first(tmp_path: Path) -> None:
    async with a_town(tmp_path, more=', page: {field: "@page", size: 1}') as town:
        town.register.manner = lambda register, request: (
            tagged('"v1"', street(1)) if request.query["page"] == "1" else tagged('"v2"')
        )

        await town.fetch()
        await town.fetch()

        assert all("If-None-Match" not in each for each in town.register.headers)


async def test_an_answer_that_no_longer_says_what_it_is_known_by_is_forgotten(tmp_path: Path) -> None:
    async with a_town(tmp_path) as town:
        answers = iter([tagged('"v1"', street(1)), tagged("", street(2)), page()])
        town.register.manner = lambda register, request: next(answers)

        for _ in range(3):
            await town.fetch()

        assert [each.get("If-None-Match") for each in town.register.headers] == [None, '"v1"', None]


async def test_another_question_is_asked_without_a_condition(tmp_path: Path) -> None:
    async with a_town(tmp_path, more=', since: "@after", since_of: sequence') as town:
        town.register.manner = lambda register, request: tagged('"v1"', street(1, sequence=len(register.asked) // 2))

        for _ in range(3):
            await town.fetch()

        assert [each.get("If-None-Match") for each in town.register.headers] == [None, None, None]
        assert [each.get("after") for each in town.register.asked] == [None, "0", "1"]


@pytest.mark.parametrize("tag", ['"v1"', 'W/"v1"', '""'])
def test_a_tag_is_sent_back_as_it_came(tag: str) -> None:
    known = validators(Call("GET", URL), Reply(200, {"etag": tag}, b""))

    assert conditional(Call("GET", URL), known).headers == {"If-None-Match": tag}


@pytest.mark.parametrize("tag", ["v1", '"a" , "b"', '"a\r\nX-Evil: 1"', "*", '"' + "a" * 501 + '"', "", '"é"'])
def test_what_is_no_tag_is_not_kept(tag: str) -> None:
    assert validators(Call("GET", URL), Reply(200, {"etag": tag, "last-modified": "yesterday"}, b"")) is None


def test_only_a_get_of_the_same_address_is_asked_conditionally() -> None:
    reply = Reply(200, {"etag": '"v1"'}, b"")
    known = validators(Call("GET", URL), reply)
    own = Call("GET", URL, {"if-none-match": '"mine"'})

    assert validators(Call("POST", URL), reply) is None
    assert conditional(Call("POST", URL), known).headers == {}
    assert conditional(Call("GET", URL + "?page=2"), known).headers == {}
    assert conditional(own, known) is own
