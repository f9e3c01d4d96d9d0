"""An event loop under virtual time: when nothing is left to do it is at once the moment of the next timer."""

from __future__ import annotations

import asyncio
import selectors
from typing import Any

LONGEST = 1.0
"""Real seconds for which a loop without a timer waits for a thread."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """A day passes in the time that its work takes."""

    def __init__(self) -> None:
        self.now = 0.0
        super().__init__(Jumping(self))

    def time(self) -> float:
        return self.now


class Jumping(selectors.DefaultSelector):  # type: ignore[misc,valid-type]
    """A selector that passes over the time in which nothing happens."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            return super().select(LONGEST)
        ready = super().select(0)
        if not ready:
            self._loop.now += max(timeout, 0.0)
        return ready
