"""The ledger's tests run on real databases: each twice, once on SQLite and once on PostgreSQL."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

import pytest

from hub.ledger import Ledger
from tests.books import book_on_postgres, book_on_sqlite
from tests.ledger.makers import Reversing
from tests.postgres import Postgres


class Opener(Protocol):
    async def __call__(self, node: str = "node-1") -> Ledger: ...


@pytest.fixture
def postgres_url(postgres: Postgres) -> str:
    return postgres.new_database()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/hub.db"


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest) -> str:
    """The address of a database that has no tables yet."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty book."""
    if request.param == "sqlite":
        return book_on_sqlite(tmp_path / "hub.db")
    return book_on_postgres(request.getfixturevalue("postgres"))


async def opener(url: str) -> AsyncIterator[Opener]:
    ledgers: list[Ledger] = []

    async def open_one(node: str = "node-1") -> Ledger:
        ledgers.append(await Ledger.open(url, cipher=Reversing(), node=node, boot=uuid.uuid4().hex))
        return ledgers[-1]

    yield open_one
    for ledger in ledgers:
        await ledger.close()


@pytest.fixture
async def opened(url: str) -> AsyncIterator[Opener]:
    """Opens ledgers on the test's book; they are closed in the end."""
    async for opening in opener(url):
        yield opening


@pytest.fixture
async def opened_on_postgres(postgres_url: str) -> AsyncIterator[Opener]:
    """Opens several nodes on one PostgreSQL database."""
    async for opening in opener(postgres_url):
        yield opening


@pytest.fixture
async def ledger(opened: Opener) -> Ledger:
    return await opened()


@pytest.fixture
async def ledger_on_sqlite(tmp_path: Path) -> AsyncIterator[Ledger]:
    async for opening in opener(book_on_sqlite(tmp_path / "hub.db")):
        yield await opening()
