"""`hub check` on patches and mended contracts: what was changed is seen, what is needless or lost is said with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.catalogue import inspect
from hub.endpoints.published import published_import
from hub.errors import Finding
from tests.installation import Installation, install

WASTE = "connectors/waste/connector.yaml"
FINANCE = "connectors/finance/connector.yaml"
BECAUSE = "because: refusé par le serveur en recette le 12 mars"


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return install(tmp_path)


def patched(installation: Installation, connector: str, *patches: str) -> list[Finding]:
    """The findings about a connector with these patches."""
    listed = "".join(f"  - {{{each}, {BECAUSE}}}\n" for each in patches)
    installation.replace(connector, "operations:\n", f"patches:\n{listed}operations:\n")
    _, report = inspect(installation.root)
    return [each for each in report.findings if each.file.startswith(connector.rpartition("/")[0])]


def test_a_patch_of_a_wsdl_changes_shape_check_and_what_is_served(installation: Installation) -> None:
    found = patched(
        installation,
        WASTE,
        "operation: create_order, at: Observation, longest: 30",
        "operation: create_order, at: Equipe, required: true",
    )

    catalogue, _ = inspect(installation.root)
    waste = catalogue.connectors["waste"]
    part = waste.operation("create_order").input
    served = published_import(waste, "waste.xsd", address="http://hub.example/soap/waste")
    assert found == []
    assert part and (shape := part.shape.at("Observation")) and shape.longest == 30
    assert part and (team := part.shape.at("Equipe")) and team.required
    assert b'maxLength value="30"' in served


def test_a_patch_of_openapi_changes_shape_and_check(installation: Installation) -> None:
    catalogue, _ = inspect(installation.root)
    name, part = next(
        (name, each.input) for name, each in catalogue.connectors["finance"].contract.operations.items() if each.input
    )
    field = next(child.name for child in part.shape.children if child.required and not child.location)
    called = next(key for key, each in catalogue.connectors["finance"].spec.operations.items() if each.action == name)

    found = patched(installation, FINANCE, f"operation: {called}, at: {field}, required: false")

    again, _ = inspect(installation.root)
    changed = again.connectors["finance"].operation(called).input
    assert found == []
    assert changed and (shape := changed.shape.at(field)) and not shape.required


@pytest.mark.parametrize(
    ("patch", "says", "right", "severity"),
    [
        (
            "operation: create_ordre, at: Equipe, required: true",
            "l'opération « create_ordre » n'existe pas",
            "« create_order »",
            "error",
        ),
        ("operation: create_order, at: Equip, required: true", "n'a pas de champ « Equip »", "« Equipe »", "error"),
        (
            "operation: create_order, part: ouput, at: Equipe, required: true",
            "n'a pas de partie « ouput »",
            "« output »",
            "error",
        ),
        ("operation: create_order, at: Equipe, required: false", "ne change rien", "supprimez « required »", "warning"),
        ("operation: create_order, at: Bacs, longest: 3", "ne peut être changé ainsi", "README", "error"),
        ("operation: create_order, at: Equipe", "ne convient pas", "required, repeated", "error"),
    ],
)
def test_a_patch_that_does_nothing_or_leads_nowhere_is_said(
    installation: Installation, patch: str, says: str, right: str, severity: str
) -> None:
    found = patched(installation, WASTE, patch)

    assert len(found) == 1
    assert (found[0].file, found[0].severity) == (WASTE, severity)
    line = (installation.root / WASTE).read_text(encoding="utf-8").splitlines()[found[0].line - 1]
    assert patch in line
    assert says in found[0].text.fr
    assert found[0].right and right in found[0].right.fr


def test_a_mended_contract_is_a_warning_with_file_and_line(installation: Installation) -> None:
    installation.replace("connectors/waste/waste.wsdl", 'Location="waste.xsd"', 'Location="http://vendor.example/waste.xsd"')

    catalogue, report = inspect(installation.root)

    found = [each for each in report.findings if each.file.startswith("connectors/waste")]
    assert "waste" in catalogue.connectors
    assert [(each.file, each.line, each.severity) for each in found] == [("connectors/waste/waste.wsdl", 7, "warning")]


def test_a_contract_of_the_other_protocol_is_said_at_the_word_protocol(installation: Installation) -> None:
    installation.replace(WASTE, "protocol: soap", "protocol: rest")

    _, report = inspect(installation.root)

    found = [each for each in report.findings if each.file == WASTE]
    written = (installation.root / WASTE).read_text(encoding="utf-8").splitlines()
    assert "contrat du protocole soap" in found[0].text.fr and "protocol" in written[found[0].line - 1]
