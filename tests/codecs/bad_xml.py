"""XML that is made to do harm, at each place where the hub reads XML of others, and what it costs there.

`python -m tests.codecs.bad_xml ADDRESS`: each pair of a payload and a place in a process of its own, forked from this one; a
JSON line for each. ADDRESS is of a listener that nobody may call.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub.call import Reply
from hub.catalogue import load_catalogue
from hub.cli.documents import read_sample
from hub.codecs import codec_for
from hub.errors import ConfigurationError, MessageError
from hub.transports.contracts import load_contract
from hub.transports.envelope import open_envelope
from hub.transports.judge import judge
from tests.installation import REPOSITORY

LONG = 0.4
"""Seconds from which on a second look is taken: a machine that does much else at once slows the processor down, too."""
TYPES = "urn:exemple:dechets:types:1"
CHANGE = (
    f"<NotifyOrderChange xmlns='{TYPES}'><NumIntervention>I-000001</NumIntervention><Statut>05</Statut>"
    "<DateModif>09/03/2026 10:42:07</DateModif><Commentaire>{}</Commentaire></NotifyOrderChange>"
)
STATUS, REFERENCES = Path("/proc/self/status"), Path("/proc/self/clear_refs")

_LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
_FILE = Path("/proc/version").as_uri()


def _element(attribute: str, many: int) -> str:
    return f"<a {' '.join(attribute.format(number) for number in range(many))}/>"


PAYLOADS: dict[str, Callable[[str], str]] = {
    "a billion laughs": lambda _: f'<!DOCTYPE a [<!ENTITY l0 "lol">{_LAUGHS}]>' + CHANGE.format("&l9;"),
    "a quadratic blow-up": lambda _: f'<!DOCTYPE a [<!ENTITY x "{"x" * 50_000}">]>' + CHANGE.format("&x;" * 5_000),
    "an entity that is a file": lambda _: f'<!DOCTYPE a [<!ENTITY x SYSTEM "{_FILE}">]>' + CHANGE.format("&x;"),
    "an entity at an address": lambda url: f'<!DOCTYPE a [<!ENTITY x SYSTEM "{url}/x">]>' + CHANGE.format("&x;"),
    "a parameter entity": lambda url: f'<!DOCTYPE a [<!ENTITY % x SYSTEM "{url}/x"> %x;]>' + CHANGE.format("a"),
    "an external DTD": lambda url: f'<!DOCTYPE a SYSTEM "{url}/a.dtd">' + CHANGE.format("a"),
    "a public DTD": lambda url: f'<!DOCTYPE a PUBLIC "-//X//Y" "{url}/a.dtd">' + CHANGE.format("a"),
    "XInclude": lambda url: CHANGE.format(
        f'<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="{url}/x" parse="text"/>'
        f'<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="{_FILE}" parse="text"/>'
    ),
    "a schema that the document names": lambda url: CHANGE.format("a").replace(
        "<Statut",
        f'<Own xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:schemaLocation="{TYPES} {url}/x.xsd"/><Statut',
    ),
    "a stylesheet that the document names": lambda url: (
        f'<?xml-stylesheet type="text/xsl" href="{url}/x.xsl"?>' + CHANGE.format("<a/>")
    ),
    "300 levels": lambda _: CHANGE.format("<a>" * 300 + "</a>" * 300),
    "100,000 levels": lambda _: CHANGE.format("<a>" * 100_000 + "</a>" * 100_000),
    "100,000 levels that are never closed": lambda _: "<a>" * 100_000,
    "a text of 11 MB": lambda _: CHANGE.format("x" * 11_000_000),
    "an attribute of 11 MB": lambda _: CHANGE.format("a").replace("<Statut>", f"<Statut a='{'x' * 11_000_000}'>"),
    "a comment of 11 MB": lambda _: f"<!--{'x' * 11_000_000}-->{CHANGE.format('<a/>')}",
    "a name of 1 MB": lambda _: f"<{'n' * 1_000_000}/>",
    "200,000 attributes": lambda _: CHANGE.format(_element("a{}=''", 200_000)),
    "50,000 namespaces": lambda _: CHANGE.format(_element("xmlns:n{}='u'", 50_000)),
    "50,000 namespaces, 50 an element": lambda _: CHANGE.format(_element("xmlns:n{}='u'", 50) * 1_000),
    "2,000,000 empty elements": lambda _: CHANGE.format("<a/>" * 2_000_000),
    "190,000 elements": lambda _: CHANGE.format("<a/>" * 190_000),
    "1,000,000 comments": lambda _: CHANGE.format("<!---->" * 1_000_000 + "<a/>"),
    "1,000,000 instructions": lambda _: CHANGE.format("<?a?>" * 1_000_000 + "<a/>"),
    "1,000,000 numbered characters": lambda _: CHANGE.format("&#65;" * 1_000_000 + "<a/>"),
    "a text of blanks": lambda _: CHANGE.format(" " * 5_000_000 + "<a/>"),
}
DTD = tuple(name for name in PAYLOADS if "DOCTYPE" in PAYLOADS[name]("http://127.0.0.1:9")[:10])


def places(folder: Path) -> dict[str, Callable[[bytes], tuple[str, str]]]:
    """By name: what came (the kind of a refusal, an outcome, or "taken"), and its words."""
    catalogue = load_catalogue(REPOSITORY)
    application, exchange = catalogue.connectors["waste"], catalogue.exchange("bin-progress")
    said, ordered = application.operation("order_changed").input, application.operation("create_order")
    assert said
    codec = codec_for(said)

    def intake(data: bytes) -> tuple[str, str]:
        return refusal(lambda: codec.read(data))

    def contract(data: bytes) -> tuple[str, str]:
        problems = said.check(data)
        return ("unfit", " ".join(each.text.en + each.text.fr for each in problems)) if problems else ("taken", "")

    def door(data: bytes) -> tuple[str, str]:
        return refusal(lambda: open_envelope(data, understood=frozenset()))

    def answer(data: bytes) -> tuple[str, str]:
        reply = Reply(200, {"content-type": "text/xml"}, data)
        now = datetime(2026, 3, 1, tzinfo=UTC)
        outcome = judge(reply, ordered, rules=application.spec.answers, operation_name="create_order", now=now)
        words = getattr(outcome, "reason", None)
        return type(outcome).__name__, str(words)

    def wsdl(data: bytes) -> tuple[str, str]:
        (folder / "hostile.wsdl").write_bytes(data)
        return refusal(lambda: load_contract(folder / "hostile.wsdl"))

    def tester(data: bytes) -> tuple[str, str]:
        (folder / "sample.xml").write_bytes(data)
        return refusal(lambda: read_sample(catalogue, exchange, "waste", folder / "sample.xml"))

    return {"intake": intake, "check": contract, "door": door, "answer": answer, "contract": wsdl, "tester": tester}


def refusal(act: Callable[[], Any]) -> tuple[str, str]:
    """The kind of the refusal that the act ends in, and all its words."""
    try:
        act()
    except MessageError as error:
        return error.kind, " ".join([error.text.en, error.text.fr, *(each.text.en for each in error.problems)])
    except ConfigurationError as error:
        return "not-a-contract", " ".join(each.text.en + each.text.fr for each in error.findings)
    return "taken", ""


def memory(word: str) -> float:
    """A line of /proc/self/status, in MB."""
    [line] = [line for line in STATUS.read_text().splitlines() if line.startswith(word)]
    return int(line.split()[1]) / 1024


def measured(act: Callable[[bytes], tuple[str, str]], data: bytes) -> dict[str, Any]:
    """What came, and what it took of the processor and of the memory."""
    REFERENCES.write_text("5")  # from now on the most memory is counted anew
    before, began = memory("VmRSS"), _used()
    came, words = act(data)
    seconds, megabytes = _used() - began, memory("VmHWM") - before
    if seconds > LONG:
        began = _used()
        act(data)
        seconds = min(seconds, _used() - began)
    return {"came": came, "words": words, "seconds": seconds, "megabytes": megabytes}


def _used() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def apart(act: Callable[[], dict[str, Any]], name: str, place: str) -> None:
    """Does it in a child, so that what it takes is its own, and waits for the child's line."""
    child = os.fork()
    if child == 0:
        print(json.dumps({"name": name, "place": place, **act()}), flush=True)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status:
        print(json.dumps({"name": name, "place": place, "came": f"ended with {status}"}), flush=True)


def main(url: str) -> None:
    """Every payload at every place."""
    with tempfile.TemporaryDirectory() as folder:
        known = places(Path(folder))
        for name, make in PAYLOADS.items():
            data = make(url).encode()
            for place, act in known.items():
                apart(lambda act=act, data=data: measured(act, data), name, place)


if __name__ == "__main__":
    main(sys.argv[1])
