"""What an application's contract says, whatever it was written in (WSDL, XSD, OpenAPI, JSON Schema): shapes of documents
and the operations that exchange them. Frozen, pure; the loaders are in `transports`, the users everywhere.

A *document* is what stands between the bytes and the mapping: nested dicts, lists, and leaves that are text or None.
XML attributes and REST parameters (path, query, header) are keys that begin with `@`; the text of an XML element that
also has attributes is the key `#text`. Numbers and booleans are text too ("12.50", "true"), so nothing goes through float.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Literal, Protocol, runtime_checkable

from hub.errors import Finding, Problem

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
    `held_in`: the XML attribute that holds the value of a leaf, where its element's text does not.
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
    held_in: str = ""

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


Looks = Mapping[tuple[str, ...], Callable[[str], object]]


@dataclass(frozen=True, slots=True)
class Typed:
    """Quick ways through a JSON body that hold it against its contract as they go. Each raises ValueError, or TypeError, for
    what the contract does not take, and may do so for what it does take.

    `decode` gives the values of a body, without fields that the contract does not have. `encode` makes a body of values, in
    the contract's order. `looks`, by the names that lead to a text: what is still to be asked of it, and must give anything.
    """

    decode: Callable[[bytes], Any]
    encode: Callable[[Any], bytes]
    looks: Looks = field(default_factory=dict)


@runtime_checkable
class ValueCheck(Protocol):
    """A check of JSON that can also be asked about a body whose values are at hand."""

    def __call__(self, data: bytes, /) -> tuple[Problem, ...]:
        """What is wrong with these bytes."""

    def takes(self, value: Any) -> bool:
        """Whether nothing is wrong with the bytes that this was parsed from, or that it is written as."""

    def shows(self, shape: Shape) -> bool:
        """Whether all that it takes is of this very shape: the same fields and no others, each of its kind."""

    def typed(self, shape: Shape) -> Typed | None:
        """The quick ways of a shape that it shows; None where there are none."""


def fits(_: bytes) -> tuple[Problem, ...]:
    """The check of a contract that says nothing."""
    return ()


@dataclass(frozen=True, slots=True)
class Column:
    """One value of a line. `constant`: always this text, and then no field of the document.

    In a fixed-width line: `width` characters from `start` (1 is the first), set `align`, filled up with `fill`.
    """

    name: str
    title: str = ""
    required: bool = False
    longest: int | None = None
    values: tuple[str, ...] = ()
    constant: str | None = None
    width: int = 0
    start: int = 0
    align: Literal["left", "right"] = "left"
    fill: str = " "

    @property
    def room(self) -> int | None:
        """How many characters it takes; None for any number."""
        return min(filter(None, (self.longest, self.width)), default=None)


@dataclass(frozen=True, slots=True)
class LineType:
    """A kind of line, told from others by its constants; the lines of `below` follow the one that they belong to."""

    name: str
    columns: tuple[Column, ...]
    repeated: bool = True
    required: bool = False
    below: tuple[LineType, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """A text of lines, as CSV or with fixed widths. `lines`: its kinds of lines, in the order in which they come."""

    form: Literal["csv", "fixed"]
    lines: tuple[LineType, ...]
    separator: str = ";"
    quote: str = '"'
    header: bool = False
    line_end: str = "\r\n"
    encoding: str = "utf-8"


@dataclass(frozen=True, slots=True)
class Inside:
    """A document in a field: at the path `at` stands text (base64 where `base64`) that holds a document of `part`.

    `leaf` is the field as the contract around it has it.
    """

    at: str
    part: Part
    leaf: Shape
    base64: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One document of an operation: what it looks like, and the check of its bytes.

    `encoding`: what its bytes are written in, where not UTF-8. `layout`: of a text of lines. `inside`: the documents that
    stand in its fields, each after the one that it stands in; `shape` goes through them.
    """

    shape: Shape
    check: Check = fits
    media: str = ""
    encoding: str = ""
    layout: Layout | None = None
    inside: tuple[Inside, ...] = ()

    def item(self, path: str) -> Part:
        """One of the repeated fields at `path`, which it has, as an unchecked document of its own; a line as JSON."""
        shape = self.shape.at(path) or self.shape
        inside = tuple(
            replace(each, at=each.at.removeprefix(f"{path}.")) for each in self.inside if each.at.startswith(f"{path}.")
        )
        media = "application/json" if self.layout else self.media
        return Part(replace(shape, repeated=False), media=media, inside=inside)

    @property
    def content_type(self) -> str:
        """Its media type, with the encoding that a reader of plain text could not tell."""
        told = f"; charset={self.encoding}" if self.encoding and self.media.startswith("text/") else ""
        return f"{self.media}{told}"


@dataclass(frozen=True, slots=True)
class Addressed:
    """What WS-Addressing calls an operation's input and output; `declared`: the contract wants these headers."""

    input: str = ""
    output: str = ""
    declared: bool = False


@dataclass(frozen=True, slots=True)
class SoapBinding:
    """How a SOAP operation is called. `version` is "1.1" or "1.2"; `style` "document" or "rpc"; `addressed`: its actions in
    WS-Addressing; `encoded`: its messages are encoded (SOAP section 5), which the hub takes and does not send."""

    action: str
    version: Literal["1.1", "1.2"] = "1.1"
    style: Literal["document", "rpc"] = "document"
    addressed: Addressed = field(default=Addressed(), compare=False)
    encoded: bool = False


@dataclass(frozen=True, slots=True)
class RestBinding:
    """How a REST operation is called. `statuses` are the declared success statuses; `accepts` the media types of answers.
    `form`: the fields of its body are said as a form, of one part or of several, and held against the contract as JSON."""

    method: str
    path: str
    statuses: tuple[int, ...] = (200,)
    accepts: tuple[str, ...] = ("application/json",)
    form: Literal["", "urlencoded", "multipart"] = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a contract: what goes in, what comes back, its typed faults (by name) or error bodies (by status).

    `also`: other bindings of the same messages, each of another version of SOAP, by which it may be called too.
    """

    name: str
    binding: SoapBinding | RestBinding
    input: Part | None = None
    output: Part | None = None
    faults: Mapping[str, Part] = field(default_factory=dict)
    title: str = ""
    also: tuple[SoapBinding, ...] = ()


@dataclass(frozen=True, slots=True)
class Contract:
    """All that one contract file says. `source`: its file's name; `mended`: what had to be mended or left out to load it,
    as warnings; `corrected`: the files, by name in the folder, that are not as they stand on disk, for publishing."""

    protocol: Literal["soap", "rest"]
    source: str
    operations: Mapping[str, Operation]
    mended: tuple[Finding, ...] = ()
    corrected: Mapping[str, bytes] = field(default_factory=dict)
