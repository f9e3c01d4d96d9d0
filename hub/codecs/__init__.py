"""Documents from bytes and bytes from documents, guided by a contract's shape: pure, no socket, no disk.

`codec_for(part)` is all that most users need; `xml`, `json` and `lines` hold what is particular to each form, `nested` how
one stands in a field of another.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from hub.codecs.json import JsonCodec
from hub.codecs.lines import LinesCodec
from hub.codecs.nested import NestedCodec, around, replaced_shape, unfit
from hub.codecs.xml import XmlCodec
from hub.contract import Document, Inside, Part, Shape
from hub.errors import MessageError, Problem

__all__ = [
    "Codec",
    "Codecs",
    "JsonCodec",
    "LinesCodec",
    "NestedCodec",
    "NoBody",
    "XmlCodec",
    "codec_for",
    "read_held",
    "with_inside",
    "write_held",
]


class Codec(Protocol):
    """Reads and writes the payload of one part: for SOAP the element inside the body, for REST the body."""

    def read(self, data: bytes) -> Document:
        """The document of these bytes. MessageError: status 400 when not well-formed, 422 when not of this shape."""

    def write(self, document: Document) -> bytes:
        """The bytes of this document. MessageError 422 when the document holds what the shape has not."""


class NoBody:
    """The codec of a part that has no body: a REST call with parameters only."""

    def read(self, data: bytes) -> Document:
        """An empty document, whatever came."""
        return {}

    def write(self, document: Document) -> bytes:
        """No bytes."""
        return b""


def codec_for(part: Part) -> Codec:
    """The codec of a part: lines by its layout, XML for the media type `*xml*`, else JSON; none where nothing can stand in
    a body."""
    if part.inside:
        return NestedCodec(codec_for(around(part)), tuple((inside, codec_for(inside.part)) for inside in part.inside))
    if part.layout:
        return LinesCodec(part.layout, part.shape)
    if "xml" in part.media:
        return XmlCodec(part.shape, encoding=part.encoding)
    if not part.media and not _has_body(part.shape):
        return NoBody()
    return JsonCodec(part.shape, part.check)


def read_held(codec: Codec, data: bytes) -> tuple[Document, bool]:
    """The document of these bytes, and whether the contract is known to take them: then its check need not be asked."""
    return codec.read_held(data) if isinstance(codec, JsonCodec) else (codec.read(data), False)


def write_held(codec: Codec, document: Document) -> tuple[bytes, bool]:
    """The bytes of this document, and whether the contract is known to take them: then its check need not be asked."""
    return codec.write_held(document) if isinstance(codec, JsonCodec) else (codec.write(document), False)


class Codecs:
    """The codecs of parts that live as long as a node serves, each made at its first use and then kept."""

    def __init__(self) -> None:
        self._made: dict[int, tuple[Part, Codec]] = {}

    def of(self, part: Part) -> Codec:
        """The codec of this very part."""
        found = self._made.get(id(part))
        if found is None:
            codec = codec_for(part)
            if isinstance(codec, JsonCodec):
                codec.write_out()
            found = self._made[id(part)] = (part, codec)  # with its part: no other can take over its id
        return found[1]


def with_inside(part: Part, inside: Inside) -> Part:
    """The part with one more document in a field of it: its shape goes through, its check holds both to their contracts."""
    codec = codec_for(part)

    def check(data: bytes) -> tuple[Problem, ...]:
        if found := part.check(data):
            return found
        try:
            return unfit(codec.read(data), inside)
        except MessageError as error:
            return error.problems or (Problem(error.text),)

    field = replace(
        inside.part.shape,
        name=inside.leaf.name,
        namespace=inside.leaf.namespace,
        required=inside.leaf.required,
        nullable=inside.leaf.nullable,
        repeated=inside.leaf.repeated,
        location="",
    )
    shape = replaced_shape(part.shape, inside.at.split("."), field)
    return replace(part, shape=shape, check=check, inside=(*part.inside, inside))


def _has_body(shape: Shape) -> bool:
    return shape.open or any(not child.location for child in shape.children)
