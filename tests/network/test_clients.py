"""Callers that hang up while they speak to a node: all of their message is kept or nothing, and the log stays calm."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.faults.test_outage import started, until
from tests.faults.traffic import bin_request
from tests.installation import Admin, Installation, Node, install

PATH = "/api/v1/exchanges/bin-replacement/messages"


@dataclass(frozen=True)
class Desk:
    """A node, and the key of a portal that speaks to it."""

    node: Node
    admin: Admin
    key: str

    def request(self, number: int, **changed: str) -> bytes:
        """The bytes of a bin request."""
        body = json.dumps(bin_request(f"D-2026-{number:05d}", number)).encode()
        headers = {
            "Host": f"127.0.0.1:{self.node.port}",
            "Authorization": f"Bearer {self.key}",
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Idempotency-Key": f"hang-up-{number}",
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in (headers | changed).items())
        return f"POST {PATH} HTTP/1.1\r\n{lines}\r\n".encode() + body

    def kept(self, number: int) -> int:
        """How many messages of this request the ledger holds."""
        return len(self.admin.get("/messages", reference=f"D-2026-{number:05d}")["messages"])


@pytest.fixture
async def desk(tmp_path: Path, nodes: list[Node]) -> AsyncIterator[Desk]:
    town: Installation = install(tmp_path)
    nodes.append(await asyncio.to_thread(started, town))
    admin = Admin(nodes[0].url, town.admin_key)
    yield Desk(nodes[0], admin, admin.key_for("portal"))


def said(desk: Desk, data: bytes, *, by_reset: bool) -> None:
    """Say these bytes, and hang up without a look at the answer."""
    with socket.create_connection(("127.0.0.1", desk.node.port), timeout=60) as wire:
        wire.sendall(data)
        if by_reset:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def test_callers_that_hang_up_leave_a_whole_message_or_none_and_no_trace_in_the_log(desk: Desk) -> None:
    chance = random.Random(7)
    cut = {number: chance.randrange(1, len(desk.request(number))) for number in range(60)}
    whole = range(60, 100)

    for number, length in cut.items():
        await asyncio.to_thread(said, desk, desk.request(number)[:length], by_reset=number % 2 == 0)
    for number in whole:
        await asyncio.to_thread(said, desk, desk.request(number), by_reset=number % 2 == 0)
    chunked = desk.request(100, **{"Transfer-Encoding": "chunked"}).replace(b"Content-Length", b"X-Length")
    await asyncio.to_thread(said, desk, chunked.partition(b"\r\n\r\n")[0] + b"\r\n\r\nfff\r\n{half", by_reset=True)
    soap = f"POST /soap/waste HTTP/1.1\r\nHost: hub\r\nX-API-Key: {desk.key}\r\nContent-Type: text/xml\r\n"
    await asyncio.to_thread(said, desk, soap.encode() + b"Content-Length: 900\r\n\r\n<s:Envelope", by_reset=True)
    await until(lambda: any(desk.kept(number) for number in whole), seconds=60)
    await asyncio.sleep(1)

    assert [desk.kept(number) for number in (*cut, 100)] == [0] * 61
    before = {number: desk.kept(number) for number in whole}
    assert set(before.values()) <= {0, 1}
    async with httpx.AsyncClient(base_url=desk.node.url, trust_env=False, timeout=60) as client:
        for number in whole:
            body = bin_request(f"D-2026-{number:05d}", number)
            headers = {"Authorization": f"Bearer {desk.key}", "Idempotency-Key": f"hang-up-{number}"}
            reply = await client.post(PATH, json=body, headers=headers)

            assert reply.status_code in (200, 202), reply.text
            assert desk.kept(number) == 1
    assert "Traceback" not in desk.node.log() and "error" not in desk.node.log().lower()
    assert any(before.values()), "some hung up only when all of it was there"
