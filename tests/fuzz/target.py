"""What a target is, and what it may cost."""

from __future__ import annotations

from collections.abc import Callable

Take = Callable[[bytes], None]
"""Takes one input. It returns, whatever the input is; what it raises is a defect."""

SECONDS = 1.0
"""Of the processor, for one input."""
MEGABYTES = 1024
"""For the whole process, the shipped contracts among it."""
LONGEST = 16 * 1024
"""Bytes of an input that is made."""
