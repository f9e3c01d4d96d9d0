"""What a test watches contracts with: a file that the kernel reports every opening of, and a listener that nobody calls."""

from __future__ import annotations

import ctypes
import os
import socket
from contextlib import suppress
from pathlib import Path

_OPENED = 0x20
_WITHOUT_WAITING = os.O_NONBLOCK


class Canary:
    """Tells whether one file was opened by anyone, C libraries included (inotify, so on Linux)."""

    def __init__(self, file: Path) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._watch = self._libc.inotify_init1(_WITHOUT_WAITING)
        assert self._libc.inotify_add_watch(self._watch, os.fsencode(file), _OPENED) >= 0

    def opened(self) -> bool:
        """Whether it was opened since the last time."""
        with suppress(BlockingIOError):
            return bool(os.read(self._watch, 64 * 1024))
        return False

    def close(self) -> None:
        os.close(self._watch)


class Listener:
    """A server on 127.0.0.1 that would take any call."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(0.1)
        self.port = int(self._server.getsockname()[1])

    def calls(self) -> int:
        """How many have called since the last time."""
        count = 0
        with suppress(TimeoutError):
            while True:
                self._server.accept()[0].close()
                count += 1
        return count

    def close(self) -> None:
        self._server.close()
