"""Documents from bytes and bytes from documents, guided by a contract's shape: pure, no socket, no disk.

`codec_for(part)` is all that most users need; `xml` and `json` hold what is particular to each form.
"""

from __future__ import annotations

from typing import Protocol

from hub.codecs.json import JsonCodec
from hub.codecs.xml import XmlCodec
from hub.contract import Document, Part, Shape

__all__ = ["Codec", "JsonCodec", "NoBody", "XmlCodec", "codec_for"]


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
    """The codec of a part by its media type: XML for `*xml*`, else JSON; none where nothing can stand in a body."""
    if "xml" in part.media:
        return XmlCodec(part.shape)
    if not part.media and not _has_body(part.shape):
        return NoBody()
    return JsonCodec(part.shape)


def _has_body(shape: Shape) -> bool:
    return shape.open or any(not child.location for child in shape.children)
