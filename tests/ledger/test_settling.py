"""What became of a claim, and all that follows from it: one transaction, and never by a stale hand."""

import asyncio

import pytest

from hub.errors import Conflict, Text
from hub.facts import replace
from hub.ledger import Content, Crossing, Ledger, Search, unpacked
from hub.lifecycle import Decision, Event, Gate, LanePolicy
from hub.message import State
from tests.ledger.makers import (
    FAILED,
    NOON,
    REFUSED,
    a_settlement,
    accepted,
    an_acceptance,
    claimed,
    events,
    seconds,
)

ORDER = Crossing("ville", "waste", "NumIntervention", "I-77", "R1", "bin-replacement")


async def test_a_delivered_one_ends_and_frees_its_holder(ledger: Ledger) -> None:
    await accepted(ledger, "R1")
    [claim] = await claimed(ledger)

    assert await ledger.settle(a_settlement(claim))

    done = await ledger.delivery(claim.delivery.id)
    assert (done.state, done.holder, done.lease_until, done.due_at) == (State.DELIVERED, "", None, None)
    assert await events(ledger, done.message) == ["accepted", "delivered"]


async def test_a_refused_one_is_dead_with_the_reason_in_both_languages(ledger: Ledger) -> None:
    await accepted(ledger, "R1")
    [claim] = await claimed(ledger)

    await ledger.settle(a_settlement(claim, REFUSED))

    dead = await ledger.delivery(claim.delivery.id)
    assert dead.state is State.DEAD
    assert unpacked(dead.reason) == Text(en="Unknown bin number", fr="Numéro de bac inconnu")
    assert (await ledger.story(dead.message)).lines[-1].reason == REFUSED.reason


async def test_a_stale_holder_changes_nothing_but_the_journal(ledger: Ledger) -> None:
    await accepted(ledger, "R1")
    [stale] = await claimed(ledger)
    await ledger.take_up(now=NOON + seconds(16))
    [fresh] = await claimed(ledger, at=NOON + seconds(16))
    settlement = replace(a_settlement(stale), follow_ups=(an_acceptance("R9"),), crosswalk=(ORDER,))

    assert await ledger.settle(settlement) is False

    assert await ledger.delivery(fresh.delivery.id) == fresh.delivery
    assert (await ledger.find(Search(reference="R9"))).found == ()
    assert await ledger.recall("ville", "waste", name="NumIntervention", value="I-77") is None
    assert await events(ledger, stale.message.id) == ["accepted", "lease-lost", "fenced"]
    assert await ledger.settle(a_settlement(fresh)) is True


async def test_a_claim_is_settled_once_even_by_two_at_the_same_time(ledger: Ledger) -> None:
    await accepted(ledger, "R1")
    [claim] = await claimed(ledger)

    answers = await asyncio.gather(*(ledger.settle(a_settlement(claim, at=NOON + seconds(n))) for n in range(8)))

    assert sorted(answers) == [False] * 7 + [True]


async def test_a_settlement_that_is_said_again_for_want_of_an_answer_is_settled_and_written_once(ledger: Ledger) -> None:
    await accepted(ledger, "R1")
    [claim] = await claimed(ledger)
    settlement = replace(a_settlement(claim), follow_ups=(an_acceptance("R9"),), crosswalk=(ORDER,))

    answers = [await ledger.settle(settlement) for _ in range(2)]

    assert answers == [True, True]
    assert await events(ledger, claim.message.id) == ["accepted", "delivered"]
    assert len((await ledger.find(Search(reference="R9"))).found) == 1


async def test_a_holder_of_the_right_token_under_another_name_is_fenced(ledger: Ledger) -> None:
    await accepted(ledger, "R1")
    [claim] = await claimed(ledger)
    other = replace(claim, delivery=replace(claim.delivery, holder="another-boot"))

    assert await ledger.settle(a_settlement(other)) is False


