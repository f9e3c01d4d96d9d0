"""The only place where a state changes: the table of transitions, and pure decisions on what follows from an outcome.

No clock, no chance, no store: `now` and `jitter` are arguments, and what is decided is returned.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from hub.call import (
    Delivered,
    Failed,
    Misconfigured,
    NotSent,
    Outcome,
    Refused,
    Throttled,
    Unanswered,
    Unauthorised,
)
from hub.errors import Conflict, Text
from hub.facts import Fact, replace
from hub.message import DELIVERED, Delivery, State

TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.WAITING: frozenset({State.SENDING, State.CANCELLED, State.DEAD}),
    State.SENDING: frozenset({State.DELIVERED, State.WAITING, State.UNANSWERED, State.DEAD}),
    State.UNANSWERED: frozenset({State.SENDING, State.WAITING, State.DELIVERED, State.CANCELLED, State.DEAD}),
    State.DEAD: frozenset({State.WAITING, State.CANCELLED}),
    State.DELIVERED: frozenset(),
    State.CANCELLED: frozenset(),
}

LONGEST_WAIT = timedelta(hours=24)
"""No Retry-After of an application is followed further than this."""

BEYOND_AT_ONCE, BEYOND_PER_SECOND = 1000, 5000.0
"""Limits that no hub reaches: they are none."""

TICK = timedelta(milliseconds=1)
"""So much later than reckoned a bucket is looked at again: its filling is counted in parts of a second."""

MOST_LOSSES = 5
"""A delivery whose holder died so many times in a row, with no outcome in between, may be what kills its holders."""


SUSPECT = 3
"""So many losses in a row are no accident of a node any more."""

APART, WITHIN = timedelta(seconds=2), timedelta(seconds=3)
"""What lies between two suspects, time enough for most calls; many come closer, so that the last goes within twenty seconds
of a death, of which a lease may take twelve."""


def check_transition(before: State, after: State) -> None:
    """Refuse a change of state that the table does not have, with a Conflict."""
    if after not in TRANSITIONS[before]:
        raise Conflict(
            Text(
                en=f"A delivery that is {before} cannot become {after}.",
                fr=f"Une remise à l'état « {before} » ne peut pas passer à « {after} ».",
            )
        )


class RetryPolicy(Fact, frozen=True):
    """How a delivery is tried again: the waits in turn (the last one repeats), and for how long after the first failure."""

    waits: tuple[timedelta, ...]
    within: timedelta
    repeatable: bool = True
    can_look_up: bool = False

    def wait(self, attempts: int, jitter: float) -> timedelta:
        """The wait after `attempts` failures, with full jitter between half of it and all of it (`jitter` in 0..1)."""
        step = self.waits[min(attempts, len(self.waits)) - 1]
        return step * (0.5 + 0.5 * jitter)


class Event(StrEnum):
    """What the journal calls that which became of an attempt."""

    DELIVERED = "delivered"
    RETRY = "retry"
    UNANSWERED = "unanswered"
    THROTTLED = "throttled"
    NOT_SENT = "not-sent"
    STOPPED = "stopped"
    DEAD = "dead"
    EXPIRED = "expired"
    LOST = "lease-lost"


_CARRIED_OUT = Event.DELIVERED
"""As the states of a delivery, for the one that nearly every attempt comes to."""


class Decision(Fact, frozen=True):
    """What follows from an outcome: the delivery as it becomes, and the word for it in the journal."""

    state: State
    event: Event
    due_at: datetime | None
    attempts: int
    look_up: bool = False
    failing_since: datetime | None = None
    reason: Text | None = None


def decide(
    outcome: Outcome, delivery: Delivery, *, policy: RetryPolicy, now: datetime, jitter: float, probing: bool = False
) -> Decision:
    """What follows from `outcome` for `delivery`. A probe of an open breaker is never charged to its message."""
    match outcome:
        case Delivered():
            return Decision(DELIVERED, _CARRIED_OUT, None, delivery.attempts)
        case Refused(reason=reason):
            return Decision(State.DEAD, Event.DEAD, None, delivery.attempts + 1, reason=reason)
        case NotSent(reason=reason):
            return _again(delivery, Event.NOT_SENT, now + policy.wait(1, jitter), reason)
        case Throttled(reason=reason, wait=wait):
            pause = min(wait, LONGEST_WAIT) if wait else policy.wait(delivery.tries, jitter)
            return _again(delivery, Event.THROTTLED, now + pause, reason)
        case Unauthorised(reason=reason) | Misconfigured(reason=reason):
            return _again(delivery, Event.STOPPED, now + policy.wait(1, jitter), reason)
        case Failed(reason=reason):
            return _charged(delivery, Event.RETRY, reason, policy=policy, now=now, jitter=jitter, free=probing)
        case Unanswered(reason=reason):
            return _unanswered(delivery, reason, policy=policy, now=now, jitter=jitter, probing=probing)


def _again(delivery: Delivery, event: Event, due_at: datetime, reason: Text) -> Decision:
    """Later, at no cost to the message; what was unanswered before stays so."""
    state = State.UNANSWERED if delivery.look_up else State.WAITING
    return Decision(state, event, due_at, delivery.attempts, delivery.look_up, delivery.failing_since, reason)


def _charged(
    delivery: Delivery, event: Event, reason: Text, *, policy: RetryPolicy, now: datetime, jitter: float, free: bool
) -> Decision:
    """Backoff that costs an attempt; beyond the policy's time the delivery is a dead letter."""
    since = delivery.failing_since or now
    attempts = delivery.attempts + (0 if free else 1)
    due_at = now + policy.wait(max(attempts, 1), jitter)
    if due_at - since > policy.within and not free:
        return Decision(State.DEAD, Event.DEAD, None, attempts, delivery.look_up, since, _exhausted(reason, attempts))
    state = State.UNANSWERED if delivery.look_up else State.WAITING
    return Decision(state, event, due_at, attempts, delivery.look_up, since, reason)


