"""Callers that go away in the middle: nothing is kept of them, nobody is alarmed, and the next is served."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncIterator
from socket import SO_LINGER, SOL_SOCKET

import pytest

from tests.endpoints.doors import Doors, bin_request
from tests.endpoints.served import Serving, plainly_served


@pytest.fixture
async def hub(doors: Doors) -> AsyncIterator[Serving]:
    """A served hub."""
    async with plainly_served(doors.app) as found:
        yield found


@pytest.mark.parametrize("way", ["reset", "closed"])
@pytest.mark.parametrize("sent", [0, 100, None], ids=["after the headers", "in the body", "before the answer"])
async def test_a_caller_that_goes_away_leaves_no_trace_and_no_alarm(
    *,
    doors: Doors,
    hub: Serving,
    sent: int | None,
    way: str,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    body = json.dumps(bin_request("D-gone")).encode()
    _, writer = await asyncio.open_connection("127.0.0.1", hub.port)
    head = (
        "POST /api/v1/exchanges/bin-replacement/messages HTTP/1.1\r\nHost: hub\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {doors.portal}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body[:sent])
    await writer.drain()
    if way == "reset":
        writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort() if way == "reset" else writer.close()
    await hub.is_done()

    printed = capsys.readouterr()
    assert "Traceback" not in caplog.text + printed.out + printed.err
    assert "unexpected error" not in printed.out
    assert await doors.kept() in ((0,) if sent is not None else (0, 1))
    assert await doors.unharmed()
