"""What a side wrote in its own way stays so when it comes back: found by made mappings, kept here by name."""

from __future__ import annotations

import pytest

from hub.contract import Kind, Shape
from hub.specs.load import build
from hub.specs.mapping import Mapping as Spec
from hub.specs.source import parse_source
from hub.translation.laws import check_laws
from hub.translation.mapping import compile_mapping
from hub.translation.tables import Table
from tests.translation.one_row import one_row, read, written


def test_a_moment_in_utc_is_left_as_its_sender_wrote_it() -> None:
    translation = one_row("date: {a: datetime, b: dd/MM/yyyy HH:mm:ss}")
    sent = {"V": "2026-05-31T12:00:00Z"}

    there = translation.write("b", translation.read("a", sent).record, {})
    back = translation.read("b", there, direction="out").record

    assert there == {"V": "31/05/2026 14:00:00"}
    assert translation.write("a", back, {}, direction="in", onto=sent) == sent


@pytest.mark.parametrize("text", ["01/01/1890 00:00:00", "14/07/1789 17:30:12"])
def test_a_moment_before_time_zones_has_an_offset_of_whole_minutes_and_comes_back(text: str) -> None:
    translation = one_row("date: {a: dd/MM/yyyy HH:mm:ss, b: datetime}")

    there = written(translation, read(translation, text))

    assert there.endswith("+00:09")
    assert translation.write("a", {"value": read(translation, there, "b")}, {}, direction="in") == {"V": text}


def test_a_line_that_is_a_text_is_left_as_its_side_wrote_it() -> None:
    rows = "  codes: {each: {a: C, b: C}, match: code, fields: {code: {a: '#text', b: '#text', as: integer}}}"
    head = "exchange: t\ntitle: T\nsector: social\nbetween: {a: {in: x}, b: {out: y}}\nkey: codes\nfields:\n"
    shape = Shape("D", Kind.OBJECT, children=(Shape("C", Kind.TEXT, repeated=True),))
    spec = build(parse_source(head + rows, shown="t.yaml"), Spec)
    translation = compile_mapping(spec, shapes={"a": {"in": shape}, "b": {"out": shape}}, replies={}, tables={})

    record = translation.read("a", {"C": ["2", "1", "3"]}).record

    assert translation.write("b", record, {}, onto={"C": ["001", "+2"]}) == {"C": ["001", "+2", "3"]}


def test_lines_that_are_texts_on_both_sides_keep_every_law() -> None:
    rows = "  codes: {each: {a: C, b: C}, match: code, fields: {code: {a: '#text', b: '#text'}}}"
    head = "exchange: t\ntitle: T\nsector: social\nbetween: {a: {in: x}, b: {out: y}}\nkey: codes\nfields:\n"
    shape = Shape("D", Kind.OBJECT, children=(Shape("C", Kind.TEXT, repeated=True),))
    source = parse_source(head + rows, shown="t.yaml")
    translation = compile_mapping(
        build(source, Spec), shapes={"a": {"in": shape}, "b": {"out": shape}}, replies={}, tables={}
    )

    report = check_laws(translation, source)

    assert report.findings == ()
    assert report.records > 0


def test_a_code_that_a_side_cannot_tell_from_another_is_left_as_it_is() -> None:
    codes = Table.parse("code,a,b\nvol,1,0\nperte,2,0\nvol,1,9\n", "codes")
    translation = one_row("table: codes, loses: {b: the finer code}", tables={"codes": codes})

    assert translation.write("b", {"value": "perte"}, {}, onto={"V": "9"}) == {"V": "9"}


def test_a_text_that_another_side_cuts_to_blanks_stays_when_that_side_says_nothing() -> None:
    translation = one_row("max: {a: 1}, loses: {a: the end}")

    assert written(translation, None, onto={"V": "  blanks around"}) == "  blanks around"
    assert written(translation, None, onto={"V": "no blanks"}) == ""
