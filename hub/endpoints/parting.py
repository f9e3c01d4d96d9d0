"""How a connection ends whose other side still speaks."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol


class Speaking(Protocol):
    """A connection, as far as its end goes."""

    @property
    def is_speaking(self) -> bool:
        """Whether its other side is, or may be, in the middle of a request."""

    def hear_out(self) -> None:
        """Throw away what still comes, for a moment."""


class Parting(asyncio.Transport):
    """A transport that, told to close while its other side still speaks, says its last word and hears the other side out."""

    def __init__(self, transport: asyncio.Transport, connection: Speaking) -> None:
        super().__init__()
        self._transport = transport
        self._connection = connection
        self._parting = False

    def close(self) -> None:
        if self._parting:
            return
        if not self._connection.is_speaking or self._transport.is_closing():
            self._transport.close()
            return
        self._parting = True
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._connection.hear_out()

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        if not self._parting:
            self._transport.write(data)

    def is_closing(self) -> bool:
        return self._parting or self._transport.is_closing()

    def abort(self) -> None:
        self._transport.abort()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)

    def pause_reading(self) -> None:
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        self._transport.resume_reading()
