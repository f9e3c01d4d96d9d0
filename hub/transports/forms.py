"""Forms: the fields of a document as names and texts, and back. A list gives each of its values; what is deeper is JSON.

Inside the hub a form is the JSON that says the same: so it is kept, and held against its contract.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from hub.codecs import codec_for
from hub.codecs import json as json_codec
from hub.codecs.multipart import parts_of
from hub.contract import Document, Kind, Part, Shape
from hub.errors import MessageError, Text

_MOST_FIELDS = 1000


def form_fields(shape: Shape, document: Document) -> Iterator[tuple[str, str]]:
    """The fields of a form that says this document, in the contract's order; what is not carried or null is no field."""
    for child in shape.children:
        if child.location or document.get(child.name) is None:
            continue
        value = document[child.name]
        for each in value if isinstance(value, list | tuple) else (value,):
            one = replace(child, repeated=False)
            yield child.name, each if isinstance(each, str) else json_codec.write(each, one).decode()


def form_document(shape: Shape, fields: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The document that a form says. MessageError 400 for a field that stands twice and is no list; an unknown one is
    carried as it is, for the contract to speak of."""
    document: dict[str, Any] = {}
    for name, text in fields:
        child = shape.child(name)
        value = _deep(text, child) if child and _is_deep(child) else text
        if child and child.repeated:
            document.setdefault(name, []).append(value)
        elif name in document:
            raise MessageError(
                Text(en=f"Given twice: {name[:80]}.", fr=f"Donné deux fois : {name[:80]}."),
                status=400,
                kind="parameter-twice",
            )
        else:
            document[name] = value
    return document


def json_of_form(fields: Iterable[tuple[str, str]], part: Part) -> bytes:
    """The JSON that says what a form does. MessageError 400, 422."""
    return codec_for(part).write(form_document(part.shape, fields))


def urlencoded_fields(body: bytes) -> list[tuple[str, str]]:
    """The fields of application/x-www-form-urlencoded. MessageError 400."""
    try:
        text = body.decode("ascii")
        strict = bool(text)
        return parse_qsl(text, keep_blank_values=True, strict_parsing=strict, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise _misformed() from error


def multipart_fields(content_type: str, body: bytes) -> list[tuple[str, str]]:
    """The fields of a whole multipart/form-data, each file in base64. MessageError 400."""
    return [
        (head.name, base64.b64encode(data).decode() if head.filename else text_of(data))
        for head, data in parts_of(content_type, body)
    ]


def text_of(data: bytes) -> str:
    """The text of a field. MessageError 400 when it is not in UTF-8."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _misformed() from error


def _misformed() -> MessageError:
    return MessageError(
        Text(en="This is not a form that can be read.", fr="Ce formulaire est illisible."), status=400, kind="broken-form"
    )


def _deep(text: str, shape: Shape) -> Document:
    return json_codec.read(json_codec.parse(text.encode()), replace(shape, repeated=False))


def _is_deep(shape: Shape) -> bool:
    return bool(shape.children) or shape.kind is Kind.OBJECT
