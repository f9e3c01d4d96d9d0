"""Completion in the editor: writes the JSON Schemas of an installation, and in each file the line that finds its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson

from hub.catalogue import Catalogue
from hub.catalogue.editing import FOLDER, MARK, schema_line, schemas


def write_schemas(root: Path, catalogue: Catalogue) -> bool:
    """Write what has changed under FOLDER, and drop the schemas of mappings that are no more; False where it may not."""
    folder, wanted = root / FOLDER, schemas(root, catalogue)
    try:
        for name, schema in wanted.items():
            _write(folder / name, orjson.dumps(schema, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        for file in (folder / "mappings").glob("*.json"):
            if not (root / "mappings" / f"{file.stem}.yaml").exists():
                file.unlink()
    except OSError:
        return False
    return True


def without_line(root: Path) -> Iterator[Path]:
    """The files that have a schema and do not say where it is."""
    for file in sorted(each for name in ("connectors", "mappings", "schedules") for each in (root / name).rglob("*.yaml")):
        if schema_line(file, root=root) and not file.is_symlink() and MARK not in _head(file):
            yield file


def link(file: Path, *, root: Path) -> None:
    """Write the line before the first one of `file`; the rest stays as it is, byte for byte."""
    mark, text = b"\xef\xbb\xbf", file.read_bytes()
    ending = b"\r\n" if b"\r\n" in text else b"\n"
    first = mark if text.startswith(mark) else b""
    file.write_bytes(first + schema_line(file, root=root).encode() + ending + text.removeprefix(first))


def _write(file: Path, content: bytes) -> None:
    if not file.exists() or file.read_bytes() != content:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def _head(file: Path) -> str:
    """The comments that `file` begins with; what cannot be read is left alone."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return MARK
    lines = text.splitlines()
    return "\n".join(lines[: next((number for number, line in enumerate(lines) if line[:1] not in ("#", "")), len(lines))])
