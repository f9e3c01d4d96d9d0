"""Fills a ledger with settled messages: real ones, just handled by a node, copied by set-wide SQL over the real tables.

A copy differs in ids, reference, order number and times. Its sealed contents can no longer be opened (they are bound to the
message that they were sealed for), and the hashes of its journal lines are not worked out anew: the size and shape of all is
right, and neither is read by what is measured here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from hub.ledger.tables import Instant, journal, message, metadata

BACK = timedelta(days=90)
"""The copies spread over so long before now, as in production under the usual retention."""

AT_ONCE = 50_000
"""Messages in one transaction."""

NAMING = frozenset({"id", "message", "delivery", "reference", "key", "name", "value"})
"""Columns whose text holds a message's id or the number of its reference, or may do so."""

UNSAFE = {
    "sqlite": ("PRAGMA journal_mode=OFF", "PRAGMA synchronous=OFF", "PRAGMA cache_size=-200000", "PRAGMA temp_store=MEMORY"),
    "postgresql": (
        "SET synchronous_commit = off",
        "SET session_replication_role = replica",  # no look at each row's message, which is there
        "SET work_mem = '256MB'",
        "SET jit = off",
    ),
}
"""For the filling alone: the nodes that are measured afterwards open the ledger with their own settings."""

numbers = sa.Table("benchmark_numbers", sa.MetaData(), sa.Column("number", sa.BigInteger), prefixes=["TEMPORARY"])
pattern = sa.Table(
    "benchmark_pattern",
    sa.MetaData(),
    sa.Column("place", sa.BigInteger),
    sa.Column("id", sa.Text),
    sa.Column("digits", sa.Text),
    sa.Column("at", sa.BigInteger),
    prefixes=["TEMPORARY"],
)
copies = sa.Table(
    "benchmark_copies",
    sa.MetaData(),
    sa.Column("number", sa.BigInteger),
    sa.Column("old_id", sa.Text),
    sa.Column("new_id", sa.Text),
    sa.Column("old_digits", sa.Text),
    sa.Column("new_digits", sa.Text),
    sa.Column("earlier", sa.BigInteger),
    prefixes=["TEMPORARY"],
)
"""One row for each copy of a message: what is replaced by what, and by how many microseconds all is put back."""


