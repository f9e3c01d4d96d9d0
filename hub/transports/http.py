"""Carries a Call over HTTP and brings back a Reply, or says truly whether the request had begun to leave.

aiohttp's wires, with true errors. What an answer means is `judge`'s business, not ours.
"""

from __future__ import annotations

import asyncio
import re
import select
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from time import monotonic
from typing import Any, cast

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.connector import Connection
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_parser import RawResponseMessage
from aiohttp.streams import StreamReader
from yarl import URL

from hub.call import Call, Enclosed, Reply
from hub.errors import AnswerTooLarge, CallNotSent, CallUnanswered, MessageError, Text
from hub.time_limits import TimeLimits
from hub.transports.addresses import Egress, Lookup, VettingResolver, ask_system, vetted
from hub.transports.trust import show, trusted

_IDLE_SECONDS = 4.0
"""Shorter than the 5 s after which Apache, Node and uvicorn close an idle connection: fewer calls cross a closing one."""
_LONGEST_HEADER = 32 * 1024
_MOST_HEADERS = 200
_MOST_INTERIM = 20
"""Interim (1xx) answers before an answer."""
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BROKEN = (aiohttp.ClientError, HttpProcessingError, OSError, ValueError, RuntimeError)
_PLAIN_URL = re.compile(r"(https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?)((?:[/?][!-\"$-\[\]-~]*)?)")
"""Visible ASCII, with nothing in its path that would be read in two ways."""
_OURS = {
    "User-Agent": "User-Agent: hub\r\n",
    "Accept": "Accept: */*\r\n",
    "Accept-Encoding": "Accept-Encoding: gzip, deflate\r\n",
}
"""What is said where a call does not say otherwise."""
_BODILESS = frozenset({"GET", "HEAD", "OPTIONS"})
_SWITCHING = 101
_OK = 200
_NEVER_ROUNDED = 3600
"""aiohttp rounds time limits of more than so many seconds up to whole ones."""
_UNPACKED = frozenset({"content-encoding", "content-length"})
_FRAMING = frozenset({"host", "content-length", "transfer-encoding", "connection"})
"""Headers that are ours to say."""


Take = Callable[[bytes], Awaitable[None]]
"""Takes the next bytes of an answer."""
_Reader = Callable[["_Wire", int], Awaitable[tuple[RawResponseMessage, bytes | None]]]
"""Reads an answer of so many bytes at most: its head, and its body, None where some of that is left."""


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

    async def send(self, call: Call) -> Reply:
        """The whole answer, decoded and within its limits. CallForbidden, CallNotSent or CallUnanswered when there is none;
        it is sent once at most, and CallNotSent says that not one byte of it was given to the network."""
        return await self._sent(call, _held)

    async def fetch(self, call: Call, take: Take, *, silence: float) -> Reply:
        """The same for an answer that is not held: where its status is 200, its body is given to `take` piece by piece, and
        the reply has none; of any other, none is read. So many seconds of `silence` end the call too, and so does what
        `take` raises."""
        return await self._sent(call, partial(_handed_on, take=take, silence=silence))

    async def _sent(self, call: Call, read: _Reader) -> Reply:
        lines = _lines(call.headers)
        started, trip = monotonic(), _Trip()
        try:
            with self._limits.of(call.total):
                message, body = await self._exchange(call, lines, trip, read)
        except _BROKEN as error:
            raise trip.told(error) from error
        return Reply(message.code, _lowered(message.headers), body or b"", monotonic() - started)

    async def close(self) -> None:
        """Close every connection."""
        for pool in self._pools.values():
            await pool.close()
        self._pools.clear()
        self._places.clear()

    async def _exchange(self, call: Call, lines: str, trip: _Trip, read: _Reader) -> tuple[RawResponseMessage, bytes | None]:
        place, path = self._found(call)
        data = _head(call, path, host=place.host, lines=lines) + call.body
        connection, wire = await _connected(place, call.connect)
        try:
            if wire.transport is None:
                raise ConnectionResetError
            wire.begin(without_body=call.method == "HEAD")
            trip.left = True
            wire.say(data)
            is_whole = not call.rest or await self._say_rest(call, wire)
            message, body = await read(wire, call.largest)
        except BaseException:
            wire.abort()  # what has not left yet is not to leave any more
            connection.close()
            raise
        if not is_whole or wire.is_saying or body is None:
            wire.abort()  # what comes next would be taken for the rest of what it was told, or of what it says
            connection.close()
        else:
            connection.release()
        return message, body

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


