"""Answers that are made to fill the memory or to keep the processor busy: cut, and the loop goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from time import thread_time

import pytest

from hub.call import Reply
from hub.contract import Operation, RestBinding, SoapBinding
from hub.errors import CallUnanswered
from hub.transports.envelope import SoapFault, write_fault
from hub.transports.http import HttpTransport
from hub.transports.judge import judge
from tests.faults.proxy import Fault, Proxy
from tests.ledger.makers import NOON
from tests.transports.test_http import LOOPBACK, OK, Reader, Writer, call, read_request

STATUS, REFERENCES = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    async def obliging(reader: Reader, writer: Writer) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while await read_request(reader):
                writer.write(OK)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(obliging, "127.0.0.1", 0)
    async with server, Proxy("127.0.0.1", server.sockets[0].getsockname()[1], seed=7) as proxy:
        yield proxy


def most_memory(*, anew: bool = False) -> int:
    """The most that this process has held at once since it last began to count, which may be now, in MiB."""
    if anew:
        REFERENCES.write_text("5")
    [line] = [line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) // 1024


@pytest.mark.skipif(not REFERENCES.exists(), reason="the most memory held is counted by Linux")
async def test_a_bomb_of_a_quarter_of_a_gigabyte_takes_less_than_fifty_megabytes(proxy: Proxy) -> None:
    transport = HttpTransport(LOOPBACK)
    await transport.send(call(proxy.url))
    await proxy.tell(Fault("bomb", size=256 << 20))
    before = most_memory(anew=True)

    with pytest.raises(CallUnanswered, match="too large"):
        await transport.send(call(proxy.url))

    assert most_memory() - before < 50
    await transport.close()


REST = Operation("putOrder", RestBinding("POST", "/", (200,), ()))
SOAP = Operation("CreateOrder", SoapBinding("urn:CreateOrder"))


@pytest.mark.parametrize(
    ("operation", "status", "body"),
    [
        pytest.param(REST, 200, b"<!---->" * 250, id="many comments"),
        pytest.param(REST, 200, b"<??>" * 500, id="many instructions"),
        pytest.param(SOAP, 500, write_fault(SoapFault("Server", " " * 1_000_000)), id="a fault of blanks"),
        pytest.param(REST, 400, b'{"message": "' + b"\\n\\tat " * 100_000 + b'"}', id="an endless stack trace"),
    ],
)
def test_an_answer_is_judged_in_a_moment_whatever_is_in_it(operation: Operation, status: int, body: bytes) -> None:
    started = thread_time()

    judge(Reply(status, {"content-type": "text/xml"}, body), operation, rules=(), operation_name="o", now=NOON)

    assert thread_time() - started < 3
