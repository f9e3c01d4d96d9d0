"""The bytes of a request, read in pieces and held to a size and a time."""

from __future__ import annotations

import asyncio

from starlette.requests import Request

from hub.errors import MessageError, Text

SECONDS = 30.0
"""How long a whole body may take to come in."""

WHOLE = "whole"
"""In the state of a request whose body is there to its end: there is nothing to wait for."""


async def read_body(request: Request, *, limit: int, seconds: float = SECONDS) -> bytes:
    """The request's body. MessageError 413 beyond `limit` bytes, announced or not, 408 beyond `seconds`, 400 when cut."""
    if _announced(request) > limit:
        raise too_large(limit)
    if WHOLE in request.scope.get("state", ()):
        return await _gathered(request, limit)
    try:
        async with asyncio.timeout(seconds):
            return await _gathered(request, limit)
    except TimeoutError as late:
        raise too_slow(seconds) from late


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
