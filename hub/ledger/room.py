"""Room on the disk for a SQLite book: the ballast, a file whose blocks are given up when the disk is full.

While it is given up nothing more is taken in, and its room serves to settle, to purge and to act. It is made again alone.
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
import time
from pathlib import Path

SETTLED = 5.0
"""Seconds that the ballast stays given up at least: a disk that is full by a hair must not make and unmake it for ever."""

LOOK = 1.0
"""Seconds between two looks at the disk."""

log = logging.getLogger("hub.ledger")


class Room:
    """The ballast of a book: `size` bytes in the file `ballast`, or none at all (size 0, PostgreSQL)."""

    def __init__(self, ballast: Path | None = None, size: int = 0) -> None:
        self._ballast = ballast
        self._size = size if ballast else 0
        self._lock = threading.Lock()
        self._looked = 0.0
        self._given_up = False
        if ballast and not size:
            ballast.unlink(missing_ok=True)
        if self._size and not self._is_made():
            self._given_up = not self._made()

    @property
    def is_short(self) -> bool:
        """Whether the ballast is given up: then nothing may be taken in."""
        return self._given_up

    def give_up(self) -> bool:
        """Let the ballast's blocks go; True when that made room just now."""
        with self._lock:
            if not self._size or self._given_up or self._ballast is None:
                return False
            self._given_up, self._looked = True, time.monotonic() + SETTLED
            try:
                self._ballast.unlink(missing_ok=True)
            except OSError:
                log.exception("the ballast cannot be removed")
            log.error(
                "the disk of the ledger is full: nothing is taken in until there is room; the ballast serves meanwhile"
            )
            return True

    def regain(self) -> bool:
        """Make the ballast again when there is room for it, and as much again; True when it was made just now."""
        with self._lock:
            if not self._given_up or time.monotonic() < self._looked:
                return False
            self._looked = time.monotonic() + LOOK
            self._given_up = not self._made()
            if not self._given_up:
                log.warning("the disk of the ledger has room again: messages are taken in")
            return not self._given_up

    def _is_made(self) -> bool:
        """Whether the file is there with real blocks: a sparse one would give nothing back."""
        try:
            found = self._ballast.stat() if self._ballast else None
        except OSError:
            return False
        return found is not None and found.st_size == self._size and found.st_blocks * 512 >= self._size

    def _made(self) -> bool:
        if self._ballast is None:
            return False
        try:
            self._ballast.unlink(missing_ok=True)
            if shutil.disk_usage(self._ballast.parent).free < 2 * self._size:
                log.error("%s has no room for the ballast of %d bytes and as much again", self._ballast.parent, self._size)
                return False
            _fill(self._ballast, self._size)
        except OSError:
            log.exception("the ballast cannot be made")
            self._ballast.unlink(missing_ok=True)
            return False
        return True


def _fill(file: Path, size: int) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.posix_fallocate(handle, 0, size)
    finally:
        os.close(handle)
