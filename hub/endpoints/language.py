"""Which of the product's two languages a caller asked for."""

from __future__ import annotations

import re

from hub.errors import Language

_OFFERED = re.compile(r"\s*([A-Za-z]{1,8})(?:-[A-Za-z0-9-]+)?\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*")


def language_of(accept_language: str) -> Language:
    """The language of an Accept-Language header: French when it is wanted most, English otherwise and by default."""
    wanted: dict[str, float] = {}
    for offer in accept_language[:500].split(","):
        found = _OFFERED.fullmatch(offer)
        if found and found[1].lower() in ("en", "fr"):
            wanted.setdefault(found[1].lower(), float(found[2] or 1))
    if not wanted:
        return "en"
    return "fr" if max(wanted, key=lambda name: wanted[name]) == "fr" else "en"
