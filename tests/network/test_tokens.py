"""Applications that want a token of OAuth 2: one for all calls, renewed in time, and anew when it is no longer taken."""

from __future__ import annotations

import asyncio
import logging
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from hub.call import Delivered, Misconfigured, NotSent, Outcome, Unauthorised
from hub.caller import Caller
from hub.catalogue import inspect, load_catalogue
from hub.settings import read_settings
from hub.transports.http import HttpTransport
from tests.installation import free_port
from tests.transports.test_http import LOOPBACK

SECRET = "s3cret/of:the hub"
CONNECTOR = """
connector: taxes
title: Taxes
protocol: rest
contract: taxes.yaml
instances: {{default: {{address: "${{TAXES_URL}}", credentials: "secret:taxes"}}}}
authentication: {{kind: oauth2, token_url: "${{TOKEN_URL}}", scope: bills.write{more}}}
operations:
  take: {{direction: out, action: take, repeatable: true}}
"""
CONTRACT = """
openapi: 3.1.0
info: {title: Taxes, version: "1"}
paths:
  /bills:
    post:
      operationId: take
      requestBody:
        required: true
        content: {application/json: {schema: {type: object, properties: {number: {type: string}}}}}
      responses: {"201": {description: taken}}
"""


@dataclass
class Taxes:
    """A tax application and its token service. `life`: seconds that a token lives; `manner`: the service's only answer;
    `takes`: whether any token is good enough."""

    life: Any = 300
    manner: web.Response | None = None
    asked: list[dict[str, str]] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    token: str = ""
    taken: int = 0
    pause: float = 0.0
    takes: bool = True

    async def give(self, request: web.Request) -> web.Response:
        """Give a token, after a moment in which others may ask too."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.asked.append({**form, "authorization": request.headers.get("Authorization", "")})
        await asyncio.sleep(self.pause)
        if self.manner is not None:
            return web.Response(status=self.manner.status, body=self.manner.body, content_type="application/json")
        self.token = f"token-{len(self.asked)}"
        life = {} if self.life is None else {"expires_in": self.life}
        return web.json_response({"access_token": self.token, "token_type": "Bearer", **life})

    async def take(self, request: web.Request) -> web.Response:
        """Take a bill from whoever shows the token."""
        self.shown.append(request.headers.get("Authorization", ""))
        if not self.takes or self.shown[-1] != f"Bearer {self.token}":
            return web.json_response({"error": "invalid_token"}, status=401)
        self.taken += 1
        return web.Response(status=201)

    async def hand_out(self, request: web.Request) -> web.Response:
        """Give a file to whoever shows the token."""
        self.shown.append(request.headers.get("Authorization", ""))
        is_right = self.shown[-1] == f"Bearer {self.token}"
        return web.Response(body=b"%PDF-1.7 a bill") if is_right else web.Response(status=401)


@dataclass
class Office:
    """The hub's side: says bills. `now`: seconds that have passed for its tokens."""

    caller: Caller
    taxes: Taxes
    catalogue: Any
    url: str = ""
    now: float = 0.0

    async def say(self, number: str = "1") -> Outcome:
        application = self.catalogue.connectors["taxes"]
        answer = await self.caller.call(application, "take", {"number": number}, authority="default", key=number)
        return answer.outcome

    async def say_many(self, count: int) -> list[Outcome]:
        return list(await asyncio.gather(*(self.say(str(number)) for number in range(count))))


@asynccontextmanager
async def an_office(
    folder: Path, *, more: str = "", token_url: str = "", secret: str = "hub:" + SECRET
) -> AsyncIterator[Office]:
    taxes, place = Taxes(), folder / "connectors" / "taxes"
    place.mkdir(parents=True)
    (folder / "mappings").mkdir()
    (folder / "schedules").mkdir()
    (place / "connector.yaml").write_text(CONNECTOR.format(more=more))
    (place / "taxes.yaml").write_text(CONTRACT)
    app = web.Application()
    app.add_routes([web.post("/token", taxes.give), web.post("/bills", taxes.take), web.get("/bill.pdf", taxes.hand_out)])
    runner, port = web.AppRunner(app), free_port()
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    url = f"http://127.0.0.1:{port}"
    environment = {"HUB_ROOT": str(folder), "TAXES_URL": url, "TOKEN_URL": token_url or f"{url}/token"}
    settings = read_settings({**environment, "HUB_SECRET_TAXES": secret})
    transport = HttpTransport(LOOPBACK)
    try:
        caller = Caller(settings=settings, transport=transport, clock=lambda: datetime.now(UTC))
        office = Office(caller, taxes, load_catalogue(folder), url)
        caller._tokens._timer = lambda: office.now
        yield office
    finally:
        await transport.close()
        await runner.cleanup()


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with an_office(tmp_path) as found:
        yield found


async def test_a_token_is_asked_for_with_the_client_and_shown_with_the_call(office: Office) -> None:
    assert isinstance(await office.say(), Delivered)

    [asked] = office.taxes.asked
    assert {name: asked[name] for name in ("grant_type", "scope")} == {
        "grant_type": "client_credentials",
        "scope": "bills.write",
    }
    assert b64decode(asked["authorization"].removeprefix("Basic ")) == b"hub:s3cret%2Fof%3Athe%20hub"
    assert office.taxes.shown == ["Bearer token-1"]


async def test_a_service_that_wants_the_client_in_the_body_gets_it_there(tmp_path: Path) -> None:
    async with an_office(tmp_path, more=", client_in: body") as office:
        assert isinstance(await office.say(), Delivered)

        [asked] = office.taxes.asked
        assert (asked["client_id"], asked["client_secret"], asked["authorization"]) == ("hub", SECRET, "")


