"""The five laws of a mapping, partial messages and refusals, each as one assertion over a made mapping and made states.

Every document goes through the bytes of a codec (XML or JSON) each time that it changes hands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from hub.errors import MessageError
from tests.translation.made_fields import Value
from tests.translation.made_mappings import (
    ABSENT,
    OWN,
    Case,
    Level,
    Pen,
    Row,
    State,
    cases,
    files_of,
    heard,
    holds,
    pairs,
    record_of,
    states,
)

Draw = Callable[[st.SearchStrategy[Any]], Any]
Law = Callable[[Draw], None]
CODECS = ("xml", "json")


def comes_back_whole(draw: Draw) -> None:
    """What a side is given is what a person would write, and it is read back equal but for declared losses."""
    case = draw(cases())
    state = draw(states(case.level))
    for codec in CODECS:
        for side in case.sides:
            document = case.through(codec, side, _written(case, side, state))

            assert document == case.through(codec, side, Pen(side).document(case.level, state))
            _same(_read(case, side, document), heard(case.level, state, side))


def same_again(draw: Draw) -> None:
    """Writing what was read changes nothing, also where a value can be written in several ways."""
    case = draw(cases())
    state = draw(states(case.level))
    for codec in CODECS:
        for side in case.sides:
            document = case.through(codec, side, Pen(side, loosely=True).document(case.level, state))
            reading = case.translation.read(side, document)
            onto = case.translation.write(side, reading.record, reading.files, onto=document)

            assert case.through(codec, side, onto) == document
            _same(reading.record, heard(case.level, state, side))


def sender_untouched(draw: Draw) -> None:
    """Sent, read back from the receiver (new there, or known with its lines in another order), written onto the sender's
    own: nothing has moved."""
    case = draw(cases())
    state = draw(states(case.level))
    known = draw(st.booleans())
    for codec in CODECS:
        for sender, receiver in pairs(case):
            start = case.through(codec, sender, Pen(sender, loosely=True).document(case.level, state))
            first = case.translation.read(sender, start)
            there = Pen(receiver, loosely=True).document(case.level, turned(case.level, state)) if known else None
            told = case.translation.write(receiver, first.record, first.files, onto=there)
            back = case.translation.read(receiver, case.through(codec, receiver, told))
            end = case.translation.write(sender, back.record, {**first.files, **back.files}, onto=start)

            assert case.through(codec, sender, end) == start


def private_data_stays_with_its_line(draw: Draw) -> None:
    """Lines come in another order, some are new, some gone: each line that stays has what no row speaks of."""
    case = draw(cases())
    before, after = draw(states(case.level)), draw(states(case.level))
    assume(any(row.level for row in case.level.rows))
    for codec in CODECS:
        for side in case.sides:
            document = case.through(codec, side, Pen(side, loosely=True).document(case.level, before))
            record, files = record_of(case.level, after), files_of(after)
            onto = case.through(codec, side, case.translation.write(side, record, files, onto=document))

            assert _owned(case, side, onto) == _expected(case.level, side, before, after)


def twice_is_once(draw: Draw) -> None:
    """A message applied again changes nothing more."""
    case = draw(cases())
    before, after = draw(states(case.level)), draw(states(case.level))
    for codec in CODECS:
        for side in case.sides:
            document = case.through(codec, side, Pen(side, loosely=True).document(case.level, before))
            record, files = record_of(case.level, after), files_of(after)
            once = case.through(codec, side, case.translation.write(side, record, files, onto=document))
            twice = case.through(codec, side, case.translation.write(side, record, files, onto=once))

            assert twice == once


def not_carried_keeps_and_carried_empty_erases(draw: Draw) -> None:
    """A message with some rows only changes these."""
    case = draw(cases())
    before = draw(states(case.level))
    after = _partly(draw, case.level, draw(states(case.level)), before)
    for codec in CODECS:
        for side in case.sides:
            document = case.through(codec, side, Pen(side, loosely=True).document(case.level, before))
            record, files = record_of(case.level, after), files_of(after)
            onto = case.through(codec, side, case.translation.write(side, record, files, onto=document))

            merged = _merged(case.level, side, before, after)
            _same(_carried(_read(case, side, onto)), _carried(heard(case.level, merged, side)))


NASTY = (
    *(
        f"a{sign}b"
        for sign in ("\x00", "\x01", "\x08", "\x0b", "\x1f", "\x7f", "\x85", "\ud800", "\udfff", "\ufffe", "\uffff")
    ),
    "\x1c",
    "9" * 41,
    "-0",
    "1e99",
    "1E-99",
    "." + "1" * 40,
    "9" * 40 + "." + "9" * 40,
    "NaN",
    "Infinity",
    "٣",
    "1_000",
    "0x10",
    "2026-02-30",
    "2026-03-29T02:30:00",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-12-31T23:59:60Z",
    "24:00:00",
    "\u2003",
    "x" * 100_000,
)
nasty = st.one_of(st.sampled_from(NASTY), st.text(max_size=8), st.none(), st.just([]), st.just({}), st.just(["a", {}]))


def refused_in_words_or_whole(draw: Draw) -> None:
    """One value is replaced by anything at all: it is refused in both languages, or no side changes it in silence."""
    case = draw(cases())
    state = draw(states(case.level))
    for sender, receiver in pairs(case):
        document = Pen(sender).document(case.level, state)
        _spoil(draw, document)
        for codec in CODECS:
            try:
                first = case.translation.read(sender, case.through(codec, sender, document))
                told = case.translation.write(receiver, first.record, first.files)
                back = case.translation.read(receiver, case.through(codec, receiver, told))
            except MessageError as error:
                assert error.text.en and error.text.fr
                assert all(problem.text.en and problem.text.fr for problem in error.problems)
            else:
                _same_but_losses(case.level, first.record, back.record, receiver)


LAWS = (
    comes_back_whole,
    same_again,
    sender_untouched,
    private_data_stays_with_its_line,
    twice_is_once,
    not_carried_keeps_and_carried_empty_erases,
    refused_in_words_or_whole,
)


def _written(case: Case, side: str, state: State) -> dict[str, Any]:
    return case.translation.write(side, record_of(case.level, state), files_of(state))


def _read(case: Case, side: str, document: Any) -> dict[str, Any]:
    return case.translation.read(side, document).record


def _same(found: Any, wanted: Any) -> None:
    assert _typed(found) == _typed(wanted)


def _typed(value: Any) -> Any:
    """With its type, and without empty groups: in XML no line and no group are one."""
    if isinstance(value, dict):
        return {key: _typed(each) for key, each in value.items() if each != []}
    if isinstance(value, list):
        return [_typed(each) for each in value]
    return type(value).__name__, value


def _carried(value: Any) -> Any:
    """Without what is empty: that a value has gone is told, but not every side tells empty from not carried."""
    if isinstance(value, list):
        return [_carried(each) for each in value]
    return {key: _carried(each) for key, each in value.items() if each is not None} if isinstance(value, dict) else value


def turned(level: Level, state: State) -> State:
    """The same with the lines of every group the other way round."""
    found = dict(state)
    for row in level.rows:
        if row.level and state.get(row.name, ABSENT) is not ABSENT:
            found[row.name] = [turned(row.level, line) for line in reversed(state[row.name])]
    return found


def _owned(case: Case, side: str, document: Any) -> Any:
    """What no row speaks of in a document, by the lines' keys."""
    return _own_of(case.level, side, document, _read(case, side, document))


