"""JSON bodies to documents and back, guided by a contract's shape: strict in what is read, exact in what is written.

A body that is a list is the document `{"#items": [...]}`, one that is a bare value `{"#text": ...}`; the shape says so
by a child of that name. Content that the contract leaves open (kind ANY, and unknown keys of an `open` shape) is kept
as a JSON fragment in text. Facets are not checked here: that is the Check's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from hub.codecs import json_steps, json_unrolled, surprises
from hub.contract import Check, Document, Kind, Shape, Typed, ValueCheck, fits
from hub.errors import MessageError, Text

DEPTH = 64
DIGITS = 4300
ELEMENTS = 200_000
SHORT = 64 * 1024
"""Most bodies are shorter: what holds a file is not tried in two ways."""

_BOM = b"\xef\xbb\xbf"
_SUSPECT = re.compile(rb"\\u(?:[dD][89a-fA-F]|0000)")
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_FORBIDDEN = re.compile("[\x00\ud800-\udfff]")


class Raw(str):
    """A number or a boolean, as text exactly as it was written: tells 12 from "12" until the shape has spoken."""

    __slots__ = ()


class JsonCodec:
    """Reads and writes the JSON of one shape. Made once, used for every message: what is just as the shape says takes the
    steps that were compiled from it, and everything else the careful way, which finds the words."""

    def __init__(self, shape: Shape, check: Check = fits) -> None:
        self._shape = shape
        self._steps = json_steps.compiled(shape, deepest=DEPTH, longest=ELEMENTS)
        self._check = check if isinstance(check, ValueCheck) else None
        self._takes = self._check.takes if self._check else _never
        self._settle: json_unrolled.Settling | None = None
        self._settle_typed: json_unrolled.Settling | None = None
        self._fill: Callable[[Any], Any] | None = None
        self._typed: Typed | None = None

    def write_out(self) -> None:
        """Write the functions of the shape, for a node that serves: the contract must show that it takes nothing else."""
        if self._check and self._check.shows(self._shape) and json_unrolled.is_plain(self._shape):
            self._settle = json_unrolled.settling(self._shape)
            if typed := self._check.typed(self._shape):
                self._typed, looks = typed, typed.looks
                self._settle_typed = json_unrolled.settling(self._shape, looks)
                self._fill = json_unrolled.filling(self._shape, json_steps.LEAVES, looks) if self._steps.exact else None

    def read(self, data: bytes) -> Document:
        """The document that this body holds."""
        value = self._steps.value_of(data)
        found = None if value is None else self._steps.read_whole(data, value)
        return self._carefully_read(data) if found is None else found

    def read_held(self, data: bytes) -> tuple[Document, bool]:
        """The document that this body holds, and whether the contract is known to take it."""
        if self._typed and self._settle_typed and len(data) <= SHORT:
            value = self._steps.value_of(data, self._typed.decode)
            found = None if value is None else _settled_by(self._settle_typed, data, value)
            if found is not None:
                return found, True
        value = self._steps.value_of(data)
        if value is None:
            return self._carefully_read(data), False
        is_taken = self._takes(value)
        settle = self._settle if is_taken else None
        found = _settled_by(settle, data, value) if settle else self._steps.read_whole(data, value)
        return (self._carefully_read(data), False) if found is None else (found, is_taken)

    def _carefully_read(self, data: bytes) -> Document:
        value = _sound(data, _AS_WRITTEN)
        found = self._steps.read(value, [])
        return read(_settled(value), self._shape) if found is None else found

    def write(self, document: Document) -> bytes:
        """The body of this document, UTF-8."""
        found = self._steps.write(document)
        return write(document, self._shape) if found is None else found[1]

    def write_held(self, document: Document) -> tuple[bytes, bool]:
        """The body of this document, and whether the contract is known to take it."""
        if self._fill and self._typed:
            body = json_steps.written_by(self._fill, self._typed.encode, document)
            if body is not None:
                return body, True
        found = self._steps.write(document)
        if found is None:
            return write(document, self._shape), False
        value, written = found
        return written, self._steps.exact and self._takes(value)


def _never(_: Any) -> bool:
    return False


def _settled_by(settle: json_unrolled.Settling, data: bytes, value: Any) -> Document | None:
    """The document of a value that the contract takes, if the quick reader missed nothing of it."""
    try:
        texts = settle(value)
    except KeyError:
        return None
    if texts is None or not json_steps.is_all_of(data, value, texts=texts):
        return None
    found: Document = value
    return found


def parse(data: bytes) -> Any:
    """Nested dicts, lists, text and None; numbers and booleans are text as written (`Raw`).

    MessageError 400, with line and column where known and never content, for: anything but UTF-8 with at most one BOM,
    duplicate keys, NaN and infinities (1e999 too), lone surrogates, NUL, over 64 levels, over 200,000 values, numbers over
    4300 digits.
    """
    return _settled(_sound(data, _AS_WRITTEN))


def values(data: bytes) -> Any:
    """What `json.loads` gives, refused as `parse` refuses it."""
    return _sound(data, _AS_VALUES)


def read(value: Any, shape: Shape) -> Document:
    """The document that a parsed body holds. MessageError 422, one Problem for each thing that the shape has not."""
    reader = _Reader()
    document = reader.root(value, shape)
    surprises.refuse(reader.problems)
    return document


def write(document: Document, shape: Shape) -> bytes:
    """The body of this document; children with a location (REST parameters) are not part of it. MessageError 422."""
    writer = _Writer()
    value = writer.root(document, shape)
    surprises.refuse(writer.problems)
    return orjson.dumps(value)


def _refused(kind: str, text: Text) -> MessageError:
    return MessageError(text, status=400, kind=kind)


def _text(data: bytes) -> str:
    try:
        return data.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError:
        raise _refused("broken-encoding", Text(en="JSON must be UTF-8.", fr="Le JSON doit être encodé en UTF-8.")) from None


def _broken(line: int, column: int) -> MessageError:
    return _refused(
        "broken-json",
        Text(
            en=f"line {line}, column {column}: this is not well-formed JSON.",
            fr=f"ligne {line}, colonne {column} : ce n'est pas du JSON bien formé.",
        ),
    )


def _too_deep() -> MessageError:
    return _refused(
        "too-large", Text(en=f"JSON deeper than {DEPTH} levels.", fr=f"JSON à plus de {DEPTH} niveaux d'imbrication.")
    )


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _refused(
            "duplicate-key",
            Text(en="A key stands twice in one object.", fr="Une clé figure deux fois dans un même objet."),
        )
    return found


def _number(text: str) -> Raw:
    if len(text) > DIGITS or float(text) in (float("inf"), float("-inf")):
        raise _refused("number-too-large", Text(en="A number is too large.", fr="Un nombre est trop grand."))
    return Raw(text)


def _constant(_: str) -> None:
    raise _refused("not-a-number", Text(en="NaN and Infinity are not JSON.", fr="NaN et Infinity ne sont pas du JSON."))


_AS_WRITTEN = json.JSONDecoder(object_pairs_hook=_pairs, parse_int=_number, parse_float=_number, parse_constant=_constant)
_AS_VALUES = json.JSONDecoder(
    object_pairs_hook=_pairs,
    parse_int=lambda text: int(_number(text)),
    parse_float=lambda text: float(_number(text)),
    parse_constant=_constant,
)


def _refuse_many(data: bytes) -> None:
    """Refuse a body of so many values that reading it would fill the memory: a few bytes each, they take dozens."""
    if len(data) <= ELEMENTS or _values(data) <= ELEMENTS or _values(_STRING.sub(b"", data)) <= ELEMENTS:
        return
    raise _refused("too-large", Text(en=f"JSON of more than {ELEMENTS} values.", fr=f"JSON de plus de {ELEMENTS} valeurs."))


def _values(data: bytes) -> int:
    return data.count(b",") + data.count(b"[") + data.count(b"{")


def _sound(data: bytes, decoder: json.JSONDecoder) -> Any:
    """What the body holds, with everything refused that `parse` refuses."""
    _refuse_many(data)
    try:
        value = decoder.decode(_text(data))
    except json.JSONDecodeError as wrong:
        raise _broken(wrong.lineno, wrong.colno) from None
    except RecursionError:
        raise _too_deep() from None
    if data.count(b"{") + data.count(b"[") > DEPTH:
        _refuse_depth(value, 0)
    if _SUSPECT.search(data):
        _refuse_forbidden(value)
    return value


def _refuse_depth(value: Any, depth: int) -> None:
    if not isinstance(value, dict | list):
        return
    if depth >= DEPTH:
        raise _too_deep()
    for each in value.values() if isinstance(value, dict) else value:
        _refuse_depth(each, depth + 1)


def _settled(value: Any) -> Any:
    """The same with booleans as text."""
    if isinstance(value, bool):
        return Raw("true" if value else "false")
    if isinstance(value, dict):
        return {key: _settled(each) for key, each in value.items()}
    return [_settled(each) for each in value] if isinstance(value, list) else value


def _refuse_forbidden(value: Any) -> None:
    match value:
        case str() if _FORBIDDEN.search(value):
            raise _refused(
                "forbidden-character",
                Text(
                    en="A text holds NUL or half of a character.",
                    fr="Un texte contient NUL ou une moitié de caractère.",
                ),
            )
        case dict():
            for key, each in value.items():
                _refuse_forbidden(key)
                _refuse_forbidden(each)
        case list():
            for each in value:
                _refuse_forbidden(each)


def _fragment(value: Any) -> str:
    """Open content as JSON text; numbers stay as they were written."""
    return orjson.dumps(_released(value)).decode("utf-8")


def _released(value: Any) -> Any:
    if isinstance(value, Raw):
        return orjson.Fragment(str(value))
    if isinstance(value, dict):
        return {key: _released(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_released(each) for each in value]
    return value


class _Reader:
    """Walks a parsed body beside its shape and gathers every surprise."""

    def __init__(self) -> None:
        self.problems = surprises.Problems()

    def root(self, value: Any, shape: Shape) -> dict[str, Any]:
        bare = shape.child("#text")
        if bare:
            return {"#text": self._one(value, bare, "")}
        found = self._one(value, shape, "")
        return found if isinstance(found, dict) else {}

    def _field(self, value: Any, shape: Shape, path: str) -> Any:
        if not shape.repeated:
            return self._one(value, shape, path)
        if value is None and shape.nullable:
            return None
        if not isinstance(value, list):
            self.problems.append(surprises.no_list(path))
            return []
        return [self._one(each, shape, f"{path}[{number}]") for number, each in enumerate(value, start=1)]

    def _one(self, value: Any, shape: Shape, path: str) -> Any:
        if shape.kind is Kind.ANY:
            return _fragment(value)
        if shape.kind is Kind.OBJECT:
            return self._object(value, shape, path)
        if isinstance(value, dict | list):
            self.problems.append(surprises.no_fields(path))
            return None
        return None if value is None else str(value)

    def _object(self, value: Any, shape: Shape, path: str) -> dict[str, Any] | None:
        items = shape.child("#items")
        if items:
            return None if value is None else {"#items": self._field(value, items, path)}
        if isinstance(value, dict):
            return self._fields(value, shape, path)
        if value is not None:
            self.problems.append(surprises.no_value(path))
        return None

    def _strange(self, path: str, shape: Shape) -> None:
        if not self.problems.are_enough:  # a sentence costs more than the field that it is about
            self.problems.append(surprises.unknown(path, shape))

    def _fields(self, value: dict[str, Any], shape: Shape, path: str) -> dict[str, Any]:
        known = {child.name: child for child in shape.children if not child.location}
        found: dict[str, Any] = {}
        for key, each in value.items():
            at = surprises.below(path, key)
            if key in known:
                found[key] = self._field(each, known[key], at)
            elif not shape.open:
                self._strange(at, shape)
            elif not key.startswith(("@", "#")):
                found[key] = _fragment(each)
        return found


class _Writer:
    """Turns a document into what orjson writes, in the contract's order, and gathers every surprise."""

    def __init__(self) -> None:
        self.problems = surprises.Problems()

    def root(self, document: Document, shape: Shape) -> Any:
        bare = shape.child("#text")
        if bare:
            return self._one(document.get("#text"), bare, "")
        return self._one(document, shape, "")

    def _field(self, value: Any, shape: Shape, path: str) -> Any:
        if not shape.repeated or value is None:
            return self._one(value, shape, path)
        if not isinstance(value, list | tuple):
            self.problems.append(surprises.no_list(path))
            return None
        return [self._one(each, shape, f"{path}[{number}]") for number, each in enumerate(value, start=1)]

    def _one(self, value: Any, shape: Shape, path: str) -> Any:
        if value is None:
            return None
        if shape.kind is Kind.OBJECT:
            return self._object(value, shape, path)
        if not isinstance(value, str):
            self.problems.append(surprises.no_fields(path))
            return None
        return self._leaf(value, shape, path)

    def _object(self, value: Any, shape: Shape, path: str) -> Any:
        if not isinstance(value, Mapping):
            self.problems.append(surprises.no_value(path))
            return None
        items = shape.child("#items")
        if items:
            return self._field(value.get("#items", []), items, path)
        return self._fields(value, shape, path)

    def _fields(self, value: Mapping[str, Any], shape: Shape, path: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for child in shape.children:
            if child.name in value and not child.location:
                found[child.name] = self._field(value[child.name], child, surprises.below(path, child.name))
        for key in value:
            if not shape.child(key):
                self._stranger(key, value[key], shape, surprises.below(path, key), found)
        return found

    def _stranger(self, key: str, value: Any, shape: Shape, path: str, found: dict[str, Any]) -> None:
        if not shape.open:
            self.problems.append(surprises.unknown(path, shape))
        else:
            found[key] = self._one(value, Shape(key, Kind.ANY), path)

    def _leaf(self, value: str, shape: Shape, path: str) -> Any:
        match shape.kind:
            case Kind.INTEGER | Kind.DECIMAL:
                return self._number(value, path)
            case Kind.BOOLEAN:
                return self._truth(value, path)
            case Kind.ANY:
                return self._open(value, path)
        if _FORBIDDEN.search(value):
            self.problems.append(surprises.not_a(path, _JSON_TEXT))
            return None
        return str(value)

    def _number(self, value: str, path: str) -> Any:
        if json_steps.NUMBER.match(value):
            return orjson.Fragment(value)
        self.problems.append(surprises.not_a(path, _JSON_NUMBER))
        return None

    def _truth(self, value: str, path: str) -> bool | None:
        if value not in json_steps.TRUTHS:
            self.problems.append(surprises.not_a(path, _JSON_TRUTH))
        return json_steps.TRUTHS.get(value)

    def _open(self, value: str, path: str) -> Any:
        try:
            parse(value.encode("utf-8"))
        except (MessageError, UnicodeEncodeError):
            self.problems.append(surprises.not_a(path, _JSON_CONTENT))
            return None
        return orjson.Fragment(value)


_JSON_TEXT = Text(
    en="text that can be kept (NUL or half of a character)", fr="un texte conservable (NUL ou moitié de caractère)"
)
_JSON_NUMBER = Text(en="a number", fr="un nombre")
_JSON_TRUTH = Text(en="true or false", fr="true ou false")
_JSON_CONTENT = Text(en="well-formed JSON content", fr="un contenu JSON bien formé")
