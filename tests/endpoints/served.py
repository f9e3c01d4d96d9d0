"""The doors of a hub on a real port of 127.0.0.1, and callers that speak to it byte by byte."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from hub.cli.serve import server_for
from hub.endpoints.connections import Limits
from tests.endpoints.doors import Doors, bin_request

PATH = "/api/v1/exchanges/bin-replacement/messages"
LIVE = b"GET /health/live HTTP/1.1\r\nHost: hub\r\n\r\n"


@asynccontextmanager
async def served(doors: Doors, limits: Limits | None = None) -> AsyncIterator[int]:
    """The port of a hub whose connections are held to `limits`."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = server_for(doors.hub, limits)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        await asyncio.sleep(0.01)
    yield int(listening.getsockname()[1])
    server.end()
    await task


@dataclass(frozen=True)
class Caller:
    """One connection, spoken by hand."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say(self, data: bytes) -> None:
        """Send some bytes; nothing when nobody takes them any more."""
        with suppress(ConnectionError):
            self.writer.write(data)
            await self.writer.drain()

    async def hear(self, seconds: float = 5.0) -> bytes:
        """All that is said until the other side closes. TimeoutError when it does not."""
        async with asyncio.timeout(seconds):
            return await self.reader.read()

    async def answer(self, seconds: float = 5.0) -> tuple[int, bytes]:
        """One whole answer: its status and its body."""
        async with asyncio.timeout(seconds):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head.lower())
            return int(head.split()[1]), await self.reader.readexactly(int(length[1]) if length else 0)

    async def is_closed(self, seconds: float = 5.0) -> bool:
        """Whether the other side closes, within a time, having said nothing more."""
        try:
            return await self.hear(seconds) == b""
        except ConnectionError:
            return True
        except TimeoutError:
            return False

    def close(self) -> None:
        """Hang up."""
        self.writer.close()


async def caller(port: int, host: str = "127.0.0.1") -> Caller:
    """A new connection, from `host`."""
    return Caller(*await asyncio.open_connection("127.0.0.1", port, local_addr=(host, 0)))


def message(doors: Doors, number: str, *, more: str = "") -> bytes:
    """A whole request with a good message."""
    body = json.dumps(bin_request(number)).encode()
    return head(doors, f"Content-Length: {len(body)}\r\n{more}") + body


def head(doors: Doors, more: str) -> bytes:
    """The headers of a message, to which `more` adds whole lines."""
    return (
        f"POST {PATH} HTTP/1.1\r\nHost: hub\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {doors.portal}\r\n{more}\r\n"
    ).encode()


def statuses(heard: bytes) -> list[int]:
    """The statuses of all answers in what was heard."""
    return [int(found) for found in re.findall(rb"HTTP/1\.1 (\d{3}) ", heard)]
