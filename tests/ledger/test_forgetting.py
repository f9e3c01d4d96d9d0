"""What is kept no longer: never of what has still to be done, in small parts, once, and known by the journal."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from hub.errors import HubUnavailable, NotFound
from hub.facts import replace
from hub.ledger import Forgotten, Kept, Ledger, forgetting, tables
from hub.ledger.verifying import Verified, verify
from hub.message import Receipt
from tests.ledger.conftest import Opener
from tests.ledger.makers import NOON, REFUSED, a_settlement, an_acceptance, claimed, seconds
from tests.ledger.test_files import PIECES, TICKET, uploaded, uploads, with_file

DAY = timedelta(days=1)
KEPT = {"bin-replacement": Kept(content=30 * DAY, key=60 * DAY), "bin-progress": Kept(content=90 * DAY, key=None)}
LATE = NOON + 31 * DAY


async def delivered(
    ledger: Ledger, reference: str, *, at: datetime = NOON, exchange: str = "bin-replacement", key: str = ""
) -> Receipt:
    receipt = await ledger.accept(an_acceptance(reference, at=at, exchange=exchange, key=key))
    [claim] = await claimed(ledger, at=at)
    assert await ledger.settle(a_settlement(claim, at=at))
    return receipt


async def round_of(ledger: Ledger, now: datetime) -> Forgotten:
    """All of a day's round."""
    parts = [await ledger.forget(KEPT, now=now)]
    while not parts[-1].is_over:
        parts.append(await ledger.forget(KEPT, now=now))
    counts = [sum(getattr(part, name) for part in parts) for name in ("contents", "files", "keys", "overdue")]
    return Forgotten(*counts, is_over=True)


async def has_content(ledger: Ledger, receipt: Receipt) -> bool:
    try:
        return bool(await ledger.content(receipt.message, "original"))
    except NotFound:
        return False


async def verified(ledger: Ledger) -> Verified:
    return await ledger._store.read(lambda of: verify(of, ledger._safe))


async def test_content_goes_when_its_time_is_over_and_its_story_stays(ledger: Ledger) -> None:
    receipt = await delivered(ledger, "R1")

    early = await round_of(ledger, NOON + 30 * DAY - seconds(1))
    was_there = await has_content(ledger, receipt)
    late = await round_of(ledger, LATE)

    assert (early, was_there) == (Forgotten(is_over=True), True)
    assert late == Forgotten(contents=1, is_over=True)
    assert not await has_content(ledger, receipt)
    story = await ledger.story(receipt.message)
    assert [line.event for line in story.lines] == ["accepted", "delivered"]
    assert story.contents == ()
    assert (await verified(ledger)).flaws == ()


async def test_each_exchange_has_its_own_time_and_one_that_is_there_no_more_the_longest(ledger: Ledger) -> None:
    short = await delivered(ledger, "R1")
    long = await delivered(ledger, "R2", exchange="bin-progress")
    unknown = await delivered(ledger, "R3", exchange="of-another-time")

    await round_of(ledger, LATE)
    after_a_month = [await has_content(ledger, each) for each in (short, long, unknown)]
    await round_of(ledger, NOON + 91 * DAY)
    after_three = [await has_content(ledger, each) for each in (short, long, unknown)]
    await round_of(ledger, NOON + 93 * DAY)

    assert (after_a_month, after_three) == ([False, True, True], [False, False, True])
    assert not await has_content(ledger, unknown)


async def test_nothing_goes_of_what_has_not_ended_and_all_of_it_the_day_after_it_has(ledger: Ledger) -> None:
    waiting = await ledger.accept(an_acceptance("R1"))
    await ledger.accept(an_acceptance("R2"))
    *_, second = await claimed(ledger)
    dead = second.delivery
    assert await ledger.settle(a_settlement(second, REFUSED))

    late = await round_of(ledger, LATE)
    await ledger.cancel(dead.id, actor="awa", reason="Done by hand", now=LATE)
    next_day = await round_of(ledger, LATE + DAY)

    assert late == Forgotten(overdue=2, is_over=True)
    assert await has_content(ledger, waiting)
    assert next_day == Forgotten(contents=1, overdue=1, is_over=True)


async def test_a_key_that_comes_again_after_its_time_is_a_new_message(ledger: Ledger) -> None:
    first = await delivered(ledger, "R1", key="a")

    await round_of(ledger, LATE)
    repeat = await ledger.accept(an_acceptance("R1", key="a", at=LATE))
    gone = await round_of(ledger, NOON + 61 * DAY)
    again = await ledger.accept(an_acceptance("R1", key="a", at=NOON + 61 * DAY))

    assert (repeat.message, repeat.duplicate) == (first.message, True)
    assert gone.keys == 1
    assert (again.message == first.message, again.duplicate) == (False, False)
    assert (await verified(ledger)).flaws == ()


