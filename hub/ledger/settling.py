"""Settling: what became of claimed deliveries and all that follows, in the transaction that fences stale holders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

import orjson
import sqlalchemy as sa

from hub.errors import HubError
from hub.facts import Fact, names, replace
from hub.ledger import images
from hub.ledger.accepting import accept
from hub.ledger.birth import standing
from hub.ledger.claiming import lanes_for_update, save_lanes
from hub.ledger.facts import Crossing, Settlement, packed
from hub.ledger.statements import Question, change, insertion
from hub.ledger.succession import succeed
from hub.ledger.tables import content, crosswalk, delivery, journal, message, plain_time, state_in
from hub.ledger.turns import come_forward, is_over
from hub.ledger.writer import Transaction
from hub.lifecycle import Decision, Lane, check_transition, lane_after
from hub.message import DEAD, SENDING, State

FENCED = "fenced"
"""What a holder says of a claim that is its no more."""


class _Standing(Fact, frozen=True):
    """A delivery as it stands: who holds it, and its place in its reference."""

    id: str
    position: int
    state: str
    token: int
    holder: str
    lane: str
    authority: str
    reference: str
    skipped: bool
    ahead: bool


_NAMES = ", ".join(f"delivery.{name}" for name in names(_Standing))
_GIVEN = "= ANY(ARRAY(SELECT json_array_elements_text(CAST(%s AS json))))"
STANDING = Question(
    f"SELECT json_group_array(json_array({_NAMES})) FROM json_each(?) AS given CROSS JOIN delivery "
    "WHERE delivery.id = given.value",
    f"SELECT CAST(coalesce(json_agg(json_build_array({_NAMES})), '[]') AS text) FROM "
    f"(SELECT {_NAMES} FROM delivery WHERE id {_GIVEN} ORDER BY id FOR UPDATE) AS delivery",
)
"""How deliveries stand, all in one text: each row that SQLite gives lets the event loop's thread in between."""
OF_REFERENCE = Question(
    "SELECT message.id, authority, sender, reference FROM json_each(?) AS given CROSS JOIN message "
    "WHERE reference = given.value",
    f"SELECT id, authority, sender, reference FROM message WHERE reference {_GIVEN}",
)
REMEMBER = insertion(
    crosswalk,
    ("value", "reference"),
    "ON CONFLICT (authority, application, name, value) DO UPDATE SET reference = excluded.reference, "
    "exchange = excluded.exchange",
    alike=[("authority", "application", "name", "exchange")],
)
_CROSSED = attrgetter(*REMEMBER.columns)


def settle(to: Transaction, settlements: Sequence[Settlement]) -> Sequence[bool | HubError]:
    """Settle those whose claim still holds; the others change nothing but the journal. One that is said again, its
    holder not having been told of the commit, is settled, and changes nothing. One whose fellows have moved is answered
    Moved, and is not settled."""
    unsettled = _locked(to, {each.claim.delivery.id for each in settlements})
    fellows = _fellows(to, [each for each in settlements if each.fellows])
    now = images.versions(to, [held for each in settlements for held in each.images])
    good: list[Settlement] = []
    rows: list[tuple[Any, ...]] = []
    ended: list[_Standing] = []
    answers: list[bool | HubError] = []
    for each in settlements:
        holds = _holds(each, unsettled.get(each.claim.delivery.id))
        if not holds and _is_said(to, each):
            answers.append(True)
            continue
        if holds and each.fellows and any(fellows.get(id_) != state for id_, state in each.fellows.items()):
            answers.append(images.Moved())
            continue
        after = _unless_moved(each, now)
        if holds:
            check_transition(SENDING, after.decision.state)
            held = unsettled.pop(after.claim.delivery.id)
            rows.append(_settled(held.position, after.decision))
            if after.decision.due_at:
                to.stirred.add(held.lane)
            if is_over(after.decision.state, held):
                ended.append(held)
            fellows[after.claim.delivery.id] = after.decision.state
            good.append(after)
            if after.images:
                images.keep(to, after.images, now, told=True)
        answers.append(holds)
        _write_line(to, after, event=after.decision.event if holds else FENCED)
    if good:
        SETTLE.run(to.connection, rows)
        come_forward(to, ended)
        _save(to, good)
    return answers


def _fellows(to: Transaction, settlements: Sequence[Settlement]) -> dict[str, State]:
    """How the deliveries beside these stand now; their messages are locked, so that of two nodes one settles at a time."""
    if not settlements:
        return {}
    ids = sorted({each.claim.message.id for each in settlements})
    lock = sa.select(message.c.id).where(message.c.id.in_(ids)).order_by(message.c.id).with_for_update(key_share=True)
    to.connection.execute(lock)
    asked = sa.select(delivery.c.id, delivery.c.state).where(delivery.c.message.in_(ids))
    return {row.id: State(row.state) for row in to.connection.execute(asked)}


def _unless_moved(each: Settlement, now: Mapping[images.Place, int]) -> Settlement:
    """The settlement; or, when its receiver changed what it was told meanwhile, one that has it told again, merged anew."""
    if each.moved is None or images.unmoved(each.images, now):
        return each
    return replace(each, decision=each.moved, images=(), follow_ups=())


def remember(to: Transaction, crossings: Sequence[Crossing], *, now: datetime | None = None) -> None:
    """Enter identifiers, or point those that are known to their new reference; what came by one of them joins it."""
    rows = {(each.authority, each.application, each.name, each.value): _CROSSED(each) for each in crossings}
    if rows:
        REMEMBER.run(to.connection, [rows[key] for key in sorted(rows)])
        _join(to, crossings, now=now)


