"""The request headers that travel with a message, judged once for every door."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.requests import Request

from hub.errors import MessageError, Text

_KEY = re.compile(r"[!-~]{1,255}")
_TRACE = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_URL = re.compile(r"https?://[!-~]{1,2000}")


@dataclass(frozen=True, slots=True)
class Travelling:
    """The sender's idempotency key, the page that the request came from, and its trace, "" for none; and until when it is
    of use to its sender."""

    key: str
    caller_url: str
    trace: str
    expires_at: datetime | None


_NAMES = frozenset({b"idempotency-key", b"publik-caller-url", b"traceparent", b"ce-expirytime"})
_NOTHING = Travelling("", "", "", None)


def travelling(request: Request) -> Travelling:
    """What travels with a message. MessageError 400 for a wrong Idempotency-Key or CE-ExpiryTime; the others are dropped
    when misformed."""
    if _NAMES.isdisjoint([name for name, _ in request.scope["headers"]]):
        return _NOTHING
    return Travelling(
        _key(request),
        _fitting(_URL, request.headers.get("publik-caller-url", "")),
        _fitting(_TRACE, request.headers.get("traceparent", "")),
        _expires_at(request.headers.get("ce-expirytime")),
    )


def _key(request: Request) -> str:
    given = request.headers.getlist("idempotency-key")
    if not given:
        return ""
    if len(given) == 1 and _KEY.fullmatch(given[0]):
        return given[0]
    raise MessageError(
        Text(
            en="Idempotency-Key: once, 1 to 255 visible ASCII characters.",
            fr="Idempotency-Key : une seule fois, de 1 à 255 caractères ASCII visibles.",
        ),
        status=400,
        kind="idempotency-key-not-accepted",
    )


def _expires_at(given: str | None) -> datetime | None:
    """The deadline in CloudEvents' header `ce-expirytime`, in UTC."""
    if given is None:
        return None
    try:
        at = datetime.fromisoformat(given)
        if at.tzinfo:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise MessageError(
        Text(
            en="CE-ExpiryTime: a time with its offset, such as 2026-03-02T18:00:00Z.",
            fr="CE-ExpiryTime : une date et heure avec son décalage, par exemple 2026-03-02T18:00:00Z.",
        ),
        status=400,
        kind="deadline-not-accepted",
    )


def _fitting(form: re.Pattern[str], value: str) -> str:
    return value if value and form.fullmatch(value) else ""
