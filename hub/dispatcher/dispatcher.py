"""The door out: one attempt of a claimed delivery, as named steps, and what becomes of it.

`attempt` = translate, look up, guard, send, judge, decide, settle, announce. What follows from an outcome is decided in
`lifecycle`; what is on disk changes in one transaction of the ledger.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

from hub.call import Delivered, Failed, Misconfigured, NotSent, Refused, Throttled, Unanswered, Unauthorised
from hub.caller import Answer, Caller
from hub.catalogue import Catalogue, Exchange
from hub.dispatcher.attempt import (
    Plan,
    Result,
    bare,
    crossings,
    detail_of,
    enclosed,
    heard_in,
    is_bare,
    kept,
    outgoing_key,
    question,
)
from hub.dispatcher.recollection import recollection
from hub.dispatcher.telling import Telling
from hub.dispatcher.words import (
    MOVED,
    NO_LOOK_UP,
    OF_WHICH,
    OURSELVES,
    TAKEN_UP,
    TOO_EARLY,
    clash,
    could_not_look_up,
    expired,
    of_another,
    too_large_inside,
    unknown_request,
    unwritable,
)
from hub.errors import HubError, HubUnavailable, MessageError
from hub.facts import replace
from hub.ledger import Claim, Ledger, Moved, Settlement
from hub.lifecycle import Decision, Event, RetryPolicy, decide
from hub.message import DELIVERED, Delivery, Files, Record, State
from hub.signals import Attempted, LaneChanged, Listener
from hub.translation import Merged, Receiver, canonical_text, merge, unpack
from hub.transports.packages import NOTHING_BESIDE, Beside

log = logging.getLogger("hub.dispatcher")

FRESH = timedelta(seconds=10)
"""A lease that has still so long to run was not lost: a node that stood still for longer asks before it sends."""
LARGEST_INSIDE = 20 * 1024 * 1024
"""Bytes of files that still go into a document, in base64: there they are in memory, several times."""

AWAY = 1.0
"""Seconds between two tries to settle while the ledger is away."""


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
    ) -> None:
        self._catalogue = catalogue
        self._ledger = ledger
        self._caller = caller
        self._telling = Telling(catalogue=catalogue, ledger=ledger, clock=clock, new_id=new_id)
        self._clock = clock
        self._jitter = jitter
        self._announce = announce
        self._lane_policies = {name: each.lane_policy for name, each in catalogue.connectors.items()}
        self._retry_policies = {
            (name, operation): each.retry_policy(operation)
            for name, each in catalogue.connectors.items()
            for operation in each.spec.operations
        }
        self._enclosing = {
            (name, operation)
            for name, each in catalogue.connectors.items()
            for operation in each.spec.operations
            if each.encloses(operation)
        }

    async def attempt(self, claim: Claim) -> None:
        """Try a claimed delivery once, and settle what came of it, however long the ledger is away."""
        started = time.monotonic()
        await self.settle(claim, await self._tried(claim), started=started)

    async def settle(self, claim: Claim, result: Result, *, started: float) -> bool:
        """Decide what follows from a result, write it, and say so; False when the claim was another's meanwhile."""
        now, seconds = self._clock(), time.monotonic() - started
        decision = self._decided(claim, result, now=now)
        holds = await self._settled(lambda: self._settlement(claim, result, decision, now=now, seconds=seconds))
        if holds:
            self._announced(claim, result, decision, time.monotonic() - started)
        return holds

    async def _tried(self, claim: Claim) -> Result:
        """The outcome of one try. Whatever fails before its call, nothing has left; in it or after it, it is in doubt."""
        ready = await self.prepare(claim)
        if isinstance(ready, Result):
            return ready
        delivery, authority = claim.delivery, claim.message.authority
        try:
            answer = await self._caller.call(
                ready.application,
                delivery.operation,
                ready.document,
                authority=authority,
                key=outgoing_key(claim),
                beside=await self._beside(ready) if self._encloses(delivery) else NOTHING_BESIDE,
                leave_by=ready.leave_by,
            )
        except Exception:
            log.exception("delivery %s: the hub itself failed in the call", delivery.id)
            return Result(Unanswered(OURSELVES), ready)
        return Result(answer.outcome, ready, answer)

    # -- what is tried ------------------------------------------------------------------------------------------------

    async def prepare(self, claim: Claim) -> Plan | Result:
        """What is to be said now, or the outcome of a try that says nothing."""
        try:
            return await self._cleared(claim)
        except MessageError as error:
            return Result(unwritable(error, claim), asks_a_person=claim.delivery.look_up)
        except HubUnavailable as error:
            return Result(NotSent(error.text))
        except HubError as error:
            return Result(Failed(error.text))
        except Exception:
            log.exception("delivery %s: the hub itself failed before the call", claim.delivery.id)
            return Result(Failed(OURSELVES))

    async def _cleared(self, claim: Claim) -> Plan | Result:
        """Nothing leaves for a message that has expired, cannot be written, may have been carried out, or is another's."""
        if claim.message.expires_at and (too_late := expired(claim, self._clock())):
            return Result(too_late, is_late=True)
        plan = self._as_written(claim) or await self._translated(claim)
        if isinstance(plan, Result):
            return plan
        if plan.known.memory and (settled := _without_a_call(plan)):
            return settled
        if claim.delivery.look_up and not self._policy(claim).repeatable:
            settled = await self._looked_up(plan)
            if settled is not None:
                return settled
        if plan.telling:
            await self._ledger.tell(plan.telling)
        left = self._left_of(claim.delivery)
        if left < FRESH:
            left = await self._still_left(claim)
        if left <= timedelta(0):
            return Result(NotSent(TAKEN_UP), plan)
        return replace(plan, leave_by=time.monotonic() + left.total_seconds())

    def _left_of(self, held: Delivery) -> timedelta:
        """How long the lease of a delivery still runs: for FRESH or more, and the claim is good beyond question."""
        return held.lease_until - self._clock() if held.lease_until else timedelta(0)

    async def _still_left(self, claim: Claim) -> timedelta:
        """How long its lease still runs, if the claim is still good in the moment before its call leaves; else nothing."""
        held = claim.delivery
        found = await self._ledger.delivery(held.id)
        # The clock is read after the book: this node may have stood still in between.
        is_ours = (found.token, found.holder) == (held.token, held.holder)
        return self._left_of(found) if is_ours else timedelta(0)

    def _as_written(self, claim: Claim) -> Plan | None:
        """The receiver's document as it was written when its message was accepted, if the claim brings it."""
        if claim.document is None or claim.record is None:
            return None
        exchange = self._catalogue.exchange(claim.message.exchange).of(claim.message.authority)
        merged = Merged(dict(claim.document), claim.record)
        application = self._catalogue.connectors[claim.delivery.receiver]
        return Plan(claim, exchange, application, claim.record, claim.document, merged)

    async def _translated(self, claim: Claim) -> Plan | Result:
        """The receiver's document, from the message's record; a failure while the crosswalk does not know its request, and
        nothing to do for a late echo."""
        message, delivery = claim.message, claim.delivery
        exchange = self._catalogue.exchange(message.exchange).of(message.authority)
        application = self._catalogue.connectors[delivery.receiver]
        record = await self._record(claim)
        missing = await self._recalled(claim, exchange, record)
        if isinstance(missing, Failed):
            return Result(missing)
        known = await recollection(self._ledger, claim, exchange)
        believed = known.believed(exchange.translation, message.sender, {**record, **missing})
        if believed is None:
            return Result(Delivered({}), is_old=True)
        files = await self._files(message.id, believed, self._encloses(delivery))
        merged = merge(
            exchange.translation,
            Receiver(
                delivery.receiver, "collect" if application.collects(delivery.operation) else "out", delivery.operation
            ),
            believed,
            files,
            sender=message.sender,
            before=known.before,
            onto=known.image(delivery.receiver),
        )
        return Plan(claim, exchange, application, believed, merged.document, merged, known)

    async def _record(self, claim: Claim) -> Record:
        """The message's record: brought by the claim, or read."""
        if claim.record is not None:
            return claim.record
        return unpack(claim.packed or (await self._ledger.content(claim.message.id, "record")).data)

    async def _recalled(self, claim: Claim, exchange: Exchange, record: Record) -> Mapping[str, str] | Failed:
        """The rows that the crosswalk fills, by the identifiers that the record carries."""
        found = {}
        for name, by in exchange.translation.recalls(record).items():
            value = canonical_text(record.get(by))
            authority, sender = claim.message.authority, claim.message.sender
            reference = await self._ledger.recall(authority, sender, name=by, value=value)
            if reference is None:
                return Failed(unknown_request(sender, by, value))
            found[name] = reference
        return found

    async def _files(self, message: str, record: Record, encloses: bool) -> Files:
        """The files that a record names: as they leave beside a document, or their bytes, to stand in it. MessageError when
        they are too large to."""
        named = enclosed(record)
        if encloses:
            return dict(named)
        if (size := sum(file.size for _, file in named)) > LARGEST_INSIDE:
            raise MessageError(too_large_inside(size))
        return {ticket: await self._bytes(message, ticket) for ticket in dict(named)}

    async def _bytes(self, message: str, ticket: str) -> bytes:
        return b"".join([piece async for piece in self._ledger.file(message, ticket)])

    def _encloses(self, delivery: Delivery) -> bool:
        """Whether the files of a delivery travel beside its document."""
        return (delivery.receiver, delivery.operation) in self._enclosing

    async def _beside(self, plan: Plan) -> Beside:
        """The files that leave beside the document, under the names that their sender gave them."""
        message = plan.claim.message.id
        return Beside(message, {**dict(enclosed(plan.record)), **await self._ledger.uploads(message)})

    async def _looked_up(self, plan: Plan) -> Result | None:
        """What the receiver says of a call in doubt: found is delivered, not found (None) may be sent again.

        A look-up asks by what the delivery's document and the look-up's request have in common, often the reference alone.
        So what it finds may be what an earlier message of the same reference made. The crosswalk tells: an identifier that
        it knows is another message's. Where it does not know one for each that was delivered (a reply without a `remember`
        row, a delivery that a person confirmed), nothing tells. Both times a person must look.
        """
        delivery = plan.claim.delivery
        look_up = plan.application.spec.operations[delivery.operation].look_up
        if look_up is None:
            return Result(Unanswered(NO_LOOK_UP), plan, asks_a_person=True)
        asked = question(plan, look_up)
        authority, asked_at = plan.claim.message.authority, self._clock()
        answer = await self._caller.call(plan.application, look_up, asked, authority=authority, key=outgoing_key(plan.claim))
        match answer.outcome:
            case Delivered() if answer.missing:
                return await self._missing(plan, answer, asked_at=asked_at)
            case Delivered():
                return await self._found(plan, answer)
            case NotSent() | Unauthorised() | Misconfigured() | Throttled():
                return Result(answer.outcome, plan, answer, looked_up=True)
            case other:
                return Result(Failed(could_not_look_up(other.reason)), plan, answer, looked_up=True)

    async def _missing(self, plan: Plan, answer: Answer, *, asked_at: datetime) -> Result | None:
        """Not found, which is believed (None) if the call in doubt had had all its time when this was asked; else it may
        have been at work then, however late the answer is read."""
        connector = plan.application.spec
        limit = connector.operations[plan.claim.delivery.operation].timeout or connector.timeout
        doubted_at = await self._ledger.doubted_at(plan.claim.delivery)
        left = doubted_at + limit - asked_at if doubted_at else timedelta(0)
        if left <= timedelta(0):
            return None
        return Result(Throttled(TOO_EARLY, left, whole_lane=False), plan, answer, looked_up=True)

    async def _found(self, plan: Plan, answer: Answer) -> Result:
        """Found, unless what was found is, or may be, another message's."""
        found = Result(answer.outcome, plan, answer, looked_up=True)
        delivery, authority = plan.claim.delivery, plan.claim.message.authority
        named = plan.exchange.translation.remembered(delivery.receiver, heard_in(found))
        for name, value in named.items():
            if await self._ledger.recall(authority, delivery.receiver, name=name, value=value):
                return replace(found, outcome=Unanswered(of_another(value)), asks_a_person=True)
        if await self._identified(delivery, named) < await self._ledger.delivered_before(delivery):
            return replace(found, outcome=Unanswered(OF_WHICH), asks_a_person=True)
        return found

    async def _identified(self, delivery: Delivery, named: Mapping[str, str]) -> int:
        """How many things of this reference the crosswalk tells apart by the identifiers that are `named` here."""
        crossings = await self._ledger.crosswalk_of(delivery.reference, authority=delivery.authority)
        known = Counter(each.name for each in crossings if each.application == delivery.receiver)
        return min((known[name] for name in named), default=0)

    # -- what becomes of it -------------------------------------------------------------------------------------------

    def _decided(self, claim: Claim, result: Result, *, now: datetime) -> Decision:
        policy = replace(self._policy(claim), can_look_up=False) if result.asks_a_person else self._policy(claim)
        outcome, held = result.outcome, claim.delivery
        decision = decide(outcome, held, policy=policy, now=now, jitter=self._jitter(), probing=claim.probing)
        return replace(decision, event=Event.EXPIRED) if result.is_late else decision

    def _policy(self, claim: Claim) -> RetryPolicy:
        """The waits of the receiver; an operation that the connector has no more is never sent, and so never repeated."""
        receiver = claim.delivery.receiver
        if policy := self._retry_policies.get((receiver, claim.delivery.operation)):
            return policy
        retry = self._catalogue.connectors[receiver].spec.retry
        return RetryPolicy(retry.waits, retry.within, repeatable=False)

    async def _settlement(
        self, claim: Claim, result: Result, decision: Decision, *, now: datetime, seconds: float
    ) -> Settlement:
        heard = heard_in(result) if decision.state is DELIVERED else {}
        news = await self._telling.news(claim, result, decision=decision, heard=heard)
        images = result.plan.images if result.plan and decision.state is DELIVERED else ()
        return Settlement(
            claim=claim,
            lesson=result.lesson,
            decision=decision,
            policy=self._lane_policies[claim.delivery.receiver],
            now=now,
            keep=(*kept(claim, result), *news.keep),
            crosswalk=crossings(claim, result, heard),
            follow_ups=news.follow_ups,
            detail={**detail_of(result, seconds), **news.detail},
            images=images,
            moved=self._merged_anew(claim) if images else None,
            fellows=news.fellows,
        )

    def _merged_anew(self, claim: Claim) -> Decision | None:
        """What follows when the receiver changed, during the call, what it was told: it is told again, if that may be."""
        held = claim.delivery
        if not self._policy(claim).repeatable:
            return None
        return Decision(State.WAITING, Event.RETRY, self._clock(), held.attempts, reason=MOVED)

    async def _settled(self, make: Callable[[], Awaitable[Settlement]]) -> bool:
        """Settle, for what the call came to is known here only. A hand that became stale meanwhile is fenced."""
        made: Settlement | None = None
        while True:
            try:
                made = made or await make()
                return await self._ledger.settle(made)
            except Moved:
                made = None
            except HubUnavailable as error:
                log.warning("a delivery is not settled yet: %s", error)
                await asyncio.sleep(AWAY)
            except HubError as error:
                if made is None or is_bare(made):
                    raise
                log.error("delivery %s is settled without what follows: %s", made.claim.delivery.id, error)
                made = bare(made)

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


def _without_a_call(plan: Plan) -> Result | None:
    """What a two-way exchange settles without a call: a clash, or what the receiver holds already."""
    if plan.merged.clashes and not plan.known.is_settled:
        return Result(clash(plan.merged.clashes, plan.claim), plan, clashes=plan.merged.clashes)
    return Result(Delivered({}), plan, is_old=True) if plan.is_old else None