def _unanswered(
    delivery: Delivery, reason: Text, *, policy: RetryPolicy, now: datetime, jitter: float, probing: bool
) -> Decision:
    """A call that may have been carried out: sent again when that is harmless, else looked up, else a person's to settle."""
    if policy.repeatable or policy.can_look_up:
        doubtful = replace(delivery, look_up=not policy.repeatable)
        return _charged(doubtful, Event.UNANSWERED, reason, policy=policy, now=now, jitter=jitter, free=probing)
    attempts = delivery.attempts + (0 if probing else 1)
    return Decision(State.UNANSWERED, Event.UNANSWERED, None, attempts, True, now, reason)


def after_loss(delivery: Delivery, *, losses: int, now: datetime, place: int = 0, of: int = 1) -> Decision:
    """What follows when the holder of `delivery` died before it had an outcome, for the `losses`-th time in a row: it may
    have been sent, so it is in doubt, and it is not charged for what befell its holder. Suspects go one after the other,
    each in its `place` `of` so many: one of those that were lost together may be what kills, and the others are not to die
    with it."""
    if losses < MOST_LOSSES:
        due_at = now + place * min(APART, WITHIN / of) if losses >= SUSPECT else now
        return Decision(State.UNANSWERED, Event.LOST, due_at, delivery.attempts, True, delivery.failing_since)
    return Decision(State.DEAD, Event.DEAD, None, delivery.attempts, True, delivery.failing_since, _deadly(losses))


def _deadly(losses: int) -> Text:
    return Text(
        en=f"Each of the {losses} nodes that last took this delivery died before it had an outcome: it is set aside.",
        fr=f"Les {losses} derniers nœuds qui ont pris cette remise se sont arrêtés avant son issue : elle est mise de côté.",
    )


def _exhausted(reason: Text, attempts: int) -> Text:
    return Text(
        en=f"Given up after {attempts} attempts. Last: {reason.en}",
        fr=f"Abandonné après {attempts} tentatives. Dernière cause : {reason.fr}",
    )


# -- a message to several receivers -----------------------------------------------------------------------------------

Rule = Literal["all", "any"] | tuple[str, ...]
"""When a message to several receivers is done: once all have it, once any has it, or once these have it."""

_WORST_FIRST = (State.DEAD, State.UNANSWERED, State.SENDING, State.WAITING, State.DELIVERED, State.CANCELLED)
_BEST_FIRST = (State.DELIVERED, State.SENDING, State.WAITING, State.UNANSWERED, State.DEAD, State.CANCELLED)


def as_a_whole(standing: Iterable[tuple[str, State]], rule: Rule = "all") -> State | None:
    """How a message stands whose deliveries stand so, each by its receiver; None when it has no delivery."""
    known = tuple(standing)
    counted = {state for receiver, state in known if rule in ("all", "any") or receiver in rule}
    states = counted or {state for _, state in known}
    return next((state for state in (_BEST_FIRST if rule == "any" else _WORST_FIRST) if state in states), None)


def concludes(receiver: str, after: State, *, fellows: Iterable[tuple[str, State]], rule: Rule) -> bool:
    """Whether a delivery that was being sent makes its message as a whole what itself becomes, and not one before it did."""
    others = tuple(fellows)
    before = as_a_whole((*others, (receiver, State.SENDING)), rule)
    return as_a_whole((*others, (receiver, after)), rule) is after and before is not after


# -- lanes ------------------------------------------------------------------------------------------------------------


