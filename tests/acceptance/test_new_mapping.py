"""`hub new mapping`: rows proposed from two contracts, sure where the contracts are, and honest where they are not."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from hub.catalogue import inspect, prove
from hub.drafting.connector import Asked
from hub.drafting.making import MadeMapping, make_connector, make_mapping
from hub.errors import Conflict, NotFound
from hub.specs import mapping as specs
from hub.specs.load import load
from hub.translation.paths import cells_of
from tests import nursery
from tests.installation import REPOSITORY

LIBRARY = REPOSITORY / "docs" / "tutorial" / "library"
SHIPPED = {
    "bin-replacement": ("portal.bin_request", "waste.create_order"),
    "birth-certificate": ("portal.certificate_request", "civil-status.request_certificate"),
    "invoice-service-done": ("portal.service_done", "finance.record_service_done"),
    "bin-progress": ("waste.order_changed", "portal.update_status"),
    "invoice-payment": ("finance.payment_changed", "portal.update_invoice"),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An installation with the library and its portal, as drafted."""
    contracts = tmp_path / "contracts"
    shutil.copytree(LIBRARY, contracts)
    make_connector(tmp_path, Asked("library", "Library", "en"), contracts / "reservations.wsdl", "soap")
    make_connector(tmp_path, Asked("portal", "Portal", "en"), contracts / "portal.openapi.yaml", "rest")
    return tmp_path


def drafted(root: Path, said: str = "portal.demander_reservation", told: str = "library.reserver_documents") -> MadeMapping:
    return make_mapping(root, "book-reservation", said, told, title="Books", sector="scolaire", language="en")


def spec_of(root: Path, name: str = "book-reservation") -> specs.Mapping:
    return load(root / "mappings" / f"{name}.yaml", specs.Mapping, shown=name)[0]


def change(root: Path, file: str, old: str, new: str) -> None:
    path = root / "connectors" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def joined(spec: specs.Mapping, one: str, other: str) -> set[tuple[str, str]]:
    """The pairs of paths that the rows of a mapping join."""
    left = {name: path for name, path, _ in cells_of(spec.fields, one)}
    right = {name: path for name, path, _ in cells_of(spec.fields, other)}
    return {(left[name], right[name]) for name in left if name in right}


def test_fields_are_paired_by_what_their_names_mean(root: Path) -> None:
    drafted(root)

    assert joined(spec_of(root), "portal", "library") == {
        ("demande.reference", "RefDemande"),
        ("lecteur.numeroCarte", "NumCarte"),
        ("lecteur.nom", "NomLecteur"),
        ("lecteur.prenom", "PrenomLecteur"),
        ("lecteur.courriel", "Mel"),
        ("bibliotheque", "Bibliotheque"),
        ("souhaiteeLe", "DateSouhaitee"),
        ("commentaire", "Observation"),
        ("documents", "Documents.Document"),
        ("documents.isbn", "Documents.Document.Isbn"),
        ("documents.titre", "Documents.Document.Titre"),
        ("documents.exemplaires", "Documents.Document.NbExemplaires"),
    }


def test_the_words_of_a_row_come_from_the_contracts(root: Path) -> None:
    drafted(root)

    spec = spec_of(root)
    rows = spec.fields
    assert rows["souhaitee_le"].date == {"portal": "date", "library": "dd/MM/yyyy"}
    assert (rows["commentaire"].max, list(rows["commentaire"].loses)) == ({"library": 80}, ["library"])
    assert rows["courriel"].check is not None and rows["courriel"].check.looks == ".{1,60}"
    assert rows["documents"].match == "isbn"
    assert rows["documents"].fields["exemplaires"].as_ == "integer"
    assert (spec.key, rows["reference"].required, rows["nom"].personal) == ("reference", True, True)
    assert spec.ignore == {"portal": ("teleservice",), "library": ("Guichet",)}
    assert spec.reply["num_reservation"].remember


def test_a_code_that_nothing_fits_is_the_only_thing_left_and_is_told_with_its_line(root: Path) -> None:
    made = drafted(root)

    (finding,) = made.findings
    assert finding.file == "mappings/tables/book-reservation-bibliotheque.csv"
    assert finding.line == 4
    assert "bibliobus" in finding.text.en


def test_once_the_code_is_decided_the_check_is_green(root: Path) -> None:
    drafted(root)
    table = root / "mappings" / "tables" / "book-reservation-bibliotheque.csv"
    text = table.read_text(encoding="utf-8").replace("bibliobus,bibliobus,,", "bibliobus,bibliobus,BUS,")
    table.write_text(text, encoding="utf-8")

    catalogue, report = inspect(root)
    _, proven = prove(catalogue)

    assert report.errors == proven.errors == ()
    assert set(catalogue.exchanges) == {"book-reservation"}


def test_codes_that_are_the_same_but_for_their_letters_are_paired_and_an_example_is_made(root: Path) -> None:
    change(root, "portal/portal.openapi.yaml", "bibliobus", "bus")

    made = drafted(root)

    values = {"centre": "CENTRE", "nord": "NORD", "bus": "BUS"}
    assert spec_of(root).fields["bibliotheque"].values["library"] == values
    assert made.findings == ()
    assert "mappings/book-reservation.examples.yaml" in made.files
    catalogue, _ = inspect(root)
    (card,), proven = prove(catalogue)
    assert (card.examples, proven.errors) == (1, ())


