"""What a double heard and said, one JSON line each: written before the answer leaves, for outside judges."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """One call heard. `applied`: it had an effect; `repeat`: recognised as a repeat; `status` 0: it is left unanswered."""

    time: datetime
    number: int
    operation: str
    document: Mapping[str, Any]
    applied: bool
    repeat: bool
    mode: str
    status: int
    answer: Mapping[str, Any]
    kept: Mapping[str, Any]
    reason: str = ""
    kind: str = "call"


@dataclass(frozen=True, slots=True)
class Said:
    """One try to tell the hub something. `status` 0: it did not answer; `accepted`: it took it."""

    time: datetime
    operation: str
    document: Mapping[str, Any]
    key: str
    attempt: int
    status: int
    accepted: bool
    answer: str
    kind: str = "said"


class Recording:
    """Every call and everything said, in memory and, if a file was given, on disk."""

    def __init__(self, file: Path | None) -> None:
        self.calls: list[Call] = []
        self.said: list[Said] = []
        self._out = file.open("a", encoding="utf-8") if file else None

    def write(self, entry: Call | Said) -> None:
        """Keep `entry`; once this returns it is in the file."""
        if isinstance(entry, Call):
            self.calls.append(entry)
        else:
            self.said.append(entry)
        if self._out:
            self._out.write(as_line(entry))
            self._out.flush()

    def close(self) -> None:
        """Close the file."""
        if self._out:
            self._out.close()


def as_line(entry: Any) -> str:
    """A frozen fact as one line of JSON."""
    return (
        json.dumps({each.name: getattr(entry, each.name) for each in fields(entry)}, default=_plain, ensure_ascii=False)
        + "\n"
    )


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    return value.isoformat() if isinstance(value, datetime) else str(value)
