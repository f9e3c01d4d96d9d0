"""What no word of a mapping can say: a connector's own pairs (read, write) and functions, held to the same laws."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.message import Record
from hub.translation.faults import Cell, Fault, fault


@dataclass(frozen=True, slots=True)
class Pair:
    """Two functions that undo each other: `read` takes the side's text to the text that the row's other words read."""

    read: Callable[[str], str]
    write: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Tweaks:
    """What one connector's tweaks.py offers: pairs for `tweak`, functions of the whole record for `computed: {by: …}`."""

    file: str
    pairs: Mapping[str, Pair] = field(default_factory=dict)
    functions: Mapping[str, Callable[[Record], Any]] = field(default_factory=dict)


def tweaked(base: Cell, name: str, pair: Pair) -> Cell:
    """`base` behind the pair: read first by it, written last by it."""

    def parse(text: str) -> Any:
        return base.parse(_text(name, pair.read, text))

    def form(value: Any) -> str:
        return _text(name, pair.write, base.form(value))

    return Cell(parse, form)


def computed_by(name: str, function: Callable[[Record], Any], record: Record) -> Any:
    """What the function makes of the record. Raises Fault when it fails."""
    try:
        return function(record)
    except Exception as error:
        raise _failed(name, error) from error


def _text(name: str, function: Callable[[str], str], text: str) -> str:
    try:
        found = function(text)
    except Exception as error:
        raise _failed(name, error) from error
    if not isinstance(found, str):
        raise fault(f"is no text after the tweak {name}", f"n'est plus un texte après l'ajustement {name}")
    return found


def _failed(name: str, error: Exception) -> Fault:
    """The kind of the error only: its words may hold the value, which may be personal."""
    kind = type(error).__name__
    return fault(f"cannot pass the tweak {name} ({kind})", f"ne passe pas l'ajustement {name} ({kind})")
