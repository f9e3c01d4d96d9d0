"""Ledgers on disks that fail: the databases of the ledger's tests, a hub's doors, and small file systems of their own."""

from __future__ import annotations

import os
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.ledger import Ledger
from tests.endpoints.conftest import doors, read_once, shipped
from tests.faults.conftest import busy_town, nodes
from tests.ledger.conftest import ledger_on_sqlite, opened_on_postgres, postgres_url, sqlite_url
from tests.ledger.makers import Reversing

__all__ = [
    "busy_town",
    "doors",
    "ledger_on_sqlite",
    "nodes",
    "opened_on_postgres",
    "postgres_url",
    "read_once",
    "shipped",
    "sqlite_url",
]

Mount = Callable[[str], Path]


@pytest.fixture
def small_disk() -> Iterator[Mount]:
    """Makes a file system of a size, such as "16m", which is gone after the test. Needs the right to mount."""
    made: list[Path] = []

    def make(size: str) -> Path:
        folder = Path(tempfile.mkdtemp(prefix="hub-disk-"))
        mounted = os.geteuid() == 0 and mount("-t", "tmpfs", "-o", f"size={size}", "none", str(folder))
        if not mounted:
            folder.rmdir()
            pytest.skip("mounting a small file system needs root")
        made.append(folder)
        return folder

    yield make
    for folder in made:
        subprocess.run(["umount", "-l", folder], check=False)
        folder.rmdir()


def mount(*options: str) -> bool:
    return subprocess.run(["mount", *options], capture_output=True, check=False).returncode == 0


async def open_at(folder: Path, *, ballast: int = 0) -> Ledger:
    """The ledger in a folder."""
    url = f"sqlite:///{folder}/hub.db"
    return await Ledger.open(url, cipher=Reversing(), node="node-1", boot=uuid.uuid4().hex, ballast=ballast)


def fill(folder: Path) -> Path:
    """Take all room that a file system has, down to the last block, but for what stands already."""
    junk = folder / "junk"
    with junk.open("ab", buffering=0) as file:
        for size in (1024 * 1024, 4096):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
    return junk
