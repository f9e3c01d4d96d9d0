"""What a SOAP call costs, in and out, with the contract held both ways, against the same by hand in lxml; and what it takes
to load a WSDL of 800 types.

Run by `make benchmark-soap`. Every measure is a median of turns taken by both in the same run, one after the other. The last
line is JSON.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lxml import etree

from hub.call import Delivered, Reply
from hub.codecs import codec_for
from hub.contract import Operation
from hub.transports.contracts import load_contract
from hub.transports.envelope import SECURITY_HEADER, open_envelope, wrap
from hub.transports.judge import judge
from tests.benchmarks.mapping import medians
from tests.benchmarks.soap_contract import FIELDS, LINE, LINES, TYPES, order_contract, wide_contract, woven_contract

SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
XS_SCHEMA = "{http://www.w3.org/2001/XMLSchema}schema"
T = f"{{{TYPES}}}"
HEADERS = {"content-type": "text/xml; charset=utf-8"}
NOW = datetime(2026, 5, 31, tzinfo=UTC)
DOCUMENT: dict[str, Any] = {
    **{name: value for name, (_, value) in FIELDS.items()},
    "Ligne": [{name: value for name, (_, value) in LINE.items()} for _ in range(LINES)],
}

Act = Callable[[], Any]


@dataclass(frozen=True)
class Way:
    """One direction, done by the hub and by hand; both come to the same."""

    hub: Act
    hand: Act


def call_in(operation: Operation) -> Way:
    """A request that comes: its envelope opened, its body held against the schema, its fields picked."""
    assert operation.input
    codec, check, data = codec_for(operation.input), operation.input.check, _request()
    hand = Hand()

    def hub() -> Any:
        payload = open_envelope(data, charset="utf-8", understood={SECURITY_HEADER}).payload
        document = codec.read(payload)
        assert not check(payload)
        return document

    return Way(hub, lambda: hand.opened(data, "CreateOrder"))


def call_out(operation: Operation) -> Way:
    """A request that is written, held against the schema and put in its envelope, and its answer, opened and judged."""
    assert operation.input
    assert operation.output
    codec, check, answered = codec_for(operation.input), operation.input.check, codec_for(operation.output)
    answer = Reply(200, HEADERS, _request().replace(b"CreateOrder", b"CreateOrderResponse"))
    hand = Hand()

    def hub() -> Any:
        payload = codec.write(DOCUMENT)
        assert not check(payload)
        wrap(payload)
        outcome = judge(answer, operation, rules=(), operation_name="create_order", now=NOW, codec=answered)
        assert isinstance(outcome, Delivered)
        return outcome.answer

    def by_hand() -> Any:
        hand.written(DOCUMENT)
        return hand.opened(answer.body, "CreateOrderResponse")

    return Way(hub, by_hand)


class Hand:
    """What a careful person writes for this one contract, with lxml and nothing else."""

    def __init__(self) -> None:
        self._schema = etree.XMLSchema(_schema_of())
        self._parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
        )

    def opened(self, data: bytes, name: str) -> dict[str, Any]:
        """The fields of the body of these bytes."""
        root = etree.fromstring(data, self._parser)
        if root.getroottree().docinfo.internalDTD is not None:
            raise ValueError("DOCTYPE")
        body = root.find(f"{SOAP}Body")
        if body is None or len(body) != 1 or body[0].tag != T + name:
            raise ValueError("no such body")
        order = body[0]
        self._schema.assertValid(order)
        found: dict[str, Any] = {"Ligne": []}
        for child in order:
            field = child.tag[len(T) :]
            if field == "Ligne":
                found["Ligne"].append({each.tag[len(T) :]: each.text or "" for each in child})
            else:
                found[field] = child.text or ""
        return found

    def written(self, document: Mapping[str, Any]) -> bytes:
        """The envelope around a body that fits."""
        envelope = etree.Element(f"{SOAP}Envelope", nsmap={"soap": SOAP[1:-1]})
        order = etree.SubElement(etree.SubElement(envelope, f"{SOAP}Body"), f"{T}CreateOrder", nsmap={"t": TYPES})
        for name in FIELDS:
            etree.SubElement(order, T + name).text = document[name]
        for line in document["Ligne"]:
            element = etree.SubElement(order, f"{T}Ligne")
            for name in LINE:
                etree.SubElement(element, T + name).text = line[name]
        self._schema.assertValid(order)
        return bytes(etree.tostring(envelope, encoding="UTF-8", xml_declaration=True))


def _schema_of() -> etree._Element:
    with tempfile.TemporaryDirectory() as folder:
        schema = etree.parse(str(order_contract(Path(folder)))).getroot().find(f".//{XS_SCHEMA}")
    assert schema is not None
    return etree.fromstring(etree.tostring(schema))


def _request() -> bytes:
    """An envelope as others write it: another prefix, and a line for each element."""
    with tempfile.TemporaryDirectory() as folder:
        operation = load_contract(order_contract(Path(folder))).operations["CreateOrder"]
    assert operation.input
    plain = codec_for(operation.input).write(DOCUMENT).replace(b"ns0:", b"ord:").replace(b":ns0=", b":ord=")
    return wrap(plain.replace(b"><ord", b">\n    <ord"))


def order_operation() -> Operation:
    """The operation that is called."""
    with tempfile.TemporaryDirectory() as folder:
        return load_contract(order_contract(Path(folder))).operations["CreateOrder"]


def loading(types: int, *, turns: int) -> dict[str, float]:
    """Seconds of loading a WSDL of so many types, of one whose types use each other, and of compiling the one schema of the
    first with lxml, medians of turns."""
    with tempfile.TemporaryDirectory() as folder:
        path, woven = wide_contract(Path(folder), types=types), woven_contract(Path(folder), types=types)
        schema = etree.parse(str(path)).getroot().find(f".//{XS_SCHEMA}")
        assert schema is not None
        text = etree.tostring(schema)
        found = medians(
            {
                "hub": lambda: load_contract(path),
                "woven": lambda: load_contract(woven),
                "lxml": lambda: etree.XMLSchema(etree.fromstring(text)),
            },
            turns=turns,
            calls=1,
        )
    return found


def measure(*, turns: int, calls: int, types: int, loads: int) -> dict[str, Any]:
    """Every figure."""
    operation = order_operation()
    found: dict[str, Any] = {}
    for name, way in {"in": call_in(operation), "out": call_out(operation)}.items():
        seconds = medians({"hub": way.hub, "hand": way.hand}, turns=turns, calls=calls)
        found[f"soap_{name}_us"] = round(seconds["hub"] * 1e6, 1)
        found[f"soap_{name}_by_hand_us"] = round(seconds["hand"] * 1e6, 1)
        found[f"soap_{name}_ratio"] = round(seconds["hub"] / seconds["hand"], 2)
    loaded = loading(types, turns=loads)
    found["wsdl_types"] = types
    found["wsdl_seconds"] = round(loaded["hub"], 3)
    found["wsdl_woven_seconds"] = round(loaded["woven"], 3)
    found["wsdl_schema_by_lxml_seconds"] = round(loaded["lxml"], 3)
    return found


def table(found: Mapping[str, Any]) -> str:
    """The figures as Markdown."""
    rows = ["| 31 fields and 4 lines, us a call | hub | by hand in lxml | ratio |", "|---|--:|--:|--:|"]
    for name, title in (("in", "called: opened, held against the schema, read"), ("out", "calling, and its answer judged")):
        figures = (found[f"soap_{name}_us"], found[f"soap_{name}_by_hand_us"], found[f"soap_{name}_ratio"])
        rows.append(f"| {title} | {' | '.join(map(str, figures))} |")
    return "\n".join(
        [
            *rows,
            "",
            f"A WSDL of {found['wsdl_types']} types is loaded in {found['wsdl_seconds']} s, one whose types use each other "
            f"in {found['wsdl_woven_seconds']} s; lxml compiles the first one's schema alone in "
            f"{found['wsdl_schema_by_lxml_seconds']} s.",
        ]
    )


def main(*, turns: int = 60, calls: int = 50) -> None:
    """Measure and print."""
    started = time.perf_counter()
    found = measure(turns=turns, calls=calls, types=800, loads=5)
    print(table(found))
    print(json.dumps({**found, "seconds": round(time.perf_counter() - started, 1)}))


if __name__ == "__main__":
    main(turns=int(sys.argv[1]) if len(sys.argv) > 1 else 60)
