"""The documents that the author's tools look at: samples in files, examples beside a mapping, each in its side's form."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lxml import etree

from hub.catalogue import Catalogue, Exchange, inspect
from hub.codecs import codec_for
from hub.contract import Document, Part, SoapBinding
from hub.errors import ConfigurationError, NotFound, Text
from hub.specs.connector import Direction
from hub.specs.demo import Demo
from hub.specs.load import load
from hub.specs.mapping import Example

LONGEST = 400
"""Characters of a value that are shown: a file in base64 has millions."""


def exchange_in(root: Path, name: str) -> tuple[Catalogue, Exchange]:
    """The exchange as the files under `root` have it now; errors elsewhere do not stand in the way.

    Raises ConfigurationError when its own files are not right, NotFound when there is none of that name.
    """
    catalogue, report = inspect(root)
    if name not in catalogue.exchanges and (root / "mappings" / f"{name}.yaml").exists() and report.errors:
        raise ConfigurationError(findings=report.errors)
    return catalogue, catalogue.exchange(name)


def speaking(exchange: Exchange, side: str) -> Direction:
    """The way by which `side` speaks in this exchange, or else the way by which it hears. Raises NotFound."""
    ways = exchange.spec.between.get(side)
    if not ways:
        known = ", ".join(exchange.spec.between)
        raise NotFound(
            Text(
                en=f"“{side}” has no part in {exchange.name}. Its sides: {known}.",
                fr=f"« {side} » ne participe pas à {exchange.name}. Ses côtés : {known}.",
            )
        )
    return next((way for way in ("in", "feed", "out", "collect", "ask") if way in ways), "in")


def read_sample(catalogue: Catalogue, exchange: Exchange, side: str, file: Path) -> Document:
    """The document in `file` (JSON or XML, without SOAP envelope). Raises NotFound, MessageError."""
    try:
        body = file.read_bytes()
    except OSError as error:
        words = Text(en=f"The file {file} cannot be read.", fr=f"Le fichier {file} est absent ou illisible.")
        raise NotFound(words) from error
    return document_in(catalogue, exchange, side, speaking(exchange, side), body=body)


def document_in(catalogue: Catalogue, exchange: Exchange, side: str, direction: Direction, *, body: bytes) -> Document:
    """What `body` says as `side` writes it in that direction. Raises MessageError."""
    part = _part(catalogue, exchange, side, direction)
    return codec_for(part).read(body) if part else {}


def first_sample(catalogue: Catalogue, exchange: Exchange, side: str) -> tuple[Document, Mapping[str, str]]:
    """The first example that `side` says (or has), with the rows given beside it; else what it says in the demo.

    Raises NotFound.
    """
    examples = exchange.examples[0].examples if exchange.examples else ()
    found = next((each for each in sorted(examples, key=lambda each: each.start != side) if side in each.documents), None)
    if isinstance(found, Example):
        return found.documents[side], found.given
    script = catalogue.connectors[side].folder / "samples" / "demo.yaml"
    lines = load(script, Demo, shown="demo.yaml")[0].lines if script.exists() else ()
    said = next((line.document for line in lines if line.exchange == exchange.name), None)
    if said is not None:
        return said, {}
    raise NotFound(
        Text(
            en=f"There is no example of {exchange.name} for {side}: name a file with its JSON or XML.",
            fr=f"Il n'y a pas d'exemple de {exchange.name} pour {side} : nommez un fichier avec son JSON ou son XML.",
        )
    )


def form_of(catalogue: Catalogue, side: str, operation: str, document: Mapping[str, Any]) -> str:
    """`document` as `side` is told it: XML for SOAP, else JSON; long values cut short, for people."""
    contract = catalogue.connectors[side].operation(operation)
    if not isinstance(contract.binding, SoapBinding) or contract.input is None:
        return as_json(document)
    root = etree.fromstring(codec_for(contract.input).write(_shortened(document)))
    etree.indent(root)
    return etree.tostring(root, encoding="unicode")


def as_json(value: Any) -> str:
    """A record or document as people read it, long values cut short."""
    return json.dumps(_shortened(value), indent=2, ensure_ascii=False, default=str)


def _shortened(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _shortened(below) for key, below in value.items()}
    if isinstance(value, list):
        return [_shortened(below) for below in value]
    return f"{value[:LONGEST]}… ({len(value)})" if isinstance(value, str) and len(value) > LONGEST else value


def _part(catalogue: Catalogue, exchange: Exchange, side: str, direction: Direction) -> Part | None:
    """What a sample is a document of; for a feed, one item of its answer."""
    application, name = catalogue.connectors[side], exchange.operation(side, direction) or ""
    operation = application.operation(name)
    items = application.spec.operations[name].items
    if direction == "feed" and operation.output and items:
        return operation.output.item(items)
    return operation.input
