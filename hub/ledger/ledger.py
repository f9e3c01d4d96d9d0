"""The book of the hub: what can be changed in it. Each method is one transaction, answered after its commit.

Everything is refused with HubUnavailable while the database cannot take it; the same call can then be made again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Self

from hub.errors import MessageError
from hub.ledger import accepting, claiming, images, keys, operating, schedules, settling
from hub.ledger.contents import Safe
from hub.ledger.facts import Acceptance, ApiKey, Cipher, Claim, Crossing, Detail, Held, Settlement
from hub.ledger.inquiry import Inquiry
from hub.ledger.store import Store, open_store
from hub.ledger.writer import Writer
from hub.lifecycle import LanePolicy
from hub.message import Receipt


class Ledger(Inquiry):
    """One node's hold on the book: every change and, from Inquiry, every question. Made by `Ledger.open`."""

    def __init__(self, store: Store, writer: Writer, *, safe: Safe, node: str, boot: str) -> None:
        super().__init__(store, safe=safe)
        self.node = node
        self.boot = boot
        self._writer = writer

    @classmethod
    async def open(cls, url: str, *, cipher: Cipher, node: str, boot: str) -> Self:
        """Open (and make or upgrade) the book at `sqlite:///<path>` or `postgresql://...` for this start of this node.

        Raises ConfigurationError when the URL is neither, or when another process holds the SQLite file.
        """
        store = await open_store(url)
        ledger = cls(store, Writer(store, node=node, boot=boot), safe=Safe(cipher), node=node, boot=boot)
        started = await ledger.time()
        await ledger._writer.run(lambda to: claiming.register(to, now=started))
        return ledger

    async def close(self) -> None:
        """Finish what was handed in, then let go of the database."""
        await self._writer.close()
        await self._store.close()

    # -- accepting ----------------------------------------------------------------------------------------------------

    async def accept(self, acceptance: Acceptance) -> Receipt:
        """Put a message, its contents, deliveries and first journal line on disk, once per key.

        The same key and fingerprint give the first receipt as a duplicate; another fingerprint a MessageError(422).
        Raises Moved when one of its images was changed since it was read: make the acceptance anew, and try again.
        """
        return await self._writer.submit(accepting.accept, await self._safe.sealed(acceptance))

    async def accept_all(
        self, acceptances: Sequence[Acceptance], *, cursor: tuple[str, str] | None = None
    ) -> tuple[Receipt | MessageError, ...]:
        """Accept a fetched list and move its schedule's cursor `(schedule, value)` together, each message answered."""
        sealed = [await self._safe.sealed(acceptance) for acceptance in acceptances]
        return await self._writer.run(lambda to: accepting.accept_list(to, sealed, cursor=cursor))

    # -- delivering ---------------------------------------------------------------------------------------------------

    async def claim(
        self,
        lanes: Mapping[str, LanePolicy],
        *,
        now: datetime,
        lease: timedelta,
        limit: int = 100,
        holder: str = "",
    ) -> tuple[Claim, ...]:
        """Take what is due in these lanes, within each lane's limits and `limit` in all, in order per reference.

        The holder is this boot, whose leases `renew` extends; or, for a mailbox, the application that collects.
        """
        wanted = claiming.Wanted(lanes, holder=holder or self.boot, lease_until=now + lease, limit=limit)
        return await self._writer.run(lambda to: claiming.claim(to, wanted, now=now), order=1)

    async def renew(self, *, now: datetime, lease: timedelta, only: Collection[str] | None = None) -> int:
        """Extend the leases of this boot, or `only` those of some deliveries, even if they have run out and nobody has
        taken them up; the number of deliveries held."""
        return await self._writer.run(lambda to: claiming.renew(to, now=now, until=now + lease, only=only))

    async def release(self, deliveries: Iterable[str], *, now: datetime, holder: str = "") -> int:
        """Give back what this boot (or this collector) claimed and did not use: as it was, and due now."""
        ids = tuple(deliveries)
        return await self._writer.run(lambda to: claiming.release(to, ids, holder=holder or self.boot, now=now))

    async def take_up(self, *, now: datetime) -> int:
        """Make claimable again what is held beyond its lease; the number of deliveries.

        What a dead node held may have been sent: it is unanswered, and looked up first. What a collector did not
        acknowledge simply waits again.
        """
        return await self._writer.run(lambda to: claiming.take_up(to, now=now))

    async def void(self, *, now: datetime) -> int:
        """At a node's start: take up at once what its earlier boots held (on SQLite, what anyone held)."""
        return await self._writer.run(lambda to: claiming.void(to, now=now))

    async def settle(self, settlement: Settlement) -> bool:
        """Write what became of a claimed delivery, with all that follows from it, in one transaction.

        False when the claim's holder no longer holds it under that token: then only a line "fenced" is written.
        """
        return await self._writer.submit(settling.settle, await self._safe.sealed_settlement(settlement))

    async def tell(self, held: Held) -> None:
        """Note what a side of a two-way exchange is about to be told."""
        sealed = self._safe.sealed_image(held)
        await self._writer.run(lambda to: images.tell(to, sealed))

    # -- operating ----------------------------------------------------------------------------------------------------

    async def replay(self, delivery: str, *, actor: str, reason: str, now: datetime, look_up: bool | None = None) -> None:
        """Send a dead or unanswered delivery anew; one that may have been carried out is looked up first, unless told, or
        unless it waited for a person to say so because it cannot be looked up.

        Raises NotFound, or Conflict when it is neither dead nor unanswered. So do `cancel` and `confirm`.
        """
        by = operating.Action(actor=actor, reason=reason, now=now)
        await self._writer.run(lambda to: operating.replay(to, delivery, by=by, look_up=look_up))

    async def cancel(self, delivery: str, *, actor: str, reason: str, now: datetime) -> None:
        """Skip a delivery for good; the next of its reference may go."""
        by = operating.Action(actor=actor, reason=reason, now=now)
        await self._writer.run(lambda to: operating.cancel(to, delivery, by=by))

    async def confirm(self, delivery: str, *, actor: str, reason: str, now: datetime) -> None:
        """Mark an unanswered delivery delivered: a person saw that it was carried out."""
        by = operating.Action(actor=actor, reason=reason, now=now)
        await self._writer.run(lambda to: operating.confirm(to, delivery, by=by))

    async def pause_lane(self, name: str, *, actor: str, reason: str, now: datetime) -> None:
        """Let nothing more be claimed from a lane until it is resumed."""
        by = operating.Action(actor=actor, reason=reason, now=now)
        await self._writer.run(lambda to: operating.pause_lane(to, name, by=by))

    async def resume_lane(self, name: str, *, actor: str, reason: str, now: datetime) -> None:
        """Let a lane go again, its gate closed and its failures forgotten."""
        by = operating.Action(actor=actor, reason=reason, now=now)
        await self._writer.run(lambda to: operating.resume_lane(to, name, by=by))

    async def note(
        self,
        event: str,
        *,
        actor: str,
        now: datetime,
        message: str = "",
        reason: str = "",
        detail: Detail | None = None,
    ) -> None:
        """Write a journal line of its own (a content was looked at, a revision went live)."""
        by = operating.Action(actor=actor, reason=reason, now=now)
        await self._writer.run(lambda to: operating.note(to, event, by=by, message=message, detail=detail or {}))

    async def remember(self, crossings: Sequence[Crossing]) -> None:
        """Enter identifiers in the crosswalk; one that is known already is pointed to its new reference."""
        await self._writer.run(lambda to: settling.remember(to, crossings))

    # -- keys and schedules -------------------------------------------------------------------------------------------

    async def add_key(self, key: ApiKey, *, actor: str) -> None:
        """Keep a new application key. Conflict when its id exists."""
        await self._writer.run(lambda to: keys.add(to, key, actor=actor))

    async def revoke_key(self, key: str, *, actor: str, reason: str, now: datetime) -> None:
        """End a key at once. NotFound when there is none such in force."""
        by = operating.Action(actor=actor, reason=reason, now=now)
        await self._writer.run(lambda to: keys.revoke(to, key, by=by))

    async def touch_key(self, key: str, *, now: datetime) -> None:
        """Note that a key was used."""
        await self._writer.run(lambda to: keys.touch(to, key, now=now))

    async def begin_fire(
        self, schedule: str, slot: datetime, *, now: datetime, abandoned_before: datetime | None = None
    ) -> bool:
        """Win the slot of a schedule for this node: True for one caller of all nodes, once.

        True again for a run that this same node began before `abandoned_before` (its start) and never ended.
        """
        return await self._writer.run(lambda to: schedules.begin(to, schedule, slot, now=now, before=abandoned_before))

    async def end_fire(self, schedule: str, slot: datetime, *, now: datetime, items: int, error: str = "") -> None:
        """Write how a run ended."""
        await self._writer.run(lambda to: schedules.end(to, schedule, slot, now=now, items=items, error=error))

    async def move_cursor(self, schedule: str, value: str) -> None:
        """Set how far a schedule has read."""
        await self._writer.run(lambda to: schedules.move_cursor(to, schedule, value))
