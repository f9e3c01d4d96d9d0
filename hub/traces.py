"""What a log says of an error that nobody expected: its kinds and its places, never its words, which may be private."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from traceback import extract_tb

MOST = 5
"""So many errors of one chain are told: some libraries wrap one three times."""

_HUB = Path(__file__).parent
_LIBRARIES = "site-packages/"


def kinds(error: BaseException) -> str:
    """The class of an error and of those that it came from: `OperationalError from LockNotAvailable`."""
    return " from ".join(type(each).__name__ for each in _chain(error))


def places(error: BaseException) -> str:
    """Where it was raised, and through which of the hub's own lines it came, the innermost first:
    `psycopg/cursor.py:117 < hub/ledger/writer.py:88 < hub/worker.py:135`."""
    told = dict.fromkeys(place for each in reversed(list(_chain(error))) for place in _places(each))
    return " < ".join(told)


def _chain(error: BaseException) -> Iterator[BaseException]:
    told: BaseException | None = error
    for _ in range(MOST):
        if told is None:
            return
        yield told
        told = told.__cause__ or (None if told.__suppress_context__ else told.__context__)


def _places(error: BaseException) -> Iterator[str]:
    for depth, frame in enumerate(reversed(extract_tb(error.__traceback__))):
        file = Path(frame.filename)
        if file.is_relative_to(_HUB):
            yield f"{file.relative_to(_HUB.parent)}:{frame.lineno}"
        elif depth == 0:
            yield f"{frame.filename.rpartition(_LIBRARIES)[2]}:{frame.lineno}"
