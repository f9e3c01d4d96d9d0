"""A pattern once more, for texts of Latin-1 only: so `re` can tell how they fit, in half the time that `regex` takes.

Each sign of the pattern is written as the very characters that `regex` says it takes, so both tell the same. A text with
any other character does not fit here; it, and a pattern that may mean something else to `re`, is for `regex`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache

import regex

_LATIN = "".join(map(chr, range(256)))
_PIECE = re.compile(
    r"(?P<same>\((?:\?:|\?P<[A-Za-z_]\w*>|(?!\?))|[)|^$]|(?:[*+?]|\{\d+(?:,\d*)?\})\??(?![*+?{]))"
    r"|(?P<sign>\\[pP]\{\w+\}|\\[dDsSwW]|\\[^0-9A-Za-z]|\[\^?(?:\\[pP]\{\w+\}|\\[dDsSwW]|\\[^0-9A-Za-z]|[^][\\])+\]"
    r"|[^][\\(){}|*+?^$])",
    re.ASCII,
)
"""What stands in a pattern for one character, and what both read the same: groups, choices and repeats."""

LatinMatch = Callable[[str], re.Match[str] | None]


@cache
def latin_match(written: str) -> LatinMatch | None:
    """A function that tells how the whole of a text fits, or None also where it may fit all the same; None for a pattern
    that is for `regex` alone."""
    try:
        return re.compile("".join(_pieces(written))).fullmatch
    except (re.error, regex.error, OverflowError, RecursionError):
        return None


def _pieces(written: str) -> Iterator[str]:
    """The pattern in terms of `re`. Raises re.error for what cannot be said so."""
    position = 0
    while position < len(written):
        piece = _PIECE.match(written, position)
        if piece is None:
            raise re.error("not known here")
        yield piece["same"] or _characters(piece["sign"])
        position = piece.end()


@cache
def _characters(sign: str) -> str:
    """The characters of Latin-1 that a sign takes."""
    found = regex.findall(sign, _LATIN)
    if not found:
        raise re.error("none of Latin-1")
    return re.escape(found[0]) if len(found) == 1 else f"[{''.join(map(re.escape, found))}]"
