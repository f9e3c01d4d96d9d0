"""The tutorial works: its commands are run in their order, in a folder of their own, against a real hub."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, REPOSITORY, blocks
from tests.installation import free_port

pytest.importorskip("hub.cli", exc_type=ImportError)

pytestmark = [pytest.mark.xdist_group("tutorial"), pytest.mark.timeout(180)]

TUTORIAL = DOCS / "tutorial" / "first-exchange.md"
INSTALLS = "make setup\n. .venv/bin/activate\n"
"""The only block that is not run: what it installs is what the tests run in."""
SECONDS = 100
PORTS = ("HUB_PORT", "WASTE_PORT", "WASTE_CONTROL", "PORTAL_PORT", "PORTAL_CONTROL")


@dataclass(frozen=True)
class Played:
    """A tutorial that was played: where, how it ended, what it showed."""

    folder: Path
    code: int
    shown: str


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    folder = tmp_path_factory.mktemp("tutorial")
    for name in ("connectors", "mappings", "schedules"):
        shutil.copytree(REPOSITORY / name, folder / name)
    run = [block for block in blocks(TUTORIAL, "sh") if block != INSTALLS]
    script = folder / "tutorial.sh"
    script.write_text("set -eu\n" + "\n".join(f"echo '== {number}'\n{block}" for number, block in enumerate(run, start=1)))
    process = subprocess.Popen(
        ("bash", str(script)),
        cwd=folder,
        env=_environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        shown, _ = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGTERM)
        shown, _ = process.communicate(timeout=40)
    yield Played(folder / "first-exchange", process.returncode, shown)
    if process.returncode:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _environment(folder: Path) -> dict[str, str]:
    """The session of a reader who has installed the hub, with ports that are free."""
    programs = folder / "bin"
    programs.mkdir()
    hub = programs / "hub"
    hub.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m hub "$@"\n')
    hub.chmod(0o755)
    ports = {name: str(free_port()) for name in PORTS}
    path = os.pathsep.join((str(programs), os.environ["PATH"]))
    return {
        "PATH": path,
        "HOME": str(folder),
        "PYTHONPATH": str(REPOSITORY),
        "PYTHONUNBUFFERED": "1",
        "LANG": "C.UTF-8",
        **ports,
    }


def _tail(played: Played) -> str:
    logs = [f"-- {file.name}\n{file.read_text(errors='replace')[-2000:]}" for file in sorted(played.folder.glob("*.log"))]
    return "\n".join([played.shown[-4000:], *logs])


def test_every_command_of_the_tutorial_succeeds(played: Played) -> None:
    assert played.code == 0, _tail(played)


def test_the_waste_application_has_one_order(played: Played) -> None:
    orders = [json.loads(line) for line in (played.folder / "kept.txt").read_text().splitlines()]

    assert [order["key"] for order in orders] == ["D-2026-01001"]


def test_the_wrong_request_is_refused_with_both_errors(played: Played) -> None:
    refused = json.loads((played.folder / "wrong.txt").read_text())

    assert {error["row"] for error in refused["errors"]} == {"old_bin", "residents"}


def test_the_french_tutorial_has_the_same_commands() -> None:
    assert blocks(DOCS / "tutorial" / "first-exchange.fr.md", "sh") == blocks(TUTORIAL, "sh")
