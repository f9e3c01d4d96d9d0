"""What happened, as seen from outside the hub: one JSON line an event, flushed as it is written.

`invoke`, then `ok`, `fail` (refused at the door) or `info` (unknown) for each message; `nemesis` for each fault.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any


class History:
    """The file that clients and nemesis write to."""

    def __init__(self, file: Path) -> None:
        self._file = file.open("a", encoding="utf-8")

    def write(self, kind: str, **facts: Any) -> None:
        """Add an event; `at` is the wall clock in seconds."""
        self._file.write(json.dumps({"at": time.time(), "kind": kind, **facts}, ensure_ascii=False) + "\n")
        self._file.flush()

    def nemesis(self, what: str, **facts: Any) -> None:
        """Add a fault, or its end."""
        self.write("nemesis", what=what, **facts)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def lines_of(file: Path) -> list[dict[str, Any]]:
    """A file of JSON lines, read."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line]
