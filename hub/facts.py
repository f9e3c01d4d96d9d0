"""Facts: frozen values of which each message makes some fifty. They are built and replaced in C: in Python, that alone was a
seventh of all that a message cost. What is made once, at the start, is a frozen dataclass."""

from __future__ import annotations

import msgspec
from msgspec import field
from msgspec.structs import replace

__all__ = ["Fact", "field", "names", "replace"]


class Fact(msgspec.Struct, frozen=True, gc=False):
    """A frozen value that is part of no cycle, and never searched for garbage. Each says `frozen=True` itself, for the type
    checker."""


def names(kind: type[Fact]) -> tuple[str, ...]:
    """The names of a fact's fields, in their order."""
    return tuple(each.name for each in msgspec.structs.fields(kind))