def _own_of(level: Level, side: str, document: Any, record: Mapping[str, Any]) -> dict[Any, Any]:
    found: dict[Any, Any] = {OWN: document.get(OWN)}
    for row in level.rows:
        if row.level and side in row.paths and side not in row.level.bare:
            lines = zip(_at(document, row.paths[side]), record.get(row.name, ()), strict=True)
            found[row.name] = [(str(line[row.match]), _own_of(row.level, side, each, line)) for each, line in lines]
    return found


def _at(document: Any, path: str) -> Any:
    for part in path.split("."):
        document = document.get(part, {}) if document else {}
    return document or []


def _expected(level: Level, side: str, before: State | None, after: State) -> dict[Any, Any]:
    """The lines that stay in the side's order, then the new ones; what each had of its own."""
    found: dict[Any, Any] = {OWN: before[OWN] if before else None}
    for row in level.rows:
        if not row.level or side not in row.paths or side in row.level.bare:
            continue
        old, new = (before or {}).get(row.name, []), after.get(row.name, [])
        found[row.name] = [
            (str(line[row.match].canonical), _expected(row.level, side, one, line)) for one, line in _paired(row, old, new)
        ]
    return found


def _paired(row: Row, old: list[State], new: list[State]) -> list[tuple[State | None, State]]:
    said = {str(line[row.match].canonical): line for line in new}
    known = [str(line[row.match].canonical) for line in old]
    kept = [(line, said[key]) for line, key in zip(old, known, strict=True) if key in said]
    return [*kept, *((None, line) for key, line in said.items() if key not in known)]


