"""The request headers that travel with a message, judged once for every door."""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.requests import Request

from hub.errors import MessageError, Text

_KEY = re.compile(r"[!-~]{1,255}")
_TRACE = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_URL = re.compile(r"https?://[!-~]{1,2000}")


@dataclass(frozen=True, slots=True)
class Travelling:
    """The sender's idempotency key, the page that the request came from, and its trace; "" for none."""

    key: str
    caller_url: str
    trace: str


def travelling(request: Request) -> Travelling:
    """What travels with a message. MessageError 400 for a wrong Idempotency-Key; the others are dropped when misformed."""
    return Travelling(
        _key(request),
        _fitting(_URL, request.headers.get("publik-caller-url", "")),
        _fitting(_TRACE, request.headers.get("traceparent", "")),
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


def _fitting(form: re.Pattern[str], value: str) -> str:
    return value if form.fullmatch(value) else ""
