"""Every test of this folder runs under virtual time, in a town of what ships."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from hub.catalogue import Catalogue, load_catalogue
from tests.delivery.town import Town
from tests.delivery.virtual import VirtualPolicy
from tests.installation import Installation, install

Edit = Callable[[Installation], None]


@pytest.fixture(scope="session")
def event_loop_policy() -> asyncio.AbstractEventLoopPolicy:
    return VirtualPolicy()


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
