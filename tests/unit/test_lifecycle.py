"""The table of DESIGN section 6, line by line: what follows from an outcome, for the delivery and for its lane."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub.call import Delivered, Failed, Misconfigured, NotSent, Outcome, Refused, Throttled, Unanswered, Unauthorised
from hub.errors import Conflict, same
from hub.facts import replace
from hub.lifecycle import (
    TRANSITIONS,
    Event,
    Gate,
    Lane,
    LanePolicy,
    RetryPolicy,
    allowance,
    check_transition,
    decide,
    lane_after,
    taken,
)
from hub.message import Delivery, State

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
WAITS = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2))
REPEATABLE = RetryPolicy(WAITS, timedelta(hours=96), repeatable=True)
LOOKED_UP = RetryPolicy(WAITS, timedelta(hours=96), repeatable=False, can_look_up=True)
BLIND = RetryPolicy(WAITS, timedelta(hours=96), repeatable=False)
WHY = same("why")
SLOW = same("too many at once")
DELIVERY = Delivery(
    id="m-1",
    message="m",
    exchange="bin-replacement",
    authority="default",
    receiver="waste",
    operation="create_order",
    lane="waste/default",
    reference="D-1",
    position=1,
    state=State.SENDING,
    due_at=NOW,
    tries=1,
)


@pytest.mark.parametrize(
    ("outcome", "policy", "state", "event", "charged", "look_up", "waits"),
    [
        (Delivered(), LOOKED_UP, State.DELIVERED, Event.DELIVERED, 0, False, None),
        (NotSent(WHY), LOOKED_UP, State.WAITING, Event.NOT_SENT, 0, False, timedelta(seconds=5)),
        (Throttled(WHY, timedelta(hours=2)), LOOKED_UP, State.WAITING, Event.THROTTLED, 0, False, timedelta(hours=2)),
        (Throttled(WHY, timedelta(days=3650)), LOOKED_UP, State.WAITING, Event.THROTTLED, 0, False, timedelta(hours=24)),
        (Throttled(WHY), LOOKED_UP, State.WAITING, Event.THROTTLED, 0, False, timedelta(seconds=5)),
        (Failed(WHY), LOOKED_UP, State.WAITING, Event.RETRY, 1, False, timedelta(seconds=5)),
        (Unanswered(WHY), REPEATABLE, State.WAITING, Event.UNANSWERED, 1, False, timedelta(seconds=5)),
        (Unanswered(WHY), LOOKED_UP, State.UNANSWERED, Event.UNANSWERED, 1, True, timedelta(seconds=5)),
        (Unanswered(WHY), BLIND, State.UNANSWERED, Event.UNANSWERED, 1, True, None),
        (Refused(WHY), LOOKED_UP, State.DEAD, Event.DEAD, 1, False, None),
        (Unauthorised(WHY), LOOKED_UP, State.WAITING, Event.STOPPED, 0, False, timedelta(seconds=5)),
        (Misconfigured(WHY), LOOKED_UP, State.WAITING, Event.STOPPED, 0, False, timedelta(seconds=5)),
    ],
)
def test_each_outcome_has_its_consequence(  # noqa: PLR0917 - the columns of the table
    outcome, policy, state, event, charged, look_up, waits
) -> None:
    decision = decide(outcome, DELIVERY, policy=policy, now=NOW, jitter=1.0)

    assert (decision.state, decision.event, decision.attempts, decision.look_up) == (state, event, charged, look_up)
    assert decision.due_at == (NOW + waits if waits else None)


def test_the_waits_are_taken_in_turn_and_the_last_one_repeats() -> None:
    due = [
        decide(Failed(WHY), replace(DELIVERY, attempts=attempts), policy=REPEATABLE, now=NOW, jitter=1.0).due_at
        for attempts in range(5)
    ]

    assert [moment - NOW for moment in due] == [*WAITS, WAITS[-1], WAITS[-1]]


def test_jitter_spreads_a_wait_over_its_second_half() -> None:
    soonest = decide(Failed(WHY), DELIVERY, policy=REPEATABLE, now=NOW, jitter=0.0).due_at

    assert soonest == NOW + timedelta(seconds=2.5)


def test_after_its_time_a_failing_delivery_is_a_dead_letter_that_says_why() -> None:
    tired = replace(DELIVERY, attempts=60, failing_since=NOW - timedelta(hours=96))

    decision = decide(Failed(WHY), tired, policy=REPEATABLE, now=NOW, jitter=0.5)

    assert decision.state is State.DEAD
    assert decision.reason is not None and "61" in decision.reason.fr and "why" in decision.reason.fr


def test_an_outage_of_a_week_kills_no_message_that_was_never_sent() -> None:
    waiting = replace(DELIVERY, tries=500)

    decision = decide(NotSent(WHY), waiting, policy=REPEATABLE, now=NOW + timedelta(days=7), jitter=0.5)

    assert (decision.state, decision.attempts) == (State.WAITING, 0)


@pytest.mark.parametrize("outcome", [Failed(WHY), Unanswered(WHY), NotSent(WHY), Throttled(WHY)])
def test_a_probe_is_never_charged_to_its_message(outcome) -> None:
    decision = decide(outcome, DELIVERY, policy=LOOKED_UP, now=NOW, jitter=0.5, probing=True)

    assert decision.attempts == 0 and decision.state is not State.DEAD


@pytest.mark.parametrize("outcome", [NotSent(WHY), Failed(WHY), Throttled(WHY), Unauthorised(WHY)])
def test_what_is_in_doubt_stays_in_doubt_until_the_look_up_answers(outcome) -> None:
    doubtful = replace(DELIVERY, look_up=True)

    decision = decide(outcome, doubtful, policy=LOOKED_UP, now=NOW, jitter=0.5)

    assert (decision.state, decision.look_up) == (State.UNANSWERED, True)


def test_ended_states_have_no_way_out_and_a_dead_letter_can_be_replayed_or_skipped() -> None:
    assert TRANSITIONS[State.DELIVERED] == TRANSITIONS[State.CANCELLED] == frozenset()
    assert TRANSITIONS[State.DEAD] == {State.WAITING, State.CANCELLED}
    with pytest.raises(Conflict, match="delivered"):
        check_transition(State.DELIVERED, State.WAITING)


# -- lanes ------------------------------------------------------------------------------------------------------------

LIMITS = LanePolicy(at_once=4, per_second=10, failures=5, within=timedelta(minutes=2), rest=timedelta(minutes=1))
LANE = Lane("waste/default", filled_at=NOW, tokens=10)


def failing(lane: Lane, times: int) -> Lane:
    for _ in range(times):
        lane = lane_after(lane, NotSent(WHY), policy=LIMITS, now=NOW)
    return lane


def test_the_breaker_opens_at_its_number_of_failures_and_not_before() -> None:
    assert failing(LANE, 4).gate is Gate.CLOSED
    assert failing(LANE, 5).gate is Gate.OPEN
    assert failing(LANE, 5).until == NOW + LIMITS.rest


def test_an_open_breaker_lets_nothing_through_then_one_probe_then_all() -> None:
    lane = failing(LANE, 5)
    later = NOW + timedelta(minutes=1)

    assert allowance(lane, policy=LIMITS, in_flight=0, now=NOW)[0] == 0
    count, probing = allowance(lane, policy=LIMITS, in_flight=0, now=later)
    assert (count, probing.gate) == (1, Gate.HALF_OPEN)
    assert allowance(probing, policy=LIMITS, in_flight=1, now=later)[0] == 0
    assert lane_after(probing, NotSent(WHY), policy=LIMITS, now=later).gate is Gate.OPEN
    healed = lane_after(probing, Delivered(), policy=LIMITS, now=later)
    assert (healed.gate, healed.failures) == (Gate.CLOSED, 0)
    assert allowance(healed, policy=LIMITS, in_flight=0, now=later)[0] == 4


def test_a_refusal_shows_that_the_application_lives() -> None:
    assert lane_after(failing(LANE, 4), Refused(WHY), policy=LIMITS, now=NOW).failures == 0


def test_failures_far_apart_do_not_open_the_breaker() -> None:
    lane = failing(LANE, 4)

    lane = lane_after(lane, NotSent(WHY), policy=LIMITS, now=NOW + timedelta(minutes=3))

    assert (lane.gate, lane.failures) == (Gate.CLOSED, 1)


@pytest.mark.parametrize("outcome", [Unauthorised(WHY), Misconfigured(WHY)])
def test_refused_credentials_stop_the_lane_at_once_and_it_is_probed_again_alone(outcome) -> None:
    stopped = lane_after(LANE, outcome, policy=LIMITS, now=NOW)

    assert (stopped.gate, stopped.reason) == (Gate.OPEN, "why")
    assert allowance(stopped, policy=LIMITS, in_flight=0, now=NOW + LIMITS.stopped_rest)[0] == 1


def test_a_stopped_lane_says_why_it_stands_still_whatever_else_is_answered_late() -> None:
    stopped = lane_after(LANE, Misconfigured(WHY), policy=LIMITS, now=NOW)

    later = lane_after(stopped, Throttled(SLOW, timedelta(seconds=9)), policy=LIMITS, now=NOW)

    assert later == stopped


@pytest.mark.parametrize("outcome", [Delivered(), Refused(WHY), Throttled(SLOW, timedelta(hours=2), whole_lane=False)])
def test_a_stopped_lane_that_the_application_answers_all_the_same_goes_on(outcome: Outcome) -> None:
    stopped = lane_after(LANE, Misconfigured(WHY), policy=LIMITS, now=NOW)

    after = lane_after(stopped, outcome, policy=LIMITS, now=NOW)

    assert (after.gate, after.until, after.reason) == (Gate.CLOSED, None, "")
    assert allowance(after, policy=LIMITS, in_flight=0, now=NOW)[0] > 0


def test_a_throttled_lane_waits_as_long_as_it_was_asked_to_and_one_message_told_later_does_not_hold_it() -> None:
    waiting = lane_after(LANE, Throttled(WHY, timedelta(minutes=7)), policy=LIMITS, now=NOW)
    told_later = lane_after(LANE, Throttled(WHY, timedelta(hours=2), whole_lane=False), policy=LIMITS, now=NOW)

    assert allowance(waiting, policy=LIMITS, in_flight=0, now=NOW + timedelta(minutes=6))[0] == 0
    assert allowance(waiting, policy=LIMITS, in_flight=0, now=NOW + timedelta(minutes=7))[0] == 4
    assert allowance(told_later, policy=LIMITS, in_flight=0, now=NOW)[0] == 4


def test_a_lane_has_no_more_calls_at_once_nor_per_second_than_its_limits() -> None:
    fast = LanePolicy(at_once=100, per_second=10)

    assert allowance(LANE, policy=LIMITS, in_flight=3, now=NOW)[0] == 1
    count, lane = allowance(LANE, policy=fast, in_flight=0, now=NOW)
    assert count == 10
    lane = taken(lane, count)
    assert allowance(lane, policy=fast, in_flight=0, now=NOW)[0] == 0
    assert allowance(lane, policy=fast, in_flight=0, now=NOW + timedelta(seconds=0.5))[0] == 5


def test_a_paused_lane_lets_nothing_through() -> None:
    assert allowance(replace(LANE, paused=True), policy=LIMITS, in_flight=0, now=NOW)[0] == 0
