"""Carries a Call over HTTP and brings back a Reply, or says truly whether the request had begun to leave.

aiohttp's wires, with true errors. What an answer means is `judge`'s business, not ours.
"""

from __future__ import annotations

import asyncio
import re
import select
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from time import monotonic
from typing import Any, cast

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_parser import RawResponseMessage
from aiohttp.streams import StreamReader
from yarl import URL

from hub.call import Call, Enclosed, Reply
from hub.time_limits import TimeLimits
from hub.transports.addresses import Egress, Lookup, VettingResolver, ask_system, vetted
from hub.transports.heads import head_of, header_lines
from hub.transports.plain_answers import Heard, heard_at_once
from hub.transports.trips import TooLarge, Trip
from hub.transports.trust import show, trusted

_IDLE_SECONDS = 4.0
"""Shorter than the 5 s after which Apache, Node and uvicorn close an idle connection: fewer calls cross a closing one."""
_LONGEST_HEADER = 32 * 1024
_MOST_HEADERS = 200
_MOST_INTERIM = 20
"""Interim (1xx) answers before an answer."""
_BROKEN = (aiohttp.ClientError, HttpProcessingError, OSError, ValueError, RuntimeError)
_PLAIN_URL = re.compile(r"(https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?)((?:[/?][!-\"$-\[\]-~]*)?)")
"""Visible ASCII, with nothing in its path that would be read in two ways."""
_SWITCHING = 101
_OK = 200
_NEVER_ROUNDED = 3600
"""aiohttp rounds time limits of more than so many seconds up to whole ones."""
_UNPACKED = frozenset({"content-encoding", "content-length"})


Take = Callable[[bytes], Awaitable[None]]
"""Takes the next bytes of an answer."""
_Came = Heard | tuple[RawResponseMessage, StreamReader]
"""An answer that came at once, or the head of one, and its body as it comes."""
_Reader = Callable[["_Wire", int], Awaitable[Heard]]
"""Reads an answer of so many bytes at most."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A scheme, host and port that may be called: its `Host` header, its pool, and what aiohttp asks of whoever connects."""

    host: str
    pool: _Pool
    route: aiohttp.ClientRequest
    key: ConnectionKey


@dataclass(frozen=True, slots=True)
class _Trust:
    """Whom a connection trusts (a file of authorities), and what it shows (a PEM), "" for nothing of its own."""

    certificates: str = ""
    identity: str = field(default="", repr=False)


