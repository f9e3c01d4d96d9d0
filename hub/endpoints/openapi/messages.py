"""How a message of one exchange is said: the sender's document by its contract, with the mapping's own examples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from hub.catalogue import Application, Exchange
from hub.codecs import codec_for
from hub.codecs.nested import around
from hub.contract import Operation, Part
from hub.endpoints.documents import form_of
from hub.endpoints.openapi.answers import WAYS_OF_SAYING, answer, refusals, said
from hub.endpoints.openapi.shapes import has_files, parameters_of, schema_of
from hub.errors import MessageError

Schema = dict[str, Any]

_MULTIPART = "multipart/form-data"
_FORMS = {"urlencoded": "application/x-www-form-urlencoded", "multipart": _MULTIPART}
_STATUSES = ("400", "401", "403", "404", "405", "408", "409", "413", "415", "422", "429", "431", "503", "507")
_BEYOND = "What the mapping asks beyond the contract (required rows, known codes, what receivers can hold) is told by a 422."
_TRAVELLING: list[Schema] = [
    {
        "name": "Idempotency-Key",
        "in": "header",
        "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
        "description": "The sender's own name for this message: said twice under one key, it is one message.",
    },
    {
        "name": "CE-ExpiryTime",
        "in": "header",
        "schema": {"type": "string", "format": "date-time"},
        "description": "When it will be of no more use: what comes later is refused.",
    },
]


def saying(exchange: Exchange, senders: Sequence[Application]) -> Schema:
    """The operation `POST .../messages` of an exchange, as these applications say it."""
    operations = [(each.name, each.operation(exchange.incoming(each.name) or "")) for each in senders]
    return {
        "operationId": exchange.name,
        "summary": exchange.spec.title,
        "description": f"Said by {', '.join(name for name, _ in operations)}. 202 means that it is on disk. {_BEYOND}",
        "tags": ["messages"],
        "security": WAYS_OF_SAYING,
        "parameters": [*_TRAVELLING, *_parameters(operations)],
        "requestBody": {"required": True, "content": _content(exchange, operations)},
        "responses": {"202": _ACCEPTED, **refusals(*_STATUSES)},
    }


_ACCEPTED = answer(
    "Accepted, and on disk.",
    said("Receipt"),
    headers={
        "Location": {"required": True, "schema": {"type": "string"}, "description": "Where its story is told."},
        "Idempotent-Replayed": {"schema": {"const": "true"}, "description": "It was accepted before."},
    },
)


def _parameters(operations: Sequence[tuple[str, Operation]]) -> list[Schema]:
    """The contracts' own parameters; one that several senders have need not be there for each."""
    found: dict[tuple[str, str], Schema] = {}
    for _, operation in operations:
        for parameter in parameters_of(operation.input.shape) if operation.input else ():
            found.setdefault((parameter["name"].lower(), parameter["in"]), parameter)
    known = {(each["name"].lower(), each["in"]) for each in _TRAVELLING}
    alone = len(operations) == 1
    return [{**each, "required": alone and each["required"]} for place, each in found.items() if place not in known]


def _content(exchange: Exchange, operations: Sequence[tuple[str, Operation]]) -> Schema:
    """The request body by media type; where several senders share one, whatever either of them says."""
    schemas: dict[str, list[Schema]] = {}
    examples: dict[str, Schema] = {}
    for name, operation in operations:
        for media in media_types(operation):
            schemas.setdefault(media, []).append(_schema(media, operation))
            if media != _MULTIPART:
                examples.setdefault(media, {}).update(_examples(exchange, name, operation.input, media))
    return {
        media: {
            "schema": found[0] if len(found) == 1 else {"anyOf": found},
            **({"examples": examples[media]} if examples.get(media) else {}),
        }
        for media, found in schemas.items()
    }


def media_types(operation: Operation) -> tuple[str, ...]:
    """The media types in which the REST door takes what this operation says."""
    part = operation.input
    media = part.media if part else ""
    if "xml" in media:
        return tuple(dict.fromkeys((media, "application/xml", "text/xml")))
    if part and part.layout:
        return (media,)
    form = _FORMS.get(form_of(operation), "")
    files = _MULTIPART if part and has_files([part.shape]) else ""
    return tuple(dict.fromkeys(each for each in (form, media or "application/json", "application/json", files) if each))


def _schema(media: str, operation: Operation) -> Schema:
    part = operation.input
    if part is None:
        return {}
    if media == _MULTIPART and form_of(operation) != "multipart":
        return {"type": "object", "description": "The document, as a first part of its own media type; then the files."}
    if "xml" in media or part.layout:
        return {"type": "string", "description": f"A document as `{operation.name}` of the contract has it."}
    return schema_of(around(part).shape)


def _examples(exchange: Exchange, side: str, part: Part | None, media: str) -> Schema:
    """The mapping's examples of what this side says, as it would send them."""
    return {name: {"summary": name, "value": value} for name, value in _said_by(exchange, side, part, media)}


def _said_by(exchange: Exchange, side: str, part: Part | None, media: str) -> Iterator[tuple[str, Any]]:
    if part is None or exchange.examples is None:
        return
    codec = codec_for(part)
    for example in exchange.examples[0].examples:
        if example.start != side or side not in example.documents:
            continue
        try:
            written = codec.write(example.documents[side])
        except MessageError:
            continue  # `hub check` says what is wrong with it
        yield example.name, orjson.loads(written) if "json" in media else written.decode(part.encoding or "utf-8")
