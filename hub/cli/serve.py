"""`hub serve`: one node, serving until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Annotated

import cyclopts
import uvicorn
import uvloop

from hub.assembly import Hub, assemble
from hub.cli.processes import READY, check_free, refuse_one_file, serve_processes
from hub.cli.screen import Screen, language_of
from hub.cli.start import first_admin_key, show_admin_key
from hub.endpoints.app import build_app
from hub.endpoints.connections import Connections, Limits
from hub.errors import ConfigurationError, Text
from hub.logs import Tell, configure_logging
from hub.settings import Settings, read_settings

Hidden = cyclopts.Parameter(show=False)

NEW_OBJECTS = 20_000
"""More objects than so many between two searches for garbage."""

OWN_FILES = 512
"""Files, libraries, database connections and calls of a node, beside the connections that it takes."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one of several nodes of a machine serves: its listening socket, and the line to the process that started it."""

    door: socket.socket
    parent: socket.socket


def serve(
    *,
    host: str | None = None,
    port: int | None = None,
    processes: int = 1,
    door: Annotated[int | None, Hidden] = None,
    parent: Annotated[int | None, Hidden] = None,
) -> None:
    """Serve: take messages in, deliver them, fetch what is scheduled, show the console.

    Parameters
    ----------
    host
        The address to listen on (HUB_HOST, 127.0.0.1).
    port
        The port to listen on (HUB_PORT, 8080).
    processes
        How many nodes serve this address together; more than one needs PostgreSQL. SIGHUP starts each anew in turn.
    door
        The descriptor of the socket that a parent listens on.
    parent
        The descriptor of the line to this parent.
    """
    environment = dict(os.environ)
    environment |= {"HUB_HOST": host} if host else {}
    environment |= {"HUB_PORT": str(port)} if port is not None else {}
    settings = read_settings(environment)
    screen = Screen(language_of(environment))
    log = configure_logging()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        if processes > 1:
            sys.exit(runner.run(_serve_together(settings, screen, processes)))
        place = Place(socket.socket(fileno=door), socket.socket(fileno=parent)) if door and parent else None
        runner.run(_serve(settings, screen, place, tell=log.tell))


async def _serve_together(settings: Settings, screen: Screen, processes: int) -> int:
    """Greet once for all nodes, having seen that each can start, and keep them."""
    refuse_one_file(settings)
    check_free(settings.host, settings.port)
    hub = await assemble(settings)
    try:
        await _welcome(hub, screen)
    finally:
        await hub.stop()
    return await serve_processes(settings, processes)


async def _serve(settings: Settings, screen: Screen, place: Place | None, *, tell: Tell) -> None:
    _open_enough_files(settings.most_connections)
    hub = await assemble(settings, tell=tell)
    try:
        if place is None:
            await _welcome(hub, screen)
        await hub.start()
        _spare_what_stays()
        ending = asyncio.create_task(_end_when_unsure(hub, screen))
        server = server_for(hub)
        for each in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(each, server.end)
        if place:
            _answer_to(place.parent, server)
        await server.serve(sockets=[place.door] if place else None)
        ending.cancel()
    finally:
        await hub.stop()


def _spare_what_stays() -> None:
    """Leave what is there from the start to the end, the catalogue above all, out of every search for garbage, and search
    less often: a message leaves little of it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)


async def _end_when_unsure(hub: Hub, screen: Screen) -> None:
    """End at once when the disk has not confirmed a write, without the orderly end that would write more. Started anew, the
    node reads what the disk really holds."""
    await hub.ledger.unsure()
    screen.say(
        "The disk did not confirm a write. This node ends, so that it is started again from what the disk holds.",
        "Le disque n'a pas confirmé une écriture. Ce nœud s'arrête, pour repartir de ce que le disque contient.",
        style="bold red",
    )
    sys.stdout.flush()
    os._exit(os.EX_IOERR)


def _answer_to(parent: socket.socket, server: Server) -> None:
    """Tell the parent that this node is ready, and end with it."""
    loop = asyncio.get_running_loop()

    def orphaned() -> None:
        loop.remove_reader(parent)
        server.end()

    loop.add_reader(parent, orphaned)
    with suppress(OSError):
        parent.send(READY)


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


def server_for(hub: Hub, limits: Limits | None = None) -> Server:
    """The HTTP server of a node, on its settings' address, its connections held to `limits`: those of its settings."""
    config = uvicorn.Config(
        build_app(hub),
        http=Connections(limits or _limits(hub.settings)).protocol(),
        ws="none",
        host=hub.settings.host,
        port=hub.settings.port,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=30,
        proxy_headers=bool(hub.settings.proxies),
        forwarded_allow_ips=list(hub.settings.proxies),
    )
    return Server(config)


def _limits(settings: Settings) -> Limits:
    return Limits(most=settings.most_connections, most_of_one=settings.most_connections_of_one, proxies=settings.proxies)


def _open_enough_files(connections: int) -> None:
    """Raise this process's limit of open files, where it may, to what its connections and its own files need."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + OWN_FILES
    if soft not in (resource.RLIM_INFINITY, hard) and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


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
    """What has no address yet is said at the start: messages for it are accepted, and wait; no file is fetched there."""
    for name, application in hub.catalogue.connectors.items():
        for instance in application.spec.instances.values():
            if text := _unset(hub, instance.address):
                screen.say(
                    f"{name} cannot be reached: {text.en} Its messages wait.",
                    f"{name} est injoignable : {text.fr} Ses messages attendent.",
                    style="yellow",
                )
            for text in filter(None, (_unset(hub, each) for each in instance.files_from)):
                screen.say(
                    f"{name}: {text.en} No file is fetched from there.",
                    f"{name} : {text.fr} Aucun fichier n'y sera recherché.",
                    style="yellow",
                )


def _unset(hub: Hub, address: str) -> Text | None:
    """What an address refers to and the environment does not have."""
    try:
        hub.settings.expand(address)
    except ConfigurationError as error:
        return error.text
    return None
