"""The tutorial works: its commands are run in their order, in a folder of their own, against a real hub."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator

import pytest

from tests.docs.pages import DOCS, REPOSITORY, blocks
from tests.docs.playing import Played
from tests.docs.playing import played as playing

pytestmark = pytest.mark.timeout(240)

TUTORIAL = DOCS / "tutorial" / "first-exchange.md"
PORTS = ("HUB_PORT", "WASTE_PORT", "WASTE_CONTROL", "PORTAL_PORT", "PORTAL_CONTROL")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    folder = tmp_path_factory.mktemp("tutorial")
    for name in ("connectors", "mappings", "schedules"):
        shutil.copytree(REPOSITORY / name, folder / name)
    with playing(TUTORIAL, folder, work="first-exchange", ports=PORTS) as found:
        yield found


def test_every_command_of_the_tutorial_succeeds(played: Played) -> None:
    assert played.code == 0, played.tail


def test_the_waste_application_has_one_order(played: Played) -> None:
    orders = [json.loads(line) for line in (played.folder / "kept.txt").read_text().splitlines()]

    assert [order["key"] for order in orders] == ["D-2026-01001"]


def test_the_wrong_request_is_refused_with_both_errors(played: Played) -> None:
    refused = json.loads((played.folder / "wrong.txt").read_text())

    assert {error["row"] for error in refused["errors"]} == {"old_bin", "residents"}


def test_the_french_tutorial_has_the_same_commands() -> None:
    assert blocks(DOCS / "tutorial" / "first-exchange.fr.md", "sh") == blocks(TUTORIAL, "sh")
