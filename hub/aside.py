"""Work on a large document in a thread of its own, so that calls, answers and leases go on beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar, TypeVarTuple

LARGE = 64 * 1024
"""Bytes of a document; what is smaller takes some tens of milliseconds at most, and goes on at once."""

_thread = ThreadPoolExecutor(1, "large-documents")
"""One large document after the other: together they would leave the event loop less of the interpreter."""

Result = TypeVar("Result")
Given = TypeVarTuple("Given")


async def aside(work: Callable[[*Given], Result], *given: *Given, size: int) -> Result:
    """What `work` on a document of `size` bytes gives or raises. It may only read what others use."""
    if size <= LARGE:
        return work(*given)
    return await asyncio.get_running_loop().run_in_executor(_thread, copy_context().run, work, *given)
