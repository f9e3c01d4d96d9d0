"""The reference pages are what the code is."""

from __future__ import annotations

import re

import pytest

from tests.docs.pages import DOCS, REPOSITORY

cli = pytest.importorskip("hub.cli", exc_type=ImportError)
reference = pytest.importorskip("hub.cli.reference", exc_type=ImportError)

SOURCES = [file for file in (REPOSITORY / "hub").rglob("*.py") if file.name not in ("reference.py", "described.py")]
NAMES = sorted(reference.reference_pages(cli.app))
OTHERS = {"performance.md", "interop.md", "faults.md"}
"""Written by `make benchmark` and `make interop`, which take minutes, and from the tables of tests/faults/cases, by its own
test."""


@pytest.mark.parametrize("page", NAMES)
def test_a_page_is_what_the_generator_gives(page: str) -> None:
    made = reference.reference_pages(cli.app)[page]

    file = DOCS / "reference" / page
    kept = file.read_text(encoding="utf-8") if file.is_file() else ""

    assert kept == made, f"docs/reference/{page} is not what the code is: run hub reference docs/reference"


def test_there_is_no_page_that_nothing_makes() -> None:
    kept = {file.name for file in (DOCS / "reference").iterdir()}

    assert kept - OTHERS == set(NAMES)


def test_each_variable_that_the_code_reads_is_described() -> None:
    read = {found for file in SOURCES for found in re.findall(r"[\"'](HUB_[A-Z_]+)[\"']", file.read_text(encoding="utf-8"))}

    described = {setting.name.partition("<")[0] for setting in reference.SETTINGS}

    assert read <= described, f"describe {sorted(read - described)} in SETTINGS of hub/cli/reference.py"


def test_each_kind_of_problem_that_the_code_raises_is_described() -> None:
    pattern = re.compile(r"(?:\bkind=|refused\(|_stop\(\s*parser,)\s*\"([a-z]+(?:-[a-z]+)+)\"")
    raised = {found for file in SOURCES for found in pattern.findall(file.read_text(encoding="utf-8"))}

    described = {kind.kind for kind in reference.PROBLEMS}

    assert raised <= described, f"describe {sorted(raised - described)} in PROBLEMS of hub/cli/reference.py"


@pytest.mark.parametrize("kind", [kind.kind for kind in reference.PROBLEMS])
def test_each_kind_of_problem_that_is_described_is_raised(kind: str) -> None:
    assert any(f'"{kind}"' in file.read_text(encoding="utf-8") for file in SOURCES)


def test_the_command_writes_the_pages(tmp_path: object) -> None:
    write = reference.reference

    write(tmp_path / "made")  # type: ignore[operator]

    assert sorted(file.name for file in (tmp_path / "made").iterdir()) == NAMES  # type: ignore[operator]
