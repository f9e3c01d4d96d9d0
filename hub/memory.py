"""What is remembered of one object of a two-way exchange: what each side holds of it, and what it is being told. Pure but
for `recollect`, which asks the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from hub.catalogue import Exchange
from hub.contract import Document
from hub.facts import Fact, replace
from hub.ledger import Held, Ledger
from hub.message import Record
from hub.translation import Image, Merged, Translation, besides, is_known, news_in, pack, state_of, unpack
from hub.translation.merging import TOLD
from hub.translation.scene import ABSENT


class Worth(Enum):
    """What a thing said is worth to the others. DOUBTFUL: it may be a late echo of what its sender was told once, or be
    changed back to it; what the sender says next will tell."""

    NEWS = auto()
    NOTHING = auto()
    DOUBTFUL = auto()


class Heard(Fact, frozen=True):
    """What was made of a thing said; what its sender holds then, if it says more of that than was known; and what it held
    before, with what it was being told if it repeats it."""

    worth: Worth
    held: Held | None = None
    before: Image | None = None


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
            repeated = _repeated(translation, side, record, image or Image({}), telling)
            news = {name: value for name, value in news.items() if name not in repeated}
        worth = Worth.NEWS if news or not (image or telling) else Worth.NOTHING
        after = (image or Image({})).overlaid(document, news=news, by=side)
        if image is None:
            return Heard(worth, self._with(side, after.said(record)), telling)
        if news and is_known(state_of(translation, record), (telling or image).told):
            return Heard(Worth.DOUBTFUL, self._with(side, image.said(record)), image)
        if telling is None:
            return Heard(worth, self._with(side, after.said(record)), image)
        document = besides(translation, side, image, telling, news=news, said=document)
        if document == image.document:
            return Heard(Worth.NOTHING)
        known = {name: value for name, value in record.items() if name not in news}
        before = replace(image, document=translation.laid(side, known, onto=image.document))
        return Heard(worth, self._with(side, replace(after, document=document).said(record)), before)

    def believed(self, translation: Translation, side: str, record: Record, *, before: Image) -> Record | None:
        """What is left of `record`, which `side` said when it held `before` and which was no late echo after all: rows that
        it has said anew since are as it holds them now. None when no news is left."""
        image, then = self.image(side) or before, before.said(record).heard
        news = news_in(translation, side, record, before=before)
        anew = {name for name in news if image.heard.get(name) != then[name]}
        now = translation.held(side, image.document) if anew else {}
        kept = {name: now.get(name, ABSENT) if name in anew else value for name, value in record.items()}
        return {name: value for name, value in kept.items() if value is not ABSENT} if anew < news.keys() else None

    def believe(self, translation: Translation, side: str, record: Record, document: Document, *, before: Image) -> Held:
        """What `side` holds when `document`, which it said when it held `before`, was no late echo: all of it, or, when it
        has said more since, the news of `record`."""
        image = self.image(side) or before
        news = news_in(translation, side, record, before=image)
        is_last = image.heard == before.said(record).heard
        said = document if is_last else translation.laid(side, news, onto=image.document)
        return self._with(side, image.overlaid(said, news=news, by=side))

    def told(self, translation: Translation, side: str, merged: Merged, *, sender: str) -> Held:
        """What `side` holds once it has been told what `sender` said."""
        before = self.image(side) or Image({})
        known = unpacked_image(self._of(side).telling) or before
        image = before.overlaid(merged.document, news=merged.news, by=sender)
        state = state_of(translation, translation.held(side, image.document))
        image = replace(image, told=(*known.told, state)[-TOLD:])
        return replace(self._with(side, image), telling=b"")

    def telling(self, translation: Translation, side: str, merged: Merged, *, sender: str) -> Held:
        """The same, while it is still being told."""
        told = self.told(translation, side, merged, sender=sender)
        return replace(told, content=b"", telling=told.content, version=0)

    def _with(self, side: str, image: Image) -> Held:
        return replace(self._of(side), content=packed_image(image))

    def _of(self, side: str) -> Held:
        return self.held.get(side) or Held(self.authority, self.exchange, self.reference, side)


def _repeated(translation: Translation, side: str, record: Record, image: Image, telling: Image) -> set[str]:
    """The rows of `record` that say what its side is being told, or was told by a call that is made again since."""
    again = [state for state in telling.told[:-1] if state not in image.told]
    said = state_of(translation, record)
    old = {name for name, value in said.items() if any(state.get(name, "") == value for state in again)}
    return old | (record.keys() - news_in(translation, side, record, before=telling).keys())


async def recollect(ledger: Ledger, exchange: Exchange, *, authority: str, reference: str) -> Memory | None:
    """What is remembered of an object; None where there is nothing to remember, because each side only says or hears."""
    if not (exchange.translation.two_way and reference):
        return None
    found = await ledger.images(authority, exchange.name, reference)
    return Memory(authority, exchange.name, reference, {each.side: each for each in found})


def packed_image(image: Image) -> bytes:
    """An image as the ledger keeps it."""
    return pack({"document": image.document, "origin": image.origin, "heard": image.heard, "told": image.told})


def unpacked_image(packed: bytes) -> Image | None:
    """The image that `packed_image` wrote; None for b""."""
    if not packed:
        return None
    found: dict[str, Any] = unpack(packed)
    return Image(found["document"], found["origin"], found["heard"], tuple(found["told"]))
