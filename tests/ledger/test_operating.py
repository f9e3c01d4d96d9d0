"""What a person does to deliveries and lanes: possible or refused by the table, and always journalled."""

import pytest

from hub.call import Misconfigured
from hub.errors import Conflict, NotFound, same
from hub.ledger import Claim, Ledger
from hub.lifecycle import Gate
from hub.message import State
from tests.ledger.makers import LANE, NOON, REFUSED, a_settlement, accepted, claimed, seconds

WHO = {"actor": "awa@ville.fr", "reason": "Checked by telephone", "now": NOON + seconds(60)}


async def a_dead_one(ledger: Ledger) -> Claim:
    await accepted(ledger, "R1", "R1")
    [claim] = await claimed(ledger)
    await ledger.settle(a_settlement(claim, REFUSED))
    return claim


async def an_unanswered_one(ledger: Ledger) -> Claim:
    await accepted(ledger, "R1", "R1")
    [claim] = await claimed(ledger)
    await ledger.take_up(now=NOON + seconds(30))
    return claim


async def test_a_replayed_dead_letter_goes_anew_with_no_failures(ledger: Ledger) -> None:
    dead = await a_dead_one(ledger)

    await ledger.replay(dead.delivery.id, **WHO)

    again = await ledger.delivery(dead.delivery.id)
    assert (again.state, again.due_at, again.attempts, again.look_up) == (State.WAITING, WHO["now"], 0, False)
    line = (await ledger.story(dead.message.id)).lines[-1]
    assert (line.event, line.actor, line.reason, line.at) == (
        "replayed",
        "awa@ville.fr",
        same("Checked by telephone"),
        WHO["now"],
    )


async def test_a_replayed_unanswered_one_is_looked_up_first(ledger: Ledger) -> None:
    doubtful = await an_unanswered_one(ledger)

    await ledger.replay(doubtful.delivery.id, **WHO)

    again = await ledger.delivery(doubtful.delivery.id)
    assert (again.state, again.look_up) == (State.WAITING, True)


async def test_a_replayed_unanswered_one_is_sent_without_a_look_up_when_told_so(ledger: Ledger) -> None:
    doubtful = await an_unanswered_one(ledger)

    await ledger.replay(doubtful.delivery.id, look_up=False, **WHO)

    assert not (await ledger.delivery(doubtful.delivery.id)).look_up


async def test_a_cancelled_dead_letter_lets_the_next_of_its_reference_go(ledger: Ledger) -> None:
    dead = await a_dead_one(ledger)
    assert await claimed(ledger) == ()

    await ledger.cancel(dead.delivery.id, **WHO)

    assert (await ledger.delivery(dead.delivery.id)).state is State.CANCELLED
    assert len(await claimed(ledger)) == 1


async def test_an_unanswered_one_can_be_confirmed_by_a_person(ledger: Ledger) -> None:
    doubtful = await an_unanswered_one(ledger)

    await ledger.confirm(doubtful.delivery.id, **WHO)

    assert (await ledger.delivery(doubtful.delivery.id)).state is State.DELIVERED
    assert (await ledger.story(doubtful.message.id)).lines[-1].event == "confirmed"


@pytest.mark.parametrize("action", ["replay", "cancel", "confirm"])
async def test_nothing_can_be_done_to_what_is_being_sent(ledger: Ledger, action: str) -> None:
    await accepted(ledger, "R1")
    [claim] = await claimed(ledger)

    with pytest.raises(Conflict):
        await getattr(ledger, action)(claim.delivery.id, **WHO)

    assert await ledger.delivery(claim.delivery.id) == claim.delivery


@pytest.mark.parametrize("action", ["replay", "cancel", "confirm"])
async def test_nothing_can_be_done_to_what_is_delivered_or_unknown(ledger: Ledger, action: str) -> None:
    await accepted(ledger, "R1")
    [claim] = await claimed(ledger)
    await ledger.settle(a_settlement(claim))

    with pytest.raises(Conflict):
        await getattr(ledger, action)(claim.delivery.id, **WHO)
    with pytest.raises(NotFound):
        await getattr(ledger, action)("no-such-delivery", **WHO)


async def test_a_dead_letter_cannot_be_confirmed(ledger: Ledger) -> None:
    dead = await a_dead_one(ledger)

    with pytest.raises(Conflict):
        await ledger.confirm(dead.delivery.id, **WHO)


async def test_a_paused_lane_gives_nothing_until_it_is_resumed(ledger: Ledger) -> None:
    await accepted(ledger, "R1")

    await ledger.pause_lane(LANE, **WHO)
    paused = await claimed(ledger)
    await ledger.resume_lane(LANE, **WHO)

    assert paused == ()
    assert len(await claimed(ledger)) == 1


async def test_resuming_a_lane_closes_its_gate(ledger: Ledger) -> None:
    await accepted(ledger, "R1", "R2", "R3")
    for claim in await claimed(ledger):
        await ledger.settle(a_settlement(claim, Misconfigured(same("a login page"))))

    await ledger.resume_lane(LANE, **WHO)

    [view] = await ledger.lanes_overview()
    assert (view.lane.gate, view.lane.until, view.lane.paused) == (Gate.CLOSED, None, False)
    assert len(await claimed(ledger, at=NOON + seconds(61))) == 3


async def test_a_lane_can_be_paused_before_its_first_message(ledger: Ledger) -> None:
    await ledger.pause_lane("streets/default", **WHO)

    await accepted(ledger, "R1", lane="streets/default")

    assert await claimed(ledger, lane="streets/default") == ()


async def test_a_note_stands_in_the_message_s_story(ledger: Ledger) -> None:
    await accepted(ledger, "R1")
    [claim] = await claimed(ledger)

    await ledger.note("content-read", message=claim.message.id, detail={"name": "original"}, **WHO)

    line = (await ledger.story(claim.message.id)).lines[-1]
    assert (line.event, line.actor, line.detail) == ("content-read", "awa@ville.fr", {"name": "original"})
