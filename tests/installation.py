"""An installation of the shipped connectors, mappings and schedules in a folder of its own, and nodes as real processes."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import httpx
import yaml

from tests import nursery

REPOSITORY = Path(__file__).parents[1]
HUB = (sys.executable, "-m", "hub")


PORTS = range(20_000, 32_000)
"""The system gives these to nobody who asks for any port."""
AT_ONCE = 50
"""So many ports belong to whoever holds the datagram port of the first."""


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on, and that nobody else is given before this process ends."""
    with _giving:
        return next(port for port in _own_ports() if _is_free(port))


@cache
def _own_ports() -> Iterator[int]:
    """Ports that no other process takes from here, each once."""
    firsts = list(PORTS[::AT_ONCE])
    random.SystemRandom().shuffle(firsts)
    for first in firsts:
        claim = socket.socket(type=socket.SOCK_DGRAM)
        try:
            claim.bind(("127.0.0.1", first))
        except OSError:
            claim.close()
            continue
        _claims.append(claim)
        yield from range(first, first + AT_ONCE)


_giving = threading.Lock()
_claims: list[socket.socket] = []
"""They end with this process."""


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@dataclass
class Installation:
    """A folder with connectors, mappings and schedules, and the environment that its nodes are started in."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    admin_key: str = ""

    def edit(self, file: str, **changes: object) -> None:
        """Change top-level keys of one YAML file."""
        path = self.root / file
        path.write_text(yaml.safe_dump({**yaml.load(path.read_text(), yaml.BaseLoader), **changes}, sort_keys=False))

    def replace(self, file: str, old: str, new: str) -> None:
        """Change one passage of a file, which must be there."""
        path = self.root / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{file} has no {old!r}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def hub(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run one `hub` command to its end."""
        return nursery.run(arguments, environment={**self.environment, **environment}, folder=self.root, timeout=120)

    def init(self) -> str:
        """`hub init`; the admin key that it shows."""
        shown = self.hub("init")
        assert shown.returncode == 0, shown.stdout + shown.stderr
        self.admin_key = next(word for word in shown.stdout.split() if word.startswith("hub_"))
        return self.admin_key


def install(folder: Path, *, database: str = "", **environment: str) -> Installation:
    """A copy of what ships, with addresses that nobody answers at until `environment` says otherwise."""
    root = folder / "installation"
    for name in ("connectors", "mappings", "schedules"):
        shutil.copytree(REPOSITORY / name, root / name)
    nowhere = {f"{name}_URL": "http://127.0.0.1:9" for name in ("PORTAL", "WASTE", "CIVIL_STATUS", "FINANCE")}
    secrets = {f"HUB_SECRET_{name}": f"{name.lower()}:secret" for name in ("PORTAL", "WASTE", "CIVIL_STATUS", "FINANCE")}
    settings = {"HUB_ROOT": str(root), "HUB_ALLOW_PRIVATE": "127.0.0.0/8", "HUB_LANGUAGE": "en", "HUB_BALLAST": "0"}
    settings |= {"HUB_DATABASE": database} if database else {}
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TZ", "SSL_CERT_FILE") if name in os.environ}
    python = {"PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1"}
    return Installation(root, {**kept, **python, **nowhere, **secrets, **settings, **environment})


class Node:
    """One `hub serve` process; or, of several `processes` behind one address, their parent."""

    def __init__(self, installation: Installation, *, name: str = "node-1", processes: int = 1) -> None:
        self._installation = installation
        self.name = name
        self._options = ("--processes", str(processes)) if processes > 1 else ()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | nursery.Born | None = None
        (installation.root / f"{name}.log").touch()

    def start(self, *, wait: float = 90.0) -> Node:
        """Start it, and return when it is ready."""
        environment: Mapping[str, str] = {
            **self._installation.environment,
            "HUB_NODE": self.name,
            "HUB_PORT": str(self.port),
        }
        root = self._installation.root
        self.process = nursery.begin(
            ("serve", *self._options), environment=environment, folder=root, output=root / f"{self.name}.log"
        )
        self.wait_ready(wait)
        return self

    def wait_ready(self, seconds: float) -> None:
        """Return when /health/ready says yes."""
        end = time.monotonic() + seconds
        with httpx.Client(timeout=5, trust_env=False, verify=False) as client:  # a client with authorities costs more
            while time.monotonic() < end:
                assert self.process and self.process.poll() is None, f"the node ended:\n{self.log()[-4000:]}"
                try:
                    if client.get(f"{self.url}/health/ready").status_code == 200:
                        return
                except httpx.HTTPError:
                    pass
                time.sleep(0.05)
        raise AssertionError(f"the node is not ready after {seconds} s:\n{self.log()[-4000:]}")

    def kill(self) -> None:
        """kill -9."""
        self.stop(signal.SIGKILL)

    def stop(self, by: signal.Signals = signal.SIGTERM, *, wait: float = 90.0) -> int:
        """End it, and return its exit code."""
        if self.process is None or self.process.poll() is not None:
            return self.process.returncode if self.process else 0
        self.process.send_signal(by)
        return self.process.wait(wait)

    def log(self) -> str:
        """What it has printed."""
        return (self._installation.root / f"{self.name}.log").read_text(encoding="utf-8", errors="replace")


class Admin:
    """The admin endpoint of a node, and the keys that it gives to applications."""

    def __init__(self, url: str, key: str) -> None:
        self.url = url
        self._client = httpx.Client(
            base_url=f"{url}/admin/api", headers={"Authorization": f"Bearer {key}"}, timeout=30, trust_env=False
        )

    def get(self, path: str, **query: str) -> dict:
        """A question, and what is answered."""
        reply = self.ask(path, **query)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def ask(self, path: str, **query: str) -> httpx.Response:
        """A question that may be refused."""
        return self._client.get(path, params=query)

    def post(self, path: str, **body: object) -> dict:
        """A change."""
        reply = self._client.post(path, json=body)
        assert reply.is_success, reply.text
        return reply.json()

    def key_for(self, application: str, *scopes: str) -> str:
        """A key for an application."""
        return str(self.post("/keys", application=application, scopes=scopes or ("send:*", "status:own"))["key"])

    def states(self) -> dict[str, int]:
        """How many deliveries stand in each state that is not an end."""
        return self.get("/overview")["deliveries"]
