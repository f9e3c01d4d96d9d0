"""A node's ear on PostgreSQL: one connection that holds the node's name, and hears when there is something to claim.

The name is held by the session, so the server frees it in the moment in which the process is dead, however it died.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

import psycopg
import sqlalchemy as sa

from hub.errors import ConfigurationError, HubUnavailable, Text
from hub.ledger.failures import unavailable

CHANNEL = "hub"
NAMES = 7_482_003
"""The key of the advisory locks on names; the second key is the name."""
HELD = 3.0
"""Seconds in which the server notices that the process which held the name before is dead."""
AGAIN = 1.0
"""Seconds between two tries to connect anew."""
ALIVE = ("SET tcp_keepalives_idle = 5", "SET tcp_keepalives_interval = 3", "SET tcp_keepalives_count = 3")
"""A machine that lost its power or its network holds its name for no longer than this, about 15 seconds."""

log = logging.getLogger("hub.ledger")


class Ear:
    """Listens for one node, in the loop in which it is opened; after each loss it is opened anew. `heard` is told of every
    word but those of its own `boot`, and of each new connection, for something may have been said meanwhile."""

    def __init__(self, url: sa.URL, *, node: str, boot: str, heard: Callable[[], None]) -> None:
        self._url = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._node = node
        self._boot = boot.encode()
        self._heard = heard
        self._connection: psycopg.Connection | None = None
        self._file = -1
        self._opening: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Take the name and listen. ConfigurationError when another process holds it, HubUnavailable without a database."""
        try:
            self._connection = await asyncio.to_thread(self._connected)
        except psycopg.Error as error:
            raise unavailable() from error
        self._file = self._connection.fileno()
        asyncio.get_running_loop().add_reader(self._file, self._hear)

    async def close(self) -> None:
        """Stop listening, and let go of the name."""
        if self._opening:
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)
        self._hang_up()

    def _connected(self) -> psycopg.Connection:
        connection = psycopg.connect(self._url, autocommit=True, connect_timeout=5)
        try:
            for statement in ALIVE:
                connection.execute(statement)
            self._take_name(connection)
            connection.execute(f"LISTEN {CHANNEL}")
        except BaseException:
            connection.close()
            raise
        return connection

    def _take_name(self, connection: psycopg.Connection) -> None:
        until = time.monotonic() + HELD
        name = "SELECT pg_try_advisory_lock(%s, hashtext(current_schema() || '/' || %s))"
        while (row := connection.execute(name, (NAMES, self._node)).fetchone()) != (True,):
            if row is None or time.monotonic() > until:
                raise _taken(self._node)
            time.sleep(0.05)

    def _hear(self) -> None:
        """Read what has come; the same words many times are one."""
        if self._connection is None:
            return
        pgconn, words = self._connection.pgconn, 0
        try:
            pgconn.consume_input()
            while word := pgconn.notifies():
                words += word.extra != self._boot
        except psycopg.Error as error:
            log.warning("the ledger's database is not heard any more: %s", error)
            self._hang_up()
            self._opening = asyncio.get_running_loop().create_task(self._open_again())
        if words:
            self._heard()

    async def _open_again(self) -> None:
        while self._connection is None:
            try:
                await self.open()
            except (HubUnavailable, ConfigurationError) as error:
                log.warning("the ledger's database is not heard: %s", error)
                await asyncio.sleep(AGAIN)
        self._heard()

    def _hang_up(self) -> None:
        if self._connection is not None:
            asyncio.get_running_loop().remove_reader(self._file)
            self._connection.close()
            self._connection = None


def _taken(node: str) -> ConfigurationError:
    return ConfigurationError(
        Text(
            en=f"A node named “{node}” is at work on this database already. Give each node a name of its own (HUB_NODE), or "
            "stop the other one first. If that one lost its network just now, start again in half a minute.",
            fr=f"Un nœud nommé « {node} » travaille déjà sur cette base. Donnez à chaque nœud son propre nom (HUB_NODE), ou "
            "arrêtez d'abord l'autre. S'il vient de perdre son réseau, recommencez dans une demi-minute.",
        )
    )
