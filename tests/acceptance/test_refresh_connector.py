"""`hub connectors refresh`: what a newer contract changes, and which mappings and rows it hits."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from hub.drafting.connector import Asked
from hub.drafting.making import make_connector, make_mapping
from hub.drafting.refreshing import Refreshed, refresh
from hub.errors import ConfigurationError
from tests import nursery
from tests.installation import REPOSITORY

LIBRARY = REPOSITORY / "docs" / "tutorial" / "library"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    contracts = tmp_path / "contracts"
    shutil.copytree(LIBRARY, contracts)
    make_connector(tmp_path, Asked("library", "Library", "en"), contracts / "reservations.wsdl", "soap")
    make_connector(tmp_path, Asked("portal", "Portal", "en"), contracts / "portal.openapi.yaml", "rest")
    make_mapping(
        *(tmp_path, "book-reservation", "portal.demander_reservation", "library.reserver_documents"),
        **{"title": "Books", "sector": "scolaire", "language": "en"},
    )
    return tmp_path


def newer(root: Path, *changes: tuple[str, str], write: bool = False) -> Refreshed:
    """The library's contract with these passages of its schema changed, held against the present one."""
    schema = root / "contracts" / "reservations.xsd"
    text = (LIBRARY / "reservations.xsd").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    schema.write_text(text, encoding="utf-8")
    return refresh(root, "library", root / "contracts" / "reservations.wsdl", write=write)


def told(found: Refreshed) -> dict[str, tuple[str, list[str]]]:
    """By path: what has changed, and the places that it hits."""
    return {
        change.path or change.operation: (change.text.en, [f"{hit.file}:{hit.line} {hit.what.en}" for hit in hits])
        for change, hits in found.changes
    }


def line_of(root: Path, passage: str) -> int:
    lines = (root / "mappings" / "book-reservation.yaml").read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if passage in line)


def test_the_same_contract_changes_nothing(root: Path) -> None:
    found = newer(root)

    assert found.changes == ()
    assert not found.hit


def test_a_shorter_text_hits_its_row_with_its_line(root: Path) -> None:
    found = newer(root, ('value="80"', 'value="50"'))

    place = f"mappings/book-reservation.yaml:{line_of(root, 'library: Observation')} row commentaire (Commentaire)"
    assert told(found) == {"Observation": ("takes 50 characters, took 80", [place])}
    assert found.hit


def test_a_longer_text_hits_only_the_row_that_cuts_it(root: Path) -> None:
    longer_comment = newer(root, ('value="80"', 'value="120"'))
    longer_mail = newer(root, ('value="60"', 'value="70"'))

    assert [len(hits) for _, hits in longer_comment.changes] == [1]
    assert not longer_mail.hit


def test_a_field_that_is_gone_hits_its_row_and_the_path_that_is_ignored(root: Path) -> None:
    gone = '        <xs:element name="PrenomLecteur" type="Nom" minOccurs="0"/>\n'
    ignored = '        <xs:element name="Guichet" type="xs:string" minOccurs="0"/>\n'

    found = told(newer(root, (gone, ""), (ignored, "")))

    assert found["PrenomLecteur"][1] == [
        f"mappings/book-reservation.yaml:{line_of(root, 'PrenomLecteur')} row prenom (Prenom)"
    ]
    assert found["Guichet"][1] == [f"mappings/book-reservation.yaml:{line_of(root, 'library: [Guichet]')} ignores Guichet"]


def test_a_new_field_hits_the_mapping_that_has_no_row_for_it(root: Path) -> None:
    found = told(
        newer(
            root, ('<xs:element name="Guichet"', '<xs:element name="Section" type="xs:string"/><xs:element name="Guichet"')
        )
    )

    words, (place,) = found["Section"]
    assert words == "is new and required"
    assert place.endswith("no row for Section, and it is not ignored")


def test_a_field_that_is_required_now_hits_the_row_that_may_be_empty(root: Path) -> None:
    found = told(newer(root, ('name="PrenomLecteur" type="Nom" minOccurs="0"', 'name="PrenomLecteur" type="Nom"')))

    assert found["PrenomLecteur"][0] == "is required now"
    assert len(found["PrenomLecteur"][1]) == 1


