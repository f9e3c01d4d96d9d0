"""How what an exchange tells a receiver goes to it, found out once and the same each time that it is asked."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hub.catalogue import Catalogue
from hub.catalogue.reading import load_catalogue
from hub.message import Priority
from tests.installation import REPOSITORY, Installation


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    """What ships, where one authority runs a copy of the waste application of its own, and an exchange is urgent."""
    root = tmp_path / "installation"
    for folder in ("connectors", "mappings"):
        shutil.copytree(REPOSITORY / folder, root / folder)
    made = Installation(root)
    made.edit(
        "connectors/waste/connector.yaml",
        instances={"default": {"address": "http://127.0.0.1:1"}, "marmande": {"address": "http://127.0.0.1:2"}},
    )
    made.edit("mappings/bin-replacement.yaml", priority="high", on_dead="skip")
    return load_catalogue(root)


def test_each_authority_goes_by_the_lane_of_its_own_copy(catalogue: Catalogue) -> None:
    for _ in range(2):
        lanes = {
            authority: catalogue.way("bin-replacement", "waste", operation="create_order", authority=authority).lane
            for authority in ("marmande", "agen")
        }

        assert lanes == {"marmande": "waste/marmande", "agen": "waste/default"}


def test_an_exchange_says_how_urgent_it_is_and_what_follows_when_it_dies(catalogue: Catalogue) -> None:
    way = catalogue.way("bin-replacement", "waste", operation="create_order", authority="agen")

    assert (way.priority, way.skipped) == (Priority.HIGH, True)


def test_every_exchange_that_ships_goes_as_its_application_says(catalogue: Catalogue) -> None:
    for exchange in catalogue.exchanges.values():
        for sender in exchange.translation.sides:
            for told in exchange.translation.receivers(sender):
                application = catalogue.connectors[told.side]
                lane = application.lane(told.operation, authority="agen", exchange=exchange.name)

                way = catalogue.way(exchange.name, told.side, operation=told.operation, authority="agen")

                assert way.lane == lane
