"""FastAPI + procrastinate as contender: a web process and a worker process on the same PostgreSQL (see `baseline_app`)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import psycopg

from tests.benchmarks.delivery.processes import end, wait_for_port
from tests.installation import REPOSITORY, free_port

APP = f"{__package__}.baseline_app"
CONCURRENCY = 20
"""5 and 50 were tried as well: neither completed more."""
LEFT = "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"


class Baseline:
    """The web process and the worker."""

    headers: Mapping[str, str] = {}
    path = "/bin-requests"

    def __init__(self, folder: Path, *, office: int, database: str, servers: tuple[int, ...]) -> None:
        self.name = f"FastAPI + procrastinate {version('procrastinate')}"
        self.servers = servers
        self.port = free_port()
        self._database = database
        self._log = (folder / "baseline.log").open("ab")
        own = {"BENCHMARK_DATABASE": database, "BENCHMARK_OFFICE": f"http://127.0.0.1:{office}"}
        self._environment = {**os.environ, **own, "PYTHONPATH": str(REPOSITORY), "PROCRASTINATE_APP": f"{APP}.tasks"}
        made = self._run("procrastinate", "schema", "--apply")
        assert made.wait(60) == 0, (folder / "baseline.log").read_text(encoding="utf-8")
        serving = ("--port", str(self.port), "--loop", "uvloop", "--http", "httptools", "--no-access-log")
        self._web = self._run("uvicorn", f"{APP}:app", *serving, "--log-level", "warning")
        self._worker = self._run("procrastinate", "worker", "--queues", "orders", "--concurrency", str(CONCURRENCY))
        try:
            wait_for_port(self.port, self._web)
        except AssertionError:
            self.stop()
            raise

    @property
    def roots(self) -> tuple[int, ...]:
        return self._web.pid, self._worker.pid

    def left(self) -> int:
        """Jobs that have not ended."""
        with psycopg.connect(self._database) as connection:
            row = connection.execute(LEFT).fetchone()
        return int(row[0]) if row else 0

    def stop(self) -> None:
        """End both."""
        for process in (self._web, self._worker):
            end(process)
        self._log.close()

    def _run(self, *command: str) -> subprocess.Popen[bytes]:
        whole = (sys.executable, "-m", *command)
        return subprocess.Popen(whole, env=self._environment, cwd=REPOSITORY, stdout=self._log, stderr=self._log)
