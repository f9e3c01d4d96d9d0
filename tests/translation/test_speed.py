"""Thirty fields are read, and written, in tens of microseconds: a mapping costs less than the bytes around it."""

from __future__ import annotations

import timeit
from typing import Any

from hub.contract import Kind, Shape
from hub.specs.load import build
from hub.specs.mapping import Mapping as Spec
from hub.specs.source import parse_source
from hub.translation.mapping import Translation, compile_mapping
from hub.translation.tables import Table

ROUNDS = 2000
BOUND_US = 400
"""Ten times what it takes on a quiet machine: the bound catches a change of order, not a busy neighbour."""

_KINDS = (
    ("", "Élodie", "Élodie"),
    ("as: integer", "42", "42"),
    ("date: {a: date, b: dd/MM/yyyy}", "2026-05-31", "31/05/2026"),
    ("table: colours", "R", "1"),
    ("as: decimal, number: {b: comma}", "12.50", "12,50"),
    ("as: boolean", "true", "true"),
)


def thirty_fields() -> tuple[Translation, dict[str, Any], dict[str, Any]]:
    """The translation, the document of one side and what the other side gets."""
    rows, there, here = ["  id: {a: K, b: K}"], {"K": "1"}, {"K": "1"}
    inside: dict[str, Any] = {}
    for number in range(29):
        words, sent, got = _KINDS[number % 6 if number < 18 else 0]
        rows.append(f"  row{number}: {{a: Inside.F{number}, b: G{number}{words and ', ' + words}}}")
        inside[f"F{number}"], here[f"G{number}"] = sent, got
    written = "exchange: wide\ntitle: W\nsector: social\nbetween: {a: {in: x}, b: {out: y}}\nkey: id\nfields:\n" + "\n".join(
        rows
    )
    spec = build(parse_source(written, shown="wide.yaml"), Spec)
    key = Shape("K", Kind.TEXT)
    a = Shape("A", Kind.OBJECT, children=(key, Shape("Inside", Kind.OBJECT, children=_texts("F"))))
    b = Shape("B", Kind.OBJECT, children=(key, *_texts("G")))
    tables = {"colours": Table.parse("code,a,b\nred,R,1\nblue,B,2\n", "colours")}
    translation = compile_mapping(spec, shapes={"a": {"in": a}, "b": {"out": b}}, replies={}, tables=tables)
    return translation, {**there, "Inside": inside}, here


def _texts(letter: str) -> tuple[Shape, ...]:
    return tuple(Shape(f"{letter}{number}", Kind.TEXT, longest=80) for number in range(29))


def microseconds(act: Any) -> float:
    """The best of five runs, per call."""
    return min(timeit.repeat(act, number=ROUNDS, repeat=5)) / ROUNDS * 1e6


def test_thirty_fields_are_read_and_written_in_tens_of_microseconds() -> None:
    translation, there, here = thirty_fields()
    reading = translation.read("a", there)

    read = microseconds(lambda: translation.read("a", there))
    write = microseconds(lambda: translation.write("b", reading.record, reading.files))

    print(f"read {read:.1f} us, write {write:.1f} us")
    assert translation.write("b", reading.record, reading.files) == here
    assert read < BOUND_US and write < BOUND_US
