"""The fault cases that the hub is held against, by section, each with the tests that it passes; the page that says so.

`python -m tests.faults.cases` writes docs/reference/faults.md.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[2]
PAGE = REPOSITORY / "docs" / "reference" / "faults.md"

SECTIONS = {
    "nodes": "Nodes and processes",
    "storage": "Disk and database",
    "network": "Network and back-office applications",
    "intake": "Intake, repeats, order, mailboxes, replay",
    "time": "Time and schedules",
    "xml": "XML and SOAP",
    "inputs": "JSON, HTTP and text",
    "egress": "Where the hub calls",
    "webhooks": "Signed requests",
}
STATES = ("passed", "open", "n/a")


@dataclass(frozen=True, slots=True)
class Case:
    """One fault: `K01`, what happens and what must come of it, and the tests (pytest ids) that show it."""

    id: str
    case: str
    status: str
    tests: tuple[str, ...]
    note: str


def cases(section: str) -> tuple[Case, ...]:
    """The cases of a section, in the order of its file."""
    with (HERE / f"{section}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Case(
                row["id"],
                row["case"],
                row["status"],
                tuple(test.strip() for test in row["test"].split(";") if test.strip()),
                row["note"] or "",
            )
            for row in csv.DictReader(file)
        )


def page() -> str:
    """docs/reference/faults.md."""
    return "\n".join((*_head(), *(line for name, title in SECTIONS.items() for line in _section(name, title)))) + "\n"


def _head() -> Iterator[str]:
    every = [case for name in SECTIONS for case in cases(name)]
    count = {state: sum(case.status == state for case in every) for state in STATES}
    yield "# Faults"
    yield ""
    yield "What can go wrong around the hub, what then must come of it, and the test that shows it. The tests named here run"
    yield "in `make test`; those that start and end many nodes, in `make test-long`. How they do it is told in"
    yield "[How it is proven](../explanation/how-it-is-proven.md)."
    yield ""
    yield f"{len(every)} cases: {count['passed']} passed, {count['open']} open, {count['n/a']} not applicable."


def _section(name: str, title: str) -> Iterator[str]:
    yield ""
    yield f"## {title}"
    yield ""
    yield "| | case | state | shown by |"
    yield "|---|---|---|---|"
    for case in cases(name):
        shown = "<br>".join(f"`{test}`" for test in case.tests)
        yield f"| {case.id} | {case.case} | {case.status} | {'. '.join(part for part in (shown, case.note) if part)} |"