async def test_all_that_follows_is_there_with_the_settlement(ledger: Ledger) -> None:
    await accepted(ledger, "R1")
    [claim] = await claimed(ledger)
    reply = Content(f"reply:{claim.delivery.id}", "text/xml", b"<ok/>")
    settlement = replace(
        a_settlement(claim), keep=(reply,), crosswalk=(ORDER,), follow_ups=(an_acceptance("R1", key="told"),)
    )

    await ledger.settle(settlement)

    assert await ledger.content(claim.message.id, reply.name) == reply
    assert await ledger.recall("ville", "waste", name="NumIntervention", value="I-77") == "R1"
    assert await ledger.crosswalk_of("R1", authority="ville") == (ORDER,)
    assert len((await ledger.find(Search(reference="R1"))).found) == 2


async def test_a_later_reply_replaces_the_one_before(ledger: Ledger) -> None:
    await accepted(ledger, "R1")
    [claim] = await claimed(ledger)
    kept = Content(f"reply:{claim.delivery.id}", "text/xml", b"first")
    await ledger.settle(replace(a_settlement(claim, FAILED), keep=(kept,)))
    [again] = await claimed(ledger, at=NOON + seconds(60))

    await ledger.settle(replace(a_settlement(again), keep=(replace(kept, data=b"second"),)))

    assert (await ledger.content(claim.message.id, kept.name)).data == b"second"


async def test_a_follow_up_that_was_accepted_before_is_not_made_twice(ledger: Ledger) -> None:
    await accepted(ledger, "R1", "R2")
    one, two = await claimed(ledger)
    told = [replace(a_settlement(each), follow_ups=(an_acceptance("R1", key="told"),)) for each in (one, two)]

    assert [await ledger.settle(each) for each in told] == [True, True]

    found = (await ledger.find(Search(reference="R1"))).found
    assert len(found) == 2


async def test_a_follow_up_whose_key_holds_another_content_is_journalled_and_the_rest_stands(ledger: Ledger) -> None:
    await ledger.accept(an_acceptance("R7", key="told", fingerprint="one", lane="streets/default"))
    await accepted(ledger, "R1")
    [claim] = await claimed(ledger)
    other = an_acceptance("R1", key="told", fingerprint="other")

    assert await ledger.settle(replace(a_settlement(claim), follow_ups=(other,)))

    assert (await ledger.delivery(claim.delivery.id)).state is State.DELIVERED
    assert await events(ledger, claim.message.id) == ["accepted", "delivered", "follow-up-refused"]


async def test_when_a_follow_up_cannot_be_kept_nothing_is_settled(ledger: Ledger) -> None:
    await accepted(ledger, "R1")
    [claim] = await claimed(ledger)
    clash = an_acceptance("R9")
    clash = replace(clash, message=replace(clash.message, id=claim.message.id), deliveries=())

    with pytest.raises(Conflict):
        await ledger.settle(replace(a_settlement(claim), follow_ups=(clash,)))

    assert await ledger.delivery(claim.delivery.id) == claim.delivery
    assert await events(ledger, claim.message.id) == ["accepted"]


async def test_a_decision_that_the_table_does_not_have_is_a_conflict(ledger: Ledger) -> None:
    await accepted(ledger, "R1")
    [claim] = await claimed(ledger)
    impossible = replace(a_settlement(claim), decision=Decision(State.CANCELLED, Event.DEAD, None, 0))

    with pytest.raises(Conflict):
        await ledger.settle(impossible)


async def test_failures_open_the_lane_s_gate_even_when_they_are_settled_together(ledger: Ledger) -> None:
    await accepted(ledger, *(f"R{n}" for n in range(5)))
    claims = await claimed(ledger)
    policy = LanePolicy(failures=5)

    await asyncio.gather(*(ledger.settle(replace(a_settlement(each, FAILED), policy=policy)) for each in claims))

    [view] = await ledger.lanes_overview()
    assert (view.lane.gate, view.lane.failures) == (Gate.OPEN, 5)
    assert view.lane.until == NOON + policy.rest
