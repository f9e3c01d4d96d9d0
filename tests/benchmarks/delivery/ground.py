"""Where the contenders keep what they keep: a folder on the disk of the repository; and PostgreSQL's own process."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.installation import REPOSITORY
from tests.postgres import Postgres

GROUND = REPOSITORY / ".benchmark"
"""Not in memory (see `filesystem`), for a commit must be a commit; and not in git."""


@contextmanager
def ground() -> Iterator[Path]:
    """An empty folder, deleted in the end."""
    GROUND.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=GROUND))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def filesystem() -> str:
    """The kind of filesystem that the folder lies on."""
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()]
    place = GROUND.resolve()
    return max((point, kind) for point, kind in mounts if place.is_relative_to(point))[1]


def server_pid(postgres: Postgres) -> int:
    """The process of which all of PostgreSQL's descend."""
    pid = postgres.server.get_pid()
    assert pid, "PostgreSQL does not run"
    return int(pid)
