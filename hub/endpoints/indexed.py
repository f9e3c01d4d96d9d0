"""A request whose headers are asked for often: each is found at once, where starlette goes through all of them."""

from __future__ import annotations

from functools import cached_property

from starlette.datastructures import Headers
from starlette.requests import Request


class IndexedRequest(Request):
    """A request with its headers by name."""

    @cached_property
    def headers(self) -> Headers:
        """Its headers; of one that is given twice, the first."""
        return _ByName(raw=self.scope["headers"])


class _ByName(Headers):
    def __init__(self, raw: list[tuple[bytes, bytes]]) -> None:
        super().__init__(raw=raw)
        self._first = {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(raw)}

    def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override]
        return self._first.get(key.lower(), default)

    def __getitem__(self, key: str) -> str:
        return self._first[key.lower()]

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and key.lower() in self._first
