"""The raw line: the load generator straight to the back office. What no contender can beat."""

from __future__ import annotations

from collections.abc import Mapping


class Raw:
    """Nothing in between."""

    name = "raw line"
    path = "/rest/commandes"
    headers: Mapping[str, str] = {}
    roots: tuple[int, ...] = ()
    servers: tuple[int, ...] = ()

    def __init__(self, port: int) -> None:
        self.port = port

    def left(self) -> int:
        """Nothing is kept."""
        return 0

    def stop(self) -> None:
        """There is nothing to end."""