def _partly(draw: Draw, level: Level, state: State, known: State) -> State:
    """Some rows are not carried, at any depth; a line that the side does not know keeps what it must have."""
    found = dict(state)
    for row in level.rows:
        if row.level:
            lines = [(one, line) for one, line in _paired(row, known[row.name], state[row.name])]
            found[row.name] = [
                _partly(draw, row.level, line, one) | {row.match: line[row.match]} for one, line in lines if one
            ]
            found[row.name] += [line for one, line in lines if one is None]
        if not (row.when and row.required) and draw(st.booleans()):
            found[row.name] = ABSENT
    for one, other in (row.parts for row in level.rows if row.parts):
        if ABSENT in (found[one], found[other]) and not (isinstance(known[one], Value) and _some_value(found, one, other)):
            found[one] = found[other] = ABSENT
    for row in level.rows:
        if row.when and not holds(found.get(row.when[0]), row.when[1]):
            found[row.name] = ABSENT
    return found


def _some_value(state: State, *names: str) -> bool:
    return any(isinstance(state[name], Value) for name in names)


def _merged(level: Level, side: str, before: State, after: State) -> State:
    """What the side has once `after` is said, which carries only some rows."""
    found = dict(before)
    for row in level.rows:
        value = after.get(row.name, ABSENT)
        if value is ABSENT:
            continue
        if row.level:
            lines = _paired(row, before.get(row.name, []), value)
            found[row.name] = [_merged(row.level, side, one or {OWN: ""}, line) for one, line in lines]
        elif value is None and before.get(row.name, ABSENT) is ABSENT:
            continue  # what the side does not have need not be emptied
        elif not _agrees(row, side, before.get(row.name), value):
            found[row.name] = value
    return found


def _agrees(row: Row, side: str, old: Any, value: Any) -> bool:
    """Whether the value is what another side would have of the old one: then the old one stays."""
    if not isinstance(old, Value):
        return False
    canonical = value.canonical if isinstance(value, Value) else None
    return any(old.back[other] == canonical for other in row.made.lossy if other != side)


def _spoil(draw: Draw, document: dict[str, Any]) -> None:
    """One value somewhere becomes another."""
    place: Any = document
    while True:
        key = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place)))) if place else None
        if key is None:
            return
        below = place[key]
        if not isinstance(below, dict | list) or not below or draw(st.integers(0, 9)) == 0:
            place[key] = draw(nasty)
            return
        place = below


def _same_but_losses(level: Level, sent: Mapping[str, Any], came: Mapping[str, Any], receiver: str) -> None:
    for row in level.rows:
        if receiver not in row.paths or row.made.lossy or row.owner not in ("", receiver) or row.name not in sent:
            continue
        if row.level:
            lines = sent[row.name], came.get(row.name, [])
            assert len(lines[0]) == len(lines[1])
            for one, other in zip(*lines, strict=True):
                _same_but_losses(row.level, one, other, receiver)
        elif sent[row.name] is not None and not row.when:
            _same(came.get(row.name), sent[row.name])
