"""An event loop under virtual time: when nothing is left to do it is at once the moment of the next timer.

It may hold several machines: while one stands still nothing of it runs, and once it is dead nothing of it ever does.
"""

from __future__ import annotations

import asyncio
import contextvars
import selectors
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

LONGEST = 1.0
"""Real seconds for which a loop without a timer waits for a thread."""

Result = TypeVar("Result")


class Machine:
    """Where code runs, told by the context that it was started in."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_dead = False
        self.is_still = False
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._put_off: list[tuple[contextvars.Context, Callable[..., Any], tuple[Any, ...]]] = []

    def started(self, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        """Work, with all that it starts, under way on this machine."""
        context = contextvars.copy_context()
        context.run(HERE.set, self)
        return asyncio.get_running_loop().create_task(work, context=context)

    def stand_still(self) -> None:
        """SIGSTOP: timers run out and answers come in, and nobody is there to see it."""
        self.is_still = True

    def go_on(self) -> None:
        """SIGCONT: what came up meanwhile is done at once, in its order."""
        self.is_still = False
        loop, late, self._put_off = asyncio.get_running_loop(), self._put_off, []
        for context, callback, args in late:
            loop.call_soon(callback, *args, context=context)

    def die(self) -> None:
        """SIGKILL: not even what stands in `finally` is done."""
        self.is_dead = True
        if not self.gone.done():
            self.gone.set_result(None)

    def ran(self, context: contextvars.Context, callback: Callable[..., Any], args: tuple[Any, ...]) -> None:
        """Run what has come up, unless this machine is dead or stands still."""
        if self.is_still and not self.is_dead:
            self._put_off.append((context, callback, args))
        elif not self.is_dead:
            callback(*args)


HERE: contextvars.ContextVar[Machine | None] = contextvars.ContextVar("HERE", default=None)
"""The machine that the running code is on; None for the world outside."""


def outside(work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
    """Work under way in the world outside, whichever machine has asked for it."""
    return asyncio.get_running_loop().create_task(work, context=contextvars.Context())


class VirtualLoop(asyncio.SelectorEventLoop):
    """A day passes in the time that its work takes."""

    def __init__(self) -> None:
        self.now = 0.0
        super().__init__(Jumping(self))

    def time(self) -> float:
        return self.now

    def call_soon(self, callback: Any, *args: Any, context: contextvars.Context | None = None) -> asyncio.Handle:
        context = contextvars.copy_context() if context is None else context
        return super().call_soon(_run_here, context, callback, args, context=context)

    def call_at(
        self, when: float, callback: Any, *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.TimerHandle:
        context = contextvars.copy_context() if context is None else context
        return super().call_at(when, _run_here, context, callback, args, context=context)

    def call_soon_threadsafe(self, callback: Any, *args: Any, context: contextvars.Context | None = None) -> asyncio.Handle:
        if threading.get_ident() == self._thread_id:  # type: ignore[attr-defined]
            return self.call_soon(callback, *args, context=context)
        return super().call_soon_threadsafe(callback, *args, context=context)

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        """What a thread would do is done at once: a thread would take real time, while here hours pass."""
        if not (executor is None or isinstance(executor, ThreadPoolExecutor)):
            return super().run_in_executor(executor, func, *args)
        done: asyncio.Future[Any] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:
            done.set_exception(error)
        return done


def _run_here(context: contextvars.Context, callback: Callable[..., Any], args: tuple[Any, ...]) -> None:
    machine = HERE.get()
    if machine is None:
        callback(*args)
    else:
        machine.ran(context, callback, args)


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
