"""A fault proxy of our own: it stands between a node and whatever the node speaks to, and treats what passes as it is told.

In a test: `async with Proxy("127.0.0.1", port) as proxy: await proxy.tell(Fault("reset"))`. As a process:
`python -m tests.faults.proxy --listen 0 --to 127.0.0.1:8080 --control 0` prints both ports, and takes on its control port
one fault a line, as JSON (`{"kind": "delay", "seconds": 1}`), each answered by a line of counts (see `told`).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import socket
import struct
import time
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, Self

import uvloop

from tests.faults.answers import FORGED, Asked, Forgery, Gathering, forged

Kind = Literal[
    "pass",
    "delay",  # each piece comes `seconds` late, and up to `jitter` seconds more
    "drip",  # one byte each `seconds`, once `after` bytes have come as they are
    "close",  # the connection is closed after `after` bytes of the answer
    "reset",  # the same by RST; 0: the server has answered, and its caller gets not one byte
    "hang",  # the same by silence
    "half-close",  # the request is carried on, the caller told that no answer comes
    "connect-reset",  # accepted, and reset before anything is read
    "swallow",  # accepted and read, and nothing is carried on
    "hold",  # a partition: nothing moves, on old connections and new, until it heals; then all that waited does
    "flip",  # one bit of each piece is wrong
    "twice",  # the answer is said, and `seconds` later once more
    "refuse",  # nobody listens, and what is open is cut
    "deaf",  # somebody listens, and never accepts
    "instead",  # an HTTP answer of `status`, `headers`, `body`, and the server hears of nothing
    "answer",  # the server's HTTP answer, with other `status`, `headers`, `body`
    "short",  # half of the body that Content-Length announces
    "chunk-cut",  # half a chunk
    "body-cut",  # half a body without a length
    "bomb",  # `size` zeros, packed
    "interim",  # `count` interim answers before the answer
    "header",  # a header of `size` bytes
    "garbage",  # nothing of HTTP
    "lengths",  # two lengths that differ
]


@dataclass(frozen=True, slots=True)
class Fault:
    """How what passes is treated. `share` of the turns (a request and its answer) are, drawn by the proxy's seed; after
    `times` of them, if that is not 0, all pass again. `way`: what delay, drip and flip befall."""

    kind: Kind = "pass"
    seconds: float = 0.0
    jitter: float = 0.0
    after: int = 0
    way: Literal["up", "down"] = "down"
    share: float = 1.0
    times: int = 0
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    size: int = 0
    count: int = 0

    @property
    def forgery(self) -> Forgery:
        """What an HTTP fault says instead."""
        body = None if self.body is None else self.body.encode()
        return Forgery(self.kind, self.status, self.headers, body, self.size, self.count)


PASS = Fault()


class Proxy:
    """Listens on a port of 127.0.0.1 that stays the same, and carries what comes to `host`:`port`.

    `connections` counts what was accepted; `turns` holds the monotonic time of each request that came; `harmed` counts those
    that were not simply passed on; `most_at_once` is how many at most had come and were not yet answered.
    """

    def __init__(self, host: str, port: int, *, listen: int = 0, seed: int = 0) -> None:
        self.origin = (host, port)
        self.port = listen
        self.connections = 0
        self.turns: list[float] = []
        self.harmed = 0
        self.most_at_once = 0
        self.unanswered = 0
        self.chance = random.Random(seed)
        self._fault = PASS
        self._moving = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._keeper: socket.socket | None = None
        self._ear: socket.socket | None = None
        self._fillers: list[socket.socket] = []
        self._passages: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Its address for HTTP."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def counts(self) -> dict[str, int]:
        """How much has passed."""
        open_now = len(self._passages)
        return {"connections": self.connections, "open": open_now, "turns": len(self.turns), "harmed": self.harmed}

    async def __aenter__(self) -> Self:
        await self.tell(PASS)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._silence()
        if self._keeper:
            self._keeper.close()
        await self._cut()

    async def tell(self, fault: Fault) -> None:
        """From now on treat what passes so."""
        self._fault = fault
        if fault.kind in ("refuse", "deaf"):
            self._silence()
            self._stay(deaf=fault.kind == "deaf")
            if fault.kind == "refuse":
                await self._cut()
        elif self._server is None:
            self._silence()
            self._server = await asyncio.start_server(self._accepted, sock=self._bound(), backlog=1024)
        (self._moving.clear if fault.kind == "hold" else self._moving.set)()

    def begun(self) -> Fault:
        """A turn begins: the fault that befalls it."""
        self.turns.append(time.monotonic())
        self.unanswered += 1
        self.most_at_once = max(self.most_at_once, self.unanswered)
        fault = self._fault
        if fault.kind == "pass" or self.chance.random() >= fault.share:
            return PASS
        self.harmed += 1
        if fault.times == 1:
            self._fault = PASS
        elif fault.times:
            self._fault = replace(fault, times=fault.times - 1)
        return fault

    def ended(self) -> None:
        """A turn's answer begins, or will never come."""
        self.unanswered -= 1

    async def _cut(self) -> None:
        passages = list(self._passages)
        for passage in passages:
            passage.cancel()
        await asyncio.gather(*passages, return_exceptions=True)

    async def moving(self) -> None:
        """Return when no partition holds what passes."""
        await self._moving.wait()

    def _bound(self) -> socket.socket:
        """An ear on the port, which a keeper that never listens holds from first to last: nobody else is given it."""
        if self._keeper is None:
            self._keeper = _on(self.port)
            self.port = self._keeper.getsockname()[1]
        return _on(self.port)

    def _silence(self) -> None:
        """Listen no more; what is open stays so."""
        if self._server:
            self._server.close()
            self._server = None
        for each in (*self._fillers, *([self._ear] if self._ear else [])):
            each.close()
        self._fillers, self._ear = [], None

    def _stay(self, *, deaf: bool) -> None:
        """Keep the port: bound alone it refuses; listening with a queue that is full it lets callers wait."""
        self._ear = self._bound()
        if not deaf:
            return
        self._ear.listen(0)
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", self.port))
            self._fillers.append(filler)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._passages.add(task)
        with suppress(asyncio.CancelledError):
            await _Passage(self, reader, writer).carried()
        self._passages.discard(task)

    @property
    def at_once(self) -> Fault:
        """The fault of a connection that is only just accepted."""
        return self._fault


