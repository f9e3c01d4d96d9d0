"""`hub try`: what a sample becomes for each receiver, or why it would be refused; never a traceback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.installation import Installation, install


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
