"""Limits of time, as `asyncio.timeout` sets them, for a fraction of its price: hardly one ever runs out, and an event loop's
own timers are dear to set and to take back.

Limits of one length run out in the order in which they began, so one timer at a time does for all of them.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Protocol


class Ending(Protocol):
    """What has only so much time."""

    def run_out(self) -> None:
        """End it: its time is over."""
        ...


class TimeLimits:
    """The limits of one user, in each event loop that it is used in."""

    def __init__(self) -> None:
        self._running: dict[tuple[asyncio.AbstractEventLoop, float], dict[Ending, float]] = {}
        """By their length the limits that run, and the loop's time at which each ends; a look is due where there is one."""

    def of(self, seconds: float) -> Limit:
        """A limit of so many seconds on what stands in its `with`. TimeoutError when it runs out."""
        return Limit(self, seconds)

    def begin(self, limit: Ending, seconds: float, loop: asyncio.AbstractEventLoop) -> dict[Ending, float]:
        """Let a limit of so many seconds run from now; those among which it runs, to be taken out of when it has ended."""
        ends_at = loop.time() + seconds
        kind = (loop, seconds)
        running = self._running.get(kind)
        if running is None:
            running = self._running[kind] = {}
            loop.call_at(ends_at, self._look, kind)
        running[limit] = ends_at
        return running

    def _look(self, kind: tuple[asyncio.AbstractEventLoop, float]) -> None:
        """End what has run out, and look again when the next does."""
        loop, running = kind[0], self._running[kind]
        while running:
            first, ends_at = next(iter(running.items()))
            if ends_at > loop.time():
                loop.call_at(ends_at, self._look, kind)
                return
            del running[first]
            first.run_out()
        del self._running[kind]


class Limit:
    """One limit of `seconds` on the task that enters it, once."""

    __slots__ = ("_asked", "_has_run_out", "_limits", "_running", "_task", "seconds")

    def __init__(self, limits: TimeLimits, seconds: float) -> None:
        self.seconds = seconds
        self._limits = limits
        self._has_run_out = False

    def __enter__(self) -> None:
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        if task is None:
            raise RuntimeError("a time limit is for a task")
        self._task, self._asked = task, task.cancelling()
        self._running = self._limits.begin(self, self.seconds, loop)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Tell what it ended itself from what others cancelled meanwhile, just as `asyncio.Timeout` does."""
        if not self._has_run_out:
            del self._running[self]
        elif self._task.uncancel() <= self._asked and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def run_out(self) -> None:
        """End what its task awaits."""
        self._has_run_out = True
        self._task.cancel()
