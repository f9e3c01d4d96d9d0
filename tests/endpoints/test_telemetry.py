"""Log lines and traffic: one JSON object a line, whatever is in the values."""

from __future__ import annotations

import io
import json
import logging
import re
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from hub.logs import configure_logging, tame, tell
from hub.measures import Durations, Stopwatch, Tally
from hub.signals import Accepted, Attempted, Fetched, LaneChanged, Missed, NotAccepted, Signal
from hub.telemetry import Telemetry


def lines_of(*signals: Signal, careful: bool = False) -> list[dict]:
    """The lines that signals leave, written straight where that can be, or all as structlog writes them."""
    stream = io.StringIO()
    log = configure_logging(stream=stream)
    telemetry = Telemetry(tell if careful else log.tell)
    for signal in signals:
        telemetry.listen(signal)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def without_time(line: dict) -> list[tuple[str, object]]:
    """The keys and values of a line, in their order."""
    assert datetime.fromisoformat(line["timestamp"]).tzinfo == UTC
    assert line["timestamp"].endswith("Z")
    return [(name, value) for name, value in line.items() if name != "timestamp"]


def attempted(event: str, reason: str = "") -> Attempted:
    return Attempted("bin-replacement", "waste/default", "D-1", "m", "d", event, 0.2, reason)


def test_a_line_has_its_reference_its_level_and_its_time() -> None:
    (line,) = lines_of(Accepted("bin-replacement", "portal", "D-1", "m"))

    assert line["event"] == "accepted"
    assert line["reference"] == "D-1"
    assert line["level"] == "info"
    assert line["timestamp"].endswith("Z")


def test_a_level_says_who_must_act() -> None:
    lines = lines_of(attempted("delivered"), attempted("retry"), attempted("dead"), LaneChanged("l", "open", "r"))

    assert [line["level"] for line in lines] == ["info", "warning", "error", "warning"]


def test_nothing_in_a_value_breaks_a_line_or_reaches_the_terminal() -> None:
    wild = 'a\r\n{"event": "forged"}\x1b[31m\u202etxt\x00 %s {0} é' + "x" * 1_000_000

    (line,) = lines_of(attempted("retry", wild))

    assert "\n" not in line["reason"]
    assert "\x1b" not in line["reason"]
    assert "\u202e" not in line["reason"]
    assert "é" in line["reason"]
    assert len(line["reason"]) < 1000


_SIGNALS: tuple[Signal, ...] = (
    Accepted("bin-replacement", "portal", "D-1", "m", duplicate=True),
    NotAccepted("bin-replacement", "portal", "invalid-message"),
    attempted("delivered"),
    attempted("retry", "numéro inconnu"),
    LaneChanged("waste/default", "open", "no answer"),
    Missed("bin-replacement", "waste", "D-1", "m"),
    Fetched("waste-progress", 3, "unavailable"),
)


@pytest.mark.parametrize("signal", _SIGNALS)
def test_a_line_that_is_written_straight_is_the_one_that_structlog_writes(signal: Signal) -> None:
    (straight,) = lines_of(signal)
    (careful,) = lines_of(signal, careful=True)

    assert without_time(straight) == without_time(careful)


@given(
    values=st.dictionaries(
        st.sampled_from(["reference", "reason", "lane"]),
        st.text(st.characters(exclude_categories=[]), max_size=450)
        | st.floats()
        | st.booleans()
        | st.integers(-(2**53), 2**53),
    )
)
@example(values={"reason": "\x7f"})
@example(values={"reason": "\ud800"})
@example(values={"reason": 'a "quoted" \\ path'})
@example(values={"reason": "x" * 400})
@example(values={"reason": "\u2028\u00ad"})
def test_whatever_the_values_are_it_is_written_straight_or_not_at_all(values: dict[str, str | float]) -> None:
    stream, careful = io.StringIO(), io.StringIO()
    configure_logging(stream=stream).tell("info", "told", values)
    configure_logging(stream=careful)
    tell("info", "told", values)

    assert without_time(json.loads(stream.getvalue())) == without_time(json.loads(careful.getvalue()))