class _Trip:
    """One call on its way: knows whether it has begun to leave."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = False

    def told(self, error: Exception) -> CallNotSent | CallUnanswered:
        """The error that tells the truth about a call that met `error`."""
        if isinstance(error, _TooLarge):
            return AnswerTooLarge(_reason("No whole answer came", "Pas de réponse entière", error))
        if self.left:
            return CallUnanswered(_reason("No whole answer came", "Pas de réponse entière", error))
        return CallNotSent(_reason("The call did not leave", "L'appel n'est pas parti", error))


class _TooLarge(ValueError):
    """The decoded answer is larger than the call allows."""


class _Wire(ResponseHandler):
    """One connection: says a call, gives its answer, counts what comes before it, and can tell that it is good for no
    other call."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._calls = 0
        self._interim = 0
        self._unasked: select.poll | None = None

    def begin(self, *, without_body: bool) -> None:
        """Make ready for the answer to a call."""
        self._calls += 1
        self._interim = 0
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

    async def answer(self) -> tuple[RawResponseMessage, StreamReader]:
        """The head of the answer, and its body as it comes, decoded."""
        while True:
            message, content = await self.read()
            if not 100 <= message.code < 200 or message.code == _SWITCHING:
                return message, content

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
        self.set_exception(_TooLarge("interim answers"))
        if self.transport is not None:
            self.transport.close()


