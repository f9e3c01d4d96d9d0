"""The YAML files: scalars stay text, and what is wrong is said with file, line, column and what would be right."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.errors import ConfigurationError
from hub.specs.connector import Connector
from hub.specs.load import build
from hub.specs.mapping import Mapping
from hub.specs.source import parse_source

CONNECTOR = """\
connector: waste
title: Déchets
protocol: soap
contract: waste.wsdl
instances:
  default: {address: "${WASTE_URL}"}
operations:
  create_order: {direction: out, action: CreateOrder, repeatable: false}
"""


def findings_of(text: str, model=Connector):
    with pytest.raises(ConfigurationError) as caught:
        build(parse_source(text, shown="connector.yaml"), model)
    return caught.value.findings


def test_scalars_stay_the_text_that_was_typed() -> None:
    source = parse_source("a: 07000\nb: NO\nc: 12:30\nd: 1e3\ne:\nf: 2026-01-01\n", shown="x.yaml")

    assert source.data == {"a": "07000", "b": "NO", "c": "12:30", "d": "1e3", "e": None, "f": "2026-01-01"}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\na: 2\n", 2),
        ("a: &x 1\nb: *x\n", 1),
        ("a: !!python/object:os.system x\n", 1),
        ("a: [1, 2\n", 2),
        ("a:\n\tb: 1\n", 2),
    ],
)
def test_what_is_not_plain_yaml_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_source(text, shown="x.yaml")

    (finding,) = caught.value.findings
    assert (finding.file, finding.line) == ("x.yaml", line)


def test_a_connector_has_the_defaults_of_the_product() -> None:
    connector = build(parse_source(CONNECTOR, shown="connector.yaml"), Connector)

    assert connector.retry.within == timedelta(hours=96)
    assert connector.retry.waits[:2] == (timedelta(seconds=5), timedelta(seconds=30))
    assert connector.limits.at_once == 4
    assert connector.operations["create_order"].repeatable is False


def test_an_unknown_key_names_its_place_and_the_nearest_known_key() -> None:
    (finding,) = findings_of(CONNECTOR.replace("repeatable", "repetable"))

    assert (finding.line, finding.column) == (8, 55)
    assert "repetable" in finding.text.en and "repeatable" in finding.right.en


def test_a_missing_key_and_a_wrong_word_are_found_together() -> None:
    missing, wrong = sorted(
        findings_of(CONNECTOR.replace("title: Déchets\n", "").replace("soap", "corba")), key=lambda f: f.line
    )

    assert "title" in missing.text.en
    assert "soap" in wrong.right.fr and wrong.line == 2


def test_a_secret_in_the_file_is_refused() -> None:
    (finding,) = findings_of(CONNECTOR.replace('"${WASTE_URL}"', '"${WASTE_URL}", credentials: hunter2'))

    assert "secret:waste" in finding.right.en


@pytest.mark.parametrize("value", ["5", "5 minutes", "-5m", "1h30"])
def test_a_duration_is_a_whole_number_and_a_unit(value: str) -> None:
    (finding,) = findings_of(CONNECTOR + f"timeout: {value}\n")

    assert "2h" in finding.right.en


def test_the_cells_of_a_row_are_gathered_from_the_keys_that_are_no_words() -> None:
    text = """\
exchange: bin-replacement
title: Bac
sector: relations-usagers
between: {portal: {in: bin_request}, waste: {out: create_order}}
key: number
fields:
  number: {label: Numéro, portal: dossier.numero, waste: RefExterne, required: true}
  residents: {portal: nb, waste: NbPers, as: integer}
"""
    mapping = build(parse_source(text, shown="m.yaml"), Mapping)

    assert mapping.fields["number"].cells == {"portal": "dossier.numero", "waste": "RefExterne"}
    assert mapping.fields["residents"].as_ == "integer"
