"""How large a body may be, by what it says or may say: its operation's own size, else the installation's. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from hub.assembly import Hub
from hub.catalogue import Application, Exchange
from hub.settings import Settings


def largest_of(application: Application, operations: Iterable[str], settings: Settings) -> int:
    """The bytes of the largest body that one of these operations may have; of none, what the installation takes."""
    usual = settings.largest_body
    sizes = [application.spec.operations[name].largest_body for name in operations]
    return max([size or usual for size in sizes], default=usual)


def largest_in(exchange: Exchange | None, hub: Hub) -> int:
    """The bytes of the largest body that anybody may say an exchange in."""
    known = hub.catalogue.connectors
    said = {name: exchange.incoming(name) for name in exchange.spec.between if name in known} if exchange else {}
    sizes = [largest_of(known[name], [operation], hub.settings) for name, operation in said.items() if operation]
    return max(sizes, default=hub.settings.largest_body)
