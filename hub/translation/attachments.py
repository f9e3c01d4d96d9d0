"""Files inside a document: decoded, measured, told by their first bytes, and kept apart under a ticket (claim check).

A file that travels beside its document stands in it by its `stand_in`. One that is given by its address is what was fetched
there; where nothing is fetched (hub check, hub try), its `substitute` is taken for it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import Any

from hub.message import Apart, File, Files, stand_in
from hub.translation.faults import Fault, fault
from hub.translation.wanted import Fetched

SIGNATURES: Mapping[str, bytes] = {
    "pdf": b"%PDF-",
    "jpg": b"\xff\xd8\xff",
    "png": b"\x89PNG\r\n\x1a\n",
    "gif": b"GIF8",
    "zip": b"PK\x03\x04",
    "xml": b"<?xml",
}
"""By what a type is told. Office documents (docx, odt) are zip."""

_MARK = b"\xef\xbb\xbf"
"""What may stand before an XML declaration."""

_STEPS = ((1000**2, "MB", "Mo"), (1000, "kB", "ko"), (1, "B", "o"))


def open_base64(text: str, *, limit: int, types: tuple[str, ...], apart: Files) -> tuple[dict[str, Any], File]:
    """The ticket that a record holds, and the file. `apart` are the files that came beside the document: the text may be
    one's stand-in. Raises Fault: not base64, too large (bytes), not of `types`."""
    content = _beside(text, apart) or _inside(text, limit)
    ticket = _named_in(text) if isinstance(content, Apart) else ticket_of(content)
    return _held(ticket, content, limit=limit, types=types), content


def open_fetched(found: tuple[str, File], *, limit: int, types: tuple[str, ...]) -> tuple[dict[str, Any], File]:
    """The same for a file, by its ticket, that was fetched where the document says. Raises Fault: too large, not of
    `types`."""
    return _held(*found, limit=limit, types=types), found[1]


def substitute(address: str, types: tuple[str, ...]) -> tuple[str, bytes]:
    """What is taken for the file at an address that nothing is fetched from, and its ticket: the address, headed as a file
    of the first type that its row takes."""
    content = _heading(types) + address.encode("utf-8", "surrogatepass")
    return ticket_of(content), content


def address_of(ticket: Mapping[str, Any], files: Files, fetched: Fetched, types: tuple[str, ...]) -> str:
    """Where the file of `ticket` was fetched, or what `substitute` made it of. Raises Fault when neither is known."""
    named = str(ticket["ticket"])
    found = next((address for address, (each, _) in fetched.items() if each == named), None)
    content = files.get(named)
    if found is not None:
        return found
    if isinstance(content, bytes) and content.startswith(heading := _heading(types)):
        return content.removeprefix(heading).decode("utf-8", "replace")
    raise fault("its address is not known", "son adresse n'est pas connue")


def form_base64(ticket: Mapping[str, Any], files: Files) -> str:
    """The bytes behind `ticket` in base64, or what stands for a file that leaves beside its document. Raises Fault when
    `files` has none."""
    content = files.get(str(ticket["ticket"]))
    match content:
        case None:
            raise fault("its file is no longer kept", "son fichier n'est plus conservé")
        case Apart():
            return stand_in(str(ticket["ticket"]))
        case _:
            return base64.b64encode(content).decode("ascii")


def ticket_of(content: bytes) -> str:
    """The ticket of these bytes: `sha256:<hex>`."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def type_of(content: bytes) -> str:
    """One of SIGNATURES, or "other", by the first bytes and not by any name."""
    start = content.removeprefix(_MARK)
    return next((kind for kind, signature in SIGNATURES.items() if start.startswith(signature)), "other")


def too_large(limit: int) -> Fault:
    """The refusal of a file of more than `limit` bytes."""
    size, en, fr = next((step for step in _STEPS if limit >= step[0]), _STEPS[-1])
    return fault(f"is larger than {limit / size:g} {en}", f"dépasse {limit / size:g} {fr}")


def _held(ticket: str, content: File, *, limit: int, types: tuple[str, ...]) -> dict[str, Any]:
    size, kind = (content.size, content.kind) if isinstance(content, Apart) else (len(content), type_of(content))
    if size > limit:
        raise too_large(limit)
    if types and kind not in types:
        listed = ", ".join(types)
        raise fault(
            f"is not a file of these types: {listed}", f"n'est pas un fichier de ces types : {listed}", accepted=types
        )
    return {"ticket": ticket, "size": size, "type": kind}


def _heading(types: tuple[str, ...]) -> bytes:
    return SIGNATURES.get(types[0], b"") if types else b""


def _beside(text: str, apart: Files) -> File | None:
    """The file that came beside the document and that this text stands for."""
    return apart.get(_named_in(text)) if apart and len(text) < len(_SHORTEST) * 2 else None


def _named_in(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode("ascii")
    except ValueError:
        return ""


def _inside(text: str, limit: int) -> bytes:
    if len(text) > limit * 1.5 + 100:  # base64 is 4/3, plus line breaks: not worth decoding
        raise too_large(limit)
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise fault("is not a file in base64", "n'est pas un fichier en base64") from error


_SHORTEST = stand_in(ticket_of(b""))
