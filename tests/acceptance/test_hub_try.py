"""`hub try`: what a sample becomes for each receiver, or why it would be refused; never a traceback."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import time
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from hub.cli.screen import Screen
from hub.errors import Text
from tests.installation import HUB, Installation, install


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return install(tmp_path)


def sample(installation: Installation, **changes: object) -> Path:
    """The first example of a bin replacement, as the portal says it."""
    examples = yaml.load((installation.root / "mappings/bin-replacement.examples.yaml").read_text("utf-8"), yaml.BaseLoader)
    document = examples["examples"][0]["documents"]["portal"]
    document["demande"] |= {"nbHabitants": 4, "accessible": True}
    document["demande"]["bacs"] = [
        {**each, "volume": int(each["volume"]), "reprise": each["reprise"] == "true"} for each in document["demande"]["bacs"]
    ]
    file = installation.root / "sample.json"
    file.write_text(json.dumps({**document, **changes}, ensure_ascii=False), encoding="utf-8")
    return file


def test_a_good_sample_becomes_a_record_and_each_receivers_document(installation: Installation) -> None:
    ended = installation.hub("try", "bin-replacement", "portal", str(sample(installation)), "--language", "fr")

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Fiche pivot" in ended.stdout
    assert '"request_number": "D-2026-00417"' in ended.stdout
    assert "Ce que reçoit waste" in ended.stdout
    assert "CASSE</" in ended.stdout


@pytest.mark.parametrize(("language", "says"), [("en", "“Déposée le” is missing"), ("fr", "« Déposée le » manque")])
def test_a_bad_sample_is_refused_row_by_row(installation: Installation, language: str, says: str) -> None:
    file = installation.root / "sample.json"
    file.write_text('{"dossier": {"numero": "D-1"}, "demande": {"motif": "casse"}}', encoding="utf-8")

    ended = installation.hub("try", "bin-replacement", "portal", str(file), "--language", language)

    assert ended.returncode == 1
    assert says in ended.stdout
    assert "Prénom" in ended.stdout
    assert ended.stderr == ""


@pytest.mark.parametrize(
    ("exchange", "side", "file", "says"),
    [
        (
            "bin-replacement",
            "mairie",
            "sample.json",
            "« mairie » ne participe pas à bin-replacement. Ses côtés : portal, waste.",
        ),
        ("bin-replacment", "portal", "sample.json", "L'échange « bin-replacment » n'existe pas."),
        ("bin-replacement", "portal", "nothing.json", "nothing.json est absent ou illisible."),
        ("bin-replacement", "waste", "sample.json", "Ce document serait refusé"),
    ],
)
def test_a_wrong_word_is_said_in_the_language_that_was_asked_for(
    installation: Installation, exchange: str, side: str, file: str, says: str
) -> None:
    sample(installation)

    ended = installation.hub("try", exchange, side, str(installation.root / file), "--language", "fr")

    assert ended.returncode == 1
    assert says in ended.stdout
    assert ended.stderr == ""


def test_a_fault_in_the_files_is_said_instead(installation: Installation) -> None:
    file = sample(installation)
    installation.replace("mappings/bin-replacement.yaml", "waste: dd/MM/yyyy}", "waste: jj/mm/aaaa}")

    ended = installation.hub("try", "bin-replacement", "portal", str(file), "--language", "fr")

    assert ended.returncode == 1
    assert "vouliez-vous dire dd/MM/yyyy ?" in ended.stdout
    assert ended.stderr == ""


def test_without_a_sample_the_first_example_of_the_mapping_is_tried(installation: Installation) -> None:
    ended = installation.hub("try", "bin-progress", "waste")

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "What waste says" in ended.stdout
    assert '"statut": "' in ended.stdout.partition("What portal is told")[2]


def test_an_exchange_without_examples_is_tried_with_what_its_application_says_in_the_demo(
    installation: Installation,
) -> None:
    (installation.root / "mappings/bin-replacement.examples.yaml").unlink()

    ended = installation.hub("try", "bin-replacement", "portal")

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert '"D-2026-05001"' in ended.stdout


def test_a_side_of_which_nothing_is_known_needs_a_file(installation: Installation) -> None:
    (installation.root / "mappings/bin-replacement.examples.yaml").unlink()

    ended = installation.hub("try", "bin-replacement", "waste", "--language", "fr")

    assert ended.returncode == 1
    assert "nommez un fichier avec son JSON ou son XML" in ended.stdout


def test_what_comes_back_is_shown_with_each_loss_and_whether_it_was_declared(installation: Installation) -> None:
    ended = installation.hub("try", "bin-replacement", "portal", str(sample(installation)))

    told = ended.stdout.partition("What comes back from waste")[2]
    assert "portal's own document is as it was." in told
    assert "lost: filed_on: 2026-03-02T14:05:09+01:00 → 2026-03-02 (declared: l'heure du dépôt)" in told
    assert told.count("lost:") == 1


def test_an_error_in_another_mapping_does_not_stand_in_the_way(installation: Installation) -> None:
    installation.replace("mappings/birth-certificate.yaml", "fields:", "feilds:")

    ended = installation.hub("try", "bin-replacement", "portal", str(sample(installation)))

    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_every_save_of_the_sample_or_the_mapping_shows_it_anew_and_an_error_does_not_end_it(
    installation: Installation, tmp_path: Path
) -> None:
    file, shown = sample(installation), tmp_path / "shown.txt"
    command = (*HUB, "try", "bin-replacement", "portal", str(file), "--watch", "--language", "fr")
    with (
        shown.open("wb") as out,
        subprocess.Popen(
            command, env=installation.environment, cwd=installation.root, stdout=out, stderr=subprocess.STDOUT
        ) as watching,
    ):
        try:
            said(shown, '"residents": 4')
            sample(installation, dossier={"numero": "D-2026-99999"})
            said(shown, "<ns0:RefExterne>D-2026-99999<")
            installation.replace("mappings/bin-replacement.yaml", "waste: dd/MM/yyyy}", "waste: jj/mm/aaaa}")
            said(shown, "vouliez-vous dire dd/MM/yyyy ?")
            sample(installation, dossier={"numero": "D-2026-77777"})
            installation.replace("mappings/bin-replacement.yaml", "waste: jj/mm/aaaa}", "waste: dd/MM/yyyy}")
            said(shown, "<ns0:RefExterne>D-2026-77777<")
            installation.replace("mappings/tables/bin-motives.csv", "broken,casse,CASSE", "broken,casse,CAPA")
            said(shown, "<ns0:CodeMotif>CAPA<")
            watching.send_signal(signal.SIGINT)
            assert watching.wait(60) == 0
        finally:
            watching.kill()
    assert "Traceback" not in shown.read_text("utf-8")


def said(shown: Path, words: str) -> None:
    """Wait until the watcher has shown these words."""
    end = time.monotonic() + 60
    while words not in (told := shown.read_text(encoding="utf-8")):
        assert time.monotonic() < end, told[-3000:]
        time.sleep(0.1)


def test_in_a_wide_terminal_the_documents_stand_side_by_side_and_in_a_narrow_one_below_each_other() -> None:
    forms = [(Text(en=title, fr=title), f"{title} first\n{title} second") for title in ("one", "two", "three")]

    wide, narrow = (on_a_terminal(width, forms) for width in (120, 80))

    assert any("one first" in line and "two first" in line and "three first" in line for line in wide)
    assert [line.split() for line in narrow][:3] == [["one"], ["one", "first"], ["one", "second"]]


def on_a_terminal(width: int, forms: list[tuple[Text, str]]) -> list[str]:
    """What stands on a terminal of that width."""
    page = io.StringIO()
    Screen("en", console=Console(file=page, force_terminal=True, width=width, color_system=None)).beside(forms)
    return page.getvalue().splitlines()
