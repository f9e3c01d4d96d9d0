"""The doors of a hub on a real port of 127.0.0.1, and callers that speak to it byte by byte."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI

from hub.cli.serve import server_for
from hub.endpoints.connections import Limits
from tests.endpoints.doors import Doors, bin_request

PATH = "/api/v1/exchanges/bin-replacement/messages"
LIVE = b"GET /health/live HTTP/1.1\r\nHost: hub\r\n\r\n"
HANGS = 60.0
"""Seconds after which what does not come is taken for what never comes."""


@dataclass(frozen=True)
class Serving:
    """A server at work, and its port."""

    server: uvicorn.Server
    port: int

    async def has_read(self, speaking: Caller) -> None:
        """Return once it is reading a request of this caller's."""
        own = speaking.writer.get_extra_info("sockname")
        async with asyncio.timeout(HANGS):
            while not any(each.client == own and each.scope for each in self.server.server_state.connections):
                await asyncio.sleep(0.01)

    async def has_left(self, count: int) -> None:
        """Return once it has no more than so many connections left."""
        async with asyncio.timeout(HANGS):
            while len(self.server.server_state.connections) > count:
                await asyncio.sleep(0.01)

    async def is_done(self) -> None:
        """Return once it has ended all that came to it until now, and everybody is gone."""
        last = await caller(self.port)  # whoever came before is taken in before
        await last.say(LIVE)
        await last.answer()
        last.close()
        await self.has_left(0)
        await asyncio.wait_for(asyncio.gather(*self.server.server_state.tasks, return_exceptions=True), HANGS)


@asynccontextmanager
async def at_work(server: uvicorn.Server) -> AsyncIterator[Serving]:
    """That server, at a port that it chose."""
    listening = socket.create_server(("127.0.0.1", 0))
    task = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        await asyncio.sleep(0.01)
    yield Serving(server, int(listening.getsockname()[1]))
    server.should_exit = True
    await task


@asynccontextmanager
async def serving(doors: Doors, limits: Limits | None = None) -> AsyncIterator[Serving]:
    """A hub at work whose connections are held to `limits`."""
    server = server_for(doors.hub, limits)
    async with at_work(server) as found:
        yield found
        server.end()


@asynccontextmanager
async def served(doors: Doors, limits: Limits | None = None) -> AsyncIterator[int]:
    """The port of a hub whose connections are held to `limits`."""
    async with serving(doors, limits) as found:
        yield found.port


@asynccontextmanager
async def plainly_served(app: FastAPI) -> AsyncIterator[Serving]:
    """Its doors alone, as uvicorn serves any application."""
    async with at_work(uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))) as found:
        yield found


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

    async def hear(self, seconds: float = HANGS) -> bytes:
        """All that is said until the other side closes. TimeoutError when it does not."""
        async with asyncio.timeout(seconds):
            return await self.reader.read()

    async def answer(self, seconds: float = HANGS) -> tuple[int, bytes]:
        """One whole answer: its status and its body."""
        async with asyncio.timeout(seconds):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head.lower())
            return int(head.split()[1]), await self.reader.readexactly(int(length[1]) if length else 0)

    async def is_closed(self, seconds: float = HANGS) -> bool:
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
