"""The claim check: a file that comes beside its document goes to disk piece by piece as it comes in, and is passed on by its
ticket. No file is ever whole in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol

from hub.errors import MessageError, Text
from hub.ledger import Ledger, Upload
from hub.message import Apart, File
from hub.translation import type_of

PIECE = 1024 * 1024
"""Bytes of a piece: what a file costs in memory on its way in and out is a few of these."""

_HEAD = 16
"""The first bytes that tell of what type a file is."""


class Scan(Protocol):
    """One file on its way through an antivirus."""

    async def feed(self, data: bytes) -> None: ...

    async def check(self) -> None: ...

    def close(self) -> None: ...


class Antivirus(Protocol):
    """Looks at files as they come in."""

    async def begin(self) -> Scan: ...


class ClaimCheck:
    """Takes files in. `largest` bounds each of them, in bytes."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        antivirus: Antivirus | None,
        largest: int,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._new_id = new_id
        self._antivirus = antivirus
        self.largest = largest

    async def begin(self, name: str = "") -> Deposit:
        """Begin to take a file in; `name` is what its sender calls it."""
        upload = self._new_id()
        scan = await self._antivirus.begin() if self._antivirus else None
        await self._ledger.begin_upload(upload, now=self._clock())
        return Deposit(self._ledger, upload, name, scan, self.largest)

    async def look_at(self, files: Iterable[File]) -> None:
        """Show the antivirus the files that came inside a document. MessageError when it finds something."""
        if self._antivirus is None:
            return
        for content in files:
            if isinstance(content, bytes):
                await self._seen(self._antivirus, content)

    async def _seen(self, antivirus: Antivirus, content: bytes) -> None:
        scan = await antivirus.begin()
        try:
            for start in range(0, len(content), PIECE):
                await scan.feed(content[start : start + PIECE])
            await scan.check()
        finally:
            scan.close()

    async def let_go(self, uploads: Iterable[str]) -> None:
        """Drop the files among these that became no message's."""
        if ids := [each for each in uploads if each]:
            await self._ledger.drop_uploads(ids)


class Deposit:
    """One file on its way in."""

    def __init__(self, ledger: Ledger, upload: str, name: str, scan: Scan | None, largest: int) -> None:
        self.upload = upload
        self._ledger = ledger
        self._name = name
        self._scan = scan
        self._largest = largest
        self._held = bytearray()
        self._head = b""
        self._size = 0
        self._pieces = 0
        self._sum = hashlib.sha256()

    async def feed(self, data: bytes) -> None:
        """Take the next bytes. MessageError 413 beyond the largest size, HubUnavailable when they cannot be kept."""
        self._size += len(data)
        if self._size > self._largest:
            raise _too_large(self._largest)
        self._head += data[: _HEAD - len(self._head)] if len(self._head) < _HEAD else b""
        self._sum.update(data)
        if self._scan:
            await self._scan.feed(data)
        self._held += data
        while len(self._held) >= PIECE:
            await self._put(bytes(self._held[:PIECE]))
            del self._held[:PIECE]

    async def end(self, *, digest: bytes = b"") -> tuple[str, Apart]:
        """The ticket of the file, now whole on disk, and what is known of it. `digest`: the SHA-256 that its sender says it
        has. MessageError when it has another, or when the antivirus finds something."""
        found = self._sum.digest()
        if digest and digest != found:
            raise _other_digest()
        if self._scan:
            await self._scan.check()
        if self._held or not self._pieces:
            await self._put(bytes(self._held))
        kind = type_of(self._head)
        await self._ledger.end_upload(Upload(self.upload, self._size, self._pieces, kind))
        return f"sha256:{found.hex()}", Apart(self._size, kind, self._name, self.upload)

    def close(self) -> None:
        """Let go of the antivirus, whatever came of the file."""
        if self._scan:
            self._scan.close()

    async def _put(self, data: bytes) -> None:
        await self._ledger.add_piece(self.upload, self._pieces, data)
        self._pieces += 1


def _too_large(limit: int) -> MessageError:
    return MessageError(
        Text(
            en=f"A file is larger than the {limit} bytes that are taken here.",
            fr=f"Un fichier dépasse les {limit} octets admis ici.",
        ),
        status=413,
        kind="too-large",
    )


def _other_digest() -> MessageError:
    return MessageError(
        Text(
            en="A file is not the one whose digest was sent with it: it was changed or cut on its way. Send it again.",
            fr="Un fichier n'est pas celui dont l'empreinte l'accompagne : altéré ou tronqué en route. Renvoyez-le.",
        ),
        status=400,
        kind="other-digest",
    )