async def test_what_a_feed_brings_again_is_known_for_good(ledger: Ledger) -> None:
    first = await delivered(ledger, "R1", exchange="bin-progress", key="a")

    gone = await round_of(ledger, NOON + 400 * DAY)
    repeat = await ledger.accept(an_acceptance("R1", exchange="bin-progress", key="a", at=NOON + 400 * DAY))

    assert (gone.contents, gone.keys) == (1, 0)
    assert (repeat.message, repeat.duplicate) == (first.message, True)


async def test_files_go_with_their_message_and_not_with_another_s(ledger: Ledger) -> None:
    await uploaded(ledger, "u-1", *PIECES)
    await uploaded(ledger, "u-2", *PIECES)
    old = await ledger.accept(with_file(an_acceptance("R1"), "u-1"))
    await ledger.accept(with_file(an_acceptance("R2", at=LATE), "u-2"))
    await ledger.cancel(old.deliveries[0], actor="awa", reason="Asked for twice", now=NOON)

    gone = await round_of(ledger, LATE)
    dropped = await ledger.drop_left_uploads(before=LATE)

    assert (gone.files, dropped) == (1, 1)
    assert await uploads(ledger) == (1, len(PIECES))
    with pytest.raises((NotFound, HubUnavailable)):
        await anext(ledger.file(old.message, TICKET))


async def test_a_round_goes_in_parts_and_meets_each_message_of_one_moment_once(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "MANY", 3)
    for number in range(8):  # all accepted in the same microsecond, as a fetched list is
        await delivered(ledger, f"R{number}")

    parts = [await ledger.forget(KEPT, now=LATE) for _ in range(4)]

    assert [(part.contents, part.is_over) for part in parts] == [(3, False), (3, False), (2, True), (0, True)]


async def test_a_round_is_done_once_a_day_by_all_nodes_together(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "MANY", 2)
    one = await opened("node-1")
    for number in range(3):
        await delivered(one, f"R{number}")

    first = await one.forget(KEPT, now=LATE)
    await one.close()
    other = await opened("node-2")
    rest = await other.forget(KEPT, now=LATE)
    nothing = await other.forget(KEPT, now=LATE + seconds(3600))

    assert [each.contents for each in (first, rest, nothing)] == [2, 1, 0]


async def test_a_part_that_fails_is_done_again_whole(ledger: Ledger) -> None:
    receipt = await delivered(ledger, "R1")

    def broken(to) -> None:
        forgetting.forget(to, KEPT, now=LATE)
        raise HubUnavailable

    with pytest.raises(HubUnavailable):
        await ledger._writer.run(broken)

    assert await has_content(ledger, receipt)
    assert (await round_of(ledger, LATE)).contents == 1


async def test_the_journal_says_how_much_went(ledger: Ledger) -> None:
    await delivered(ledger, "R1")
    await delivered(ledger, "R2", at=LATE + seconds(1))

    await round_of(ledger, NOON + 61 * DAY)
    await round_of(ledger, NOON + 62 * DAY)

    journal = tables.journal.c
    asked = sa.select(journal.actor, journal.detail).where(journal.event == "purged").order_by(journal.id)
    lines = await ledger._store.read(lambda of: of.execute(asked).all())
    assert [tuple(line) for line in lines] == [
        ("hub", '{"contents":1,"files":0,"keys":1}'),
        ("hub", '{"contents":1,"files":0,"keys":0}'),
    ]


async def test_old_messages_are_found_by_the_time_of_their_acceptance(ledger: Ledger) -> None:
    """A part's cost is that of what it looks at, however much the ledger holds."""

    asked = (forgetting.old_ones(after="1 x", until=LATE), forgetting.open_ones(("a", "b")))

    def plan(of: sa.Connection) -> str:
        explain = "EXPLAIN QUERY PLAN" if of.dialect.name == "sqlite" else "EXPLAIN"
        if of.dialect.name != "sqlite":
            of.exec_driver_sql("SET LOCAL enable_seqscan = off")  # a table of no rows is read whole otherwise
        said = [str(each.compile(of, compile_kwargs={"literal_binds": True})).replace("%", "%%") for each in asked]
        return "\n".join(str(row[-1]) for each in said for row in of.exec_driver_sql(f"{explain} {each}"))

    said = await ledger._store.read(plan)
    assert "message_accepted" in said and "delivery_message" in said, said


async def test_two_messages_of_one_key_are_told_apart(ledger: Ledger) -> None:
    """A key that was forgotten, and then used again, is the new message's."""
    await delivered(ledger, "R1", key="a")
    await round_of(ledger, NOON + 61 * DAY)
    second = await delivered(ledger, "R1", key="a", at=NOON + 61 * DAY)

    await round_of(ledger, NOON + 62 * DAY)
    repeat = await ledger.accept(replace(an_acceptance("R1", key="a", at=NOON + 63 * DAY)))

    assert (repeat.message, repeat.duplicate) == (second.message, True)
