"""The console: signing in, reading, acting with a reason, in two languages, escaped and under a strict policy."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html.parser import HTMLParser

import httpx
import pytest

from hub.call import Refused, Unanswered
from hub.endpoints.console import sessions, words
from hub.errors import Text
from tests.endpoints.doors import Doors, bin_request
from tests.endpoints.outcomes import clashes, ends

REFUSED = Refused(Text(en="Unknown bin <script>alert(1)</script>", fr="Bac inconnu <b>gras</b>"))


def token_of(page: str) -> str:
    found = re.search(r'name="token" value="([0-9a-f]{64})"', page)
    assert found, page
    return found[1]


@pytest.fixture
async def browser(doors: Doors) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that nobody has signed in with yet."""
    transport = httpx.ASGITransport(app=doors.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub.test") as client:
        yield client


async def sign_in(browser: httpx.AsyncClient, key: str) -> httpx.Response:
    page = await browser.get("/admin/login")
    return await browser.post("/admin/login", data={"token": token_of(page.text), "key": key})


async def test_an_admin_key_opens_the_console_with_a_guarded_cookie(doors: Doors, browser: httpx.AsyncClient) -> None:
    answer = await sign_in(browser, doors.admin)

    assert (answer.status_code, answer.headers["location"]) == (303, "/admin")
    cookie = next(line for line in answer.headers.get_list("set-cookie") if line.startswith("hub_session="))
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Path=/admin" in cookie
    assert doors.admin.split("_")[2] not in cookie
    assert (await browser.get("/admin")).status_code == 200


@pytest.mark.parametrize("key", ["", "hello", "hub_000000000000_" + "0" * 64])
async def test_a_wrong_key_does_not_open_it(doors: Doors, browser: httpx.AsyncClient, key: str) -> None:
    answer = await sign_in(browser, key)

    assert answer.status_code == 401
    assert "hub_session" not in browser.cookies


async def test_an_applications_key_does_not_open_it(doors: Doors, browser: httpx.AsyncClient) -> None:
    assert (await sign_in(browser, doors.portal)).status_code == 401


async def test_a_sign_in_from_another_page_is_refused(doors: Doors, browser: httpx.AsyncClient) -> None:
    token = token_of((await browser.get("/admin/login")).text)
    browser.cookies.clear()

    without_cookie = await browser.post("/admin/login", data={"token": token, "key": doors.admin})
    page = await browser.get("/admin/login")
    cross_site = await browser.post(
        "/admin/login",
        data={"token": token_of(page.text), "key": doors.admin},
        headers={"Sec-Fetch-Site": "cross-site"},
    )

    assert (without_cookie.status_code, cross_site.status_code) == (403, 403)
    assert "hub_session" not in browser.cookies


async def test_a_session_ends_when_idle_too_old_signed_out_or_its_key_is_revoked(doors: Doors) -> None:
    now = doors.hub.clock()
    at = [now]
    held = sessions.Sessions(b"secret", clock=lambda: at[0])
    first = held.begin("0" * 12)
    cookie = held.cookie(first)
    assert held.read(cookie)

    at[0] = now + timedelta(minutes=31)
    assert held.read(cookie) is None

    at[0] = now
    for step in range(30):
        at[0] = now + timedelta(minutes=25 * step)
        kept = held.read(cookie)
        cookie = held.cookie(kept) if kept else cookie
    assert held.read(cookie) is None

    second = held.begin("0" * 12)
    held.end(second)
    assert held.read(held.cookie(second)) is None
    assert held.read(held.cookie(first)[:-1] + "0") is None
    assert held.read("nonsense") is None
    assert sessions.Sessions(b"another", clock=lambda: at[0]).read(cookie) is None


async def test_a_revoked_key_is_out_at_its_next_page(doors: Doors, browser: httpx.AsyncClient) -> None:
    await sign_in(browser, doors.admin)
    await doors.hub.desk.revoke_key(doors.admin.split("_")[1], actor="test", reason="left")

    assert (await browser.get("/admin")).headers["location"] == "/admin/login"


async def test_signing_out_ends_the_session_even_where_its_cookie_was_copied(
    doors: Doors, browser: httpx.AsyncClient
) -> None:
    await sign_in(browser, doors.admin)
    copied = browser.cookies["hub_session"]
    page = await browser.get("/admin")

    await browser.post("/admin/logout", data={"token": token_of(page.text)})
    browser.cookies.set("hub_session", copied, domain="hub.test", path="/admin")

    assert (await browser.get("/admin")).headers["location"] == "/admin/login"


async def test_pages_have_a_strict_policy_and_no_inline_style_or_script(doors: Doors, browser: httpx.AsyncClient) -> None:
    message = (await doors.say(bin_request())).json()["message"]
    await sign_in(browser, doors.admin)

    for path in ("/admin", "/admin/messages", f"/admin/messages/{message}", "/admin/dead", "/admin/schedules"):
        page = await browser.get(path)
        policy = page.headers["content-security-policy"]
        assert page.status_code == 200
        for part in ("default-src 'none'", "style-src 'self'", "script-src 'self'", "form-action 'self'", "base-uri 'none'"):
            assert part in policy
        assert "unsafe" not in policy
        assert not re.search(r"<script|\sstyle=|\son\w+=|<style", page.text)
        assert page.headers["cache-control"] == "no-store"


class Outline(HTMLParser):
    """What a screen reader would meet."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.labelled: set[str] = set()
        self.fields: list[dict[str, str | None]] = []
        self.language: str | None = ""
        self.inside_label = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        if tag == "html":
            self.language = given.get("lang")
        if tag == "label":
            self.inside_label += 1
            self.labelled.add(given.get("for") or "")
        if tag in ("input", "select") and given.get("type") != "hidden":
            self.fields.append({**given, "inside": str(self.inside_label)})

    def handle_endtag(self, tag: str) -> None:
        if tag == "label":
            self.inside_label -= 1


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_pages_can_be_heard_as_well_as_seen(doors: Doors, browser: httpx.AsyncClient, language: str) -> None:
    message = (await doors.say(bin_request())).json()["message"]
    await ends(doors, REFUSED)
    login = await browser.get("/admin/login", headers={"Accept-Language": language})
    await sign_in(browser, doors.admin)

    pages = [login] + [
        await browser.get(path, headers={"Accept-Language": language})
        for path in ("/admin", "/admin/messages", f"/admin/messages/{message}", "/admin/dead", "/admin/schedules")
    ]

    for page in pages:
        outline = Outline()
        outline.feed(page.text)
        assert outline.language == language
        assert outline.tags.count("h1") == 1
        assert {"header", "main", "footer"} <= set(outline.tags)
        assert outline.tags.count("table") == outline.tags.count("caption")
        assert 'href="#content"' in page.text
        for field in outline.fields:
            assert field["inside"] != "0" or field.get("id") in outline.labelled


async def test_a_message_is_found_by_its_reference_and_its_story_is_told(doors: Doors, browser: httpx.AsyncClient) -> None:
    message = (await doors.say(bin_request("D-2026-00417"))).json()["message"]
    await ends(doors, REFUSED)
    await sign_in(browser, doors.admin)

    found = await browser.get("/admin/messages", params={"reference": "D-2026-00417"})
    by_id = await browser.get("/admin/messages", params={"reference": message})
    story = await browser.get(f"/admin/messages/{message}", headers={"Accept-Language": "fr"})

    assert f"/admin/messages/{message}" in found.text
    assert by_id.headers["location"] == f"/admin/messages/{message}"
    assert "Accepté et enregistré" in story.text
    assert "Mis en rebut" in story.text
    assert "Une personne doit corriger la cause" in story.text
    assert "LE GOFF" not in story.text


async def test_what_an_application_says_is_escaped(doors: Doors, browser: httpx.AsyncClient) -> None:
    message = (await doors.say(bin_request())).json()["message"]
    await ends(doors, REFUSED)
    await sign_in(browser, doors.admin)

    for path in (f"/admin/messages/{message}", "/admin/dead", "/admin/messages?reference=<script>x</script>"):
        page = await browser.get(path)
        assert "<script>" not in page.text
        assert "&lt;script&gt;" in page.text


async def test_a_delivery_is_acted_upon_with_a_reason(doors: Doors, browser: httpx.AsyncClient) -> None:
    receipt = (await doors.say(bin_request())).json()
    delivery = receipt["deliveries"][0]
    await ends(doors, Unanswered(Text(en="No answer", fr="Pas de réponse")), can_look_up=False)
    await sign_in(browser, doors.admin)
    page = await browser.get(f"/admin/messages/{receipt['message']}")

    answer = await browser.post(
        f"/admin/deliveries/{delivery}/confirm", data={"token": token_of(page.text), "reason": "Vu dans l'application"}
    )
    after = await browser.get(answer.headers["location"])

    assert "Look in the application" in page.text
    assert answer.status_code == 303
    assert "marked as delivered" in after.text
    assert "Vu dans l&#39;application" in after.text
    assert (await doors.hub.ledger.delivery(delivery)).state == "delivered"


@pytest.mark.parametrize("fields", [{}, {"token": "0" * 64, "reason": "because"}, {"token": "é", "reason": "because"}])
async def test_a_form_of_another_page_changes_nothing(
    doors: Doors, browser: httpx.AsyncClient, fields: dict[str, str]
) -> None:
    delivery = (await doors.say(bin_request())).json()["deliveries"][0]
    await sign_in(browser, doors.admin)

    answer = await browser.post(f"/admin/deliveries/{delivery}/cancel", data=fields)

    assert answer.status_code in (403, 415)
    assert (await doors.hub.ledger.delivery(delivery)).state == "waiting"


async def test_a_change_without_a_reason_says_so(doors: Doors, browser: httpx.AsyncClient) -> None:
    delivery = (await doors.say(bin_request())).json()["deliveries"][0]
    await sign_in(browser, doors.admin)
    token = token_of((await browser.get("/admin")).text)

    answer = await browser.post(
        f"/admin/deliveries/{delivery}/cancel", data={"token": token, "reason": " "}, headers={"Accept-Language": "fr"}
    )

    assert answer.status_code == 422
    assert "Indiquez le motif" in answer.text


async def test_a_reader_sees_no_button_and_can_change_nothing(doors: Doors, browser: httpx.AsyncClient) -> None:
    receipt = (await doors.say(bin_request())).json()
    await sign_in(browser, doors.reader)
    page = await browser.get("/admin")
    story = await browser.get(f"/admin/messages/{receipt['message']}")

    answer = await browser.post(
        f"/admin/deliveries/{receipt['deliveries'][0]}/cancel",
        data={"token": token_of(page.text), "reason": "curious"},
    )

    assert "/pause" not in page.text
    assert "/cancel" not in story.text
    assert answer.status_code == 403


async def test_a_lane_is_paused_and_the_overview_says_so(doors: Doors, browser: httpx.AsyncClient) -> None:
    await sign_in(browser, doors.admin)
    token = token_of((await browser.get("/admin")).text)

    answer = await browser.post("/admin/lanes/waste/default/pause", data={"token": token, "reason": "Bascule"})
    page = await browser.get(answer.headers["location"])

    assert "The lane is paused." in page.text
    assert "Not flowing: waste/default." in page.text


async def test_all_dead_letters_of_one_cause_are_counted_before_they_are_sent_again(
    doors: Doors, browser: httpx.AsyncClient
) -> None:
    for number in range(3):
        await doors.say(bin_request(f"D-{number}"))
    await ends(doors, REFUSED)
    await sign_in(browser, doors.admin)
    dead = await browser.get("/admin/dead")
    link = re.search(r'href="(/admin/dead/replay\?[^"]+)"', dead.text)
    assert link

    preview = await browser.get(link[1].replace("&amp;", "&"))
    fields = dict(
        re.findall(
            r'<input type="hidden" name="(lane|exchange|receiver|authority|text|ticket|token)" value="([^"]*)"', preview.text
        )
    )
    fields = {name: value.replace("&#34;", '"').replace("&lt;", "<").replace("&gt;", ">") for name, value in fields.items()}
    await browser.post("/admin/dead/replay", data={**fields, "token": token_of(preview.text), "reason": "Corrigé"})

    assert "3 deliveries would be sent again" in preview.text
    assert not await doors.hub.ledger.dead_by_cause()


async def test_a_dead_letter_s_document_is_corrected_on_a_page(doors: Doors, browser: httpx.AsyncClient) -> None:
    said = (await doors.say(bin_request("D-1"))).json()
    await ends(doors, REFUSED)
    delivery = said["deliveries"][0]
    await sign_in(browser, await doors.hub.desk.issue_key("staff", "default", ("admin", "content"), actor="test"))
    card = await browser.get(f"/admin/messages/{said['message']}")
    shown = await browser.get(f"/admin/deliveries/{delivery}/correction")
    right = bin_request("D-1", usager={"nom": "MARTIN", "prenom": "Ana"})
    fields = {"token": token_of(shown.text), "document": json.dumps(right), "reason": "Nom corrigé"}

    answer = await browser.post(f"/admin/deliveries/{delivery}/correction", data=fields)
    page = await browser.get(answer.headers["location"])

    assert f"/admin/deliveries/{delivery}/correction" in card.text
    assert "LE GOFF" in shown.text
    assert "The corrected message is accepted." in page.text
    assert (await doors.hub.ledger.delivery(delivery)).state == "cancelled"
    assert [line.event for line in (await doors.hub.ledger.story(said["message"])).lines][-2:] == [
        "content-read",
        "replaced",
    ]


async def test_nobody_sees_a_document_to_correct_without_the_right_to_see_content(
    doors: Doors, browser: httpx.AsyncClient
) -> None:
    said = (await doors.say(bin_request("D-1"))).json()
    await ends(doors, REFUSED)
    await sign_in(browser, doors.admin)

    card = await browser.get(f"/admin/messages/{said['message']}")
    page = await browser.get(f"/admin/deliveries/{said['deliveries'][0]}/correction")

    assert "/correction" not in card.text
    assert (page.status_code, "LE GOFF" in page.text) == (403, False)


async def test_the_language_is_chosen_and_the_way_back_stays_on_the_console(browser: httpx.AsyncClient) -> None:
    answer = await browser.post("/admin/language", data={"language": "fr", "back": "/admin/login"})
    page = await browser.get("/admin/login", headers={"Accept-Language": "en"})

    assert answer.headers["location"] == "/admin/login"
    assert '<html lang="fr">' in page.text
    for away in ("https://evil.example", "//evil.example", "/admin/..//evil.example", "/admin\\@evil", "/adminevil"):
        answer = await browser.post("/admin/language", data={"language": "fr", "back": away})
        assert answer.headers["location"] == "/admin"


@pytest.mark.parametrize("path", ["console.css", "hub.svg"])
async def test_the_style_is_a_file_of_our_own(browser: httpx.AsyncClient, path: str) -> None:
    assert (await browser.get(f"/admin/static/{path}")).status_code == 200
    assert (await browser.get("/admin/static/../pages.py")).status_code == 404


def test_every_sentence_has_both_languages_and_the_same_blanks() -> None:
    for table in (words.WORDS, words.EVENTS):
        for key, text in table.items():
            assert text.en, key
            assert text.fr, key
            assert set(re.findall(r"\{(\w+)\}", text.en)) == set(re.findall(r"\{(\w+)\}", text.fr)), key


def test_ages_are_short() -> None:
    assert [words.age_said(s, "fr") for s in (None, 5, 180, 7800, 356400)] == ["–", "5 s", "3 min", "2 h 10", "4 j 3 h"]


async def test_what_both_sides_changed_is_shown_side_by_side_and_looking_is_journalled(
    doors: Doors, browser: httpx.AsyncClient
) -> None:
    receipt = (await doors.say(bin_request())).json()
    await clashes(doors, phone={"label": "Téléphone", "sent": "06 <b>", "held": "07"})
    await sign_in(browser, doors.admin)
    kept_from_it = await browser.get(f"/admin/deliveries/{receipt['deliveries'][0]}/clash")
    await sign_in(browser, await doors.hub.desk.issue_key("staff", "default", ("read", "content"), actor="test"))
    message = await browser.get(f"/admin/messages/{receipt['message']}")

    shown = await browser.get(f"/admin/deliveries/{receipt['deliveries'][0]}/clash")

    assert f"/admin/deliveries/{receipt['deliveries'][0]}/clash" in message.text
    assert kept_from_it.status_code == 403
    assert "06 &lt;b&gt;" in shown.text
    assert "07" in shown.text
    lines = (await doors.hub.ledger.story(receipt["message"])).lines
    assert lines[-1].event == "content-read"
