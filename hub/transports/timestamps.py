"""The instants of WS-Security (wsu:Created, wsu:Expires): written, read, and how far from now they may be. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

WINDOW = timedelta(minutes=5)
"""How far from the hub's time something may have been created, either way: what WS-Security recommends."""

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,12})?(Z|[+-]\d\d:\d\d)?", re.ASCII)


def created_text(at: datetime) -> str:
    """An aware instant as a UsernameToken says it: UTC, whole seconds, which is what every stack reads."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def created_at(text: str) -> datetime | None:
    """The instant of a wsu:Created or wsu:Expires, None when it is none. Without a time zone it is UTC."""
    if not _INSTANT.fullmatch(text):
        return None
    try:
        read = datetime.fromisoformat(text)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
