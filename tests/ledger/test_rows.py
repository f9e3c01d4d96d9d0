"""Facts as the driver's own rows: nothing is lost on the way, and each value is written as it always was."""

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.facts import replace
from hub.ledger import rows
from hub.ledger.store import PLAIN
from hub.ledger.tables import EPOCH, instant, micros
from hub.lifecycle import Gate, Lane
from hub.message import Delivery, Priority, State
from tests.ledger.makers import LANE, NOON, a_delivery, a_message, seconds

BROKEN = Lane(LANE, Gate.OPEN, True, 3, NOON, NOON + seconds(1), 2.5, NOON + seconds(2), "out of order")
LATE = Delivery(
    *("d1", "m1", "exchange", "ville", "waste", "operation", LANE, "R1", 7, State.UNANSWERED, NOON, 1, 2, 3, True),
    *(NOON + seconds(3), "boot", NOON + seconds(4), "reason", Priority.HIGH, True, True, True),
)


@pytest.mark.parametrize(
    "fact",
    [a_message(), replace(a_message(), expires_at=NOON), LATE, Lane(LANE), BROKEN],
    ids=lambda fact: type(fact).__name__,
)
def test_a_plain_row_has_each_value_under_its_column_and_times_as_microseconds(fact) -> None:
    row = dict(zip(rows.COLUMNS[type(fact)], rows.PLAIN[type(fact)](fact), strict=True))

    values = {name: getattr(fact, name) for name in row}
    assert row == {name: micros(value) if isinstance(value, datetime) else value for name, value in values.items()}


def test_a_plain_row_leaves_out_only_what_a_new_delivery_has_by_its_columns_alone() -> None:
    left_out = set(rows.NAMES[Delivery]) - set(rows.COLUMNS[Delivery])
    new = a_delivery(a_message())

    assert left_out == {"position", "failing_since", "behind", "ahead"}
    assert [getattr(new, name) for name in ("failing_since", "behind", "ahead")] == [None, False, False]
    assert all(set(rows.NAMES[kind]) == set(rows.COLUMNS[kind]) for kind in rows.COLUMNS if kind is not Delivery)


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_time_is_told_to_the_microsecond_and_comes_back(at: datetime) -> None:
    assert micros(at) == (at - EPOCH) // timedelta(microseconds=1)
    assert instant(micros(at)) == at


@pytest.mark.parametrize("lane", [Lane(LANE), BROKEN], ids=["sound", "broken"])
def test_a_lane_comes_back_from_its_plain_row_as_it_was(lane: Lane) -> None:
    as_sqlite_gives_it = [int(value) if isinstance(value, bool) else value for value in rows.PLAIN[Lane](lane)]

    assert rows.lane_from(as_sqlite_gives_it) == lane


@pytest.mark.parametrize("value", [None, True, False, b"", b"\x00\xff", *State, *Gate, *Priority], ids=repr)
def test_sqlite_is_told_the_same_value_as_without_a_word_on_its_kind(value) -> None:
    with sqlite3.connect(":memory:") as book:
        as_it_is, told = value, PLAIN[type(value)](value)
        told_so = book.execute("SELECT ?, typeof(?)", (told, told)).fetchone()

        assert book.execute("SELECT ?, typeof(?)", (as_it_is, as_it_is)).fetchone() == told_so
    assert told_so[0] == value
    assert told_so[1] == {type(None): "null", bool: "integer", Priority: "integer", bytes: "blob"}.get(type(value), "text")


@pytest.mark.parametrize("fact", [a_message(), LATE, BROKEN], ids=lambda fact: type(fact).__name__)
def test_no_value_of_a_plain_row_is_of_a_kind_that_sqlite_would_have_to_ask_about(fact) -> None:
    assert {type(value) for value in rows.PLAIN[type(fact)](fact)} <= {int, float, str, *PLAIN}
