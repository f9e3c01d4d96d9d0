"""Plants a defect in a copy of the hub, never in the hub itself, and has the copy proven in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.defects.planted import Planted

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class Finding:
    """What the proof said of a copy: the promises that it broke, at which level, after how many seeds and seconds."""

    broken: Sequence[str]
    level: str
    seeds: int
    seconds: float


class Misplanted(Exception):
    """The words that a defect changes are not there, or are there more than once."""


def copy_of_the_hub(folder: Path) -> Path:
    """A copy, by itself in a folder; with what is compiled already, which stands for a file until that is changed."""
    half_written = shutil.ignore_patterns("*.pyc.*")  # by another process, and gone again before it could be copied
    shutil.copytree(REPOSITORY / "hub", folder / "hub", ignore=half_written)
    return folder


def plant(defect: Planted, copy: Path) -> None:
    """Change a copy. Raises Misplanted."""
    file = copy / "hub" / defect.file
    text = file.read_text(encoding="utf-8")
    if text.count(defect.old) != 1:
        raise Misplanted(f"{defect.name}: hub/{defect.file} has {text.count(defect.old)} times {defect.old!r}")
    file.write_text(text.replace(defect.old, defect.new), encoding="utf-8")


def proven(defect: Planted, copy: Path, *, jobs: int = 1) -> Finding:
    """What the proof that must find a defect says of a copy."""
    return tested(copy, defect) if defect.test else simulated(copy, seeds=defect.seeds, until=defect.breaks, jobs=jobs)


def simulated(copy: Path, *, seeds: int, until: str = "", jobs: int = 1) -> Finding:
    """What the simulation says of a copy, up to the seed that breaks the promise `until`."""
    asked = ("--seeds", str(seeds), "--jobs", str(jobs), "--hub", str(copy), *(("--until", until) if until else ()))
    started = time.monotonic()
    run = _run(copy, "tests.delivery.simulate", *asked)
    if not run.stdout.strip():
        raise RuntimeError(run.stderr)
    summary = json.loads(run.stdout.splitlines()[-1])
    return Finding(tuple(summary["broken"]), "simulation", summary["seeds"], time.monotonic() - started)


def tested(copy: Path, defect: Planted) -> Finding:
    """What a test says of a copy: pytest ends with 1 when it fails, and with more when it could not be run."""
    started = time.monotonic()
    ground = f"pythonpath={copy} {REPOSITORY}"
    run = _run(copy, "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "-o", ground, defect.test)
    if run.returncode not in (0, 1):
        raise RuntimeError(run.stdout)
    return Finding((defect.breaks,) if run.returncode else (), defect.test, 0, time.monotonic() - started)


def _run(copy: Path, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join((str(copy), str(REPOSITORY)))
    return subprocess.run(
        (sys.executable, "-P", "-W", "ignore", "-m", module, *arguments),
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=1800,
    )
