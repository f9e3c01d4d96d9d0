"""The fault proxy does what it is told: between a caller on bare sockets and a server that answers every request."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic

import pytest

from tests.faults.proxy import PASS, Fault, Proxy, told
from tests.installation import REPOSITORY
from tests.ledger.taker import soon
from tests.stopwatch import wait_awake

BODY = b'{"number": "I-000001"}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 22\r\n\r\n" + BODY
REQUEST = b"POST /orders HTTP/1.1\r\nHost: waste\r\nContent-Length: 2\r\n\r\n{}"
MOMENT = 0.2
"""Seconds in which nothing more must come."""


class Origin:
    """The server behind the proxy: it keeps what it reads, and answers while it is `answering`."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self.answering = asyncio.Event()
        self.answering.set()
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while piece := await reader.read(65536):
                self.requests.append(piece)
                await self.answering.wait()
                writer.write(ANSWER)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()


@pytest.fixture
async def origin() -> AsyncIterator[Origin]:
    origin = Origin()
    async with await asyncio.start_server(origin.serve, "127.0.0.1", 0) as server:
        origin.port = server.sockets[0].getsockname()[1]
        yield origin
        server.close()


@pytest.fixture
async def proxy(origin: Origin) -> AsyncIterator[Proxy]:
    async with Proxy("127.0.0.1", origin.port, seed=7) as proxy:
        yield proxy


