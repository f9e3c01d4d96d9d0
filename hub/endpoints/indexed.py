"""A request whose headers are asked for often: each is found at once, where starlette goes through all of them."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request


class _ByName(Headers):
    def __init__(self, raw: list[tuple[bytes, bytes]]) -> None:
        super().__init__(raw=raw)
        self._first = dict(reversed(raw))

    def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override]
        value = self._first.get(key.lower().encode())
        return default if value is None else value.decode("latin-1")

    def getlist(self, key: str) -> list[str]:
        return super().getlist(key) if key in self else []

    def __getitem__(self, key: str) -> str:
        return self._first[key.lower().encode()].decode("latin-1")

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and key.lower().encode() in self._first


class _Found:
    """The headers of a request, found when they are first asked for, and then its own."""

    def __get__(self, request: Request, owner: type[Any]) -> Headers:
        found = request.__dict__["headers"] = _ByName(raw=request.scope["headers"])
        return found


class IndexedRequest(Request):
    """A request with its headers by name; of one that is given twice, the first."""

    headers = _Found()
