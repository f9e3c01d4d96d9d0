"""Loads every contract of a folder in a process of its own that records what it opens and whom it calls.

python -m tests.transports.corpus FOLDER            one line of JSON for each contract
python -m tests.transports.corpus FOLDER --table    the same as a table in Markdown
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from hub.errors import ConfigurationError, Finding
from hub.transports.contracts import load_contract

CALLS = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto")
OF_PYTHON = tuple(str(Path(each).resolve()) for each in (sys.prefix, sys.base_prefix, *sys.path) if each)
LAID_OUT = str(Path(tempfile.gettempdir()).resolve() / "hub-contract-")
_JSON_CONTRACT = re.compile(r"""^[\s{]*["']?(?:openapi|swagger|\$schema)["']?\s*:""", re.MULTILINE)


@dataclass(frozen=True)
class Outcome:
    """What loading one contract came to. `forbidden`: what it called, and what it opened outside of its folder."""

    file: str
    operations: int
    names: list[str]
    said: list[dict[str, str]]
    mended: int
    seconds: float
    forbidden: list[str]


def contracts(folder: Path) -> list[Path]:
    """Every WSDL and XSD, and the JSON and YAML files that say that they are OpenAPI or JSON Schema."""
    return [file for file in sorted(folder.rglob("*")) if file.is_file() and not file.is_symlink() and _is_contract(file)]


def _is_contract(file: Path) -> bool:
    if file.suffix in (".json", ".yaml", ".yml"):
        return bool(_JSON_CONTRACT.search(file.read_text(encoding="utf-8", errors="replace")[:2000]))
    return file.suffix in (".wsdl", ".xsd")


class Audit:
    """An audit hook of this process; what it has seen stays until it is asked."""

    def __init__(self) -> None:
        self.folder = ""
        self.seen: list[str] = []
        sys.addaudithook(self._heard)

    def _heard(self, event: str, args: tuple[object, ...]) -> None:
        if not self.folder:
            return
        if event in CALLS:
            self.seen.append(f"{event} {args[1:]}")
        elif event == "open" and isinstance(args[0], str | bytes):
            name = args[0].decode() if isinstance(args[0], bytes) else args[0]
            path = str(Path(name).absolute())
            if not path.startswith((f"{self.folder}/", LAID_OUT, *OF_PYTHON)):
                self.seen.append(f"open {path}")


def loaded(file: Path, root: Path, audit: Audit) -> Outcome:
    """Loads one contract under audit."""
    audit.seen, audit.folder = [], str(file.parent.resolve())
    began = time.perf_counter()
    names: list[str] = []
    findings: tuple[Finding, ...] = ()
    mended = 0
    try:
        contract = load_contract(file)
        names, mended = list(contract.operations), len(contract.mended)
        for operation in contract.operations.values():
            names += [name for part in (operation.input, operation.output) if part for name, _ in part.shape.leaves()]
        operations = len(contract.operations)
    except ConfigurationError as error:
        findings, operations = error.findings, 0
    seconds = time.perf_counter() - began
    audit.folder = ""
    said = [_words(each) for each in findings]
    return Outcome(str(file.relative_to(root)), operations, names, said, mended, seconds, audit.seen)


def _words(finding: Finding) -> dict[str, str]:
    right = finding.right
    return {
        "file": finding.file,
        "line": str(finding.line),
        "en": finding.text.en,
        "fr": finding.text.fr,
        "right_en": right.en if right else "",
        "right_fr": right.fr if right else "",
    }


def _table(outcomes: Iterator[Outcome]) -> Iterator[str]:
    yield "| file | loads with | or is refused because | time |"
    yield "| --- | --- | --- | --- |"
    for each in outcomes:
        mended = f" ({each.mended} mended or left out)" if each.mended else ""
        many = f"{each.operations} operation{'s' if each.operations > 1 else ''}{mended}" if each.operations else ""
        why = "; ".join(f"{one['file']}:{one['line']} {one['en']}" for one in each.said)
        yield f"| {each.file} | {many} | {why} | {each.seconds:.2f} s |"


def main(folder: Path, *, table: bool) -> None:
    """Prints what became of each contract."""
    audit = Audit()
    outcomes = (loaded(file, folder, audit) for file in contracts(folder))
    for line in _table(outcomes) if table else (json.dumps(asdict(each)) for each in outcomes):
        print(line, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), table="--table" in sys.argv)
