"""How long a connection may take, and how many there may be at once: uvicorn's protocol, held to limits on every route.

Nothing here knows a route or judges what is said. One look a second at all connections stands for a timer a request.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache, partial
from http import HTTPStatus
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, cast

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from hub.endpoints.at_once import AT_ONCE, lines_of
from hub.endpoints.body import WHOLE
from hub.endpoints.cycle import Cycle, target_of
from hub.endpoints.parting import Parting
from hub.endpoints.refusals import (
    BAD_REQUEST,
    HEAD_TOO_LARGE,
    NO_UPGRADE,
    TOO_MANY,
    TOO_MANY_OF_ONE,
    TOO_SLOW,
    Refusal,
    language_of_scope,
)

LINGER = 2.0
"""Seconds for which a caller that is still speaking is heard out once it has its answer: closed at once, a connection takes
back from it what it has not read yet."""

SURPLUS = 64
"""Connections beyond the limit that are still told so; any more are dropped without a word."""

_SPOKEN = frozenset({"1.0", "1.1"})
_OFTEN = 1.0
_CLIENTS = 1000
"""Clients whose share is remembered: many open a connection for each message."""
_SITE = 64
"""Bits of an IPv6 address that one client has: the rest is its own to choose."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What connections are held to.

    `head`, `body`: seconds in which the headers and the body of a request must be whole; a large body (files) has as much
    longer as it takes at `slowest` bytes a second. `idle`: seconds from an answer to the next request. `head_bytes`: of a
    request's headers. `most`: connections at once, `most_of_one`: those of one client; `proxies` (addresses and networks)
    speak for many clients, and are counted among all only.
    """

    head: float = 10.0
    body: float = 30.0
    slowest: int = 64 * 1024
    idle: int = 75
    head_bytes: int = 64 * 1024
    most: int = 1000
    most_of_one: int = 250
    proxies: tuple[str, ...] = ()


class Connections:
    """The connections of one server: those that take too long are closed, and for a new one beyond the limit the one that is
    idle for longest; when none is idle, the new one is refused."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._open: set[Connection] = set()
        self._of: Counter[str] = Counter()
        self._proxies = tuple(_networks(limits.proxies))
        self._all_are_proxies = "*" in limits.proxies
        self._origin_of = lru_cache(_CLIENTS)(self._found_origin)
        self._every = min(_OFTEN, limits.head / 4, limits.body / 4, limits.idle / 4)
        self._next_look: asyncio.TimerHandle | None = None
        self._added: list[tuple[bytes, bytes]] = []
        self._added_lines = b""

    def protocol(self) -> type[asyncio.Protocol]:
        """What uvicorn makes of each new connection."""
        return cast("type[asyncio.Protocol]", partial(Connection, self))  # uvicorn only calls it

    def origin_of(self, client: tuple[str, int] | None) -> str:
        """Which client's share a connection counts in; "" for a proxy's, and for one without an address."""
        return "" if client is None or self._all_are_proxies else self._origin_of(client[0])

    def _found_origin(self, host: str) -> str:
        try:
            address = ip_address(host)
        except ValueError:
            return ""
        if any(address in network for network in self._proxies):
            return ""
        return host if address.version == 4 else str(ip_network((address, _SITE), strict=False))

    def enter(self, connection: Connection) -> Refusal | None:
        """Count a connection in; the answer to it when it is one too many."""
        self._open.add(connection)
        if connection.origin:
            self._of[connection.origin] += 1
        if self._next_look is None:
            self._next_look = connection.loop.call_later(self._every, self._look, connection.loop)
        if self._of[connection.origin] > self.limits.most_of_one and not self._made_room(connection, connection.origin):
            return TOO_MANY_OF_ONE
        if len(self._open) > self.limits.most and not self._made_room(connection):
            return TOO_MANY
        return None

    def leave(self, connection: Connection) -> None:
        """Count a connection out; a second time does nothing."""
        if connection not in self._open:
            return
        self._open.remove(connection)
        if connection.origin:
            self._of[connection.origin] -= 1
            if not self._of[connection.origin]:
                del self._of[connection.origin]

    def lines_added(self, headers: list[tuple[bytes, bytes]]) -> bytes:
        """The headers that the server adds to every answer, as they are written: it makes new ones every second."""
        if headers is not self._added:
            self._added, self._added_lines = headers, lines_of(headers)
        return self._added_lines

    @property
    def overfull(self) -> bool:
        """Whether there are so many beyond the limit that no more of them are answered."""
        return len(self._open) > self.limits.most + SURPLUS

    def _made_room(self, new: Connection, origin: str = "") -> bool:
        """Close the connection that has been idle for longest, of this client or of all; False when none is idle."""
        idle = [each for each in self._open if each is not new and each.is_idle and (not origin or each.origin == origin)]
        if not idle:
            return False
        longest = min(idle, key=lambda each: each.idle_since)
        self.leave(longest)
        longest.transport.close()
        return True

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for late in [each for each in self._open if each.due < now]:
            late.end_late()
        for idle in [each for each in self._open if each.idle_until < now]:
            idle.end_idle()
        self._next_look = loop.call_later(self._every, self._look, loop) if self._open else None


