"""What is measured: something that takes bin requests on a port and passes them on to the back office."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Contender(Protocol):
    """A running server."""

    @property
    def name(self) -> str:
        """As a person names it."""
        ...

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""
        ...

    @property
    def path(self) -> str:
        """Where requests are POSTed."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """What it wants with each request."""
        ...

    @property
    def roots(self) -> tuple[int, ...]:
        """The processes that it is made of; all that descend from them are counted."""
        ...

    @property
    def servers(self) -> tuple[int, ...]:
        """Those of its database, likewise."""
        ...

    def left(self) -> int:
        """How many messages it has accepted and not yet noted as done; 0 for one that keeps no account."""
        ...

    def stop(self) -> None:
        """End its processes."""
        ...
