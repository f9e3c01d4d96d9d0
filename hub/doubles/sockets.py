"""A listening socket that can be closed and opened again on the same port: closed means that connections are refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Socket:
    """Serves `handler` on `host`; the port is chosen at the first opening if it is 0, and then kept."""

    def __init__(self, handler: Handler, *, host: str, port: int) -> None:
        self._handler = handler
        self._host = host
        self._runner: web.ServerRunner | None = None
        self.port = port

    @property
    def address(self) -> str:
        """http://host:port"""
        return f"http://{self._host}:{self.port}"

    async def open(self) -> None:
        """Listen. Nothing happens if it already does."""
        if self._runner:
            return
        runner = web.ServerRunner(web.Server(self._handler), shutdown_timeout=0.05)
        await runner.setup()
        site = web.TCPSite(runner, self._host, self.port, backlog=1024)
        await site.start()
        self.port = runner.addresses[0][1]
        self._runner = runner

    async def close(self) -> None:
        """Refuse connections from now on, and break off those that are open."""
        runner, self._runner = self._runner, None
        if runner:
            await runner.cleanup()
