"""The head of a call as it leaves: its request line and its headers. What a header must not say never leaves. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from hub.call import Call
from hub.errors import MessageError, Text

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OURS = {
    "User-Agent": "User-Agent: hub\r\n",
    "Accept": "Accept: */*\r\n",
    "Accept-Encoding": "Accept-Encoding: gzip, deflate\r\n",
}
"""What is said where a call does not say otherwise."""
_BODILESS = frozenset({"GET", "HEAD", "OPTIONS"})
_FRAMING = frozenset({"host", "content-length", "transfer-encoding", "connection"})
"""Headers that are ours to say."""


def head_of(call: Call, path: str, *, host: str, lines: str) -> bytes:
    """The request line and the headers, of which these lines are made already."""
    has_body = call.body or call.rest or call.method not in _BODILESS
    length = f"Content-Length: {call.length if call.rest else len(call.body)}\r\n" if has_body else ""
    return f"{call.method} {path} HTTP/1.1\r\nHost: {host}\r\n{lines}{length}\r\n".encode("ascii")


def header_lines(headers: Mapping[str, str]) -> str:
    """The header lines of a call but for those that are ours to say. MessageError for what is not visible ASCII."""
    form, values = _form(tuple(headers)), tuple(headers.values())
    if not _is_sayable("".join(values)):
        raise _unsayable(next(name for name, value in headers.items() if not _is_sayable(value)))
    return form % values


@lru_cache(maxsize=256)
def _form(names: tuple[str, ...]) -> str:
    """The header lines of all calls that have headers of these names, with a place for each of their values. MessageError
    when one is no name."""
    lines = [line for name, line in _OURS.items() if name not in names]
    for name in names:
        if not _HEADER_NAME.fullmatch(name):
            raise _unsayable(name)
        lines.append("%.0s" if name.lower() in _FRAMING else f"{name.replace('%', '%%')}: %s\r\n")
    return "".join(lines)


def _is_sayable(value: str) -> bool:
    return value.isascii() and value.replace("\t", " ").isprintable()


def _unsayable(name: str) -> MessageError:
    return MessageError(
        Text(
            en=f"The value of the header {name!r} has a character that an HTTP header cannot carry.",
            fr=f"La valeur de l'en-tête {name!r} contient un caractère impossible dans un en-tête HTTP.",
        )
    )
