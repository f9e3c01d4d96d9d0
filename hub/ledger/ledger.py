"""The book of the hub: what can be changed in it. Each method is one transaction, answered after its commit.

Everything is refused with HubUnavailable while the database cannot take it; the same call can then be made again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Self

from hub.errors import HubUnavailable, MessageError, NoRoom
from hub.ledger import (
    accepting,
    claiming,
    copies,
    expiring,
    files,
    forgetting,
    images,
    keys,
    missing,
    operating,
    proofs,
    schedules,
    selecting,
    settling,
    turns,
)
from hub.ledger.contents import Safe
from hub.ledger.copies import Restored
from hub.ledger.facts import (
    Acceptance,
    ApiKey,
    Cipher,
    Claim,
    Crossing,
    Detail,
    Expectation,
    Forgotten,
    Held,
    Kept,
    Search,
    Settlement,
    Taker,
    Upload,
)
from hub.ledger.failures import Trouble, no_room
from hub.ledger.inquiry import Inquiry
from hub.ledger.store import QUICK, Store, open_store
from hub.ledger.writer import Writer
from hub.lifecycle import LanePolicy
from hub.message import Delivery, Message, Receipt


class Ledger(Inquiry):
    """One node's hold on the book: every change and, from Inquiry, every question. Made by `Ledger.open`."""

    def __init__(self, store: Store, writer: Writer, *, safe: Safe, node: str, boot: str) -> None:
        super().__init__(store, safe=safe)
        self.node = node
        self.boot = boot
        self.key_changes = 0
        """How often this process has changed a key: what it read of them before may be no more so."""
        self._writer = writer

    @classmethod
    async def open(cls, url: str, *, cipher: Cipher, node: str, boot: str, ballast: int = 0) -> Self:
        """Open (and make or upgrade) the book at `sqlite:///<path>` or `postgresql://...` for this start of this node, with
        a ballast of so many bytes beside a SQLite book.

        Raises ConfigurationError when the URL is neither, when another process holds the SQLite file, or when the database
        would not keep what it acknowledges.
        """
        store = await open_store(url, ballast=ballast)
        ledger = cls(store, Writer(store, node=node, boot=boot), safe=Safe(cipher), node=node, boot=boot)
        try:
            await ledger._register()
        except BaseException:
            await ledger.close()
            raise
        return ledger

    async def _register(self) -> None:
        """Say that this boot lives. A full disk is no reason not to start: there may be a ballast to give up."""
        started = await self.time()
        with suppress(NoRoom):
            return await self._writer.run(lambda to: claiming.register(to, now=started))
        await self._writer.run(lambda to: claiming.register(to, now=started))

    async def close(self) -> None:
        """Finish what was handed in, then let go of the database."""
        await self._writer.close()
        await self._store.close()

    async def attend(self, taker: Taker) -> None:
        """From now on this node's worker is handed what is leased to it at once, and woken for what is to be claimed.

        ConfigurationError when another process is at work on the same PostgreSQL database under this node's name.
        """
        await self._writer.attend(taker, opened=self._safe.opened_claim)

    # -- accepting ----------------------------------------------------------------------------------------------------

    async def accept(self, acceptance: Acceptance) -> Receipt:
        """Put a message, its contents, deliveries and first journal line on disk, once per key.

        The same key and fingerprint give the first receipt as a duplicate; another fingerprint a MessageError(422).
        Raises Moved when one of its images was changed since it was read: make the acceptance anew, and try again.
        """
        await self.check_room()
        return await self._writer.submit(accepting.accept, await self._safe.sealed(acceptance), within=QUICK)

    async def accept_all(
        self, acceptances: Sequence[Acceptance], *, cursor: tuple[str, str] | None = None
    ) -> tuple[Receipt | MessageError, ...]:
        """Accept a fetched list and move its schedule's cursor `(schedule, value)` together, each message answered."""
        await self.check_room()
        sealed = [await self._safe.sealed(acceptance) for acceptance in acceptances]
        return await self._writer.run(lambda to: accepting.accept_list(to, sealed, cursor=cursor))

    # -- files that come beside a document ----------------------------------------------------------------------------

    async def begin_upload(self, upload: str, *, now: datetime) -> None:
        """Enter a file that is to come in pieces. It is nobody's until a message is accepted with it."""
        await self.check_room()
        await self._writer.run(lambda to: files.begin(to, upload, now=now))

    async def add_piece(self, upload: str, number: int, data: bytes) -> None:
        """Put the next piece of a file on disk, sealed; `number` counts from 0."""
        await self.check_room()
        sealed = await asyncio.to_thread(self._safe.sealed_piece, upload, number, data)
        await self._writer.run(lambda to: files.add(to, upload, number, sealed))

    async def end_upload(self, done: Upload) -> None:
        """Note that a file has come whole. HubUnavailable when it was let go meanwhile."""
        await self._writer.run(lambda to: files.end(to, done))

    async def drop_uploads(self, uploads: Collection[str]) -> int:
        """Let go of files that became no message's."""
        return await self._writer.run(lambda to: files.drop(to, uploads))

    async def drop_left_uploads(self, *, before: datetime) -> int:
        """Let go of some of the files that were begun before then and became no message's; how many."""
        return await self._writer.run(lambda to: files.drop_left(to, before=before))

    # -- the disk -----------------------------------------------------------------------------------------------------

    async def check_room(self) -> None:
        """NoRoom while the ballast is given up and cannot be made again: nothing may be taken in."""
        room = self._store.room
        if room.is_short and await asyncio.to_thread(room.regain):
            await self.note("room-regained", actor="hub", now=await self.time())
        if room.is_short:
            raise no_room()

    async def standing(self) -> str:
        """ "ok", or the Trouble that keeps the database from being read or written."""
        try:
            await self.ping()
            await self.check_room()
        except NoRoom:
            return Trouble.FULL
        except HubUnavailable:
            return self._writer.trouble or Trouble.AWAY
        return self._writer.trouble or "ok"

    @property
    def retried(self) -> int:
        """How many transactions were made anew because PostgreSQL broke them off for another's sake."""
        return self._writer.retried

    async def unsure(self) -> None:
        """Return when the disk has not confirmed a write: then this process must end, for it writes nothing more."""
        await asyncio.shield(asyncio.wrap_future(self._writer.unsure))

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
        claims = await self._writer.run(lambda to: claiming.claim(to, wanted, now=now), order=1)
        return tuple(self._safe.opened_claim(each) for each in claims)

    async def claim_expired(self, *, now: datetime, lease: timedelta, limit: int) -> tuple[Claim, ...]:
        """Take what has waited beyond its deadline, in whatever lane and wherever in its reference, to set it aside."""
        until = now + lease
        return await self._writer.run(lambda to: expiring.claim_expired(to, now=now, lease_until=until, limit=limit))

    async def renew(self, *, now: datetime, lease: timedelta, only: Collection[str] | None = None) -> int:
        """Extend the leases of this boot, or `only` those of some deliveries, even if they have run out and nobody has
        taken them up; the number of deliveries held."""
        return await self._writer.run(lambda to: claiming.renew(to, now=now, until=now + lease, only=only))

    async def release(self, deliveries: Iterable[str], *, now: datetime) -> int:
        """Give back what this boot claimed and did not use: as it was, and due now."""
        ids = tuple(deliveries)
        return await self._writer.run(lambda to: claiming.release(to, ids, holder=self.boot, now=now))

    async def put_back(self, held: Delivery, *, now: datetime, due_at: datetime) -> bool:
        """Give back what a collector fetched, due at `due_at`; False when it holds it no more under that token."""
        return bool(await self._writer.run(lambda to: claiming.put_back(to, held, now=now, due_at=due_at)))

    async def take_up(self, *, now: datetime) -> int:
        """Make claimable again what is held beyond its lease; the number of deliveries.

        What a dead node held may have been sent: it is unanswered, and looked up first. What a collector did not
        acknowledge simply waits again.
        """
        return await self._writer.run(lambda to: claiming.take_up(to, now=now))

    async def sweep(self) -> int:
        """Let deliveries go that are marked as standing behind another, and stand behind none any more; how many."""
        return await self._writer.run(turns.sweep)

    async def void(self, *, now: datetime) -> int:
        """At a node's start: take up at once what its earlier boots held (on SQLite, what anyone held)."""
        return await self._writer.run(lambda to: claiming.void(to, now=now))

    async def settle(self, settlement: Settlement) -> bool:
        """Write what became of a claimed delivery, with all that follows from it, in one transaction.

        False when the claim's holder no longer holds it under that token: then only a line "fenced" is written. Said again
        by a holder that was not told of the commit, it is as before: True, and nothing is written.
        """
        return await self._writer.submit(settling.settle, await self._safe.sealed_settlement(settlement))

    async def tell(self, held: Held) -> None:
        """Note what a side of a two-way exchange is about to be told."""
        sealed = self._safe.sealed_image(held)
        await self._writer.run(lambda to: images.tell(to, sealed))

    async def note_missed(self, wanted: Expectation, *, now: datetime) -> tuple[Message, ...]:
        """The messages that were to be followed by news and whose time for it has passed since the last look of any node;
        each is given once, with a journal line of its own."""
        return await self._writer.run(lambda to: missing.note_missed(to, wanted, now=now))

    async def forget(self, kept: Mapping[str, Kept], *, now: datetime) -> Forgotten:
        """Let go of what has been kept as long as it may be, by exchange: the next part of the day's round. What has not
        ended is left as it is; files go once `drop_left_uploads` comes by."""
        return await self._writer.run(lambda to: forgetting.forget(to, kept, now=now))

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

    async def replace(self, delivery: str, acceptance: Acceptance, *, actor: str, reason: str, now: datetime) -> Receipt:
        """Accept a message, which has one delivery, in the place of a dead one, and cancel that.

        Raises NotFound, Conflict when it is not dead (any more), and as `accept` does.
        """
        by, sealed = operating.Action(actor=actor, reason=reason, now=now), await self._safe.sealed(acceptance)
        return await self._writer.run(lambda to: operating.replace_dead(to, delivery, sealed, by=by))

    async def replay_all(self, search: Search, *, mark: int, actor: str, reason: str, now: datetime) -> int:
        """Send anew what a `selection` of this mark found and nobody has touched since, a transaction a batch; how many.

        All are due at `now`, so they leave in the order in which they were accepted, as fast as their lanes let them.
        """
        by = operating.Action(actor=actor, reason=reason, now=now)
        return await self._all(selecting.replay_some, selecting.Selected(search, mark), by=by)

    async def cancel_all(self, search: Search, *, mark: int, actor: str, reason: str, now: datetime) -> int:
        """End what a `selection` of this mark found and nobody has touched since, a transaction a batch; how many."""
        by = operating.Action(actor=actor, reason=reason, now=now)
        return await self._all(selecting.cancel_some, selecting.Selected(search, mark), by=by)

    async def _all(self, some: selecting.Some, selected: selecting.Selected, *, by: operating.Action) -> int:
        total, after = 0, 0
        while True:
            done, after = await self._writer.run(partial(some, selected=selected, by=by, after=after))
            if not done:
                return total
            total += done

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

    async def restored(self, *, actor: str, reason: str, now: datetime) -> Restored:
        """Begin a new epoch after a backup was put back: what waits is asked for before it is sent; what was open then."""
        return await self._writer.run(lambda to: copies.restored(to, actor=actor, reason=reason, now=now))

    async def remember(self, crossings: Sequence[Crossing]) -> None:
        """Enter identifiers in the crosswalk; one that is known already is pointed to its new reference."""
        await self._writer.run(lambda to: settling.remember(to, crossings))

    # -- keys and schedules -------------------------------------------------------------------------------------------

    async def add_key(self, key: ApiKey, *, actor: str) -> None:
        """Keep a new application key. Conflict when its id exists, or another key in force has its certificate."""
        await self._writer.run(lambda to: keys.add(to, key, actor=actor))

    async def revoke_key(self, key: str, *, actor: str, reason: str, now: datetime) -> None:
        """End a key at once. NotFound when there is none such in force."""
        by = operating.Action(actor=actor, reason=reason, now=now)
        await self._writer.run(lambda to: keys.revoke(to, key, by=by))
        self.key_changes += 1

    async def touch_key(self, key: str, *, now: datetime) -> None:
        """Note that a key was used."""
        await self._writer.run(lambda to: keys.touch(to, key, now=now))

    async def use_proof(self, value: str, *, until: datetime) -> bool:
        """Note that a caller has shown a proof (a hash of its nonce or signature), which is not taken after `until` anyway.

        True for one caller of all nodes, once.
        """
        return await self._writer.run(lambda to: proofs.use(to, value, until=until))

    async def forget_proofs(self, *, now: datetime) -> int:
        """Forget the proofs that are not taken any more; how many."""
        return await self._writer.run(lambda to: proofs.forget(to, now=now))

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
