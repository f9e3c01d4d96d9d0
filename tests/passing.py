"""Time that passes without being waited for, by the clock of an event loop."""

from __future__ import annotations

import asyncio
from functools import partial
from time import monotonic


def let_pass(seconds: float) -> None:
    """Put the clock of the running event loop ahead: what was to come within these seconds comes now."""
    loop = asyncio.get_running_loop()
    loop.time = partial(_ahead, loop.time() - monotonic() + seconds)  # type: ignore[method-assign]


def _ahead(seconds: float) -> float:
    return monotonic() + seconds
