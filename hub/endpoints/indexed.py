"""A request whose headers are asked for often: each is found at once, where starlette goes through all of them."""

from __future__ import annotations

from functools import lru_cache

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Receive, Scope, Send


@lru_cache(maxsize=256)
def _as_it_came(name: str) -> bytes:
    """The name of a header that is asked for, as a request has it."""
    return name.lower().encode()


class _ByName(Headers):
    def __init__(self, raw: list[tuple[bytes, bytes]]) -> None:
        self._list = raw
        self._first = dict(reversed(raw))

    def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override]
        value = self._first.get(_as_it_came(key))
        return default if value is None else value.decode("latin-1")

    def getlist(self, key: str) -> list[str]:
        return super().getlist(key) if key in self else []

    def __getitem__(self, key: str) -> str:
        return self._first[_as_it_came(key)].decode("latin-1")

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and _as_it_came(key) in self._first


class IndexedRequest(Request):
    """A request with its headers by name; of one that is given twice, the first."""

    headers: Headers = None  # type: ignore[assignment]  # each has its own, where starlette makes them when first asked
    _stream_consumed = _is_disconnected = False
    _form = None

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope, self._receive, self._send = scope, receive, send
        self.headers = _ByName(scope["headers"])