class _End(Exception):
    """This connection ends, by RST or by FIN."""

    def __init__(self, *, by_reset: bool) -> None:
        super().__init__()
        self.by_reset = by_reset


class _Passage:
    """One connection through the proxy."""

    def __init__(self, proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._proxy = proxy
        self._caller = (reader, writer)
        self._turn: Fault | None = None
        self._answered = 0
        self._asked = Asked()
        self._gathering = Gathering()

    async def carried(self) -> None:
        """Carry it until one of its ends is over."""
        _, writer = self._caller
        if self._proxy.at_once.kind == "connect-reset":
            self._proxy.begun()
            self._proxy.ended()
            _reset(writer)
            return
        upstream: asyncio.StreamWriter | None = None
        try:
            await self._proxy.moving()
            reader, upstream = await asyncio.open_connection(*self._proxy.origin)
            await self._both(self._up(upstream), self._down(reader))
        except _End as end:
            _reset(writer) if end.by_reset else writer.close()
        except OSError:
            _reset(writer)
        finally:
            if self._turn and not self._answered:
                self._proxy.ended()
            for each in (writer, upstream):
                if each:
                    each.close()

    async def _both(self, *pumps: Coroutine[Any, Any, None]) -> None:
        tasks = [asyncio.create_task(pump) for pump in pumps]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _up(self, upstream: asyncio.StreamWriter) -> None:
        """The caller's bytes."""
        reader, writer = self._caller
        while piece := await reader.read(65536):
            await self._proxy.moving()
            if self._turn is None or self._answered:
                self._turn, self._answered, self._gathering = self._proxy.begun(), 0, Gathering()
            fault = self._turn
            if fault.kind == "swallow":
                continue
            if fault.kind == "instead":
                self._answer_instead(fault, piece)
                continue
            async for part in self._treated(fault, piece, way="up"):
                upstream.write(part)
                await upstream.drain()
            if fault.kind == "half-close" and writer.can_write_eof():
                writer.write_eof()
        await self._proxy.moving()
        upstream.write_eof()

    async def _down(self, reader: asyncio.StreamReader) -> None:
        """The server's bytes."""
        _, writer = self._caller
        while piece := await reader.read(65536):
            await self._proxy.moving()
            fault = self._turn or PASS
            if self._turn and not self._answered:
                self._proxy.ended()
            before, self._answered = self._answered, self._answered + len(piece)
            async for part in self._treated(fault, piece, way="down", before=before):
                writer.write(part)
                await writer.drain()
        await self._proxy.moving()
        if self._turn and self._turn.kind == "hang":
            return
        raise _End(by_reset=False)

    async def _treated(self, fault: Fault, piece: bytes, *, way: str, before: int = 0) -> AsyncIterator[bytes]:
        """What is left of a piece, `before` bytes of the answer having come before it."""
        if fault.kind in ("delay", "drip", "flip") and fault.way == way:
            async for part in self._bent(fault, piece, before):
                yield part
        elif way == "up" or fault.kind in ("pass", "delay", "drip", "flip", "hold", "refuse", "deaf"):
            yield piece
        elif fault.kind in ("close", "reset", "hang"):
            yield piece[: max(0, fault.after - before)]
            if before + len(piece) >= fault.after and fault.kind != "hang":
                raise _End(by_reset=fault.kind == "reset")
        elif fault.kind == "twice":
            yield piece
            if self._gathering.whole(piece):
                await asyncio.sleep(fault.seconds)
                yield piece
        elif fault.kind in FORGED and self._gathering.whole(piece):
            for part in forged(fault.forgery, self._gathering):
                yield part
            raise _End(by_reset=False)

    async def _bent(self, fault: Fault, piece: bytes, before: int) -> AsyncIterator[bytes]:
        chance = self._proxy.chance
        if fault.kind == "drip":
            whole = max(0, fault.after - before)
            yield piece[:whole]
            for at in range(whole, len(piece)):
                await asyncio.sleep(fault.seconds)
                yield piece[at : at + 1]
        elif fault.kind == "delay":
            await asyncio.sleep(fault.seconds + fault.jitter * chance.random())
            yield piece
        else:
            at, bit = chance.randrange(len(piece)), 1 << chance.randrange(8)
            yield piece[:at] + bytes([piece[at] ^ bit]) + piece[at + 1 :]

    def _answer_instead(self, fault: Fault, piece: bytes) -> None:
        """Answer once the request is whole."""
        if self._asked.whole(piece):
            _, writer = self._caller
            writer.write(b"".join(forged(fault.forgery, Gathering())))
            raise _End(by_reset=False)


def _on(port: int) -> socket.socket:
    ear = socket.socket()
    ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    ear.bind(("127.0.0.1", port))
    return ear


def _reset(writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):  # the caller may have reset it first
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


# -- as a process -----------------------------------------------------------------------------------------------------


def told(control: int, fault: Fault) -> dict[str, int]:
    """Tell the proxy whose control port this is; its counts (`Proxy.counts`)."""
    with socket.create_connection(("127.0.0.1", control), timeout=60) as wire:
        wire.sendall(json.dumps(asdict(fault)).encode() + b"\n")
        return dict(json.loads(wire.makefile("rb").readline()))


async def run(proxy: Proxy, control: int) -> None:
    """Serve until the end of the process."""

    async def obey(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while line := await reader.readline():
                await proxy.tell(Fault(**json.loads(line)))
                writer.write(json.dumps(proxy.counts).encode() + b"\n")
                await writer.drain()
        writer.close()

    async with proxy, await asyncio.start_server(obey, "127.0.0.1", control) as ear:
        print(json.dumps({"port": proxy.port, "control": ear.sockets[0].getsockname()[1]}), flush=True)
        await ear.serve_forever()


def main() -> None:
    """`python -m tests.faults.proxy --listen PORT --to HOST:PORT --control PORT [--seed N]`; 0 takes a free port."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", required=True)
    for name in ("--listen", "--control", "--seed"):
        parser.add_argument(name, type=int, default=0)
    given = parser.parse_args()
    host, _, port = given.to.rpartition(":")
    with suppress(KeyboardInterrupt):
        uvloop.run(run(Proxy(host, int(port), listen=given.listen, seed=given.seed), given.control))


if __name__ == "__main__":
    main()
