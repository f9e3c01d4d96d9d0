"""Feeds whose answers say in a Link header where the next page is (RFC 8288)."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import web

from hub.catalogue import inspect
from hub.errors import HubError
from hub.feeds.paging import MOST, Endless, Heading, Turn, address, following
from hub.specs.connector import Page
from tests.feeds.register import Register, a_town, files, page, street

LINKED = ", page: {link: next}"
BY_POST = "list_streets: {{direction: feed, action: searchStreets, items: streets, page: {{link: next}}}}"


def linked(response: web.Response, *links: str) -> web.Response:
    """An answer with these Link headers."""
    for link in links:
        response.headers.add("Link", link)
    return response


def three(register: Register, request: web.Request) -> web.Response:
    """Three pages, the second of them at a whole address and the third at one from the root."""
    number = int(request.query.get("page", "1"))
    whole = f"http://{request.host}/streets?page=2&of=caf%C3%A9%2Fbar"
    said = {
        1: f'<{whole}>; title="a, b; c"; rel="next"',
        2: '</streets?page=3>; REL="last Next"',
        3: '<?page=1>; rel="first"',
    }
    return linked(page(street(number)), said[number])


def leading_to(*links: str) -> object:
    """A register whose first page says these links, and whose others are the last."""

    def manner(register: Register, request: web.Request) -> web.Response:
        return linked(page(street(len(register.asked))), *(links if len(register.asked) == 1 else ()))

    return manner


async def test_the_address_that_is_told_is_asked_as_it_stands_until_none_is_told(tmp_path: Path) -> None:
    async with a_town(tmp_path, more=', since: "@after", since_of: sequence' + LINKED) as town:
        town.register.manner = three

        items = await town.fetch()

        assert items == 3 and await town.known() == {"S-1", "S-2", "S-3"}
        assert town.register.asked == [{}, {"page": "2", "of": "café/bar"}, {"page": "3"}]
        assert town.register.said == [b""] * 3
        assert await town.cursor() and not (await town.run()).error


async def test_the_size_is_asked_for_once_and_every_page_with_the_same_headers(tmp_path: Path) -> None:
    async with a_town(tmp_path, more=', page: {link: next, size: 2, size_field: "@limit"}') as town:
        town.register.manner = leading_to("<?page=2>; rel=next")

        await town.fetch()

        assert town.register.asked == [{"limit": "2"}, {"page": "2"}]
        assert [each["Accept"] for each in town.register.headers] == ["application/json"] * 2


async def test_several_headers_are_read_as_one(tmp_path: Path) -> None:
    async with a_town(tmp_path, more=LINKED) as town:
        town.register.manner = leading_to('<?page=1>; rel="first"', '<?page=9>; rel="last", <?page=2>; rel="next"')

        assert await town.fetch() == 2
        assert town.register.asked == [{}, {"page": "2"}]


async def test_an_empty_page_is_followed_as_any_other(tmp_path: Path) -> None:
    async with a_town(tmp_path, more=LINKED) as town:
        town.register.manner = lambda register, request: (
            page(street(2)) if register.asked[1:] else linked(page(), "<?page=2>; rel=next")
        )

        assert await town.fetch() == 1


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ("<http://127.0.0.1:9/streets?page=2>; rel=next", "http://127.0.0.1:9"),
        ("<http://localhost:{port}/streets?page=2>; rel=next", "http://localhost:{port}"),
        ("<https://127.0.0.1:{port}/streets?page=2>; rel=next", "https://127.0.0.1:{port}"),
        ("<//other.example/streets?page=2>; rel=next", "http://other.example:80"),
        ("<http://user:word@127.0.0.1:{port}/streets>; rel=next", "no address that can be called"),
        ("<file:///etc/passwd>; rel=next", "no address that can be called"),
        ("</streets?page=2; rel=next", "cannot be read"),
        ("<?page=2>; rel=next, <?page=3>; rel=next", "several"),
    ],
)
async def test_a_page_that_is_elsewhere_is_not_asked_for_and_the_fetch_fails(tmp_path: Path, link: str, words: str) -> None:
    async with a_town(tmp_path, more=LINKED) as town:

        def manner(register: Register, request: web.Request) -> web.Response:
            return linked(page(street(1)), link.replace("{port}", str(request.url.port)))

        town.register.manner = manner

        with pytest.raises(HubError) as caught:
            await town.fetch()

        shown = (await town.run()).error
        assert len(town.register.asked) == 1
        assert words.partition("{port}")[0] in caught.value.text.en and "Page 2" in caught.value.text.en
        assert "Page 2" in shown and "word" not in shown
        assert await town.cursor() is None and await town.known() == {"S-1"}


@pytest.mark.parametrize(
    "circle", [["/streets"], ["/streets?page=2", "/streets?page=2"], ["?page=2", "?page=3", "?page=2"], [""]]
)
async def test_links_that_lead_back_are_found_out(tmp_path: Path, circle: list[str]) -> None:
    async with a_town(tmp_path, more=LINKED) as town:

        def manner(register: Register, request: web.Request) -> web.Response:
            return linked(page(street(1)), f"<{circle[len(register.asked) - 1]}>; rel=next")

        town.register.manner = manner

        with pytest.raises(HubError) as caught:
            await town.fetch()

        assert len(town.register.asked) == len(circle)
        assert "same next page twice" in caught.value.text.en and "deux fois" in caught.value.text.fr
        assert await town.cursor() is None


async def test_a_page_that_fails_leaves_the_cursor_and_the_next_fetch_begins_at_the_connector_s_address(
    tmp_path: Path,
) -> None:
    async with a_town(tmp_path, more=LINKED) as town:
        town.register.manner = lambda register, request: (
            three(register, request) if len(register.asked) != 2 else web.Response(status=500)
        )

        with pytest.raises(HubError):
            await town.fetch()
        cursor = await town.cursor()
        again = await town.fetch()

        assert cursor is None and again == 3
        assert town.register.asked[2] == {}


async def test_a_redirection_from_a_page_is_not_followed(tmp_path: Path) -> None:
    async with a_town(tmp_path, more=LINKED) as town:

        def manner(register: Register, request: web.Request) -> web.Response:
            if register.asked[1:]:
                return web.Response(status=302, headers={"Location": "/streets?page=3"})
            return linked(page(street(1)), "<?page=2>; rel=next")

        town.register.manner = manner

        with pytest.raises(HubError):
            await town.fetch()

        assert len(town.register.asked) == 2


async def test_a_list_of_one_page_is_asked_again_only_if_it_has_changed(tmp_path: Path) -> None:
    async with a_town(tmp_path, more=LINKED) as town:

        def manner(register: Register, request: web.Request) -> web.Response:
            known = request.headers.get("If-None-Match") == '"1"'
            answer = web.Response(status=304) if known else page(street(1))
            answer.headers["ETag"] = '"1"'
            return linked(answer, '<?page=1>; rel="first"')

        town.register.manner = manner

        assert (await town.fetch(), await town.fetch()) == (1, 0)
        assert town.register.headers[1]["If-None-Match"] == '"1"'


def test_no_fetch_follows_more_than_a_thousand_links() -> None:
    link, at_the_end = Page(link="next"), Turn(MOST, token="http://h/999")
    heading = Heading("http://h/999", "<1000>; rel=next")

    assert isinstance(following(link, at_the_end, {}, [], heading=heading), Endless)
    assert following(link, Turn(), {}, [], heading=heading) == Turn(2, "http://h/1000", frozenset({"http://h/999"}))
    assert address(link, Turn()) == address(Page(field="@page"), Turn(2, "http://h/2")) == address(None, Turn()) == ""


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (", page: {link: last}", "next"),
        (', page: {link: next, field: "@page"}', "leave out field and next"),
        (", page: {link: next, next: paging.next}", "leave out field and next"),
        (", page: {link: next, first: 1}", "counted pages"),
        (", page: {link: next, size: 2}", "counted pages"),
        (', page: {link: next, size_field: "@limit"}', "how many items a full page has"),
        (", page: {next: paging.next}", "or link: next"),
        (", page: {size: 2}", "or link: next"),
        (', page: {feild: "@page"}', "field"),
    ],
)
def test_words_that_do_not_go_with_links_are_found_by_the_check(tmp_path: Path, more: str, says: str) -> None:
    report = inspect(files(tmp_path, more=more))[1]

    assert report.errors
    assert any(says in f"{found.text.en} {found.right.en if found.right else ''}" for found in report.findings)


def test_links_of_what_is_not_asked_for_by_get_are_found_by_the_check(tmp_path: Path) -> None:
    report = inspect(files(tmp_path, operation=BY_POST))[1]

    assert [found.line for found in report.errors if "by GET" in found.text.en and "par GET" in found.text.fr] == [8]


def test_links_are_found_right(tmp_path: Path) -> None:
    assert inspect(files(tmp_path, more=LINKED))[1].errors == ()
