"""A mapping of one row between two sides whose contracts take any text: what one word does, and nothing else."""

from __future__ import annotations

from typing import Any

from hub.contract import Kind, Shape
from hub.specs.load import build
from hub.specs.mapping import Mapping as Spec
from hub.specs.source import parse_source
from hub.translation.mapping import Translation, compile_mapping
from hub.translation.tables import Table


def one_row(
    words: str, *, a: Shape | None = None, b: Shape | None = None, tables: dict[str, Table] | None = None
) -> Translation:
    """The row `value` (path V on both sides) with these words, and the key (path K)."""
    written = f"""
exchange: trial
title: Trial
sector: social
between: {{a: {{in: tell}}, b: {{out: hear}}}}
key: id
fields:
  id: {{a: K, b: K}}
  value: {{a: V, b: V{words and ", " + words}}}
"""
    spec = build(parse_source(written, shown="mappings/trial.yaml"), Spec)
    shapes = {"a": {"in": document(a)}, "b": {"out": document(b)}}
    return compile_mapping(spec, shapes=shapes, replies={}, tables=tables or {})


def document(value: Shape | None) -> Shape:
    children = (Shape("K", Kind.TEXT), value or Shape("V", Kind.TEXT))
    return Shape("Document", Kind.OBJECT, children=children)


def read(translation: Translation, text: Any, side: str = "a") -> Any:
    return translation.read(side, {"V": text}, direction="in" if side == "a" else "out").record["value"]


def written(translation: Translation, value: Any, *, onto: Any = None) -> Any:
    return translation.write("b", {"value": value}, {}, onto=onto).get("V")
