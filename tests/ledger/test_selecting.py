"""What is done to all dead letters that a search finds: to those that were looked at, in their order, and once."""

from __future__ import annotations

import asyncio

import pytest

from hub.errors import Conflict
from hub.facts import replace
from hub.ledger import Ledger, Search
from hub.lifecycle import LanePolicy
from hub.message import State
from tests.ledger.makers import (
    LANE,
    NOON,
    REFUSED,
    WIDE,
    a_delivery,
    a_message,
    a_settlement,
    accepted,
    an_acceptance,
    claimed,
    events,
    seconds,
)

WHO = {"actor": "awa@ville.fr", "reason": "table completed", "now": NOON + seconds(60)}
DEAD = Search(state=State.DEAD)
MANY = 10_000


async def dead_letters(ledger: Ledger, *references: str, lane: str = LANE) -> list[str]:
    """One dead letter a reference; their ids in the order of acceptance."""
    ids = await accepted(ledger, *references, lane=lane)
    for claim in await claimed(ledger, lane=lane):
        await ledger.settle(a_settlement(claim, REFUSED))
    return ids


async def many_dead_letters(ledger: Ledger, count: int) -> list[str]:
    """So many at once, as if they had been tried; their ids in the order of acceptance."""
    acceptances = []
    for number in range(count):
        message = a_message(f"R{number}")
        died = replace(a_delivery(message), state=State.DEAD, due_at=None, reason="old bin unknown")
        acceptances.append(replace(an_acceptance(), message=message, contents=(), deliveries=(died,)))
    return [receipt.deliveries[0] for receipt in await ledger.accept_all(acceptances)]


async def test_a_selection_counts_by_cause_and_shows_the_first_in_the_order_of_acceptance(ledger: Ledger) -> None:
    wanted = await dead_letters(ledger, "R1", "R2", "R3")
    await dead_letters(ledger, "R4", lane="finance/default")
    await accepted(ledger, "R5")

    seen = await ledger.selection(replace(DEAD, lane=LANE, reason="unknown BIN"))

    assert seen.deliveries == 3
    assert [(cause.reason, cause.lane, cause.deliveries) for cause in seen.causes] == [(REFUSED.reason, LANE, 3)]
    assert [each.id for each in seen.first] == wanted


@pytest.mark.parametrize(
    ("field", "value", "found"),
    [
        ("reference", "R1", 1),
        ("exchange", "bin-replacement", 2),
        ("exchange", "other", 0),
        ("authority", "ville", 2),
        ("sender", "portal", 2),
        ("sender", "nobody", 0),
        ("receiver", "waste", 2),
        ("receiver", "finance", 0),
        ("since", NOON, 2),
        ("since", NOON + seconds(1), 0),
        ("until", NOON, 0),
    ],
)
async def test_a_selection_is_narrowed_by_each_word_of_a_search(
    ledger: Ledger, field: str, value: object, found: int
) -> None:
    await dead_letters(ledger, "R1", "R2")

    seen = await ledger.selection(replace(DEAD, **{field: value}))

    assert seen.deliveries == found


async def test_all_that_was_seen_goes_anew_in_the_order_of_acceptance_under_its_own_key(ledger: Ledger) -> None:
    ids = await many_dead_letters(ledger, 450)
    seen = await ledger.selection(DEAD)

    done = await ledger.replay_all(DEAD, mark=seen.mark, **WHO)

    leaving = await claimed(ledger, at=WHO["now"])
    assert done == 450
    assert [claim.delivery.id for claim in leaving] == ids[:100]
    assert (await events(ledger, leaving[0].message.id))[-1] == "replayed"


async def test_several_messages_of_one_reference_leave_one_after_the_other(ledger: Ledger) -> None:
    first, second = await accepted(ledger, "R1", "R1")
    [claim] = await claimed(ledger)
    await ledger.settle(a_settlement(claim, REFUSED))
    seen = await ledger.selection(DEAD)

    await ledger.replay_all(DEAD, mark=seen.mark, **WHO)

    [again] = await claimed(ledger, at=WHO["now"])
    assert again.delivery.id == first
    await ledger.settle(a_settlement(again, at=WHO["now"]))
    assert [each.delivery.id for each in await claimed(ledger, at=WHO["now"])] == [second]


