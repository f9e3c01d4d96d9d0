"""What the record of an exchange becomes: its message, its deliveries and what is kept of it. Pure.

Used by both doors: what arrives from outside, and what follows from a delivery that has ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hub.catalogue import Catalogue, Exchange
from hub.contract import Document
from hub.facts import Fact, field
from hub.ledger import Acceptance, Content
from hub.memory import Heard, Memory, Worth, packed_image
from hub.message import Apart, Delivery, Files, Message, Record, State
from hub.translation import FollowUp, Receiver, digest, pack

BEFORE = "before"
"""The content of a message that holds what its sender held of the object until then."""
DOUBTED = "doubted"
"""The content of a message that may be a late echo: the document as it was said."""
FETCHED = "fetched"
"""The content of a message that tells the ticket of the file at each address in it."""
NOTHING_WRITTEN: Mapping[tuple[str, str], Document] = {}
DOUBT = timedelta(seconds=30)
"""How long what may be a late echo waits for what its sender says next."""


_NEWS = Heard(Worth.NEWS)


class Said(Fact, frozen=True):
    """One thing said to the hub, read: by whom, its record and files, and the bytes as they came (`original`).

    In a two-way exchange also its `document`, and what is remembered of its object. `fingerprint`: by what it is told from
    another message, where that is not its record; `fetched`: the ticket of the file at each address in it.
    """

    exchange: Exchange
    sender: str
    operation: str
    authority: str
    record: Record
    files: Files = field(default_factory=dict)
    original: bytes = b""
    media: str = ""
    key: str = ""
    reference: str = ""
    caller_url: str = ""
    trace: str = ""
    expires_at: datetime | None = None
    document: Document | None = None
    memory: Memory | None = None
    fingerprint: str = ""
    fetched: Mapping[str, str] = field(default_factory=dict)

    @property
    def heard(self) -> Heard:
        """What it is worth: in a two-way exchange, an echo of what its sender was told goes nowhere."""
        if self.memory is None or self.document is None:
            return _NEWS
        return self.memory.hear(self.exchange.translation, self.sender, self.record, self.document)


def acceptance(
    said: Said,
    *,
    catalogue: Catalogue,
    id: str,
    now: datetime,
    documents: Mapping[tuple[str, str], Document] = NOTHING_WRITTEN,
) -> Acceptance:
    """The message `id` that `said` becomes at `now`, with a delivery to each of its receivers; `documents`, by receiver and
    operation, are what was written of it for them already."""
    record = pack(said.record)
    fingerprint = said.fingerprint or digest(record)
    message, heard = _message(said, catalogue.revision, id=id, now=now, fingerprint=fingerprint), said.heard
    due_at = now + DOUBT if heard.worth is Worth.DOUBTFUL else now
    receivers = said.exchange.translation.receivers(said.sender) if heard.worth is not Worth.NOTHING else ()
    deliveries = tuple(
        [
            _delivery(message, receiver, catalogue=catalogue, number=number, due_at=due_at)
            for number, receiver in enumerate(receivers, start=1)
        ]
    )
    detail = {} if heard.worth is Worth.NEWS else {"worth": heard.worth.name.lower()}
    images = (heard.held,) if heard.held else ()
    return Acceptance(
        message,
        _contents(said, heard, record),
        deliveries,
        detail=detail,
        images=images,
        record=said.record,
        documents=documents,
        files={ticket: file for ticket, file in said.files.items() if isinstance(file, Apart)} if said.files else {},
    )


def _message(said: Said, revision: str, *, id: str, now: datetime, fingerprint: str) -> Message:
    return Message(
        id=id,
        exchange=said.exchange.name,
        authority=said.authority,
        sender=said.sender,
        operation=said.operation,
        reference=said.reference or _reference(said),
        key=said.key or said.exchange.translation.identity(said.record),
        fingerprint=fingerprint,
        revision=revision,
        accepted_at=now,
        expires_at=_expires_at(said, now),
        trace=said.trace,
        caller_url=said.caller_url,
    )


def _expires_at(said: Said, now: datetime) -> datetime | None:
    """The earliest of the deadlines: the sender's own, the one that the record carries, the exchange's."""
    spec = said.exchange.spec
    if not (said.expires_at or spec.deadline or spec.expires):
        return None
    carried = said.record.get(spec.deadline) if spec.deadline else None
    deadlines = (
        said.expires_at,
        _end_of(str(carried), ZoneInfo(spec.timezone)) if carried else None,
        now + spec.expires if spec.expires else None,
    )
    return min(filter(None, deadlines), default=None)


def _end_of(moment: str, zone: ZoneInfo) -> datetime | None:
    """A time of a record, or the end of a day, in UTC; None beyond the calendar: 9999-12-31 means that there is no end."""
    at = datetime.fromisoformat(moment)
    local = at.replace(tzinfo=at.tzinfo or zone)
    try:
        return (local if "T" in moment else local + timedelta(days=1)).astimezone(UTC)
    except OverflowError:
        return None


def _reference(said: Said) -> str:
    """The business key of a record; while it is not carried, the identifiers that will recall it."""
    translation = said.exchange.translation
    if reference := translation.reference(said.record):
        return reference
    return " ".join(f"{row}:{said.record.get(row)}" for row in translation.recalls(said.record).values())


def _delivery(message: Message, receiver: Receiver, *, catalogue: Catalogue, number: int, due_at: datetime) -> Delivery:
    authority, exchange = message.authority, message.exchange
    way = catalogue.way(exchange, receiver.side, operation=receiver.operation, authority=authority)
    return Delivery(
        id=f"{message.id}-{number}",
        message=message.id,
        exchange=exchange,
        authority=authority,
        receiver=receiver.side,
        operation=receiver.operation,
        lane=way.lane,
        reference=message.reference,
        position=0,
        state=State.WAITING,
        due_at=due_at,
        priority=way.priority,
        skipped=way.skipped,
    )


def _contents(said: Said, heard: Heard, record: bytes) -> tuple[Content, ...]:
    kept = [Content("record", "application/json", record)]
    if said.original:
        kept.append(Content("original", said.media, said.original))
    if heard.before:
        kept.append(Content(BEFORE, "application/json", packed_image(heard.before)))
    if heard.worth is Worth.DOUBTFUL:
        kept.append(Content(DOUBTED, "application/json", pack(said.document or {})))
    if said.fetched:
        kept.append(Content(FETCHED, "application/json", pack(said.fetched)))
    for ticket, file in said.files.items():
        if isinstance(file, bytes):
            kept.append(Content(f"file:{ticket}", "application/octet-stream", file))
    return tuple(kept)


def followed_by(said: FollowUp, *, sender: str, catalogue: Catalogue, message: Message, key: str) -> Said:
    """What is said through another exchange because a delivery of `message` to `sender` ended."""
    exchange = catalogue.exchange(said.exchange).of(message.authority)
    record = exchange.translation.adopt(said.values, reference=message.reference)
    return Said(exchange, sender, "", message.authority, record, key=key, reference=message.reference)
