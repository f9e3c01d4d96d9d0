"""Content at rest: compressed, then sealed by the cipher that the ledger was given, bound to its message."""

from __future__ import annotations

import asyncio
import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass

from hub.errors import HubError, HubUnavailable, Text
from hub.facts import replace
from hub.ledger.facts import Acceptance, Cipher, Claim, Content, Held, Settlement
from hub.message import Apart

LARGE = 64 * 1024
"""Beyond this many bytes sealing is done in a thread: it would hold up the event loop for a millisecond and more."""


SMALL = 4 * 1024
"""Up to so many bytes compressing costs more time than it saves room."""
AS_IT_IS = b"\x00"
"""Stands before what is not compressed; zlib's own streams begin otherwise."""


@dataclass(frozen=True, slots=True)
class Safe:
    """Seals contents before they enter the ledger and opens them when they are read; `data` is sealed in between."""

    cipher: Cipher

    async def sealed(self, acceptance: Acceptance) -> Acceptance:
        """The acceptance with its contents sealed."""
        message, bare = acceptance.message.id, acceptance.contents
        contents = self._seal(bare, message) if _is_small(bare) else await self._sealed_aside(bare, message)
        sealed = replace(acceptance, contents=contents)
        if not (sealed.images or sealed.files):
            return sealed
        images = tuple([self.sealed_image(each) for each in sealed.images])
        files = {ticket: self._sealed_name(file, message) for ticket, file in sealed.files.items()}
        return replace(sealed, images=images, files=files)

    def opened_names(self, message: str, files: Mapping[str, Apart]) -> dict[str, Apart]:
        """Files with their names as they were before they were sealed."""
        return {ticket: replace(file, name=self._opened_name(file.name, message)) for ticket, file in files.items()}

    def _sealed_name(self, file: Apart, message: str) -> Apart:
        return replace(file, name=b64encode(self._seal_one(file.name.encode(), message)).decode())

    def _opened_name(self, name: str, message: str) -> str:
        return self._open_one(b64decode(name), message).decode()

    def sealed_image(self, held: Held) -> Held:
        """The image with its bytes sealed."""
        where = _bound(held)
        content, telling = (self._seal_one(data, where) for data in (held.content, held.telling))
        return replace(held, content=content, telling=telling)

    def opened_image(self, held: Held) -> Held:
        """The image as it was before it was sealed."""
        where = _bound(held)
        content, telling = (self._open_one(data, where) for data in (held.content, held.telling))
        return replace(held, content=content, telling=telling)

    async def sealed_settlement(self, settlement: Settlement) -> Settlement:
        """The settlement with what it keeps, and what follows from it, sealed."""
        message, bare = settlement.claim.message.id, settlement.keep
        keep = self._seal(bare, message) if _is_small(bare) else await self._sealed_aside(bare, message)
        sealed = replace(settlement, keep=keep)
        if not (sealed.follow_ups or sealed.images):
            return sealed
        follow_ups = tuple([await self.sealed(follow_up) for follow_up in sealed.follow_ups])
        images = tuple([self.sealed_image(each) for each in sealed.images])
        return replace(sealed, follow_ups=follow_ups, images=images)

    def opened_claim(self, claim: Claim) -> Claim:
        """The claim with its record opened. What cannot be opened is left for its attempt to find out."""
        if not claim.packed:
            return claim
        try:
            return replace(claim, packed=self._open_one(claim.packed, claim.message.id))
        except HubError:
            return replace(claim, packed=b"")

    def sealed_piece(self, upload: str, number: int, data: bytes) -> bytes:
        """A piece of a file, sealed for its place in it."""
        return self.cipher.seal(_compressed(data), f"{upload}/{number}")

    def opened_piece(self, upload: str, number: int, sealed: bytes) -> bytes:
        """A piece as it was before it was sealed. HubUnavailable when it is another's, or stood elsewhere."""
        if not sealed:
            raise HubUnavailable(_UNREADABLE)
        return self._open_one(sealed, f"{upload}/{number}")

    def opened(self, message: str, content: Content) -> Content:
        """A content as it was before it was sealed. HubUnavailable when the cipher or the bytes are not the same."""
        return replace(content, data=self._open_one(content.data, message))

    def sealed_secret(self, key: str, secret: str) -> bytes:
        """A key's secret, sealed and bound to the key's id."""
        return self.cipher.seal(secret.encode(), f"key/{key}")

    def opened_secret(self, key: str, sealed: bytes) -> str:
        """The secret as it was before it was sealed."""
        return self.cipher.open(sealed, f"key/{key}").decode()

    def _seal_one(self, data: bytes, bound_to: str) -> bytes:
        return self.cipher.seal(_compressed(data), bound_to) if data else b""

    def _open_one(self, data: bytes, bound_to: str) -> bytes:
        try:
            return _decompressed(self.cipher.open(data, bound_to)) if data else b""
        except zlib.error as error:
            raise HubUnavailable(_UNREADABLE) from error

    async def _sealed_aside(self, contents: tuple[Content, ...], message: str) -> tuple[Content, ...]:
        return await asyncio.to_thread(self._seal, contents, message)

    def _seal(self, contents: tuple[Content, ...], message: str) -> tuple[Content, ...]:
        seal = self.cipher.seal
        return tuple([Content(each.name, each.media, seal(_compressed(each.data), message)) for each in contents])


_UNREADABLE = Text(en="This content cannot be read any more.", fr="Ce contenu n'est plus lisible.")


def _is_small(contents: tuple[Content, ...]) -> bool:
    size = 0
    for each in contents:
        size += len(each.data)
    return size <= LARGE


def _compressed(data: bytes) -> bytes:
    return zlib.compress(data, 1) if len(data) > SMALL else AS_IT_IS + data


def _decompressed(data: bytes) -> bytes:
    return data[1:] if data.startswith(AS_IT_IS) else zlib.decompress(data)


def _bound(held: Held) -> str:
    return f"{held.authority}/{held.exchange}/{held.reference}/{held.side}"
