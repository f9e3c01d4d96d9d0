"""Conditional requests (RFC 9110, section 13): an application is asked for what it has only if that has changed. Pure.

What an application is told carries no If-Match: the order of messages and the merging of two-way exchanges see to that.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from hub.call import Call, Reply
from hub.facts import replace

_ETAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]{0,500}"')
_DATE = re.compile(r"[A-Za-z]{3}, \d{2} [A-Za-z]{3} \d{4} \d{2}:\d{2}:\d{2} GMT", re.ASCII)
_CONDITIONS = frozenset({"if-none-match", "if-modified-since", "if-match", "if-unmodified-since", "if-range"})


@dataclass(frozen=True, slots=True)
class Validators:
    """What an answer is known by: its entity tag and when it was last changed, "" for what was not said. `of` tells the
    address that gave it: a tag means nothing at another."""

    of: str
    etag: str = ""
    modified: str = ""


def conditional(call: Call, known: Validators | None) -> Call:
    """The call, asking for what it asks for only if that has changed since; the very same call where there is no condition
    to put, or its contract puts one already."""
    if known is None or call.method != "GET" or known.of != _address(call):
        return call
    if _CONDITIONS & {name.lower() for name in call.headers}:
        return call
    put = {"If-None-Match": known.etag, "If-Modified-Since": known.modified}
    return replace(call, headers={**call.headers, **{name: value for name, value in put.items() if value}})


def validators(call: Call, reply: Reply) -> Validators | None:
    """What the answer of a GET can be asked for again by; None when it says nothing that can be sent back."""
    if call.method != "GET" or reply.status != 200:
        return None
    etag, modified = reply.headers.get("etag", "").strip(), reply.headers.get("last-modified", "").strip()
    etag = etag if _ETAG.fullmatch(etag) else ""
    modified = modified if _DATE.fullmatch(modified) else ""
    return Validators(_address(call), etag, modified) if etag or modified else None


def _address(call: Call) -> str:
    return hashlib.sha256(call.url.encode()).hexdigest()
