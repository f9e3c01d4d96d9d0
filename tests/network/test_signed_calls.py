"""Applications that want each request signed: over the bytes that arrive, with an id by which they know a repeat."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from hub.call import Delivered, Misconfigured, Outcome
from hub.caller import Caller
from hub.catalogue import inspect, load_catalogue
from hub.settings import read_settings
from hub.transports.http import HttpTransport
from hub.transports.webhooks import proves, secret_in
from tests.installation import free_port
from tests.transports.test_http import LOOPBACK

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CONNECTOR = """
connector: taxes
title: Taxes
protocol: rest
contract: taxes.yaml
instances: {{default: {{address: "${{TAXES_URL}}", credentials: "secret:taxes"}}}}
authentication: {authentication}
operations:
  take: {{direction: out, action: take, look_up: find}}
  find: {{direction: ask, action: find, found: number}}
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
    get:
      operationId: find
      responses:
        "200":
          description: found
          content: {application/json: {schema: {type: object, properties: {number: {type: string}}}}}
"""


@dataclass
class Taxes:
    """The application, and the hub's way to it."""

    caller: Caller
    catalogue: Any
    came: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.came.append((await request.read(), dict(request.headers)))
        return web.Response(status=201) if request.method == "POST" else web.json_response({"number": "1"})

    async def say(self, number: str = "été", *, key: str = "k-1") -> Outcome:
        return await self.call("take", {"number": number}, key)

    async def call(self, operation: str, document: dict[str, Any], key: str) -> Outcome:
        application = self.catalogue.connectors["taxes"]
        return (await self.caller.call(application, operation, document, authority="default", key=key)).outcome


def files(folder: Path, authentication: str) -> Path:
    place = folder / "connectors" / "taxes"
    place.mkdir(parents=True)
    (folder / "mappings").mkdir()
    (folder / "schedules").mkdir()
    (place / "connector.yaml").write_text(CONNECTOR.format(authentication=authentication))
    (place / "taxes.yaml").write_text(CONTRACT)
    return place


@asynccontextmanager
async def an_application(folder: Path, authentication: str, *, secret: str = SECRET) -> AsyncIterator[Taxes]:
    files(folder, authentication)
    port = free_port()
    environment = {"HUB_ROOT": str(folder), "TAXES_URL": f"http://127.0.0.1:{port}", "HUB_SECRET_TAXES": secret}
    transport = HttpTransport(LOOPBACK)
    caller = Caller(settings=read_settings(environment), transport=transport, clock=lambda: datetime.now(UTC))
    taxes, app = Taxes(caller, load_catalogue(folder)), web.Application()
    app.router.add_route("*", "/bills", taxes.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield taxes
    finally:
        await transport.close()
        await runner.cleanup()


async def test_the_bytes_that_arrive_are_those_that_were_signed(tmp_path: Path) -> None:
    async with an_application(tmp_path, "{kind: hmac, header: X-Hub-Signature-256}", secret="s3cret") as taxes:
        assert isinstance(await taxes.say(), Delivered)

        [(body, headers)] = taxes.came
        assert headers["X-Hub-Signature-256"] == "sha256=" + hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()
        assert "s3cret" not in repr(headers)


async def test_a_standard_webhook_is_made_of_each_call_and_a_repeat_has_its_id(tmp_path: Path) -> None:
    async with an_application(tmp_path, "{kind: webhook}") as taxes:
        await taxes.say(key="k-1")
        await taxes.say(key="k-1")

        shown = [(body, headers["webhook-id"], headers["webhook-timestamp"]) for body, headers in taxes.came]
        assert [id_ for _, id_, _ in shown] == ["k-1", "k-1"]
        for (body, id_, at), (_, headers) in zip(shown, taxes.came, strict=True):
            assert proves(secret_in(SECRET), headers["webhook-signature"], id=id_, timestamp=at, body=body)
            assert abs(int(at) - datetime.now(UTC).timestamp()) < 60


@pytest.mark.parametrize("kind", ["bearer", "hmac"])
async def test_a_secret_that_was_written_anew_is_shown_from_the_next_call_on(tmp_path: Path, kind: str) -> None:
    (tmp_path / "secrets").mkdir()
    file = tmp_path / "secrets" / "taxes"
    async with an_application(tmp_path, f"{{kind: {kind}}}", secret="") as taxes:
        for secret in ("one", "one", "two", "one"):
            file.write_text(f"{secret}\n")
            await taxes.say()
        file.unlink()
        lost = await taxes.say()

    if kind == "bearer":
        assert [headers["Authorization"] for _, headers in taxes.came] == [
            f"Bearer {secret}" for secret in ("one", "one", "two", "one")
        ]
    shown = [headers.get("X-Signature", headers.get("Authorization")) for _, headers in taxes.came]
    assert shown[0] == shown[1] == shown[3] != shown[2]
    assert isinstance(lost, Misconfigured)


async def test_a_question_is_no_repeat_of_what_it_asks_after(tmp_path: Path) -> None:
    async with an_application(tmp_path, "{kind: webhook}") as taxes:
        await taxes.say(key="k-1")
        for _ in range(2):
            assert isinstance(await taxes.call("find", {}, "k-1"), Delivered)

        assert len({headers["webhook-id"] for _, headers in taxes.came}) == 3


async def test_a_secret_that_is_none_sends_nothing_and_is_not_shown(tmp_path: Path) -> None:
    async with an_application(tmp_path, "{kind: webhook}", secret="hunter2") as taxes:
        outcome = await taxes.say()

        assert isinstance(outcome, Misconfigured)
        assert "whsec_" in outcome.reason.en and "hunter2" not in outcome.reason.en
        assert taxes.came == []


@pytest.mark.parametrize(
    ("authentication", "says"),
    [
        ("{kind: hmac, header: 'X-Sig: 1'}", "not the name of a header"),
        ("{kind: hmac, signs: timestamp.body, time_header: 'a b'}", "not the name of a header"),
        ("{kind: bearer, signs: body}", "belong to kind: hmac"),
        ("{kind: webhook, time_header: X-Time}", "belong to kind: hmac"),
        ("{kind: hmac, signs: everything}", ""),
    ],
)
def test_a_signature_that_cannot_be_is_found_by_the_check(tmp_path: Path, authentication: str, says: str) -> None:
    files(tmp_path, authentication)

    errors = inspect(tmp_path)[1].errors

    assert errors
    assert any(says in f"{found.text.en} {found.right.en if found.right else ''}" for found in errors)


def test_a_signed_call_of_several_parts_is_found_by_the_check(tmp_path: Path) -> None:
    contract = files(tmp_path, "{kind: webhook}") / "taxes.yaml"
    contract.write_text(contract.read_text().replace("content: {application/json", "content: {multipart/form-data", 1))

    errors = inspect(tmp_path)[1].errors

    assert any("several parts" in found.text.en for found in errors)


def test_right_words_are_found_right(tmp_path: Path) -> None:
    files(tmp_path, "{kind: hmac, signs: timestamp.body, time_header: X-Time}")

    assert inspect(tmp_path)[1].errors == ()