def test_what_the_receiver_demands_and_nobody_says_is_a_line_to_do_that_the_check_names_too(root: Path) -> None:
    change(
        root, "library/reservations.xsd", 'name="Guichet" type="xs:string" minOccurs="0"', 'name="Guichet" type="xs:string"'
    )

    made = drafted(root)

    assert any("wants Guichet" in words for _, words in made.doubts)
    assert any("wants Guichet" in finding.text.en for finding in made.findings)
    line = next(number for number, words in made.doubts if "wants Guichet" in words)
    text = (root / "mappings" / "book-reservation.yaml").read_text(encoding="utf-8")
    assert "# TODO the contract of library wants Guichet" in text.splitlines()[line - 1]


def test_a_constant_is_written_only_where_the_contract_leaves_one_value(root: Path) -> None:
    one_value = '<xs:element name="Guichet"><xs:simpleType><xs:restriction base="xs:string"><xs:enumeration value="WEB"/>'
    rest = "</xs:restriction></xs:simpleType></xs:element>"
    change(root, "library/reservations.xsd", '<xs:element name="Guichet" type="xs:string" minOccurs="0"/>', one_value + rest)

    drafted(root)

    assert spec_of(root).fields["guichet"].constant == "WEB"


def test_a_weak_likeness_carries_a_question(root: Path) -> None:
    made = drafted(root)

    doubtful = [words for _, words in made.doubts if words.startswith("souhaitee_le:")]
    assert doubtful == ["souhaitee_le: the names are only a little alike"]
    assert not any(words.startswith("nom:") for _, words in made.doubts)


def test_euros_and_cents_are_not_guessed(root: Path) -> None:
    optional = 'minOccurs="0"/>'
    caution = f'<xs:element name="Caution" type="Nom" {optional}<xs:element name="MontantCaution" type="xs:int" {optional}'
    change(root, "library/reservations.xsd", '<xs:element name="Guichet"', f'{caution}<xs:element name="Guichet"')
    change(
        root,
        "portal/portal.openapi.yaml",
        "        commentaire:",
        "        montantCaution: {type: number}\n        commentaire:",
    )

    made = drafted(root)

    assert "montant_caution: cents, or whole euros?" in [words for _, words in made.doubts]


def test_nothing_that_is_there_is_written_over(root: Path) -> None:
    drafted(root)
    before = (root / "mappings" / "book-reservation.yaml").read_text(encoding="utf-8")

    with pytest.raises(Conflict):
        drafted(root)

    assert (root / "mappings" / "book-reservation.yaml").read_text(encoding="utf-8") == before


@pytest.mark.parametrize(
    ("said", "told", "error"),
    [
        ("library.reserver_documents", "portal.demander_reservation", Conflict),
        ("portal.demander_reservation", "library.trouver", NotFound),
        ("portail.demander_reservation", "library.reserver_documents", NotFound),
    ],
)
def test_operations_that_cannot_speak_or_hear_are_refused_before_anything_is_written(
    root: Path, said: str, told: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        drafted(root, said, told)

    assert not (root / "mappings").exists()


def test_contracts_without_anything_in_common_are_told_so_and_nothing_is_written(root: Path) -> None:
    shutil.copytree(REPOSITORY / "connectors" / "finance", root / "connectors" / "finance")
    change(root, "library/reservations.xsd", 'name="RefDemande"', 'name="Xyzzy"')

    with pytest.raises(Conflict, match="No field of finance"):
        drafted(root, "finance.payment_changed", "library.trouver_reservation")

    assert not (root / "mappings").exists()


def test_a_question_whose_asker_declares_no_answer_leaves_the_reply_to_be_written(root: Path) -> None:
    made = drafted(root, told="library.trouver_reservation")

    assert any("write under reply" in words for _, words in made.doubts)


def test_the_command_ends_well_and_tells_what_is_left_in_the_language_that_was_asked_for(root: Path) -> None:
    said = ("--from", "portal.demander_reservation", "--to", "library.reserver_documents", "--language", "fr")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY), "HUB_ROOT": str(root)}

    done = nursery.run(("new", "mapping", "book-reservation", *said), environment=environment, folder=root, timeout=110)

    assert done.returncode == 0, done.stderr
    assert "souhaitee_le: les noms ne se ressemblent qu'un peu" in done.stdout
    assert "le code « bibliobus » n'a pas de valeur pour library" in done.stdout


def test_most_rows_of_the_shipped_mappings_are_found_from_their_contracts_alone(tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "connectors", tmp_path / "connectors")
    catalogue, _ = inspect(REPOSITORY)
    right = wrong = wanted = 0
    for name, (said, told) in SHIPPED.items():
        make_mapping(tmp_path, name, said, told, title=name, sector="social", language="fr")
        sides = said.partition(".")[0], told.partition(".")[0]
        ours, written = joined(spec_of(tmp_path, name), *sides), joined(catalogue.exchanges[name].spec, *sides)
        right, wrong, wanted = right + len(ours & written), wrong + len(ours - written), wanted + len(written)

    assert right / wanted >= 0.8
    assert wrong / (right + wrong) <= 0.1
