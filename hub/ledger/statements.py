"""Statements for many rows, said to the driver as they are: SQLAlchemy would convert each value of each row in Python.

SQLite's driver repeats a statement for each row; PostgreSQL gets all rows as one parameter, for each trip to it is dear.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

Row = Mapping[str, Any]
"""The values of a row by its columns' names: text, numbers, truths, bytes, None; instants as microseconds."""

_TYPES: sa.Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement in both databases' words. `binary`: the columns, where some hold bytes, which JSON has no form for."""

    sqlite: str
    postgresql: str
    binary: tuple[str, ...] = ()

    def run(self, on: sa.Connection, rows: Sequence[Row]) -> int:
        """Say it for these rows, of which there is one at least; how many rows of the table it touched."""
        on = on.execution_options(preserve_rowcount=True)
        if on.dialect.name == "sqlite":
            return on.exec_driver_sql(self.sqlite, list(rows)).rowcount
        if self.binary:
            return on.exec_driver_sql(self.postgresql, tuple([row[name] for row in rows] for name in self.binary)).rowcount
        return on.exec_driver_sql(self.postgresql, (orjson.dumps(rows).decode(),)).rowcount


def insertion(table: sa.Table, columns: Sequence[str], ending: str = "") -> Statement:
    """Inserts rows; `ending` says what becomes of those that are there already."""
    names, values = ", ".join(columns), ", ".join(f":{name}" for name in columns)
    into = f"INSERT INTO {table.name} ({names})"
    if any(isinstance(table.c[name].type, sa.LargeBinary) for name in columns):
        lists = ", ".join(f"%b::{_type(table, name)}[]" for name in columns)
        given = f"{into} SELECT * FROM unnest({lists}) {ending}"
        return Statement(f"{into} VALUES ({values}) {ending}", given, tuple(columns))
    return Statement(f"{into} VALUES ({values}) {ending}", f"{into} SELECT {names} FROM {_rows(table, columns)} {ending}")


def change(table: sa.Table, columns: Sequence[str], *, by: str) -> Statement:
    """Sets these columns of the rows that `by` names."""
    ours = ", ".join(f"{name} = :{name}" for name in columns)
    theirs = ", ".join(f"{name} = r.{name}" for name in columns)
    where = f"WHERE {table.name}.{by} = "
    rows = _rows(table, (by, *columns))
    return Statement(
        f"UPDATE {table.name} SET {ours} {where}:{by}", f"UPDATE {table.name} SET {theirs} FROM {rows} {where}r.{by}"
    )


def _rows(table: sa.Table, columns: Sequence[str]) -> str:
    return f"json_to_recordset(%s) AS r({', '.join(f'{name} {_type(table, name)}' for name in columns)})"


def _type(table: sa.Table, name: str) -> str:
    return str(table.c[name].type.compile(_TYPES))
