"""The whole document: what a caller may say, ask and fetch, exchange by exchange, and the administration."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hub.catalogue import Application, Catalogue, Exchange
from hub.endpoints.openapi.administration import administered
from hub.endpoints.openapi.answers import answer, components, objects, refusals, said
from hub.endpoints.openapi.mailboxes import mailbox_paths
from hub.endpoints.openapi.messages import saying
from hub.mailbox import exchanges_of

Schema = dict[str, Any]

_ABOUT = (
    "What the holder of this key may do. Show the key in `Authorization: Bearer` or `X-API-Key`, never in a URL; a key that "
    "signs is not shown: its messages carry its id and a signature (Standard Webhooks). Refusals are problem "
    "details (RFC 9457) in French or English, as `Accept-Language` asks. SOAP applications find "
    "their contract at `/soap/<application>?wsdl`, and that of their mailbox at `/soap/mailboxes/<application>?wsdl`."
)


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads the document: its application, and what it may do. Whoever may `read` sees all of it."""

    application: str
    may: Callable[[str], bool]

    @property
    def sees_all(self) -> bool:
        """Whether nothing is left out."""
        return self.may("read")


def document(catalogue: Catalogue, reader: Reader, *, administration: Mapping[str, Any]) -> Schema:
    """The OpenAPI 3.1 document for one reader. `administration`: what FastAPI says of the administration's own routes."""
    paths: Schema = {}
    for exchange in catalogue.exchanges.values():
        if senders := _senders(catalogue, exchange, reader):
            paths[f"/api/v1/exchanges/{exchange.name}/messages"] = {"post": saying(exchange, senders)}
    if reader.sees_all or reader.may("status:own"):
        paths["/api/v1/messages/{message}"] = {"get": _telling()}
    for application, exchanges in _collectors(catalogue, reader):
        paths |= mailbox_paths(application, exchanges)
    paths |= _health(reader)
    described = components()
    if reader.sees_all:
        more, schemas = administered(administration)
        paths |= more
        described["schemas"] |= schemas
    return {
        "openapi": "3.1.0",
        "info": {"title": "Hub", "version": catalogue.revision, "description": _ABOUT},
        "security": [{"bearer": []}, {"key": []}],
        "paths": paths,
        "components": described,
    }


def _senders(catalogue: Catalogue, exchange: Exchange, reader: Reader) -> list[Application]:
    """The applications that say this exchange, of which the reader is one or sees all."""
    named = [name for name in exchange.spec.between if exchange.incoming(name) and name in catalogue.connectors]
    if not reader.sees_all:
        named = [name for name in named if name == reader.application and reader.may(f"send:{exchange.name}")]
    return [catalogue.connectors[name] for name in named]


def _collectors(catalogue: Catalogue, reader: Reader) -> Iterable[tuple[str, list[str]]]:
    """The applications that fetch from a mailbox, each with the exchanges that the reader may see in it."""
    for name in catalogue.connectors:
        exchanges = [
            each
            for each in exchanges_of(catalogue, name)
            if reader.sees_all or (name == reader.application and reader.may(f"collect:{each}"))
        ]
        if exchanges:
            yield name, exchanges


def _telling() -> Schema:
    return {
        "operationId": "message",
        "summary": "What became of a message of one's own",
        "description": "Its state and its story, without its content. 404 for any other's.",
        "tags": ["messages"],
        "parameters": [{"name": "message", "in": "path", "required": True, "schema": {"type": "string"}}],
        "responses": {
            "200": answer("Its story.", said("Told"), headers={"Content-Language": {"schema": {"enum": ["en", "fr"]}}}),
            **refusals("401", "403", "404", "405", "408", "429", "431", "503"),
        },
    }


def _health(reader: Reader) -> Schema:
    live = objects({"live": {"const": True}})
    paths: Schema = {
        "/health/live": {"get": _open("live", "Whether the process answers", {"200": answer("It does.", live)})},
        "/health/ready": {
            "get": _open(
                "ready",
                "Whether messages can be taken and delivered",
                {"200": answer("They can.", said("Health")), "503": answer("A part cannot.", said("Health"))},
            )
        },
    }
    if reader.sees_all:
        text = answer("In the text form of Prometheus.", {"type": "string"}, media="text/plain")
        paths["/metrics"] = {"get": _watched("metrics", "Measures", text)}
        whole = answer("OpenAPI 3.1.", objects({"openapi": {"const": "3.1.0"}, "paths": {"type": "object"}}))
        paths["/openapi.json"] = {"get": _watched("openapi", "This document, as this key may use it", whole)}
    return paths


def _open(operation: str, summary: str, responses: Schema) -> Schema:
    """A question that needs no key."""
    return {
        "operationId": operation,
        "summary": summary,
        "tags": ["health"],
        "security": [],
        "responses": {**responses, **refusals("405", "408", "429", "431"), **_unless(responses)},
    }


def _unless(responses: Schema) -> Schema:
    return {} if "503" in responses else refusals("503")


def _watched(operation: str, summary: str, found: Schema) -> Schema:
    statuses = ("401", "403", "405", "408", "429", "431", "503")
    return {
        "operationId": operation,
        "summary": summary,
        "tags": ["health"],
        "responses": {"200": found, **refusals(*statuses)},
    }