async def test_thirty_calls_at_once_wait_for_one_token(office: Office) -> None:
    office.taxes.pause = 0.2

    outcomes = await office.say_many(30)

    assert all(isinstance(each, Delivered) for each in outcomes)
    assert len(office.taxes.asked) == 1


async def test_a_token_that_ends_in_a_bulk_is_renewed_once_for_all_and_every_call_goes_through(office: Office) -> None:
    await office.say()
    office.taxes.token, office.taxes.pause = "taken back", 0.1

    outcomes = await office.say_many(30)

    assert all(isinstance(each, Delivered) for each in outcomes)
    assert len(office.taxes.asked) == 2
    assert office.taxes.taken == 31


async def test_a_file_by_address_is_fetched_with_a_token_that_is_renewed_once(office: Office) -> None:
    application, got = office.catalogue.connectors["taxes"], bytearray()
    place = office.caller.place(application, f"{office.url}/bill.pdf", authority="default")

    async def take(piece: bytes) -> None:
        got.extend(piece)

    await office.say()
    office.taxes.token = "taken back"
    reply = await office.caller.fetch(application, place, authority="default", largest=100, take=take)

    assert (reply.status, bytes(got)) == (200, b"%PDF-1.7 a bill")
    assert office.taxes.shown == ["Bearer token-1", "Bearer token-1", "Bearer token-2"]


async def test_a_token_is_renewed_before_it_ends(office: Office) -> None:
    office.taxes.life = 1
    await office.say()
    office.now += 0.95

    assert isinstance(await office.say(), Delivered)
    assert office.taxes.shown == ["Bearer token-1", "Bearer token-2"]


@pytest.mark.parametrize("life", [None, "3600", "soon", -5, 10**12])
async def test_whatever_is_said_of_its_life_a_token_is_kept_for_a_while(office: Office, life: Any) -> None:
    office.taxes.life = life

    await office.say()
    await office.say()

    assert len(office.taxes.asked) == 1


async def test_an_application_that_takes_no_token_at_all_is_asked_twice_and_then_stops_its_lane(office: Office) -> None:
    office.taxes.takes = False

    assert isinstance(await office.say(), Unauthorised)
    assert office.taxes.shown == ["Bearer token-1", "Bearer token-2"]


@pytest.mark.parametrize(
    ("status", "body", "outcome", "words"),
    [
        (401, b'{"error": "invalid_client"}', Unauthorised, "invalid_client"),
        (400, b'{"error": "invalid_scope"}', Unauthorised, "invalid_scope"),
        (403, b"<html>no</html>", Unauthorised, "403"),
        (500, b"", NotSent, "500"),
        (503, b"", NotSent, "503"),
        (200, b"not json", NotSent, "no bearer token"),
        (200, b'{"access_token": ""}', NotSent, "no bearer token"),
        (200, b'{"access_token": "a\\nb"}', NotSent, "no bearer token"),
        (200, b'{"access_token": "abc", "token_type": "mac"}', NotSent, "no bearer token"),
        (200, b'["abc"]', NotSent, "no bearer token"),
    ],
)
async def test_without_a_token_nothing_is_sent_and_the_reason_is_said(
    office: Office, status: int, body: bytes, outcome: type[Outcome], words: str
) -> None:
    office.taxes.manner = web.Response(status=status, body=body)

    found = await office.say()

    assert isinstance(found, outcome)
    assert words in found.reason.en  # type: ignore[union-attr]
    assert office.taxes.shown == []


async def test_a_service_that_is_down_is_not_asked_by_every_call_that_waits(office: Office) -> None:
    office.taxes.manner = web.Response(status=503)

    outcomes = await office.say_many(20)

    assert {type(each) for each in outcomes} == {NotSent}
    assert len(office.taxes.asked) == 1


async def test_a_service_that_comes_back_is_asked_again(office: Office) -> None:
    office.taxes.manner = web.Response(status=503)
    await office.say()
    office.taxes.manner = None
    office.now += 2.1

    assert isinstance(await office.say(), Delivered)


async def test_a_secret_without_a_client_is_said_to_be_so(tmp_path: Path) -> None:
    async with an_office(tmp_path, secret="lonely") as office:
        assert isinstance(await office.say(), Misconfigured)


async def test_a_token_service_at_a_forbidden_address_is_never_called(tmp_path: Path) -> None:
    async with an_office(tmp_path, token_url="http://169.254.169.254/token") as office:
        assert isinstance(await office.say(), Misconfigured)


async def test_neither_secret_nor_token_is_ever_logged(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        office.taxes.token = ""
        await office.say()

    told = caplog.text + repr(office.caller._tokens.__dict__)
    assert SECRET not in told and "token-1" not in told


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('token_url: "${TOKEN_URL}", ', "", "say where tokens are given"),
        ("kind: oauth2", "kind: bearer", "belongs to kind: oauth2"),
        ("${TOKEN_URL}", "https://hub:secret@tokens.example.fr", "a password or a key in clear"),
        ("${TOKEN_URL}", "ftp://tokens.example.fr", "http"),
    ],
)
async def test_a_sign_in_that_cannot_be_is_found_by_the_check(
    office: Office, tmp_path: Path, old: str, new: str, says: str
) -> None:
    file = tmp_path / "connectors" / "taxes" / "connector.yaml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))

    report = inspect(tmp_path)[1]

    assert any(says in f"{found.text.en} {found.right.en if found.right else ''}" for found in report.findings)
