"""The log of a process: one JSON object a line."""

from __future__ import annotations

import asyncio
import atexit
import logging
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from typing import Any, TextIO, cast

import msgspec
import orjson
import structlog

from hub.traces import kinds, places

LONGEST_VALUE = 400
"""Characters of one value in a log line; what is longer is cut."""

SOON = 0.02
"""Seconds within which a line of an event loop goes to the system: each trip there lets all other threads go first."""


class _Gathered:
    """A stream that takes the lines of a running loop together; outside of one, each goes at once."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines: deque[bytes] = deque()
        self._is_due = False
        atexit.register(self._send)

    def write(self, line: str) -> None:
        """Take a line."""
        self._lines.append(line.encode())

    def write_bytes(self, line: bytes) -> None:
        """Take a line in UTF-8."""
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
        if lines := b"".join(self._taken()):
            self._stream.write(lines.decode())
            self._stream.flush()

    def _taken(self) -> Iterator[bytes]:
        with suppress(IndexError):  # another thread may take the last one
            while True:
                yield self._lines.popleft()


Values = msgspec.Struct | Mapping[str, str | float]
"""What a line says besides its event: texts, numbers and truths, by name."""

Tell = Callable[[str, str, Values], None]
"""Writes a line, of a level, an event and values."""


class Log:
    """Where the hub's own lines go. What they say is written without structlog's rounds where these would change nothing."""

    def __init__(self, stream: _Gathered, level: int) -> None:
        self._stream = stream
        self._level = level

    def tell(self, level: str, event: str, values: Values) -> None:
        """Write a line of the hub's own: INFO an action done, WARNING recovered, ERROR a person must act."""
        if _LEVELS[level] < self._level:
            return
        try:
            said = _encode(values)
        except UnicodeEncodeError:
            said = b""
        if _is_tame(said):
            now = _encode(datetime.now(UTC))
            self._stream.write_bytes(b"".join((said[:-1], _more(level, event), now, b"}\n")))
            self._stream.flush()
        else:
            tell(level, event, values)


_encode = msgspec.json.Encoder().encode


def _is_tame(said: bytes) -> bool:
    """Whether a JSON object says something, and no value in it is too long or unprintable: in JSON, what comes before the
    space has a backslash."""
    if not 2 < len(said) <= LONGEST_VALUE or _BACKSLASH in said or _DELETE in said:
        return False
    return said.isascii() or said.decode().isprintable()


@cache
def _more(level: str, event: str) -> bytes:
    return b",%b," % orjson.dumps({"event": event, "level": level})[1:-1] + b'"timestamp":'


_BACKSLASH, _DELETE = b"\\\x7f"
_LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def tell(level: str, event: str, values: Values) -> None:
    """Write a line as structlog does, wherever that was told to write."""
    getattr(structlog.get_logger("hub"), level)(event, **msgspec.to_builtins(values))


def configure_logging(level: int = logging.INFO, *, stream: TextIO = sys.stdout) -> Log:
    """Write every log line of the process as one JSON object; values are cut, and no control character gets out. For the
    hub's own lines there is a Log."""
    gathered = _Gathered(stream)
    steps: list[structlog.typing.Processor] = [structlog.processors.add_log_level, _stamped, _without_words, _tamed]
    structlog.configure(
        processors=[*steps, _written],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, gathered)),
        cache_logger_on_first_use=True,
    )
    _take_in_libraries(level, cast(TextIO, gathered), steps=steps)
    return Log(gathered, level)


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


def _stamped(_: Any, __: str, values: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    values["timestamp"] = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return values


def _without_words(_: Any, __: str, values: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Of an error that comes along only its kinds and places: its words may be somebody's data."""
    told = values.pop("exc_info", None)
    error = told[1] if isinstance(told, tuple) else sys.exc_info()[1] if told else None
    if error is not None:
        values.update(error=kinds(error), raised=places(error))
    return values


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
