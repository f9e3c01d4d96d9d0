"""Settling: what became of claimed deliveries and all that follows, in the transaction that fences stale holders."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.errors import HubError
from hub.facts import Fact, names, replace
from hub.ledger import images
from hub.ledger.accepting import accept
from hub.ledger.birth import standing
from hub.ledger.claiming import lanes_for_update, save_lanes
from hub.ledger.facts import Crossing, Settlement, packed
from hub.ledger.rows import CROSSING, plain
from hub.ledger.statements import change, insertion
from hub.ledger.succession import succeed
from hub.ledger.tables import content, crosswalk, delivery, message, micros, state_in
from hub.ledger.turns import come_forward, is_over
from hub.ledger.writer import Transaction
from hub.lifecycle import Lane, check_transition, lane_after
from hub.message import State


class _Standing(Fact, frozen=True):
    """A delivery as it stands: who holds it, and its place in its reference."""

    id: str
    state: str
    token: int
    holder: str
    lane: str
    authority: str
    reference: str
    skipped: bool
    ahead: bool


_NAMES = ", ".join(names(_Standing))
STANDING = {
    "sqlite": sa.text(
        f"SELECT json_group_array(json_array({_NAMES})) FROM delivery WHERE id IN (SELECT value FROM json_each(:ids))"
    ),
    "postgresql": sa.text(f"SELECT {_NAMES} FROM delivery WHERE id = ANY(CAST(:ids AS text[])) ORDER BY id FOR UPDATE"),
}
"""How deliveries stand; of SQLite all in one text, for each row that it gives lets the event loop's thread in between."""
_OF_REFERENCE = "SELECT id, authority, sender, reference FROM message WHERE reference"
OF_REFERENCE = {
    "sqlite": sa.text(f"{_OF_REFERENCE} IN (SELECT value FROM json_each(:references))"),
    "postgresql": sa.text(f"{_OF_REFERENCE} = ANY(ARRAY(SELECT json_array_elements_text(CAST(:references AS json))))"),
}
REMEMBER = insertion(
    crosswalk,
    CROSSING,
    "ON CONFLICT (authority, application, name, value) DO UPDATE SET reference = excluded.reference, "
    "exchange = excluded.exchange",
)


def settle(to: Transaction, settlements: Sequence[Settlement]) -> Sequence[bool | HubError]:
    """Settle those whose claim still holds; the others change nothing but the journal. One whose fellows have moved is
    answered Moved, and is not settled."""
    unsettled = _locked(to, {each.claim.delivery.id for each in settlements})
    fellows = _fellows(to, [each for each in settlements if each.fellows])
    now = images.versions(to, [held for each in settlements for held in each.images])
    good: list[Settlement] = []
    ended: list[_Standing] = []
    answers: list[bool | HubError] = []
    for each in settlements:
        holds = _holds(each, unsettled.get(each.claim.delivery.id))
        if holds and any(fellows.get(id_) != state for id_, state in each.fellows.items()):
            answers.append(images.Moved())
            continue
        after = _unless_moved(each, now)
        if holds:
            check_transition(State.SENDING, after.decision.state)
            ended += _over(to, after, unsettled.pop(after.claim.delivery.id))
            fellows[after.claim.delivery.id] = after.decision.state
            good.append(after)
            if after.images:
                images.keep(to, after.images, now, told=True)
        answers.append(holds)
        _write_line(to, after, event=after.decision.event if holds else "fenced")
    if good:
        SETTLE.run(to.connection, [_settled(each) for each in good])
        come_forward(to, ended)
        _save(to, good)
    return answers


def _over(to: Transaction, each: Settlement, held: _Standing) -> Iterator[_Standing]:
    """What it held, if that holds nothing back any more; whatever goes on later is to be looked for."""
    if each.decision.due_at:
        to.stirred.add(held.lane)
    if is_over(each.decision.state, held):
        yield held


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
    rows = {(each.authority, each.application, each.name, each.value): plain(each) for each in crossings}
    if rows:
        REMEMBER.run(to.connection, [rows[key] for key in sorted(rows)])
        _join(to, crossings, now=now)


