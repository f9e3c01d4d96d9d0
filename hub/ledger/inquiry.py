"""The book of the hub: what can be asked of it. Every question is answered from one snapshot, in a reader thread."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime

from hub.ledger import chain, files, images, keys, looking, reading, schedules, searching, selecting
from hub.ledger.contents import Safe
from hub.ledger.facts import (
    ApiKey,
    Cause,
    Content,
    ContentInfo,
    Count,
    Crossing,
    Fire,
    Flaw,
    Held,
    LaneView,
    Look,
    NodeView,
    Page,
    Search,
    Selection,
    Story,
)
from hub.ledger.store import LONG, Store
from hub.lifecycle import LanePolicy
from hub.message import Apart, Delivery, Message


class Inquiry:
    """Every question that the ledger answers; it changes nothing."""

    def __init__(self, store: Store, *, safe: Safe) -> None:
        self._store = store
        self._safe = safe

    async def ping(self) -> None:
        """Return when the database answers. HubUnavailable otherwise."""
        await self._store.read(reading.ping)

    async def time(self) -> datetime:
        """The time that rules leases: the database's on PostgreSQL, this process's on SQLite."""
        return await self._store.read(reading.time)

    async def message(self, message: str) -> Message:
        """A message. NotFound when there is none; so for every question that names one."""
        return await self._store.read(lambda of: reading.message(of, message))

    async def delivery(self, delivery: str) -> Delivery:
        """A delivery as it stands. NotFound when there is none."""
        return await self._store.read(lambda of: reading.delivery_by_id(of, delivery))

    async def doubted_at(self, delivery: Delivery) -> datetime | None:
        """When a delivery last came to be in doubt; None when it never was."""
        return await self._store.read(lambda of: reading.doubted_at(of, delivery))

    async def delivered_before(self, delivery: Delivery) -> int:
        """How many earlier deliveries of its operation and reference, in its lane, are delivered."""
        return await self._store.read(lambda of: reading.delivered_before(of, delivery))

    async def contents(self, message: str) -> tuple[ContentInfo, ...]:
        """What contents a message has, without their bytes."""
        return await self._store.read(lambda of: reading.contents(of, message))

    async def content(self, message: str, name: str) -> Content:
        """One content, opened. NotFound when it was never kept or is no more."""
        return await self._store.read(lambda of: self._safe.opened(message, reading.content(of, message, name)))

    async def file(self, message: str, ticket: str) -> AsyncIterator[bytes]:
        """The file of a message by its ticket, in pieces, whether it came inside the document or beside it. NotFound."""
        found = await self._store.read(lambda of: files.upload_of(of, message, ticket))
        if found is None:
            yield (await self.content(message, f"file:{ticket}")).data
            return
        for number in range(found.pieces):
            yield await self._piece(found.id, number)

    async def _piece(self, upload: str, number: int) -> bytes:
        opened = self._safe.opened_piece
        return await self._store.read(lambda of: opened(upload, number, files.sealed_piece(of, upload, number)))

    async def uploads(self, message: str) -> Mapping[str, Apart]:
        """The files of a message that came beside its document, by ticket."""
        return self._safe.opened_names(message, await self._store.read(lambda of: files.uploads_of(of, message)))

    async def knows(self, message: Message) -> bool:
        """Whether a message was accepted under the key of this one."""
        return await self._store.read(lambda of: reading.knows(of, message))

    async def deliveries(self, message: str) -> tuple[Delivery, ...]:
        """The deliveries of a message, by position."""
        return (await self._store.read(lambda of: reading.deliveries_of(of, [message])))[message]

    async def story(self, message: str) -> Story:
        """A message with its deliveries and all its journal lines in order."""
        return await self._store.read(lambda of: reading.story(of, message))

    async def find(self, search: Search) -> Page:
        """The messages that fit a search, newest first, one page at a time."""
        return await self._store.read(lambda of: searching.find(of, search), within=LONG)

    async def look(self, lanes: Mapping[str, LanePolicy], *, now: datetime) -> Look:
        """What there is to do in these lanes: a few looks into an index each."""
        return await self._store.read(lambda of: looking.look(of, lanes, now=now))

    async def lanes_overview(self) -> tuple[LaneView, ...]:
        """Every lane by name, with what stands in it."""
        return await self._store.read(reading.lanes_overview, within=LONG)

    async def counts(self) -> tuple[Count, ...]:
        """Deliveries that have not ended, by lane, exchange and state."""
        return await self._store.read(reading.counts, within=LONG)

    async def waiting_by_sender(self) -> tuple[tuple[str, str, int], ...]:
        """How many deliveries wait, by sender and authority: it reads them all, so ask seldom."""
        return await self._store.read(reading.waiting_by_sender)

    async def dead_by_cause(self) -> tuple[Cause, ...]:
        """Dead letters grouped by what they died of, the most frequent first."""
        return await self._store.read(reading.dead_by_cause, within=LONG)

    async def selection(self, search: Search) -> Selection:
        """The deliveries that a search for one state finds, for what is to be done to all of them."""
        return await self._store.read(lambda of: selecting.selection(of, search), within=LONG)

    async def recall(self, authority: str, application: str, *, name: str, value: str) -> str | None:
        """The reference that an application's identifier stands for."""
        return await self._store.read(lambda of: reading.recall(of, authority, application, name=name, value=value))

    async def crosswalk_of(self, reference: str, *, authority: str) -> tuple[Crossing, ...]:
        """Every identifier of a reference, by application and name."""
        return await self._store.read(lambda of: reading.crosswalk_of(of, reference, authority=authority))

    async def images(self, authority: str, exchange: str, reference: str) -> tuple[Held, ...]:
        """What each side of a two-way exchange holds of an object, opened; of sides that nothing is known of, nothing."""
        found = await self._store.read(lambda of: images.of_object(of, authority, exchange, reference))
        return tuple(self._safe.opened_image(each) for each in found)

    async def key(self, key: str) -> ApiKey:
        """An application key, in force or not. NotFound when there is none."""
        return await self._store.read(lambda of: keys.key(of, key))

    async def signing_key(self, certificate: str, *, now: datetime) -> ApiKey:
        """The key in force of whoever signs with the certificate of this SHA-256 (hexadecimal). NotFound for none."""
        return await self._store.read(lambda of: keys.signing(of, certificate, now=now))

    def sealed_secret(self, key: str, secret: str) -> bytes:
        """A key's secret as `ApiKey.sealed` keeps it."""
        return self._safe.sealed_secret(key, secret)

    def opened_secret(self, key: str, sealed: bytes) -> str:
        """The secret that `sealed_secret` was given. Raises ConfigurationError when the key ring is another."""
        return self._safe.opened_secret(key, sealed)

    async def keys(self) -> tuple[ApiKey, ...]:
        """Every application key, by application and creation."""
        return await self._store.read(keys.every)

    async def fires(self, schedule: str, *, limit: int = 50) -> tuple[Fire, ...]:
        """The latest runs of a schedule, newest slot first."""
        return await self._store.read(lambda of: schedules.fires(of, schedule, limit=limit))

    async def cursor(self, schedule: str) -> str | None:
        """How far a schedule has read; None before its first run."""
        return await self._store.read(lambda of: schedules.cursor(of, schedule))

    async def nodes(self) -> tuple[NodeView, ...]:
        """Every start of every node, the last heard of first."""
        return await self._store.read(reading.nodes)

    async def verify_journal(self) -> Flaw | None:
        """The first place where the journal was tampered with, None when every chain holds."""
        return await self._store.read(chain.verify, within=None)
