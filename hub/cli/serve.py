"""`hub serve`: one node, serving until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
import uvloop

from hub.assembly import Hub, assemble
from hub.cli.screen import Screen, language_of
from hub.cli.start import first_admin_key, show_admin_key
from hub.endpoints.app import build_app
from hub.errors import ConfigurationError
from hub.settings import Settings, read_settings
from hub.telemetry import configure_logging


def serve(*, host: str | None = None, port: int | None = None) -> None:
    """Serve: take messages in, deliver them, fetch what is scheduled, show the console.

    Parameters
    ----------
    host
        The address to listen on (HUB_HOST, 127.0.0.1).
    port
        The port to listen on (HUB_PORT, 8080).
    """
    environment = dict(os.environ)
    environment |= {"HUB_HOST": host} if host else {}
    environment |= {"HUB_PORT": str(port)} if port is not None else {}
    settings = read_settings(environment)
    configure_logging()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, Screen(language_of(environment))))


async def _serve(settings: Settings, screen: Screen) -> None:
    hub = await assemble(settings)
    try:
        await _welcome(hub, screen)
        await hub.start()
        server = server_for(hub)
        for each in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(each, server.end)
        await server.serve()
    finally:
        await hub.stop()


class Server(uvicorn.Server):
    """An HTTP server that leaves signals alone: the node that it belongs to has more to end than its sockets."""

    def end(self) -> None:
        """Take no more requests; a second time, wait for none that is under way."""
        self.force_exit = self.should_exit
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn would raise the signal again once it has ended, before the rest of the node can."""
        yield


def server_for(hub: Hub) -> Server:
    """The HTTP server of a node, on its settings' address."""
    config = uvicorn.Config(
        build_app(hub),
        host=hub.settings.host,
        port=hub.settings.port,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=30,
        proxy_headers=bool(hub.settings.proxies),
        forwarded_allow_ips=list(hub.settings.proxies),
    )
    return Server(config)


async def _welcome(hub: Hub, screen: Screen) -> None:
    catalogue, settings = hub.catalogue, hub.settings
    counts = len(catalogue.connectors), len(catalogue.exchanges), len(catalogue.schedules)
    screen.say(
        f"hub 0.1.0, revision {catalogue.revision}: {counts[0]} connectors, {counts[1]} exchanges, {counts[2]} schedules.",
        f"hub 0.1.0, révision {catalogue.revision} : connecteurs {counts[0]}, échanges {counts[1]}, "
        f"planifications {counts[2]}.",
    )
    if key := await first_admin_key(hub.desk, hub.ledger):
        show_admin_key(screen, key)
    _say_unreachable(hub, screen)
    address = f"http://{settings.host}:{settings.port}/admin"
    screen.say(f"Console: {address}", f"Console : {address}")


def _say_unreachable(hub: Hub, screen: Screen) -> None:
    """What has no address yet is said at the start: messages for it are accepted, and wait."""
    for name, application in hub.catalogue.connectors.items():
        for instance in application.spec.instances.values():
            try:
                hub.settings.expand(instance.address)
            except ConfigurationError as error:
                text = error.text
                screen.say(
                    f"{name} cannot be reached: {text.en} Its messages wait.",
                    f"{name} est injoignable : {text.fr} Ses messages attendent.",
                    style="yellow",
                )
