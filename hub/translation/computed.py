"""Fields that are worked out from other rows: how many lines, a sum over lines, or a function of the connector's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from hub.errors import ConfigurationError, Text
from hub.message import Record
from hub.specs.mapping import Computed
from hub.translation.scene import ABSENT
from hub.translation.tweaks import Tweaks, computed_by

WorkOut = Callable[[Record], Any]
"""The canonical value; None for an empty one, ABSENT when what it is worked out from is not carried."""


def compile_computed(word: Computed, tweaks: Tweaks | None) -> WorkOut:
    """The function of a `computed`. Raises ConfigurationError when the connector has no such function."""
    if word.by is not None:
        return _own(word.by, tweaks)
    if word.sum is not None:
        group, _, row = word.sum.rpartition(".")
        return lambda record: _sum(record, tuple(group.split(".")), row)
    return lambda record: _count(record, word.count or "")


def _own(name: str, tweaks: Tweaks | None) -> WorkOut:
    function = tweaks.functions.get(name) if tweaks else None
    if function is None:
        words = Text(en=f"there is no function compute_{name}", fr=f"la fonction compute_{name} n'existe pas")
        raise ConfigurationError(words)
    return lambda record: computed_by(name, function, record)


def _count(record: Record, group: str) -> Any:
    lines = record.get(group, ABSENT)
    return ABSENT if lines is ABSENT else len(lines or ())


def _sum(record: Record, groups: tuple[str, ...], row: str) -> Any:
    if groups[0] not in record:
        return ABSENT
    values = [line[row] for line in _lines(record, groups) if line.get(row) is not None]
    return sum(values, start=Decimal(0) if any(isinstance(value, Decimal) for value in values) else 0)


def _lines(record: Record, groups: tuple[str, ...]) -> Iterator[Record]:
    for line in record.get(groups[0]) or ():
        if len(groups) > 1:
            yield from _lines(line, groups[1:])
        else:
            yield line
