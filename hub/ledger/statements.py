"""Statements for many rows, said to the driver as they are: SQLAlchemy would convert each value of each row in Python.

SQLite gets many rows at a time, for each step of its driver lets the event loop's thread in between; PostgreSQL gets all
rows as one parameter, for each trip to it is dear.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, chain
from operator import itemgetter
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
    in one, for rows that differ in nothing else: that is most of them, and costs a sixth less. `shared`: how many of the
    first columns rows mostly have alike, the most of them first; SQLite is told these once for all rows.
    """

    sqlite: str
    postgresql: str
    columns: tuple[str, ...]
    binary: bool = False
    alike: str = ""
    shared: tuple[int, ...] = ()

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
        if len(rows) <= AT_ONCE:
            return self._at_once(on, rows)
        return sum(self._at_once(on, rows[start : start + AT_ONCE]) for start in range(0, len(rows), AT_ONCE))

    def _at_once(self, on: sa.Connection, rows: Sequence[Row]) -> int:
        for width in self.shared:
            head_of, rest_of = _cut_at(width)
            heads = list(map(head_of, rows))
            if heads.count(heads[0]) == len(heads):
                statement = _for(self.sqlite, width, len(self.columns) - width, len(rows))
                return said(on, statement, (*heads[0], *chain.from_iterable(map(rest_of, rows)))).rowcount
        return said(on, _for(self.sqlite, 0, len(self.columns), len(rows)), tuple(chain.from_iterable(rows))).rowcount


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
    driver: sqlite3.Connection = on.connection.dbapi_connection  # type: ignore[assignment]
    try:
        return driver.execute(statement, values)
    except sqlite3.Error as error:
        raise sa.exc.DBAPIError.instance(statement, None, error, sqlite3.Error) from error


def _are_alike(rows: Sequence[Row]) -> bool:
    """Whether rows differ in their first column only."""
    rest = [row[1:] for row in rows]
    return rest.count(rest[0]) == len(rest)


@cache
def _cut_at(width: int) -> tuple[Callable[[Row], Row], Callable[[Row], Row]]:
    """So many first values of a row, and the rest of them."""
    return itemgetter(slice(width)), itemgetter(slice(width, None))


@cache
def _for(statement: str, shared: int, own: int, rows: int) -> str:
    row = f"({', '.join([*(f'?{place}' for place in range(1, shared + 1)), *'?' * own])})"
    return statement.format(", ".join([row] * rows))


def insertion(table: sa.Table, own: Sequence[str], ending: str = "", *, alike: Sequence[Sequence[str]] = ()) -> Statement:
    """Inserts rows; `ending` says what becomes of those that are there already. First come the columns that rows mostly have
    `alike`: those of any rows, then those of rows of one kind; then each row's `own`."""
    columns = (*chain.from_iterable(alike), *own)
    shared = tuple(accumulate(map(len, alike)))[::-1]
    names = ", ".join(columns)
    into, is_binary = f"INSERT INTO {table.name} ({names})", any(_is_binary(table, name) for name in columns)
    lists = ", ".join(f"%b::{_type(table, name)}[]" for name in columns)
    rows = f"SELECT * FROM unnest({lists})" if is_binary else f"SELECT {names} FROM {_rows(table, columns)}"
    return Statement(f"{into} VALUES {{}} {ending}", f"{into} {rows} {ending}", columns, is_binary, shared=shared)


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
