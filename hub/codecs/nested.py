"""Documents in fields of documents: XML, JSON or lines as text, plain or in base64, opened and closed around any codec.

An empty field stays what it is (carried empty), an absent one absent. What is wrong inside is said with its whole path.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from hub.codecs import surprises
from hub.codecs.safe_xml import undeclared
from hub.contract import Document, Inside, Part, Shape
from hub.errors import MessageError, Problem, Text


class Codec(Protocol):
    """What reads and writes the document around, or the one inside."""

    def read(self, data: bytes) -> Document: ...

    def write(self, document: Document) -> bytes: ...


class NestedCodec:
    """The codec of a part with documents in its fields, made of `around`'s and of each field's."""

    def __init__(self, codec: Codec, inside: tuple[tuple[Inside, Codec], ...]) -> None:
        self._around = codec
        self._inside = inside

    def read(self, data: bytes) -> Document:
        """The document, with those in its fields. MessageError 422 with the problems of all fields."""
        document = self._around.read(data)
        for inside, codec in self._inside:
            document = _turned(document, inside, partial(_opened, inside=inside, codec=codec))
        return document

    def write(self, document: Document) -> bytes:
        """The bytes, with the documents in fields written as text. MessageError 422 with the problems of all fields."""
        for inside, codec in self._inside[::-1]:
            document = _turned(document, inside, partial(_closed, inside=inside, codec=codec))
        return self._around.write(document)


def around(part: Part) -> Part:
    """The part as its bytes have it, with text where the documents in its fields stand."""
    shape = part.shape
    for inside in part.inside[::-1]:
        shape = replaced_shape(shape, inside.at.split("."), inside.leaf)
    return replace(part, shape=shape, inside=())


def replaced_shape(shape: Shape, path: list[str], new: Shape) -> Shape:
    """The shape with another one at `path`, which it has."""
    if not path:
        return new
    children = tuple(replaced_shape(each, path[1:], new) if each.name == path[0] else each for each in shape.children)
    return replace(shape, children=children)


def unfit(document: Document, inside: Inside) -> tuple[Problem, ...]:
    """What is wrong, by its own contract, in the text of a field of `document`, which is read up to there."""
    problems: list[Problem] = []

    def held_against(held: Any, path: str) -> None:
        if not _is_empty(held):
            try:
                found = inside.part.check(_bytes(held, inside))
            except MessageError as error:
                found = error.problems
            problems.extend(_below(problem, path) for problem in found)

    _replaced(document, inside.at.split("."), "", held_against)
    return tuple(problems)


def _turned(document: Document, inside: Inside, turn: Callable[[Any], Any]) -> Document:
    """The document with a field turned; what is wrong in several lines is said together."""
    problems: list[Problem] = []

    def turned(held: Any, path: str) -> Any:
        if _is_empty(held):
            return held
        try:
            return turn(held)
        except MessageError as error:
            problems.extend(_below(each, path) for each in error.problems or (Problem(error.text),))
            return None

    found: Document = _replaced(document, inside.at.split("."), "", turned)
    surprises.refuse(problems)
    return found


def _below(problem: Problem, path: str) -> Problem:
    text = Text(en=f"{path}: {problem.text.en}", fr=f"{path} : {problem.text.fr}")
    return replace(problem, text=text, path=surprises.below(path, problem.path) if problem.path else path)


def _is_empty(held: Any) -> bool:
    return held is None or (isinstance(held, str) and not held.strip())


def _opened(held: Any, inside: Inside, codec: Codec) -> Document:
    return codec.read(_bytes(held, inside))


def _closed(held: Any, inside: Inside, codec: Codec) -> str:
    data = codec.write(held)
    return base64.b64encode(data).decode() if inside.base64 else data.decode(inside.part.encoding or "utf-8")


def _bytes(held: Any, inside: Inside) -> bytes:
    """The bytes of the document in a field. MessageError when it is no base64."""
    if not isinstance(held, str):
        raise MessageError(problems=(surprises.no_fields(""),))
    if inside.base64:
        try:
            return base64.b64decode("".join(held.split()), validate=True)
        except (binascii.Error, ValueError):
            problem = Problem(Text(en="this is not base64.", fr="ce n'est pas du base64."))
            raise MessageError(problems=(problem,)) from None
    return undeclared(held) if "xml" in inside.part.media else held.encode()


def _replaced(held: Any, path: list[str], at: str, turn: Callable[[Any, str], Any]) -> Any:
    """A copy of a document with what stands at `path` turned, through lists; what is absent stays so."""
    if isinstance(held, list | tuple):
        return [_replaced(each, path, f"{at}[{number}]", turn) for number, each in enumerate(held, start=1)]
    if not path:
        return turn(held, at)
    if not isinstance(held, Mapping) or path[0] not in held:
        return held
    return {**held, path[0]: _replaced(held[path[0]], path[1:], surprises.below(at, path[0]), turn)}