async def test_a_second_click_does_nothing_even_if_they_died_again_meanwhile(ledger: Ledger) -> None:
    await dead_letters(ledger, "R1", "R2")
    seen = await ledger.selection(DEAD)
    first = await ledger.replay_all(DEAD, mark=seen.mark, **WHO)
    for claim in await claimed(ledger, at=WHO["now"]):
        await ledger.settle(a_settlement(claim, REFUSED, at=WHO["now"]))

    second = await ledger.replay_all(DEAD, mark=seen.mark, **WHO)

    assert (first, second) == (2, 0)
    assert (await ledger.selection(DEAD)).deliveries == 2


async def test_what_died_after_the_dry_run_is_left_alone(ledger: Ledger) -> None:
    await dead_letters(ledger, "R1")
    seen = await ledger.selection(DEAD)
    [late] = await dead_letters(ledger, "R2")

    done = await ledger.replay_all(DEAD, mark=seen.mark, **WHO)

    assert done == 1
    assert (await ledger.delivery(late)).state is State.DEAD


async def test_two_clicks_at_once_send_each_anew_once(ledger: Ledger) -> None:
    await many_dead_letters(ledger, 300)
    seen = await ledger.selection(DEAD)

    done = await asyncio.gather(*(ledger.replay_all(DEAD, mark=seen.mark, **WHO) for _ in range(4)))

    lines = [event for each in seen.first for event in await events(ledger, each.message)]
    assert sum(done) == 300
    assert lines.count("replayed") == len(seen.first)


async def test_all_that_was_seen_is_cancelled_and_lets_the_next_of_its_reference_go(ledger: Ledger) -> None:
    await accepted(ledger, "R1", "R1")
    [claim] = await claimed(ledger)
    await ledger.settle(a_settlement(claim, REFUSED))
    seen = await ledger.selection(DEAD)

    done = await ledger.cancel_all(DEAD, mark=seen.mark, **WHO)

    assert done == 1
    assert (await ledger.delivery(claim.delivery.id)).state is State.CANCELLED
    assert len(await claimed(ledger, at=WHO["now"])) == 1
    line = (await ledger.story(claim.message.id)).lines[-1]
    assert (line.event, line.actor, line.reason.en) == ("cancelled", "awa@ville.fr", "table completed")


async def test_of_the_unanswered_only_those_that_wait_for_a_person_are_selected(ledger: Ledger) -> None:
    await accepted(ledger, "R1")
    await claimed(ledger)
    await ledger.take_up(now=NOON + seconds(30))

    seen = await ledger.selection(Search(state=State.UNANSWERED))

    assert seen.deliveries == 0


async def test_ten_thousand_dead_letters_go_anew_while_others_are_accepted(ledger: Ledger) -> None:
    await many_dead_letters(ledger, MANY)
    seen = await ledger.selection(DEAD)
    running = asyncio.create_task(ledger.replay_all(DEAD, mark=seen.mark, **WHO))

    between = 0
    while not running.done():
        await ledger.accept(an_acceptance(f"N{between}"))
        between += 1

    assert await running == MANY
    assert between > 10
    narrow = LanePolicy(at_once=4, per_second=10)
    assert len(await ledger.claim({LANE: narrow}, now=WHO["now"], lease=seconds(15))) == 4
    assert await ledger.verify_journal() is None


async def test_fifty_cancellations_and_one_settlement_leave_one_end(ledger: Ledger) -> None:
    """Cancelling wins before the claim or not at all: what is being sent is refused to whoever would cancel it."""
    for round_ in range(20):
        [delivery] = await accepted(ledger, f"R{round_}")

        async def attempt() -> bool:
            claims = await ledger.claim({LANE: WIDE}, now=NOON, lease=seconds(15))
            return all([await ledger.settle(a_settlement(claim)) for claim in claims]) if claims else False

        async def cancelling(id_: str = delivery) -> bool:
            try:
                await ledger.cancel(id_, **WHO)
            except Conflict:
                return False
            return True

        sent, *cancelled = await asyncio.gather(attempt(), *(cancelling() for _ in range(50)))

        ended = await ledger.delivery(delivery)
        assert (sent, sum(cancelled)) in ((True, 0), (False, 1))
        assert ended.state is (State.DELIVERED if sent else State.CANCELLED)
        kinds = await events(ledger, ended.message)
        assert (kinds.count("delivered"), kinds.count("cancelled")) == (int(sent), int(not sent))
