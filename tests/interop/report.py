"""docs/reference/interop.md: what was tried with whom, and how it ended."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from tests.interop.laid_out import Face
from tests.interop.message import About
from tests.interop.trials import Trial

_HEAD = """\
# SOAP stacks

<!-- Written by `make interop`. Run it, do not edit this page. -->

SOAP stacks that nobody here wrote, and the hub: as clients they read the contract that the hub serves, and call it; as
servers they are called by it. One contract is spoken in every style and version. `make interop` tries it all anew; npm
packages are installed into `.interop/`, what comes from Debian is only used where it is there.

- **31 fields**: a message of 31 fields (accents, characters that XML reserves, several scripts, whole numbers, decimals,
  dates, a time, booleans, a code, text that is empty, what is nil, what is not there) with three lines. A client's call is
  kept as the one canonical record, the same byte for byte for all, and reaches the REST application once; a server
  understands every field.
- **fault**: the fault that the contract declares. A client's wrong call is answered by it (the connector's `refusal`), the
  client reads its code and its words by its type, and nothing is kept; a server's becomes a dead letter with its words.
- **file inside**, **file beside**: the same message with a file of 30 kB, in base64 in the document, or as a part of its
  own: MTOM, or an attachment that the document names by `cid:` (SwA). However a client sends it, the record is the same byte
  for byte, with the file's SHA-256 for a ticket, and the REST application is told the file in base64. A server
  says what it got, and how it came.
- **beside the answer**: the server answers with a file beside its document, and the hub takes the answer.
- **1.1 of both**, **1.2 of both**: one contract that has a binding of each version.
"""
_COLUMNS: dict[About, str] = {
    "fields": "31 fields",
    "fault": "fault",
    "inside": "file inside",
    "beside": "file beside",
    "answer": "beside the answer",
}
_NOTES = {
    "zeep": ("its session shows the key.", "A declared fault is read by its type: `client.get_element(...).parse(...)`."),
    "node soap, client": (
        "`wsdl_headers` shows the key for the contract, `addHttpHeader` for calls.",
        "In bare and rpc style it forgets the namespace of types that a schema imports: name the fields with a prefix that",
        "`attributes` declare. A file goes beside the document with `attachments`, its `xop:Include` written with `$xml`;",
        "the package says `text/xml` even of SOAP 1.2, which the hub takes, for it goes by the envelope.",
    ),
    "node soap, server": (
        "in rpc style it gives the parts of its answer a namespace, which WS-I BP R2735 forbids and the hub does not take:",
        "write the answer with `$xml`.",
    ),
    "PHP": (
        "`login` and `password` (the key's id and its secret) serve for the contract, what it imports, and calls.",
        "A declared fault is `$fault->detail->Refused`. A field of type base64Binary is given, and got, as bytes.",
    ),
    "Perl SOAP::Lite": (
        "it reads no document/literal WSDL: name the elements in the contract's order, with `autotype(0)`, and escape text.",
        "`soapversion` comes before `proxy`; `faultdetail` knows SOAP 1.1 alone, `valueof` both. With `parts`, a file's",
        "element has `href='cid:...'`, and all must be ASCII (character references, base64): it is encoded once more.",
    ),
    "gSOAP": (
        "`wsdl2h` reads files: fetch the contract and what it imports first.",
        "`soap->userid` and `soap->passwd` show the key's id and its secret for calls. For MTOM, map `xsd__base64Binary` to",
        "`_xop__Include` in the type map, set `SOAP_ENC_MTOM`, and give the file a media type. For attachments as the hub",
        "sends them (SwA: `cid:` as text), map it to `char*` and find the part in `soap->mime.list`. Of a contract with",
        "both versions, `soapcpp2 -1` or `-2` says which is spoken.",
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
    reasons = (*_reasons(found, "failed"), *_reasons(found, "skipped"))
    return "\n".join((_HEAD, line, "", *_matrix(found), "", *reasons, "## What one must know", "", *notes, ""))


def counted(found: Sequence[Trial]) -> dict[str, int]:
    """How many stacks were tried in a role, and how the trials ended."""
    ended = [each.ended for each in found]
    stacks = {(each.stack, each.role) for each in found if each.ended != "skipped"}
    return {"stacks": len(stacks), **{word: ended.count(word) for word in ("passed", "failed", "skipped")}}


def _words(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {word}" for word, number in counts.items())


def _matrix(found: Sequence[Trial]) -> Iterator[str]:
    """A row for each stack, role, style and version."""
    rows: dict[tuple[str, str, Face], list[Trial]] = {}
    for each in found:
        rows.setdefault((each.stack, each.role, each.face), []).append(each)
    titles = ("stack", "role", "style", "SOAP", *_COLUMNS.values())
    yield f"| {' | '.join(titles)} |"
    yield f"|{' --- |' * len(titles)}"
    for (stack, role, face), trials in rows.items():
        name = f"{stack} {trials[0].version}".strip()
        cells = (_cell([each for each in trials if each.about == about]) for about in _COLUMNS)
        yield f"| {' | '.join((name, role, face.words, face.spoken, *cells))} |"


def _cell(trials: Sequence[Trial]) -> str:
    return ", ".join(f"{each.way} {each.ended}".strip() for each in trials)


def _reasons(found: Sequence[Trial], ended: str) -> Iterator[str]:
    """A section with each reason for which trials ended so, once; nothing when there is none."""
    reasons: dict[tuple[str, str, str], list[str]] = {}
    for each in found:
        if each.ended == ended:
            why = " ".join(each.why.split())[:300]
            reasons.setdefault((each.stack, each.role, why), []).append(_COLUMNS[each.about])
    if not reasons:
        return
    yield from (f"## {ended.title()}", "")
    for (stack, role, why), columns in reasons.items():
        yield f"- {stack}, {role}, {', '.join(dict.fromkeys(columns))} ({len(columns)}): {why}."
    yield ""
