"""The record as bytes: one canonical JSON form, so that the same content always has the same fingerprint."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from typing import Any

import orjson

from hub.message import Record

_DECIMAL = "#decimal"
_CANONICAL = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME


def pack(record: Record) -> bytes:
    """`record` as canonical JSON: keys sorted, no blanks, UTF-8; a Decimal is kept digit for digit."""
    try:
        return orjson.dumps(record, default=_packed, option=_CANONICAL)
    except orjson.JSONEncodeError:  # a whole number of more than 64 bits
        return _packed_slowly(record)


def _packed_slowly(record: Record) -> bytes:
    return json.dumps(
        record, default=_packed, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def unpack(packed: bytes) -> dict[str, Any]:
    """The record that `pack` wrote."""
    found: dict[str, Any] = json.loads(packed, object_hook=_unpacked)
    return found


def fingerprint(record: Record) -> str:
    """SHA-256 of the canonical form, in hex: tells a repeat from a different message under the same key."""
    return digest(pack(record))


def digest(packed: bytes) -> str:
    """The fingerprint of a record that is packed already."""
    return hashlib.sha256(packed).hexdigest()


def canonical_text(value: object) -> str:
    """One value as `when`, the reference and the crosswalk see it: true, 12, 12.50, text; empty for None."""
    if value.__class__ is str:
        return value
    if value is None:
        return ""
    if value is True:
        return "true"
    if value is False:
        return "false"
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _packed(value: object) -> dict[str, str]:
    if isinstance(value, Decimal):
        return {_DECIMAL: str(value)}
    raise TypeError(f"a record does not hold {type(value).__name__}")


def _unpacked(found: dict[str, Any]) -> Any:
    return Decimal(found[_DECIMAL]) if found.keys() == {_DECIMAL} else found
