"""What is remembered of the object that a delivery speaks of, in a two-way exchange; nothing in any other."""

from __future__ import annotations

from hub.catalogue import Exchange
from hub.contract import Document
from hub.facts import Fact
from hub.ledger import Claim, Ledger
from hub.memory import Memory, recollect, unpacked_image
from hub.message import Record
from hub.routing import BEFORE, DOUBTED
from hub.translation import Image, Translation, unpack


class Recollection(Fact, frozen=True):
    """The images of the object; what the sender held before it said this; and, if that may be a late echo, the document
    that it said. `is_settled`: a person was shown what clashes, and let the message go all the same."""

    memory: Memory | None = None
    before: Image | None = None
    doubted: Document | None = None
    is_settled: bool = False

    def image(self, side: str) -> Image | None:
        """What `side` holds, as far as anyone knows."""
        return self.memory.image(side) if self.memory else None

    def believed(self, translation: Translation, sender: str, record: Record) -> Record | None:
        """The record as far as `sender` has not said otherwise since, if it may be a late echo; None if nothing is left."""
        if self.memory is None or self.before is None or self.doubted is None:
            return record
        return self.memory.believed(translation, sender, record, before=self.before)


NOTHING_KNOWN = Recollection()


async def recollection(ledger: Ledger, claim: Claim, exchange: Exchange) -> Recollection:
    """All that is remembered for a claimed delivery."""
    message = claim.message
    memory = await recollect(ledger, exchange, authority=message.authority, reference=message.reference)
    if memory is None:
        return NOTHING_KNOWN
    kept = {content.name for content in await ledger.contents(message.id)}
    before = unpacked_image((await ledger.content(message.id, BEFORE)).data) if BEFORE in kept else None
    doubted = unpack((await ledger.content(message.id, DOUBTED)).data) if DOUBTED in kept else None
    return Recollection(memory, before, doubted, clash_of(claim.delivery.id) in kept)


def clash_of(delivery: str) -> str:
    """The content that holds what both sides have where they clash; it is kept when a person is asked."""
    return f"clash:{delivery}"
