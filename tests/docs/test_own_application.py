"""The tutorial "Your own application" works: its commands are run in their order, from a contract to a call."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator

import pytest

from tests.docs.pages import DOCS, blocks
from tests.docs.playing import Played
from tests.docs.playing import played as playing

pytestmark = pytest.mark.timeout(240)

TUTORIAL = DOCS / "tutorial" / "your-own-application.md"
PORTS = ("HUB_PORT", "LIBRARY_PORT", "LIBRARY_CONTROL")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    folder = tmp_path_factory.mktemp("own-application")
    shutil.copytree(DOCS / "tutorial" / "library", folder / "docs" / "tutorial" / "library")
    with playing(TUTORIAL, folder, work="library-town", ports=PORTS) as found:
        yield found


def test_every_command_succeeds(played: Played) -> None:
    assert played.code == 0, played.tail


def test_the_library_has_heard_the_reservation_in_its_own_words(played: Played) -> None:
    (call,) = [json.loads(line) for line in (played.folder / "calls.txt").read_text().splitlines()]

    assert call["operation"] == "reserver_documents"
    document = call["document"]
    assert (document["NumCarte"], document["Bibliotheque"], document["DateSouhaitee"]) == ("00471812", "BUS", "04/05/2026")


def test_what_the_library_refuses_waits_for_a_person_with_its_words(played: Played) -> None:
    (dead,) = [line for line in (played.folder / "dead.txt").read_text().splitlines() if "R-2026-" in line]

    assert "R-2026-00043" in dead
    assert "Libelle" in dead


def test_the_newer_contract_names_the_rows_that_it_hits(played: Played) -> None:
    told = (played.folder / "refresh.txt").read_text(encoding="utf-8")

    assert "Observation: takes 50 characters, took 80" in told
    assert "row commentaire (Commentaire)" in told
    assert "codes gone: BUS" in told
    assert "row bibliotheque (Bibliotheque)" in told


def test_the_french_page_has_the_same_commands() -> None:
    assert blocks(DOCS / "tutorial" / "your-own-application.fr.md", "sh") == blocks(TUTORIAL, "sh")
