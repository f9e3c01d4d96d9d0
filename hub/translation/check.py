"""What is wrong with a mapping before any message: paths, tables, forms, names, lengths, forgotten fields."""

from __future__ import annotations

from collections.abc import Mapping

from hub.contract import Shape
from hub.errors import Finding
from hub.specs import mapping as specs
from hub.specs.source import Source
from hub.translation.tables import Table


def check_mapping(
    spec: specs.Mapping,
    source: Source,
    *,
    shapes: Mapping[str, Mapping[str, Shape]],
    replies: Mapping[str, Shape],
    tables: Mapping[str, Table],
    others: Mapping[str, specs.Mapping] | None = None,
    filled: Mapping[str, frozenset[str]] | None = None,
) -> tuple[Finding, ...]:
    """Every fault of the file. `others`: the mappings by exchange, for `then`. `filled`: side -> paths the hub fills."""
    raise NotImplementedError