class HttpTransport:
    """Sends calls. Its only state is the pool of connections; it belongs to the event loop of its first call. No redirects,
    cookies, proxies, retries.

    With `ca_file`, only certificates that this private authority signed are trusted, unless a call names another file.
    `file` reads the files that go with calls."""

    def __init__(
        self,
        egress: Egress,
        *,
        ca_file: Path | None = None,
        lookup: Lookup = ask_system,
        file: Callable[[Enclosed], AsyncIterator[bytes]] | None = None,
    ) -> None:
        self._egress = egress
        self._file = file
        self._ca_file = ca_file
        self._trusted = trusted(ca_file)
        self._lookup = lookup
        self._limits = TimeLimits()
        self._pools: dict[tuple[str, _Trust], _Pool] = {}
        self._places: dict[tuple[str, str, str], _Place] = {}

    def send(self, call: Call) -> Coroutine[Any, Any, Reply]:
        """The whole answer, decoded and within its limits. CallForbidden, CallNotSent or CallUnanswered when there is none;
        it is sent once at most, and CallNotSent says that not one byte of it was given to the network."""
        return self._sent(call, _held)

    def fetch(self, call: Call, take: Take, *, silence: float) -> Coroutine[Any, Any, Reply]:
        """The same for an answer that is not held: where its status is 200, its body is given to `take` piece by piece, and
        the reply has none; of any other, none is read. So many seconds of `silence` end the call too, and so does what
        `take` raises."""
        return self._sent(call, partial(_handed_on, take=take, silence=silence))

    async def _sent(self, call: Call, read: _Reader) -> Reply:
        lines = header_lines(call.headers)
        started, trip = monotonic(), Trip()
        try:
            with self._limits.of(call.total):
                heard = await self._exchange(call, lines, trip, read)
        except _BROKEN as error:
            raise trip.told(error) from error
        return Reply(heard.status, heard.headers, heard.body or b"", monotonic() - started)

    async def close(self) -> None:
        """Close every connection."""
        for pool in self._pools.values():
            await pool.close()
        self._pools.clear()
        self._places.clear()

    async def _exchange(self, call: Call, lines: str, trip: Trip, read: _Reader) -> Heard:
        place, path = self._found(call)
        data = head_of(call, path, host=place.host, lines=lines) + call.body
        pool, key = place.pool, place.key
        wire = pool.idle(key)
        if wire is None:
            wire = await pool.connected(place, call.connect)
        try:
            if wire.transport is None:
                raise ConnectionResetError
            if monotonic() > call.leave_by:
                raise TimeoutError
            wire.begin(without_body=call.method == "HEAD", at_once=read is _held)
            trip.left = True
            wire.say(data)
            is_whole = not call.rest or await self._say_rest(call, wire)
            heard = await read(wire, call.largest)
        except BaseException:
            wire.abort()  # what has not left yet is not to leave any more
            pool.drop(key, wire)
            raise
        if not is_whole or wire.is_saying or heard.body is None:
            wire.abort()  # what comes next would be taken for the rest of what it was told, or of what it says
            pool.drop(key, wire)
        else:
            pool.give_back(key, wire)
        return heard

    async def _say_rest(self, call: Call, wire: _Wire) -> bool:
        """Say what follows the body, as fast as the other side takes it; no more once it has answered or gone away, and then
        False."""
        for each in call.rest:
            if not isinstance(each, Enclosed):
                wire.say(each)
                continue
            if self._file is None:
                raise ValueError("no way to read files was given")
            async for piece in self._file(each):
                if wire.has_answered or not await wire.say_on(piece):
                    return False
        return True

    def _found(self, call: Call) -> tuple[_Place, str]:
        """Where its URL is, vetted, and its path with its query. CallForbidden."""
        plain = _PLAIN_URL.fullmatch(call.url)
        if plain:
            origin, path = plain.groups()
        else:
            target = URL(vetted(call.url, self._egress))
            origin, path = str(target.origin()), target.raw_path_qs
        known_by = (origin, call.certificates, call.identity)
        place = self._places.get(known_by)
        if place is None:
            place = self._new_place(URL(vetted(origin, self._egress)), _Trust(call.certificates, call.identity))
            self._places[known_by] = place
        return place, path if path.startswith("/") else f"/{path}"

    def _new_place(self, url: URL, trust: _Trust) -> _Place:
        route = aiohttp.ClientRequest("GET", url, loop=asyncio.get_running_loop())
        kind = (url.scheme, trust)
        if kind not in self._pools:
            self._pools[kind] = self._new_pool(trust, encrypted=url.scheme == "https")
        return _Place(route.headers["Host"], self._pools[kind], route, route.connection_key)

    def _new_pool(self, trust: _Trust, *, encrypted: bool) -> _Pool:
        context = self._trusted
        if trust.certificates or trust.identity:
            context = trusted(Path(trust.certificates) if trust.certificates else self._ca_file)
        if trust.identity and encrypted:
            show(context, trust.identity)
        resolver = VettingResolver(self._egress, encrypted=encrypted, lookup=self._lookup)
        kept = {"keepalive_timeout": _IDLE_SECONDS, "ttl_dns_cache": _IDLE_SECONDS}
        return _Pool(resolver=resolver, ssl=context, limit=0, **kept)


