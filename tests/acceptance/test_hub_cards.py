"""The card that `hub check` shows of each mapping: narrow, in both languages, whole on demand, and as JSON for programs."""

from __future__ import annotations

import json
import shutil

import pytest

from hub.catalogue import Card
from hub.cli.cards import WIDTH, show_card
from hub.cli.check import check
from hub.cli.screen import Screen
from hub.errors import Finding, Text
from hub.translation.coverage import Coverage
from tests.installation import Installation, install


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """What ships for bins alone."""
    made = install(tmp_path_factory.mktemp("cards"))
    for name in ("civil-status", "finance"):
        shutil.rmtree(made.root / "connectors" / name)
    for file in (made.root / "mappings").glob("*.yaml"):
        if file.name.startswith(("birth-", "invoice-")):
            file.unlink()
    return made


def shown(installation: Installation, capsys: pytest.CaptureFixture[str], **asked: object) -> str:
    with pytest.raises(SystemExit) as ended:
        check(installation.root, **asked)  # type: ignore[arg-type]
    assert not ended.value.code
    return capsys.readouterr().out


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("cards", ["short", "full"])
def test_no_line_of_a_card_is_wider_than_a_hundred_columns(
    installation: Installation, capsys: pytest.CaptureFixture[str], language: str, cards: str
) -> None:
    lines = [
        line for line in shown(installation, capsys, language=language, cards=cards).splitlines() if "tables" not in line
    ]

    assert max(len(line) for line in lines) <= WIDTH
    assert not any(line.endswith("…") for line in lines), "nothing of what ships is cut off"


def test_a_card_counts_rows_examples_records_losses_and_the_fields_of_both_contracts(
    installation: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = shown(installation, capsys, language="en").splitlines()

    at = next(number for number, line in enumerate(lines) if line.startswith("✓ bin-replacement: Remplacement"))
    assert "20 rows, " in lines[at + 1] and "5 laws on " in lines[at + 1] and "declared losses" in lines[at + 1]
    assert lines[at + 2] == "    portal bin_request: 21 of 24 fields mapped (88%), 3 ignored"
    assert lines[at + 3] == "    waste create_order: 21 of 23 fields mapped (91%), 2 ignored"


def test_the_whole_card_says_each_law_with_its_count_each_loss_and_what_is_ignored(
    installation: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    said = shown(installation, capsys, language="fr", cards="full")

    for words in ("    - revient entier : ", "    - deux fois vaut une : ", "filed_on (waste): l'heure du dépôt"):
        assert words in said
    assert "Ignorés de waste" in said
    assert "    - Bacs.Bac.NumPuce, Equipe" in said


def test_a_program_reads_the_same_as_json(installation: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    said = json.loads(shown(installation, capsys, json=True))

    card = next(each for each in said["cards"] if each["exchange"] == "bin-replacement")
    assert said["good"] is True
    assert len(card["laws"]) == 5 and min(card["laws"].values()) > 0
    assert [len(each["mapped"]) for each in card["coverage"]] == [21, 21]


def test_an_open_question_and_a_notice_of_a_contract_stand_on_the_card_and_do_not_fail_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = Finding(Text(en="may both change it?", fr="qui peut le changer ?"), "m.yaml", 3, 1, "town", severity="question")
    mended = Finding(Text(en="imports another namespace", fr="importe un autre espace"), "a.wsdl", 7, severity="warning")
    covered = Coverage("portal", "in", "say", ("a",), (), (), ())
    card = Card("greeting", "Salut", 1, 0, {"comes back whole": 4}, (), (asked,), (covered,), (mended,))

    show_card(Screen("fr"), card, full=True)

    said = capsys.readouterr().out
    assert said.startswith("✓ greeting : Salut")
    assert "1 question ouverte, 1 avis de contrat" in said
    assert "- town : qui peut le changer ?" in said
    assert "- a.wsdl:7 : importe un autre espace" in said
    assert "portal say : 1 sur 1 champ avec ligne (100 %)" in said
