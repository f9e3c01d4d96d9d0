"""What an operator does: replay, cancel, confirm, pause, resume, issue and revoke keys; each with a name and a reason.

The desk changes nothing by itself: it asks the ledger, tells whoever listens, and wakes the worker.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hub.errors import Conflict, MessageError, NotFound, Text
from hub.ledger import ApiKey, Ledger, Search
from hub.message import State
from hub.signals import LaneChanged, Listener

LONGEST_KEY = timedelta(days=366)
"""No key is good for longer: an unchanging credential is an exception, so it ends."""

SCOPE = re.compile(r"(send|ask|collect):(\*|[a-z][a-z0-9-]*)|status:own|read|admin|content")
KEY = re.compile(r"hub_([0-9a-f]{12})_([0-9a-f]{64})")
"""A whole key in clear: `hub_<id>_<secret of 256 bits>`."""

_SHORTEST_REASON = 3
_LONGEST_REASON = 500


def digest(secret: str) -> str:
    """What is kept of a key's secret. It has 256 random bits, so a plain hash cannot be guessed back."""
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay of all that matches came to: the deliveries found, those sent anew, and those that could not be."""

    found: tuple[str, ...]
    replayed: tuple[str, ...] = ()
    refused: tuple[tuple[str, Text], ...] = ()


def _quiet(_: object) -> None:
    """Nobody listens."""


def _asleep() -> None:
    """Nobody is to be woken."""


class Desk:
    """The operator's actions over the ledger. `wake` makes the worker look at once."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        clock: Callable[[], datetime],
        announce: Listener = _quiet,
        wake: Callable[[], None] = _asleep,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._announce = announce
        self._wake = wake

    # -- deliveries ---------------------------------------------------------------------------------------------------

    async def replay(self, delivery: str, *, actor: str, reason: str, look_up: bool | None = None) -> None:
        """Send a dead or unanswered delivery anew. NotFound, Conflict; MessageError without a reason (as below)."""
        why = reasoned(reason)
        await self._ledger.replay(delivery, actor=actor, reason=why, now=self._clock(), look_up=look_up)
        self._wake()

    async def cancel(self, delivery: str, *, actor: str, reason: str) -> None:
        """Skip a delivery for good, so that the next of its reference may go."""
        why = reasoned(reason)
        await self._ledger.cancel(delivery, actor=actor, reason=why, now=self._clock())
        self._wake()

    async def confirm(self, delivery: str, *, actor: str, reason: str) -> None:
        """Say that an unanswered delivery was carried out."""
        why = reasoned(reason)
        await self._ledger.confirm(delivery, actor=actor, reason=why, now=self._clock())
        self._wake()

    async def replay_all(self, search: Search, *, actor: str, reason: str, dry_run: bool = False) -> Replayed:
        """Send anew every dead letter that the search finds, or only tell which they are."""
        why = "dry run" if dry_run else reasoned(reason)
        found = await self._dead(search)
        if dry_run:
            return Replayed(found)
        refused: list[tuple[str, Text]] = []
        for delivery in found:
            try:
                await self._ledger.replay(delivery, actor=actor, reason=why, now=self._clock())
            except (Conflict, NotFound) as error:
                refused.append((delivery, error.text))
        self._wake()
        left = {delivery for delivery, _ in refused}
        return Replayed(found, tuple(delivery for delivery in found if delivery not in left), tuple(refused))

    async def _dead(self, search: Search) -> tuple[str, ...]:
        """The dead deliveries of all pages of a search."""
        found: list[str] = []
        asked = replace(search, state=State.DEAD, limit=200, after="")
        while True:
            page = await self._ledger.find(asked)
            found.extend(
                delivery.id
                for summary in page.found
                for delivery in summary.deliveries
                if delivery.state is State.DEAD and _fits(delivery.lane, delivery.reason, search)
            )
            if not page.next:
                return tuple(found)
            asked = replace(asked, after=page.next)

    # -- lanes --------------------------------------------------------------------------------------------------------

    async def pause_lane(self, lane: str, *, actor: str, reason: str) -> None:
        """Let nothing more leave by a lane until it is resumed."""
        why = reasoned(reason)
        await self._ledger.pause_lane(lane, actor=actor, reason=why, now=self._clock())
        self._announce(LaneChanged(lane, "paused", why))

    async def resume_lane(self, lane: str, *, actor: str, reason: str) -> None:
        """Let a lane go again, its failures forgotten."""
        why = reasoned(reason)
        await self._ledger.resume_lane(lane, actor=actor, reason=why, now=self._clock())
        self._announce(LaneChanged(lane, "closed", why))
        self._wake()

    # -- schedules ----------------------------------------------------------------------------------------------------

    async def fetch_now(self, schedule: str, fetch: Callable[[str], Awaitable[int]], *, actor: str, reason: str) -> int:
        """Run a schedule's fetch (`fetch`, the scheduler's) now, noted in the journal; the number of items."""
        why = reasoned(reason)
        detail = {"schedule": schedule}
        await self._ledger.note("schedule-run", actor=actor, now=self._clock(), reason=why, detail=detail)
        return await fetch(schedule)

    # -- keys ---------------------------------------------------------------------------------------------------------

    async def issue_key(
        self,
        application: str,
        authority: str,
        scopes: Sequence[str],
        *,
        actor: str,
        title: str = "",
        expires: datetime | None = None,
    ) -> str:
        """A new key for an application of an authority, in clear this once; good for a year at most (and by default)."""
        now = self._clock()
        ends = expires or now + timedelta(days=365)
        _check_key(scopes, lasts=ends - now)
        name, secret = secrets.token_hex(6), secrets.token_hex(32)
        key = ApiKey(name, application, authority, digest(secret), tuple(scopes), now, title, ends)
        await self._ledger.add_key(key, actor=actor)
        return f"hub_{name}_{secret}"

    async def revoke_key(self, key: str, *, actor: str, reason: str) -> None:
        """End a key at once. NotFound when there is none such in force."""
        await self._ledger.revoke_key(key, actor=actor, reason=reasoned(reason), now=self._clock())


def reasoned(reason: str) -> str:
    """The reason as it is kept. MessageError 422 when it is empty or longer than 500 characters."""
    kept = " ".join(reason.split())
    if _SHORTEST_REASON <= len(kept) <= _LONGEST_REASON:
        return kept
    raise MessageError(
        Text(
            en="Say why, in 3 to 500 characters: it is kept in the journal.",
            fr="Indiquez le motif, en 3 à 500 caractères : il est conservé au journal.",
        ),
        kind="reason-missing",
    )


def _fits(lane: str, reason: str, search: Search) -> bool:
    """Whether a dead delivery of a message found is itself what was searched for."""
    return (not search.lane or lane == search.lane) and search.reason.lower() in reason.lower()


def _check_key(scopes: Sequence[str], *, lasts: timedelta) -> None:
    if not scopes or any(not SCOPE.fullmatch(scope) for scope in scopes):
        raise MessageError(
            Text(
                en="A key needs rights among send:<exchange>, send:*, ask:…, collect:…, status:own, read, admin, content.",
                fr="Une clé porte des droits : send:<échange>, send:*, ask:…, collect:…, status:own, read, admin, content.",
            ),
            kind="scope-unknown",
        )
    if not timedelta(0) < lasts <= LONGEST_KEY:
        raise MessageError(
            Text(en="A key ends within a year, not in the past.", fr="Une clé expire dans l'année, pas dans le passé."),
            kind="expiry-not-accepted",
        )
