"""What the doors need of the hub: one protocol, so that they know its parts and not how they are put together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from starlette.requests import Request

from hub.catalogue import Catalogue
from hub.desk import Desk
from hub.intake import Intake
from hub.ledger import Ledger
from hub.privacy import KeyRing
from hub.settings import Settings
from hub.telemetry import Telemetry


class Fetching(Protocol):
    """Who runs schedules."""

    async def fetch_now(self, name: str) -> object:
        """Run the fetch of the schedule `name` at once. NotFound when there is none."""


class Hub(Protocol):
    """One assembled hub."""

    @property
    def settings(self) -> Settings: ...
    @property
    def catalogue(self) -> Catalogue: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def intake(self) -> Intake: ...
    @property
    def desk(self) -> Desk: ...
    @property
    def telemetry(self) -> Telemetry: ...
    @property
    def keyring(self) -> KeyRing: ...
    @property
    def clock(self) -> Callable[[], datetime]: ...
    @property
    def scheduler(self) -> Fetching: ...

    def ready(self) -> tuple[bool, dict[str, str]]:
        """Whether work can be taken and done, and how each part is."""


def hub_of(request: Request) -> Hub:
    """The hub that answers this request."""
    found: Hub = request.app.state.hub
    return found
