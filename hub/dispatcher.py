"""The door out: one attempt of a claimed delivery, as named steps, and what becomes of it.

`attempt` = translate, guard, look up, send, judge, decide, settle, announce. What follows from an outcome is decided in
`lifecycle`; what is on disk changes in one transaction of the ledger.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from hub.call import Delivered, Failed, Misconfigured, NotSent, Outcome, Refused, Throttled, Unanswered, Unauthorised
from hub.caller import Answer, Caller
from hub.catalogue import Application, Catalogue, Exchange
from hub.contract import Document
from hub.errors import HubError, HubUnavailable, MessageError, Problem, Text
from hub.ledger import Acceptance, Claim, Content, Crossing, Ledger, Settlement
from hub.lifecycle import Decision, decide
from hub.message import Files, Record, State
from hub.routing import acceptance, followed_by
from hub.signals import Attempted, LaneChanged, Listener
from hub.translation import canonical_text, unpack

log = logging.getLogger("hub.dispatcher")

_OURSELVES = Text(
    en="The hub itself failed during this attempt; its log says why.",
    fr="Le hub lui-même a échoué pendant cette tentative ; son journal technique dit pourquoi.",
)


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
    """What an attempt came to, with the bytes that went and came back."""

    outcome: Outcome
    plan: Plan | None = None
    answer: Answer | None = None
    looked_up: bool = False

    @property
    def lesson(self) -> Outcome | None:
        """What the receiver's lane learns from it: nothing when no call was made for want of a message fit to be sent."""
        unfit = isinstance(self.outcome, Refused) and (self.answer is None or self.answer.reply is None)
        return None if unfit or self.answer is None else self.outcome


