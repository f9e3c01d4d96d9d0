"""What an operator does: replay, correct, cancel, confirm, pause, resume, issue and revoke keys; each with name and reason.

The desk changes nothing by itself: it asks the ledger, and tells whoever listens.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from hub.errors import Conflict, HubUnavailable, MessageError, Text
from hub.facts import replace
from hub.ledger import Acceptance, ApiKey, Ledger, Moved, Search, Selection
from hub.message import Delivery, Receipt, State
from hub.signals import LaneChanged, Listener

LONGEST_KEY = timedelta(days=366)
"""No key is good for longer: an unchanging credential is an exception, so it ends."""

SCOPE = re.compile(r"(send|ask|collect):(\*|[a-z][a-z0-9-]*)|status:own|read|admin|content")
KEY = re.compile(r"hub_([0-9a-f]{12})_([0-9a-f]{64})")
"""A whole key in clear: `hub_<id>_<secret of 256 bits>`."""

Verb = Literal["replay", "cancel"]
"""What can be done to all that a search finds."""

_STATES: Mapping[Verb, tuple[State, ...]] = {
    "replay": (State.DEAD, State.UNANSWERED),
    "cancel": (State.DEAD, State.UNANSWERED, State.WAITING),
}

TRIES = 20
"""How often a correction is merged anew that meets other messages of its object in the same moment."""

_SHORTEST_REASON = 3
_LONGEST_REASON = 500


def digest(secret: str) -> str:
    """What is kept of a key's secret. It has 256 random bits, so a plain hash cannot be guessed back."""
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be done to all that a search finds. `ticket` lets it be done to these, and to nothing else."""

    selection: Selection
    ticket: str


def _quiet(_: object) -> None:
    """Nobody listens."""


class Desk:
    """The operator's actions over the ledger."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        clock: Callable[[], datetime],
        announce: Listener = _quiet,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._announce = announce

    # -- deliveries ---------------------------------------------------------------------------------------------------

    async def replay(self, delivery: str, *, actor: str, reason: str, look_up: bool | None = None) -> None:
        """Send a dead or unanswered delivery anew. NotFound, Conflict; MessageError without a reason (as below)."""
        why = reasoned(reason)
        await self._ledger.replay(delivery, actor=actor, reason=why, now=self._clock(), look_up=look_up)

    async def cancel(self, delivery: str, *, actor: str, reason: str) -> None:
        """Skip a delivery for good, so that the next of its reference may go."""
        why = reasoned(reason)
        await self._ledger.cancel(delivery, actor=actor, reason=why, now=self._clock())

    async def confirm(self, delivery: str, *, actor: str, reason: str) -> None:
        """Say that an unanswered delivery was carried out."""
        why = reasoned(reason)
        await self._ledger.confirm(delivery, actor=actor, reason=why, now=self._clock())

    async def replace(
        self, delivery: str, corrected: Callable[[Delivery], Awaitable[Acceptance]], *, actor: str, reason: str
    ) -> Receipt:
        """Put a corrected message (`corrected`, intake's) in the place of a dead letter, which is cancelled with it; the new
        message's receipt. NotFound, Conflict; MessageError for a document that is not accepted."""
        why = reasoned(reason)
        for _ in range(TRIES):
            with suppress(Moved):
                made = await corrected(await self._ledger.delivery(delivery))
                return await self._ledger.replace(delivery, made, actor=actor, reason=why, now=self._clock())
        raise HubUnavailable

    # -- all that a search finds --------------------------------------------------------------------------------------

    async def preview(self, verb: Verb, search: Search) -> Preview:
        """What `verb` would be done to; nothing is done. MessageError for a state in which it cannot be done."""
        _check_state(verb, search.state)
        found = await self._ledger.selection(search)
        return Preview(found, f"{found.mark}-{_signature(verb, search)}")

    async def replay_all(self, search: Search, *, ticket: str, actor: str, reason: str) -> int:
        """Send anew what the preview of this ticket showed; how many. What has been touched since is left alone, so the same
        ticket does nothing a second time. Conflict for a ticket of another search."""
        why, mark = reasoned(reason), _mark("replay", search, ticket)
        return await self._ledger.replay_all(search, mark=mark, actor=actor, reason=why, now=self._clock())

    async def cancel_all(self, search: Search, *, ticket: str, actor: str, reason: str) -> int:
        """Skip for good what the preview of this ticket showed, in the same way; how many."""
        why, mark = reasoned(reason), _mark("cancel", search, ticket)
        return await self._ledger.cancel_all(search, mark=mark, actor=actor, reason=why, now=self._clock())

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
        sealed: bool = False,
        certificate: str = "",
    ) -> str:
        """A new key for an application of an authority, in clear this once; good for a year at most (and by default).

        `sealed`: its secret is kept, sealed, beside its hash, so that its holder may show a digest of it. `certificate`: the
        SHA-256 of the one that its holder signs with. Conflict when another key in force has that certificate.
        """
        now = self._clock()
        ends = expires or now + timedelta(days=365)
        _check_key(scopes, lasts=ends - now)
        name, secret = secrets.token_hex(6), secrets.token_hex(32)
        key = ApiKey(
            name,
            application,
            authority,
            digest(secret),
            tuple(scopes),
            now,
            title,
            ends,
            sealed=self._ledger.sealed_secret(name, secret) if sealed else None,
            certificate=certificate,
        )
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


def _check_state(verb: Verb, state: State | None) -> None:
    if state not in _STATES[verb]:
        known = ", ".join(_STATES[verb])
        raise MessageError(
            Text(en=f"This is done to one of these states: {known}.", fr=f"Possible pour l'un de ces états : {known}."),
            kind="state-not-accepted",
        )


def _mark(verb: Verb, search: Search, ticket: str) -> int:
    """Where the journal stood when this was looked at."""
    _check_state(verb, search.state)
    mark, _, signature = ticket.partition("-")
    if mark.isascii() and mark.isdigit() and signature == _signature(verb, search):
        return int(mark)
    raise Conflict(
        Text(
            en="Look first: the dry run of this very search gives the ticket to do it with.",
            fr="Vérifiez d'abord : l'essai à blanc de cette même recherche donne le ticket qui permet d'agir.",
        )
    )


def _signature(verb: Verb, search: Search) -> str:
    """Tells one search from another."""
    return digest(repr((verb, replace(search, after="", limit=0))))[:12]


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
