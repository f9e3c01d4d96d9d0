"""Empty books: their tables are made by the migrations once a run, and each test's book is laid out with what these made."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

from hub.ledger.upgrading import upgrade
from tests.postgres import Postgres

READS = ("SELECT", "SHOW", "SET")


def book_on_sqlite(path: Path) -> str:
    """An empty book in a file that is not there yet; its address."""
    path.touch(mode=0o600)
    path.write_bytes(_file())
    return f"sqlite:///{path}"


def book_on_postgres(postgres: Postgres) -> str:
    """An empty book in a place of its own; its address."""
    url = postgres.new_database()
    with psycopg.connect(url) as connection:
        connection.execute(_statements(postgres))
    return url


@cache
def _file() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hub.db"
        engine = sa.create_engine(f"sqlite:///{path}")
        upgrade(engine)
        engine.dispose()
        return path.read_bytes()


@cache
def _statements(postgres: Postgres) -> bytes:
    """All that the migrations say to an empty place."""
    engine, said = sa.create_engine(sa.make_url(postgres.new_database()).set(drivername="postgresql+psycopg")), list[str]()

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if not statement.lstrip().upper().startswith(READS):
            assert not parameters
            said.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    upgrade(engine)
    engine.dispose()
    return ";\n".join(said).encode()
