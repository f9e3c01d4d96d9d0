"""The ledger's tests run on real databases: each twice, once on SQLite and once on PostgreSQL."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from hub.ledger import Ledger
from tests.ledger.makers import Reversing
from tests.postgres import Postgres, start_postgres

Opener = Callable[..., "OpenLedger"]
OpenLedger = object


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with start_postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: Postgres) -> str:
    return postgres.new_database()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/hub.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{'postgres' if request.param == 'postgresql' else 'sqlite'}_url"))


@pytest.fixture
async def opened(url: str) -> AsyncIterator[Callable[..., object]]:
    """Opens ledgers on the test's database and closes what is still open in the end."""
    ledgers: list[Ledger] = []

    async def open_one(node: str = "node-1", at: str = url) -> Ledger:
        ledgers.append(await Ledger.open(at, cipher=Reversing(), node=node, boot=uuid.uuid4().hex))
        return ledgers[-1]

    yield open_one
    for ledger in ledgers:
        await ledger.close()


@pytest.fixture
async def ledger(opened: Callable[..., object]) -> Ledger:
    return await opened()
