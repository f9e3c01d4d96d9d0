"""An answer that is whole when it begins leaves in one piece, where the server can do that: one trip to the system with head
and body, where the framework makes two."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from starlette.responses import Response
from starlette.types import Scope

from hub.endpoints.guard import security_of

AT_ONCE = "at once"
"""In the state of a request: what takes its whole answer, or declines while it cannot be written."""

AtOnce = Callable[[Scope, int, bytes, bytes], bool]
"""Takes the status, the lines of the headers and the body of the answer to a request."""


def lines_of(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Headers as they are written."""
    return b"".join([b"%b: %b\r\n" % header for header in headers])


class Written(Response):
    """An answer whose headers are written already, in lines that each end: there is one with every message."""

    def __init__(self, status: int, lines: bytes, body: bytes) -> None:
        self.status_code, self.lines, self.body, self.background = status, lines, body, None

    @property
    def raw_headers(self) -> list[tuple[bytes, bytes]]:  # type: ignore[override]
        """Its headers, for a server that writes them itself."""
        named = [line.partition(b": ") for line in self.lines.splitlines()]
        return [(name, value) for name, _, value in named]


_OPEN, _SECURE = lines_of(security_of("http")), lines_of(security_of("https"))


def left_at_once(response: Response, scope: Scope) -> bool:
    """Send a whole answer whose headers the hub has made itself, none of them the guard's: these are added. False, and
    nothing sent, when it must go the usual way."""
    take: AtOnce | None = scope.get("state", {}).get(AT_ONCE)
    if take is None:
        return False
    lines = response.lines if isinstance(response, Written) else lines_of(response.raw_headers)
    added = _SECURE if scope.get("scheme") == "https" else _OPEN
    return take(scope, response.status_code, lines + added, bytes(response.body))
