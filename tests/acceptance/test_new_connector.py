"""`hub new connector`: from a supplier's contract to a folder that is checked green and whose double answers."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.call import Delivered
from hub.caller import Caller
from hub.catalogue import inspect
from hub.doubles import RunningDouble, Stage, load_double
from hub.drafting.connector import Asked
from hub.drafting.documents import document_for
from hub.drafting.making import make_connector
from hub.errors import ConfigurationError, Conflict, NotFound
from hub.settings import read_settings
from hub.transports.addresses import Egress
from hub.transports.http import HttpTransport
from tests.installation import REPOSITORY

LIBRARY = REPOSITORY / "docs" / "tutorial" / "library"
SHARED = REPOSITORY.parent / "shared" / "contracts"
BESIDE = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared contracts are not beside this repository")
GIVEN = [
    pytest.param(LIBRARY / "reservations.wsdl", "soap", id="library"),
    pytest.param(LIBRARY / "portal.openapi.yaml", "rest", id="library portal"),
    pytest.param(REPOSITORY / "connectors" / "waste" / "waste.wsdl", "soap", id="waste"),
    pytest.param(REPOSITORY / "connectors" / "civil-status" / "civil-status.wsdl", "soap", id="civil status"),
    pytest.param(REPOSITORY / "connectors" / "portal" / "portal.openapi.yaml", "rest", id="portal"),
    pytest.param(REPOSITORY / "connectors" / "finance" / "finance.openapi.yaml", "rest", id="finance"),
    pytest.param(SHARED / "payfip" / "PaiementSecuriseService.wsdl", "soap", id="payfip", marks=BESIDE),
    pytest.param(SHARED / "hubee" / "api_folder_v1.2.7.yaml", "rest", id="hubee", marks=BESIDE),
]


def asked(name: str = "library", language: str = "en") -> Asked:
    return Asked(name, "Library", language)


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    """A copy of the library's contract, alone in its folder."""
    folder = tmp_path / "from-the-supplier"
    folder.mkdir()
    for file in ("reservations.wsdl", "reservations.xsd"):
        shutil.copy(LIBRARY / file, folder)
    return folder / "reservations.wsdl"


@pytest.mark.parametrize(("file", "protocol"), GIVEN)
async def test_a_new_connector_is_green_and_its_double_answers_each_operation(
    file: Path, protocol: str, tmp_path: Path
) -> None:
    draft, _ = make_connector(tmp_path, asked(), file, protocol)  # type: ignore[arg-type]

    _, report = inspect(tmp_path)
    assert report.errors == ()
    assert draft.unmade == {}
    async with load_double(tmp_path / "connectors" / "library", Stage(), root=tmp_path) as double:
        called = [name for name, guess in draft.operations.items() if guess.direction != "in"]
        outcomes = {name: await called_at(double, name, tmp_path) for name in called}
    assert {name for name, outcome in outcomes.items() if not isinstance(outcome, Delivered)} == set()


async def called_at(double: RunningDouble, name: str, root: Path) -> object:
    """What a call of the operation comes to, with a request made up from the contract."""
    settings = read_settings({"HUB_ROOT": str(root), "LIBRARY_URL": double.address})
    transport = HttpTransport(Egress(read_settings({"HUB_ALLOW_PRIVATE": "127.0.0.0/8"}).allow_private))
    operation = double.application.operation(name)
    request = document_for(operation.input)[0] if operation.input else {}
    try:
        caller = Caller(settings=settings, transport=transport, clock=lambda: datetime.now(UTC))
        came = await caller.call(double.application, name, request or {}, authority="default", key="k")
    finally:
        await transport.close()
    return came.outcome


def test_the_contract_comes_with_all_that_it_imports_and_nothing_else(contract: Path, tmp_path: Path) -> None:
    (contract.parent / "holiday-photos.xsd").write_text("<no/>", encoding="utf-8")

    make_connector(tmp_path, asked(), contract, "soap")

    found = {file.name for file in (tmp_path / "connectors" / "library").iterdir()}
    assert found == {"connector.yaml", "README.md", "samples", "reservations.wsdl", "reservations.xsd"}


def test_a_contract_that_cannot_be_loaded_is_told_with_its_reason_and_nothing_is_written(
    contract: Path, tmp_path: Path
) -> None:
    (contract.parent / "reservations.xsd").unlink()

    with pytest.raises(ConfigurationError) as refused:
        make_connector(tmp_path, asked(), contract, "soap")

    assert any("reservations.xsd" in finding.text.en for finding in refused.value.findings)
    assert refused.value.findings[0].file.startswith(contract.parent.as_posix())
    assert not (tmp_path / "connectors").exists()


