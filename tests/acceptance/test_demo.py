"""The demo is the whole product in one command: if a part does not play, it does not end with 0."""

from __future__ import annotations

import subprocess

from tests.installation import HUB, REPOSITORY, install


def played(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (*HUB, "demo", "--once", *arguments), cwd=REPOSITORY, capture_output=True, text=True, timeout=100, check=False
    )


def test_every_request_of_the_demo_makes_its_whole_trip_and_the_story_is_told_in_french() -> None:
    told = played("--language", "fr")

    assert told.returncode == 0, told.stdout + told.stderr
    assert "6 demandes sur 6 ont fait tout leur trajet." in told.stdout
    acts = [line[:2] for line in told.stdout.splitlines() if line[:2] in ("1.", "2.", "3.", "4.", "5.")]
    assert acts == ["1.", "2.", "3.", "4.", "5."]
    assert "Envoi impossible" in told.stdout, "the story of a request that had to wait is told"
    assert told.stderr == ""


def test_the_demo_says_so_when_a_request_does_not_come_back(tmp_path) -> None:
    town = install(tmp_path)
    town.replace("connectors/portal/samples/demo.yaml", "statut: PAYEE", "statut: PERDUE")

    told = town.hub("demo", "--once", "--language", "en", "--patience", "20")

    assert told.returncode == 1
    assert "5 of 6 requests made their whole trip." in told.stdout
