"""Schemas for what a WSDL only implies: the wrapper elements of rpc messages, and answers that no schema declares."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lxml import etree

from hub.transports.known_schemas import XS
from hub.transports.schema_set import SchemaSet
from hub.transports.wsdl_operations import Message, Said


def declare_wrappers(gathered: SchemaSet, said: Sequence[Said], path: Path) -> None:
    """Adds the wrapper elements of rpc messages, and with any content the answers whose element is undeclared."""
    implied: dict[str, dict[str, Message]] = {}
    for each in said:
        for message in (each.input, each.output):
            if message and (message.rpc or message.undeclared):
                namespace, _, name = message.name.rpartition("}")
                implied.setdefault(namespace.removeprefix("{"), {}).setdefault(name, message)
    for namespace, messages in implied.items():
        gathered.add_made(_schema(namespace, messages), path)


def _schema(namespace: str, messages: dict[str, Message]) -> etree._Element:
    spaces = sorted({_space(kind) for message in messages.values() for _, kind in message.parts} - {""})
    prefixes = {space: f"t{number}" for number, space in enumerate(spaces)}
    schema = etree.Element(f"{{{XS}}}schema", nsmap={"xs": XS, **{prefix: space for space, prefix in prefixes.items()}})
    if namespace:
        schema.set("targetNamespace", namespace)
    for space in spaces:
        if space not in (XS, namespace):
            etree.SubElement(schema, f"{{{XS}}}import", namespace=space)
    for name, message in messages.items():
        outer = etree.SubElement(schema, f"{{{XS}}}element", name=name)
        if message.rpc:
            _parts(outer, message, prefixes)
    return schema


def _parts(outer: etree._Element, message: Message, prefixes: dict[str, str]) -> None:
    sequence = etree.SubElement(etree.SubElement(outer, f"{{{XS}}}complexType"), f"{{{XS}}}sequence")
    for part, kind in message.parts:
        prefix = prefixes.get(_space(kind))
        local = kind.rpartition("}")[2]
        etree.SubElement(sequence, f"{{{XS}}}element", name=part, type=f"{prefix}:{local}" if prefix else local)


def _space(name: str) -> str:
    return name.rpartition("}")[0].removeprefix("{")
