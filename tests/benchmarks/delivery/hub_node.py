"""The hub as contender: an installation in a folder of its own, and one or more nodes of it."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from copy import copy
from pathlib import Path

import psycopg
import yaml

from tests.benchmarks.delivery.processes import end, tree
from tests.installation import HUB, Admin, Installation, Node, install

OWN = Path(__file__).parent / "installation"
LIMITS = {"at_once": "1000", "per_second": "1000000"}
"""Wide enough that the engine is measured, not the manners that it has towards an application."""

EXCHANGES = {"rest": "bin-order", "soap": "bin-replacement"}
LEFT = "SELECT count(*) FROM delivery WHERE state IN ('waiting', 'sending', 'unanswered')"


def town(folder: Path, *, office: int, database: str = "") -> Installation:
    """The shipped installation without its schedules, the benchmark's own REST exchange beside it, all to one back office.

    What the shipped exchange tells the portal afterwards is taken out, so that SOAP and REST do the same work.
    """
    made = install(
        folder,
        database=database,
        WASTE_URL=f"http://127.0.0.1:{office}/soap",
        ORDERS_URL=f"http://127.0.0.1:{office}/rest",
        HUB_SECRET_ORDERS="token",
    )
    shutil.rmtree(made.root / "schedules")
    (made.root / "schedules").mkdir()
    shutil.copytree(OWN, made.root, dirs_exist_ok=True)
    for name in ("waste", "orders"):
        made.edit(f"connectors/{name}/connector.yaml", limits=LIMITS)
    mapping = made.root / "mappings" / "bin-replacement.yaml"
    words = yaml.load(mapping.read_text(encoding="utf-8"), yaml.BaseLoader)
    del words["then"]
    mapping.write_text(yaml.safe_dump(words, sort_keys=False, allow_unicode=True), encoding="utf-8")
    (mapping.parent / "bin-replacement.examples.yaml").unlink()
    return made


class BenchNode(Node):
    """A node, or the parent of several; or one under the profiler. It starts as it does in a town hall, from nothing."""

    def __init__(self, installation: Installation, *, processes: int = 1, profile: Path | None = None) -> None:
        super().__init__(installation, processes=processes)
        self._town, self._profile = installation, profile

    def start(self, *, wait: float = 60.0) -> Node:
        """Start it, and return when it is ready."""
        profiled = (sys.executable, "-m", f"{__package__}.profiled", str(self._profile))
        command = profiled if self._profile else (*HUB, "serve", *self._options)
        environment = {**self._town.environment, "HUB_NODE": self.name, "HUB_PORT": str(self.port)}
        with (self._town.root / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(command, env=environment, cwd=self._town.root, stdout=log, stderr=log)
        self.wait_ready(wait)
        return self


class HubContender:
    """A hub that an installation is the whole of: one node, or several behind one address.

    `resting` deliveries are known not to end: they wait for an application that is dead.
    """

    def __init__(
        self,
        installation: Installation,
        *,
        name: str = "",
        way: str = "rest",
        servers: tuple[int, ...] = (),
        processes: int = 1,
        profile: Path | None = None,
    ) -> None:
        self.installation = installation
        self.servers = servers
        self.resting = 0
        installation.admin_key = installation.admin_key or installation.init()
        self.node = BenchNode(installation, processes=processes, profile=profile)
        self.start()
        self.key = Admin(self.node.url, installation.admin_key).key_for("portal")
        self.name = name or f"hub, {way}"
        self.path = _path(way)

    def speaking(self, way: str, *, name: str = "") -> HubContender:
        """The same hub, which speaks to the back office in REST or in SOAP."""
        other = copy(self)
        other.path, other.name = _path(way), name or f"hub, {way}"
        return other

    def start(self) -> None:
        """Start its node or nodes, and return when they are ready."""
        try:
            self.node.start(wait=60)
        except BaseException:
            self.stop()
            raise

    @property
    def port(self) -> int:
        return self.node.port

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    @property
    def roots(self) -> tuple[int, ...]:
        return (self.node.process.pid,) if self.node.process else ()

    def nodes(self) -> list[int]:
        """The processes that serve: its only one, or the children of their parent."""
        alone, *several = tree(self.roots)
        return several or [alone]

    def left(self) -> int:
        """Deliveries that have not ended, as the ledger has them, but for those that rest."""
        url = self.installation.environment.get("HUB_DATABASE")
        if url:
            with psycopg.connect(url) as connection:
                row = connection.execute(LEFT).fetchone()
        else:
            with closing(sqlite3.connect(f"file:{self.installation.root / 'hub.db'}?mode=ro", uri=True)) as book:
                row = book.execute(LEFT).fetchone()
        return int(row[0]) - self.resting if row else 0

    def stop(self) -> None:
        """End the node; the profiler needs its time to write."""
        if self.node.process:
            end(self.node.process)


def _path(way: str) -> str:
    return f"/api/v1/exchanges/{EXCHANGES[way]}/messages"
