"""A mistyped command line is told in the person's language what is wrong with it and where to read on; it ends with 2."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests import nursery
from tests.installation import HUB


@pytest.mark.parametrize(
    ("typed", "told", "more"),
    [
        ("nouveau", "La commande « nouveau » n'existe pas. Il y a : init, check, new,", "hub --help"),
        ("new connecteur", "Il y a : connector, mapping.", "hub new --help"),
        ("new connector canteen menu.yaml", "En trop : menu.yaml.", "hub new connector --help"),
        ("explain 0d9f", "Il manque PATH", "hub explain --help"),
        ("check --lang fr", "L'option --lang n'existe pas ici. Il y a : --language,", "hub check --help"),
        (
            "new mapping a --from b --to c --sector cantine",
            "ne convient pas à --sector. Au choix : ",
            "hub new mapping --help",
        ),
        ("messages --state perdu", "Au choix : waiting, sending,", "hub messages --help"),
        ("explain a b --side c --side d", "--side est dit deux fois", "hub explain --help"),
    ],
)
def test_a_mistyped_command_is_told_in_french(typed: str, told: str, more: str, tmp_path: Path) -> None:
    environment = {**os.environ, "HUB_LANGUAGE": "fr"}

    ended = nursery.run(tuple(typed.split()), environment=environment, folder=tmp_path, timeout=110)

    assert ended.returncode == 2
    assert told in ended.stderr
    assert f"{more} montre ce qu'elle prend." in ended.stderr


def test_a_mistyped_command_is_told_in_english() -> None:
    ended = subprocess.run(
        [*HUB, "chekc"], env={**os.environ, "HUB_LANGUAGE": "en"}, capture_output=True, text=True, check=False
    )

    assert "There is no command “chekc”." in ended.stderr
