"""Plays a tutorial: its commands in their order, in a folder of their own, in the session of a reader who has the hub."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests import nursery
from tests.docs.pages import REPOSITORY, blocks
from tests.installation import free_port

INSTALLS = "make setup\n. .venv/bin/activate\n"
"""The only block that is not run: what it installs is what the tests run in."""
SECONDS = 140
COMMAND = Path(__file__).with_name("hub_command.py")


@dataclass(frozen=True)
class Played:
    """A tutorial that was played: where, how it ended, what it showed."""

    folder: Path
    code: int
    shown: str

    @property
    def tail(self) -> str:
        """The end of what it showed, and of its logs."""
        logs = [f"-- {file.name}\n{file.read_text(errors='replace')[-2000:]}" for file in sorted(self.folder.glob("*.log"))]
        return "\n".join([self.shown[-6000:], *logs])


@contextlib.contextmanager
def played(page: Path, folder: Path, *, work: str, ports: Sequence[str]) -> Iterator[Played]:
    """The commands of `page`, run in `folder`, whose subfolder `work` they make; `ports` are variables for free ports."""
    run = [block for block in blocks(page, "sh") if block != INSTALLS]
    script = folder / "tutorial.sh"
    script.write_text("set -eu\n" + "\n".join(f"echo '== {number}'\n{block}" for number, block in enumerate(run, start=1)))
    process = subprocess.Popen(
        ("bash", str(script)),
        cwd=folder,
        env=_environment(folder, ports),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        shown, _ = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGTERM)
        shown, _ = process.communicate(timeout=60)
    yield Played(folder / work, process.returncode, shown)
    if process.returncode:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _environment(folder: Path, ports: Sequence[str]) -> dict[str, str]:
    programs = folder / "bin"
    programs.mkdir()
    hub = programs / "hub"
    hub.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "{COMMAND}" "{nursery.address()}" "$@"\n')
    hub.chmod(0o755)
    path = os.pathsep.join((str(programs), os.environ["PATH"]))
    python = {"PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1"}
    return {"PATH": path, "HOME": str(folder), "LANG": "C.UTF-8", **python, **{name: str(free_port()) for name in ports}}