async def said(proxy: Proxy, *, stays: int | None = len(ANSWER), moment: float = MOMENT) -> tuple[bytes, str]:
    """What comes back for one request, and how it ends: closed, reset, or open a `moment` after `stays` bytes have come;
    None: it must end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    got, come = bytearray(), asyncio.Event()

    async def heard() -> str:
        try:
            while piece := await reader.read(65536):
                got.extend(piece)
                if stays is not None and len(got) >= stays:
                    come.set()
        except ConnectionError:
            return "reset"
        return "closed"

    if stays == 0:
        come.set()
    writer.write(REQUEST)
    hearing, coming = asyncio.create_task(heard()), asyncio.create_task(come.wait())
    await asyncio.wait({hearing, coming}, timeout=60, return_when=asyncio.FIRST_COMPLETED)
    coming.cancel()
    end = hearing.result() if await wait_awake(hearing, moment) else "open"
    writer.close()
    return bytes(got), end


async def test_what_is_not_harmed_passes_both_ways(proxy: Proxy, origin: Origin) -> None:
    got = await said(proxy)

    assert got == (ANSWER, "open")
    assert origin.requests == [REQUEST]
    assert proxy.counts == {"connections": 1, "open": 1, "turns": 1, "harmed": 0}


@pytest.mark.parametrize(
    ("fault", "expected", "carried"),
    [
        (Fault("close", after=10), (ANSWER[:10], "closed"), 1),
        (Fault("reset"), (b"", "reset"), 1),
        (Fault("reset", after=90), (ANSWER[:90], "reset"), 1),
        (Fault("hang", after=10), (ANSWER[:10], "open"), 1),
        (Fault("half-close"), (b"", "closed"), 1),
        (Fault("connect-reset"), (b"", "reset"), 0),
        (Fault("swallow"), (b"", "open"), 0),
        (Fault("hold"), (b"", "open"), 0),
        (Fault("twice"), (ANSWER * 2, "open"), 1),
    ],
    ids=str,
)
async def test_a_fault_of_the_wire(
    fault: Fault, expected: tuple[bytes, str], carried: int, proxy: Proxy, origin: Origin
) -> None:
    await proxy.tell(fault)

    got = await said(proxy, stays=len(expected[0]) if expected[1] == "open" else None)

    await soon(lambda: len(origin.requests) >= carried)
    assert got == expected or (fault.kind == "reset" and got[1] == "reset"), "a reset may overtake the bytes before it"
    assert len(origin.requests) == carried


async def test_what_a_partition_held_arrives_when_it_heals(proxy: Proxy, origin: Origin) -> None:
    await proxy.tell(Fault("hold"))
    await said(proxy, stays=0)
    before = list(origin.requests)

    await proxy.tell(PASS)
    await soon(lambda: bool(origin.requests))

    assert (before, origin.requests) == ([], [REQUEST])


async def test_a_kept_connection_is_cut_off_by_a_partition_too(proxy: Proxy, origin: Origin) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(REQUEST)
    await reader.readexactly(len(ANSWER))
    await proxy.tell(Fault("hold"))

    writer.write(REQUEST)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.2)

    assert len(origin.requests) == 1
    writer.close()


async def test_a_port_refuses_or_lets_its_callers_wait_and_comes_back(proxy: Proxy) -> None:
    await proxy.tell(Fault("refuse"))
    with pytest.raises(ConnectionRefusedError):
        await said(proxy)

    await proxy.tell(Fault("deaf"))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.open_connection("127.0.0.1", proxy.port), 0.2)

    await proxy.tell(PASS)
    assert await said(proxy) == (ANSWER, "open")


async def test_time_is_taken_from_what_passes(proxy: Proxy) -> None:
    await proxy.tell(Fault("delay", seconds=0.2, jitter=0.1))
    started = monotonic()
    assert (await said(proxy, moment=0))[0] == ANSWER
    assert monotonic() - started >= 0.2

    await proxy.tell(Fault("drip", seconds=0.02))
    got, _ = await said(proxy, stays=5, moment=0)
    assert 5 <= len(got) < len(ANSWER) and ANSWER.startswith(got)


async def test_one_bit_is_wrong_and_the_same_seed_makes_it_the_same_bit(origin: Origin) -> None:
    seen = []
    for _ in range(2):
        async with Proxy("127.0.0.1", origin.port, seed=3) as proxy:
            await proxy.tell(Fault("flip"))
            seen.append((await said(proxy, moment=0))[0])

    differing = int.from_bytes(seen[0], "big") ^ int.from_bytes(ANSWER, "big")
    assert differing.bit_count() == 1
    assert seen[0] == seen[1]


@pytest.mark.parametrize(
    ("fault", "head", "body"),
    [
        (Fault("answer", status=503, headers={"Retry-After": "7"}), b"HTTP/1.1 503", BODY),
        (Fault("answer", body="<html>"), b"Content-Length: 6\r\n", b"<html>"),
        (Fault("short"), b"Content-Length: 22", BODY[:11]),
        (Fault("chunk-cut"), b"Transfer-Encoding: chunked", b"16\r\n" + BODY[:11]),
        (Fault("body-cut"), b"Connection: close", BODY[:11]),
        (Fault("interim", count=3), b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + b"HTTP/1.1 200", BODY),
        (Fault("header", size=1000), b"X-Long: " + b"a" * 1000, BODY),
        (Fault("garbage"), b"SSH-2.0", b""),
        (Fault("lengths"), b"Content-Length: 22\r\nContent-Length: 29", BODY),
    ],
    ids=str,
)
async def test_a_fault_of_http(fault: Fault, head: bytes, body: bytes, proxy: Proxy, origin: Origin) -> None:
    await proxy.tell(fault)

    got, end = await said(proxy, stays=None)

    assert head in got and got.endswith(b"\r\n\r\n" + body) and end == "closed"
    assert len(origin.requests) == 1


async def test_an_answer_is_given_of_which_the_server_hears_nothing(proxy: Proxy, origin: Origin) -> None:
    await proxy.tell(Fault("instead", status=302, headers={"Location": "http://elsewhere/"}, body=""))

    got, end = await said(proxy, stays=None)

    assert got.startswith(b"HTTP/1.1 302 ") and b"location: http://elsewhere/\r\n" in got and end == "closed"
    assert origin.requests == []


async def test_requests_that_wait_for_their_answers_are_counted(proxy: Proxy, origin: Origin) -> None:
    origin.answering.clear()
    saying = [asyncio.create_task(said(proxy)) for _ in range(3)]
    await soon(lambda: proxy.unanswered == 3)

    origin.answering.set()
    await asyncio.gather(*saying)
    await said(proxy)

    assert (proxy.most_at_once, proxy.unanswered) == (3, 0)


async def test_a_bomb_is_small_on_the_wire(proxy: Proxy) -> None:
    await proxy.tell(Fault("bomb", size=64 << 20))

    got, _ = await said(proxy, stays=None)

    assert len(got) < 100_000


async def test_a_share_of_the_turns_is_harmed_and_so_many_times_only(proxy: Proxy) -> None:
    await proxy.tell(Fault("reset", times=2))
    ends = [(await said(proxy, moment=0.05))[1] for _ in range(4)]
    assert ends == ["reset", "reset", "open", "open"]

    await proxy.tell(Fault("close", share=0.5))
    ends = [(await said(proxy, moment=0.05))[1] for _ in range(20)]
    assert 4 <= ends.count("closed") <= 16


def test_it_is_a_process_that_is_told_over_a_socket() -> None:
    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.wfile.write(ANSWER)

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    command = [sys.executable, "-m", "tests.faults.proxy"]
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        command += ["--to", f"127.0.0.1:{server.server_port}"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=REPOSITORY) as process:
            try:
                assert process.stdout
                ports = json.loads(process.stdout.readline())
                told(ports["control"], Fault("answer", status=418))
                with socket.create_connection(("127.0.0.1", ports["port"])) as wire:
                    wire.sendall(REQUEST)
                    assert wire.recv(4096).startswith(b"HTTP/1.1 418 ")
                assert told(ports["control"], PASS)["harmed"] == 1
            finally:
                process.terminate()
        server.shutdown()
