"""The door in: whatever arrives (REST, SOAP, a fetched list) is read, held against its contract, and accepted on disk.

Nothing of a message that is refused is kept; every error of it is said at once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Literal

from hub.aside import aside
from hub.catalogue import Catalogue, Exchange
from hub.claim_check import ClaimCheck
from hub.codecs import Codecs, read_held
from hub.contract import Document, Part
from hub.errors import HubError, HubUnavailable, MessageError, NotFound, Problem, Text, TooManyWaiting
from hub.facts import Fact, field, replace
from hub.ledger import Acceptance, Ledger, Moved
from hub.memory import recollect
from hub.message import Apart, Delivery, Files, Receipt
from hub.retrieval import Errand, Retrieval
from hub.routing import FETCHED, NOTHING_WRITTEN, Said, acceptance
from hub.settings import MOST_WAITING
from hub.signals import Accepted, Listener, NotAccepted
from hub.translation import Fetched, Reading, Receiver, Wanted, canonical_text, fingerprint, merge, unpack
from hub.watermarks import Watermarks

Direction = Literal["in", "feed"]

TRIES = 20
"""How often a message is merged anew that meets others of its object in the same moment."""


class Arrival(Fact, frozen=True):
    """One thing that came to a door: for REST the body, for SOAP the element inside the SOAP body.

    `parameters` are REST parameters (`@name`); `key` is the sender's own idempotency key, if it gave one; `expires_at` is
    when it will be of no more use to its sender. `files` came beside the body, in which each stands by its `stand_in`; those
    that are given by their address and are there already are `fetched`.
    """

    exchange: str
    application: str
    authority: str
    body: bytes
    direction: Direction = "in"
    parameters: Mapping[str, str] = field(default_factory=dict)
    key: str = ""
    caller_url: str = ""
    trace: str = ""
    expires_at: datetime | None = None
    files: Files = field(default_factory=dict)
    fetched: Fetched = field(default_factory=dict)


class Intake:
    """Accepts what arrives. `new_id` gives message ids, `clock` the time; `claim_check` sees every file, and `retrieval`
    fetches those that are given by their address."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        ledger: Ledger,
        claim_check: ClaimCheck,
        retrieval: Retrieval,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        announce: Listener,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._watermarks = Watermarks(catalogue, ledger, most=most_waiting, clock=clock)
        self._catalogue = catalogue
        self._ledger = ledger
        self._claim_check = claim_check
        self._retrieval = retrieval
        self._clock = clock
        self._new_id = new_id
        self._announce = announce
        self._codecs = Codecs()

    async def accept(self, arrival: Arrival) -> Receipt:
        """The receipt of a message that is now on disk.

        Raises NotFound for an exchange that the application does not say, MessageError with every problem of the
        message, HubUnavailable when the ledger cannot take it.
        """
        errand = Errand(arrival.application, arrival.authority)
        try:
            await self._watermarks.admit(arrival.application, arrival.authority)
            receipt = await self._kept(partial(self._recognise, arrival, errand))
        except MessageError as error:
            self._announce(NotAccepted(arrival.exchange, arrival.application, error.kind))
            raise
        except TooManyWaiting:
            self._announce(NotAccepted(arrival.exchange, arrival.application, "too-many-waiting"))
            raise
        finally:
            if errand.uploads:
                await self._claim_check.let_go(errand.uploads)
        self._accepted(arrival, receipt)
        return receipt

    async def corrected(self, delivery: Delivery, body: bytes, *, parameters: Mapping[str, str] | None = None) -> Acceptance:
        """What a corrected document of its sender becomes, for the receiver of this delivery alone: read, held against its
        contract and mapped like any other. Nothing is accepted yet; MessageError with every problem."""
        old = await self._ledger.message(delivery.message)
        if not old.operation or self._catalogue.exchange(old.exchange).incoming(old.sender) != old.operation:
            raise MessageError(_NO_DOCUMENT, kind="no-document")
        files = await self._ledger.uploads(old.id)
        arrival = Arrival(
            old.exchange,
            old.sender,
            old.authority,
            body,
            parameters=parameters or {},
            key=f"{delivery.id}:corrected:{delivery.tries}",
            caller_url=old.caller_url,
            trace=old.trace,
            files=files,
            fetched=await self._fetched_for(old.id, files),
        )
        errand = Errand(old.sender, old.authority)
        try:
            made = await self._recognise(arrival, errand)
        except HubError:
            await self._claim_check.let_go(errand.uploads)
            raise
        kept = tuple(each for each in made.deliveries if each.receiver == delivery.receiver)
        if not kept:
            raise MessageError(_NO_NEWS, kind="no-news")
        return replace(made, deliveries=kept)

    async def accept_list(
        self, exchange: str, documents: Sequence[Document], *, sender: str, authority: str, cursor: tuple[str, str] | None
    ) -> tuple[Receipt | MessageError, ...]:
        """Accept the items of a fetched list, and move the cursor of its schedule with them, if there is one to move.

        One answer per item; an item that cannot be read is refused alone, and the others are taken.
        """
        await self._watermarks.admit(sender, authority)
        entered = self._catalogue.exchange(exchange).of(authority)
        errand = Errand(sender, authority)
        try:
            read = [await self._item(entered, document, errand) for document in documents]
            results = await self._items(entered, read, cursor)
        finally:
            await self._claim_check.let_go(errand.uploads)
        for result in results:
            if isinstance(result, Receipt):
                self._watermarks.entered(sender, authority, deliveries=len(result.deliveries))
                self._announce(Accepted(exchange, sender, result.reference, result.message, result.duplicate))
            else:
                self._announce(NotAccepted(exchange, sender, result.kind))
        return results

    async def _kept(self, recognised: Callable[[], Awaitable[Acceptance]]) -> Receipt:
        """The receipt of an acceptance; made anew when what its sender holds was changed in the same moment."""
        for _ in range(TRIES):
            try:
                return await self._ledger.accept(await recognised())
            except Moved:
                continue
        raise HubUnavailable

    async def _recognise(self, arrival: Arrival, errand: Errand) -> Acceptance:
        exchange = self._catalogue.exchange(arrival.exchange).of(arrival.authority)
        operation = exchange.operation(arrival.application, arrival.direction)
        if operation is None:
            raise NotFound(
                Text(
                    en=f"“{arrival.application}” does not say “{exchange.name}”.",
                    fr=f"« {arrival.application} » n'émet pas l'échange « {exchange.name} ».",
                )
            )
        part = self._catalogue.connectors[arrival.application].operation(operation).input
        size = len(arrival.body)
        document, reading = await aside(self._read, exchange, arrival, part, size=size)
        said = Said(
            exchange,
            arrival.application,
            operation,
            arrival.authority,
            reading.record,
            files=reading.files,
            original=arrival.body,
            media=part.media if part else "",
            key=arrival.key,
            caller_url=arrival.caller_url,
            trace=arrival.trace,
            expires_at=arrival.expires_at,
            document=document,
        )
        if reading.wanted:
            said, is_known = await self._with_fetched(said, reading.wanted, arrival, errand)
            if is_known:
                return await self._accepted_of(said)
        if said.files:
            await self._claim_check.look_at(said.files.values())
        said = await self._addressed(said)
        written = await aside(self._written, said, size=size)
        made = self._acceptance(said, documents=written)
        return await self._in_time(made) if made.message.expires_at else made

    def _read(self, exchange: Exchange, arrival: Arrival, part: Part | None) -> tuple[Document, Reading]:
        """The document of an arrival, and its record; both are empty where its operation says nothing. Raises MessageError
        with the problems of its rows and, besides, of its contract."""
        if part is None:
            return {}, Reading({}, {})
        body, is_held = read_held(self._codecs.of(part), arrival.body)
        document = {**body, **arrival.parameters}
        reading, problems = _rows(exchange, document, arrival)
        others = () if is_held else part.check(arrival.body)
        if reading is not None and not others:
            return document, reading
        named = {problem.path for problem in problems}
        raise MessageError(problems=(*problems, *[problem for problem in others if problem.path not in named]))

    async def _with_fetched(
        self, said: Said, wanted: Sequence[Wanted], arrival: Arrival, errand: Errand
    ) -> tuple[Said, bool]:
        """What was said with the files that it gives by their addresses; or, of a message that is known already, without
        them, and True: they are not fetched again. Raises MessageError, HubUnavailable.

        By its fingerprint the same addresses are the same message, whatever has become of what was there.
        """
        said = replace(said, fingerprint=fingerprint(said.record), files={})
        if await self._ledger.knows((await self._accepted_of(said)).message):
            return said, True
        missing = [each for each in wanted if each.address not in arrival.fetched]
        fetched = {**arrival.fetched, **await self._retrieval.fetch(missing, errand)}
        read = said.exchange.translation.read
        reading = read(said.sender, said.document or {}, direction=arrival.direction, apart=arrival.files, fetched=fetched)
        named = {address: ticket for address, (ticket, _) in fetched.items()}
        return replace(said, record=reading.record, files=reading.files, fetched=named), False

    async def _fetched_for(self, message: str, files: Files) -> Fetched:
        """What was fetched for a message when it was accepted, of what is still kept."""
        try:
            content = await self._ledger.content(message, FETCHED)
        except NotFound:
            return {}
        return {address: (ticket, files[ticket]) for address, ticket in unpack(content.data).items() if ticket in files}

    def _written(self, said: Said) -> dict[tuple[str, str], Document]:
        """What each receiver is to be told, by receiver and operation. What one of them could not be told is refused now, in
        the sender's rows: MessageError.

        Nothing for a record whose request is still to be recalled, and in a two-way exchange: there, it is written as they
        stand when it is delivered. Nor where files are to travel otherwise than they came.
        """
        translation, memory = said.exchange.translation, said.memory
        if translation.recalls(said.record):
            return {}
        written: dict[tuple[str, str], Document] = {}
        for receiver in translation.receivers(said.sender):
            before, onto = (memory.image(said.sender), memory.image(receiver.side)) if memory else (None, None)
            merged = merge(translation, receiver, said.record, said.files, sender=said.sender, before=before, onto=onto)
            if not said.files or self._travel_as_they_came(said.files, receiver):
                written[receiver.side, receiver.operation] = merged.document
        return {} if translation.two_way else written

    def _travel_as_they_came(self, files: Files, receiver: Receiver) -> bool:
        beside = self._catalogue.connectors[receiver.side].encloses(receiver.operation)
        return all(isinstance(file, Apart) == beside for file in files.values())

    async def _in_time(self, acceptance: Acceptance) -> Acceptance:
        """Refuse what comes too late to be of use, unless it repeats what came in time. MessageError."""
        message = acceptance.message
        if message.expires_at is None or message.expires_at > message.accepted_at or await self._ledger.knows(message):
            return acceptance
        at = message.expires_at
        raise MessageError(
            Text(
                en=f"It comes too late: it was of use until {at:%Y-%m-%d %H:%M:%S} UTC.",
                fr=f"Reçu trop tard : il n'était utile que jusqu'au {at:%d/%m/%Y %H:%M:%S} UTC.",
            ),
            kind="expired",
        )

    async def _items(
        self, exchange: Exchange, said: Sequence[Said | MessageError], cursor: tuple[str, str] | None
    ) -> tuple[Receipt | MessageError, ...]:
        """The answers to the items of a list. In a two-way exchange each is taken by itself: it may be news to the last."""
        taken = [each for each in said if isinstance(each, Said)]
        if exchange.translation.two_way:
            receipts: list[Receipt | MessageError] = [await self._kept(partial(self._accepted_of, each)) for each in taken]
            await self._ledger.accept_all([], cursor=cursor)
        else:
            made = [await self._accepted_of(each) for each in taken]
            receipts = list(await self._ledger.accept_all(made, cursor=cursor))
        answers = iter(receipts)
        return tuple(next(answers) if isinstance(each, Said) else each for each in said)

    async def _accepted_of(self, said: Said) -> Acceptance:
        return self._acceptance(await self._addressed(said))

    async def _item(self, exchange: Exchange, document: Document, errand: Errand) -> Said | MessageError:
        sender, authority = errand.application, errand.authority
        operation = exchange.operation(sender, "feed") or ""
        try:
            reading = exchange.translation.read(sender, document, direction="feed")
            said = Said(exchange, sender, operation, authority, reading.record, files=reading.files, document=document)
            if reading.wanted:
                arrival = Arrival(exchange.name, sender, authority, b"", direction="feed")
                said, _ = await self._with_fetched(said, reading.wanted, arrival, errand)
        except MessageError as error:
            return error
        return said

    async def _addressed(self, said: Said) -> Said:
        """What was said, joined to its request by the crosswalk where it does not name it, with what is remembered of it."""
        translation = said.exchange.translation
        if not (translation.two_way or translation.recalled):
            return said
        for row, by in translation.recalls(said.record).items():
            value = canonical_text(said.record.get(by))
            found = await self._ledger.recall(said.authority, said.sender, name=by, value=value)
            if found and row == said.exchange.spec.key:
                said = replace(said, reference=found)
        reference = said.reference or translation.reference(said.record)
        memory = await recollect(self._ledger, said.exchange, authority=said.authority, reference=reference)
        return replace(said, memory=memory) if memory else said

    def _acceptance(self, said: Said, *, documents: Mapping[tuple[str, str], Document] = NOTHING_WRITTEN) -> Acceptance:
        id, now = self._new_id(), self._clock()
        return acceptance(said, catalogue=self._catalogue, id=id, now=now, documents=documents)

    def _accepted(self, arrival: Arrival, receipt: Receipt) -> None:
        if not receipt.duplicate:
            self._watermarks.entered(arrival.application, arrival.authority, deliveries=len(receipt.deliveries))
        self._announce(
            Accepted(arrival.exchange, arrival.application, receipt.reference, receipt.message, receipt.duplicate)
        )


_NO_DOCUMENT = Text(
    en="Its sender did not send a document that could be corrected: correct it in the application, which says it anew.",
    fr="L'émetteur n'a pas envoyé de document à corriger : corrigez dans l'application, qui le redira.",
)
_NO_NEWS = Text(
    en="With this document there is nothing to tell the receiver.",
    fr="Avec ce document, il n'y a rien à dire au destinataire.",
)


def _rows(exchange: Exchange, document: Document, arrival: Arrival) -> tuple[Reading | None, tuple[Problem, ...]]:
    try:
        read = exchange.translation.read
        return read(arrival.application, document, direction=arrival.direction, apart=arrival.files), ()
    except MessageError as error:
        return None, error.problems
