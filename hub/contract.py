"""What an application's contract says, whatever it was written in (WSDL, XSD, OpenAPI, JSON Schema): shapes of documents
and the operations that exchange them. Frozen, pure; the loaders are in `transports`, the users everywhere.

A *document* is what stands between the bytes and the mapping: nested dicts, lists, and leaves that are text or None.
XML attributes and REST parameters (path, query, header) are keys that begin with `@`; the text of an XML element that
also has attributes is the key `#text`. Numbers and booleans are text too ("12.50", "true"), so nothing goes through float.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from hub.errors import Problem

Document = Mapping[str, Any]


class Kind(StrEnum):
    """What a field holds. Text carries no more than characters; ANY is content that the contract leaves open."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    BASE64 = "base64"
    OBJECT = "object"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Shape:
    """One field of a document, with all below it.

    `repeated`: a list of these. `nullable`: may be present without a value (xsi:nil, JSON null). `values`: its
    enumeration. `shortest`/`longest`: length in characters. `lowest`/`highest`: inclusive bounds, as text. `patterns`:
    regular expressions that a whole value must fit. `choices`: groups of child names of which the contract wants one.
    `rows`: groups of child names that the contract repeats together (a b a b, not a a b b).
    `location`: where a REST parameter goes. `namespace`: of its XML name, empty for none. `open`: takes unknown children.
    """

    name: str
    kind: Kind
    required: bool = False
    repeated: bool = False
    nullable: bool = False
    children: tuple[Shape, ...] = ()
    namespace: str = ""
    values: tuple[str, ...] = ()
    shortest: int | None = None
    longest: int | None = None
    lowest: str = ""
    highest: str = ""
    digits: int | None = None
    decimals: int | None = None
    patterns: tuple[str, ...] = ()
    choices: tuple[tuple[str, ...], ...] = ()
    location: Literal["", "path", "query", "header"] = ""
    fixed: str | None = None
    open: bool = False
    note: str = ""
    rows: tuple[tuple[str, ...], ...] = ()

    def child(self, name: str) -> Shape | None:
        """The child of that name, or None."""
        return next((child for child in self.children if child.name == name), None)

    def at(self, path: str) -> Shape | None:
        """The shape at a dotted path ("Demandeur.Nom", "Bacs.Bac.@type"); None where the contract has no such field."""
        found: Shape | None = self
        for name in path.split("."):
            found = found.child(name) if found else None
        return found

    def leaves(self, prefix: str = "") -> list[tuple[str, Shape]]:
        """Every field without children, with its dotted path, in the contract's order."""
        found: list[tuple[str, Shape]] = []
        for child in self.children:
            path = f"{prefix}.{child.name}" if prefix else child.name
            found.extend(child.leaves(path) if child.children else [(path, child)])
        return found


Check = Callable[[bytes], tuple[Problem, ...]]
"""Holds the bytes of a payload (for SOAP: the element inside the body) against the contract; no problem = it fits."""


def fits(_: bytes) -> tuple[Problem, ...]:
    """The check of a contract that says nothing."""
    return ()


@dataclass(frozen=True, slots=True)
class Part:
    """One document of an operation: what it looks like, and the check of its bytes."""

    shape: Shape
    check: Check = fits
    media: str = ""


@dataclass(frozen=True, slots=True)
class SoapBinding:
    """How a SOAP operation is called. `version` is "1.1" or "1.2"; `style` "document" or "rpc"."""

    action: str
    version: Literal["1.1", "1.2"] = "1.1"
    style: Literal["document", "rpc"] = "document"


@dataclass(frozen=True, slots=True)
class RestBinding:
    """How a REST operation is called. `statuses` are the declared success statuses; `accepts` the media types of answers."""

    method: str
    path: str
    statuses: tuple[int, ...] = (200,)
    accepts: tuple[str, ...] = ("application/json",)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a contract: what goes in, what comes back, its typed faults (by name) or error bodies (by status)."""

    name: str
    binding: SoapBinding | RestBinding
    input: Part | None = None
    output: Part | None = None
    faults: Mapping[str, Part] = field(default_factory=dict)
    title: str = ""


@dataclass(frozen=True, slots=True)
class Contract:
    """All that one contract file says. `source`: its file's name; `mended`: in words, what had to be mended to load it."""

    protocol: Literal["soap", "rest"]
    source: str
    operations: Mapping[str, Operation]
    mended: tuple[str, ...] = ()