class Dispatcher:
    """Carries out claimed deliveries. `jitter` gives a number in 0..1, `new_id` the ids of the messages that follow."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        ledger: Ledger,
        caller: Caller,
        clock: Callable[[], datetime],
        jitter: Callable[[], float],
        new_id: Callable[[], str],
        announce: Listener,
        wake: Callable[[], None],
    ) -> None:
        self._catalogue = catalogue
        self._ledger = ledger
        self._caller = caller
        self._clock = clock
        self._jitter = jitter
        self._new_id = new_id
        self._announce = announce
        self._wake = wake

    async def attempt(self, claim: Claim) -> None:
        """Try a claimed delivery once, and settle what came of it. Raises HubUnavailable when it could not be settled;
        its lease then runs out, and it is looked up or sent again."""
        started = time.monotonic()
        result = await self._tried(claim)
        decision = self._decided(claim, result.outcome)
        settled = await self._ledger.settle(self._settlement(claim, result, decision, time.monotonic() - started))
        if settled:
            self._announced(claim, result, decision, time.monotonic() - started)

    async def _tried(self, claim: Claim) -> Result:
        """The outcome of one try; when the hub itself fails in it, the call may have left: unanswered."""
        try:
            return await self._carried_out(claim)
        except HubUnavailable:
            raise
        except Exception:
            log.exception("delivery %s: the hub itself failed", claim.delivery.id)
            return Result(Unanswered(_OURSELVES))

    # -- what is tried ------------------------------------------------------------------------------------------------

    async def _carried_out(self, claim: Claim) -> Result:
        """The outcome of one try: nothing leaves for a message that has expired or cannot be written."""
        if expired := _expired(claim, self._clock()):
            return Result(expired)
        try:
            plan = await self._translated(claim)
        except MessageError as error:
            return Result(_unwritable(error))
        except HubUnavailable:
            raise
        except HubError as error:
            return Result(Misconfigured(error.text))
        if isinstance(plan, Failed):
            return Result(plan)
        if claim.delivery.look_up and not plan.application.spec.operations[claim.delivery.operation].repeatable:
            found = await self._looked_up(plan)
            if found is not None:
                return found
        name, authority, key = claim.delivery.operation, claim.message.authority, claim.delivery.id
        answer = await self._caller.call(plan.application, name, plan.document, authority=authority, key=key)
        return Result(answer.outcome, plan, answer)

    async def _translated(self, claim: Claim) -> Plan | Failed:
        """The receiver's document, from the message's record; Failed while the crosswalk does not know its request."""
        message, delivery = claim.message, claim.delivery
        exchange = self._catalogue.exchange(message.exchange)
        application = self._catalogue.connectors[delivery.receiver]
        record = unpack((await self._ledger.content(message.id, "record")).data)
        missing = await self._recalled(claim, exchange, record)
        if isinstance(missing, Failed):
            return missing
        record = {**record, **missing}
        files = await self._files(message.id, record)
        document = exchange.translation.write(delivery.receiver, record, files, direction="out")
        return Plan(claim, exchange, application, record, document)

    async def _recalled(self, claim: Claim, exchange: Exchange, record: Record) -> Mapping[str, str] | Failed:
        """The rows that the crosswalk fills, by the identifiers that the record carries."""
        found = {}
        for name, by in exchange.translation.recalls(record).items():
            value = canonical_text(record.get(by))
            authority, sender = claim.message.authority, claim.message.sender
            reference = await self._ledger.recall(authority, sender, name=by, value=value)
            if reference is None:
                return Failed(_unknown_request(sender, by, value))
            found[name] = reference
        return found

    async def _files(self, message: str, record: Record) -> Files:
        contents = [await self._ledger.content(message, f"file:{ticket}") for ticket in _tickets(record)]
        return {content.name.removeprefix("file:"): content.data for content in contents}

    async def _looked_up(self, plan: Plan) -> Result | None:
        """What the receiver says of an unanswered call: found is delivered, not found (None) may be sent again."""
        delivery = plan.claim.delivery
        look_up = plan.application.spec.operations[delivery.operation].look_up
        if look_up is None:
            return None
        question = _question(plan, look_up)
        authority = plan.claim.message.authority
        answer = await self._caller.call(plan.application, look_up, question, authority=authority, key=delivery.id)
        match answer.outcome:
            case Delivered() if answer.missing:
                return None
            case Delivered() | Unauthorised() | Misconfigured() | Throttled():
                return Result(answer.outcome, plan, answer, looked_up=True)
            case other:
                return Result(NotSent(_could_not_look_up(other.reason)), plan, answer, looked_up=True)

    # -- what becomes of it -------------------------------------------------------------------------------------------

    def _decided(self, claim: Claim, outcome: Outcome) -> Decision:
        application = self._catalogue.connectors[claim.delivery.receiver]
        policy = application.retry_policy(claim.delivery.operation)
        return decide(
            outcome, claim.delivery, policy=policy, now=self._clock(), jitter=self._jitter(), probing=claim.probing
        )

    def _settlement(self, claim: Claim, result: Result, decision: Decision, seconds: float) -> Settlement:
        application = self._catalogue.connectors[claim.delivery.receiver]
        heard = self._heard(claim, result, decision)
        return Settlement(
            claim=claim,
            lesson=result.lesson,
            decision=decision,
            policy=application.lane_policy,
            now=self._clock(),
            keep=_kept(claim, result),
            crosswalk=self._crossings(claim, result, heard),
            follow_ups=self._follow_ups(claim, result, decision, heard),
            detail=_detail(result, seconds),
        )

    def _heard(self, claim: Claim, result: Result, decision: Decision) -> Record:
        """The reply rows that the receiver's answer carries, once delivered."""
        if not isinstance(result.outcome, Delivered) or result.plan is None or decision.state is not State.DELIVERED:
            return {}
        try:
            return result.plan.exchange.translation.read_reply(claim.delivery.receiver, result.outcome.answer)
        except MessageError as error:
            log.error("delivery %s is delivered, but its reply cannot be read: %s", claim.delivery.id, error)
            return {}

    def _crossings(self, claim: Claim, result: Result, heard: Record) -> tuple[Crossing, ...]:
        """The identifiers that the answer gives this request, for the crosswalk."""
        if result.plan is None:
            return ()
        message, receiver = claim.message, claim.delivery.receiver
        known = result.plan.exchange.translation.remembered(receiver, {**result.plan.record, **heard}) if heard else {}
        return tuple(
            Crossing(message.authority, receiver, name, value, message.reference, message.exchange)
            for name, value in known.items()
        )

    def _follow_ups(self, claim: Claim, result: Result, decision: Decision, heard: Record) -> tuple[Acceptance, ...]:
        """What the sender is told through another exchange now that the delivery has ended."""
        ended = _ended(result.outcome, decision)
        exchange = self._catalogue.exchanges.get(claim.message.exchange)
        if ended is None or exchange is None:
            return ()
        record = result.plan.record if result.plan else {}
        reason = decision.reason.fr if decision.reason else ""
        follow = exchange.translation.follow_up(ended, record, reply=heard, reason=reason)
        if follow is None:
            return ()
        key = f"{claim.delivery.id}:{ended}:{claim.delivery.tries}"
        sender = claim.delivery.receiver
        said = followed_by(follow, sender=sender, catalogue=self._catalogue, message=claim.message, key=key)
        return (acceptance(said, catalogue=self._catalogue, id=self._new_id(), now=self._clock()),)

    def _announced(self, claim: Claim, result: Result, decision: Decision, seconds: float) -> None:
        delivery = claim.delivery
        reason = decision.reason.en if decision.reason else ""
        self._announce(
            Attempted(
                delivery.exchange,
                delivery.lane,
                delivery.reference,
                delivery.message,
                delivery.id,
                str(decision.event),
                seconds,
                reason,
            )
        )
        if claim.probing and result.lesson:
            gate = "closed" if isinstance(result.lesson, Delivered | Refused) else "open"
            self._announce(LaneChanged(delivery.lane, gate, reason))
        self._wake()


