"""The journal proves itself: what was changed, removed or inserted is found."""

import pytest
import sqlalchemy as sa

from hub.ledger import Ledger
from tests.ledger.conftest import Opener
from tests.ledger.makers import a_settlement, accepted, claimed


async def a_story(ledger: Ledger) -> None:
    await accepted(ledger, "R1", "R2", "R3")
    for claim in await claimed(ledger):
        await ledger.settle(a_settlement(claim))


def tamper(url: str, statement: str) -> None:
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.execute(sa.text(statement))
    engine.dispose()


async def test_an_untouched_journal_holds(ledger: Ledger) -> None:
    await a_story(ledger)

    assert await ledger.verify_journal() is None


async def test_the_chains_of_several_boots_all_hold(ledger: Ledger, opened: Opener) -> None:
    await a_story(ledger)
    await ledger.close()
    again = await opened()
    await a_story(again)

    assert await again.verify_journal() is None


@pytest.mark.parametrize(
    ("statement", "position"),
    [
        ("UPDATE journal SET actor = 'nobody' WHERE position = 3", 3),
        ("UPDATE journal SET event = 'cancelled' WHERE position = 5", 5),
        ("UPDATE journal SET at = at + 1 WHERE position = 1", 1),
        ("DELETE FROM journal WHERE position = 2", 2),
        ("UPDATE journal SET previous = hash WHERE position = 4", 4),
    ],
)
async def test_a_tampering_is_found_where_it_was_done(
    ledger: Ledger, opened: Opener, url: str, statement: str, position: int
) -> None:
    await a_story(ledger)
    await ledger.close()

    tamper(url, statement)

    flaw = await (await opened()).verify_journal()
    assert flaw is not None
    assert (flaw.chain, flaw.position) == (ledger.boot, position)
