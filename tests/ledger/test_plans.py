"""The cost of a claim does not grow with the ledger: every step goes by an index with 100,000 delivered rows beside."""

import re

import pytest_asyncio
import sqlalchemy as sa

from hub.ledger import Ledger
from hub.ledger.tables import Instant
from hub.ledger.writer import Transaction
from tests.ledger.conftest import Opener
from tests.ledger.makers import LANE, NOON, a_settlement, accepted, claimed

DELIVERED = 100_000

NUMBERS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :many) SELECT i FROM n",
    "postgresql": "SELECT i FROM generate_series(1, :many) AS n(i)",
}


def fill(to, many: int = DELIVERED) -> None:
    """As many messages that were delivered long ago as a small town has in a year."""
    numbers = NUMBERS[to.connection.dialect.name]
    for statement in (
        "INSERT INTO message (id, exchange, authority, sender, operation, reference, key, fingerprint, revision, "
        "accepted_at, trace, caller_url) SELECT 'm' || i, 'x', 'ville', 'portal', 'op', 'old' || i, 'k' || i, 'f', '1', "
        f":noon, '', '' FROM ({numbers}) AS s",
        "INSERT INTO delivery (id, message, exchange, authority, receiver, operation, lane, reference, state, due_at, "
        "attempts, tries, token, look_up, holder, reason, accepted_at) SELECT 'd' || i, 'm' || i, 'x', 'ville', 'waste', "
        f"'op', :lane, 'old' || i, 'delivered', NULL, 0, 1, 1, :no, '', '', :noon FROM ({numbers}) AS s",
    ):
        bound = {"noon": NOON, "lane": LANE, "many": many, "no": False}
        named = {name: value for name, value in bound.items() if f":{name}" in statement}
        text = sa.text(statement)
        text = text.bindparams(sa.bindparam("noon", type_=Instant))
        to.connection.execute(text, named)


def plans_of(to, statements) -> str:
    """The plans of these statements on the writer's connection, as the database explains them."""
    explain = "EXPLAIN QUERY PLAN " if to.connection.dialect.name == "sqlite" else "EXPLAIN "
    rows = [
        row
        for statement, parameters in statements
        for row in to.connection.exec_driver_sql(explain + statement, parameters).all()
    ]
    return "\n".join(str(row[-1]) for row in rows)


@pytest_asyncio.fixture
async def statements(ledger: Ledger):
    """The statements of the writer on deliveries, with their parameters, as they are said."""
    said = []

    def listen_to_sqlite(to: Transaction) -> None:
        # Of the driver itself: some are not said through SQLAlchemy. It tells them with their values filled in.
        driver = to.connection.connection.driver_connection
        driver.set_trace_callback(lambda statement: listen(None, None, statement, (), None, many=False))

    def listen(_connection, _cursor, statement, parameters, _context, many) -> None:
        if re.match("SELECT|UPDATE", statement) and "delivery" in statement:
            said.append((statement, parameters[0] if many else parameters))

    if ledger._store.writing.dialect.name == "sqlite":
        await ledger._writer.run(listen_to_sqlite)
    else:
        sa.event.listen(ledger._store.writing, "before_cursor_execute", listen)
    return said


async def test_claims_settlements_and_lost_leases_go_by_an_index_on_a_full_ledger(ledger: Ledger, statements) -> None:
    await ledger._writer.run(fill)
    await accepted(ledger, *(f"R{n}" for n in range(20)))
    statements.clear()

    claims = await claimed(ledger)
    await ledger.settle(a_settlement(claims[0]))
    await ledger.take_up(now=NOON)
    await ledger.renew(now=NOON, lease=NOON - NOON)
    asked = list(statements)
    plan = await ledger._writer.run(lambda to: plans_of(to, asked))

    assert len(claims) == 20
    assert "Seq Scan on delivery" not in plan
    assert not re.search(r"SCAN (delivery|earlier)(?! USING INDEX delivery_held)", plan)
    assert "delivery_turn" in plan and "delivery_open" in plan and "delivery_held" in plan


async def test_a_node_of_the_version_before_finds_what_is_open_by_the_index_of_this_one(opened_on_postgres: Opener) -> None:
    ledger = await opened_on_postgres()
    await ledger._writer.run(fill)
    before = (
        "SELECT position FROM delivery WHERE lane = %s AND reference = %s "
        "AND state IN ('waiting', 'sending', 'unanswered', 'dead') AND NOT (state = 'dead' AND skipped) LIMIT 1"
    )

    plan = await ledger._writer.run(lambda to: plans_of(to, [(before, (LANE, "old7"))]))

    assert "delivery_open" in plan
