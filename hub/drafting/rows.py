"""The words of a proposed row: from what two contracts say of a pair of fields, and what they leave open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.contract import Kind, Shape
from hub.drafting import guidance
from hub.drafting.codes import code_words
from hub.drafting.forms import DATES, form_of, unit_of
from hub.drafting.names import human, is_personal, names_a_thing, says
from hub.drafting.pairing import POSSIBLE, Pair
from hub.drafting.sides import Sides

_LONGEST_LABEL = 60
_YES, _NO = ("o", "oui", "y", "yes", "true", "vrai", "1"), ("n", "non", "no", "false", "faux", "0")
_WHOLE = ("postcode", "code", "phone", "email", "url")
"""What is worth nothing once it is cut, beside numbers and references."""


@dataclass(slots=True)
class Words:
    """The words of one row, the questions that are left, and the lines of its code list if it needs one."""

    words: dict[str, Any] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)
    table: list[Mapping[str, str]] = field(default_factory=list)


def label_of(*shapes: Shape) -> str:
    """The name of a field for people: the contract's own words if they are short."""
    notes = [shape.note.strip() for shape in shapes if shape.note.strip()]
    short = next((note for note in notes if len(note) <= _LONGEST_LABEL and "\n" not in note), "")
    return short.rstrip(".") or human(shapes[0].name)


def words_for(pair: Pair, sides: Sides) -> Words:
    """The words of the row that carries `pair`."""
    made = Words()
    if not pair.likely:
        why = guidance.RIVAL if pair.rival else guidance.ONLY if pair.score < POSSIBLE else guidance.NAMES
        made.doubts.append(sides.says(why, other=pair.rival))
    _carry(made, pair, sides)
    if is_personal(pair.sender.path) or is_personal(pair.receiver.path):
        made.words["personal"] = True
    if pair.receiver.demanded:
        made.words["required"] = True
    return made


def _carry(made: Words, pair: Pair, sides: Sides) -> None:
    one, other = pair.sender.shape, pair.receiver.shape
    kinds = {one.kind, other.kind}
    if Kind.BOOLEAN in kinds:
        _truth(made, one, other, sides)
    elif one.values or other.values:
        code_words(made.words, made.doubts, made.table, shapes=(one, other), sides=sides)
    elif Kind.BASE64 in kinds:
        made.words["file"] = {"as": "base64", "limit": "10 MB"}
        made.doubts += [] if len(kinds) == 1 else [sides.says(guidance.FILE)]
    elif kinds & DATES.keys():
        _date(made, one, other, sides)
    elif kinds & {Kind.INTEGER, Kind.DECIMAL}:
        _number(made, pair, sides)
    else:
        _text(made, pair, sides)


def _truth(made: Words, one: Shape, other: Shape, sides: Sides) -> None:
    made.words["as"] = "boolean"
    values: dict[str, Any] = {}
    for shape, side in ((one, sides.sender), (other, sides.receiver)):
        if shape.kind is not Kind.BOOLEAN:
            yes = next(
                (value for value in shape.values if value.lower() in ("o", "oui", "y", "yes", "true", "vrai", "1")), ""
            )
            no = next((value for value in shape.values if value.lower() in ("n", "non", "no", "false", "faux", "0")), "")
            values[side] = {"true": yes or "O", "false": no or "N"}
            made.doubts += [] if yes and no else [sides.says(guidance.TRUTH, side=side)]
    made.words |= {"values": values} if values else {}


def _date(made: Words, one: Shape, other: Shape, sides: Sides) -> None:
    kind = DATES.get(one.kind) or DATES[other.kind]
    forms: dict[str, str] = {}
    for shape, side in ((one, sides.sender), (other, sides.receiver)):
        form = DATES.get(shape.kind) or form_of(shape, kind)
        made.doubts += [] if form else [sides.says(guidance.DATE, side=side)]
        forms[side] = form or kind
    made.words["date"] = forms
    units = {side: unit_of(form) for side, form in forms.items()}
    if units[sides.sender] == "datetime" and units[sides.receiver] == "date":
        made.words["loses"] = {sides.receiver: sides.says(guidance.TIME_OF_DAY)}


def _number(made: Words, pair: Pair, sides: Sides) -> None:
    one, other = pair.sender.shape, pair.receiver.shape
    by_side = {sides.sender: one.kind, sides.receiver: other.kind}
    if Kind.DECIMAL not in by_side.values():
        made.words["as"] = "integer"
        if says(pair.sender.path, "amount") or says(pair.receiver.path, "amount"):
            made.doubts.append(sides.says(guidance.UNIT))
        elif len(set(by_side.values())) > 1 and names_a_thing(pair.receiver.path):
            made.doubts.append(sides.says(guidance.DIGITS))
        return
    made.words["as"] = "decimal"
    made.words["number"] = {side: "cents" if kind is Kind.INTEGER else "plain" for side, kind in by_side.items()}
    if Kind.INTEGER in by_side.values():
        made.doubts.append(sides.says(guidance.CENTS))
    elif len(set(by_side.values())) > 1:
        made.doubts.append(sides.says(guidance.DECIMAL))


def _text(made: Words, pair: Pair, sides: Sides) -> None:
    one, other = pair.sender.shape, pair.receiver.shape
    forms = [form_of(shape, "date") for shape in (one, other)]
    if says(pair.sender.path, "date", "birth") and says(pair.receiver.path, "date", "birth"):
        if all(forms):
            made.words["date"] = {sides.sender: forms[0], sides.receiver: forms[1]}
            return
        made.doubts.append(sides.says(guidance.DATES))
    if says(pair.sender.path, "amount") or says(pair.receiver.path, "amount"):
        made.doubts.append(sides.says(guidance.UNIT))
    if other.longest is not None and (one.longest is None or one.longest > other.longest):
        _short_of_room(made, pair, other.longest, sides)


def _short_of_room(made: Words, pair: Pair, room: int, sides: Sides) -> None:
    """A text may be cut, and says so; a number that is cut is another number, and is refused."""
    paths = (pair.sender.path, pair.receiver.path)
    if any(names_a_thing(path) or says(path, *_WHOLE) for path in paths):
        made.words["check"] = {"looks": f".{{1,{room}}}", "says": sides.says(guidance.TOO_LONG, count=room)}
        return
    made.words["max"] = {sides.receiver: room}
    made.words["loses"] = {sides.receiver: sides.says(guidance.EXCEEDS, count=room)}
