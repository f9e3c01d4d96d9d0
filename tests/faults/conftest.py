"""One town per test: an installation, a recording waste double that is never killed, and nodes that may be."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hub.doubles import RunningDouble, Stage, load_double
from tests.installation import Installation, Node, free_port, install


@pytest.fixture
def nodes() -> Iterator[list[Node]]:
    """The nodes of a test; whatever happens, none outlives it."""
    started: list[Node] = []
    yield started
    for node in started:
        node.kill()


@pytest.fixture
def busy_town(tmp_path: Path) -> Installation:
    """What ships, with waits and limits small enough for a test: the rules stay the same."""
    town = install(tmp_path, WASTE_URL=f"http://127.0.0.1:{free_port()}", PORTAL_URL=f"http://127.0.0.1:{free_port()}")
    quick = {
        "retry": {"waits": ["1s", "2s"], "within": "96h"},
        "limits": {"at_once": "16", "per_second": "400"},
        "breaker": {"failures": "5", "within": "2m", "rest": "2s"},
        "timeout": "2s",
    }
    town.edit("connectors/waste/connector.yaml", **quick)
    town.edit("connectors/portal/connector.yaml", **quick)
    return town


@pytest.fixture
def patient_town(busy_town: Installation) -> Installation:
    """The same, whose calls wait for an answer for as long as a machine may stand still."""
    for name in ("waste", "portal"):
        busy_town.edit(f"connectors/{name}/connector.yaml", timeout="30s")
    return busy_town


@asynccontextmanager
async def double_of(name: str, town: Installation, recording: Path | None = None) -> AsyncIterator[RunningDouble]:
    """The running double of an application at the address that the town's nodes know; it says nothing by itself."""
    port = int(town.environment[f"{name.upper()}_URL"].rpartition(":")[2])
    async with load_double(town.root / "connectors" / name, Stage(port=port, file=recording), root=town.root) as double:
        yield double
