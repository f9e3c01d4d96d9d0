"""Connections that lie: kept ones that fall silent or say more than they were asked, and ports that never accept."""

from __future__ import annotations

import asyncio
import ctypes
import socket
import struct
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import pytest

from hub.call import Call
from hub.errors import CallNotSent, CallUnanswered
from hub.transports.http import HttpTransport
from tests.faults.proxy import PASS, Fault, Proxy
from tests.passing import let_pass
from tests.stopwatch import Stopwatch
from tests.transports.test_http import CONNECT, LOOPBACK, TOTAL, Reader, Writer, call, read_request

SO_ATTACH_FILTER = 26
"""Linux has it, and Python no name for it."""


async def echo(reader: Reader, writer: Writer) -> None:
    """Answers every request with what it said."""
    with suppress(ConnectionError, asyncio.IncompleteReadError):
        while body := (await read_request(reader)).partition(b"\r\n\r\n")[2]:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            await writer.drain()
    writer.close()


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server, Proxy("127.0.0.1", server.sockets[0].getsockname()[1], seed=7) as proxy:
        yield proxy


@pytest.fixture
async def transport(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[HttpTransport]:
    monkeypatch.setattr("hub.transports.http._IDLE_SECONDS", TOTAL)  # no hold-up is to end a kept connection
    transport = HttpTransport(LOOPBACK)
    yield transport
    await transport.close()


async def outlasted(transport: HttpTransport, told: Call, *, once: Callable[[], bool] = lambda: True) -> None:
    """A call over a kept connection, whose time passes a moment after it has left, and once something is so."""
    calling = asyncio.create_task(transport.send(told))
    await asyncio.sleep(0.1)
    while not once():
        await asyncio.sleep(0.01)
    let_pass(told.total)
    await calling


@pytest.mark.parametrize("pause", [0.0, 0.1], ids=["at once", "later"])
async def test_an_answer_that_is_said_twice_is_never_taken_for_the_next_call_s(
    pause: float, transport: HttpTransport, proxy: Proxy
) -> None:
    await proxy.tell(Fault("twice", seconds=pause, times=1))
    await transport.send(call(proxy.url, body=b"the first"))
    await asyncio.sleep(3 * pause)

    for body in (b"the second", b"the third"):
        reply = await transport.send(call(proxy.url, body=body))

        assert reply.body == body


async def test_a_late_answer_is_never_taken_for_a_later_call_s(transport: HttpTransport, proxy: Proxy) -> None:
    await transport.send(call(proxy.url, body=b"the first"))
    await proxy.tell(Fault("delay", seconds=2 * TOTAL, times=1))
    with pytest.raises(CallUnanswered, match="time limit"):
        await outlasted(
            transport, call(proxy.url, body=b"the second"), once=lambda: len(proxy.turns) == 2 and not proxy.unanswered
        )

    let_pass(2 * TOTAL)
    await asyncio.sleep(0.1)
    reply = await transport.send(call(proxy.url, body=b"the third"))

    assert reply.body == b"the third"
    assert proxy.connections == 2, "the connection of the call that had no answer is used no more"


async def test_a_kept_connection_that_fell_silent_is_in_doubt_and_used_no_more(
    transport: HttpTransport, proxy: Proxy
) -> None:
    await transport.send(call(proxy.url, body=b"the first"))
    await proxy.tell(Fault("hold"))
    with pytest.raises(CallUnanswered, match="time limit"):
        await outlasted(transport, call(proxy.url, body=b"the second"))

    await proxy.tell(PASS)
    reply = await transport.send(call(proxy.url, body=b"the third"))

    assert (reply.body, proxy.connections) == (b"the third", 2)


def deafen(ear: socket.socket) -> None:
    """From now on the kernel drops every packet for this socket and acknowledges none, as on a line that is cut."""
    instruction = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0))  # return 0: take nothing
    ear.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HxxxxxxP", 1, ctypes.addressof(instruction)))


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone drops packets for one socket")
async def test_a_line_that_is_cut_without_a_word_is_in_doubt_when_kept_and_nothing_left_when_new(
    transport: HttpTransport,
) -> None:
    lines: list[socket.socket] = []

    async def noted(reader: Reader, writer: Writer) -> None:
        lines.append(writer.get_extra_info("socket"))
        await echo(reader, writer)

    async with await asyncio.start_server(noted, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await transport.send(call(url, body=b"the first"))
        deafen(lines[0])
        with pytest.raises(CallUnanswered, match="time limit"):
            await outlasted(transport, call(url, body=b"the second"))
        assert (await transport.send(call(url, body=b"the third"))).body == b"the third"
        assert len(lines) == 2

        for each in (lines[1], server.sockets[0]):
            deafen(each)
        with pytest.raises(CallUnanswered, match="time limit"):
            await outlasted(transport, call(url, body=b"the fourth"))
        asyncio.get_running_loop().call_later(0.1, let_pass, CONNECT)
        with pytest.raises(CallNotSent, match="time limit"):
            await transport.send(call(url, body=b"the fifth", total=3600.0))


async def test_a_port_that_never_accepts_is_given_up_after_five_seconds_and_nothing_left(
    transport: HttpTransport, proxy: Proxy
) -> None:
    await proxy.tell(Fault("deaf"))
    told, loop = Call("POST", proxy.url, body=b"one order"), asyncio.get_running_loop()
    begun = loop.time()

    loop.call_later(0.1, let_pass, 4)
    with Stopwatch() as watch, pytest.raises(CallNotSent, match="time limit"):
        await transport.send(told)

    assert told.connect == 5 and watch.seconds < 2.5, "four of its seconds were let pass"
    assert 4.9 < loop.time() - begun < told.total


async def test_a_connection_that_is_reset_as_soon_as_it_is_made_is_not_tried_again_and_again(
    transport: HttpTransport, proxy: Proxy
) -> None:
    await proxy.tell(Fault("connect-reset"))

    with pytest.raises((CallNotSent, CallUnanswered)):
        await transport.send(call(proxy.url))

    assert proxy.connections == 1


async def test_a_server_that_speaks_first_is_not_tried_again_and_again(transport: HttpTransport) -> None:
    async def banner(_: Reader, writer: Writer) -> None:
        writer.write(b"220 mail.example.fr ESMTP\r\n")

    server = await asyncio.start_server(banner, "127.0.0.1", 0)
    async with server, Proxy("127.0.0.1", server.sockets[0].getsockname()[1]) as proxy:
        with pytest.raises((CallNotSent, CallUnanswered)):
            await transport.send(call(proxy.url))

        assert proxy.connections == 1