def _ended(outcome: Outcome, decision: Decision) -> Literal["delivered", "refused"] | None:
    """How a delivery ended, for its sender. One that was given up is an operator's affair: nobody refused it."""
    match outcome, decision.state:
        case Delivered(), State.DELIVERED:
            return "delivered"
        case Refused(), State.DEAD:
            return "refused"
        case _:
            return None


def _expired(claim: Claim, now: datetime) -> Refused | None:
    expires = claim.message.expires_at
    if expires is None or expires > now or claim.delivery.look_up:
        return None
    return Refused(
        Text(en=f"Expired on {expires:%Y-%m-%d %H:%M} UTC.", fr=f"Périmé depuis le {expires:%d/%m/%Y %H:%M} UTC.")
    )


def _unwritable(error: MessageError) -> Refused:
    """A message that cannot be written for its receiver: every problem of it, in words."""
    problems = error.problems or (Problem(error.text),)
    return Refused(
        Text(
            en=" ".join(_told(problem, "en") for problem in problems),
            fr=" ".join(_told(problem, "fr") for problem in problems),
        )
    )


def _told(problem: Problem, language: str) -> str:
    where = problem.label or problem.row or problem.path
    words = problem.text.said_in(language)
    return f"{where}: {words}" if where else words


def _unknown_request(sender: str, name: str, value: str) -> Text:
    return Text(
        en=f"No request is known yet for {name} {value} of {sender}.",
        fr=f"Aucune demande n'est encore connue pour {name} {value} de {sender}.",
    )


def _could_not_look_up(reason: Text) -> Text:
    return Text(
        en=f"It could not be looked up, so it was not sent again: {reason.en}",
        fr=f"La recherche a échoué, rien n'a donc été renvoyé : {reason.fr}",
    )


def _question(plan: Plan, look_up: str) -> Document:
    """The look-up's request: what the delivery's own document says in the fields that the look-up has too."""
    part = plan.application.operation(look_up).input
    return _shared(plan.document, {child.name for child in part.shape.children}) if part else {}


def _shared(document: Document, names: set[str]) -> Document:
    return {name: value for name, value in document.items() if name in names}


def _tickets(value: Any) -> list[str]:
    """The tickets of the files that a record names, wherever they stand in it."""
    if isinstance(value, Mapping):
        own = [str(value["ticket"])] if "ticket" in value else []
        return own + [ticket for inside in value.values() for ticket in _tickets(inside)]
    if isinstance(value, list | tuple):
        return [ticket for inside in value for ticket in _tickets(inside)]
    return []


def _kept(claim: Claim, result: Result) -> tuple[Content, ...]:
    """The last request and reply of a delivery, as bytes."""
    answer, id = result.answer, claim.delivery.id
    if answer is None:
        return ()
    kept = [Content(f"request:{id}", answer.media, answer.request)]
    if answer.reply is not None:
        kept.append(Content(f"reply:{id}", answer.reply.media, answer.reply.body))
    return tuple(kept)


def _detail(result: Result, seconds: float) -> Mapping[str, Any]:
    detail: dict[str, Any] = {"outcome": type(result.outcome).__name__, "seconds": round(seconds, 3)}
    if result.answer and result.answer.reply:
        detail["status"] = result.answer.reply.status
    if result.looked_up:
        detail["looked_up"] = True
    return detail
