"""What the straight lines of a level give is what the careful way gives, and then nothing is wrong."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.translation.levels import Level, read_carefully, write_carefully
from hub.translation.record import canonical_text
from hub.translation.scene import Trip
from hub.translation.unrolled import reading, reading_lines, writing, writing_lines
from tests.translation.bins import bin_replacement, order, request
from tests.translation.made_mappings import Pen, cases, record_of, states
from tests.translation.mapping_laws import Draw

ODD: list[Any] = [
    None,
    "",
    " \t",
    "\u00a0",
    "x" * 99,
    "0",
    "-1",
    "true",
    "2026-02-30",
    7,
    True,
    [],
    ["a"],
    {},
    {"a": "b"},
    [None],
]
"""What may stand in any place of a document or of a record."""


def disturbed(draw: Draw, whole: Any) -> Any:
    """The same with a few places that are odd, or gone."""
    found = deepcopy(whole)
    for _ in range(draw(st.integers(0, 3))):
        places = list(_places(found))
        if places:
            within, key = draw(st.sampled_from(places))
            if draw(st.booleans()):
                within[key] = deepcopy(draw(st.sampled_from(ODD)))
            elif isinstance(within, dict):
                del within[key]
            else:
                within.append(deepcopy(within[key]))
    return found


def _places(found: Any) -> Iterator[tuple[Any, Any]]:
    for key, value in list(found.items() if isinstance(found, dict) else enumerate(found)):
        yield found, key
        if isinstance(value, dict | list):
            yield from _places(value)


def lines_of(level: Level, document: Any) -> Iterator[tuple[Level, str, list[Any]]]:
    """Each group's level, the name of its match row or "", and the lines that stand in the document."""
    for name, inner in level.groups.items():
        found: Any = document
        for key in level.slots[name].path.split("."):
            found = found.get(key) if isinstance(found, dict) else None
        if isinstance(found, list):
            yield inner, next(iter(inner.slots), ""), found


def hold_reading(level: Level, document: Any) -> None:
    """The level itself, and the lines of its groups, as far as these are all simple."""
    usual, trip = reading(level.rows)(document), Trip("", {})
    carefully = read_carefully(level, document, trip, "")
    if usual is not None:
        assert usual == carefully
        assert not trip.problems
        assert all(carefully[1].get(name) not in (None, []) for name in level.rows.required - {n for _, n in level.wanted})
    for inner, match, lines in lines_of(level, document):
        if all(isinstance(line, dict) for line in lines):
            hold_lines(inner, match, lines)
        for line in lines:
            if isinstance(line, dict):
                hold_reading(inner, line)


def hold_lines(level: Level, match: str, lines: list[Any]) -> None:
    usual, trip = reading_lines(level.rows, match)(lines), Trip("", {})
    records = [read_carefully(level, line, trip, "")[1] for line in lines]
    if usual is not None:
        assert usual == records
        assert not trip.problems
        assert are_told_apart(records, match)


def are_told_apart(records: list[Any], match: str) -> bool:
    values = [canonical_text(record.get(match)) for record in records]
    return not match or (all(values) and len(set(values)) == len(values))


def outcome(act: Callable[[], Any]) -> Any:
    """What came of it; of what no record holds, the kind of the exception."""
    try:
        return act()
    except Exception as error:
        return type(error)


def hold_writing(level: Level, record: Any) -> None:
    """The same for what is written of a record."""
    document: dict[str, Any] = {}
    written: dict[str, Any] = {}
    trip = Trip("", {})
    usual = outcome(lambda: writing(level.rows)(record, document))
    carefully = outcome(lambda: write_carefully(level, record, written, trip, ""))
    if usual is None:
        assert document == {}
    elif isinstance(usual, type):
        assert usual is carefully
    else:
        assert (document, list(document), usual[0]) == (written, list(written), carefully[0])
        assert usual[1] == [slot for slot in carefully[1] if slot.needed or slot.write_required]
        assert not trip.problems
    for name, inner in level.groups.items():
        lines = record.get(name)
        if isinstance(lines, list) and all(isinstance(line, dict) for line in lines):
            hold_new_lines(inner, next(iter(inner.slots), ""), lines)


def hold_new_lines(level: Level, match: str, records: list[Any]) -> None:
    trip = Trip("", {})
    made: list[dict[str, Any]] = [{} for _ in records]
    usual = outcome(lambda: writing_lines(level.rows, match)(records))
    missed = outcome(lambda: [write_carefully(level, *pair, trip, "")[1] for pair in zip(records, made, strict=True)])
    if isinstance(usual, type):
        assert usual is missed
    elif usual is not None:
        assert usual == made
        assert not [slot for absent in missed for slot in absent if slot.needed or slot.write_required]
        assert not trip.problems
        assert are_told_apart(records, match)
    for record in records:
        hold_writing(level, record)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_document_is_read_in_straight_lines_as_it_is_read_carefully(data: st.DataObject) -> None:
    case = data.draw(cases())
    state = data.draw(states(case.level))
    for side in case.sides:
        document = disturbed(data.draw, Pen(side, loosely=True).document(case.level, state))

        hold_reading(case.translation.levels[side]["in"], document)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_record_is_written_in_straight_lines_as_it_is_written_carefully(data: st.DataObject) -> None:
    case = data.draw(cases())
    record = disturbed(data.draw, record_of(case.level, data.draw(states(case.level))))
    for side in case.sides:
        hold_writing(case.translation.levels[side]["out"], record)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_shipped_mapping_reads_in_straight_lines_as_it_reads_carefully(data: st.DataObject) -> None:
    translation = bin_replacement()
    for side, document in (("portal", request()), ("waste", order())):
        for level in translation.levels[side].values():
            hold_reading(level, disturbed(data.draw, document))


def test_what_is_usual_does_take_the_straight_lines() -> None:
    translation = bin_replacement()
    there, back = translation.levels["portal"]["in"], translation.levels["waste"]["out"]

    read = reading(there.rows)(request())
    record = translation.read("portal", request()).record

    assert read is not None and read[1].items() <= record.items()
    assert writing(back.rows)(record, {}) is not None


def test_a_traceback_shows_the_lines_that_were_written() -> None:
    level = bin_replacement().levels["portal"]["in"]

    with pytest.raises(AttributeError) as raised:
        reading(level.rows)(7)  # type: ignore[arg-type]

    assert ".get(" in "".join(traceback.format_exception(raised.value))
