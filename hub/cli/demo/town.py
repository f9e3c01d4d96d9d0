"""The demo's town: one hub and the doubles of all its applications, on free ports, in a folder of its own."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from hub.assembly import Hub, assemble
from hub.cli.serve import server_for
from hub.cli.start import first_admin_key
from hub.doubles import RunningDouble, Stage, load_double
from hub.settings import Settings, read_settings
from hub.signals import Listener

PACE = 0.1
"""The samples' waits of half a minute become seconds."""


@dataclass(frozen=True, slots=True)
class Town:
    """A running hub, its applications' doubles by name, and the key to its console."""

    hub: Hub
    doubles: Mapping[str, RunningDouble]
    admin_key: str

    @property
    def address(self) -> str:
        """Where the hub is reached."""
        return f"http://{self.hub.settings.host}:{self.hub.settings.port}"


@asynccontextmanager
async def town(root: Path, folder: Path, environment: Mapping[str, str], *, listener: Listener) -> AsyncIterator[Town]:
    """A town over the connectors, mappings and schedules of `root`, its ledger and key ring in `folder`."""
    names = _applications(root)
    ports = dict(zip(["hub", *names], _free_ports(len(names) + 1), strict=True))
    settings = _settings(root, folder, environment, ports)
    hub = await assemble(settings, listeners=(listener,))
    async with AsyncExitStack() as stack:
        stack.push_async_callback(hub.stop)
        admin_key = await first_admin_key(hub.desk, hub.ledger)
        doubles = {name: await _double(hub, name, port=ports[name], hub_port=ports["hub"]) for name in names}
        for double in doubles.values():
            await stack.enter_async_context(double)
        server = server_for(hub)
        serving = asyncio.create_task(server.serve())
        await hub.start()
        try:
            while not server.started:
                await asyncio.sleep(0.02)
            yield Town(hub, doubles, admin_key)
        finally:
            server.end()
            await serving


def _applications(root: Path) -> list[str]:
    return sorted(each.parent.name for each in root.glob("connectors/*/connector.yaml"))


def _settings(root: Path, folder: Path, environment: Mapping[str, str], ports: Mapping[str, int]) -> Settings:
    addresses = {f"{_variable(name)}_URL": f"http://127.0.0.1:{port}" for name, port in ports.items()}
    secrets = {f"HUB_SECRET_{_variable(name)}": f"hub:{name}-demo" for name in ports}
    return read_settings(
        {
            **environment,
            **addresses,
            **secrets,
            "HUB_ROOT": str(root),
            "HUB_DATABASE": f"sqlite:///{folder / 'hub.db'}",
            "HUB_BALLAST": "0",
            "HUB_KEYRING": str(folder / "hub.keys"),
            "HUB_HOST": "127.0.0.1",
            "HUB_PORT": str(ports["hub"]),
            "HUB_ALLOW_PRIVATE": "127.0.0.0/8",
        }
    )


def _variable(name: str) -> str:
    return name.upper().replace("-", "_")


async def _double(hub: Hub, name: str, *, port: int, hub_port: int) -> RunningDouble:
    """The double of one application, with a key of its own to speak to the hub."""
    key = await hub.desk.issue_key(name, "default", ("send:*", "status:own"), actor="demo", title="demo")
    stage = Stage(port=port, hub=f"http://127.0.0.1:{hub_port}", api_key=key, pace=PACE)
    return load_double(hub.settings.root / "connectors" / name, stage, root=hub.settings.root)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
