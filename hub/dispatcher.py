"""The door out: one attempt of a claimed delivery, as named steps, and what becomes of it.

`attempt` = translate, look up, guard, send, judge, decide, settle, announce. What follows from an outcome is decided in
`lifecycle`; what is on disk changes in one transaction of the ledger.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from hub.call import Delivered, Failed, Misconfigured, NotSent, Outcome, Refused, Throttled, Unanswered, Unauthorised
from hub.caller import Answer, Caller
from hub.catalogue import Application, Catalogue, Exchange
from hub.contract import Document
from hub.errors import HubError, HubUnavailable, MessageError, Problem, Text
from hub.ledger import Acceptance, Claim, Content, Crossing, Ledger, Settlement
from hub.lifecycle import Decision, RetryPolicy, decide
from hub.message import Files, Record, State
from hub.routing import acceptance, followed_by
from hub.signals import Attempted, LaneChanged, Listener
from hub.translation import canonical_text, unpack

log = logging.getLogger("hub.dispatcher")

FRESH = timedelta(seconds=10)
"""A lease that has still so long to run was not lost: a node that stood still for longer asks before it sends."""
AWAY = 1.0
"""Seconds between two tries to settle while the ledger is away."""

_NO_LOOK_UP = Text(
    en="It may have been carried out, and the application has no look-up that tells. Confirm it, or send it anew.",
    fr="L'appel a pu aboutir, et aucune recherche ne permet de le savoir. Confirmez la remise, ou renvoyez-la.",
)
_TOO_EARLY = Text(
    en="The application does not know it yet, and may still be at work on it: it is looked up again before it is sent anew.",
    fr="L'application ne le connaît pas encore, mais le traite peut-être : nouvelle recherche avant tout renvoi.",
)
_TAKEN_UP = Text(
    en="Another node has taken this delivery up, so it was not sent from here.",
    fr="Un autre nœud a repris cette remise : elle n'a pas été envoyée d'ici.",
)
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
        """Try a claimed delivery once, and settle what came of it, however long the ledger is away."""
        started = time.monotonic()
        result = await self._tried(claim)
        decision = self._decided(claim, result)
        settlement = self._settlement(claim, result, decision, time.monotonic() - started)
        if await self._settled(settlement):
            self._announced(claim, result, decision, time.monotonic() - started)

    async def _tried(self, claim: Claim) -> Result:
        """The outcome of one try. Whatever fails before its call, nothing has left; in it or after it, it is in doubt."""
        ready = await self._prepared(claim)
        if isinstance(ready, Result):
            return ready
        delivery, authority = claim.delivery, claim.message.authority
        try:
            answer = await self._caller.call(
                ready.application, delivery.operation, ready.document, authority=authority, key=delivery.id
            )
        except Exception:
            log.exception("delivery %s: the hub itself failed in the call", delivery.id)
            return Result(Unanswered(_OURSELVES), ready)
        return Result(answer.outcome, ready, answer)

    # -- what is tried ------------------------------------------------------------------------------------------------

    async def _prepared(self, claim: Claim) -> Plan | Result:
        """What is to be sent now, or the outcome of a try that sends nothing."""
        try:
            return await self._cleared(claim)
        except MessageError as error:
            return Result(_unwritable(error))
        except HubUnavailable as error:
            return Result(NotSent(error.text))
        except HubError as error:
            return Result(Failed(error.text))
        except Exception:
            log.exception("delivery %s: the hub itself failed before the call", claim.delivery.id)
            return Result(Failed(_OURSELVES))

    async def _cleared(self, claim: Claim) -> Plan | Result:
        """Nothing leaves for a message that has expired, cannot be written, may have been carried out, or is another's."""
        if expired := _expired(claim, self._clock()):
            return Result(expired)
        plan = await self._translated(claim)
        if isinstance(plan, Failed):
            return Result(plan)
        if claim.delivery.look_up and not plan.application.spec.operations[claim.delivery.operation].repeatable:
            settled = await self._looked_up(plan)
            if settled is not None:
                return settled
        return plan if await self._still_holds(claim) else Result(NotSent(_TAKEN_UP), plan)

    async def _still_holds(self, claim: Claim) -> bool:
        """Whether the claim is still good in the moment before its call leaves."""
        held, now = claim.delivery, self._clock()
        if held.lease_until and now + FRESH < held.lease_until:
            return True
        found = await self._ledger.delivery(held.id)
        return (found.token, found.holder) == (held.token, held.holder) and bool(
            found.lease_until and found.lease_until > now
        )

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
        """What the receiver says of a call in doubt: found is delivered, not found (None) may be sent again.

        A look-up asks by what the delivery's document and the look-up's request have in common, often the reference alone.
        So what it finds may be what an earlier message of the same reference made. The crosswalk tells: an identifier that
        it knows is another message's, and then a person must look. Without a `remember` row in the reply nothing tells
        them apart: such an exchange should say one message a reference.
        """
        delivery = plan.claim.delivery
        look_up = plan.application.spec.operations[delivery.operation].look_up
        if look_up is None:
            return Result(Unanswered(_NO_LOOK_UP), plan, asks_a_person=True)
        question = _question(plan, look_up)
        authority = plan.claim.message.authority
        answer = await self._caller.call(plan.application, look_up, question, authority=authority, key=delivery.id)
        match answer.outcome:
            case Delivered() if answer.missing:
                return await self._missing(plan, answer)
            case Delivered():
                return await self._found(plan, answer)
            case NotSent() | Unauthorised() | Misconfigured() | Throttled():
                return Result(answer.outcome, plan, answer, looked_up=True)
            case other:
                return Result(Failed(_could_not_look_up(other.reason)), plan, answer, looked_up=True)

    async def _missing(self, plan: Plan, answer: Answer) -> Result | None:
        """Not found, which is believed (None) once the call in doubt has had all its time; until then it may be at work."""
        connector = plan.application.spec
        limit = connector.operations[plan.claim.delivery.operation].timeout or connector.timeout
        doubted_at = await self._ledger.doubted_at(plan.claim.delivery)
        left = doubted_at + limit - self._clock() if doubted_at else timedelta(0)
        if left <= timedelta(0):
            return None
        return Result(Throttled(_TOO_EARLY, left, whole_lane=False), plan, answer, looked_up=True)

    async def _found(self, plan: Plan, answer: Answer) -> Result:
        """Found, unless what was found is known to be another message's."""
        found = Result(answer.outcome, plan, answer, looked_up=True)
        delivery, authority = plan.claim.delivery, plan.claim.message.authority
        known = plan.exchange.translation.remembered(delivery.receiver, _heard(found))
        for name, value in known.items():
            if await self._ledger.recall(authority, delivery.receiver, name=name, value=value):
                return replace(found, outcome=Unanswered(_of_another(value)), asks_a_person=True)
        return found

    # -- what becomes of it -------------------------------------------------------------------------------------------

    def _decided(self, claim: Claim, result: Result) -> Decision:
        policy = replace(self._policy(claim), can_look_up=False) if result.asks_a_person else self._policy(claim)
        now, jitter = self._clock(), self._jitter()
        return decide(result.outcome, claim.delivery, policy=policy, now=now, jitter=jitter, probing=claim.probing)

    def _policy(self, claim: Claim) -> RetryPolicy:
        """The waits of the receiver; an operation that the connector has no more is never sent, and so never repeated."""
        application, operation = self._catalogue.connectors[claim.delivery.receiver], claim.delivery.operation
        if operation in application.spec.operations:
            return application.retry_policy(operation)
        return RetryPolicy(application.spec.retry.waits, application.spec.retry.within, repeatable=False)

    def _settlement(self, claim: Claim, result: Result, decision: Decision, seconds: float) -> Settlement:
        heard = _heard(result) if decision.state is State.DELIVERED else {}
        follow_ups, unsaid = self._follow_ups(claim, result, decision, heard)
        return Settlement(
            claim=claim,
            lesson=result.lesson,
            decision=decision,
            policy=self._catalogue.connectors[claim.delivery.receiver].lane_policy,
            now=self._clock(),
            keep=_kept(claim, result),
            crosswalk=_crossings(claim, result, heard),
            follow_ups=follow_ups,
            detail={**_detail(result, seconds), **unsaid},
        )

    async def _settled(self, settlement: Settlement) -> bool:
        """Settle, for what the call came to is known here only. A hand that became stale meanwhile is fenced."""
        while True:
            try:
                return await self._ledger.settle(settlement)
            except HubUnavailable as error:
                log.warning("delivery %s is not settled yet: %s", settlement.claim.delivery.id, error)
                await asyncio.sleep(AWAY)
            except HubError as error:
                if _is_bare(settlement):
                    raise
                log.error("delivery %s is settled without what follows: %s", settlement.claim.delivery.id, error)
                settlement = _bare(settlement)

    def _follow_ups(
        self, claim: Claim, result: Result, decision: Decision, heard: Record
    ) -> tuple[tuple[Acceptance, ...], Mapping[str, str]]:
        """What the sender is told now that the delivery has ended; and, for the journal, that it could not be said. The
        delivery ends all the same."""
        try:
            return self._said(claim, result, decision, heard), {}
        except HubError as error:
            log.error("delivery %s has ended, but its sender cannot be told: %s", claim.delivery.id, error)
            return (), {"follow_up": error.text.en}
        except Exception as error:
            log.exception("delivery %s has ended, but its sender cannot be told", claim.delivery.id)
            return (), {"follow_up": type(error).__name__}

    def _said(self, claim: Claim, result: Result, decision: Decision, heard: Record) -> tuple[Acceptance, ...]:
        """What the mapping's `then` says through another exchange."""
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


