"""Tries one input, and keeps what breaks a target: one input a cause, with what was raised beside it."""

from __future__ import annotations

import hashlib
import sys
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.target import SECONDS, Take


class TooSlow(AssertionError):
    """An input took longer than any may."""


def tried(take: Take, data: bytes) -> None:
    """Takes the input. Whatever it raises is raised; TooSlow when it takes too much of the processor."""
    started = time.process_time()
    take(data)
    if (taken := time.process_time() - started) > SECONDS:
        raise TooSlow(f"{taken:.1f} s for {len(data)} bytes")


@dataclass
class Watch:
    """Tries inputs and goes on after a defect: a fuzzer that ends at the first finds one a run."""

    take: Take
    folder: Path
    causes: set[str] = field(default_factory=set)

    def try_(self, data: bytes) -> None:
        """Takes the input, whatever happens."""
        try:
            tried(self.take, data)
        except Exception as error:  # that is what is looked for
            self._keep(data, error)

    def _keep(self, data: bytes, error: Exception) -> None:
        frames = traceback.extract_tb(error.__traceback__)
        cause = f"{type(error).__name__} at {Path(frames[-1].filename).name}:{frames[-1].lineno}"
        if cause in self.causes:
            return
        self.causes.add(cause)
        name = hashlib.sha256(data).hexdigest()[:16]
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_bytes(data)
        (self.folder / f"{name}.txt").write_text("".join(traceback.format_exception(error)), "utf-8", "backslashreplace")
        print(f"{cause}: {self.folder / name}", file=sys.stderr, flush=True)
