"""What an attempt is made of: the plan of what is said, the result of saying it, and what both are good for. Pure."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Literal

from hub.call import Delivered, Outcome, Refused
from hub.caller import Answer
from hub.catalogue import Application, Exchange
from hub.contract import Document
from hub.dispatcher.recollection import NOTHING_KNOWN, Recollection, clash_of
from hub.facts import Fact, replace
from hub.ledger import Claim, Content, Crossing, Held, Settlement
from hub.lifecycle import Decision
from hub.message import Apart, Record, State
from hub.translation import Clash, Merged, digest, pack

log = logging.getLogger("hub.dispatcher")


Ended = Literal["delivered", "refused"]
"""How a delivery has ended, for its sender."""


class Plan(Fact, frozen=True):
    """What a delivery says to its receiver: the document of its operation, made from the message's record. It leaves while
    nobody else can have taken the delivery up, which is until `leave_by`, by `time.monotonic`."""

    claim: Claim
    exchange: Exchange
    application: Application
    record: Record
    document: Document
    merged: Merged
    known: Recollection = NOTHING_KNOWN
    leave_by: float = 0.0

    @property
    def images(self) -> tuple[Held, ...]:
        """What is known of a two-way exchange's sides once the receiver was told this."""
        memory, sender, translation = self.known.memory, self.claim.message.sender, self.exchange.translation
        if memory is None:
            return ()
        told = memory.told(translation, self.claim.delivery.receiver, self.merged, sender=sender)
        before, doubted = self.known.before, self.known.doubted
        if before is None or doubted is None:
            return (told,)
        return told, memory.believe(translation, sender, self.record, doubted, before=before)

    @property
    def telling(self) -> Held | None:
        """What the receiver is being told, in a two-way exchange."""
        memory, claim = self.known.memory, self.claim
        if memory is None:
            return None
        return memory.telling(self.exchange.translation, claim.delivery.receiver, self.merged, sender=claim.message.sender)

    @property
    def is_old(self) -> bool:
        """Whether the receiver holds all of it already."""
        onto = self.known.image(self.claim.delivery.receiver)
        return onto is not None and onto.overlaid(self.document, news={}, by="").document == onto.document


class Result(Fact, frozen=True):
    """What an attempt came to, with the bytes that went and came back. `asks_a_person`: it is in doubt, and no look-up
    can tell. `clashes`: what both sides changed, which a person must settle. `is_old`: nothing was sent, for the receiver
    holds it already, or (then without a plan) the sender has said something else since. `is_late`: nothing was sent, for
    the message has expired."""

    outcome: Outcome
    plan: Plan | None = None
    answer: Answer | None = None
    looked_up: bool = False
    asks_a_person: bool = False
    clashes: tuple[Clash, ...] = ()
    is_old: bool = False
    is_late: bool = False

    @property
    def lesson(self) -> Outcome | None:
        """What the receiver's lane learns from the call that was made, be it a look-up; nothing when none was made for
        want of something fit to be sent."""
        if self.answer is None or (isinstance(self.answer.outcome, Refused) and self.answer.reply is None):
            return None
        return self.answer.outcome


def outgoing_key(claim: Claim) -> str:
    """What the receiver recognises a repeat by. It is made of what the sender said, not of how this ledger calls it: what is
    said again after an older backup was put back leaves under the same key. A message without a key is known by its
    delivery alone."""
    message, delivery = claim.message, claim.delivery
    if not message.key:
        return delivery.id
    said = (message.authority, message.sender, message.exchange, message.key, delivery.receiver, delivery.operation)
    return digest("\x1f".join(said).encode())[:32]


def heard_in(result: Result) -> Record:
    """The reply rows that the receiver's answer carries. What was taken is taken, whatever can be made of its answer."""
    if not isinstance(result.outcome, Delivered) or result.plan is None or result.is_old:
        return {}
    delivery = result.plan.claim.delivery
    try:
        return result.plan.exchange.translation.read_reply(delivery.receiver, result.outcome.answer)
    except Exception:
        log.exception("delivery %s is delivered, but its reply cannot be read", delivery.id)
        return {}


def crossings(claim: Claim, result: Result, heard: Record) -> tuple[Crossing, ...]:
    """The identifiers that the answer gives this request, for the crosswalk."""
    if result.plan is None or not heard:
        return ()
    message, receiver = claim.message, claim.delivery.receiver
    known = result.plan.exchange.translation.remembered(receiver, {**result.plan.record, **heard})
    return tuple(
        [
            Crossing(message.authority, receiver, name, value, message.reference, message.exchange)
            for name, value in known.items()
        ]
    )


def bare(settlement: Settlement) -> Settlement:
    """The settlement without what follows from it, which the ledger does not take."""
    detail = {**settlement.detail, "follow_up": "refused by the ledger"}
    return replace(settlement, keep=(), crosswalk=(), follow_ups=(), images=(), fellows={}, detail=detail)


def is_bare(settlement: Settlement) -> bool:
    return not (settlement.keep or settlement.crosswalk or settlement.follow_ups or settlement.images)


def ended_as(result: Result, decision: Decision) -> Ended | None:
    """How a delivery ended, for its sender. What was given up, or clashes, is an operator's affair: nobody refused it. A
    late echo has no end that its sender waits for."""
    match result.outcome, decision.state:
        case _ if result.clashes or (result.is_old and result.plan is None):
            return None
        case Delivered(), State.DELIVERED:
            return "delivered"
        case Refused(), State.DEAD:
            return "refused"
        case _:
            return None


def question(plan: Plan, look_up: str) -> Document:
    """The look-up's request: what the delivery's own document says in the fields that the look-up has too."""
    part = plan.application.operation(look_up).input
    return _shared(plan.document, {child.name for child in part.shape.children}) if part else {}


def _shared(document: Document, names: set[str]) -> Document:
    return {name: value for name, value in document.items() if name in names}


def enclosed(value: Any) -> list[tuple[str, Apart]]:
    """The ticket of each file that a record names, wherever it stands in it, and what is known of it; in turn."""
    if isinstance(value, Mapping):
        if "ticket" in value:
            return [(str(value["ticket"]), Apart(int(value["size"]), str(value["type"])))]
        return [file for inside in value.values() for file in enclosed(inside)]
    if isinstance(value, list | tuple):
        return [file for inside in value for file in enclosed(inside)]
    return []


def shown(clashes: tuple[Clash, ...]) -> bytes:
    """What both sides have, row by row, for the person who decides."""
    return pack({each.row: {"label": each.label, "sent": each.sent, "held": each.held} for each in clashes})


def kept(claim: Claim, result: Result) -> tuple[Content, ...]:
    """The last request and reply of a delivery, as bytes."""
    answer, id = result.answer, claim.delivery.id
    if result.clashes:
        return (Content(clash_of(id), "application/json", shown(result.clashes)),)
    if answer is None:
        return ()
    said, reply = Content(f"request:{id}", answer.media, answer.request), answer.reply
    return (said, Content(f"reply:{id}", reply.media, reply.body)) if reply else (said,)


def detail_of(result: Result, seconds: float) -> Mapping[str, Any]:
    detail: dict[str, Any] = {"outcome": type(result.outcome).__name__, "seconds": round(seconds, 3)}
    if result.answer and result.answer.reply:
        detail["status"] = result.answer.reply.status
    if result.looked_up:
        detail["looked_up"] = True
    if result.is_old:
        detail["no_news"] = True
    return detail
