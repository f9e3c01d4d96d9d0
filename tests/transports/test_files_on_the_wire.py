"""What can befall a call whose files are read as they leave: an early answer, a receiver that goes, a file that is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from hub.call import Call, Enclosed
from hub.errors import CallUnanswered, NotFound
from hub.transports.http import HttpTransport
from tests.transports.test_http import LOOPBACK, OK, Reader, Writer, serving

PIECE = b"x" * 100_000
PIECES = 300
FILE = Enclosed("message", "sha256:0", len(PIECE) * PIECES)


class Files:
    """Reads one file, and counts how far it was read. `fails_at`: the piece that is not there."""

    def __init__(self, *, fails_at: int | None = None) -> None:
        self.read = 0
        self._fails_at = fails_at

    async def open(self, enclosed: Enclosed) -> AsyncIterator[bytes]:
        for number in range(enclosed.size // len(PIECE)):
            if number == self._fails_at:
                raise NotFound
            self.read += 1
            yield PIECE


async def sent(url: str, files: Files) -> int:
    """The status of the answer to a call with a file of 30 MB."""
    transport = HttpTransport(LOOPBACK, file=files.open)
    try:
        told = Call("POST", url, body=b"head ", rest=(FILE, b" tail"), connect=60.0, total=90.0)
        return (await transport.send(told)).status
    finally:
        await transport.close()


async def test_the_length_is_said_before_and_every_byte_follows() -> None:
    files = Files()

    async with serving(answered_in_the_end) as server:
        status = await sent(server.url, files)

    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert status == 200
    assert f"Content-Length: {10 + FILE.size}".encode() in head
    assert (body[:5], body[-5:], body.count(b"x")) == (b"head ", b" tail", FILE.size)


async def answered_in_the_end(_: Reader, writer: Writer) -> None:
    writer.write(OK)


@pytest.mark.parametrize("then", ["reads on", "closes"])
async def test_an_answer_that_comes_before_the_file_has_left_is_taken_and_the_rest_is_not_sent(then: str) -> None:
    files = Files()

    async def early(reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too large\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        if then == "reads on":
            await taken.wait()

    taken = asyncio.Event()
    running = await asyncio.start_server(early, "127.0.0.1", 0)
    async with running:
        status = await sent(f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}/", files)
        taken.set()

    assert status == 413
    assert files.read < PIECES


async def test_an_answer_that_comes_while_the_end_is_still_leaving_ends_the_connection() -> None:
    files = Files()

    async def at_the_last_piece(reader: Reader, writer: Writer) -> None:
        while files.read < PIECES:
            await reader.read(10_000)
        writer.write(OK)
        await writer.drain()
        await taken.wait()  # and reads no more: what has not left by now never does

    taken = asyncio.Event()
    running = await asyncio.start_server(at_the_last_piece, "127.0.0.1", 0)
    async with running, asyncio.timeout(60):
        status = await sent(f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}/", files)
        taken.set()

    assert status == 200


async def test_a_receiver_that_goes_in_the_middle_may_have_taken_it() -> None:
    async def leaving(reader: Reader, writer: Writer) -> None:
        await reader.read(100_000)
        writer.transport.abort()

    running = await asyncio.start_server(leaving, "127.0.0.1", 0)
    async with running:
        with pytest.raises(CallUnanswered):
            await sent(f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}/", Files())


async def test_a_file_whose_pieces_are_gone_breaks_the_call_off_and_no_receiver_takes_it_for_whole() -> None:
    async with serving(answered_in_the_end) as server:
        with pytest.raises(NotFound):
            await sent(server.url, Files(fails_at=7))

        assert server.requests == []


async def test_a_slow_receiver_is_waited_for_and_the_file_is_not_read_ahead() -> None:
    files, seen = Files(), []

    async def slow(reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.3)
        seen.append(files.read)
        await reader.readexactly(10 + FILE.size)
        writer.write(OK)
        await writer.drain()

    running = await asyncio.start_server(slow, "127.0.0.1", 0)
    async with running:
        status = await sent(f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}/", files)

    assert status == 200
    assert seen[0] < PIECES / 2
