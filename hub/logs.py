"""The log of a process: one JSON object a line."""

from __future__ import annotations

import asyncio
import atexit
import logging
import sys
from collections import deque
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TextIO, cast

import orjson
import structlog

LONGEST_VALUE = 400
"""Characters of one value in a log line; what is longer is cut."""

SOON = 0.02
"""Seconds within which a line of an event loop goes to the system: each trip there lets all other threads go first."""


class _Gathered:
    """A stream that takes the lines of a running loop together; outside of one, each goes at once."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines: deque[str] = deque()
        self._is_due = False
        atexit.register(self._send)

    def write(self, line: str) -> None:
        """Take a line."""
        self._lines.append(line)

    def flush(self) -> None:
        """See that what was taken is sent soon."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._send()
            return
        if not self._is_due:
            self._is_due = True
            loop.call_later(SOON, self._send)

    def _send(self) -> None:
        self._is_due = False
        if lines := "".join(self._taken()):
            self._stream.write(lines)
            self._stream.flush()

    def _taken(self) -> Iterator[str]:
        with suppress(IndexError):  # another thread may take the last one
            while True:
                yield self._lines.popleft()


class _Straight:
    """Lines of texts, numbers and truths, written without structlog's rounds where these would change nothing in them."""

    def __init__(self, stream: _Gathered, level: int) -> None:
        self._stream = stream
        self._level = level

    def took(self, level: str, event: str, values: Mapping[str, Any]) -> bool:
        """Write a line, or leave it out for its level. False, and nothing written, when a value may have to be tamed."""
        if _LEVELS[level] < self._level:
            return True
        told = {**values, "event": event, "level": level, "timestamp": datetime.now(UTC)}
        try:
            line = orjson.dumps(told, option=orjson.OPT_UTC_Z).decode()
        except orjson.JSONEncodeError:
            return False
        if not _is_tame(line):
            return False
        self._stream.write(f"{line}\n")
        self._stream.flush()
        return True


def _is_tame(line: str) -> bool:
    """Whether no value in a line is too long or unprintable: in JSON, what comes before the space has a backslash."""
    if len(line) > LONGEST_VALUE or "\\" in line or "\x7f" in line:
        return False
    return line.isascii() or line.isprintable()


_LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_straight: _Straight | None = None


def tell(level: str, event: str, values: Mapping[str, str | float]) -> None:
    """Write a line of the hub's own: INFO an action done, WARNING recovered, ERROR a person must act."""
    if _straight is None or not _straight.took(level, event, values):
        getattr(structlog.get_logger("hub"), level)(event, **values)


def configure_logging(level: int = logging.INFO, *, stream: TextIO = sys.stdout) -> None:
    """Write every log line of the process as one JSON object; values are cut, and no control character gets out."""
    global _straight  # noqa: PLW0603 - like structlog's own settings, one for the process
    gathered = _Gathered(stream)
    _straight = _Straight(gathered, level)
    steps: list[structlog.typing.Processor] = [structlog.processors.add_log_level, _stamped, _tamed]
    structlog.configure(
        processors=[*steps, _written],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, gathered)),
        cache_logger_on_first_use=True,
    )
    _take_in_libraries(level, cast(TextIO, gathered), steps=steps)


def _take_in_libraries(level: int, stream: TextIO, *, steps: list[structlog.typing.Processor]) -> None:
    """What modules and libraries say through `logging` takes the same form, from warnings on."""
    taking: list[structlog.typing.Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, _written]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=steps, processors=taking))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(level, logging.WARNING))


def _written(_: Any, __: str, values: Mapping[str, Any]) -> str:
    return orjson.dumps(values, default=str).decode()


def _stamped(logger: Any, method: str, values: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    values["timestamp"] = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return structlog.processors.format_exc_info(logger, method, values) if "exc_info" in values else values


def _tamed(_: Any, __: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        name: value if type(value) is str and len(value) <= LONGEST_VALUE and value.isprintable() else tame(value)
        for name, value in values.items()
    }


def tame(value: Any) -> Any:
    """A value as it may stand in a log line: at most 400 characters, everything unprintable written as an escape."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    text = str(value)
    if len(text) > LONGEST_VALUE:
        text = f"{text[:LONGEST_VALUE]}… ({len(text)})"
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else f"<U+{ord(sign):04X}>" for sign in text)
