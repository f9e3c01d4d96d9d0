"""What a double keeps of the calls that took effect, and how it changed since: in memory, lost with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Kept:
    """One thing as it stood since `at`. `key` is what it is found by, `serial` its number."""

    collection: str
    key: str
    serial: int
    at: datetime
    values: Mapping[str, Any]


class Keeping:
    """The collections, each thing's present state by serial."""

    def __init__(self) -> None:
        self._things: dict[str, dict[int, Kept]] = defaultdict(dict)
        self._latest: dict[tuple[str, str], int] = {}

    def add(self, thing: Kept) -> None:
        """One thing more, even if there is one of the same key."""
        self._things[thing.collection][thing.serial] = thing
        self._latest[thing.collection, thing.key] = thing.serial

    def change(self, thing: Kept, values: Mapping[str, Any], *, at: datetime) -> Kept:
        """The same thing with other values from `at` on."""
        before = self._things[thing.collection][thing.serial]
        after = replace(before, values={**before.values, **values}, at=at)
        self._things[thing.collection][thing.serial] = after
        return after

    def find(self, collection: str, key: str) -> Kept | None:
        """The last thing added under `key`, as it is now."""
        serial = self._latest.get((collection, key))
        return None if serial is None else self._things[collection][serial]

    def now(self, thing: Kept) -> Kept:
        """The same thing as it is now."""
        return self._things[thing.collection][thing.serial]

    def changed_since(self, collection: str, moment: datetime) -> list[Kept]:
        """Everything whose present state began at `moment` (to the second) or later, the oldest state first."""
        changed = [thing for thing in self._things[collection].values() if thing.at.replace(microsecond=0) >= moment]
        return sorted(changed, key=lambda thing: thing.at)

    def all(self) -> dict[str, list[Kept]]:
        """Every thing as it is now, by collection, in the order in which they were added."""
        return {collection: list(things.values()) for collection, things in self._things.items()}
