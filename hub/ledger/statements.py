"""Statements for many rows, said to the driver as they are: SQLAlchemy would convert each value of each row in Python.

SQLite gets many rows at a time, for each step of its driver lets the event loop's thread in between; PostgreSQL gets all
rows as one parameter, for each trip to it is dear.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

Row = Sequence[Any]
"""The values of a row in the order of its columns: text, numbers, truths, bytes, None; instants as microseconds."""

_TYPES: sa.Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]


AT_ONCE = 32
"""Rows in one statement of SQLite at most: the driver knows each statement by heart, one for each number of rows."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement in both databases' words: SQLite's with a place for its rows, of these `columns`, after one another.

    `binary`: some of them hold bytes, which JSON has no form for. `alike` says it to SQLite, with the first column's values
    in one, for rows that differ in nothing else: that is most of them, and costs a sixth less.
    """

    sqlite: str
    postgresql: str
    columns: tuple[str, ...]
    binary: bool = False
    alike: str = ""

    def run(self, on: sa.Connection, rows: Sequence[Row]) -> int:
        """Say it for these rows, of which there is one at least; how many rows of the table it touched."""
        if on.dialect.name == "sqlite":
            return self._of_alike(on, rows) if self.alike and _are_alike(rows) else self._in_parts(on, rows)
        on = on.execution_options(preserve_rowcount=True)
        if self.binary:
            return on.exec_driver_sql(self.postgresql, tuple(map(list, zip(*rows, strict=True)))).rowcount
        named = [dict(zip(self.columns, row, strict=True)) for row in rows]
        return on.exec_driver_sql(self.postgresql, (orjson.dumps(named).decode(),)).rowcount

    def _of_alike(self, on: sa.Connection, rows: Sequence[Row]) -> int:
        which = orjson.dumps([row[0] for row in rows]).decode()
        return said(on, self.alike, (*rows[0][1:], which)).rowcount

    def _in_parts(self, on: sa.Connection, rows: Sequence[Row]) -> int:
        touched = 0
        for start in range(0, len(rows), AT_ONCE):
            part = rows[start : start + AT_ONCE]
            told = tuple(chain.from_iterable(part))
            touched += said(on, _for(self.sqlite, len(self.columns), len(part)), told).rowcount
        return touched


@dataclass(frozen=True, slots=True)
class Question:
    """One question in both databases' words, with their places for its values."""

    sqlite: str
    postgresql: str

    def ask(self, on: sa.Connection, *values: Any) -> Sequence[Row]:
        """The rows of the answer, as the driver gives them: instants as microseconds, SQLite's truths as numbers."""
        if on.dialect.name == "sqlite":
            return said(on, self.sqlite, values).fetchall()
        return on.exec_driver_sql(self.postgresql, values).fetchall()


def said(on: sa.Connection, statement: str, values: tuple[Any, ...] = ()) -> sqlite3.Cursor:
    """Say a statement to SQLite's own driver: to half of them, SQLAlchemy's rounds take longer than the statement itself."""
    driver: sqlite3.Connection = on.connection.driver_connection  # type: ignore[assignment]
    try:
        return driver.execute(statement, values)
    except sqlite3.Error as error:
        raise sa.exc.DBAPIError.instance(statement, None, error, sqlite3.Error) from error


def _are_alike(rows: Sequence[Row]) -> bool:
    """Whether rows differ in their first column only."""
    rest = [row[1:] for row in rows]
    return rest.count(rest[0]) == len(rest)


@cache
def _for(statement: str, columns: int, rows: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return statement.format(", ".join([row] * rows))


def insertion(table: sa.Table, columns: Sequence[str], ending: str = "") -> Statement:
    """Inserts rows; `ending` says what becomes of those that are there already."""
    names = ", ".join(columns)
    into, is_binary = f"INSERT INTO {table.name} ({names})", any(_is_binary(table, name) for name in columns)
    lists = ", ".join(f"%b::{_type(table, name)}[]" for name in columns)
    rows = f"SELECT * FROM unnest({lists})" if is_binary else f"SELECT {names} FROM {_rows(table, columns)}"
    return Statement(f"{into} VALUES {{}} {ending}", f"{into} {rows} {ending}", tuple(columns), is_binary)


def change(table: sa.Table, columns: Sequence[str], *, by: str, also: str = "") -> Statement:
    """Sets these columns of the rows that `by` names, and others `also`, of all alike."""
    same = (also,) if also else ()
    ours = ", ".join((*(f"{name} = r.column{place}" for place, name in enumerate(columns, start=2)), *same))
    theirs = ", ".join((*(f"{name} = r.{name}" for name in columns), *same))
    alike = ", ".join((*(f"{name} = ?" for name in columns), *same))
    where = f"WHERE {table.name}.{by} = r."
    return Statement(
        f"UPDATE {table.name} SET {ours} FROM (VALUES {{}}) AS r {where}column1",
        f"UPDATE {table.name} SET {theirs} FROM {_rows(table, (by, *columns))} {where}{by}",
        (by, *columns),
        alike=f"UPDATE {table.name} SET {alike} WHERE {by} IN (SELECT value FROM json_each(?))",
    )


def _is_binary(table: sa.Table, name: str) -> bool:
    return isinstance(table.c[name].type, sa.LargeBinary)


def _rows(table: sa.Table, columns: Sequence[str]) -> str:
    return f"json_to_recordset(%s) AS r({', '.join(f'{name} {_type(table, name)}' for name in columns)})"


def _type(table: sa.Table, name: str) -> str:
    return str(table.c[name].type.compile(_TYPES))
