"""The mailboxes: where applications that nobody can call fetch what is for them, and acknowledge it.

What is fetched is leased to its application: until the lease ends nobody else is given it, and what is not acknowledged by
then is there again. An acknowledgement has the effects of an answer to a call, and is given under the receipt of its fetch.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from hub.call import Delivered, Refused
from hub.caller import Caller, all_problems, keyed
from hub.catalogue import Catalogue, mailbox
from hub.codecs import Codecs
from hub.contract import Document, Part
from hub.dispatcher import Dispatcher, Plan, Result, outgoing_key
from hub.errors import Conflict, LeaseEnded, MessageError, NotFound, Text
from hub.ledger import Claim, Ledger
from hub.lifecycle import BEYOND_AT_ONCE, BEYOND_PER_SECOND, Lane, LanePolicy
from hub.message import Delivery, Message, State

BETWEEN = 0.5
"""Seconds between two looks into a mailbox while somebody waits at it."""
UNBOUNDED = LanePolicy(at_once=int(BEYOND_AT_ONCE), per_second=BEYOND_PER_SECOND)
"""A collector takes as much as it asks for."""


@dataclass(frozen=True, slots=True)
class Collector:
    """Who stands at its mailbox: an authority's application, and the exchanges that it asks for."""

    application: str
    authority: str
    exchanges: tuple[str, ...]

    @property
    def holder(self) -> str:
        """How the ledger names it: as no start of a node is named."""
        return f"{self.application}@{self.authority}"

    @property
    def lanes(self) -> dict[str, LanePolicy]:
        """Where what is for it waits."""
        names = (mailbox(self.application, authority=self.authority, exchange=each) for each in self.exchanges)
        return dict.fromkeys(names, UNBOUNDED)


@dataclass(frozen=True, slots=True)
class Fetch:
    """How much is fetched at most, for how long it is leased, and how many seconds one waits while there is nothing."""

    most: int
    lease: timedelta
    wait: float


@dataclass(frozen=True, slots=True)
class Parcel:
    """One delivery in a collector's hands: `body` is the document of its operation, `media` the contract's."""

    delivery: Delivery
    message: Message
    media: str
    body: bytes

    @property
    def receipt(self) -> str:
        """What it is acknowledged under."""
        return str(self.delivery.token)


