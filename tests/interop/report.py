"""docs/reference/interop.md: what was tried with whom, and how it ended."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import UTC, datetime

from tests.interop.trials import CALLS, SERVES, Trial

_HEAD = """\
# SOAP stacks

<!-- Written by `make interop`. Run it, do not edit this page. -->

SOAP stacks that nobody here wrote, and the hub: as clients they read the contract that the hub serves, and call it; as
servers they are called by it. One contract is spoken in every style and version: a message of 31 fields (accents,
characters that XML reserves, several scripts, whole numbers, decimals, dates, a time, booleans, a code, text that is empty,
what is nil, what is not there) with three lines, and a fault with a detail of two fields. `make interop` tries it all anew;
npm packages are installed into `.interop/`, what comes from Debian is only used where it is there.

- **client**: {calls}.
- **server**: {serves}.
"""
_NOTES = {
    "zeep": ("its session shows the key.",),
    "node soap, client": (
        "`wsdl_headers` shows the key for the contract, `addHttpHeader` for calls.",
        "In bare and rpc style it forgets the namespace of types that a schema imports: name the fields with a prefix that",
        "`attributes` declare.",
    ),
    "node soap, server": (
        "in rpc style it gives the parts of its answer a namespace, which WS-I BP R2735 forbids and the hub does not take:",
        "write the answer with `$xml`.",
    ),
    "PHP": (
        "`login` and `password` (the key's id and its secret) serve for the contract, what it imports, and calls.",
        "SoapClient shows no attributes of a fault's detail; the words are there.",
    ),
    "Perl SOAP::Lite": (
        "it reads no document/literal WSDL: name the elements in the contract's order, with `autotype(0)`, and escape text.",
        "`soapversion` comes before `proxy`.",
    ),
    "gSOAP": (
        "`wsdl2h` reads files: fetch the contract and what it imports first.",
        "`soap->userid` and `soap->passwd` show the key's id and its secret for calls.",
    ),
}
"""What one must know of a stack; the rest works as its documentation shows."""


def page(found: Sequence[Trial], *, seconds: float) -> str:
    """The whole page."""
    counts = counted(found)
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M")
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    line = f"{now} UTC, {seconds:.0f} seconds, {system}: {_words(counts)}."
    notes = (f"- **{name}**: {' '.join(words)}" for name, words in _NOTES.items())
    head = _HEAD.format(calls=CALLS, serves=SERVES)
    return "\n".join((head, line, "", *_matrix(found), "", "## What one must know", "", *notes, ""))


def counted(found: Sequence[Trial]) -> dict[str, int]:
    """How many stacks were tried in a role, and how the trials ended."""
    ended = [each.ended for each in found]
    stacks = {(each.stack, each.role) for each in found if each.ended != "skipped"}
    return {"stacks": len(stacks), **{word: ended.count(word) for word in ("passed", "failed", "skipped")}}


def _words(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {word}" for word, number in counts.items())


def _matrix(found: Sequence[Trial]) -> list[str]:
    rows = ["| stack | role | style | SOAP | ended | why |", "| --- | --- | --- | --- | --- | --- |"]
    for each in found:
        name = f"{each.stack} {each.version}".strip()
        why = " ".join(each.why.replace("|", "\\|").split())[:300]
        rows.append(f"| {name} | {each.role} | {each.face.words} | {each.face.version} | {each.ended} | {why} |")
    return rows
