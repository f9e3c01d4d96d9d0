"""The ten ways in which a call over HTTP goes wrong, each with what it comes to: from the document of an order to the
outcome, over real sockets. What may have left is never said not to have, and nothing is sent twice."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.call import Delivered, NotSent, Unanswered
from hub.caller import Answer, Caller
from hub.catalogue import Application, Catalogue, load_catalogue
from hub.codecs import codec_for
from hub.settings import read_settings
from hub.transports.addresses import Lookup, ask_system
from hub.transports.envelope import wrap
from hub.transports.http import HttpTransport
from tests.installation import install
from tests.passing import let_pass
from tests.transports.test_http import LOOPBACK, Reader, Writer, certified, read_request, refusing

TOTAL = 60
"""Seconds that a call may take here; where they are to run out, they are let pass."""


@dataclass
class Town:
    """An application that is called, and what it heard: whole requests, and connections."""

    catalogue: Catalogue
    environment: dict[str, str]
    certificates: Path
    heard: list[bytes] = field(default_factory=list)
    connections: int = 0

    @property
    def waste(self) -> Application:
        """The application."""
        return self.catalogue.connectors["waste"]

    @property
    def answered(self) -> bytes:
        """An HTTP answer that fits the contract."""
        output = self.waste.operation("create_order").output
        assert output
        body = wrap(codec_for(output).write({"CodeRetour": "0", "NumIntervention": "I-000001"}))
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
        return head.encode() + body

    async def call(self, url: str, *, times: int = 1, lookup: Lookup = ask_system) -> Answer:
        """The last of so many calls of `create_order`, one after the other over the same connections."""
        settings = read_settings({**self.environment, "WASTE_URL": url})
        transport = HttpTransport(LOOPBACK, ca_file=self.certificates / "ca.pem", lookup=lookup)
        caller = Caller(settings=settings, transport=transport, clock=lambda: datetime.now(UTC))
        examples = self.catalogue.exchanges["bin-replacement"].examples
        assert examples
        document = examples[0].examples[0].documents["waste"]
        for _ in range(times):
            answer = await caller.call(self.waste, "create_order", document, authority="default", key="k")
        await transport.close()
        return answer

    @asynccontextmanager
    async def serving(self, manner: Callable[[Reader, Writer], Awaitable[None]], **options: object) -> AsyncIterator[str]:
        """The address of the application, which behaves so on each connection."""

        async def accepted(reader: Reader, writer: Writer) -> None:
            self.connections += 1
            try:
                await manner(reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(accepted, "127.0.0.1", 0, **options)  # type: ignore[arg-type]
        async with server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    async def hears(self, reader: Reader) -> None:
        """Reads one whole request."""
        self.heard.append(await read_request(reader))


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    folder = tmp_path_factory.mktemp("town")
    installation = install(folder)
    installation.edit("connectors/waste/connector.yaml", timeout=f"{TOTAL}s")
    certified(folder, "127.0.0.1")
    return Town(load_catalogue(installation.root), installation.environment, folder)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No hold-up is to end a kept connection."""
    monkeypatch.setattr("hub.transports.http._IDLE_SECONDS", TOTAL)


# -- the ten ------------------------------------------------------------------------------------------------------------


async def refused(town: Town) -> Answer:
    with refusing() as port:
        return await town.call(f"http://127.0.0.1:{port}")


async def unknown_to_dns(town: Town) -> Answer:
    async def unknown(_: str) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    return await town.call("http://waste.example.fr", lookup=unknown)


async def no_tls(town: Town) -> Answer:
    async def plain(reader: Reader, _: Writer) -> None:
        town.heard.append(await reader.read(100_000))

    async with town.serving(plain) as url:
        answer = await town.call(url.replace("http:", "https:"))
    assert not any(b"CreateOrder" in each for each in town.heard)
    town.heard.clear()
    return answer


async def closed_before_a_byte_was_read(town: Town) -> Answer:
    loop, there = asyncio.get_running_loop(), asyncio.Event()

    async def unwilling() -> None:
        accepted, _ = await loop.sock_accept(listening)
        loop.add_reader(accepted, there.set)
        await there.wait()  # the request is in the kernel now, and nobody will read it
        loop.remove_reader(accepted)
        accepted.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        closing = asyncio.create_task(unwilling())
        answer = await town.call(f"http://127.0.0.1:{listening.getsockname()[1]}")
        await closing
    return answer


async def closed_after_the_request(town: Town) -> Answer:
    async def silent(reader: Reader, _: Writer) -> None:
        await town.hears(reader)

    async with town.serving(silent) as url:
        return await town.call(url)


async def reset_after_the_request(town: Town) -> Answer:
    async def rude(reader: Reader, writer: Writer) -> None:
        await town.hears(reader)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async with town.serving(rude) as url:
        return await town.call(url)


async def kept_and_dropped_after_the_request(town: Town) -> Answer:
    async def answers_once(reader: Reader, writer: Writer) -> None:
        await read_request(reader)
        writer.write(town.answered)
        await town.hears(reader)

    async with town.serving(answers_once) as url:
        answer = await town.call(url, times=2)
    assert town.connections == 1, "the second call went over the connection of the first"
    return answer


async def slow(town: Town) -> Answer:
    async def late(reader: Reader, _: Writer) -> None:
        await town.hears(reader)
        let_pass(TOTAL)
        await asyncio.sleep(3600)

    async with town.serving(late) as url:
        return await town.call(url)


async def truncated(town: Town) -> Answer:
    async def half(reader: Reader, writer: Writer) -> None:
        await town.hears(reader)
        writer.write(town.answered[:-40])

    async with town.serving(half) as url:
        return await town.call(url)


async def malformed(town: Town) -> Answer:
    async def other(reader: Reader, writer: Writer) -> None:
        await town.hears(reader)
        writer.write(b"220 mail.example.fr ESMTP\r\n\r\n")

    async with town.serving(other) as url:
        return await town.call(url)


@pytest.mark.parametrize(
    ("error", "outcome", "heard"),
    [
        (refused, NotSent, 0),
        (unknown_to_dns, NotSent, 0),
        (no_tls, NotSent, 0),
        (closed_before_a_byte_was_read, Unanswered, 0),
        (closed_after_the_request, Unanswered, 1),
        (reset_after_the_request, Unanswered, 1),
        (kept_and_dropped_after_the_request, Unanswered, 1),
        (slow, Unanswered, 1),
        (truncated, Unanswered, 1),
        (malformed, Unanswered, 1),
    ],
    ids=lambda each: each.__name__ if callable(each) else str(each),
)
async def test_each_of_the_ten_errors_of_http_comes_to_its_outcome_and_nothing_is_sent_twice(
    error: Callable[[Town], Awaitable[Answer]], outcome: type, heard: int, town: Town
) -> None:
    town.heard.clear()
    town.connections = 0

    answer = await error(town)

    assert isinstance(answer.outcome, outcome)
    assert answer.outcome.reason.en
    assert answer.outcome.reason.fr
    assert answer.request, "what would have left is kept for the operator"
    assert len(town.heard) == heard


async def test_a_call_without_any_of_them_is_delivered(town: Town) -> None:
    async def obliging(reader: Reader, writer: Writer) -> None:
        await town.hears(reader)
        writer.write(town.answered)

    async with town.serving(obliging) as url:
        answer = await town.call(url)

    assert isinstance(answer.outcome, Delivered)
    assert answer.outcome.answer["NumIntervention"] == "I-000001"
