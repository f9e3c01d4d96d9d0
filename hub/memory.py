"""What is remembered of one object of a two-way exchange: what each side holds of it, and what it is being told. Pure but
for `recollect`, which asks the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any

from hub.catalogue import Exchange
from hub.contract import Document
from hub.ledger import Held, Ledger
from hub.message import Record
from hub.translation import Image, Merged, Translation, besides, news_in, pack, state_of, unpack
from hub.translation.merging import TOLD


class Worth(Enum):
    """What a thing said is worth to the others. DOUBTFUL: it may be a late echo of what its sender was told once, or be
    changed back to it; what the sender says next will tell."""

    NEWS = auto()
    NOTHING = auto()
    DOUBTFUL = auto()


@dataclass(frozen=True, slots=True)
class Heard:
    """What was made of a thing said, and what its sender holds then, if that is known now."""

    worth: Worth
    held: Held | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """The images of one object by side. Nothing is known of a side that is not there."""

    authority: str
    exchange: str
    reference: str
    held: Mapping[str, Held]

    def image(self, side: str) -> Image | None:
        """What `side` holds; None when nothing is known of it."""
        return unpacked_image(self._of(side).content)

    def hear(self, translation: Translation, side: str, record: Record, document: Document) -> Heard:
        """What to make of `document`, which `side` says."""
        image, telling = self.image(side), unpacked_image(self._of(side).telling)
        news = news_in(translation, side, record, before=image)
        if telling:
            news = {name: news[name] for name in news_in(translation, side, record, before=telling) if name in news}
        after = (image or Image({})).overlaid(document, news=news, by=side)
        if news and image and state_of(translation, side, after) in (telling or image).told:
            return Heard(Worth.DOUBTFUL)
        if image and telling:
            after = replace(after, document=besides(translation, side, image, news=news, document=after.document))
            if after.document == image.document:
                return Heard(Worth.NOTHING)
        held = replace(self._of(side), content=packed_image(replace(after, heard=after.heard + 1)))
        return Heard(Worth.NEWS if news or not (image or telling) else Worth.NOTHING, held)

    def believe(self, translation: Translation, side: str, record: Record, document: Document) -> Held:
        """What `side` holds when what it said was no late echo after all."""
        before = self.image(side) or Image({})
        after = before.overlaid(document, news=news_in(translation, side, record, before=before), by=side)
        return replace(self._of(side), content=packed_image(replace(after, heard=after.heard + 1)))

    def is_overtaken(self, translation: Translation, side: str, record: Record, *, heard: int) -> bool:
        """Whether `side`, which had said something `heard` times then, has said since that it holds something else."""
        image = self.image(side)
        return image is not None and image.heard != heard and bool(news_in(translation, side, record, before=image))

    def told(self, translation: Translation, side: str, merged: Merged, *, sender: str) -> Held:
        """What `side` holds once it has been told what `sender` said."""
        before = self.image(side) or Image({})
        known = unpacked_image(self._of(side).telling) or before
        image = before.overlaid(merged.document, news=merged.news, by=sender)
        image = replace(image, told=(*known.told, state_of(translation, side, image))[-TOLD:])
        return replace(self._of(side), content=packed_image(image), telling=b"")

    def telling(self, translation: Translation, side: str, merged: Merged, *, sender: str) -> Held:
        """The same, while it is still being told."""
        told = self.told(translation, side, merged, sender=sender)
        return replace(told, content=b"", telling=told.content, version=0)

    def _of(self, side: str) -> Held:
        return self.held.get(side) or Held(self.authority, self.exchange, self.reference, side)


async def recollect(ledger: Ledger, exchange: Exchange, *, authority: str, reference: str) -> Memory | None:
    """What is remembered of an object; None where there is nothing to remember, because each side only says or hears."""
    if not (exchange.translation.two_way and reference):
        return None
    found = await ledger.images(authority, exchange.name, reference)
    return Memory(authority, exchange.name, reference, {each.side: each for each in found})


def packed_image(image: Image) -> bytes:
    """An image as the ledger keeps it."""
    return pack({"document": image.document, "origin": image.origin, "heard": image.heard, "told": list(image.told)})


def unpacked_image(packed: bytes) -> Image | None:
    """The image that `packed_image` wrote; None for b""."""
    if not packed:
        return None
    found: dict[str, Any] = unpack(packed)
    return Image(found["document"], found["origin"], found["heard"], tuple(found["told"]))
