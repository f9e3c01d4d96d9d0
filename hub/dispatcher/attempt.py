"""What an attempt is made of: the plan of what is said, the result of saying it, and what both are good for. Pure."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from hub.call import Delivered, Outcome, Refused
from hub.caller import Answer
from hub.catalogue import Application, Exchange
from hub.contract import Document
from hub.ledger import Claim, Content, Crossing, Settlement
from hub.lifecycle import Decision
from hub.message import Record, State

log = logging.getLogger("hub.dispatcher")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a delivery says to its receiver: the document of its operation, made from the message's record."""

    claim: Claim
    exchange: Exchange
    application: Application
    record: Record
    document: Document


@dataclass(frozen=True, slots=True)
class Result:
    """What an attempt came to, with the bytes that went and came back. `asks_a_person`: it is in doubt, and no look-up
    can tell."""

    outcome: Outcome
    plan: Plan | None = None
    answer: Answer | None = None
    looked_up: bool = False
    asks_a_person: bool = False

    @property
    def lesson(self) -> Outcome | None:
        """What the receiver's lane learns from the call that was made, be it a look-up; nothing when none was made for
        want of something fit to be sent."""
        if self.answer is None or (isinstance(self.answer.outcome, Refused) and self.answer.reply is None):
            return None
        return self.answer.outcome


def heard_in(result: Result) -> Record:
    """The reply rows that the receiver's answer carries. What was taken is taken, whatever can be made of its answer."""
    if not isinstance(result.outcome, Delivered) or result.plan is None:
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
        Crossing(message.authority, receiver, name, value, message.reference, message.exchange)
        for name, value in known.items()
    )


def bare(settlement: Settlement) -> Settlement:
    """The settlement without what follows from it, which the ledger does not take."""
    detail = {**settlement.detail, "follow_up": "refused by the ledger"}
    return replace(settlement, keep=(), crosswalk=(), follow_ups=(), detail=detail)


def is_bare(settlement: Settlement) -> bool:
    return not (settlement.keep or settlement.crosswalk or settlement.follow_ups)


def ended_as(outcome: Outcome, decision: Decision) -> Literal["delivered", "refused"] | None:
    """How a delivery ended, for its sender. One that was given up is an operator's affair: nobody refused it."""
    match outcome, decision.state:
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


def tickets(value: Any) -> list[str]:
    """The tickets of the files that a record names, wherever they stand in it."""
    if isinstance(value, Mapping):
        own = [str(value["ticket"])] if "ticket" in value else []
        return own + [ticket for inside in value.values() for ticket in tickets(inside)]
    if isinstance(value, list | tuple):
        return [ticket for inside in value for ticket in tickets(inside)]
    return []


def kept(claim: Claim, result: Result) -> tuple[Content, ...]:
    """The last request and reply of a delivery, as bytes."""
    answer, id = result.answer, claim.delivery.id
    if answer is None:
        return ()
    kept = [Content(f"request:{id}", answer.media, answer.request)]
    if answer.reply is not None:
        kept.append(Content(f"reply:{id}", answer.reply.media, answer.reply.body))
    return tuple(kept)


def detail_of(result: Result, seconds: float) -> Mapping[str, Any]:
    detail: dict[str, Any] = {"outcome": type(result.outcome).__name__, "seconds": round(seconds, 3)}
    if result.answer and result.answer.reply:
        detail["status"] = result.answer.reply.status
    if result.looked_up:
        detail["looked_up"] = True
    return detail