class _Pool(aiohttp.TCPConnector):
    """A pool of our wires."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._factory = cast("partial[ResponseHandler]", partial(_Wire, self._loop))  # aiohttp has no option for it

    def idle(self, key: ConnectionKey) -> Connection | None:
        """The connection that `connect` would take from those that are idle; None where it has more to do than that."""
        waiting = self._conns.get(key)
        if not waiting:
            return None
        wire, since = waiting[0]
        if not wire.is_connected() or monotonic() - since > _IDLE_SECONDS:
            return None
        waiting.popleft()
        if not waiting:
            del self._conns[key]
        self._acquired.add(wire)
        return Connection(self, key, wire, self._loop)


@lru_cache
def _within(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, connect=seconds, ceil_threshold=_NEVER_ROUNDED)


async def _connected(place: _Place, seconds: float) -> tuple[Connection, _Wire]:
    """A connection that is as good as new, made within so many seconds if there is none."""
    while True:
        connection = place.pool.idle(place.key) or await place.pool.connect(place.route, [], _within(seconds))
        wire = cast(_Wire, connection.protocol)
        if not wire.is_stale():
            return connection, wire
        connection.close()


def _head(call: Call, path: str, *, host: str, lines: str) -> bytes:
    """The request line and the headers, of which these lines are made already."""
    length = f"Content-Length: {call.length}\r\n" if call.body or call.rest or call.method not in _BODILESS else ""
    return f"{call.method} {path} HTTP/1.1\r\nHost: {host}\r\n{lines}{length}\r\n".encode("ascii")


def _lines(headers: Mapping[str, str]) -> str:
    """The header lines of a call but for those that are ours to say. MessageError for what is not visible ASCII."""
    lines = [line for name, line in _OURS.items() if name not in headers]
    for name, value in headers.items():
        is_framing = _is_framing(name)
        if not (value.isascii() and value.replace("\t", " ").isprintable()):
            raise _unsayable(name)
        if not is_framing:
            lines.append(f"{name}: {value}\r\n")
    return "".join(lines)


@lru_cache(maxsize=1024)
def _is_framing(name: str) -> bool:
    """Whether a header is ours to say. MessageError when it is no name of one."""
    if not _HEADER_NAME.fullmatch(name):
        raise _unsayable(name)
    return name.lower() in _FRAMING


async def _read(content: StreamReader, largest: int) -> bytes:
    """The decoded body, read piece by piece so that what is too large is cut before it fills the memory."""
    pieces: list[bytes] = []
    size = 0
    while piece := await content.readany():
        size += len(piece)
        if size > largest:
            raise _TooLarge
        pieces.append(piece)
    return b"".join(pieces)


async def _held(wire: _Wire, largest: int) -> tuple[RawResponseMessage, bytes | None]:
    message, content = await wire.answer()
    if content.is_eof() and content.total_bytes <= largest:  # all of it came with its head
        return message, content.read_nowait()
    return message, await _read(content, largest)


async def _handed_on(wire: _Wire, largest: int, *, take: Take, silence: float) -> tuple[RawResponseMessage, bytes | None]:
    """The body handed on as it comes; None where there is some that is not read."""
    async with asyncio.timeout(silence):
        message, content = await wire.answer()
    if message.code != _OK:
        return message, None
    announced = message.headers.get("Content-Length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > largest:
        raise _TooLarge
    size = 0
    while piece := await _next_of(content, silence):
        size += len(piece)
        if size > largest:
            raise _TooLarge
        await take(piece)
    return message, b""


async def _next_of(content: StreamReader, silence: float) -> bytes:
    async with asyncio.timeout(silence):
        return await content.readany()


def _unsayable(name: str) -> MessageError:
    return MessageError(
        Text(
            en=f"The value of the header {name!r} has a character that an HTTP header cannot carry.",
            fr=f"La valeur de l'en-tête {name!r} contient un caractère impossible dans un en-tête HTTP.",
        )
    )


def _lowered(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers by name in lower case, those that come more than once joined; the body is no more as two of them say."""
    found: dict[str, str] = {}
    for name, value in headers.items():
        lower = name.lower()
        if lower not in _UNPACKED:
            found[lower] = f"{found[lower]}, {value}" if lower in found else value
    return found


_CAUSES: tuple[tuple[type[Exception], Text], ...] = (
    (aiohttp.ClientConnectorDNSError, Text(en="its name is not known to DNS", fr="son nom est inconnu du DNS")),
    (
        aiohttp.ClientConnectorCertificateError,
        Text(en="its certificate is not accepted", fr="son certificat n'est pas accepté"),
    ),
    (aiohttp.ClientSSLError, Text(en="no TLS connection could be made", fr="la connexion TLS n'a pas pu s'établir")),
    (ConnectionRefusedError, Text(en="the connection was refused", fr="la connexion a été refusée")),
    (
        aiohttp.ClientConnectorError,
        Text(en="no connection could be made", fr="aucune connexion n'a pu s'établir"),
    ),
    (aiohttp.ServerDisconnectedError, Text(en="the connection was closed", fr="la connexion a été fermée")),
    (aiohttp.ClientPayloadError, Text(en="the answer was cut short", fr="la réponse a été tronquée")),
    (HttpProcessingError, Text(en="the answer is not proper HTTP", fr="la réponse n'est pas du HTTP valide")),
    (_TooLarge, Text(en="the answer is too large", fr="la réponse est trop volumineuse")),
    (TimeoutError, Text(en="the time limit was reached", fr="la limite de temps est atteinte")),
)
"""The first that fits says why; subclasses stand before their bases."""


def _reason(en: str, fr: str, error: Exception) -> Text:
    """What happened, in plain words, without the address and without anything of the message."""
    cut = Text(en="the connection was cut", fr="la connexion a été coupée")
    below = getattr(error, "os_error", None)
    why = next((text for kind, text in _CAUSES if isinstance(error, kind) or isinstance(below, kind)), cut)
    return Text(en=f"{en}: {why.en}.", fr=f"{fr} : {why.fr}.")
