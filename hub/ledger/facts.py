"""What is handed to the ledger and what it gives back, all frozen. No SQL and no behaviour but packing a reason."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from hub.call import Outcome
from hub.contract import Document
from hub.errors import Text, same
from hub.facts import Fact, field
from hub.lifecycle import Decision, Lane, LanePolicy
from hub.message import Apart, Delivery, Message, Record, State

Detail = Mapping[str, Any]
"""What a journal line adds to its event: JSON values, never content nor anything personal."""


class Cipher(Protocol):
    """Seals content at rest. `bound_to` (the message's id) must be the same for sealing and opening."""

    def seal(self, data: bytes, bound_to: str) -> bytes: ...

    def open(self, sealed: bytes, bound_to: str) -> bytes: ...


class Content(Fact, frozen=True):
    """Bytes kept with a message. `name` is "original", "record", "file:<ticket>", "request:<delivery>" or
    "reply:<delivery>"; keeping one under a name that exists replaces it."""

    name: str
    media: str
    data: bytes


class Held(Fact, frozen=True):
    """What a side of a two-way exchange holds of an object (`content`), and what it is being told just now (`telling`).

    Both are bytes of the caller's own form, b"" for nothing. `version` is that of the image that this one was made from
    (0: there was none): where it has moved on, the image is not kept, nor is anything that came with it.
    """

    authority: str
    exchange: str
    reference: str
    side: str
    content: bytes = b""
    telling: bytes = b""
    version: int = 0


class Acceptance(Fact, frozen=True):
    """One message to accept, with all that must be on disk with it. The ledger gives the deliveries their positions.

    A message without a `key` is never taken for a repeat. `record` is what the content "record" holds, for whoever may send
    it at once; `documents`, by receiver and operation, what was written of it for them already. `files` are those that came
    beside it, by ticket.
    """

    message: Message
    contents: tuple[Content, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    detail: Detail = field(default_factory=dict)
    actor: str = ""
    images: tuple[Held, ...] = ()
    record: Record | None = None
    documents: Mapping[tuple[str, str], Document] = field(default_factory=dict)
    files: Mapping[str, Apart] = field(default_factory=dict)


class Upload(Fact, frozen=True):
    """A file that is kept in pieces, numbered from 0; `pieces` is 0 while it still comes in. `kind` is told by its first
    bytes."""

    id: str
    size: int
    pieces: int
    kind: str


class Claim(Fact, frozen=True):
    """A delivery that this node holds until its lease ends. `probing`: it tries whether a broken lane works again.

    One that was born leased brings its `record` and, where its receiver's document was written as it was accepted, that too;
    its position is 0: nobody has asked the ledger for it yet. Any other brings its record packed, as "record" holds it.
    """

    delivery: Delivery
    message: Message
    lane: Lane
    probing: bool = False
    record: Record | None = None
    packed: bytes = b""
    document: Document | None = None


class Offer(Fact, frozen=True):
    """What a worker takes at once: up to `room` new deliveries of these lanes, leased to it until then."""

    lanes: Mapping[str, LanePolicy]
    now: datetime
    lease_until: datetime
    room: int


class Taker(Protocol):
    """Who is handed what is born leased, and told of what may be claimed: a node's worker."""

    def offer(self) -> Offer | None:
        """What it takes now; asked in the writer's thread."""
        ...

    def take(self, claims: Sequence[Claim]) -> None:
        """Have these, which are committed; said in the loop of whoever attends."""
        ...

    def wake(self) -> None:
        """Something may be claimed now; said in the same loop."""
        ...


class Look(Fact, frozen=True):
    """What there is to claim: the lanes in which something is due and may go, and when there may be more (None: nothing
    waits for a time)."""

    due: frozenset[str]
    again_at: datetime | None = None


class Crossing(Fact, frozen=True):
    """One identifier of the crosswalk: `value` is what `application` calls the object known here as `reference`."""

    authority: str
    application: str
    name: str
    value: str
    reference: str
    exchange: str


class Settlement(Fact, frozen=True):
    """What became of a claimed delivery, and all that must become true with it. `policy` is the lane's.

    `lesson` is the outcome that the lane learns from; None when the attempt made no call, and so says nothing of it.
    `keep` are contents of the delivery's message; `follow_ups` are the messages that the outcome causes. `moved` is the
    decision instead when one of the `images` has moved on meanwhile. `fellows` are other deliveries of the message, by id,
    as they were when this was made: nothing is settled if they have moved.
    """

    claim: Claim
    lesson: Outcome | None
    decision: Decision
    policy: LanePolicy
    now: datetime
    keep: tuple[Content, ...] = ()
    crosswalk: tuple[Crossing, ...] = ()
    follow_ups: tuple[Acceptance, ...] = ()
    detail: Detail = field(default_factory=dict)
    images: tuple[Held, ...] = ()
    moved: Decision | None = None
    fellows: Mapping[str, State] = field(default_factory=dict)


class JournalLine(Fact, frozen=True):
    """One entry of the append-only journal. `chain` is the boot that wrote it, `position` its place in that chain."""

    chain: str
    position: int
    at: datetime
    event: str
    message: str = ""
    delivery: str = ""
    actor: str = ""
    reason: Text | None = None
    detail: Detail = field(default_factory=dict)


class Story(Fact, frozen=True):
    """All that is known of a message: its deliveries by position, and its journal lines in the order of writing."""

    message: Message
    deliveries: tuple[Delivery, ...]
    lines: tuple[JournalLine, ...]
    contents: tuple[ContentInfo, ...]


class ContentInfo(Fact, frozen=True):
    """A content without its bytes; `size` is that of the sealed bytes on disk. `is_apart`: a file in pieces, of so many
    bytes, which is read piece by piece only."""

    name: str
    media: str
    size: int
    is_apart: bool = False


class Search(Fact, frozen=True):
    """What to look for; an empty field asks nothing. `state`, `lane`, `receiver` and `reason` (part of its text, in any
    case) are asked of one same delivery. Times: `since` <= accepted < `until`. `after` is the `next` of the page before."""

    reference: str = ""
    exchange: str = ""
    authority: str = ""
    sender: str = ""
    state: State | None = None
    lane: str = ""
    reason: str = ""
    since: datetime | None = None
    until: datetime | None = None
    after: str = ""
    limit: int = 50
    receiver: str = ""


class Summary(Fact, frozen=True):
    """One message found, with its deliveries by position."""

    message: Message
    deliveries: tuple[Delivery, ...]


class Page(Fact, frozen=True):
    """Messages found, newest first; `next` asks for the page that follows ("" when this is the last)."""

    found: tuple[Summary, ...]
    next: str = ""


class LaneView(Fact, frozen=True):
    """A lane as operators see it: how many deliveries stand in each open state, and the oldest waiting."""

    lane: Lane
    counts: Mapping[State, int]
    oldest_due: datetime | None = None
    oldest_accepted: datetime | None = None


class Count(Fact, frozen=True):
    """How many deliveries of an exchange stand in a lane in one state that is not an end."""

    lane: str
    exchange: str
    state: State
    deliveries: int


class Cause(Fact, frozen=True):
    """Dead letters that died of the same: `example` is the id of the latest delivery among them."""

    reason: Text
    lane: str
    exchange: str
    deliveries: int
    oldest: datetime
    newest: datetime
    example: str


class Selection(Fact, frozen=True):
    """The deliveries that fit a search at a moment: how many, of which causes, the first of them in the order of acceptance;
    and how far the journal had come then."""

    deliveries: int
    causes: tuple[Cause, ...]
    first: tuple[Delivery, ...]
    mark: int


class Expectation(Fact, frozen=True):
    """A message of `exchange` is to be followed, `within` so long of its acceptance, by one of `news` with its reference."""

    exchange: str
    news: str
    within: timedelta


class Kept(Fact, frozen=True):
    """For how long after their acceptance the content of an exchange's messages is kept, and the key by which a repeat is
    known (None: as long as the message)."""

    content: timedelta
    key: timedelta | None


class Forgotten(Fact, frozen=True):
    """What a part of a round let go: the contents of so many messages, files and keys. `overdue`: messages that have not
    ended, and whose content should not be kept any more. `is_over`: nothing is left of today's round."""

    contents: int = 0
    files: int = 0
    keys: int = 0
    overdue: int = 0
    is_over: bool = False


class Fire(Fact, frozen=True):
    """One run of a schedule for one slot; `ended_at` None: still running, or its node died."""

    schedule: str
    slot: datetime
    node: str
    at: datetime
    ended_at: datetime | None = None
    items: int = 0
    error: str = ""


class ApiKey(Fact, frozen=True):
    """An application's key: its hash only. It is good from `created_at` until it expires or is revoked.

    `sealed` is its secret as the ledger sealed it, for a key whose holder shows a digest; None for all others.
    `certificate` is the SHA-256 of the certificate (DER, in hexadecimal) that its holder signs with, "" for none.
    """

    id: str
    application: str
    authority: str
    hash: str
    scopes: tuple[str, ...]
    created_at: datetime
    title: str = ""
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    sealed: bytes | None = None
    certificate: str = ""

    def __repr__(self) -> str:
        """Without its hash and its secret."""
        return f"ApiKey({self.id})"


class NodeView(Fact, frozen=True):
    """One start of one node, and when it was last heard of."""

    name: str
    boot: str
    seen_at: datetime


class Flaw(Fact, frozen=True):
    """The first place where a journal chain does not hold: changed, removed or inserted at this position."""

    chain: str
    position: int
    text: Text


def packed(reason: Text | None) -> str:
    """A reason as the one text that its column holds ("" for none)."""
    return json.dumps({"en": reason.en, "fr": reason.fr}, ensure_ascii=False) if reason else ""


def unpacked(reason: str) -> Text | None:
    """The reason of a `Delivery.reason`, None when it has none."""
    if not reason.startswith("{"):
        return same(reason) if reason else None
    both = json.loads(reason)
    return Text(en=both["en"], fr=both["fr"])
