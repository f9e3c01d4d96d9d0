"""What hub check asks, and what it knows of where a row comes from and goes to."""

from __future__ import annotations

import pytest

from hub.contract import Kind, Shape
from hub.errors import Finding
from hub.specs.load import build
from hub.specs.mapping import Mapping as Spec
from hub.specs.source import parse_source
from hub.translation.check import check_mapping
from hub.translation.checks.codes import check_table
from hub.translation.tables import Table
from tests.translation.bins import text, thing

TELLING = """
exchange: telling
title: Trial
sector: social
between: {a: {in: tell}, b: {out: hear}}
key: id
fields:
  id: {a: id, b: id, required: true}
  size: {a: size, b: size, as: integer}
  word: {a: word, b: word}
ignore: {a: [email], b: [email, note]}
"""


def checked(written: str, *, a: dict[str, object] | None = None, b: dict[str, object] | None = None) -> list[Finding]:
    """What is found in a mapping between a and b; `a` and `b`: facets of the field `size` or `word` there."""
    source = parse_source(written, shown="mappings/telling.yaml")
    spec = build(source, Spec)
    shapes = {
        side: dict.fromkeys(ways, shape_of(facets or {}))
        for (side, ways), facets in zip(spec.between.items(), (a, b), strict=True)
    }
    replies = {"b": thing("answer", text("number"))}
    return list(check_mapping(spec, source, shapes=shapes, replies=replies, tables={}, others={spec.exchange: spec}))


def shape_of(facets: dict[str, object]) -> Shape:
    size = Shape("size", Kind.INTEGER, **{"highest": "99", **facets.get("size", {})})  # type: ignore[arg-type, dict-item]
    word = text("word", **{"longest": 20, **facets.get("word", {})})  # type: ignore[dict-item]
    return thing("document", text("id", required=True), size, word, text("email"), text("note"))


def said(found: list[Finding], severity: str = "error") -> list[tuple[str, str]]:
    return [(each.row, each.text.en) for each in found if each.severity == severity]


def test_a_whole_mapping_has_nothing_to_be_said_or_asked() -> None:
    assert checked(TELLING.replace("ignore: {a: [email]", "ignore: {a: [email, note]")) == []


@pytest.mark.parametrize(
    ("right", "wrong", "row", "says"),
    [
        ("word: {a: word, b: word}", "word: {a: word}", "word", "the row has a cell on a alone: no side gets it"),
        ("word: {a: word, b: word}", "word: {b: word}", "word", "the row has a cell on b alone: no side says it"),
        ("b: {out: hear}", "b: {}", "", "b has no operation here"),
        ("id: {a: id, b: id, required: true}", "id: {a: id, b: id}", "id", "may be missing"),
        ("key: id", "key: size", "size", "may be missing"),
        ("id: {a: id, b: id, required: true}", "id: {a: id, b: id, required: true, personal: true}", "", "“id” is no key"),
        ("word: {a: word", "word: {recall: id, a: word", "word", "what is recalled is the reference, the key"),
        ("b: id, required: true}", "b: id, required: true, recall: word}", "id", "which no exchange remembers for a"),
        ("ignore:", "reply:\n  number: {b: number}\nignore:", "number", "nothing is made of this answer"),
    ],
)
def test_a_row_that_leads_nowhere_is_found(right: str, wrong: str, row: str, says: str) -> None:
    assert right in TELLING

    found = said(checked(TELLING.replace(right, wrong, 1)))

    assert any(each == row and says in text for each, text in found), found


@pytest.mark.parametrize("side", ["a", "b"])
def test_what_a_receiver_cannot_do_without_is_required_of_its_sender(side: str) -> None:
    found = said(checked(TELLING, **{side: {"word": {"required": True}}}))

    assert [row for row, text in found if "may leave out" in text] == (["word"] if side == "b" else [])


def test_a_number_that_the_receiver_would_refuse_is_found() -> None:
    found = said(checked(TELLING, a={"size": {"highest": "1000"}}))
    bounded = TELLING.replace("as: integer", 'as: integer, check: {at_most: "99"}')

    assert ("size", "a may send more than 99, which b does not take") in found
    assert not [row for row, _ in said(checked(bounded, a={"size": {"highest": "1000"}})) if row == "size"]


def test_a_declared_loss_does_not_cut_what_is_too_long() -> None:
    written = TELLING.replace("b: word}", "b: word, loses: {b: the end}}")

    assert ("word", "a may send 30 characters, b takes 20") in said(checked(written, a={"word": {"longest": 30}}))


TWO_WAYS = TELLING.replace("a: {in: tell}, b: {out: hear}", "a: {in: tell, out: be_told}, b: {in: say, out: hear}")


def test_which_side_owns_a_field_is_asked_once_for_all_rows() -> None:
    found = checked(TWO_WAYS)

    asked = [each for each in found if each.severity == "question"]
    assert [each.text.en for each in asked] == ["both a and b may change: size, word"]
    assert asked[0].right is not None and "owner: a or owner: b" in asked[0].right.en


@pytest.mark.parametrize("owner", ["a", "b", "both"])
def test_the_owner_answers_the_question(owner: str) -> None:
    answered = TWO_WAYS.replace("as: integer", f"as: integer, owner: {owner}").replace(
        "b: word}", f"b: word, owner: {owner}}}"
    )

    assert said(checked(answered), "question") == []
    assert not [text for _, text in said(checked(answered)) if "owner" in text]


def test_what_seems_to_tell_something_about_a_person_is_asked_until_it_is_said() -> None:
    written = TELLING.replace("word: {a: word", "email: {a: email, b: email}\n  word: {a: word").replace("[email]", "[]")

    assert said(checked(written), "question") == [("email", "does this tell something about a person: email?")]
    for answer in ("true", "false"):
        assert said(checked(written.replace("b: email}", f"b: email, personal: {answer}}}")), "question") == []


@pytest.mark.parametrize(
    ("values", "lost"),
    [
        (("01", "02", "9"), ["9"]),
        (("07000", "13000", "7110"), ["7110"]),
        (("13000", "33000", "7110"), ["7110"]),
        (("1", "2", "10"), []),
        (("998", "999", "1000"), []),
        (("A1", "B22", "C333"), []),
    ],
)
def test_a_zero_lost_by_a_spreadsheet_is_found(values: tuple[str, ...], lost: list[str]) -> None:
    lines = "\n".join(f"code_{number},{value}" for number, value in enumerate(values))

    found = check_table(Table.parse(f"code,a\n{lines}\n", "codes"))

    assert [each.text.en.split("”")[0].removeprefix("“") for each in found] == lost
    assert all(each.right and each.file == "mappings/tables/codes.csv" and each.line > 1 for each in found)
