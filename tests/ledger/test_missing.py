"""News that was to follow and did not: found once, by one node, whatever else goes on."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from hub.ledger import Expectation, Ledger, missing
from tests.ledger.conftest import Opener
from tests.ledger.makers import NOON, accepted, an_acceptance, events, seconds

TEN_DAYS = timedelta(days=10)
WANTED = Expectation("bin-replacement", "bin-progress", TEN_DAYS)


async def missed(ledger: Ledger, after: timedelta) -> list[str]:
    found = await ledger.note_missed(WANTED, now=NOON + after)
    return [each.reference for each in found]


async def test_what_is_not_followed_by_news_in_time_is_missed_once_and_its_story_says_so(ledger: Ledger) -> None:
    assert await missed(ledger, seconds(0)) == []
    [delivery] = await accepted(ledger, "R1")

    early = await missed(ledger, TEN_DAYS - seconds(1))
    late = await missed(ledger, TEN_DAYS + seconds(1))
    again = await missed(ledger, TEN_DAYS + seconds(60))

    message = (await ledger.delivery(delivery)).message
    assert (early, late, again) == ([], ["R1"], [])
    assert await events(ledger, message) == ["accepted", "news-missed"]


async def test_news_of_the_same_reference_that_came_in_time_is_enough(ledger: Ledger) -> None:
    await missed(ledger, seconds(0))
    await accepted(ledger, "R1", "R2")
    await ledger.accept(an_acceptance("R2", exchange="bin-progress", at=NOON + seconds(5)))
    await ledger.accept(an_acceptance("R1", exchange="another", at=NOON + seconds(5)))

    assert await missed(ledger, TEN_DAYS + seconds(1)) == ["R1"]


async def test_news_of_an_earlier_message_of_the_reference_is_none_of_this_one(ledger: Ledger) -> None:
    await missed(ledger, seconds(0))
    await ledger.accept(an_acceptance("R1", exchange="bin-progress", at=NOON + seconds(5)))
    await accepted(ledger, "R1", at=NOON + seconds(10))

    assert await missed(ledger, TEN_DAYS + seconds(20)) == ["R1"]


async def test_what_a_person_skipped_is_not_waited_for(ledger: Ledger) -> None:
    await missed(ledger, seconds(0))
    [delivery] = await accepted(ledger, "R1")
    await ledger.cancel(delivery, actor="awa", reason="Asked for twice", now=NOON + seconds(1))

    assert await missed(ledger, TEN_DAYS + seconds(1)) == []


async def test_what_was_accepted_before_anybody_looked_is_left_alone(ledger: Ledger) -> None:
    await accepted(ledger, "R1")

    assert await missed(ledger, TEN_DAYS * 2) == []
    assert await missed(ledger, TEN_DAYS * 3) == []


async def test_of_two_nodes_that_look_at_once_one_finds_it(opened: Opener, url: str) -> None:
    nodes = [await opened("node-1")]
    if url.startswith("postgresql"):
        nodes.append(await opened("node-2"))
    await missed(nodes[0], seconds(0))
    await accepted(nodes[0], *(f"R{number}" for number in range(20)))

    found = await asyncio.gather(*(missed(node, TEN_DAYS + seconds(1)) for node in nodes for _ in range(3)))

    assert sorted(reference for each in found for reference in each) == sorted(f"R{number}" for number in range(20))


async def test_of_many_accepted_in_one_moment_each_is_missed_once(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(missing, "MANY", 2)
    await missed(ledger, seconds(0))
    await accepted(ledger, "R1", "R2", "R3", "R4", "R5", at=NOON + seconds(1))

    looks = [await missed(ledger, TEN_DAYS + seconds(2)) for _ in range(4)]

    assert [len(look) for look in looks] == [2, 2, 1, 0]
    assert sorted(each for look in looks for each in look) == ["R1", "R2", "R3", "R4", "R5"]
