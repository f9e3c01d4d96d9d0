"""Each word of a row: what it reads, what it writes, and what it refuses in which words."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hub.contract import Kind, Shape
from hub.errors import MessageError
from hub.translation.tables import Table
from tests.translation.one_row import one_row, read, written

COLOURS = Table.parse(
    "code,a,b,label_fr,label_en\nred,R,1,Rouge,Red\ndark_red,DR,1,Bordeaux,Dark red\nred,R2,,Rouge,Red\n", "colours"
)
TABLES = {"colours": COLOURS}


@pytest.mark.parametrize(
    ("words", "there", "value", "here"),
    [
        ("", "Élodie", "Élodie", "Élodie"),
        ("", "  kept as it is ", "  kept as it is ", "  kept as it is "),
        ("", "07000", "07000", "07000"),
        ("as: integer", " 0042 ", 42, "42"),
        ("as: integer", "-7", -7, "-7"),
        ("as: integer", "123456789012345678901234567890", 123456789012345678901234567890, "123456789012345678901234567890"),
        ("as: decimal", "12.50", Decimal("12.50"), "12.50"),
        ("as: decimal", "1e3", Decimal("1e3"), "1000"),
        ("as: decimal, number: {a: comma, b: cents}", "12,5", Decimal("12.5"), "1250"),
        ("as: decimal, number: {a: cents, b: comma}", "1999", Decimal("19.99"), "19,99"),
        ("as: decimal, number: {a: cents}", "5", Decimal("0.05"), "0.05"),
        ("as: boolean", "1", True, "true"),
        ("as: boolean", "false", False, "false"),
        ('as: boolean, values: {b: {"true": O, "false": N}}', "true", True, "O"),
        ("values: {a: {home: D, work: T}, b: {home: H, work: W}}", "T", "work", "W"),
        ("values: {b: {home: H, work: W}}", "home", "home", "H"),
        ("table: colours", "DR", "dark_red", "1"),
        ("table: colours", "R2", "red", "1"),
        ("date: {a: dd/MM/yyyy, b: date}", "31/05/2026", "2026-05-31", "2026-05-31"),
        ("date: {a: date, b: yyyyMMdd}", "2024-02-29", "2024-02-29", "20240229"),
        ("date: {a: date, b: date}", "2026-05-31+02:00", "2026-05-31", "2026-05-31"),
        (
            "date: {a: datetime, b: dd/MM/yyyy HH:mm}",
            "2026-01-31T22:30:00Z",
            "2026-01-31T23:30:00+01:00",
            "31/01/2026 23:30",
        ),
        ("date: {a: datetime, b: date}", "2026-05-31T22:30:00Z", "2026-06-01T00:30:00+02:00", "2026-06-01"),
        (
            "date: {a: dd/MM/yyyy HH:mm, b: datetime}",
            "31/05/2026 14:05",
            "2026-05-31T14:05:00+02:00",
            "2026-05-31T14:05:00+02:00",
        ),
        (
            "date: {a: datetime, b: datetime}",
            "2026-01-05T08:00:00",
            "2026-01-05T08:00:00+01:00",
            "2026-01-05T08:00:00+01:00",
        ),
        ("date: {a: dd/MM/yyyy, b: datetime}", "31/05/2026", "2026-05-31", "2026-05-31T00:00:00+02:00"),
        ("date: {a: time, b: HH:mm}", "14:05:00", "14:05:00", "14:05"),
        (
            "date: {a: \"yyyy-MM-dd'T'HH:mm\", b: yyyyMMddHHmmss}",
            "2026-05-31T14:05",
            "2026-05-31T14:05:00+02:00",
            "20260531140500",
        ),
        ("max: {b: 5}", "abcdefgh", "abcdefgh", "abcde"),
        ('check: {looks: "OM-\\\\d{3}"}', "OM-123", "OM-123", "OM-123"),
        ("as: integer, check: {at_least: 1, at_most: 20}", "20", 20, "20"),
    ],
)
def test_a_value_is_read_from_one_side_and_written_on_the_other(words: str, there: str, value: object, here: str) -> None:
    translation = one_row(words, tables=TABLES) if "table" in words else one_row(words)

    assert read(translation, there) == value
    assert written(translation, value) == here


@pytest.mark.parametrize(
    ("words", "there", "says"),
    [
        ("as: integer", "4.0", "is not a whole number"),
        ("as: integer", "٣", "is not a whole number"),
        ("as: decimal", "12,50", "is not a number such as 12.50"),
        ("as: decimal", "NaN", "is not a number such as 12.50"),
        ("as: decimal, number: {a: comma}", "12.50", "is not a number such as 12,50"),
        ("as: boolean", "vrai", "is neither true nor false"),
        ("values: {a: {home: D, work: T}}", "X", "the code “X” is not known; known: D (home), T (work)"),
        ("table: colours", "X", "the code “X” is not known; known: R (Red), DR (Dark red), R2 (Red)"),
        ("table: colours, personal: true", "X", "this code is not known; known: R (Red), DR (Dark red), R2 (Red)"),
        ("date: {a: dd/MM/yyyy, b: date}", "2026-05-31", "is not a date of the form dd/MM/yyyy"),
        ("date: {a: dd/MM/yyyy, b: date}", "31/02/2026", "is not a date of the form dd/MM/yyyy"),
        ("date: {a: date, b: date}", "31/05/2026", "is not a date such as 2026-05-31"),
        ("date: {a: datetime, b: date}", "2026-05-31", "is not a date and time such as 2026-05-31T14:05:00+02:00"),
        (
            "date: {a: dd/MM/yyyy HH:mm, b: datetime}",
            "29/03/2026 02:30",
            "is a time that does not exist in Europe/Paris: the clocks go forward over it",
        ),
        ("required: true", "  ", "“value” is missing"),
        ("required: true, label: Nom", None, "“Nom” is missing"),
        ('check: {looks: "OM-\\\\d{3}", says: Numéro inconnu}', "OM-12", "Numéro inconnu"),
        ("as: integer, check: {at_most: 20}", "21", "must be at most 20"),
        ("file: {as: base64}", "not base64!", "is not a file in base64"),
        ("file: {as: base64, types: [png]}", "JVBERi0xLjQK", "is not a file of these types: png"),
        ("file: {as: base64, limit: 5 B}", "JVBERi0xLjQK", "is larger than 5 B"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_in_plain_words(words: str, there: str | None, says: str) -> None:
    with pytest.raises(MessageError) as refused:
        read(one_row(words, tables=TABLES), there)

    (problem,) = refused.value.problems
    assert (problem.text.en, problem.row, problem.side, problem.path) == (says, "value", "a", "V")


@pytest.mark.parametrize(
    ("facets", "value", "says"),
    [
        ({"longest": 3}, "abcd", "is 4 characters long; the contract takes 3"),
        ({"shortest": 3}, "ab", "is 2 characters long; the contract wants at least 3"),
        ({"values": ("A", "B")}, "C", "the contract does not take this value; it takes: A, B"),
        ({"patterns": (r"\d+",)}, "x1", r"does not look like \d+, which the contract wants"),
    ],
)
def test_a_value_that_the_contract_does_not_take_is_not_written(facets: dict[str, object], value: str, says: str) -> None:
    translation = one_row("", b=Shape("V", Kind.TEXT, **facets))  # type: ignore[arg-type]

    with pytest.raises(MessageError) as refused:
        written(translation, value)

    assert [problem.text.en for problem in refused.value.problems] == [says]


@pytest.mark.parametrize(
    ("words", "before", "value", "after"),
    [
        ("date: {a: datetime, b: date}", "2026-05-31+02:00", "2026-05-31", "2026-05-31+02:00"),
        ("date: {a: date, b: datetime}, loses: {a: the time of day}", "2026-05-31T14:05:00+02:00", "2026-05-31", None),
        ("as: integer", "007", 7, "007"),
        ("as: decimal", "12.50", Decimal("12.5"), "12.50"),
        ("max: {a: 3}, loses: {a: the rest}", "abcdef", "abc", "abcdef"),
        ("as: boolean", "1", True, "1"),
    ],
)
def test_what_already_corresponds_is_left_as_it_is(words: str, before: str, value: object, after: str | None) -> None:
    assert written(one_row(words), value, onto={"V": before}) == (after or before)


def test_what_does_not_correspond_is_replaced_and_the_given_document_is_not_changed() -> None:
    onto = {"V": "old", "more": {"kept": "yes"}}

    document = one_row("").write("b", {"value": "new"}, {}, onto=onto)

    assert document == {"V": "new", "more": {"kept": "yes"}}
    assert onto["V"] == "old"


def test_not_carried_keeps_and_carried_empty_erases() -> None:
    translation = one_row("")

    assert translation.read("a", {}).record == {}
    assert translation.read("a", {"V": " "}).record == {"value": None}
    assert translation.write("b", {}, {}, onto={"V": "kept"}) == {"V": "kept"}
    assert translation.write("b", {"value": None}, {}, onto={"V": "gone"}) == {"V": ""}


@pytest.mark.parametrize(
    ("shape", "document"),
    [
        (Shape("V", Kind.TEXT), {"V": ""}),
        (Shape("V", Kind.TEXT, nullable=True), {"V": None}),
        (Shape("V", Kind.TEXT, values=("A",)), {}),
        (Shape("V", Kind.INTEGER), {}),
    ],
)
def test_empty_is_carried_in_the_way_that_the_contract_knows(shape: Shape, document: dict[str, object]) -> None:
    assert one_row("", b=shape).write("b", {"value": None}, {}) == document


def test_only_the_owner_is_believed() -> None:
    translation = one_row("owner: b")

    assert translation.read("a", {"V": "claimed"}).record == {}
    assert translation.read("b", {"V": "known"}, direction="out").record == {"value": "known"}


def test_a_file_leaves_a_ticket_in_the_record_and_its_bytes_beside_it() -> None:
    translation = one_row("file: {as: base64, types: [pdf]}")

    reading = translation.read("a", {"V": "JVBERi0x\n LjQK"})

    ticket = reading.record["value"]
    assert (ticket["size"], ticket["type"]) == (9, "pdf")
    assert reading.files == {ticket["ticket"]: b"%PDF-1.4\n"}
    assert translation.write("b", reading.record, reading.files) == {"V": "JVBERi0xLjQK"}


def test_a_file_that_is_no_longer_kept_is_said_so() -> None:
    translation = one_row("file: {as: base64}")

    with pytest.raises(MessageError, match="no longer kept"):
        translation.write("b", {"value": {"ticket": "sha256:0", "size": 1, "type": "pdf"}}, {})


def test_an_object_where_a_value_is_expected_is_refused() -> None:
    with pytest.raises(MessageError, match="one value is expected here"):
        read(one_row(""), {"deep": "er"})
