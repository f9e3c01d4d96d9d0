"""The tutorial "Your own application" works: its commands are run in their order, from a contract to a call."""

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

pytestmark = [pytest.mark.xdist_group("own-application"), pytest.mark.timeout(180)]

TUTORIAL = DOCS / "tutorial" / "your-own-application.md"
INSTALLS = "make setup\n. .venv/bin/activate\n"
"""The only block that is not run: what it installs is what the tests run in."""
SECONDS = 100
PORTS = ("HUB_PORT", "LIBRARY_PORT", "LIBRARY_CONTROL")


@dataclass(frozen=True)
class Played:
    """A tutorial that was played: where, how it ended, what it showed."""

    folder: Path
    code: int
    shown: str


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    folder = tmp_path_factory.mktemp("own-application")
    shutil.copytree(DOCS / "tutorial" / "library", folder / "docs" / "tutorial" / "library")
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
    yield Played(folder / "library-town", process.returncode, shown)
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
    path = os.pathsep.join((str(programs), os.environ["PATH"]))
    python = {"PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1"}
    ports = {name: str(free_port()) for name in PORTS}
    return {"PATH": path, "HOME": str(folder), "LANG": "C.UTF-8", **python, **ports}


def test_every_command_succeeds(played: Played) -> None:
    assert played.code == 0, played.shown[-6000:]


def test_the_library_has_heard_the_reservation_in_its_own_words(played: Played) -> None:
    (call,) = [json.loads(line) for line in (played.folder / "calls.txt").read_text().splitlines()]

    assert call["operation"] == "reserver_documents"
    document = call["document"]
    assert (document["NumCarte"], document["Bibliotheque"], document["DateSouhaitee"]) == ("00471812", "BUS", "04/05/2026")


def test_what_the_library_refuses_waits_for_a_person_with_its_words(played: Played) -> None:
    (dead,) = [line for line in (played.folder / "dead.txt").read_text().splitlines() if "R-2026-" in line]

    assert "R-2026-00043" in dead
    assert "Libelle" in dead


def test_the_newer_contract_names_the_rows_that_it_hits(played: Played) -> None:
    told = (played.folder / "refresh.txt").read_text(encoding="utf-8")

    assert "Observation: takes 50 characters, took 80" in told
    assert "row commentaire (Commentaire)" in told
    assert "codes gone: BUS" in told
    assert "row bibliotheque (Bibliotheque)" in told


def test_the_french_page_has_the_same_commands() -> None:
    assert blocks(DOCS / "tutorial" / "your-own-application.fr.md", "sh") == blocks(TUTORIAL, "sh")
