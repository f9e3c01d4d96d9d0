"""Whatever is planted in the files of an installation, reading and proving it does nothing but say what is wrong, and where.

The files are read by processes of their own, under an audit hook and limits of memory and time (`hostile_reader`).
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.unit.hostile_payloads import Payload, payloads

READER = Path(__file__).with_name("hostile_reader.py")
REPOSITORY = Path(__file__).parents[2]
CANARY = "canary-5c1f"
SECONDS, MEGABYTES = 4, 1500
"""Of the processor; far over what is needed: a bomb needs hours, or everything."""

pytestmark = pytest.mark.timeout(400)


@dataclass(frozen=True)
class Read:
    """What each payload made the hub do."""

    planted: dict[str, Payload]
    root: Path
    outcomes: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Read]:
    """Every payload planted in an installation of its own, and read by one of two processes."""
    folder = tmp_path_factory.mktemp("hostile")
    canary, roots = folder / "canary.txt", folder / "roots"
    canary.write_text(CANARY)
    planted = {payload.name: payload for payload in (Payload("0-clean", silent=True), *payloads(canary))}
    for name, payload in planted.items():
        payload.plant(roots / name)
    readers = [_reader(str(roots), str(number), "2") for number in (0, 1)]
    said = [reader.communicate(timeout=300) for reader in readers]
    assert [reader.returncode for reader in readers] == [0, 0], [error for _, error in said]
    lines = [json.loads(line) for shown, _ in said for line in shown.splitlines()]
    yield Read(planted, roots, {line["name"]: line for line in lines})
    shutil.rmtree(folder)


def _reader(*arguments: str) -> subprocess.Popen[str]:
    command, environment = (sys.executable, str(READER), *arguments), {"PYTHONPATH": str(REPOSITORY), "PATH": ""}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_the_watch_sees_every_forbidden_act() -> None:
    shown = subprocess.run(
        (sys.executable, str(READER), "prove"),
        env={"PYTHONPATH": str(REPOSITORY), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    ).stdout

    acts = [json.loads(line) for line in shown.splitlines()]
    assert len(acts) == 12
    assert [act["name"] for act in acts if not act["acts"]] == []


def test_five_hundred_payloads_and_more_are_read(read: Read) -> None:
    assert len(read.planted) > 500
    assert read.outcomes.keys() == read.planted.keys()


def test_what_is_sound_is_read_without_a_word(read: Read) -> None:
    errors = {name: _errors(read.outcomes[name]) for name, payload in read.planted.items() if payload.silent}

    assert len(errors) > 50
    assert {name: found for name, found in errors.items() if found} == {}


def test_none_does_a_forbidden_act(read: Read) -> None:
    assert {name: found["acts"] for name, found in read.outcomes.items() if found["acts"]} == {}


def test_none_ends_the_reading(read: Read) -> None:
    assert {name: found["crash"] for name, found in read.outcomes.items() if found["crash"]} == {}


def test_none_takes_long_or_needs_much(read: Read) -> None:
    slow = {name: found["seconds"] for name, found in read.outcomes.items() if found["seconds"] > SECONDS}
    large = {name: found["peak_mb"] for name, found in read.outcomes.items() if found["peak_mb"] > MEGABYTES}

    assert (slow, large) == ({}, {})


def test_what_is_said_has_a_file_and_a_line_and_both_languages(read: Read) -> None:
    for name, found in read.outcomes.items():
        for file, line, _, english, french in found["findings"]:
            assert file and english and french, (name, found)
            assert line >= 1 or not (read.root / name / file).is_file(), (name, file, english)


def test_the_machinery_of_yaml_and_links_to_elsewhere_are_always_refused(read: Read) -> None:
    refused = [name for name in read.planted if name.startswith(("tag-", "document-")) or name.startswith("link-0-")]

    assert len(refused) > 100
    assert [name for name in refused if not _errors(read.outcomes[name])] == []


def test_nothing_of_a_file_elsewhere_is_ever_shown(read: Read) -> None:
    assert [name for name, found in read.outcomes.items() if CANARY in json.dumps(found)] == []


def _errors(outcome: dict[str, Any]) -> list[Any]:
    return [each for each in outcome["findings"] if each[2] == "error"]
