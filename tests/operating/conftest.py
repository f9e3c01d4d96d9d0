"""A real hub that delivers to real HTTP servers, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.assembly import Hub, assemble
from hub.endpoints.app import build_app
from hub.settings import read_settings
from tests.books import book_on_postgres, book_on_sqlite
from tests.operating import removals

ENDS = ("delivered", "dead", "cancelled")


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty book, on each of both."""
    if request.param == "sqlite":
        return book_on_sqlite(tmp_path / "hub.db")
    return book_on_postgres(request.getfixturevalue("postgres"))


@dataclass
class Time:
    """The ledger's time, which may be ahead."""

    real: Callable[[], Awaitable[datetime]]
    ahead: timedelta = timedelta(0)

    async def __call__(self) -> datetime:
        return await self.real() + self.ahead


@dataclass
class TownHall:
    """A hub that runs, the applications around it, a client at its doors, and the keys of the portal and of its operator."""

    hub: Hub
    applications: removals.Applications
    client: httpx.AsyncClient
    portal: str
    operator: str
    time: Time

    async def say(
        self,
        number: str,
        city: str = "Lens",
        *,
        headers: dict[str, str] | None = None,
        exchange: str = "move",
        **more: str,
    ) -> httpx.Response:
        """The portal says that somebody moves."""
        sent = {"Authorization": f"Bearer {self.portal}", **(headers or {})}
        body = {"number": number, "city": city, **more}
        return await self.client.post(f"/api/v1/exchanges/{exchange}/messages", json=body, headers=sent)

    async def state(self, message: str) -> str:
        """How the message stands as a whole, as its sender reads it."""
        headers = {"Authorization": f"Bearer {self.portal}"}
        return str((await self.client.get(f"/api/v1/messages/{message}", headers=headers)).json()["state"])

    async def get(self, path: str) -> Any:
        """What the administration answers."""
        reply = await self.client.get(f"/admin/api{path}", headers={"Authorization": f"Bearer {self.operator}"})
        assert reply.is_success, reply.text
        return reply.json()

    async def until(self, message: str, *states: str) -> str:
        """Return once the message as a whole stands in one of these states: that state."""
        async with asyncio.timeout(90):
            while (state := await self.state(message)) not in states:
                await asyncio.sleep(0.02)
            return state

    async def told(self, count: int = 1) -> list[dict[str, str]]:
        """What the portal was told, once there are so many."""
        async with asyncio.timeout(90):
            while len(self.applications.statuses) < count:
                await asyncio.sleep(0.02)
        return self.applications.statuses

    async def stand(self, message: str, **states: str) -> None:
        """Return once the deliveries to these receivers stand in these states."""
        async with asyncio.timeout(90):
            while states.items() - {
                (each["receiver"], each["state"]) for each in (await self.get(f"/messages/{message}"))["deliveries"]
            }:
                await asyncio.sleep(0.02)

    async def at_rest(self, exchange: str) -> list[Any]:
        """All messages of an exchange, once none of their deliveries is under way any more."""
        async with asyncio.timeout(90):
            while True:
                found: list[Any] = (await self.get(f"/messages?exchange={exchange}&limit=200"))["messages"]
                if all(each["state"] in ENDS for one in found for each in one["deliveries"]):
                    return found
                await asyncio.sleep(0.02)

    async def let_pass(self, time: timedelta) -> None:
        """Let the time that the hub goes by be ahead by as much from now on, without waiting."""
        self.time.ahead += time
        await self.hub.clock.agree_with(self.hub.ledger)

    async def post(self, path: str, **body: object) -> httpx.Response:
        """Change something of the administration."""
        headers = {"Authorization": f"Bearer {self.operator}"}
        return await self.client.post(f"/admin/api{path}", json=body, headers=headers)


Opening = Callable[..., Awaitable[TownHall]]


@pytest.fixture
async def opening(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Opening]:
    """Opens a town hall; `more` is put into its mapping, `receivers` into the connectors of those that are told."""
    async with AsyncExitStack() as stack:

        async def open_(
            *, more: str = "", receivers: str = removals.MANNERS, with_school: bool = False, **environment: str
        ) -> TownHall:
            root = tmp_path / "town"
            removals.write_files(root, more=more, receivers=receivers, with_school=with_school)
            applications = await stack.enter_async_context(removals.served())
            names = ("portal", "school", *removals.RECEIVERS)
            settings = {
                "HUB_ROOT": str(root),
                "HUB_DATABASE": database,
                "HUB_KEYRING": str(tmp_path / "hub.keys"),
                "HUB_BALLAST": "0",
                "HUB_ALLOW_PRIVATE": "127.0.0.0/8",
                **{f"{name.upper()}_URL": f"{applications.url}/{name}" for name in names},
                **environment,
            }
            hub = await assemble(read_settings(settings))
            time = Time(hub.ledger.time)
            monkeypatch.setattr(hub.ledger, "time", time)
            stack.push_async_callback(hub.stop)
            await hub.start()
            transport = httpx.ASGITransport(app=build_app(hub), raise_app_exceptions=True)
            client = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://hub.test"))
            give = hub.desk.issue_key
            portal = await give("portal", "default", ("send:*", "status:own"), actor="test")
            operator = await give("staff", "default", ("admin", "content"), actor="test")
            return TownHall(hub, applications, client, portal, operator, time)

        yield open_
