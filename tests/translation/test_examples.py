"""`check_examples`: each example both ways, each refused example with its exact errors."""

from __future__ import annotations

from typing import Any

import yaml

from hub.specs.load import build
from hub.specs.mapping import Examples
from hub.specs.source import parse_source
from hub.translation.examples import check_examples
from tests.translation.bins import bin_replacement, order, request


def said(data: dict[str, Any]) -> list[tuple[str, str, int]]:
    source = parse_source(yaml.safe_dump(data, allow_unicode=True), shown="mappings/bin-replacement.examples.yaml")
    findings = check_examples(bin_replacement(), build(source, Examples), source)
    return [(one.row, one.text.en, one.line) for one in findings]


def example(**changed: Any) -> dict[str, Any]:
    return {"name": "vol", "start": "portal", "documents": {"portal": request(), "waste": order()} | changed}


def refused(document: dict[str, Any], *errors: tuple[str, str]) -> dict[str, Any]:
    listed = [{"row": row, "says": says} for row, says in errors]
    return {"examples": [], "refused": [{"name": "no", "start": "portal", "document": document, "errors": listed}]}


def test_an_example_that_both_sides_write_as_given_has_no_finding() -> None:
    assert said({"examples": [example()]}) == []


def test_a_document_that_is_written_otherwise_is_found_at_its_line() -> None:
    wrong = order() | {"NbPers": "5"}

    findings = said({"examples": [example(waste=wrong)]})

    assert ("residents", "waste NbPers: the example has “5”, the mapping writes “4”") in [one[:2] for one in findings]
    assert all(line > 1 for _, _, line in findings)


def test_a_document_that_is_refused_is_said_with_its_row() -> None:
    wrong = request()
    wrong["demande"]["motif"] = "X"

    findings = said({"examples": [example(portal=wrong)]})

    assert findings[0][0] == "motive"
    assert findings[0][1].startswith("is refused: demande.motif (motive): the code “X” is not known")


def test_a_refused_example_with_its_exact_errors_in_french_has_no_finding() -> None:
    wrong = request()
    wrong["demande"]["ancienBac"] = "12"

    assert said(refused(wrong, ("old_bin", "Numéro de bac inconnu : relevez l'étiquette du bac"))) == []


def test_errors_that_are_missing_or_unexpected_are_found() -> None:
    wrong = request()
    wrong["demande"]["ancienBac"] = "12"

    findings = said(refused(wrong, ("residents", "« Nombre de personnes au foyer » manque")))

    assert [row for row, _, _ in findings] == ["old_bin", "residents"]
    assert [row for row, _, _ in said(refused(request(), ("old_bin", "…")))] == ["old_bin"]


def test_a_side_that_the_exchange_does_not_have_is_found() -> None:
    findings = said({"examples": [example() | {"start": "finance"}]})

    assert [text for _, text, _ in findings] == ["“finance” is no side of this example"]