def _join(to: Transaction, crossings: Sequence[Crossing], *, now: datetime | None) -> None:
    """Let messages that were accepted by an identifier alone, before it was known, take their place in its reference;
    they waited for nothing else, so they are due at `now`. Their reference until then is `<name>:<value>` (routing)."""
    known = {(each.authority, each.application, f"{each.name}:{each.value}"): each.reference for each in crossings}
    references = json.dumps(sorted({key[2] for key in known}))
    for row in to.connection.execute(OF_REFERENCE[to.connection.dialect.name], {"references": references}).all():
        reference = known.get((row.authority, row.sender, row.reference))
        if reference is None:
            continue
        mine = delivery.c.message == row.id
        to.connection.execute(sa.update(message).where(message.c.id == row.id).values(reference=reference))
        to.connection.execute(sa.update(delivery).where(mine).values(reference=reference, behind=False))
        to.stirred.add("")
        if now:
            waiting = sa.update(delivery).where(mine, state_in(delivery, (State.WAITING,)), delivery.c.due_at > now)
            to.connection.execute(waiting.values(due_at=now))


def _locked(to: Transaction, ids: set[str]) -> dict[str, _Standing]:
    """These deliveries by id, locked in the order of their ids so that two nodes never wait for each other."""
    dialect = to.connection.dialect.name
    rows: Iterable[Sequence[Any]]
    if dialect == "postgresql":
        rows = to.connection.execute(STANDING[dialect], {"ids": sorted(ids)})
    else:
        rows = json.loads(to.connection.execute(STANDING[dialect], {"ids": json.dumps(sorted(ids))}).scalar_one())
    return {row[0]: _Standing(*row) for row in rows}


def _holds(each: Settlement, now_held: _Standing | None) -> bool:
    """Whether the delivery is still in the hand that claimed it."""
    claimed = each.claim.delivery
    return now_held is not None and (now_held.state, now_held.token, now_held.holder) == (
        State.SENDING,
        claimed.token,
        claimed.holder,
    )


def _save(to: Transaction, settlements: Sequence[Settlement]) -> None:
    _keep(to, settlements)
    remember(to, [crossing for each in settlements for crossing in each.crosswalk], now=settlements[0].now)
    _follow_up(to, settlements)
    _turn_lanes(to, settlements)


SETTLE = change(
    delivery,
    ("state", "due_at", "attempts", "look_up", "failing_since", "reason", "holder", "lease_until"),
    by="id",
)
KEEP = insertion(
    content,
    tuple(content.c.keys()),
    "ON CONFLICT (message, name) DO UPDATE SET media = excluded.media, sealed = excluded.sealed",
)


def _settled(each: Settlement) -> dict[str, Any]:
    decision = each.decision
    return {
        "id": each.claim.delivery.id,
        "state": decision.state,
        "due_at": _instant(decision.due_at),
        "attempts": decision.attempts,
        "look_up": decision.look_up,
        "failing_since": _instant(decision.failing_since),
        "reason": packed(decision.reason),
        "holder": "",
        "lease_until": None,
    }


def _instant(at: datetime | None) -> int | None:
    return None if at is None else micros(at)


def _keep(to: Transaction, settlements: Sequence[Settlement]) -> None:
    kept = {(each.claim.message.id, part.name): part for each in settlements for part in each.keep}
    rows = [
        {"message": message, "name": name, "media": part.media, "sealed": part.data}
        for (message, name), part in kept.items()
    ]
    if rows:
        KEEP.run(to.connection, rows)


def _follow_up(to: Transaction, settlements: Sequence[Settlement]) -> None:
    """Accept what follows. One whose key was used for another content is not: the journal says so, the rest stands."""
    causes = [(each, follow_up) for each in settlements for follow_up in each.follow_ups]
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
    changed = [name for name, after in _turned(seen, settlements).items() if after != seen[name]]
    locked = lanes_for_update(to, changed)
    save_lanes(to, _turned(locked, settlements).values())
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
    skipped = {"skipped": True} if held.skipped and each.decision.state is State.DEAD else {}
    to.journal.write(
        event,
        at=each.now,
        message=held.message,
        delivery=held.id,
        reason=each.decision.reason,
        detail={"token": held.token, "try": held.tries, **each.detail, **skipped},
    )