def test_what_only_takes_more_hits_nobody(root: Path) -> None:
    found = newer(
        root,
        ('<xs:element name="NumCarte" type="Carte"/>', '<xs:element name="NumCarte" type="Carte" minOccurs="0"/>'),
        ('<xs:enumeration value="BUS"/>', '<xs:enumeration value="BUS"/><xs:enumeration value="SUD"/>'),
    )

    assert {words for words, _ in told(found).values()} == {"is no longer required", "new codes: SUD"}
    assert not found.hit


def test_an_answer_without_the_field_that_is_remembered_hits_the_reply(root: Path) -> None:
    gone = '        <xs:element name="NumReservation" type="xs:string" minOccurs="0"/>\n      </xs:sequence>'

    found = told(newer(root, (gone, "      </xs:sequence>")))

    assert [place.partition(" ")[2] for place in found["NumReservation"][1]] == ["row num_reservation (Num reservation)"]


def test_an_operation_that_is_gone_hits_connector_yaml_and_the_exchange(root: Path) -> None:
    wsdl = root / "contracts" / "reservations.wsdl"
    text = wsdl.read_text(encoding="utf-8")
    wsdl.write_text(
        text.replace('operation name="ReserverDocuments"', 'operation name="ReserverOuvrages"'), encoding="utf-8"
    )

    found = newer(root)

    words, (place,) = told(found)["ReserverDocuments"]
    assert (words, place.partition(" ")[2]) == ("the operation is gone", "the exchange")
    assert told(found)["ReserverOuvrages"] == ("a new operation", [])
    assert [finding.file for finding in found.findings] == ["connectors/library/connector.yaml"]


def test_only_when_asked_the_new_contract_takes_the_place_of_the_old(root: Path) -> None:
    present = root / "connectors" / "library" / "reservations.xsd"
    before = present.read_bytes()

    newer(root, ('value="80"', 'value="50"'))
    untouched = present.read_bytes()
    newer(root, ('value="80"', 'value="50"'), write=True)

    assert untouched == before
    assert present.read_bytes() == (root / "contracts" / "reservations.xsd").read_bytes()
    assert not newer(root, ('value="80"', 'value="50"')).changes


def test_the_command_ends_with_1_when_something_is_hit_and_says_it_in_french(root: Path) -> None:
    contract = root / "contracts" / "reservations.wsdl"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY), "HUB_ROOT": str(root)}
    command = ("connectors", "refresh", "library", "--with", str(contract), "--language", "fr")

    same = nursery.run(command, environment=environment, folder=root, timeout=110)
    schema = contract.with_suffix(".xsd")
    schema.write_text(schema.read_text(encoding="utf-8").replace('value="80"', 'value="50"'), encoding="utf-8")
    shorter = nursery.run(command, environment=environment, folder=root, timeout=110)

    assert (same.returncode, shorter.returncode) == (0, 1)
    assert "ReserverDocuments, demande, Observation : admet 50 caractères, en admettait 80" in shorter.stdout
    assert "ligne commentaire (Commentaire)" in shorter.stdout


def test_a_contract_under_another_name_is_named_in_connector_yaml(root: Path) -> None:
    (root / "contracts" / "reservations.wsdl").rename(root / "contracts" / "reservations-v2.wsdl")

    refresh(root, "library", root / "contracts" / "reservations-v2.wsdl", write=True)

    folder = root / "connectors" / "library"
    assert "contract: reservations-v2.wsdl" in (folder / "connector.yaml").read_text(encoding="utf-8")
    assert not (folder / "reservations.wsdl").exists()


def test_a_newer_contract_that_cannot_be_loaded_changes_nothing(root: Path) -> None:
    before = (root / "connectors" / "library" / "reservations.xsd").read_bytes()
    (root / "contracts" / "reservations.xsd").write_text("<broken", encoding="utf-8")

    with pytest.raises(ConfigurationError):
        refresh(root, "library", root / "contracts" / "reservations.wsdl", write=True)

    assert (root / "connectors" / "library" / "reservations.xsd").read_bytes() == before