class Mailboxes:
    """All mailboxes of an installation."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        ledger: Ledger,
        caller: Caller,
        dispatcher: Dispatcher,
        clock: Callable[[], datetime],
    ) -> None:
        self._catalogue = catalogue
        self._ledger = ledger
        self._caller = caller
        self._dispatcher = dispatcher
        self._clock = clock
        self._codecs = Codecs()

    async def fetch(self, by: Collector, fetch: Fetch, *, is_gone: Callable[[], Awaitable[bool]]) -> tuple[Parcel, ...]:
        """What waits for the collector, in order per reference; () after the wait, or as soon as it `is_gone`."""
        until = time.monotonic() + fetch.wait
        while True:
            claims = await self._claimed(by, fetch)
            parcels = [parcel for claim in claims if (parcel := await self._parcel(claim))]
            left = until - time.monotonic()
            if parcels or left <= 0 or await is_gone():
                return tuple(parcels)
            await asyncio.sleep(min(BETWEEN, left))

    async def acknowledge(self, by: Collector, delivery: str, receipt: str, *, answer: Any = None) -> State:
        """The collector has done it, and says in `answer` what its contract's answer says: as JSON says it, XML as text, or
        the document's own bytes. The same again changes nothing.

        NotFound, Conflict when it was fetched again since, LeaseEnded, MessageError for an answer that does not fit.
        """
        found = await self._found(by, delivery, receipt)
        if found.state is State.DELIVERED:
            return found.state
        self._check_leased(found, by)
        document, body = self._answer(found, answer)
        return await self._settled(found, Delivered(document, body))

    async def refuse(self, by: Collector, delivery: str, receipt: str, *, reason: str) -> State:
        """The collector will never do it, for a reason that a person and the sender can read."""
        found = await self._found(by, delivery, receipt)
        if found.state is State.DEAD:
            return found.state
        self._check_leased(found, by)
        said = Text(en=f"{by.application} refused it: {reason}", fr=f"{by.application} l'a refusé : {reason}")
        return await self._settled(found, Refused(said))

    async def release(self, by: Collector, delivery: str, receipt: str, *, later: timedelta) -> State:
        """The collector gives it back, to be fetched again `later`."""
        found = await self._found(by, delivery, receipt)
        self._check_leased(found, by)
        now = self._clock()
        if not await self._ledger.put_back(found, now=now, due_at=now + later):
            raise _ended()
        return State.WAITING

    async def _claimed(self, by: Collector, fetch: Fetch) -> tuple[Claim, ...]:
        now = self._clock()
        look = await self._ledger.look(by.lanes, now=now)
        lanes = dict.fromkeys(look.due, UNBOUNDED)
        if not lanes:
            return ()
        return await self._ledger.claim(lanes, now=now, lease=fetch.lease, limit=fetch.most, holder=by.holder)

    async def _parcel(self, claim: Claim) -> Parcel | None:
        """What the collector is handed; nothing when there is nothing to be told, which is settled at once."""
        started = time.monotonic()
        plan = await self._dispatcher.prepare(claim)
        body = self._body(plan) if isinstance(plan, Plan) else plan
        if isinstance(body, Result):
            await self._dispatcher.settle(claim, body, started=started)
            return None
        part = self._catalogue.connectors[claim.delivery.receiver].operation(claim.delivery.operation).input
        return Parcel(claim.delivery, claim.message, part.media if part else "", body)

    def _body(self, plan: Plan) -> bytes | Result:
        """The document's bytes, with the hub's key where the operation wants it; refused when its contract refuses it."""
        delivery, application = plan.claim.delivery, plan.application
        document = keyed(application, delivery.operation, plan.document, outgoing_key(plan.claim))
        try:
            return self._caller.body(application, delivery.operation, document)
        except MessageError as error:
            return Result(Refused(all_problems(error)), plan)

    async def _found(self, by: Collector, delivery: str, receipt: str) -> Delivery:
        """A delivery of this mailbox, last fetched under this receipt."""
        found = await self._ledger.delivery(delivery)
        if found.lane not in by.lanes:
            raise NotFound(Text(en="There is no such delivery here.", fr="Cette remise n'est pas ici."))
        if receipt != str(found.token):
            raise Conflict(
                Text(
                    en="This receipt is not that of its last fetch: it was given to somebody else since.",
                    fr="Cet accusé n'est pas celui de son dernier retrait : elle a été remise à un autre depuis.",
                )
            )
        return found

    def _check_leased(self, found: Delivery, by: Collector) -> None:
        until = found.lease_until
        if found.state is not State.SENDING or found.holder != by.holder or until is None or until <= self._clock():
            raise _ended()

    def _answer(self, found: Delivery, answer: Any) -> tuple[Document, bytes]:
        """The collector's answer as a document, held against the contract."""
        if answer is None:
            return {}, b""
        part = self._catalogue.connectors[found.receiver].operation(found.operation).output
        if part is None:
            raise MessageError(
                Text(
                    en="Its contract knows no answer here: leave it out.",
                    fr="Son contrat ne prévoit pas de réponse : retirez-la.",
                )
            )
        body = _bytes_of(answer, part)
        if problems := part.check(body):
            raise MessageError(problems=problems)
        return self._codecs.of(part).read(body), body

    async def _settled(self, found: Delivery, outcome: Delivered | Refused) -> State:
        claim = Claim(found, await self._ledger.message(found.message), Lane(found.lane))
        plan = await self._dispatcher.prepare(claim)
        result = Result(outcome, plan if isinstance(plan, Plan) else None)
        if not await self._dispatcher.settle(claim, result, started=time.monotonic()):
            raise _ended()
        return State.DELIVERED if isinstance(outcome, Delivered) else State.DEAD


def exchanges_of(catalogue: Catalogue, application: str) -> Collection[str]:
    """The exchanges that an application fetches."""
    return [name for name, exchange in catalogue.exchanges.items() if exchange.collected_by(application)]


def _bytes_of(answer: Any, part: Part) -> bytes:
    if isinstance(answer, bytes):
        return answer
    return answer.encode() if isinstance(answer, str) and "json" not in part.media else orjson.dumps(answer)


def _ended() -> LeaseEnded:
    return LeaseEnded(
        Text(
            en="It was not acknowledged in time: fetch it again.",
            fr="Elle n'a pas été acquittée à temps : retirez-la de nouveau.",
        )
    )
