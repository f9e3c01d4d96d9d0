"""What an example can say beside its documents: what it is like, what is given, answered, refused and told."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from hub.contract import Shape
from hub.errors import ConfigurationError
from hub.specs.load import build
from hub.specs.mapping import Examples
from hub.specs.mapping import Mapping as Spec
from hub.specs.source import parse_source
from hub.translation.examples import check_examples
from hub.translation.mapping import Translation, compile_mapping
from tests.translation.bins import bin_replacement, order, request, text, thing

STATUS = """
exchange: request-status
title: Suite donnée
sector: relations-usagers
between: {portal: {out: update_status}}
key: request_number
fields:
  request_number: {portal: numero, required: true}
  status: {portal: etat, required: true, values: {portal: {accepted: A, refused: R}}}
  order_number: {portal: commande}
  reason: {portal: motif}
"""


def request_status() -> Translation:
    spec = build(parse_source(STATUS, shown="mappings/request-status.yaml"), Spec)
    shape = thing("status", text("numero", required=True), text("etat", values=("A", "R")), text("commande"), text("motif"))
    return compile_mapping(spec, shapes={"portal": {"out": shape}}, replies=dict[str, Shape](), tables={})


def said(*examples: dict[str, Any], of: Translation | None = None, refused: list[dict[str, Any]] | None = None) -> list[str]:
    written = yaml.safe_dump({"examples": list(examples), "refused": refused or []}, allow_unicode=True, sort_keys=False)
    source = parse_source(written, shown="mappings/bin-replacement.examples.yaml")
    others = {"request-status": request_status()}
    return [one.text.en for one in check_examples(of or bin_replacement(), build(source, Examples), source, others=others)]


VOL = {"name": "vol", "start": "portal", "documents": {"portal": request(), "waste": order()}}
ANSWERED = VOL | {
    "reply": {"waste": {"NumIntervention": "I-7"}},
    "told": {"portal": {"numero": "D-2026-0001", "etat": "A", "commande": "I-7"}},
}
REFUSED = VOL | {
    "reason": "Hors du territoire",
    "told": {"portal": {"numero": "D-2026-0001", "etat": "R", "motif": "Hors du territoire"}},
}


def like_vol(**documents: Any) -> dict[str, Any]:
    return {"name": "like", "like": "vol", "documents": documents}


def test_an_example_like_another_says_only_what_is_different() -> None:
    other = like_vol(
        portal={"dossier": {"numero": "D-2"}, "demande": {"nbHabitants": "5", "montant": None}},
        waste={"RefExterne": "D-2", "NbPers": "5", "Montant": None},
    )
    wrong = like_vol(portal={"dossier": {"numero": "D-2"}}, waste={"RefExterne": "D-2", "NbPers": "5"})

    assert said(VOL, other) == []
    assert "waste NbPers: the example has “5”, the mapping writes “4”" in said(VOL, wrong)


def test_what_is_refused_may_be_like_an_example_too() -> None:
    refused = {
        "name": "no",
        "like": "vol",
        "document": {"demande": {"ancienBac": "7"}},
        "errors": [{"row": "old_bin", "says": "Numéro de bac inconnu : relevez l'étiquette du bac"}],
    }

    assert said(VOL, refused=[refused]) == []


def test_an_example_like_none_is_refused_with_its_name() -> None:
    with pytest.raises(ConfigurationError) as refused:
        said({"name": "b", "like": "nothing", "documents": {}})

    assert "no example further up has this name" in str(refused.value.findings[0].right)


def test_an_example_that_would_be_taken_as_a_repeat_is_found() -> None:
    repeated = said(VOL, like_vol(portal={"demande": {"nbHabitants": "5"}}, waste={"NbPers": "5"}))

    assert repeated == ["would be taken as a repeat of “vol”: request_number are the same (D-2026-0001)"]
    assert said(VOL, like_vol(portal={"teleservice": "OTHER"})) == []


@pytest.mark.parametrize("example", [ANSWERED, REFUSED], ids=["answered", "refused"])
def test_what_the_sender_is_told_is_shown(example: dict[str, Any]) -> None:
    wrong = example | {"told": {"portal": {**example["told"]["portal"], "etat": "X"}}}

    assert said(example) == []
    assert [words for words in said(wrong) if words.startswith("portal etat: the example has “X”")]


def test_an_answer_of_which_nothing_is_told_is_found() -> None:
    untold = {key: value for key, value in ANSWERED.items() if key != "told"}

    assert "portal commande: the example has nothing, the mapping writes “I-7”" in said(untold)


def test_what_another_exchange_tells_needs_no_start() -> None:
    told = {
        "name": "accepted",
        "given": {"request_number": "D-1", "status": "accepted"},
        "documents": {"portal": {"numero": "D-1", "etat": "A"}},
    }
    unknown = told | {"given": {"request_number": "D-1", "statut": "accepted"}}

    assert said(told, of=request_status()) == []
    assert said(told | {"documents": {"portal": {"numero": "D-1", "etat": "R"}}}, of=request_status()) == [
        "portal etat: the example has “R”, the mapping writes “A”"
    ]
    assert "has no row “statut”" in said(unknown, of=request_status())[0]
