"""A request of several parts: its document first, then files, each of which goes to disk as it comes in.

Which document refers to which file is the doors' business.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request

from hub.claim_check import ClaimCheck, Deposit
from hub.codecs.multipart import Event, Head, Parts, decoder, misformed
from hub.endpoints.body import cut_off, too_large, too_slow
from hub.message import Apart

SILENCE = 30.0
"""Seconds without a byte after which a request is given up."""
SLOWEST = 64 * 1024
"""Bytes in a second that a request must keep to once SILENCE is over."""
_LONGEST_NAME = 255


@dataclass(frozen=True, slots=True)
class Came:
    """A file that came: its ticket, and what is known of it."""

    ticket: str
    file: Apart


class Package:
    """A multipart request on its way in. `uploads`: the files that were begun, for whoever lets go of them."""

    def __init__(self, request: Request, *, silence: float = SILENCE) -> None:
        self.uploads: list[str] = []
        self._request = request
        self._silence = silence
        self._parts = Parts(request.headers.get("content-type", ""))
        self._events = self._read()

    async def document(self, *, limit: int) -> tuple[Head, bytes]:
        """The first part, which must be the document, of at most `limit` bytes. MessageError 400, 408, 413."""
        head = await anext(self._events, None)
        if not isinstance(head, Head):
            raise misformed()
        return head, await self.text(head, left=limit, limit=limit)

    async def heads(self) -> AsyncIterator[Head]:
        """The parts in turn, each to be taken (`text` or `kept`) before the next."""
        async for event in self._events:
            if isinstance(event, Head):
                yield event

    async def text(self, head: Head, *, left: int, limit: int) -> bytes:
        """A part's bytes, of which there may be `left`, of a `limit` for all. MessageError 413."""
        pieces, size = [], 0
        async for piece in self._content(head):
            size += len(piece)
            if size > left:
                raise too_large(limit)
            pieces.append(piece)
        return b"".join(pieces)

    async def kept(self, head: Head, claim_check: ClaimCheck) -> Came:
        """A part as a file on disk. MessageError, HubUnavailable."""
        deposit = await claim_check.begin(head.filename[:_LONGEST_NAME])
        self.uploads.append(deposit.upload)
        try:
            return await self._deposited(head, deposit)
        finally:
            deposit.close()

    async def _deposited(self, head: Head, deposit: Deposit) -> Came:
        async for piece in self._content(head):
            await deposit.feed(piece)
        return Came(*await deposit.end(digest=head.digest))

    async def _content(self, head: Head) -> AsyncIterator[bytes]:
        """The bytes of the part that has just begun, decoded."""
        decode = decoder(head.coding)
        async for event in self._events:
            if event is None:
                break
            if isinstance(event, bytes):
                yield decode(event)
        if rest := decode(b""):
            yield rest

    async def _read(self) -> AsyncIterator[Event]:
        """Whatever is found in what comes in, in order; the request must come to its end."""
        async for chunk in self._paced():
            for event in self._parts.feed(chunk):
                yield event
        if not self._parts.is_whole:
            raise cut_off() if self._parts.is_begun else misformed()

    async def _paced(self) -> AsyncIterator[bytes]:
        """The request's bytes, held to a pace. MessageError 408, or 400 when it is cut off."""
        loop, stream = asyncio.get_running_loop(), self._request.stream().__aiter__()
        end, size = loop.time() + self._silence, 0
        while True:
            try:
                async with asyncio.timeout_at(min(loop.time() + self._silence, end + size / SLOWEST)):
                    chunk = await anext(stream, None)
            except TimeoutError as late:
                raise too_slow(self._silence) from late
            except ClientDisconnect as gone:
                raise cut_off() from gone
            if chunk is None:
                return
            size += len(chunk)
            yield chunk


def is_package(content_type: str) -> bool:
    """Whether a request of this content type has several parts."""
    return content_type.lower().startswith("multipart/")
