"""The one message that every stack says and hears: 31 fields and three lines, with or without a file, and what the hub must
make of it.

Values are what JSON has (text, whole numbers, booleans, None); decimals, dates and times are text, so that nothing goes
through float; a file is base64. A field that is not there is not carried.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

Message = dict[str, Any]
About = Literal["fields", "fault", "inside", "beside", "answer"]
"""What a trial is about: the message of 31 fields; the fault that the contract declares; a file in the document, beside it,
or beside the answer."""
ABOUT: tuple[About, ...] = ("fields", "fault", "inside", "beside")
"""What every stack is tried with."""

WRONG = "PRIVAS"
"""A postcode that the mapping refuses and the contract does not."""
WORDS = "A postcode has five digits, é & <all>"
"""What the mapping says of it."""
REFUSAL = ("invalid-message", f"Postcode: {WORDS}")
"""What the hub says of it in the fault that the contract declares: its code and its words."""
PHOTO = b"\x89PNG\r\n\x1a\n--edge--\r\n\0" + bytes(range(256)) + hashlib.shake_256(b"a photo").digest(30_000) + b"\r\n--"
"""A file: every byte there is, and what could be taken for a boundary."""
DECIMALS = frozenset({"amount", "rate", "balance", "surface", "price"})
DATES = frozenset({"filed_on", "born_on", "closed_on"})
TIMES = frozenset({"submitted_at"})
WHOLE = frozenset({"residents", "children", "floor", "meter", "rooms", "quantity"})
BOOLEANS = frozenset({"urgent", "owner"})
FILES = frozenset({"photo"})
"""The rows that are not text."""


_LINES = (
    {"Code": "A1", "Label": "Bac à couvercle jaune", "Quantity": 1, "Price": "0.00"},
    {"Code": "B2", "Label": "Clés & badges", "Quantity": 12, "Price": "4.20"},
    {"Code": "C3", "Label": "Équerre « à droite »", "Quantity": -3, "Price": "199.99"},
)


def message(number: str, *, photo: bool = False, **changed: Any) -> Message:
    """The message as a SOAP application says it, in the contract's order, with PHOTO if wanted."""
    whole: Message = {
        "Number": number,
        "FamilyName": "LE GOFF-D'ÉTÉ",
        "GivenName": "Zoë Anaïs",
        "Company": 'Dupont & Fils <SARL> "l\'Œuvre"',
        "Street": "12 bis, rue de l'Abbé-Grégoire",
        "Postcode": "07000",
        "Town": "L'Haÿ-les-Roses",
        "Email": "zoe.le-goff+portail@example.fr",
        "Phone": "+33 4 75 00 00 00",
        "Comment": "Deux lignes :\n- 1 < 2 && 3 > 2 ]]> fin\n- coût : 12 €",
        "Languages": "Ελληνικά, Հայերեն, 中文, 😀",
        "Residents": 4,
        "Children": 0,
        "Floor": -1,
        "Meter": 9007199254740991,
        "Amount": "1250.75",
        "Rate": "0.055",
        "Balance": "-30.10",
        "FiledOn": "2026-02-28",
        "BornOn": "1961-07-14",
        "SubmittedAt": "2026-03-01T08:30:15+01:00",
        "Urgent": True,
        "Owner": False,
        "Channel": "desk",
        "Building": "Bâtiment C",
        "Desk": "",
        "Rooms": 5,
        "ClosedOn": None,
        "Remark": None,
        **({"Photo": base64.b64encode(PHOTO).decode()} if photo else {}),
        "Lines": {"Line": [*_LINES]},
    }
    return {**whole, **changed}


def document(said: Mapping[str, Any]) -> dict[str, Any]:
    """How the REST application says the same."""
    return {row(name): _canonical(row(name), value) for name, value in said.items()}


def record(said: Mapping[str, Any]) -> dict[str, Any]:
    """The canonical record that the hub must keep of `said`: of a file, wherever it came, the ticket."""
    return {name: _ticket(value) if name in FILES else value for name, value in document(said).items()}


def understood(heard: Mapping[str, Any]) -> dict[str, Any]:
    """What an application understood of a message, so that two can be compared: each row that carries a value, a decimal
    without idle zeros, a time as the same moment, a file as its ticket. ValueError or KeyError for what is no value of the
    row's type."""
    rows = {row(name): _plain(row(name), value) for name, value in heard.items()}
    return {name: value for name, value in rows.items() if value is not None}


def differences(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """Each row that is not the same, with both values; "" for none."""
    rows = [
        name for name in sorted({*wanted, *found}) if name not in wanted or name not in found or wanted[name] != found[name]
    ]
    return "; ".join(f"{name}: {wanted.get(name, '-')!r} became {found.get(name, '-')!r}" for name in rows)


def row(name: str) -> str:
    """The row of a field: FamilyName, family_name."""
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def _ticket(text: str) -> dict[str, Any]:
    content = base64.b64decode(text)
    return {"ticket": f"sha256:{hashlib.sha256(content).hexdigest()}", "size": len(content), "type": "png"}


def _canonical(name: str, value: Any) -> Any:
    if name == "lines":
        return [document(line) for line in value["Line"]]
    if value in (None, ""):
        return None
    return Decimal(value) if name in DECIMALS else value


def _plain(name: str, value: Any) -> Any:
    if value is None or value == "":
        return None
    if name == "lines":
        return [understood(line) for line in (value if isinstance(value, list) else value["Line"])]
    text = str(value)
    if name in FILES:
        return _ticket(text)
    if name in DECIMALS:
        return Decimal(text).normalize()
    if name in WHOLE:
        return int(text)
    if name in BOOLEANS:
        return {"true": True, "false": False}[text.lower()]
    if name in TIMES:
        return datetime.fromisoformat(text)
    return date.fromisoformat(text[:10]) if name in DATES else text
