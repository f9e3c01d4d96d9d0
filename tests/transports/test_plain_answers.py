"""Answers that are read at a glance: which are, and that aiohttp reads every one of them just the same."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.transports.http import _held, _Wire
from hub.transports.plain_answers import Heard, heard_at_once

BODY = b'{"codeRetour":0}'

_PIECES = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 201\r\n",
        b"HTTP/1.1 422 Unprocessable  Content\r\n",
        b"HTTP/1.1 204 No Content\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n",
        b"HTTP/1.1 304 Not Modified\r\n",
        b"Content-Type: application/json\r\n",
        b"content-type:text/plain\r\n",
        b'X-Note: a: b , "c"\r\n',
        b"X-Note: caf\xc3\xa9\r\n",
        b"X-Space:  two \r\n",
        b"X-Empty:\r\n",
        b" folded\r\n",
        b"Bad Name: x\r\n",
        b"Date: Mon, 23 Nov 2026 05:00:00 GMT\r\n",
        b"Connection: keep-alive\r\n",
        b"Connection: close\r\n",
        b"Keep-Alive: timeout=5\r\n",
        b"Content-Encoding: identity\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Upgrade: h2c\r\n",
        b"Content-Length: 16\r\n",
        b"Content-Length: 016\r\n",
        b"Content-Length: 15\r\n",
        b"Content-Length: 17\r\n",
        b"Content-Length: 0\r\n",
        b"\r\n",
        BODY,
    ]
)
_ANSWERS = st.one_of(
    st.lists(_PIECES, max_size=9).map(b"".join),
    st.lists(_PIECES, max_size=5).map(
        lambda pieces: b"HTTP/1.1 200 OK\r\n" + b"".join(pieces) + b"Content-Length: 16\r\n\r\n" + BODY
    ),
)


async def carefully(data: bytes) -> tuple[Heard, bool]:
    """What aiohttp reads in these bytes, and whether the connection is good for another call after them."""
    wire = _Wire(asyncio.get_running_loop())
    wire.begin(without_body=False, at_once=False)
    wire.data_received(data)
    heard = await asyncio.wait_for(_held(wire, 1_000_000), 1)
    return heard, not wire.should_close


@settings(max_examples=2000)
@given(_ANSWERS)
def test_what_is_read_at_a_glance_is_what_a_real_parser_reads(data: bytes) -> None:
    heard = heard_at_once(data)

    if heard is not None:
        assert asyncio.run(carefully(data)) == (heard, True)


@settings(max_examples=1000)
@given(st.binary(max_size=12), st.integers(0, 90), st.integers(0, 12))
def test_what_is_still_plain_when_bytes_of_it_are_others_is_read_the_same(put: bytes, at: int, over: int) -> None:
    plain = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n" + BODY
    data = plain[:at] + put + plain[at + over :]

    heard = heard_at_once(data)

    if heard is not None:
        assert asyncio.run(carefully(data)) == (heard, True)


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 16\r\n",
        b"HTTP/1.1 201 \r\nserver: uvicorn\r\ndate: Mon, 23 Nov 2026 05:00:00 GMT\r\ncontent-length: 16\r\n",
        b"HTTP/1.1 500 Internal Server Error\r\nConnection: Keep-Alive\r\nContent-Length: 16\r\nX-A: b\r\n",
    ],
)
def test_a_usual_answer_is_read_at_a_glance(head: bytes) -> None:
    data = head + b"\r\n" + BODY

    heard = heard_at_once(data)

    assert heard is not None
    assert asyncio.run(carefully(data)) == (heard, True)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n" + BODY[:-1],
        b"HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n" + BODY + b"\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + BODY,
        b"HTTP/1.0 200 OK\r\nContent-Length: 16\r\n\r\n" + BODY,
        b"HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 16\r\nContent-Length: 16\r\n\r\n" + BODY,
        b"HTTP/1.1 200 OK\r\nContent-Length: 16\r\nX-A: 1\r\nx-a: 2\r\n\r\n" + BODY,
        b"HTTP/1.1 200 OK\r\nContent-Length: 16\r\nTransfer-Encoding: chunked\r\n\r\n" + BODY,
        b"HTTP/1.1 200 OK\r\nContent-Length: 16\r\nContent-Encoding: gzip\r\n\r\n" + BODY,
        b"HTTP/1.1 200 OK\r\nContent-Length: 16\r\nConnection: close\r\n\r\n" + BODY,
        b"HTTP/1.1 200 OK\r\nContent-Length: 016\r\n\r\n" + BODY,
        b"HTTP/1.1 200 OK\r\nContent-Length: +16\r\n\r\n" + BODY,
        b"HTTP/1.1 200 OK\nContent-Length: 16\n\n" + BODY,
        b"HTTP/1.1 200 OK\r\nX-A: 1\r\n 2\r\nContent-Length: 16\r\n\r\n" + BODY,
        b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 4000 + b"\r\nContent-Length: 16\r\n\r\n" + BODY,
    ],
)
def test_what_is_out_of_the_ordinary_is_left_to_a_real_parser(data: bytes) -> None:
    assert heard_at_once(data) is None
