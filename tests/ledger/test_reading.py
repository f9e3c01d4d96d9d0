"""What can be asked: searching, overviews, keys, schedules."""

import asyncio

import pytest

from hub.errors import NotFound
from hub.ledger import ApiKey, Crossing, Ledger, Search
from hub.message import State
from tests.ledger.conftest import Opener
from tests.ledger.makers import LANE, NOON, REFUSED, a_settlement, accepted, an_acceptance, claimed, seconds


async def found(ledger: Ledger, **search: object) -> list[str]:
    page = await ledger.find(Search(**search))
    return [summary.message.reference for summary in page.found]


async def test_a_reference_is_found_among_others_with_its_deliveries(ledger: Ledger) -> None:
    await accepted(ledger, "R1", "R2", "R1")

    page = await ledger.find(Search(reference="R1"))

    assert [summary.message.reference for summary in page.found] == ["R1", "R1"]
    assert [len(summary.deliveries) for summary in page.found] == [1, 1]


async def test_messages_are_found_by_state_lane_and_part_of_the_reason_in_any_case(ledger: Ledger) -> None:
    await accepted(ledger, "R1", "R2")
    await accepted(ledger, "R3", lane="streets/default")
    dead, _ = await claimed(ledger)
    await ledger.settle(a_settlement(dead, REFUSED))

    assert await found(ledger, state=State.DEAD) == ["R1"]
    assert await found(ledger, state=State.SENDING) == ["R2"]
    assert await found(ledger, state=State.WAITING) == ["R3"]
    assert await found(ledger, lane="streets/default") == ["R3"]
    assert await found(ledger, reason="BAC inconnu") == ["R1"]
    assert await found(ledger, reason="100%") == []
    assert await found(ledger, state=State.DELIVERED) == []


async def test_messages_are_found_by_exchange_and_time(ledger: Ledger) -> None:
    await accepted(ledger, "early", at=NOON)
    await accepted(ledger, "late", at=NOON + seconds(10))
    await ledger.accept(an_acceptance("other", exchange="address-change", at=NOON + seconds(20)))

    assert await found(ledger, since=NOON + seconds(10)) == ["other", "late"]
    assert await found(ledger, until=NOON + seconds(10)) == ["early"]
    assert await found(ledger, exchange="address-change") == ["other"]


async def test_pages_follow_each_other_newest_first_with_none_lost_or_twice(ledger: Ledger) -> None:
    for n in range(7):
        await accepted(ledger, f"R{n}", at=NOON + seconds(n // 3))
    pages, after = [], ""

    while True:
        page = await ledger.find(Search(limit=3, after=after))
        pages.append([summary.message for summary in page.found])
        after = page.next
        if not after:
            break

    messages = [message for page in pages for message in page]
    assert [len(page) for page in pages] == [3, 3, 1]
    assert messages == sorted(messages, key=lambda each: (each.accepted_at, each.id), reverse=True)
    assert len({message.id for message in messages}) == 7


async def test_the_overview_of_lanes_counts_what_stands_and_knows_the_oldest_waiting(ledger: Ledger) -> None:
    await accepted(ledger, "R1", at=NOON)
    await accepted(ledger, "R2", at=NOON + seconds(5))
    await accepted(ledger, "R3", at=NOON + seconds(9))
    dead, done, *_ = await claimed(ledger, at=NOON + seconds(5))
    await ledger.settle(a_settlement(dead, REFUSED))
    await ledger.settle(a_settlement(done))
    await accepted(ledger, "R4", at=NOON + seconds(10))

    [view] = await ledger.lanes_overview()

    assert view.lane.name == LANE
    assert view.counts == {State.DEAD: 1, State.WAITING: 2}
    assert (view.oldest_due, view.oldest_accepted) == (NOON + seconds(9), NOON + seconds(9))
    assert [(count.state, count.deliveries) for count in await ledger.counts()] == [(State.DEAD, 1), (State.WAITING, 2)]


async def test_dead_letters_are_grouped_by_what_they_died_of(ledger: Ledger) -> None:
    await accepted(ledger, "R1", "R2", "R3")
    for claim in await claimed(ledger):
        await ledger.settle(a_settlement(claim, REFUSED))

    [cause] = await ledger.dead_by_cause()

    assert (cause.reason, cause.lane, cause.deliveries) == (REFUSED.reason, LANE, 3)
    assert (cause.oldest, cause.newest) == (NOON, NOON)


async def test_what_does_not_exist_is_not_found(ledger: Ledger) -> None:
    for question in (
        ledger.message("x"),
        ledger.story("x"),
        ledger.delivery("x"),
        ledger.content("x", "y"),
        ledger.key("x"),
    ):
        with pytest.raises(NotFound):
            await question
    assert await ledger.contents("x") == ()


async def test_an_identifier_can_be_pointed_to_another_reference(ledger: Ledger) -> None:
    crossing = Crossing("ville", "waste", "NumIntervention", "I-1", "R1", "bin-replacement")
    await ledger.remember([crossing])

    await ledger.remember([Crossing("ville", "waste", "NumIntervention", "I-1", "R2", "bin-replacement")])

    assert await ledger.recall("ville", "waste", name="NumIntervention", value="I-1") == "R2"
    assert await ledger.recall("agglo", "waste", name="NumIntervention", value="I-1") is None


async def test_a_key_is_kept_used_and_revoked(ledger: Ledger) -> None:
    key = ApiKey("k1", "portal", "ville", "argon2$...", ("send:bin-replacement", "ask:*"), NOON, title="Portail")
    await ledger.add_key(key, actor="admin")

    await ledger.touch_key("k1", now=NOON + seconds(1))
    await ledger.revoke_key("k1", actor="admin", reason="leaked", now=NOON + seconds(2))

    kept = await ledger.key("k1")
    assert (kept.scopes, kept.last_used_at, kept.revoked_at) == (key.scopes, NOON + seconds(1), NOON + seconds(2))
    assert await ledger.keys() == (kept,)
    with pytest.raises(NotFound):
        await ledger.revoke_key("k1", actor="admin", reason="again", now=NOON)


async def test_a_slot_of_a_schedule_is_won_once(ledger: Ledger) -> None:
    won = [await ledger.begin_fire("waste-progress", NOON, now=NOON) for _ in range(3)]
    await ledger.end_fire("waste-progress", NOON, now=NOON + seconds(3), items=12, error="")

    [fire] = await ledger.fires("waste-progress")

    assert won == [True, False, False]
    assert (fire.node, fire.items, fire.ended_at) == ("node-1", 12, NOON + seconds(3))


async def test_a_slot_is_won_by_one_node_of_several(opened_on_postgres: Opener) -> None:
    nodes = [await opened_on_postgres(f"node-{n}") for n in range(3)]

    won = await asyncio.gather(*(node.begin_fire("waste-progress", NOON, now=NOON) for node in nodes))

    assert sorted(won) == [False, False, True]


async def test_the_time_is_aware_and_in_utc(ledger: Ledger) -> None:
    await ledger.ping()

    assert (await ledger.time()).utcoffset() == seconds(0)
