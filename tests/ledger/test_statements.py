"""Statements for many rows: whichever way they are said to a database, every row is written as it was given."""

from random import Random

import pytest
import sqlalchemy as sa

from hub.facts import replace
from hub.ledger import Ledger, tables
from hub.ledger.birth import open_lanes
from hub.ledger.claiming import SAVE_LANES, save_lanes
from hub.ledger.rows import PLAIN, lane_of
from hub.ledger.statements import AT_ONCE, insertion
from hub.ledger.writer import Transaction
from hub.lifecycle import Gate, Lane
from tests.ledger.makers import NOON, seconds

LANES = 40
"""More than SQLite is told in one statement."""


@pytest.mark.parametrize("kinds", [1, 2, 5, LANES])
async def test_rows_that_are_alike_are_changed_just_as_those_that_are_not(ledger: Ledger, kinds: int) -> None:
    chance = Random(kinds)
    drawn = [a_state(chance) for _ in range(kinds)]
    wanted = [replace(chance.choice(drawn), name=f"lane/{number}") for number in range(LANES)]
    other = replace(a_state(chance), name="other")

    def change(to: Transaction) -> int:
        open_lanes(to, ["other", *(each.name for each in wanted)])
        save_lanes(to, [other])
        return SAVE_LANES.run(to.connection, [PLAIN[Lane](each) for each in wanted])

    touched = await ledger._writer.run(change)

    assert touched == LANES
    assert await kept(ledger) == {each.name: each for each in (other, *wanted)}


KNOWN = insertion(tables.crosswalk, ("value", "reference"), alike=[("authority",), ("application", "name", "exchange")])


@pytest.mark.parametrize("rows", [1, 2, AT_ONCE, 2 * AT_ONCE + 1])
@pytest.mark.parametrize("alike", [4, 3, 1, 0], ids=lambda alike: f"{alike} columns alike")
async def test_rows_that_begin_alike_are_inserted_just_as_those_that_do_not(ledger: Ledger, alike: int, rows: int) -> None:
    chance = Random(alike * rows)
    first = [f"it's column {place}" for place in range(alike)]
    others = KNOWN.columns[alike:-2]
    wanted = [(*first, *(f"{chance.random()}" for _ in others), f"{row}", f"R{row}") for row in range(rows)]

    touched = await ledger._writer.run(lambda to: KNOWN.run(to.connection, wanted))

    asked = sa.select(*(tables.crosswalk.c[name] for name in KNOWN.columns))
    found = await ledger._store.read(lambda of: of.execute(asked).all())
    assert touched == rows
    assert sorted(map(tuple, found)) == sorted(wanted)


def a_state(chance: Random) -> Lane:
    return Lane(
        "",
        chance.choice(list(Gate)),
        chance.random() < 0.5,
        chance.randrange(9),
        chance.choice([None, NOON]),
        chance.choice([None, NOON + seconds(chance.randrange(99))]),
        chance.choice([0.0, 1.0, 2.5]),
        NOON,
        chance.choice(["", 'it\'s "out" of order, ça ne va pas']),
    )


async def kept(ledger: Ledger) -> dict[str, Lane]:
    rows = await ledger._store.read(lambda of: of.execute(sa.select(tables.lane)).mappings().all())
    return {row["name"]: lane_of(row) for row in rows}