@pytest.mark.parametrize("level", ["info", "warning", "error"])
def test_a_level_that_is_not_asked_for_is_not_written(level: str) -> None:
    stream = io.StringIO()
    log = configure_logging(logging.WARNING, stream=stream)

    for written in (log.tell, tell):
        written(level, "told", {"reference": "D-1"})

    assert len(stream.getvalue().splitlines()) == (0 if level == "info" else 2)


def test_whoever_is_given_to_it_is_told_the_lines() -> None:
    told: list[tuple[str, str, dict]] = []
    telemetry = Telemetry(lambda level, event, values: told.append((level, event, msgspec.to_builtins(values))))

    telemetry.listen(NotAccepted("bin-replacement", "portal", "invalid-message"))

    values = {"exchange": "bin-replacement", "sender": "portal", "kind": "invalid-message"}
    assert told == [("warning", "refused at the door", values)]


def test_an_unexpected_error_is_logged_without_its_words() -> None:
    stream = io.StringIO()
    telemetry = Telemetry(configure_logging(stream=stream).tell)

    try:
        raise RuntimeError("Camille Martin, 12 rue des Tanneurs")
    except RuntimeError as error:
        telemetry.failed(error, at="/api")

    assert "Camille" not in stream.getvalue()
    assert "RuntimeError" in stream.getvalue()


def test_a_module_that_logs_an_error_tells_its_kinds_and_its_places_and_not_its_words() -> None:
    stream = io.StringIO()
    configure_logging(stream=stream)

    try:
        tame(Unspeakable())
    except ValueError:
        logging.getLogger("hub.worker").exception("the worker failed in a step, and goes on")

    line = json.loads(stream.getvalue())
    assert "Camille" not in stream.getvalue()
    assert line["error"] == "ValueError from KeyError"
    assert re.fullmatch(r"/\S*/test_telemetry\.py:\d+ < /\S*/test_telemetry\.py:\d+ < hub/logs\.py:\d+", line["raised"])


class Unspeakable:
    """What cannot be written, for a reason that is somebody's."""

    def __str__(self) -> str:
        try:
            return {}["Camille Martin"]
        except KeyError as error:
            raise ValueError("Camille Martin, 12 rue des Tanneurs") from error


def test_the_traffic_of_the_last_hour_is_kept_in_steps() -> None:
    now = [0.0]
    telemetry = Telemetry(timer=lambda: now[0])
    telemetry.listen(attempted("delivered"))
    telemetry.listen(attempted("retry"))
    now[0] = 3300.0
    telemetry.listen(attempted("delivered"))
    telemetry.listen(attempted("delivered"))

    assert telemetry.traffic("waste/default") == (1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2)
    now[0] = 3600.0
    assert sum(telemetry.traffic("waste/default")) == 2
    assert sum(telemetry.traffic("another")) == 0


_BOUNDS = (0.005, 0.01, 0.25, 1, 30)


@given(
    scrapes=st.lists(
        st.lists(
            st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from([0, *_BOUNDS]) | st.integers(0, 64).map(float)),
            max_size=8,
        ),
        max_size=4,
    )
)
def test_what_is_counted_with_every_message_is_shown_as_any_other_measure(scrapes: list[list[tuple[str, float]]]) -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    tally = Tally(Counter("done", "Done.", ("who", "what"), registry=ours))
    stopwatch = Stopwatch(Durations("lasted", "Lasted.", ("who",), registry=ours, buckets=_BOUNDS), _BOUNDS)
    counter = Counter("done", "Done.", ("who", "what"), registry=theirs)
    histogram = Histogram("lasted", "Lasted.", ("who",), registry=theirs, buckets=_BOUNDS)

    for observed in scrapes:
        for who, seconds in observed:
            tally.count(who, "x")
            counter.labels(who, "x").inc()
            stopwatch.observe(who, seconds)
            histogram.labels(who).observe(seconds)
        tally.hand_over()
        stopwatch.hand_over()

        assert _shown(ours) == _shown(theirs)


def _shown(registry: CollectorRegistry) -> list[tuple[str, float | None]]:
    """Each line of a scrape with its value, but for when a series began."""
    lines = [line.rpartition(" ") for line in generate_latest(registry).decode().splitlines() if line[0] != "#"]
    return [(name, None if "_created" in name else pytest.approx(float(value))) for name, _, value in lines]