class _Wire(ResponseHandler):
    """One connection: says a call, gives its answer, counts what comes before it, and can tell that it is good for no
    other call."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._calls = 0
        self._interim = 0
        self._at_once = False
        self._unasked: select.poll | None = None

    def begin(self, *, without_body: bool, at_once: bool) -> None:
        """Make ready for the answer to a call. `at_once`: it may come as a Heard, if it comes whole and plain."""
        self._calls += 1
        self._interim = 0
        self._parser = None
        self._at_once = at_once and not (without_body or self._tail)
        if not self._at_once:
            self._parse(without_body=without_body)

    def _parse(self, *, without_body: bool) -> None:
        """Have aiohttp read what comes."""
        self.set_response_params(
            skip_payload=without_body,
            read_until_eof=True,
            max_line_size=_LONGEST_HEADER,
            max_field_size=_LONGEST_HEADER,
            max_headers=_MOST_HEADERS,
        )

    def say(self, data: bytes) -> None:
        """Hand over a whole call. What becomes of it shows in its answer."""
        if self.transport is not None:
            self.transport.write(data)

    async def say_on(self, data: bytes) -> bool:
        """Hand over some more of a call, and wait until there is room for the next, or an answer; False when nobody takes
        it."""
        self.say(data)
        try:
            await self._drain_helper()
        except ConnectionError:
            return False
        return self.transport is not None

    @property
    def has_answered(self) -> bool:
        """Whether an answer has begun to come in."""
        return bool(self._buffer)

    @property
    def is_saying(self) -> bool:
        """Whether something of a call has still not left for the network."""
        return self.transport is not None and bool(cast(asyncio.WriteTransport, self.transport).get_write_buffer_size())

    async def answer(self) -> _Came:
        """The answer that came at once, or the head of one, and its body as it comes, decoded."""
        while True:
            came = await self.read() if self._buffer or self._eof else await self._coming()
            if isinstance(came, Heard) or (came and (not 100 <= came[0].code < 200 or came[0].code == _SWITCHING)):
                return came

    def _coming(self) -> asyncio.Future[Any]:
        """The answer once it has come at once; None once something else has, which is for `read` to tell."""
        self._waiter = waiter = self._loop.create_future()
        return waiter

    def data_received(self, data: bytes) -> None:
        """What comes in is an answer that is whole and plain, or else for aiohttp to read."""
        if not self._at_once:
            return super().data_received(data)
        self._at_once = False
        heard = heard_at_once(data)
        waiter: asyncio.Future[Any] | None = self._waiter
        if heard is None:
            self._parse(without_body=False)
            super().data_received(data)
        elif waiter is None or waiter.done():
            self.feed_data(heard)
        else:
            self._waiter = None
            waiter.set_result(heard)

    def is_stale(self) -> bool:
        """Whether a connection that was used before has closed, or says something unasked: no answer to what comes next."""
        if not self._calls:
            return False
        if self.transport is None or self.should_close:
            return True
        if self._unasked is None:
            self._unasked = select.poll()
            self._unasked.register(self.transport.get_extra_info("socket").fileno(), select.POLLIN)
        return bool(self._unasked.poll(0))

    def resume_reading(self, resume_parser: bool = True) -> None:
        """aiohttp asks for it with each piece of a body that is read; most are read before anything had to be paused."""
        if self._reading_paused:
            super().resume_reading(resume_parser)

    def feed_data(self, data: Any, size: int = 0) -> None:
        self._interim += 1
        if self._interim <= _MOST_INTERIM:
            super().feed_data(data, size)
            if waiter := self._drain_waiter:  # who is answered need not wait until there is room to say more
                self._drain_waiter = None
                waiter.set_result(None)
            return
        self.set_exception(TooLarge("interim answers"))
        if self.transport is not None:
            self.transport.close()


class _Pool(aiohttp.TCPConnector):
    """A pool of our wires."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._factory = cast("partial[ResponseHandler]", partial(_Wire, self._loop))  # aiohttp has no option for it

    def idle(self, key: ConnectionKey) -> _Wire | None:
        """The wire that `connect` would take from those that are idle; None where it has more to do than that, and for one
        that is stale."""
        waiting = self._conns.get(key)
        if not waiting:
            return None
        kept, since = waiting[0]
        wire: _Wire = kept  # type: ignore[assignment]  # our factory makes them all
        if monotonic() - since > _IDLE_SECONDS or not wire.is_connected() or wire.is_stale():
            return None
        waiting.popleft()
        if not waiting:
            del self._conns[key]
        self._acquired.add(wire)
        return wire

    async def connected(self, place: _Place, seconds: float) -> _Wire:
        """A wire that is as good as new, made within so many seconds if there is none."""
        while True:
            connection = await self.connect(place.route, [], _within(seconds))
            wire = cast(_Wire, connection.protocol)
            connection._protocol = None  # the wire is given back without it
            if not wire.is_stale():
                return wire
            self.drop(place.key, wire)

    def give_back(self, key: ConnectionKey, wire: _Wire) -> None:
        """Keep a wire for the next call, just as aiohttp does, unless it is good for no other."""
        if self._closed or wire.should_close or self._cleanup_handle is None:
            self._release(key, wire)
            return
        self._acquired.discard(wire)
        self._conns[key].append((wire, monotonic()))

    def drop(self, key: ConnectionKey, wire: _Wire) -> None:
        """Let go of a wire that is good for no other call."""
        self._release(key, wire, should_close=True)


@lru_cache
def _within(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, connect=seconds, ceil_threshold=_NEVER_ROUNDED)


async def _read(content: StreamReader, largest: int) -> bytes:
    """The decoded body, read piece by piece so that what is too large is cut before it fills the memory."""
    pieces: list[bytes] = []
    size = 0
    while piece := await content.readany():
        size += len(piece)
        if size > largest:
            raise TooLarge
        pieces.append(piece)
    return b"".join(pieces)


async def _held(wire: _Wire, largest: int) -> Heard:
    came = await wire.answer()
    if isinstance(came, Heard):
        if came.body and len(came.body) > largest:
            raise TooLarge
        return came
    message, content = came
    came_whole = content.is_eof() and content.total_bytes <= largest
    body = content.read_nowait() if came_whole else await _read(content, largest)
    return Heard(message.code, _lowered(message.headers), body)


async def _handed_on(wire: _Wire, largest: int, *, take: Take, silence: float) -> Heard:
    """The body handed on as it comes; None where there is some that is not read."""
    async with asyncio.timeout(silence):
        came = await wire.answer()
    if isinstance(came, Heard):
        raise TypeError("an answer that is handed on does not come at once")
    message, content = came
    headers = _lowered(message.headers)
    if message.code != _OK:
        return Heard(message.code, headers, None)
    announced = message.headers.get("Content-Length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > largest:
        raise TooLarge
    size = 0
    while piece := await _next_of(content, silence):
        size += len(piece)
        if size > largest:
            raise TooLarge
        await take(piece)
    return Heard(message.code, headers, b"")


async def _next_of(content: StreamReader, silence: float) -> bytes:
    async with asyncio.timeout(silence):
        return await content.readany()


def _lowered(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers by name in lower case, those that come more than once joined; the body is no more as two of them say."""
    found: dict[str, str] = {}
    for name, value in headers.items():
        lower = name.lower()
        if lower not in _UNPACKED:
            found[lower] = f"{found[lower]}, {value}" if lower in found else value
    return found
