"""Files inside a document: decoded, measured, told by their first bytes, and kept apart under a ticket (claim check)."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import Any

from hub.translation.faults import Fault, fault

SIGNATURES: Mapping[str, bytes] = {"pdf": b"%PDF-", "jpg": b"\xff\xd8\xff", "png": b"\x89PNG\r\n\x1a\n"}

_STEPS = ((1000**2, "MB", "Mo"), (1000, "kB", "ko"), (1, "B", "o"))


def open_base64(text: str, *, limit: int, types: tuple[str, ...]) -> tuple[dict[str, Any], bytes]:
    """The ticket that a record holds, and the bytes. Raises Fault: not base64, too large (bytes), not of `types`."""
    if len(text) > limit * 1.5 + 100:  # base64 is 4/3, plus line breaks: not worth decoding
        raise _too_large(limit)
    try:
        content = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise fault("is not a file in base64", "n'est pas un fichier en base64") from error
    if len(content) > limit:
        raise _too_large(limit)
    kind = type_of(content)
    if types and kind not in types:
        listed = ", ".join(types)
        raise fault(
            f"is not a file of these types: {listed}", f"n'est pas un fichier de ces types : {listed}", accepted=types
        )
    return {"ticket": ticket_of(content), "size": len(content), "type": kind}, content


def form_base64(ticket: Mapping[str, Any], files: Mapping[str, bytes]) -> str:
    """The bytes behind `ticket` in base64. Raises Fault when `files` has none."""
    content = files.get(str(ticket["ticket"]))
    if content is None:
        raise fault("its file is no longer kept", "son fichier n'est plus conservé")
    return base64.b64encode(content).decode("ascii")


def ticket_of(content: bytes) -> str:
    """The ticket of these bytes: `sha256:<hex>`."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def type_of(content: bytes) -> str:
    """pdf, jpg, png, or "other", by the first bytes and not by any name."""
    return next((kind for kind, start in SIGNATURES.items() if content.startswith(start)), "other")


def _too_large(limit: int) -> Fault:
    size, en, fr = next((step for step in _STEPS if limit >= step[0]), _STEPS[-1])
    return fault(f"is larger than {limit / size:g} {en}", f"dépasse {limit / size:g} {fr}")
