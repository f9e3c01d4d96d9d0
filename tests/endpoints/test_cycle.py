"""A request is begun in fewer rounds than uvicorn begins it, and is the same."""

from __future__ import annotations

from typing import Any
from unittest.mock import MagicMock
from urllib.parse import unquote

import httptools
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from hub.endpoints.cycle import Cycle, target_of


class Heard:
    """What a parser lets through of a request's target; None when it refuses the request."""

    def __init__(self, target: bytes) -> None:
        self.url: bytes | None = b""
        try:
            httptools.HttpRequestParser(self).feed_data(b"GET %b HTTP/1.1\r\n\r\n" % target)
        except httptools.HttpParserError:
            self.url = None

    def on_url(self, url: bytes) -> None:
        self.url = (self.url or b"") + url


@given(target=st.binary(max_size=20) | st.text("/?#%:@ab.é\x7f \t", max_size=20).map(str.encode))
@example(target=b"/api/v1/exchanges/bin-order/messages")
@example(target=b"//a/b?c?d")
@example(target=b"/a%2Fb%C3%A9?c=%20#d")
@example(target=b"http://hub/a?b")
@example(target=b"http://hub")
@example(target=b"*")
def test_a_target_is_told_apart_as_the_parser_tells_it(target: bytes) -> None:
    url = Heard(target).url
    if not url:
        return
    try:
        parsed = httptools.parse_url(url)
        expected = unquote(parsed.path.decode("ascii")), parsed.path, parsed.query or b""
    except (httptools.HttpParserError, AttributeError, ValueError):
        with pytest.raises((httptools.HttpParserError, ValueError)):
            target_of(url)
    else:
        assert target_of(url) == expected


@pytest.mark.parametrize("keep_alive", [False, True])
def test_a_request_begins_as_uvicorn_begins_it(keep_alive: bool) -> None:
    connection: Any = MagicMock()
    given: dict[str, Any] = {
        "scope": connection.scope,
        "transport": connection.transport,
        "flow": connection.flow,
        "logger": connection.logger,
        "access_logger": connection.access_logger,
        "access_log": connection.access_log,
        "default_headers": connection.server_state.default_headers,
        "message_event": object(),
        "expect_100_continue": connection.expect_100_continue,
        "on_response": connection.on_response_complete,
        "keep_alive": keep_alive,
    }

    cycle = Cycle(connection, keep_alive=keep_alive)

    theirs = {name: value for name, value in vars(RequestResponseCycle(**given)).items() if name != "message_event"}
    assert {name: getattr(cycle, name) for name in theirs} == theirs
    assert not cycle.message_event.is_set()