class Connection(HttpToolsProtocol):
    """One connection. `due` is when what it has begun to say must be whole; never, while nothing is expected of it.
    `idle_until` is when it must have begun to say something; never, while it or its answer is under way.

    What cannot be read is refused in its turn: after the answers to what came before it, and nothing after it is heard."""

    cycle: Cycle

    def __init__(self, connections: Connections, **made: Any) -> None:
        super().__init__(**made)
        self.due = self.idle_until = math.inf
        self.origin = ""
        self._connections = connections
        self._limits = connections.limits
        self._made_at = 0.0
        self._in_body = False
        self._body_due = math.inf
        self._got_on = False
        self._unread = 0
        self._deaf = False

    # -- what uvicorn calls ------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(Parting(transport, self))
        self._made_at = self.loop.time()
        self.due = self._made_at + self._limits.head
        self.origin = self._connections.origin_of(self.client)
        refusal = self._connections.enter(self)
        if refusal is None:
            return
        self.app = refusal
        self.due = self._made_at + LINGER
        if self._connections.overfull:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.leave(self)
        self._deaf, self.due = False, math.inf  # nobody is left to be heard out
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self.idle_until = math.inf
        most = self._limits.head_bytes
        if len(data) > most and not self._in_body:  # no more of a head is read than may be of it
            self._feed(data[:most])
            data = data[most:]
        self._feed(data)

    def on_headers_complete(self) -> None:
        """Begin to serve a request, after those that came before it. uvicorn's own does the same in more rounds."""
        version = self.parser.get_http_version()
        if version not in _SPOKEN:
            raise ValueError("version")  # what a callback raises, uvicorn takes for a request that cannot be read
        scope = self.scope
        scope["path"], scope["raw_path"], scope["query_string"] = target_of(self.url)
        scope["method"], scope["http_version"] = self.parser.get_method().decode("ascii"), version
        scope["state"][AT_ONCE] = self._answer
        self.headers = []  # what follows a chunked body is no header of the request that is being served
        self._got_on = self._in_body = True
        self.due = self._body_due = self.loop.time() + self._limits.body
        before = self.cycle
        self.cycle = Cycle(self, keep_alive=version != "1.0" and self.parser.should_keep_alive())
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def on_body(self, body: bytes) -> None:
        self._got_on = True
        self._body_due += len(body) / self._limits.slowest
        self.cycle.hear(body)

    def on_message_complete(self) -> None:
        self._got_on, self._in_body = True, False
        self.due = math.inf
        self.scope["state"][WHOLE] = self._whole_body
        self.cycle.hear_end()

    def on_response_complete(self) -> None:
        """Serve the request that came meanwhile, or be idle. uvicorn's own sets a timer for each answer."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        else:
            self.idle_until = self.loop.time() + self._limits.idle

    def pause_writing(self) -> None:
        super().pause_writing()
        self.due = self.loop.time() + self._limits.body

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.transport.is_closing():
            self.due = self.loop.time() + LINGER
        else:
            self.due = self.loop.time() + self._limits.body if self._in_body else math.inf

    def shutdown(self) -> None:
        if self.transport.is_closing():
            self.transport.abort()  # nobody is heard out when the node ends
            return
        if self.cycle is None or self.cycle.response_complete:
            self.due = math.inf
        super().shutdown()

    def send_400_response(self, msg: str) -> None:
        self._refuse(BAD_REQUEST)

    def _unsupported_upgrade_warning(self) -> None:
        """The other protocol is not spoken, and the request served as it is; but of its body nothing can be read."""
        names = {name for name, value in self.scope["headers"] if value != b"0"}
        if names & {b"content-length", b"transfer-encoding"}:
            self._in_body = True
            self._refuse(NO_UPGRADE)

    # -- what the application asks -----------------------------------------------------------------------------------

    def _whole_body(self, scope: Scope) -> bytes | None:
        """The body of a request that came to its end, once. None while its caller must be told or heard something first, and
        for a request that others have followed."""
        cycle = self.cycle
        if cycle.scope is not scope or cycle.disconnected or cycle.waiting_for_100_continue:
            return None
        if not cycle.message_event.is_set():
            return None
        self.flow.resume_reading()
        cycle.message_event.clear()
        body, cycle.body = bytes(cycle.body), bytearray()
        return body

    def _answer(self, scope: Scope, status: int, lines: bytes, body: bytes) -> bool:
        """Send the whole answer to a request in one piece. False while nothing can be written, when nobody is there, and for
        a request that others have followed."""
        cycle = self.cycle
        if cycle.scope is not scope or cycle.response_started or cycle.disconnected or self.flow.write_paused:
            return False
        cycle.response_started = True
        added = self._connections.lines_added(self.server_state.default_headers)
        closing = b"" if cycle.keep_alive else b"connection: close\r\n"
        self.transport.write(b"".join((STATUS_LINE[status], added, lines, closing, b"\r\n", body)))
        cycle.response_complete = True
        cycle.message_event.set()
        if not cycle.keep_alive:
            self.transport.close()
        self.on_response_complete()
        return True

    # -- what the node's connections ask -----------------------------------------------------------------------------

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being said on it, in either direction."""
        return not self._deaf and (self.scope is None or self.idle_until < math.inf)

    @property
    def idle_since(self) -> float:
        """Since when it has been idle, on the loop's clock."""
        return self.idle_until - self._limits.idle if self.idle_until < math.inf else self._made_at

    @property
    def is_speaking(self) -> bool:
        """Whether its other side is, or may be, in the middle of a request."""
        return self._deaf or (self.scope is not None and self.due < math.inf)

    def end_late(self) -> None:
        """End what took too long: with an answer, where one can still be heard."""
        if self._deaf or self.flow.write_paused:
            self.transport.abort()
        elif self.scope is None:
            self.transport.close()
        elif self._in_body and self.flow.read_paused:
            self.due = self.loop.time() + self._limits.body  # it is not the other side that keeps us waiting
        elif self._in_body and self._body_due > self.loop.time() and not self.cycle.response_complete:
            self.due = self._body_due
        else:
            self._refuse(TOO_SLOW)

    def end_idle(self) -> None:
        """End what has said nothing for too long."""
        self.idle_until = math.inf
        if not self.transport.is_closing():
            self.transport.close()

    def hear_out(self) -> None:
        """Throw away what still comes, for a moment."""
        self._deaf = True
        self.due = self.loop.time() + LINGER
        self.flow.resume_reading()

    # -- reading and refusing ----------------------------------------------------------------------------------------

    def _feed(self, data: bytes) -> None:
        """Read on. What leads to nothing (an endless header, an endless end of a chunked body) is limited."""
        if self._deaf:
            return
        self._got_on = False
        super().data_received(data)
        if self._got_on:
            self._unread = 0
            return
        self._unread += len(data)
        if self.due == math.inf:
            self.due = self.loop.time() + self._limits.head
        if self._unread >= self._limits.head_bytes:
            self._refuse(HEAD_TOO_LARGE)

    def _refuse(self, refusal: Refusal) -> None:
        """Refuse the request that is being read, after the answers that are still due, and hear no more."""
        if self._deaf:
            return
        self._deaf, self.due = True, math.inf
        cycle = self.cycle
        answered = cycle is None or cycle.response_complete
        if answered and self._in_body:
            self.transport.close()  # it has its answer, and would take another one for that to its next request
        elif answered:
            self._say(refusal)
        elif not self._in_body:
            cycle.keep_alive = False  # the last that came whole is answered; then it closes
        elif self.pipeline:
            self.pipeline[0] = (cycle, refusal)
        elif cycle.response_started:
            self.transport.abort()
        else:
            cycle.disconnected = True
            cycle.message_event.set()
            self._say(refusal)

    def _say(self, refusal: Refusal) -> None:
        """Answer without the application, and close."""
        response = refusal.response(language_of_scope(self.scope))
        head = f"HTTP/1.1 {response.status_code} {HTTPStatus(response.status_code).phrase}\r\n".encode()
        lines = lines_of((*self.server_state.default_headers, *response.raw_headers))
        self.transport.write(b"%b%b\r\n%b" % (head, lines, bytes(response.body)))
        self.transport.close()


def _networks(texts: Iterable[str]) -> Iterable[IPv4Network | IPv6Network]:
    for text in texts:
        try:
            yield ip_network(text)
        except ValueError:
            continue  # a name, which uvicorn takes as it is and no address is