def fill(url: str, *, to: int, first: int) -> int:
    """Copy the ledger's messages until it has about `to`; `first` is the number of the first copy's reference; how many were
    added. No node may run."""
    engine = sa.create_engine(sa.make_url(url).set(drivername=_driver(url)))
    with engine.connect() as connection:
        for statement in UNSAFE[connection.dialect.name]:
            connection.exec_driver_sql(statement)
        connection.commit()
        patterns = _take_patterns(connection)
        rounds = max(0, to // patterns - 1)
        for begin, end in _chunks(rounds, AT_ONCE // patterns):
            _name_copies(connection, range(begin, end), all_=rounds * patterns, patterns=patterns, first=first)
            _copy(connection)
        _leave_as_production(connection)
    engine.dispose()
    return patterns * rounds


def _take_patterns(connection: sa.Connection) -> int:
    for table in (numbers, pattern, copies):
        table.metadata.create_all(connection)
    settled = sa.select(message.c.id, message.c.reference, sa.type_coerce(message.c.accepted_at, sa.BigInteger))
    rows = connection.execute(settled.order_by(message.c.id)).all()
    connection.execute(
        sa.insert(pattern),
        [{"place": place, "id": row[0], "digits": row[1][-10:], "at": row[2]} for place, row in enumerate(rows)],
    )
    connection.commit()
    return len(rows)


def _chunks(rounds: int, size: int) -> Iterator[tuple[int, int]]:
    for begin in range(0, rounds, size):
        yield begin, min(rounds, begin + size)


def _name_copies(connection: sa.Connection, chunk: range, *, all_: int, patterns: int, first: int) -> None:
    """Give each copy its ids and its time: the first one is the oldest."""
    connection.execute(sa.delete(numbers))
    connection.execute(sa.delete(copies))
    connection.execute(sa.insert(numbers), [{"number": number} for number in chunk])
    number = numbers.c.number * patterns + pattern.c.place
    earlier = (all_ - number) * (BACK // timedelta(microseconds=1) // all_)
    begin = _hex12(connection, (pattern.c.at - earlier) // 1000)
    named = sa.select(
        number,
        pattern.c.id,
        begin + sa.func.substr(pattern.c.id, 13),
        pattern.c.digits,
        _ten(connection, number + first),
        earlier,
    ).select_from(numbers.join(pattern, sa.true()))
    connection.execute(sa.insert(copies).from_select(list(copies.c), named.order_by(number)))


def _hex12(connection: sa.Connection, value: sa.ColumnElement[int]) -> sa.ColumnElement[str]:
    if connection.dialect.name == "sqlite":
        return sa.func.printf("%012x", value, type_=sa.Text)
    return sa.func.lpad(sa.func.to_hex(sa.cast(value, sa.BigInteger)), 12, "0", type_=sa.Text)


def _ten(connection: sa.Connection, value: sa.ColumnElement[int]) -> sa.ColumnElement[str]:
    if connection.dialect.name == "sqlite":
        return sa.func.printf("%010d", value, type_=sa.Text)
    return sa.func.lpad(sa.cast(value, sa.Text), 10, "0", type_=sa.Text)


def _copy(connection: sa.Connection) -> None:
    for table in metadata.sorted_tables:
        on = _joined(table)
        if on is not None:  # its truth would be that of a comparison
            _copy_table(connection, table, on=on)
    connection.commit()


def _joined(table: sa.Table) -> sa.ColumnElement[bool] | None:
    """What ties a table's rows to their message; None for one that has nothing of messages."""
    if table is message:
        return table.c.id == copies.c.old_id
    if "message" in table.c:
        return table.c.message == copies.c.old_id
    if "reference" in table.c:
        return table.c.reference == sa.literal("B-") + copies.c.old_digits
    return None


def _copy_table(connection: sa.Connection, table: sa.Table, *, on: sa.ColumnElement[bool]) -> None:
    columns = [column for column in table.c if column.identity is None]
    values = [_value(column) for column in columns]
    if table is journal:
        values[columns.index(journal.c.position)] = _next_positions(connection)
    # As they would have come: rows of one size side by side would leave gaps in each page, for later rows to go into.
    rows = sa.select(*values).select_from(copies.join(table, on)).order_by(copies.c.number, *table.primary_key)
    connection.execute(sa.insert(table).from_select(columns, rows, include_defaults=False))


def _value(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """A copied column: ids and numbers anew, instants earlier."""
    if isinstance(column.type, Instant):
        return sa.type_coerce(column, sa.BigInteger) - copies.c.earlier
    if column.name in NAMING:
        named = sa.func.replace(column, copies.c.old_id, copies.c.new_id)
        return sa.func.replace(named, copies.c.old_digits, copies.c.new_digits)
    return column


def _next_positions(connection: sa.Connection) -> sa.ColumnElement[int]:
    last = connection.scalar(sa.select(sa.func.max(journal.c.position))) or 0
    return sa.func.row_number().over(order_by=(copies.c.number, journal.c.id)) + last


def _leave_as_production(connection: sa.Connection) -> None:
    """PostgreSQL's autovacuum would have been here long ago, and its checkpoints; SQLite has nobody who would."""
    if connection.dialect.name == "sqlite":
        return
    connection.execution_options(isolation_level="AUTOCOMMIT")
    for table in metadata.sorted_tables:
        connection.exec_driver_sql(f"VACUUM ANALYZE {table.name}")
    connection.exec_driver_sql("CHECKPOINT")


def _driver(url: str) -> str:
    return "postgresql+psycopg" if url.startswith("postgresql") else "sqlite"
