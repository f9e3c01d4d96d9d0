"""A listening socket that can be closed and opened again on the same port: closed means that connections are refused.

The port is held all the while, by a second socket that does not listen, so that nobody else is given it meanwhile.
"""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable

from aiohttp import web

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Socket:
    """Serves `handler` on `host`; the port is chosen at the first opening if it is 0, and kept until the end."""

    def __init__(self, handler: Handler, *, host: str, port: int) -> None:
        self._handler = handler
        self._host = host
        self._runner: web.ServerRunner | None = None
        self._held: socket.socket | None = None
        self.port = port

    @property
    def address(self) -> str:
        """http://host:port"""
        return f"http://{self._host}:{self.port}"

    @property
    def is_open(self) -> bool:
        """Whether it listens."""
        return self._runner is not None

    async def open(self) -> None:
        """Listen. Nothing happens if it already does."""
        if self.is_open:
            return
        if self._held is None:
            self._held = _hold(self._host, self.port)
            self.port = self._held.getsockname()[1]
        runner = web.ServerRunner(web.Server(self._handler), shutdown_timeout=0.05)
        await runner.setup()
        site = web.TCPSite(runner, self._host, self.port, backlog=1024)
        await site.start()
        self._runner = runner

    async def close(self) -> None:
        """Refuse connections from now on, and break off those that are open."""
        runner, self._runner = self._runner, None
        if runner:
            await runner.cleanup()

    async def end(self) -> None:
        """Close, and let go of the port."""
        await self.close()
        held, self._held = self._held, None
        if held:
            held.close()


def _hold(host: str, port: int) -> socket.socket:
    """A socket that has the port and does not listen, beside which another one may."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    held = socket.socket(family, kind, protocol)
    try:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(address)
    except OSError:
        held.close()
        raise
    return held
