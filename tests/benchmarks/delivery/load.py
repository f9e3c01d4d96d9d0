"""The load generator, a process of its own: POSTs bin requests over keep-alive connections, in a closed or an open loop.

It reads one JSON order a line and answers each with one line of counts. The times go into the file that the order names, as
triples of 64-bit integers: request number, monotonic ns when it was due, monotonic ns when it was accepted.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from array import array
from collections import Counter, deque
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import cast

import httptools
import uvloop

from tests.benchmarks.delivery.request import body_of

LATEST = 60.0
"""How long, in seconds, the last answers are waited for; what comes later counts as none."""

NO_ANSWER = 0
"""Counted among the statuses: the connection ended before an answer came."""

PAUSE = 0.05
"""How long, in seconds, a connection rests that was told to come again later."""


@dataclass(frozen=True)
class Order:
    """What to send: for so many seconds or so many messages; each connection as fast as it is answered, or at a rate."""

    port: int
    path: str
    headers: dict[str, str]
    first: int
    times: str
    connections: int = 64
    seconds: float = 0.0
    count: int = 0
    rate: float = 0.0


@dataclass
class Load:
    """One order being carried out."""

    order: Order
    triples: array[int] = field(default_factory=lambda: array("q"))
    statuses: Counter[int] = field(default_factory=Counter)
    sent: int = 0
    connections: list[Sending] = field(default_factory=list)
    idle: deque[Sending] = field(default_factory=deque)
    due: deque[tuple[int, int]] = field(default_factory=deque)
    busy: int = 0
    started_ns: int = 0
    done: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> dict[str, object]:
        """Send all, wait for the last answer, and say what came of it."""
        loop, spent = asyncio.get_running_loop(), _cpu_us()
        for _ in range(self.order.connections):
            _, sending = await loop.create_connection(lambda: Sending(self), "127.0.0.1", self.order.port)
            self.connections.append(sending)
        self.idle += self.connections
        self.started_ns = time.monotonic_ns()
        await (self._paced() if self.order.rate else self._at_full_speed())
        self.look_whether_done()
        with suppress(TimeoutError):
            await asyncio.wait_for(self.done.wait(), self.order.seconds + LATEST)
        ended_ns = time.monotonic_ns()
        for sending in self.connections:
            sending.close()
        return {
            "sent": self.sent,
            "statuses": dict(self.statuses),
            "started_ns": self.started_ns,
            "ended_ns": ended_ns,
            "cpu_us": _cpu_us() - spent,
        }

    async def _at_full_speed(self) -> None:
        for sending in self.connections:
            sending.next()

    async def _paced(self) -> None:
        """A request every 1/rate s, whatever becomes of the others; its wait for a free connection counts. The one that has
        rested for longest goes first: a server closes those that say nothing."""
        loop, apart = asyncio.get_running_loop(), 1.0 / self.order.rate
        start = loop.time()
        while self.more():
            await asyncio.sleep(max(0.0, start + self.sent * apart - loop.time()))
            at_ns = self.started_ns + int(self.sent * apart * 1e9)
            if self.idle:
                self.idle.popleft().send(self.take(), at_ns)
            else:
                self.due.append((self.take(), at_ns))

    def look_whether_done(self) -> None:
        """Say so when nothing is to be sent and no answer is to come."""
        if not (self.busy or self.due or self.more()):
            self.done.set()

    def take(self) -> int:
        """The next request's number."""
        self.sent += 1
        return self.order.first + self.sent - 1

    def more(self) -> bool:
        """Whether the order asks for another request."""
        if self.order.count:
            return self.sent < self.order.count
        return time.monotonic_ns() - self.started_ns < self.order.seconds * 1e9


class Sending(asyncio.Protocol):
    """One connection: one request at a time."""

    def __init__(self, load: Load) -> None:
        order = load.order
        lines = [f"POST {order.path} HTTP/1.1", f"Host: 127.0.0.1:{order.port}", "Content-Type: application/json"]
        lines += [f"{name}: {value}" for name, value in order.headers.items()]
        self._head = "\r\n".join([*lines, f"Content-Length: {len(body_of(0))}", "", ""]).encode()
        self._load = load
        self._parser = httptools.HttpResponseParser(self)
        self._number = 0
        self._due_ns = 0
        self._waits = False
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's says nothing of its ancestry

    def close(self) -> None:
        """Hang up."""
        self._transport.close()

    def next(self) -> None:
        """Send the next request now, if there is to be one."""
        if self._load.more():
            self.send(self._load.take(), time.monotonic_ns())
        else:
            self._load.look_whether_done()

    def send(self, number: int, due_ns: int) -> None:
        """Send the request of a number that was due then."""
        self._number, self._due_ns, self._waits = number, due_ns, True
        self._load.busy += 1
        self._transport.write(self._head + body_of(self._number))

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, error: Exception | None) -> None:
        if self._waits:
            self._answered(NO_ANSWER)
            self._load.look_whether_done()

    def on_message_complete(self) -> None:
        load, status = self._load, self._parser.get_status_code()
        self._answered(status)
        if 200 <= status < 300:
            load.triples.extend((self._number, self._due_ns, time.monotonic_ns()))
        if load.order.rate:
            self._rest()
        elif status in (429, 503):
            asyncio.get_running_loop().call_later(PAUSE, self.next)
        else:
            self.next()

    def _answered(self, status: int) -> None:
        self._waits = False
        self._load.statuses[status] += 1
        self._load.busy -= 1

    def _rest(self) -> None:
        load = self._load
        if load.due:
            self.send(*load.due.popleft())
        else:
            load.idle.append(self)
            load.look_whether_done()


def _cpu_us() -> int:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return int((used.ru_utime + used.ru_stime) * 1e6)


def main() -> None:
    """Carry out the orders of standard input."""
    print("ready", flush=True)
    for line in sys.stdin:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            load = Load(Order(**json.loads(line)))
            answer = runner.run(load.run())
        Path(load.order.times).write_bytes(load.triples.tobytes())
        print(json.dumps(answer), flush=True)


def line_of(order: Order) -> str:
    """An order as its line."""
    return json.dumps(asdict(order)) + "\n"


if __name__ == "__main__":
    main()
