"""What tests of several folders share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import certifi
import pytest
from hypothesis import HealthCheck, settings

from tests.postgres import Postgres, start_postgres

FIRST = "unit/test_hostile_files.py"
"""It takes long in one piece, and would be among the last: nobody is to wait for it in the end."""

settings.register_profile("untimed", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.path.as_posix().endswith(FIRST))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL server."""
    with start_postgres() as server:
        yield server


@pytest.fixture(scope="session", autouse=True)
def one_authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Of the system's authorities one stands for all: nobody whom they vouch for is called here, and every client, hub and
    command would read a hundred and forty of them."""
    end = "-----END CERTIFICATE-----\n"
    file = tmp_path_factory.mktemp("authorities") / "one.pem"
    file.write_text(Path(certifi.where()).read_text(encoding="utf-8").partition(end)[0] + end, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(certifi, "where", lambda: str(file))
        patched.setitem(os.environ, "SSL_CERT_FILE", str(file))
        yield