def _heard(result: Result) -> Record:
    """The reply rows that the receiver's answer carries. What was taken is taken, whatever can be made of its answer."""
    if not isinstance(result.outcome, Delivered) or result.plan is None:
        return {}
    delivery = result.plan.claim.delivery
    try:
        return result.plan.exchange.translation.read_reply(delivery.receiver, result.outcome.answer)
    except Exception:
        log.exception("delivery %s is delivered, but its reply cannot be read", delivery.id)
        return {}


def _crossings(claim: Claim, result: Result, heard: Record) -> tuple[Crossing, ...]:
    """The identifiers that the answer gives this request, for the crosswalk."""
    if result.plan is None or not heard:
        return ()
    message, receiver = claim.message, claim.delivery.receiver
    known = result.plan.exchange.translation.remembered(receiver, {**result.plan.record, **heard})
    return tuple(
        Crossing(message.authority, receiver, name, value, message.reference, message.exchange)
        for name, value in known.items()
    )


def _bare(settlement: Settlement) -> Settlement:
    """The settlement without what follows from it, which the ledger does not take."""
    detail = {**settlement.detail, "follow_up": "refused by the ledger"}
    return replace(settlement, keep=(), crosswalk=(), follow_ups=(), detail=detail)


def _is_bare(settlement: Settlement) -> bool:
    return not (settlement.keep or settlement.crosswalk or settlement.follow_ups)


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


def _of_another(value: str) -> Text:
    return Text(
        en=f"It may have been carried out: the look-up finds {value}, which an earlier message of this reference made. "
        "Confirm it, or send it anew.",
        fr=f"L'appel a pu aboutir : la recherche trouve {value}, issu d'un message précédent de cette référence. "
        "Confirmez la remise, ou renvoyez-la.",
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
