"""Messages, deliveries and outcomes for the ledger's tests, with names short enough to read the tests as sentences."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from hub.call import Delivered, Failed, Outcome, Refused
from hub.errors import Text
from hub.ledger import Acceptance, Claim, Content, Ledger, Settlement
from hub.lifecycle import Decision, LanePolicy, RetryPolicy, decide
from hub.message import Delivery, Message, State

NOON = datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=UTC)
LEASE = timedelta(seconds=15)
LANE = "waste/default"
WIDE = LanePolicy(at_once=10_000, per_second=1e9)
RETRY = RetryPolicy(waits=(timedelta(seconds=5), timedelta(seconds=30)), within=timedelta(hours=96))
REFUSED = Refused(Text(en="Unknown bin number", fr="Numéro de bac inconnu"))
FAILED = Failed(Text(en="The application failed", fr="L'application a échoué"))


class Reversing:
    """A cipher that shows whether it was used, and bound to what."""

    def seal(self, data: bytes, bound_to: str) -> bytes:
        return bound_to.encode() + data[::-1]

    def open(self, sealed: bytes, bound_to: str) -> bytes:
        assert sealed.startswith(bound_to.encode())
        return sealed[len(bound_to) :][::-1]


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def a_message(
    reference: str = "R1",
    *,
    key: str = "",
    fingerprint: str = "same",
    at: datetime = NOON,
    exchange: str = "bin-replacement",
) -> Message:
    return Message(
        id=uuid.uuid4().hex,
        exchange=exchange,
        authority="ville",
        sender="portal",
        operation="bin_request",
        reference=reference,
        key=key or uuid.uuid4().hex,
        fingerprint=fingerprint,
        revision="1",
        accepted_at=at,
    )


def a_delivery(message: Message, *, lane: str = LANE, due_at: datetime | None = None) -> Delivery:
    return Delivery(
        id=uuid.uuid4().hex,
        message=message.id,
        exchange=message.exchange,
        authority=message.authority,
        receiver=lane.partition("/")[0],
        operation="create_order",
        lane=lane,
        reference=message.reference,
        position=0,
        state=State.WAITING,
        due_at=due_at or message.accepted_at,
    )


def an_acceptance(
    reference: str = "R1",
    *,
    key: str = "",
    fingerprint: str = "same",
    lane: str = LANE,
    at: datetime = NOON,
    exchange: str = "bin-replacement",
) -> Acceptance:
    message = a_message(reference, key=key, fingerprint=fingerprint, at=at, exchange=exchange)
    original = Content("original", "application/json", b'{"dossier": "' + reference.encode() + b'"}')
    return Acceptance(message, (original,), (a_delivery(message, lane=lane),), {"kind": "portal"})


async def accepted(ledger: Ledger, *references: str, lane: str = LANE, at: datetime = NOON) -> list[str]:
    """Accept one message a reference, in turn; the ids of their deliveries."""
    receipts = [await ledger.accept(an_acceptance(each, lane=lane, at=at)) for each in references]
    return [receipt.deliveries[0] for receipt in receipts]


async def claimed(
    ledger: Ledger, *, at: datetime = NOON, policy: LanePolicy = WIDE, lane: str = LANE, lease: timedelta = LEASE
) -> tuple[Claim, ...]:
    return await ledger.claim({lane: policy}, now=at, lease=lease)


def a_settlement(claim: Claim, outcome: Outcome | None = None, *, at: datetime = NOON) -> Settlement:
    outcome = outcome or Delivered()
    return Settlement(claim, outcome, decided(claim, outcome, at=at), WIDE, at)


def decided(claim: Claim, outcome: Outcome, *, at: datetime = NOON) -> Decision:
    return decide(outcome, claim.delivery, policy=RETRY, now=at, jitter=1.0)


async def events(ledger: Ledger, message: str) -> list[str]:
    return [line.event for line in (await ledger.story(message)).lines]