def test_an_import_from_outside_of_the_contract_s_folder_is_not_followed(contract: Path, tmp_path: Path) -> None:
    shutil.move(contract.parent / "reservations.xsd", tmp_path / "secret.xsd")
    text = contract.read_text(encoding="utf-8").replace(
        'schemaLocation="reservations.xsd"', 'schemaLocation="../secret.xsd"'
    )
    contract.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigurationError):
        make_connector(tmp_path, asked(), contract, "soap")

    assert not (tmp_path / "connectors").exists()


def test_a_folder_that_is_there_is_left_as_it_is(contract: Path, tmp_path: Path) -> None:
    folder = tmp_path / "connectors" / "library"
    folder.mkdir(parents=True)
    (folder / "notes.txt").write_text("mine", encoding="utf-8")

    with pytest.raises(Conflict):
        make_connector(tmp_path, asked(), contract, "soap")

    assert [file.name for file in folder.iterdir()] == ["notes.txt"]


def test_a_file_that_is_not_there_and_a_name_that_is_none_are_told(contract: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        make_connector(tmp_path, asked(), tmp_path / "nothing.wsdl", "soap")

    with pytest.raises(Conflict):
        make_connector(tmp_path, asked("Médiathèque !"), contract, "soap")


def test_directions_are_guessed_from_names_and_said_to_be_guesses(tmp_path: Path) -> None:
    draft, _ = make_connector(tmp_path, asked(), REPOSITORY / "connectors" / "waste" / "waste.wsdl", "soap")

    directions = {name: guess.direction for name, guess in draft.operations.items()}
    assert directions == {
        "create_order": "out",
        "find_order": "ask",
        "list_changes": "ask",
        "notify_order_change": "in",
    }
    written = (tmp_path / "connectors" / "library" / "connector.yaml").read_text(encoding="utf-8")
    assert "direction: in    # ? by its name: it calls the hub" in written
    assert "direction: feed, with items: Changes.Change" in written


def test_a_webhook_and_a_get_need_no_guess(tmp_path: Path) -> None:
    draft, _ = make_connector(tmp_path, asked(), LIBRARY / "portal.openapi.yaml", "rest")

    (guess,) = draft.operations.values()
    assert (guess.direction, guess.sure) == ("in", True)


def test_faults_become_rules_and_what_their_names_do_not_tell_stays_a_question(contract: Path, tmp_path: Path) -> None:
    text = contract.read_text(encoding="utf-8")
    contract.write_text(text.replace("ReservationRefusee", "ErreurX"), encoding="utf-8")
    schema = contract.with_name("reservations.xsd")
    schema.write_text(schema.read_text(encoding="utf-8").replace("ReservationRefusee", "ErreurX"), encoding="utf-8")

    make_connector(tmp_path / "unknown", asked(), contract, "soap")
    make_connector(tmp_path / "known", asked(), LIBRARY / "reservations.wsdl", "soap")

    unknown, known = (
        (tmp_path / each / "connectors/library/connector.yaml").read_text(encoding="utf-8") for each in ("unknown", "known")
    )
    assert "\n  - {fault: ReservationRefusee, means: refused" in known
    assert "\n  # - {fault: ErreurX, means: refused" in unknown


def test_the_comments_are_in_the_language_that_was_asked_for(contract: Path, tmp_path: Path) -> None:
    make_connector(tmp_path, asked(language="fr"), contract, "soap")

    written = (tmp_path / "connectors" / "library" / "connector.yaml").read_text(encoding="utf-8")
    assert "d'après son nom : le hub lui dit quelque chose" in written
    assert "by its name" not in written


@pytest.mark.parametrize(
    ("file", "protocol", "option"), [("reservations.wsdl", "rest", "--wsdl"), ("portal.openapi.yaml", "soap", "--openapi")]
)
def test_a_contract_given_with_the_other_option_is_told_the_right_one(
    file: str, protocol: str, option: str, tmp_path: Path
) -> None:
    with pytest.raises(Conflict) as refused:
        make_connector(tmp_path, asked(), LIBRARY / file, protocol)  # type: ignore[arg-type]

    assert f"donnez-le avec {option}" in refused.value.text.fr
    assert not (tmp_path / "connectors").exists()
