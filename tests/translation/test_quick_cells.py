"""A cell that was made for what its row really asks judges a value as the words and the contract do, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.contract import Kind, Shape
from hub.specs.mapping import Row
from hub.translation.cells import Words, compile_cell, compile_check
from hub.translation.facets import fit_of
from hub.translation.faults import Cell, Fault
from hub.translation.joins import compile_joint
from hub.translation.values import INTEGER, TEXT

WORDS = Words({}, ZoneInfo("Europe/Paris"))
NUMBERS = st.one_of(st.integers(-30, 1200), st.integers(), st.booleans(), st.decimals(allow_nan=False, allow_infinity=False))
SPANS = [
    Shape("n", Kind.INTEGER, lowest="35", highest="1100"),
    Shape("n", Kind.INTEGER, lowest="-5", highest="5"),
    Shape("n", Kind.INTEGER, lowest="1E+2", highest="1E+3"),
    Shape("n", Kind.INTEGER, lowest="0", highest="9", digits=1),
    Shape("n", Kind.INTEGER, lowest="0", highest="9", longest=1),
    Shape("n", Kind.INTEGER, lowest="1"),
    Shape("n", Kind.INTEGER, highest="9" * 40),
    Shape("n", Kind.DECIMAL, lowest="1", highest="1.5"),
]
TEXTS = [
    Shape("t", Kind.TEXT, longest=5),
    Shape("t", Kind.TEXT, longest=3, shortest=1),
    Shape("t", Kind.TEXT, longest=3, shortest=3),
    Shape("t", Kind.TEXT, patterns=("[a-c]*",)),
    Shape("t", Kind.TEXT, patterns=("[a-c]*", ".{2,3}"), longest=2),
    Shape("t", Kind.TEXT, values=("a", "ab")),
]


def outcome(of: Callable[[], Any]) -> Any:
    """What came of it, or the words of the fault."""
    try:
        return of()
    except Fault as found:
        return found.text, found.accepted


def cell(words: dict[str, Any], shape: Shape | None = None) -> Cell:
    """The cell of a row with these words on side a."""
    return compile_cell("row", Row.model_validate({"a": "x", **words}), side="a", shape=shape, words=WORDS)


def held_by_both(text: str, shape: Shape) -> str:
    """The text, held against the contract by all its tests."""
    fit = fit_of(shape)
    if fit is not None:
        fit(text)
    return text


@pytest.mark.parametrize("shape", SPANS, ids=range(len(SPANS)))
@given(value=NUMBERS)
def test_a_whole_number_is_formed_as_its_text_is_held_against_the_contract(shape: Shape, value: Any) -> None:
    form = cell({"as": "integer"}, shape).form

    assert outcome(lambda: form(value)) == outcome(lambda: held_by_both(INTEGER.form(value), shape))


@pytest.mark.parametrize("shape", SPANS, ids=range(len(SPANS)))
def test_the_bounds_of_a_contract_are_told_as_it_writes_them(shape: Shape) -> None:
    fit = fit_of(shape)
    assert fit is not None

    for text, word, bound in (("-99", "less", shape.lowest), ("9" * 60, "more", shape.highest)):
        if bound and shape.digits is None and shape.longest is None:
            with pytest.raises(Fault, match=f"is {word} than {Decimal(bound)}".replace("+", r"\+")):
                fit(text)


@pytest.mark.parametrize("shape", TEXTS, ids=range(len(TEXTS)))
@pytest.mark.parametrize("longest", [None, 1, 3, 9])
@given(value=st.text(alphabet="abcd é", max_size=7))
def test_a_text_is_cut_and_then_held_against_the_contract(shape: Shape, longest: int | None, value: str) -> None:
    form = cell({"max": {"a": longest}} if longest else {}, shape).form

    assert outcome(lambda: form(value)) == outcome(lambda: held_by_both(TEXT.form(value)[:longest], shape))


@pytest.mark.parametrize("check", [{"looks": "[a-c]+"}, {"looks": "[a-c]+", "says": "letters"}])
@given(text=st.text(alphabet="abcd", min_size=1, max_size=4))
def test_a_text_passes_its_check_when_it_looks_right(check: dict[str, str], text: str) -> None:
    row = Row.model_validate({"a": "x", "check": check})
    assert row.check is not None

    found = outcome(lambda: cell({"check": check}).parse(text))

    assert (found == text) is compile_check(row.check)(text)


@given(text=st.text(alphabet="0123456789+-. ٣", min_size=1, max_size=45))
def test_what_is_read_as_a_whole_number_is_one_of_at_most_forty_digits(text: str) -> None:
    digits = text.strip().removeprefix("-") if text.strip()[:1] == "-" else text.strip().removeprefix("+")
    is_whole = digits.isascii() and digits.isdecimal() and len(digits) <= 40

    found = outcome(lambda: INTEGER.parse(text))

    assert found == int(text) if is_whole else isinstance(found, tuple)


@given(family=st.text(alphabet="AB -", max_size=4), given_name=st.text(alphabet="Ab .", max_size=4))
def test_what_is_put_together_comes_back_as_its_parts_or_does_not_leave(family: str, given_name: str) -> None:
    joint = compile_joint("{family} {given}", {"family": "[AB](?:[AB -]*[AB])?", "given": "(A)b(?:.*[^ ])?"})
    record = {"family": family, "given": given_name}

    text = outcome(lambda: joint.put_together(record))
    back = outcome(lambda: joint.taken_apart(text)) if isinstance(text, str) else None

    if isinstance(back, dict):
        assert back == {name: value.strip() or None for name, value in record.items()}


LOOKED_AT = [
    ({"check": {"looks": r"\p{Lu}(?:[\p{Lu}' -]*\p{Lu})?"}}, Shape("t", Kind.TEXT, patterns=("[a-c]*",))),
    ({"check": {"looks": "[a-c ]{2}"}}, Shape("t", Kind.TEXT, patterns=("^[0-9]{5}$",))),
    ({"check": {"looks": "(a|b)*"}}, Shape("t", Kind.TEXT, patterns=("[a-c]*", ".{2,3}"))),
    ({"check": {"looks": "a+", "at_least": "1"}, "max": {"a": 2}}, Shape("t", Kind.TEXT, patterns=("a{1,3}",))),
    ({}, Shape("t", Kind.TEXT, patterns=(r"OM-\d{7}",), longest=10)),
]


@given(
    st.sampled_from(LOOKED_AT), st.one_of(st.text("abcé 0-", max_size=6), st.sampled_from(["ÉLAN-A", "47200", "OM-0012345"]))
)
def test_a_text_that_a_look_shows_to_be_right_is_read_and_written_as_it_stands(row: Any, text: str) -> None:
    looked_at = cell(*row)

    for look, way in ((looked_at.taken, looked_at.parse), (looked_at.given, looked_at.form)):
        if look and len(text) <= look.longest and look.shows(text):
            assert way(text) == text


def test_a_row_that_is_only_looked_at_has_looks() -> None:
    looked_at = cell({"check": {"looks": "[a-c ]{2}"}}, Shape("t", Kind.TEXT, patterns=("^[0-9]{5}$",)))

    assert looked_at.taken
    assert looked_at.given


@pytest.mark.parametrize("bounds", [{}, {"at_least": "1", "at_most": "20"}, {"at_least": "7"}, {"looks": "1.*"}])
@pytest.mark.parametrize("shape", [None, *SPANS])
def test_a_number_in_the_list_of_a_row_is_read_and_written_as_any_other(bounds: dict[str, str], shape: Shape | None) -> None:
    number = cell({"as": "integer", **({"check": bounds} if bounds else {})}, shape)

    assert all(number.parse(text) == value for text, value in number.listed[0].items())
    assert all(number.form(value) == text for value, text in number.listed[1].items())
