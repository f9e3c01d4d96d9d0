"""The bytes of a request, read in pieces and held to a size and a time."""

from __future__ import annotations

import asyncio

from starlette.requests import Request

from hub.errors import MessageError, Text

SECONDS = 30.0
"""How long a whole body of up to UNHURRIED bytes may take to come in; a larger one as much longer."""

UNHURRIED = 10 * 1024 * 1024

WHOLE = "whole"
"""In the state of a request whose body is there to its end, so that there is nothing to wait for: what gives it, once, or
None when it must be received the usual way."""


async def read_body(request: Request, *, limit: int, seconds: float | None = None) -> bytes:
    """The request's body. MessageError 413 beyond `limit` bytes, announced or not, 408 beyond `seconds` (by default, what a
    body of `limit` bytes may take), 400 when cut."""
    whole = whole_body(request, limit=limit)
    if whole is not None:
        return whole
    if _announced(request) > limit:
        raise too_large(limit)
    if WHOLE in request.scope.get("state", {}):
        return await _gathered(request, limit)
    patience = seconds_for(limit) if seconds is None else seconds
    try:
        async with asyncio.timeout(patience):
            return await _gathered(request, limit)
    except TimeoutError as late:
        raise too_slow(patience) from late


def whole_body(request: Request, *, limit: int) -> bytes | None:
    """The body of a request that came to its end, with nothing to say before; None when it must be received. MessageError
    413 beyond `limit` bytes."""
    take = request.scope.get("state", {}).get(WHOLE)
    body: bytes | None = take(request.scope) if take else None
    if body is not None and len(body) > limit:
        raise too_large(limit)
    return body


def seconds_for(limit: int) -> float:
    """How long a body of at most so many bytes may take to come in."""
    return SECONDS * max(1.0, limit / UNHURRIED)


def check_size(body: bytes, *, limit: int) -> None:
    """MessageError 413 for a body that was read before it was known that only `limit` bytes of it are taken."""
    if len(body) > limit:
        raise too_large(limit)


def media_of(content_type: str) -> tuple[str, str]:
    """A Content-Type as (media type, charset), both in lower case, "" for what it does not say."""
    if ";" not in content_type:
        return content_type.strip().lower(), ""
    media, *rest = [part.strip() for part in content_type.lower().split(";")]
    named = dict(part.split("=", 1) for part in rest if "=" in part)
    return media, named.get("charset", "").strip("\"' ")


async def _gathered(request: Request, limit: int) -> bytes:
    pieces: list[bytes] = []
    size, more = 0, True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise cut_off()
        piece, more = message.get("body", b""), message.get("more_body", False)
        size += len(piece)
        if size > limit:
            raise too_large(limit)
        pieces.append(piece)
    return b"".join(pieces)


def _announced(request: Request) -> int:
    value = request.headers.get("content-length", "0")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 20 else 0


def too_slow(seconds: float) -> MessageError:
    """The refusal of a body that did not arrive in time."""
    return MessageError(
        Text(en=f"The body did not arrive within {seconds:g} s.", fr=f"Le corps n'est pas arrivé en {seconds:g} s."),
        status=408,
        kind="too-slow",
    )


def cut_off() -> MessageError:
    """The refusal of a body that ended before its end."""
    return MessageError(Text(en="The body was cut off.", fr="Le corps a été interrompu."), status=400, kind="cut-off")


def too_large(limit: int) -> MessageError:
    """The refusal of a body larger than `limit` bytes."""
    return MessageError(
        Text(
            en=f"The body is larger than the {limit} bytes that are taken here.",
            fr=f"Le corps dépasse les {limit} octets admis ici.",
        ),
        status=413,
        kind="too-large",
    )
