"""Carries a Call over HTTP and brings back a Reply, or says truly whether the request had begun to leave.

httpx's forms over aiohttp's wires. What an answer means is `judge`'s business, not ours.
"""

from __future__ import annotations

import asyncio
import re
import select
import ssl
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, cast

import aiohttp
import httpx
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from hub.call import Call, Reply
from hub.errors import CallForbidden, CallNotSent, CallUnanswered, MessageError, Text
from hub.transports.addresses import Egress, Lookup, VettingResolver, ask_system, vetted

_IDLE_SECONDS = 4.0
"""Shorter than the 5 s after which Apache, Node and uvicorn close an idle connection: fewer calls cross a closing one."""
_LONGEST_HEADER = 32 * 1024
_MOST_HEADERS = 200
_MOST_INTERIM = 20
"""Interim (1xx) answers before an answer."""
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BROKEN = (aiohttp.ClientError, HttpProcessingError, OSError, ValueError, RuntimeError)
_AIOHTTP_SAYS = frozenset({b"host", b"content-length", b"transfer-encoding", b"connection"})


class HttpTransport:
    """Sends calls. Its only state is the pool of connections; it belongs to the event loop of its first call.

    With `ca_file`, only certificates that this private authority signed are trusted."""

    def __init__(
        self,
        egress: Egress,
        *,
        ca_file: Path | None = None,
        lookup: Lookup = ask_system,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._egress = egress
        self._transport = transport or AiohttpTransport(egress, trusted=trusted(ca_file), lookup=lookup)

    async def send(self, call: Call) -> Reply:
        """The whole answer. CallForbidden, CallNotSent or CallUnanswered when there is none; it is sent once at most."""
        request = self._request(call)
        started = monotonic()
        try:
            response = await self._transport.handle_async_request(request)
            body = await response.aread()
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise CallNotSent(_reason("The call did not leave", "L'appel n'est pas parti", error)) from error
        except httpx.TransportError as error:
            raise CallUnanswered(_reason("No whole answer came", "Pas de réponse entière", error)) from error
        return Reply(response.status_code, _lowered(response.headers), body, monotonic() - started)

    async def close(self) -> None:
        """Close every connection."""
        await self._transport.aclose()

    def _request(self, call: Call) -> httpx.Request:
        _check_headers(call.headers)
        headers = {"User-Agent": "hub", "Accept-Encoding": "gzip, deflate", **call.headers}
        limits = {"connect": call.connect, "total": call.total, "largest": call.largest}
        url = vetted(call.url, self._egress)
        return httpx.Request(call.method, url, headers=headers, content=call.body, extensions={"limits": limits})


def trusted(ca_file: Path | None) -> ssl.SSLContext:
    """TLS 1.2 or later, certificate and host name verified, against the system's authorities or one private one."""
    context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class AiohttpTransport(httpx.AsyncBaseTransport):
    """httpx's transport over aiohttp, with true errors: ConnectError and ConnectTimeout only when not one byte of the
    request was given to the network, another httpx.TransportError in every other case. No redirects, cookies, proxies,
    retries. `request.extensions["limits"]` holds seconds `connect`, `total` and bytes `largest`."""

    def __init__(self, egress: Egress, *, trusted: ssl.SSLContext, lookup: Lookup = ask_system) -> None:
        self._egress = egress
        self._trusted = trusted
        self._lookup = lookup
        self._sessions: dict[str, aiohttp.ClientSession] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The whole answer, decoded and within its limits."""
        limits = request.extensions["limits"]
        trip = _Trip()
        try:
            async with asyncio.timeout(limits["total"]):
                return await self._exchange(request, limits, trip)
        except (httpx.TransportError, CallForbidden):
            raise
        except TimeoutError as error:
            raise trip.overdue(limits["total"]) from error
        except _BROKEN as error:
            raise trip.broken(error) from error

    async def _exchange(self, request: httpx.Request, limits: Mapping[str, Any], trip: _Trip) -> httpx.Response:
        session = self._session(request.url.scheme)
        async with session.request(
            request.method,
            URL(str(request.url), encoded=True),
            data=request.content or None,
            headers=[(n.decode(), v.decode()) for n, v in request.headers.raw if n.lower() not in _AIOHTTP_SAYS],
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=None, connect=limits["connect"], ceil_threshold=3600),
            middlewares=(trip,),
        ) as response:
            body = await _read(response, limits["largest"])
        headers = [(n, v) for n, v in response.headers.items() if n.lower() not in ("content-encoding", "content-length")]
        return httpx.Response(response.status, headers=headers, content=body, request=request)

    async def aclose(self) -> None:
        """Close every connection."""
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()

    def _session(self, scheme: str) -> aiohttp.ClientSession:
        if scheme not in self._sessions:
            self._sessions[scheme] = self._new_session(encrypted=scheme == "https")
        return self._sessions[scheme]

    def _new_session(self, *, encrypted: bool) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=_Connector(
                resolver=VettingResolver(self._egress, encrypted=encrypted, lookup=self._lookup),
                ssl=self._trusted,
                limit=0,
                keepalive_timeout=_IDLE_SECONDS,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            request_class=_Request,
            trust_env=False,
            max_line_size=_LONGEST_HEADER,
            max_field_size=_LONGEST_HEADER,
            max_headers=_MOST_HEADERS,
        )


class _Trip:
    """One call on its way, as an aiohttp middleware: knows whether its request has begun to leave, and turns errors
    into httpx's before aiohttp's own retry of "safe" methods sees them."""

    def __init__(self) -> None:
        self.left = False

    async def __call__(self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        cast(_Request, request).trip = self
        while True:
            try:
                return await handler(request)
            except _StaleWire:
                continue
            except _BROKEN as error:
                raise self.broken(error) from error

    def broken(self, error: Exception) -> httpx.TransportError:
        """The error that tells the truth about a call that met `error`."""
        if self.left:
            return httpx.ReadError(type(error).__name__)
        kind = httpx.ConnectTimeout if isinstance(error, TimeoutError) else httpx.ConnectError
        return kind(type(error).__name__)

    def overdue(self, seconds: float) -> httpx.TransportError:
        """The error of a call whose whole time is up."""
        words = f"no whole answer within {seconds:g} s"
        return httpx.ReadTimeout(words) if self.left else httpx.ConnectTimeout(words)


class _TooLarge(ValueError):
    """The decoded answer is larger than the call allows."""


class _StaleWire(Exception):
    """A kept connection was closed by the other side before anything of this request was written."""


class _Request(aiohttp.ClientRequest):
    """Notes the moment at which its first byte may leave."""

    trip: _Trip

    async def send(self, conn: Any) -> aiohttp.ClientResponse:
        wire: _Wire = conn.protocol
        if wire.is_stale():
            raise _StaleWire
        wire.begin()
        self.trip.left = True
        return await super().send(conn)


class _Wire(ResponseHandler):
    """One connection: counts the interim answers of a call, and can tell that the other side has closed it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._calls = 0
        self._interim = 0

    def begin(self) -> None:
        self._calls += 1
        self._interim = 0

    def is_stale(self) -> bool:
        """Whether a connection that was used before has something to read, which can only be its end."""
        if not self._calls or self.transport is None:
            return self.transport is None
        waiting = select.poll()
        waiting.register(self.transport.get_extra_info("socket").fileno(), select.POLLIN)
        return bool(waiting.poll(0))

    def feed_data(self, data: Any, size: int = 0) -> None:
        self._interim += 1
        if self._interim <= _MOST_INTERIM:
            super().feed_data(data, size)
            return
        self.set_exception(_TooLarge("interim answers"))
        if self.transport is not None:
            self.transport.close()


class _Connector(aiohttp.TCPConnector):
    """A pool of our wires."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._factory = cast("partial[ResponseHandler]", partial(_Wire, self._loop))  # aiohttp has no option for it


async def _read(response: aiohttp.ClientResponse, largest: int) -> bytes:
    """The decoded body, read piece by piece so that what is too large is cut before it fills the memory."""
    pieces: list[bytes] = []
    size = 0
    async for piece in response.content.iter_any():
        size += len(piece)
        if size > largest:
            raise _TooLarge
        pieces.append(piece)
    return b"".join(pieces)


def _check_headers(headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        if not (_HEADER_NAME.fullmatch(name) and _HEADER_VALUE.fullmatch(value)):
            raise MessageError(
                Text(
                    en=f"The value of the header {name!r} has a character that an HTTP header cannot carry.",
                    fr=f"La valeur de l'en-tête {name!r} contient un caractère impossible dans un en-tête HTTP.",
                )
            )


def _lowered(headers: httpx.Headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


_CAUSES: tuple[tuple[type[Exception], Text], ...] = (
    (aiohttp.ClientConnectorDNSError, Text(en="its name is not known to DNS", fr="son nom est inconnu du DNS")),
    (
        aiohttp.ClientConnectorCertificateError,
        Text(en="its certificate is not accepted", fr="son certificat n'est pas accepté"),
    ),
    (aiohttp.ClientSSLError, Text(en="no TLS connection could be made", fr="la connexion TLS n'a pas pu s'établir")),
    (aiohttp.ClientConnectorError, Text(en="the connection was refused", fr="la connexion a été refusée")),
    (aiohttp.ServerDisconnectedError, Text(en="the connection was closed", fr="la connexion a été fermée")),
    (aiohttp.ClientPayloadError, Text(en="the answer was cut short", fr="la réponse a été tronquée")),
    (aiohttp.ClientResponseError, Text(en="the answer is not proper HTTP", fr="la réponse n'est pas du HTTP valide")),
    (_TooLarge, Text(en="the answer is too large", fr="la réponse est trop volumineuse")),
    (TimeoutError, Text(en="the time limit was reached", fr="la limite de temps est atteinte")),
)
"""The first that fits says why; subclasses stand before their bases."""


def _reason(en: str, fr: str, error: httpx.TransportError) -> Text:
    """What happened, in plain words, without the address and without anything of the message."""
    cut = Text(en="the connection was cut", fr="la connexion a été coupée")
    why = next((text for kind, text in _CAUSES if isinstance(error.__cause__, kind)), cut)
    return Text(en=f"{en}: {why.en}.", fr=f"{fr} : {why.fr}.")
