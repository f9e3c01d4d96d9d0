"""The recording back office, a process of its own: takes orders in JSON and SOAP, and notes when each began to come.

`GET /-/count` and `GET /-/arrivals` tell what came since `GET /-/forget`; arrivals as pairs of 64-bit integers: request
number, monotonic ns.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from array import array
from typing import cast

import httptools
import uvloop

from tests.benchmarks.delivery.request import number_in

REST = b'{"codeRetour":0,"libelle":"Commande enregistr\\u00e9e","numIntervention":"I-%010d"}'
SOAP = (
    b'<?xml version="1.0" encoding="UTF-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
    b'<CreateOrderResponse xmlns="urn:exemple:dechets:types:1"><CodeRetour>0</CodeRetour>'
    b"<NumIntervention>I-%010d</NumIntervention></CreateOrderResponse></soap:Body></soap:Envelope>"
)


class Arrivals:
    """What came and when, in the order of coming."""

    def __init__(self) -> None:
        self.pairs = array("q")
        self.seen: set[int] = set()

    def note(self, number: int, at_ns: int) -> None:
        """A request has come."""
        self.pairs.extend((number, at_ns))
        self.seen.add(number)

    def forget(self) -> None:
        """Begin anew."""
        self.pairs, self.seen = array("q"), set()


class Taking(asyncio.Protocol):
    """One connection."""

    def __init__(self, arrivals: Arrivals) -> None:
        self._arrivals = arrivals
        self._parser = httptools.HttpRequestParser(self)
        self._body = bytearray()
        self._url = b""
        self._at_ns = 0
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's says nothing of its ancestry

    def data_received(self, data: bytes) -> None:
        self._at_ns = self._at_ns or time.monotonic_ns()
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self._url = url

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        answer, media = self._answer()
        head = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n" % (media, len(answer))
        self._transport.write(head + answer)
        self._body.clear()
        self._at_ns = 0

    def _answer(self) -> tuple[bytes, bytes]:
        if self._url == b"/-/count":
            came = {"came": len(self._arrivals.pairs) // 2, "distinct": len(self._arrivals.seen)}
            return json.dumps(came).encode(), b"application/json"
        if self._url == b"/-/forget":
            self._arrivals.forget()
            return b"{}", b"application/json"
        if self._url == b"/-/arrivals":
            return self._arrivals.pairs.tobytes(), b"application/octet-stream"
        number = number_in(self._body) or 0
        self._arrivals.note(number, self._at_ns)
        if self._url.startswith(b"/soap"):
            return SOAP % number, b"text/xml; charset=utf-8"
        return REST % number, b"application/json"


async def _serve(port: int) -> None:
    arrivals = Arrivals()
    server = await asyncio.get_running_loop().create_server(lambda: Taking(arrivals), "127.0.0.1", port, backlog=1024)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(int(sys.argv[1])))
