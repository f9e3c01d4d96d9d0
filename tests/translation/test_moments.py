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


ZONES = [
    ZoneInfo(name)
    for name in (
        *("Europe/Paris", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Monrovia", "Africa/Casablanca"),
        *("Asia/Kathmandu", "UTC"),
    )
]
CHANGES = st.builds(
    lambda day, seconds: day + timedelta(seconds=seconds),
    st.sampled_from(
        [datetime(2026, 3, 29), datetime(2026, 10, 25), datetime(1987, 10, 25), datetime(2011, 12, 30), datetime(1972, 1, 7)]  # noqa: DTZ001 - as above
    ),
    st.integers(-7200, 4 * 3600),
)


def written(zone: ZoneInfo, text: str, form: str) -> str | None:
    """What a lettered form of the zone makes of a moment in the record, or None."""
    try:
        return date_form(form, zone).cell.form(text)
    except Fault:
        return None


def parsed(zone: ZoneInfo, text: str) -> str | None:
    try:
        return date_form("datetime", zone).cell.parse(text)
    except Fault:
        return None


@given(st.one_of(SINCE_1920, CHANGES), st.sampled_from(ZONES), st.booleans(), st.integers(-12 * 4, 14 * 4))
def test_an_hour_that_is_known_keeps_its_moments_as_they_are_kept_one_by_one(
    local: datetime, zone: ZoneInfo, is_there: bool, quarters: int
) -> None:
    given_zone = zone if is_there else timezone(timedelta(minutes=15 * quarters))
    text = local.replace(tzinfo=given_zone).isoformat()

    assert parsed(zone, text) == parsed(zone, f" {text}")  # a text with a blank is not known by its hour


@given(st.one_of(SINCE_1920, CHANGES), st.sampled_from(ZONES))
def test_a_moment_of_the_record_is_written_as_it_is_in_the_zone(local: datetime, zone: ZoneInfo) -> None:
    kept = parsed(zone, local.replace(tzinfo=UTC).isoformat())
    assume(kept is not None and len(kept) == len("2026-05-31T14:05:00+02:00"))
    there = datetime.fromisoformat(str(kept))

    assert written(zone, str(kept), "dd/MM/yyyy 'à %02d' HH:mm %ss") == f"{there:%d/%m/%Y à %%02d %H:%M} %{there:%S}"
    assert written(zone, str(kept), "yyyyMMdd") == f"{there.year:04d}{there:%m%d}"


@pytest.mark.parametrize(
    "text",
    [
        "2026-05-31T14:60:00+02:00",
        "2026-05-31T14:05:60+02:00",
        "2026-05-31T24:05:00+02:00",
        "2026-02-30T14:05:00+01:00",
        "2026-05-31T14:05:00-00:00",
        "2026-05-31 14:05:00+02:00",
        "2026x05-31T14:05:00+02:00",
        "2026-05-31T14-05-00+02:00",
        "２026-05-31T14:05:00+02:00",
        "2026-03-29T02:30:00+01:00",
    ],
)
def test_what_only_looks_like_a_kept_moment_is_judged_like_any_text(text: str) -> None:
    assert parsed(PARIS, text) == parsed(PARIS, f" {text}")
    assert parsed(PARIS, text) != text
