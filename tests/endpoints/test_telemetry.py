"""Log lines and traffic: one JSON object a line, whatever is in the values."""

from __future__ import annotations

import io
import json

from hub.logs import configure_logging
from hub.signals import Accepted, Attempted, LaneChanged
from hub.telemetry import Telemetry


def lines_of(*signals: object) -> list[dict]:
    stream = io.StringIO()
    configure_logging(stream=stream)
    telemetry = Telemetry()
    for signal in signals:
        telemetry.listen(signal)  # type: ignore[arg-type]
    return [json.loads(line) for line in stream.getvalue().splitlines()]


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


def test_an_unexpected_error_is_logged_without_its_words() -> None:
    stream = io.StringIO()
    configure_logging(stream=stream)

    try:
        raise RuntimeError("Camille Martin, 12 rue des Tanneurs")
    except RuntimeError as error:
        Telemetry().failed(error, at="/api")

    assert "Camille" not in stream.getvalue()
    assert "RuntimeError" in stream.getvalue()


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
