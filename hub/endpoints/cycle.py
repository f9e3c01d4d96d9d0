"""A request and its answer, as uvicorn goes through them, made in fewer rounds: there is one with every message."""

from __future__ import annotations

import asyncio
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle


class Cycle(RequestResponseCycle):
    """A request and its answer. How nearly all of them begin is said once, in the class."""

    disconnected = response_started = response_complete = False
    more_body = True
    chunked_encoding = None
    expected_content_length = 0

    def __init__(self, connection: HttpToolsProtocol, *, keep_alive: bool) -> None:
        self.scope = connection.scope
        self.transport = connection.transport
        self.flow = connection.flow
        self.logger = connection.logger
        self.access_logger = connection.access_logger
        self.access_log = connection.access_log
        self.default_headers = connection.server_state.default_headers
        self.on_response = connection.on_response_complete
        self.message_event = asyncio.Event()
        self.waiting_for_100_continue = connection.expect_100_continue
        self.keep_alive = keep_alive
        self.body = bytearray()

    def hear(self, body: bytes) -> None:
        """Take a piece of its body, and no more for the moment when that is much."""
        if self.response_complete:
            return
        self.body += body
        if len(self.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        self.message_event.set()

    def hear_end(self) -> None:
        """Take it that its body is whole."""
        if not self.response_complete:
            self.more_body = False
            self.message_event.set()


_FRAGMENT = ord("#")


def target_of(url: bytes) -> tuple[str, bytes, bytes]:
    """The path that a request asks for, as it is meant and as it came, and the query. What its parser has let through, and
    is no whole address, is told apart by its first question mark. ValueError for a target without a path."""
    if url.startswith(b"/") and _FRAGMENT not in url:
        raw, _, query = url.partition(b"?")
    else:
        parsed = httptools.parse_url(url)
        raw, query = parsed.path or b"", parsed.query or b""
    if not raw:
        raise ValueError("path")
    path = raw.decode("ascii")
    return unquote(path) if "%" in path else path, raw, query
