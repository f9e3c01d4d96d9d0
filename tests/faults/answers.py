"""What the fault proxy does to a whole HTTP answer: the bytes that its reader gets instead. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import h11

FORGED = frozenset({"answer", "short", "chunk-cut", "body-cut", "bomb", "interim", "header", "garbage", "lengths"})
"""Faults of HTTP: the answer is taken whole, made anew, and its connection closed."""
_FRAMING = frozenset({b"content-length", b"transfer-encoding", b"connection"})


@dataclass(frozen=True, slots=True)
class Forgery:
    """What is said instead. `status` 0, `body` None and `headers` {} keep what the server said; `size` bytes of bomb or
    header; `count` interim answers."""

    kind: str
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    size: int = 0
    count: int = 0


class Asked:
    """One request, gathered from the pieces in which it comes."""

    def __init__(self) -> None:
        self._wire = h11.Connection(h11.SERVER)

    def whole(self, piece: bytes) -> bool:
        """Take a piece; whether the request is whole now."""
        self._wire.receive_data(piece)
        while True:
            event = self._wire.next_event()
            if not isinstance(event, h11.Request | h11.Data):
                return isinstance(event, h11.EndOfMessage)


class Gathering:
    """One answer, gathered from the pieces in which it comes."""

    def __init__(self) -> None:
        self._wire = h11.Connection(h11.CLIENT)
        self._wire.send(h11.Request(method="POST", target="/", headers=[("Host", "proxy"), ("Content-Length", "0")]))
        self._wire.send(h11.EndOfMessage())
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""

    def whole(self, piece: bytes) -> bool:
        """Take a piece (b"" for the end of the connection); whether the answer is whole now."""
        self._wire.receive_data(piece)
        while True:
            event = self._wire.next_event()
            if isinstance(event, h11.Response):
                self.status, self.headers = event.status_code, list(event.headers)
            elif isinstance(event, h11.Data):
                self.body += bytes(event.data)
            elif not isinstance(event, h11.InformationalResponse):
                return isinstance(event, h11.EndOfMessage | h11.ConnectionClosed)


def forged(forgery: Forgery, answer: Gathering) -> Iterator[bytes]:
    """The bytes that the reader gets instead of `answer`; then the connection is closed."""
    body = answer.body if forgery.body is None else forgery.body
    half = body[: len(body) // 2]
    match forgery.kind:
        case "answer" | "instead":
            yield _head(forgery, answer, f"Content-Length: {len(body)}") + body
        case "short":
            yield _head(forgery, answer, f"Content-Length: {len(body)}") + half
        case "chunk-cut":
            yield _head(forgery, answer, "Transfer-Encoding: chunked") + f"{len(body):x}\r\n".encode() + half
        case "body-cut":
            yield _head(forgery, answer, "Connection: close") + half
        case "bomb":
            packed = _packed(forgery.size)
            yield _head(forgery, answer, "Content-Encoding: gzip", f"Content-Length: {len(packed)}") + packed
        case "interim":
            yield from [b"HTTP/1.1 100 Continue\r\n\r\n"] * forgery.count
            yield _head(forgery, answer, f"Content-Length: {len(body)}") + body
        case "header":
            yield _head(forgery, answer, f"X-Long: {'a' * forgery.size}", f"Content-Length: {len(body)}") + body
        case "garbage":
            yield b"\x16\x03\x01\x00SSH-2.0-nothing of HTTP\r\n\r\n"
        case "lengths":
            yield _head(forgery, answer, f"Content-Length: {len(body)}", f"Content-Length: {len(body) + 7}") + body


def _head(forgery: Forgery, answer: Gathering, *framing: str) -> bytes:
    given = {name.lower().encode(): value.encode() for name, value in forgery.headers.items()}
    kept = [(name, value) for name, value in answer.headers if name not in _FRAMING | given.keys()]
    lines = [b"%b: %b" % line for line in (*kept, *given.items())]
    status = f"HTTP/1.1 {forgery.status or answer.status or 200} Said".encode()
    return b"\r\n".join([status, *lines, *(line.encode() for line in framing)]) + b"\r\n\r\n"


def _packed(size: int) -> bytes:
    """`size` zeros in gzip, made without ever holding them."""
    packer = zlib.compressobj(9, wbits=31)
    block = bytes(1 << 20)
    return b"".join(packer.compress(block) for _ in range(size >> 20)) + packer.flush()
