"""Every test of this folder runs under virtual time, in a town of what ships."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest

from hub.catalogue import Catalogue, load_catalogue
from tests.delivery.town import Town
from tests.delivery.virtual import VirtualLoop
from tests.installation import Installation, install

Edit = Callable[[Installation], None]


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> Mapping[str, Callable[[], VirtualLoop]]:
    """Each test has a loop of its own, whose time is made up; but a real database has threads, and takes real time."""
    real = "postgres" in getattr(item, "fixturenames", ())
    return {"real": asyncio.new_event_loop} if real else {"virtual": VirtualLoop}


@pytest.fixture(scope="session")
def catalogue_with(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Edit], Catalogue]:
    """The catalogue of what ships, after an edit."""

    @cache
    def edited(edit: Edit) -> Catalogue:
        folder: Path = tmp_path_factory.mktemp("town")
        installation = install(folder)
        edit(installation)
        return load_catalogue(installation.root)

    return edited


def as_it_ships(installation: Installation) -> None:
    """No edit."""


@pytest.fixture
def town(catalogue_with: Callable[[Edit], Catalogue]) -> Town:
    return Town(catalogue_with(as_it_ships))
