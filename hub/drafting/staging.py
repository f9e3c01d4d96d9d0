"""A connector's folder read before it is there: its files in a temporary place, held against the contract as ever."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from hub.catalogue import Application
from hub.catalogue.connectors import read_connector
from hub.errors import Finding

Files = Mapping[str, bytes]
"""The files of a folder, by their path in it."""


def read_staged(name: str, files: Files) -> tuple[Application | None, tuple[Finding, ...]]:
    """The application that these files would be as `connectors/<name>`, and everything that is wrong with it.

    Its `folder` is gone when this returns.
    """
    with tempfile.TemporaryDirectory(prefix="hub-connector-") as place:
        root = Path(place).resolve()
        folder = root / "connectors" / name
        write_files(folder, files)
        return read_connector(folder, root=root)


def write_files(folder: Path, files: Files) -> None:
    """Write the files into `folder`, which is made if it is not there."""
    for path, content in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
