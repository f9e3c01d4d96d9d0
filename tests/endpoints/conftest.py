"""A real hub over SQLite with the shipped connectors and mappings."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import pytest

from hub.assembly import assemble
from hub.catalogue import Catalogue, load_catalogue
from hub.endpoints.app import build_app
from hub.settings import read_settings
from tests.books import book_on_sqlite
from tests.endpoints.doors import Doors

REPOSITORY = Path(__file__).parents[2]
COLLECTING = """
connector: waste
title: Gestion des déchets
protocol: soap
contract: waste.wsdl
instances: {}
operations:
  create_order: {direction: collect, action: CreateOrder}
"""


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The portal, the waste application and what they say to each other, as they ship."""
    root = tmp_path_factory.mktemp("shipped")
    for name in ("portal", "waste"):
        shutil.copytree(REPOSITORY / "connectors" / name, root / "connectors" / name)
    shutil.copytree(REPOSITORY / "mappings" / "tables", root / "mappings" / "tables")
    for name in ("bin-replacement", "bin-progress", "request-status"):
        shutil.copy(REPOSITORY / "mappings" / f"{name}.yaml", root / "mappings")
    (root / "schedules").mkdir()
    return root


@pytest.fixture(scope="session")
def read_once(shipped: Path) -> Catalogue:
    """What `shipped` says. It is frozen, so that every hub may go by the same."""
    return load_catalogue(shipped)


@pytest.fixture
async def doors(shipped: Path, read_once: Catalogue, tmp_path: Path) -> AsyncIterator[Doors]:
    """The doors of a hub that accepts and does not deliver (its worker is not started)."""
    async with opened(shipped, tmp_path, read_once) as found:
        yield found


@pytest.fixture
async def collecting(shipped: Path, tmp_path: Path) -> AsyncIterator[Doors]:
    """The same, with a waste application that nobody can call: it fetches its orders from its mailbox."""
    root = tmp_path / "collecting"
    shutil.copytree(shipped, root)
    (root / "connectors" / "waste" / "connector.yaml").write_text(COLLECTING, encoding="utf-8")
    (root / "mappings" / "bin-progress.yaml").unlink()
    exchange = root / "mappings" / "bin-replacement.yaml"
    text = exchange.read_text(encoding="utf-8")
    assert text.count("waste: {out: create_order}") == 1
    exchange.write_text(text.replace("waste: {out:", "waste: {collect:"), encoding="utf-8")
    async with opened(root, tmp_path) as found:
        yield found


@asynccontextmanager
async def opened(root: Path, folder: Path, catalogue: Catalogue | None = None, **said: str) -> AsyncIterator[Doors]:
    """The doors of a hub over the configuration in `root`, read already or not, with its ledger in `folder`; `said`: more of
    its environment."""
    environment = {
        "HUB_ROOT": str(root),
        "HUB_DATABASE": book_on_sqlite(folder / "hub.db"),
        "HUB_KEYRING": str(folder / "hub.keys"),
        "HUB_NODE": "node-1",
        "HUB_BALLAST": "0",
        **{f"{name}_URL": "http://127.0.0.1:9" for name in ("PORTAL", "WASTE", "CIVIL_STATUS", "FINANCE")},
        **said,
    }
    with patch("hub.assembly.load_catalogue", lambda _: catalogue) if catalogue else nullcontext():
        hub = await assemble(read_settings(environment))
    app = build_app(hub)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub.test") as client:
        give = hub.desk.issue_key
        yield Doors(
            hub,
            app,
            client,
            admin=await give("staff", "default", ("admin",), actor="test"),
            reader=await give("staff", "default", ("read",), actor="test"),
            portal=await give("portal", "default", ("send:*", "status:own"), actor="test"),
            waste=await give("waste", "default", ("send:*", "collect:*", "status:own"), actor="test"),
        )
    await hub.transport.close()
    await hub.ledger.close()


@pytest.fixture
def chunks() -> Iterator[Any]:
    """A body of any size in chunks, without a Content-Length."""

    async def pieces(size: int) -> AsyncIterator[bytes]:
        for _ in range(size // 65536):
            yield b" " * 65536

    yield pieces