class Gate(StrEnum):
    """A lane's breaker: closed lets all through, open nothing, half-open one probe."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


CLOSED, OPEN, HALF_OPEN = Gate
"""As the states of a delivery, for where each message asks."""


class Lane(Fact, frozen=True):
    """A receiver's lane: its breaker, its rate, whether an operator paused it. `until`: when an open gate may be probed."""

    name: str
    gate: Gate = CLOSED
    paused: bool = False
    failures: int = 0
    failing_from: datetime | None = None
    until: datetime | None = None
    tokens: float = 0.0
    filled_at: datetime | None = None
    reason: str = ""

    @property
    def is_sound(self) -> bool:
        """Whether a call that succeeds leaves its breaker as it is."""
        return self.gate is CLOSED and not (self.failures or self.failing_from or self.until or self.reason)


class LanePolicy(Fact, frozen=True):
    """A lane's limits: calls at once and per second (all nodes together), and when its breaker opens and is probed."""

    at_once: int = 4
    per_second: float = 10.0
    failures: int = 5
    within: timedelta = timedelta(minutes=2)
    rest: timedelta = timedelta(minutes=1)
    stopped_rest: timedelta = timedelta(minutes=10)

    @property
    def is_bounded(self) -> bool:
        """Whether it has limits that the nodes of one hub can come near to, and so must agree on."""
        return self.at_once < BEYOND_AT_ONCE or self.per_second < BEYOND_PER_SECOND


def allowance(lane: Lane, *, policy: LanePolicy, in_flight: int, now: datetime) -> tuple[int, Lane]:
    """How many deliveries may be claimed now, and the lane as it then is (its bucket filled, a due gate half-open)."""
    if lane.paused or (lane.until and lane.until > now):
        return 0, lane
    if lane.gate is not CLOSED:
        return (0 if in_flight else 1), replace(lane, gate=HALF_OPEN, until=None)
    filled = _filled(lane, policy, now)
    return max(0, min(policy.at_once - in_flight, int(filled.tokens))), replace(filled, until=None)


def opens_at(lane: Lane, *, policy: LanePolicy, now: datetime) -> datetime | None:
    """From when on a lane lets something through, as far as time alone tells; None while it is paused."""
    if lane.paused:
        return None
    opens = max(lane.until or now, now)
    tokens = _filled(lane, policy, now).tokens
    if lane.gate is CLOSED and tokens < 1.0:
        opens = max(opens, now + timedelta(seconds=(1.0 - tokens) / policy.per_second) + TICK)
    return opens


def taken(lane: Lane, count: int) -> Lane:
    """The lane after `count` deliveries were claimed."""
    return replace(lane, tokens=max(0.0, lane.tokens - count))


def _filled(lane: Lane, policy: LanePolicy, now: datetime) -> Lane:
    most = max(1.0, policy.per_second)
    if lane.filled_at is None:
        return replace(lane, tokens=most, filled_at=now)
    gained = max(0.0, (now - lane.filled_at).total_seconds()) * policy.per_second
    return replace(lane, tokens=min(most, lane.tokens + gained), filled_at=now)


def lane_after(lane: Lane, outcome: Outcome, *, policy: LanePolicy, now: datetime) -> Lane:
    """The lane after one of its calls came to `outcome`."""
    match outcome:
        case Delivered() | Refused() if lane.is_sound:
            return lane
        case Throttled(reason=reason, wait=wait, whole_lane=True):
            until = now + min(wait or policy.rest, LONGEST_WAIT)
            if lane.until and lane.until >= until:
                return lane  # it waits as long anyway, for a reason of its own that somebody must read
            return replace(lane, until=until, reason=reason.en)
        case Delivered() | Refused() | Throttled():
            # Of calls made at the same time one may be answered after another was told to wait: the wait stands.
            asked = lane.until if lane.gate is CLOSED else None
            why = lane.reason if asked else ""
            return replace(lane, gate=CLOSED, failures=0, failing_from=None, until=asked, reason=why)
        case Unauthorised(reason=reason) | Misconfigured(reason=reason):
            return replace(lane, gate=OPEN, until=now + policy.stopped_rest, reason=reason.en)
        case Failed(reason=reason) | NotSent(reason=reason) | Unanswered(reason=reason):
            return _failed_once(lane, reason, policy=policy, now=now)


def _failed_once(lane: Lane, reason: Text, *, policy: LanePolicy, now: datetime) -> Lane:
    fresh = lane.failing_from is None or now - lane.failing_from > policy.within
    failures = 1 if fresh else lane.failures + 1
    counted = replace(lane, failures=failures, failing_from=now if fresh else lane.failing_from, reason=reason.en)
    if lane.gate is CLOSED and failures < policy.failures:
        return counted
    return replace(counted, gate=OPEN, until=now + policy.rest)