def _join(to: Transaction, crossings: Sequence[Crossing], *, now: datetime | None) -> None:
    """Let messages that were accepted by an identifier alone, before it was known, take their place in its reference;
    they waited for nothing else, so they are due at `now`. Their reference until then is `<name>:<value>` (routing)."""
    known = {(each.authority, each.application, f"{each.name}:{each.value}"): each.reference for each in crossings}
    references = orjson.dumps(sorted({key[2] for key in known})).decode()
    for id_, authority, sender, said in OF_REFERENCE.ask(to.connection, references):
        reference = known.get((authority, sender, said))
        if reference is None:
            continue
        mine = delivery.c.message == id_
        to.connection.execute(sa.update(message).where(message.c.id == id_).values(reference=reference))
        to.connection.execute(sa.update(delivery).where(mine).values(reference=reference, behind=False))
        to.stirred.add("")
        if now:
            waiting = sa.update(delivery).where(mine, state_in(delivery, (State.WAITING,)), delivery.c.due_at > now)
            to.connection.execute(waiting.values(due_at=now))


def _locked(to: Transaction, ids: set[str]) -> dict[str, _Standing]:
    """These deliveries by id, locked in the order of their ids so that two nodes never wait for each other."""
    [[found]] = STANDING.ask(to.connection, orjson.dumps(sorted(ids)).decode())
    return {row[0]: _Standing(*row) for row in orjson.loads(found)}


def _holds(each: Settlement, now_held: _Standing | None) -> bool:
    """Whether the delivery is still in the hand that claimed it."""
    claimed = each.claim.delivery
    return now_held is not None and (now_held.state, now_held.token, now_held.holder) == (
        SENDING,
        claimed.token,
        claimed.holder,
    )


def _save(to: Transaction, settlements: Sequence[Settlement]) -> None:
    _keep(to, settlements)
    remember(to, [crossing for each in settlements for crossing in each.crosswalk], now=settlements[0].now)
    _follow_up(to, settlements)
    _turn_lanes(to, settlements)


def _is_said(to: Transaction, each: Settlement) -> bool:
    """Whether this very settlement is in the journal, as what came of the claim."""
    held = each.claim.delivery
    lines = sa.select(journal.c.detail).where(
        journal.c.message == held.message,
        journal.c.delivery == held.id,
        journal.c.chain == to.boot,
        journal.c.at == each.now,
        journal.c.event != FENCED,
    )
    return any(orjson.loads(detail or "{}").get("token") == held.token for detail in to.connection.scalars(lines))


SETTLE = change(
    delivery,
    ("state", "due_at", "attempts", "look_up", "failing_since", "reason"),
    by="position",
    also="holder = '', lease_until = NULL",
)
KEEP = insertion(
    content,
    ("message", "name", "sealed"),
    "ON CONFLICT (message, name) DO UPDATE SET media = excluded.media, sealed = excluded.sealed",
    alike=[("media",)],
)


def _settled(position: int, after: Decision) -> tuple[Any, ...]:
    due_at, since = plain_time(after.due_at), plain_time(after.failing_since)
    return position, after.state, due_at, after.attempts, after.look_up, since, packed(after.reason)


def _keep(to: Transaction, settlements: Sequence[Settlement]) -> None:
    kept = {(each.claim.message.id, part.name): part for each in settlements for part in each.keep}
    rows = [(part.media, message, name, part.data) for (message, name), part in kept.items()]
    if rows:
        KEEP.run(to.connection, rows)


def _follow_up(to: Transaction, settlements: Sequence[Settlement]) -> None:
    """Accept what follows. One whose key was used for another content is not: the journal says so, the rest stands."""
    causes = [(each, follow_up) for each in settlements for follow_up in each.follow_ups]
    if not causes:
        return
    for (each, follow_up), answer in zip(causes, accept(to, [follow_up for _, follow_up in causes]), strict=True):
        if isinstance(answer, HubError):
            detail = {"exchange": follow_up.message.exchange, "key": follow_up.message.key}
            held = each.claim.delivery
            to.journal.write(
                "follow-up-refused", at=each.now, message=held.message, delivery=held.id, reason=answer.text, detail=detail
            )


def _turn_lanes(to: Transaction, settlements: Sequence[Settlement]) -> None:
    """Let the outcomes act on their lanes, and what waits there go. A lane that they leave as it is, and in which nothing
    waits, the usual case, is not even locked."""
    freed, offer = Counter(each.claim.delivery.lane for each in settlements), to.offer()
    # What was accepted after these had ended, and before they came here, is due by now: nobody else would look for it.
    ended = max(each.now for each in settlements)
    lanes = standing(to, set(freed), now=max(ended, offer.now) if offer else ended)
    seen = {name: each.lane for name, each in lanes.items()}
    if changed := [name for name, after in _turned(seen, settlements).items() if after != seen[name]]:
        save_lanes(to, _turned(lanes_for_update(to, changed), settlements).values())
        to.stirred.update(changed)
    if waiting := [name for name, each in lanes.items() if each.waiting]:
        succeed(to, waiting, freed)


def _turned(lanes: Mapping[str, Lane], settlements: Sequence[Settlement]) -> dict[str, Lane]:
    """The lanes after the outcomes of their deliveries, in turn."""
    after = dict(lanes)
    for each in settlements:
        name = each.claim.delivery.lane
        if name in after and each.lesson is not None:
            after[name] = lane_after(after[name], each.lesson, policy=each.policy, now=each.now)
    return after


def _write_line(to: Transaction, each: Settlement, *, event: str) -> None:
    held = each.claim.delivery
    skipped = {"skipped": True} if held.skipped and each.decision.state is DEAD else {}
    to.journal.write(
        event,
        at=each.now,
        message=held.message,
        delivery=held.id,
        reason=each.decision.reason,
        detail={"token": held.token, "try": held.tries, **each.detail, **skipped},
    )
