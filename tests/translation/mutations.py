"""Holds mutants of the shipped mappings against `hub check`: which are found. `make mutants` runs all of them."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from hub.catalogue import prove
from hub.catalogue.connectors import read_connector
from hub.catalogue.facts import Application, Catalogue, Exchange
from hub.catalogue.mappings import Draft, compiled, read_draft, read_tables
from hub.catalogue.schedules import read_schedule
from hub.errors import ConfigurationError, Finding
from hub.specs.load import build
from hub.specs.mapping import Examples
from hub.specs.mapping import Mapping as Spec
from hub.specs.source import parse_source
from hub.translation import Table, check_examples
from hub.translation.paths import all_paths
from tests.translation.equivalents import reason
from tests.translation.mutator import Mutant, mutants_of_examples, mutants_of_mapping, mutants_of_table

Verdict = Literal["killed", "asked", "equivalent", "survived"]
WANTED = 0.95


@dataclass(frozen=True)
class House:
    """The folders of `root` as `hub check` reads them, read once for many checks."""

    root: Path

    @cached_property
    def connectors(self) -> Mapping[str, Application]:
        files = sorted((self.root / "connectors").glob("*/connector.yaml"))
        found = [read_connector(file.parent, root=self.root)[0] for file in files]
        return {each.name: each for each in found if each is not None}

    @cached_property
    def tables(self) -> dict[str, Table]:
        return read_tables(self.root / "mappings" / "tables", root=self.root)[0]

    @cached_property
    def drafts(self) -> dict[str, Draft]:
        files = [file for file in sorted((self.root / "mappings").glob("*.yaml")) if ".examples." not in file.name]
        found = [read_draft(file, root=self.root)[0] for file in files]
        return {draft.spec.exchange: draft for draft in found if draft is not None}

    def mutants(self) -> Iterator[tuple[str, Mutant]]:
        """Every mutant, with the mapping, examples or table that it is a slip in."""
        codes = {name: table.codes for name, table in self.tables.items()}
        for name, draft in self.drafts.items():
            text = self._text(draft.source.file)
            for mutant in mutants_of_mapping(draft.source.file, text, places=self._places(draft), tables=codes):
                yield name, mutant
            if draft.examples:
                file = draft.examples[1].file
                for mutant in mutants_of_examples(file, self._text(file)):
                    yield f"{name} (examples)", mutant
        for name, table in self.tables.items():
            for mutant in mutants_of_table(table.file, self._text(table.file)):
                yield f"table {name}", mutant

    def verdict(self, mutant: Mutant) -> Verdict:
        """What `hub check` makes of these folders with the mutant in place of its file. Killed: it ends with 1."""
        severities = {finding.severity for finding in self.findings(mutant)}
        if "error" in severities:
            return "killed"
        if reason(mutant, self.drafts, self.tables):
            return "equivalent"
        return "asked" if severities else "survived"

    def findings(self, mutant: Mutant) -> tuple[Finding, ...]:
        """What is found in the folders with the mutant; in the exchanges that it can touch, where laws are to be proven."""
        try:
            drafts, tables, touched = self._with(mutant)
        except ConfigurationError as error:
            return error.findings
        return self.findings_of(drafts, tables, touched)

    def findings_of(
        self, drafts: Mapping[str, Draft], tables: Mapping[str, Table], touched: set[str]
    ) -> tuple[Finding, ...]:
        """What is wrong with these drafts and tables; examples and laws of the `touched` exchanges."""
        found: list[Finding] = []
        exchanges: dict[str, Exchange] = {}
        specs = {name: draft.spec for name, draft in drafts.items()}
        for name, draft in drafts.items():
            exchange, wrong = compiled(
                draft, connectors=self.connectors, tables=tables, others=specs, unread=frozenset(), revision=""
            )
            found += wrong
            if exchange is not None:
                exchanges[name] = exchange
        found += self._schedules(specs)
        if any(finding.severity == "error" for finding in found):
            return tuple(found)
        shown = [wrong for name in sorted(touched & exchanges.keys()) for wrong in _shown(exchanges[name], exchanges)]
        if shown:  # it is found: the laws would only take time
            return (*found, *shown)
        _, report = prove(Catalogue("", self.connectors, exchanges), only=touched)
        return (*found, *report.findings)

    def _schedules(self, specs: Mapping[str, Spec]) -> Iterator[Finding]:
        for file in sorted((self.root / "schedules").glob("*.yaml")):
            yield from read_schedule(file, root=self.root, connectors=self.connectors, exchanges=specs, unread=frozenset())[
                1
            ]

    def _with(self, mutant: Mutant) -> tuple[dict[str, Draft], dict[str, Table], set[str]]:
        """Drafts and tables with the mutant, and the exchanges that it can touch."""
        stem = Path(mutant.file).stem
        if mutant.file.endswith(".csv"):
            table = Table.parse(mutant.text, stem, shown=mutant.file)
            touched = {name for name, draft in self.drafts.items() if f"table: {stem}" in self._text(draft.source.file)}
            return self.drafts, self.tables | {stem: table}, touched | self._tellers(touched)
        source = parse_source(mutant.text, shown=mutant.file)
        name = stem.removesuffix(".examples")
        draft = self.drafts[name]
        if stem.endswith(".examples"):
            draft = replace(draft, examples=(build(source, Examples), source))
            return self.drafts | {name: draft}, self.tables, {name}
        draft = replace(draft, spec=build(source, Spec), source=source)
        return self.drafts | {name: draft}, self.tables, {name} | self._tellers({name})

    def _tellers(self, names: set[str]) -> set[str]:
        """The exchanges whose `then` goes to one of `names`."""
        follows = {name: (draft.spec.then.delivered, draft.spec.then.refused) for name, draft in self.drafts.items()}
        return {name for name, told in follows.items() if any(each and each.exchange in names for each in told)}

    def _places(self, draft: Draft) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for side, directions in draft.spec.between.items():
            shapes = [self.connectors[side].shape(name) for name in directions.values()]
            found[side] = [path for shape in shapes if shape for path in all_paths(shape)]
        return found

    def _text(self, file: str) -> str:
        return (self.root / file).read_text(encoding="utf-8")


def _shown(exchange: Exchange, exchanges: Mapping[str, Exchange]) -> tuple[Finding, ...]:
    """What the examples show to be wrong."""
    if exchange.examples is None:
        return ()
    others = {name: each.translation for name, each in exchanges.items()}
    return check_examples(exchange.translation, *exchange.examples, others=others)


@dataclass
class Score:
    """How the mutants of one file, or of all, fared; and those that got away."""

    counts: Counter[str] = field(default_factory=Counter)
    away: list[str] = field(default_factory=list)

    def note(self, verdict: Verdict, mutant: Mutant) -> None:
        """Count one more."""
        self.counts[verdict] += 1
        if verdict in ("asked", "survived"):
            self.away.append(f"{verdict}: {mutant.file}: {mutant.what}")

    @property
    def killed(self) -> float:
        """The part that was killed, of those that are not equivalent."""
        there = sum(self.counts.values()) - self.counts["equivalent"]
        return self.counts["killed"] / there if there else 1.0


def scores(house: House, mutants: Iterator[tuple[str, Mutant]]) -> dict[str, Score]:
    """The score of each mapping, examples file and table."""
    found: dict[str, Score] = {}
    for name, mutant in mutants:
        found.setdefault(name, Score()).note(house.verdict(mutant), mutant)
    return found


def total(found: Mapping[str, Score]) -> Score:
    """All of them as one."""
    return Score(
        sum((score.counts for score in found.values()), Counter()), [each for score in found.values() for each in score.away]
    )


def main(root: Path) -> int:
    """Every mutant of what ships: a table, those that got away, and a line of JSON. 1 when a score is below 95 %."""
    start = time.monotonic()
    found = scores(house := House(root), house.mutants())
    print(f"{'':44}{'mutants':>8}{'equivalent':>11}{'killed':>8}{'asked':>7}{'survived':>9}{'score':>8}")
    for name, score in [*found.items(), ("all", total(found))]:
        many = score.counts
        print(
            f"{name:44}{sum(many.values()):8}{many['equivalent']:11}{many['killed']:8}{many['asked']:7}{many['survived']:9}"
            f"{score.killed:8.1%}"
        )
    print(*total(found).away, sep="\n")
    said = {name: round(score.killed, 4) for name, score in found.items()}
    print(
        json.dumps(
            {
                "mutants": dict(total(found).counts),
                "score": round(total(found).killed, 4),
                "seconds": round(time.monotonic() - start),
                "scores": said,
            }
        )
    )
    return 0 if all(score.killed > WANTED for score in found.values()) else 1


if __name__ == "__main__":
    sys.exit(main(Path(__file__).parents[2]))
