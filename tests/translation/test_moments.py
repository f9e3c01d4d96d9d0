"""Moments as applications write them: of any zone, of none, and those that are no moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hub.translation.dates import date_form
from hub.translation.faults import Fault

PARIS = ZoneInfo("Europe/Paris")
FORM = date_form("datetime", PARIS).cell
SINCE_1920 = st.datetimes(datetime(1920, 1, 1), datetime(2120, 1, 1)).map(  # noqa: DTZ001 - zones are given below
    lambda moment: moment.replace(microsecond=0)
)


@given(SINCE_1920, st.integers(-14 * 60, 14 * 60))
def test_a_moment_of_any_zone_is_kept_as_the_same_moment(local: datetime, minutes: int) -> None:
    moment = local.replace(tzinfo=timezone(timedelta(minutes=minutes)))

    kept = datetime.fromisoformat(FORM.parse(moment.isoformat()))

    assert kept == moment
    assert kept.utcoffset() == moment.astimezone(PARIS).utcoffset()


@given(SINCE_1920)
def test_a_moment_without_a_zone_is_of_the_zone_that_the_mapping_declares(local: datetime) -> None:
    there = local.replace(tzinfo=PARIS)
    assume(there.astimezone(UTC).astimezone(PARIS).replace(tzinfo=None) == local)

    assert datetime.fromisoformat(FORM.parse(local.isoformat())) == there


@pytest.mark.parametrize("text", ["2026-05-31T24:00:00", "2026-02-30T10:00:00", "2026-05-31T10:00:00+25:00", "2026-05-31"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(Fault):
        FORM.parse(text)


def test_a_local_time_that_the_spring_change_leaves_out_is_refused() -> None:
    with pytest.raises(Fault):
        FORM.parse("2026-03-29T02:30:00")
