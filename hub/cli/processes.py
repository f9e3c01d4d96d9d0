"""`hub serve --processes N`: one parent that starts N nodes behind one address, and keeps them alive. It handles no message.

Each node has a socket of its own on the same port, which the parent made and holds: what connects while a node is being
started again waits in it, and is refused by nobody.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress

from hub.errors import ConfigurationError, Text
from hub.settings import Settings

REST = 0.2
"""Seconds before a node that ended by itself is started again; twice as long each time that it had not got ready."""
LONGEST_REST = 5.0
READY = b"."

log = logging.getLogger("hub.processes")


class Process:
    """One node of several: its socket, and the process that serves it, started again whenever it ends by itself."""

    def __init__(self, name: str, door: socket.socket, environment: Mapping[str, str]) -> None:
        self.name = name
        self.ready = asyncio.Event()
        self._door = door
        self._environment = {**environment, "HUB_NODE": name}
        self._process: asyncio.subprocess.Process | None = None
        self._proven = False
        self._stopping = False

    async def keep(self) -> int:
        """Serve until `end`; the exit code. At once when it ends before it was ever ready: starting again mends nothing."""
        rest = REST
        while True:
            code = await self._serve()
            if self._stopping and code == -signal.SIGTERM:
                return 0  # it had not come so far as to take the signal
            if self._stopping or not self._proven:
                return code
            log.warning("node %s ended with %s and is started again", self.name, code)
            rest = REST if self.ready.is_set() else min(rest * 2, LONGEST_REST)
            self.ready.clear()
            await asyncio.sleep(rest)

    async def anew(self) -> None:
        """End the process gently and return when its successor is ready: `keep` starts it."""
        self.ready.clear()
        self._signal(signal.SIGTERM)
        await self.ready.wait()

    def end(self) -> None:
        """End for good; a second time, at once."""
        self._stopping = True
        self._signal(signal.SIGTERM)

    async def _serve(self) -> int:
        """One process, from its start to its end."""
        parents, childs = socket.socketpair()
        inherited = (self._door.fileno(), childs.fileno())
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "hub", "serve", "--door", str(inherited[0]), "--parent", str(inherited[1])),
            env=self._environment,
            pass_fds=inherited,
            start_new_session=True,  # Ctrl-C is the parent's, who tells the nodes
        )
        childs.close()
        if self._stopping:
            self._signal(signal.SIGTERM)
        listening = asyncio.create_task(self._hear(parents))
        try:
            return await self._process.wait()
        finally:
            listening.cancel()
            parents.close()

    async def _hear(self, parents: socket.socket) -> None:
        """The one word that a node says: that it is ready."""
        parents.setblocking(False)
        if await asyncio.get_running_loop().sock_recv(parents, 1) == READY:
            self._proven = True
            self.ready.set()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            if self._process and self._process.returncode is None:
                self._process.send_signal(number)


async def serve_processes(settings: Settings, count: int) -> int:
    """Keep `count` nodes serving until SIGTERM or SIGINT; SIGHUP starts each anew, one after the other, with what the
    folders and the installed version say then. The exit code: 0 when each ended well."""
    processes = [
        Process(f"{settings.node}-{number}", door(settings.host, settings.port), settings.environment)
        for number in range(1, count + 1)
    ]
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, _end, processes)
    asked = asyncio.Event()
    loop.add_signal_handler(signal.SIGHUP, asked.set)
    renewing = asyncio.create_task(_renewing(processes, asked))
    kept = [asyncio.create_task(process.keep()) for process in processes]
    await asyncio.wait(kept, return_when=asyncio.FIRST_COMPLETED)
    renewing.cancel()
    _end(processes)
    return max(abs(code) for code in await asyncio.gather(*kept))


async def _renewing(processes: Sequence[Process], asked: asyncio.Event) -> None:
    """Start all nodes anew, one after the other, each time that it is asked."""
    while True:
        await asked.wait()
        asked.clear()
        for process in processes:
            await process.anew()
        log.info("all nodes were started anew")


def _end(processes: Sequence[Process]) -> None:
    for process in processes:
        process.end()


def refuse_one_file(settings: Settings) -> None:
    """Raises ConfigurationError when the ledger is SQLite, which serves one process."""
    if settings.database.startswith("sqlite"):
        raise ConfigurationError(
            Text(
                en="SQLite serves one process. For several, put the ledger on PostgreSQL: HUB_DATABASE=postgresql://...",
                fr="SQLite sert un seul processus. Pour plusieurs, mettez le registre sur PostgreSQL : "
                "HUB_DATABASE=postgresql://...",
            )
        )


def door(host: str, port: int) -> socket.socket:
    """A listening socket, one of several on the same port. Raises ConfigurationError when it cannot be had."""
    try:
        made = socket.create_server((host, port), family=_family(host), backlog=1024, reuse_port=True)
    except OSError as error:
        raise _not_ours(host, port, error) from error
    return made


def check_free(host: str, port: int) -> None:
    """Raises ConfigurationError when someone listens on the port: sockets that share it would share it with him too."""
    try:
        socket.create_server((host, port), family=_family(host)).close()
    except OSError as error:
        raise _not_ours(host, port, error) from error


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _not_ours(host: str, port: int, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        Text(
            en=f"{host}:{port} cannot be listened on: {error.strerror}. Choose another with --host and --port.",
            fr=f"Impossible d'écouter sur {host}:{port} : {error.strerror}. Choisissez-en un autre par --host et --port.",
        )
    )
