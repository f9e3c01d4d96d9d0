"""A receipt leaves in one piece from the hub's own server, and says what it says from any other."""

from __future__ import annotations

import asyncio
import gc
import json
import weakref
from collections.abc import MutableMapping
from unittest.mock import AsyncMock

import pytest
from starlette.responses import Response
from starlette.types import Scope

from hub.endpoints.at_once import AT_ONCE, left_at_once, lines_of
from hub.endpoints.connections import Connection
from hub.endpoints.guard import Guard
from tests.endpoints.doors import Doors
from tests.endpoints.served import HANGS, caller, message, plainly_served, served, serving, statuses


async def told(port: int, said: bytes) -> tuple[list[str], dict[str, object]]:
    """The lines of the head of an answer, and its body, without what differs from one answer to the next."""
    speaking = await caller(port)
    await speaking.say(said)
    async with asyncio.timeout(HANGS):
        head = (await speaking.reader.readuntil(b"\r\n\r\n")).decode("latin-1").splitlines()
        length = next(int(line.split()[1]) for line in head if line.startswith("content-length:"))
        body = json.loads(await speaking.reader.readexactly(length))
    speaking.close()
    assert f"location: /api/v1/messages/{body.pop('message')}" in head
    assert len(body.pop("deliveries")) == 1
    assert body.pop("reference").startswith("D-")
    assert body.pop("accepted_at").endswith("Z")
    changing = ("date:", "location:", "server:")
    return sorted(line for line in head if not line.startswith(changing)), body


@pytest.mark.parametrize("more", ["", "Idempotency-Key: one\r\n", "Connection: close\r\n"])
async def test_it_says_what_any_server_says(doors: Doors, more: str) -> None:
    async with served(doors) as own, plainly_served(doors.app) as any_other:
        at_once = [await told(own, message(doors, "D-1", more=more)) for _ in range(2)]
        usual = [await told(any_other.port, message(doors, "D-2", more=more.replace("one", "two"))) for _ in range(2)]

    assert at_once == usual
    assert any("nosniff" in line for line in at_once[0][0])
    assert [body["duplicate"] for _, body in at_once] == [False, True]


@pytest.mark.parametrize("scheme", ["http", "https", "ws"])
async def test_it_has_the_headers_that_the_guard_adds(doors: Doors, scheme: str) -> None:
    written: list[bytes] = []
    sent: list[dict[str, object]] = []
    response = Response(b"{}", status_code=202)

    async def send(message: MutableMapping[str, object]) -> None:
        sent.append(dict(message))

    def take(scope: Scope, status: int, lines: bytes, body: bytes) -> bool:
        written.append(lines)
        return (status, body) == (202, b"{}")

    scope: Scope = {"type": "http", "method": "POST", "scheme": scheme, "headers": [], "state": {AT_ONCE: take}}
    await Guard(response, telemetry=doors.hub.telemetry)(scope, AsyncMock(), send)

    assert left_at_once(response, scope)
    assert written == [lines_of(sent[0]["headers"])]


async def test_it_is_written_once(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []

    made = Connection.connection_made

    def spied(self: Connection, transport: asyncio.Transport) -> None:
        made(self, transport)
        write = self.transport.write
        monkeypatch.setattr(self.transport, "write", lambda data: (written.append(bytes(data)), write(data)))

    monkeypatch.setattr(Connection, "connection_made", spied)
    async with served(doors) as port:
        speaking = await caller(port)
        await speaking.say(message(doors, "D-1"))
        assert (await speaking.answer())[0] == 202
        speaking.close()

    assert len(written) == 1
    assert written[0].startswith(b"HTTP/1.1 202 Accepted\r\n")


async def test_a_connection_that_is_to_end_is_closed_after_it(doors: Doors) -> None:
    async with served(doors) as port:
        last = await caller(port)
        await last.say(message(doors, "D-1", more="Connection: close\r\n"))
        heard = await last.hear()

    assert statuses(heard) == [202]
    assert b"connection: close\r\n" in heard


async def test_it_leaves_nothing_that_only_a_search_for_garbage_finds(doors: Doors) -> None:
    async with serving(doors) as hub:
        speaking = await caller(hub.port)
        await speaking.say(message(doors, "D-1"))
        await speaking.answer()
        (connection,) = hub.server.server_state.connections
        answered = weakref.ref(connection.cycle)
        gc.disable()
        try:
            await speaking.say(message(doors, "D-2"))
            await speaking.answer()
            assert answered() is None
        finally:
            gc.enable()
        speaking.close()


async def test_several_that_were_asked_for_together_come_in_their_order(doors: Doors) -> None:
    async with served(doors) as port:
        hurried = await caller(port)
        await hurried.say(b"".join(message(doors, f"D-{number}") for number in range(5)))
        references = [json.loads((await hurried.answer())[1])["reference"] for _ in range(5)]
        hurried.close()

    assert references == [f"D-{number}" for number in range(5)]


async def test_nothing_is_written_that_way_while_the_other_side_does_not_read(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    declined: list[bool] = []
    answer = Connection._answer

    def crowded(self: Connection, *answered: object) -> bool:
        self.flow.pause_writing()
        declined.append(not answer(self, *answered))  # type: ignore[arg-type]
        self.flow.resume_writing()
        return not declined[-1]

    monkeypatch.setattr(Connection, "_answer", crowded)
    async with served(doors) as port:
        speaking = await caller(port)
        await speaking.say(message(doors, "D-1"))
        status, body = await speaking.answer()
        speaking.close()

    assert declined == [True]
    assert (status, json.loads(body)["reference"]) == (202, "D-1")
