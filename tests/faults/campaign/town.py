"""The town of a campaign: its database, its back offices, and nodes which reach both through proxies of their own."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from tests.faults.campaign.back_office import ALL_WELL
from tests.faults.campaign.database import Database
from tests.faults.campaign.nursery import Nursery, Started
from tests.faults.campaign.plan import Plan
from tests.faults.proxy import Fault, told
from tests.installation import REPOSITORY, Installation, free_port

FILES = Path(__file__).parent / "installation"
LARGEST_BODY = 65_536
LEAST_WELL = 60
READY_WITHIN = 60.0
REST = 0.5
"""Seconds before a node that ended by itself is started again."""


@dataclass
class Gate:
    """A proxy in a process of its own."""

    process: asyncio.subprocess.Process
    port: int
    control: int

    async def tell(self, fault: Fault) -> None:
        """From now on treat what passes so."""
        await asyncio.to_thread(told, self.control, fault)


@dataclass
class Node:
    """One node of the town. `slot` stays the same when another node takes its place; `present`: it has not been removed."""

    slot: str
    environment: Mapping[str, str]
    root: Path
    nursery: Nursery
    port: int
    office: Gate
    database: Gate | None
    term: int = 1
    process: Started | None = None
    ready: bool = False
    paused: bool = False
    present: bool = True
    keeping: asyncio.Task[None] | None = None
    given_up: int = 0

    @property
    def name(self) -> str:
        """Its name in the ledger."""
        return f"{self.slot}.{self.term}"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.running

    async def start(self) -> None:
        """Start it; it says by itself when it is ready. One that ends by itself is started again, as a supervisor does."""
        await self._start()
        self.keeping = asyncio.create_task(self._keep())

    async def _start(self) -> None:
        environment = {**self.environment, "HUB_NODE": self.name}
        self.process = await self.nursery.start(environment, self.root, self.root / f"{self.slot}.log")

    async def _keep(self) -> None:
        while True:
            assert self.process
            waiting = asyncio.create_task(self._until_ready())
            try:
                await self.process.wait()
            finally:
                waiting.cancel()
            self.ready = False
            self.given_up += 1
            await asyncio.sleep(REST)
            await self._start()

    async def end(self, by: signal.Signals, *, within: float = 45.0) -> None:
        """Send a signal and wait for the end of the process; SIGKILL for one that does not end."""
        self.ready = False
        if self.keeping:
            self.keeping.cancel()
        if self.process is None or not self.running:
            return
        self.process.send_signal(by)
        try:
            await asyncio.wait_for(self.process.wait(), within)
        except TimeoutError:
            self.process.send_signal(signal.SIGKILL)
            await self.process.wait()

    def signal(self, number: signal.Signals) -> None:
        """Stop it in its tracks, or let it go on."""
        if self.process and self.running:
            self.process.send_signal(number)
        self.paused = number == signal.SIGSTOP

    async def _until_ready(self) -> None:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
            while not self.ready:
                with suppress(aiohttp.ClientError, TimeoutError):
                    async with session.get(f"{self.url}/health/ready") as reply:
                        self.ready = reply.status == 200
                await asyncio.sleep(0.05)


@dataclass
class Town:
    """Everything that a campaign runs on, in one folder."""

    plan: Plan
    folder: Path
    nodes: list[Node] = field(default_factory=list)
    database: Database | None = None
    admin_key: str = ""
    office_port: int = field(default_factory=free_port)
    _processes: list[asyncio.subprocess.Process] = field(default_factory=list)

    @property
    def root(self) -> Path:
        return self.folder / "installation"

    @property
    def office(self) -> str:
        """The address of the back offices, not through a proxy."""
        return f"http://127.0.0.1:{self.office_port}"

    @property
    def ledger(self) -> str:
        """The address of the ledger, not through a proxy."""
        return self.database.url() if self.database else f"sqlite:///{self.root / 'hub.db'}"

    async def open(self) -> None:
        """Lay out the installation and start everything; return when every node is ready."""
        shutil.copytree(FILES, self.root)
        (self.root / "schedules").mkdir()
        self.database = await asyncio.to_thread(Database) if self.plan.database == "postgresql" else None
        installation = Installation(self.root, self._environment())
        self.admin_key = await asyncio.to_thread(installation.init)
        arguments = ("--log", str(self.folder / "back_office.jsonl"), "--port", str(self.office_port))
        well = max(LEAST_WELL, int(ALL_WELL * self.plan.scale))
        await self._python(
            "tests.faults.campaign.back_office", *arguments, "--seed", str(self.plan.seed), "--well", str(well)
        )
        nursery = await Nursery.open(self._environment())
        self._processes.append(nursery.process)
        for number in range(1, self.plan.nodes + 1):
            self.nodes.append(await self._node(f"node-{number}", nursery))
        await asyncio.gather(*(node.start() for node in self.nodes))
        await self.ready()

    async def ready(self) -> None:
        """Return when every node that runs is ready; fail with its log when it is not in time."""
        try:
            async with asyncio.timeout(READY_WITHIN):
                while not all(node.ready for node in self.nodes if node.present):
                    await asyncio.sleep(0.05)
        except TimeoutError:
            logs = (f"{node.name}:\n{self.log(node)[-2000:]}" for node in self.nodes if not node.ready)
            raise AssertionError("a node is not ready:\n" + "\n".join(logs)) from None

    async def close_nodes(self) -> None:
        """End every node, however it stands."""
        for node in self.nodes:
            node.signal(signal.SIGCONT)
            await node.end(signal.SIGKILL)

    async def close(self) -> None:
        """End everything else that was started."""
        for process in self._processes:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        if self.database:
            self.database.resume()
            await asyncio.to_thread(self.database.remove)

    def log(self, node: Node) -> str:
        """What a node has printed, all its lives together."""
        return (self.root / f"{node.slot}.log").read_text(encoding="utf-8", errors="replace")

    async def _node(self, slot: str, nursery: Nursery) -> Node:
        office = await self._gate(self.office_port)
        database = await self._gate(self.database.port) if self.database else None
        port, environment = free_port(), self._environment()
        environment |= {"HUB_PORT": str(port)}
        environment |= {"HUB_DATABASE": self.database.url(database.port)} if self.database and database else {}
        for name in ("orders", "notices", "letters"):
            environment[f"{name.upper()}_URL"] = f"http://127.0.0.1:{office.port}/{slot}/{name}"
        return Node(slot, environment, self.root, nursery, port, office, database)

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TZ") if name in os.environ}
        paths = os.pathsep.join(part for part in (self.plan.hub_path, str(REPOSITORY)) if part)
        return {
            **kept,
            "PYTHONPATH": paths,
            "PYTHONUNBUFFERED": "1",
            "HUB_ROOT": str(self.root),
            "HUB_ALLOW_PRIVATE": "127.0.0.0/8",
            "HUB_LANGUAGE": "en",
            "HUB_LARGEST_BODY": str(LARGEST_BODY),
            "HUB_DATABASE": self.ledger,
        }

    async def _gate(self, to: int) -> Gate:
        process = await self._python("tests.faults.proxy", "--to", f"127.0.0.1:{to}", told=True)
        assert process.stdout
        ports = json.loads(await process.stdout.readline())
        return Gate(process, ports["port"], ports["control"])

    async def _python(self, module: str, *arguments: str, told: bool = False) -> asyncio.subprocess.Process:
        """A helper in a process of its own, never a target of the nemesis."""
        output = subprocess.PIPE if told else None
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, *arguments, cwd=REPOSITORY, stdout=output
        )
        self._processes.append(process)
        return process
