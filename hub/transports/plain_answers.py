"""An answer that came all at once, with nothing out of the ordinary, read at a glance: most are so. Any other is a real
parser's to read, which would read what is read here just the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from hub.facts import Fact

_HEAD = re.compile(
    rb"HTTP/1\.1 ([2-5][0-9]{2})(?: [ -~]*)?\r\n"
    rb"((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+: ?[!-~](?:[ -~]*[!-~])?\r\n){1,64})"
)
_LENGTH = re.compile(r"0|[1-9][0-9]{0,9}")
_LONGEST_HEAD = 2048
_BODILESS = frozenset({204, 304})
_UNUSUAL = frozenset({"transfer-encoding", "content-encoding", "upgrade", "proxy-connection", "trailer"})
"""Headers by which a body is more, or something else, than the bytes that follow."""


class Heard(Fact, frozen=True):
    """What was answered: its headers by name in lower case, and its body, decoded; None where some of that is not read."""

    status: int
    headers: Mapping[str, str]
    body: bytes | None


class _Head(Fact, frozen=True):
    status: int
    headers: Mapping[str, str]
    length: int


def heard_at_once(data: bytes) -> Heard | None:
    """The answer that these bytes are, to a call whose answer may have a body; None where they are not plainly one."""
    end = data.find(b"\r\n\r\n", 0, _LONGEST_HEAD) + 4
    if end < 4:
        return None
    head = _head(data[: end - 2])
    if head is None or len(data) - end != head.length:
        return None
    return Heard(head.status, head.headers, data[end:])


@lru_cache(maxsize=256)
def _head(data: bytes) -> _Head | None:
    """What a plain head says, but for its end; None for any other. An application says much the same each time."""
    found = _HEAD.fullmatch(data)
    if found is None or (status := int(found[1])) in _BODILESS:
        return None
    lines = [line.partition(":") for line in found[2].decode("ascii").split("\r\n")[:-1]]
    headers = {name.lower(): value.strip() for name, _, value in lines}
    length = headers.pop("content-length", "")
    is_kept = headers.get("connection", "keep-alive").lower() == "keep-alive"
    if len(headers) + 1 < len(lines) or not is_kept or not _LENGTH.fullmatch(length) or _UNUSUAL & headers.keys():
        return None
    return _Head(status, headers, int(length))
