"""The facts of delivery, frozen: a Message, its Deliveries, the Receipt that its sender gets.

No behaviour lives here: what follows from what is `lifecycle`'s business.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

from hub.facts import Fact

Record = Mapping[str, Any]
"""The canonical form of a message's content: row name -> text, int, Decimal, bool, None, list of records, or Ticket."""


class Apart(Fact, frozen=True):
    """A file that came beside its document, or leaves beside it: so many bytes that no document ever holds. `kind` is told
    by its first bytes; `name` is what its sender called it; `upload` is where the ledger keeps it, while it is taken in."""

    size: int
    kind: str
    name: str = ""
    upload: str = ""


File = bytes | Apart


def stand_in(ticket: str) -> str:
    """What stands in a document for the file of this ticket, which travels beside it: the ticket in base64. So the
    contract's own check takes it for a file, and a mapping reads and writes it like any other."""
    return base64.b64encode(ticket.encode("ascii")).decode("ascii")


Files = Mapping[str, File]
"""The files of a message by ticket (`sha256:<hex>`): what the record names and does not hold (claim check)."""


class State(StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"
    SENDING = "sending"
    UNANSWERED = "unanswered"
    DELIVERED = "delivered"
    DEAD = "dead"
    CANCELLED = "cancelled"


WAITING, SENDING, UNANSWERED, DELIVERED, DEAD, CANCELLED = State
"""The states where each message asks for one: to be asked for it by name takes an enumeration a thousand instructions."""

ENDED = frozenset({State.DELIVERED, State.CANCELLED})
"""States after which the next delivery of the same reference may go. A dead letter holds its reference back."""


class Priority(IntEnum):
    """Which deliveries of a lane go first when not all can go at once; within a reference, order goes before it."""

    HIGH = 0
    NORMAL = 1
    LOW = 2


class Message(Fact, frozen=True):
    """One thing said, accepted and kept. Times are aware datetimes in UTC.

    `reference` is the business key that joins the messages of one request; `key` makes a repeat of the same message
    recognisable within (authority, sender, exchange), and `fingerprint` (SHA-256 of the record) tells a repeat from a
    different message under the same key.
    """

    id: str
    exchange: str
    authority: str
    sender: str
    operation: str
    reference: str
    key: str
    fingerprint: str
    revision: str
    accepted_at: datetime
    expires_at: datetime | None = None
    trace: str = ""
    caller_url: str = ""


class Delivery(Fact, frozen=True):
    """One message on its way to one receiver.

    `lane` is `<connector>/<instance>`, and that of a mailbox `<connector>/<authority>/<exchange>`; `position` orders the
    deliveries of one (lane, reference). `attempts` counts what the message was charged for, `tries` counts every try.
    `token` grows with each claim: a holder of an older one can change nothing. `look_up` says that an earlier try went
    unanswered, so the receiver must be asked first. `due_at` None: it waits for a person. `skipped`: if it dies, what comes
    after it in its reference goes on.
    `behind`: an earlier one of its reference was found that has not ended; `ahead`: one was found behind it.
    """

    id: str
    message: str
    exchange: str
    authority: str
    receiver: str
    operation: str
    lane: str
    reference: str
    position: int
    state: State
    due_at: datetime | None
    attempts: int = 0
    tries: int = 0
    token: int = 0
    look_up: bool = False
    failing_since: datetime | None = None
    holder: str = ""
    lease_until: datetime | None = None
    reason: str = ""
    priority: int = Priority.NORMAL
    skipped: bool = False
    behind: bool = False
    ahead: bool = False


class Receipt(Fact, frozen=True):
    """What a sender gets back for a message: its id, and whether it had already been accepted before."""

    message: str
    exchange: str
    reference: str
    accepted_at: datetime
    duplicate: bool = False
    deliveries: tuple[str, ...] = ()
