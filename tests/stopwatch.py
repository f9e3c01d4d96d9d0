"""How long something took, without what the whole machine stood still meanwhile: for upper bounds on waits.

For waits only: work in C that holds the interpreter would count as standstill. What computes is measured by its CPU time.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable
from contextlib import suppress
from time import monotonic
from types import TracebackType

TICK = 0.01
LATE = 0.05
"""A thread that wakes up later than this was not the only one that slept."""
STEP = 0.05


class Stopwatch:
    """Runs for as long as its `with`; `seconds` is what has passed, less the standstills."""

    def __enter__(self) -> Stopwatch:
        self._still, self._ended = 0.0, threading.Event()
        self._took: float | None = None
        self._began = self._ticked = monotonic()
        self._thread = threading.Thread(target=self._tick, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._took = self.seconds
        self._ended.set()
        self._thread.join()

    @property
    def seconds(self) -> float:
        """Seconds until now, or until the end."""
        if self._took is not None:
            return self._took
        now = monotonic()
        since = now - self._ticked
        return now - self._began - self._still - (since if since > LATE else 0.0)

    def _tick(self) -> None:
        while not self._ended.wait(TICK):
            now = monotonic()
            if now - self._ticked > LATE:
                self._still += now - self._ticked - TICK
            self._ticked = now


async def wait_awake(for_: Awaitable[object], seconds: float) -> bool:
    """Wait for something so long, in steps each of which a standstill can shorten but not skip; whether it came."""
    task = asyncio.ensure_future(for_)
    for _ in range(max(1, round(seconds / STEP))):
        if (await asyncio.wait({task}, timeout=min(STEP, seconds)))[0]:
            return True
    task.cancel()
    with suppress(asyncio.CancelledError, ConnectionError):
        await task
    return False
