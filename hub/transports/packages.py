"""Documents with files beside them, on the wire: SOAP with MTOM/XOP or with attachments (SwA), and forms.

In its document a file stands by its `stand_in`; here that becomes a reference to the file's part, and back.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, unquote

from lxml import etree

from hub.call import Call, Enclosed, Reply
from hub.chance import random_piece
from hub.codecs.multipart import Head, parameters_of, parts_of
from hub.codecs.safe_xml import parse
from hub.errors import MessageError, Text
from hub.facts import replace
from hub.message import Apart, stand_in

Way = Literal["mtom", "swa"]

_XOP = "http://www.w3.org/2004/08/xop/include"
_INCLUDE = f"{{{_XOP}}}Include"
_ROOT = "document@hub"
_MEDIA = {
    "pdf": "application/pdf",
    "jpg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "zip": "application/zip",
    "xml": "application/xml",
}


@dataclass(frozen=True, slots=True)
class Beside:
    """The files of a message that may leave beside its document, by ticket."""

    message: str
    files: Mapping[str, Apart]

    def given(self, fields: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str | Apart, str]]:
        """The fields of a form, with the file in place of what stands for it, and its ticket."""
        known = {stand_in(ticket): ticket for ticket in self.files}
        for name, value in fields:
            ticket = known.get(value, "")
            yield name, self.files[ticket] if ticket else value, ticket

    def standing_in(self, body: bytes) -> dict[str, Apart]:
        """Those that the document names."""
        return {ticket: file for ticket, file in self.files.items() if stand_in(ticket).encode() in body}


NOTHING_BESIDE = Beside("", {})


# -- out --------------------------------------------------------------------------------------------------------------


def enclosing(call: Call, beside: Beside, *, way: Way) -> Call:
    """A SOAP call with the files that its document names: as MTOM (each an xop:Include), or with attachments (each a
    `cid:` reference). The call itself when there is none."""
    files = beside.standing_in(call.body)
    if not files:
        return call
    media, body = call.headers["Content-Type"], call.body
    for ticket in files:
        body = body.replace(stand_in(ticket).encode(), _reference(ticket, way))
    boundary = _boundary()
    root = _root_media(media) if way == "mtom" else media
    head = f"--{boundary}\r\nContent-Type: {root}\r\nContent-Transfer-Encoding: 8bit\r\nContent-ID: <{_ROOT}>\r\n\r\n"
    headers = {**call.headers, "Content-Type": _package_media(media, boundary, way), "MIME-Version": "1.0"}
    rest: list[bytes | Enclosed] = []
    for ticket, file in files.items():
        rest += [_part_head(boundary, ticket, file), Enclosed(beside.message, ticket, file.size)]
    return replace(call, headers=headers, body=head.encode() + body, rest=(*rest, f"\r\n--{boundary}--\r\n".encode()))


def _reference(ticket: str, way: Way) -> bytes:
    href = f"cid:{_id(ticket)}"
    return (href if way == "swa" else f'<xop:Include xmlns:xop="{_XOP}" href="{href}"/>').encode()


def _id(ticket: str) -> str:
    return f"{ticket.removeprefix('sha256:')}@hub"


def _root_media(media: str) -> str:
    """The root part's media type in an XOP package: what is inside, with the action of SOAP 1.2."""
    inside = media.partition(";")[0].strip()
    action = parameters_of(media).get("action")
    told = f'{inside}; action=\\"{action}\\"' if action else inside
    return f'application/xop+xml; charset=UTF-8; type="{told}"'


def _package_media(media: str, boundary: str, way: Way) -> str:
    inside = media.partition(";")[0].strip()
    kind = f'type="application/xop+xml"; start-info="{inside}"' if way == "mtom" else f'type="{inside}"'
    action = parameters_of(media).get("action")
    told = f'; action="{action}"' if action else ""
    return f'multipart/related; boundary="{boundary}"; {kind}; start="<{_ROOT}>"{told}'


def _part_head(boundary: str, ticket: str, file: Apart) -> bytes:
    named = f"Content-Disposition: attachment; {_filename(file.name)}\r\n" if file.name else ""
    return (
        f"\r\n--{boundary}\r\nContent-Type: {media_of_kind(file.kind)}\r\nContent-Transfer-Encoding: binary\r\n"
        f"Content-ID: <{_id(ticket)}>\r\n{named}\r\n"
    ).encode()


def media_of_kind(kind: str) -> str:
    """The media type of a file by what its first bytes say."""
    return _MEDIA.get(kind, "application/octet-stream")


def form(fields: Iterable[tuple[str, str | Apart, str]], *, message: str) -> tuple[str, tuple[bytes | Enclosed, ...]]:
    """The content type and the body of a form of several parts, from each field's name, its value and, for a file, its
    ticket."""
    boundary = _boundary()
    pieces: list[bytes | Enclosed] = []
    for name, value, ticket in fields:
        said = f'\r\n--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"'
        if isinstance(value, Apart):
            kind = media_of_kind(value.kind)
            said += f"; {_filename(value.name or _id(ticket))}\r\nContent-Type: {kind}\r\n\r\n"
            pieces += [said.encode(), Enclosed(message, ticket, value.size)]
        else:
            pieces.append(f"{said}\r\n\r\n{value}".encode())
    pieces.append(f"\r\n--{boundary}--\r\n".encode())
    return f'multipart/form-data; boundary="{boundary}"', tuple(pieces)


def _filename(name: str) -> str:
    """The name of a file in ASCII for all, and as it is (RFC 5987) for those who know."""
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    if plain == name:
        return f'filename="{_quoted(name)}"'
    return f"filename=\"{_quoted(plain)}\"; filename*=UTF-8''{quote(name, safe='')}"


def _quoted(text: str) -> str:
    """Text between quotes in a header: none of what would end it, or the line."""
    return "".join("_" if ord(letter) < 32 or letter in '"\\\x7f' else letter for letter in text)


def _boundary() -> str:
    """What stands in no file but by a chance of one in 2**96."""
    return f"hub-{random_piece().hex()}"


# -- in ---------------------------------------------------------------------------------------------------------------


def with_stand_ins(payload: bytes, tickets: Mapping[str, str]) -> tuple[bytes, frozenset[str]]:
    """The element of a SOAP body in which what stands for a file takes the place of each reference to its part, and the ids
    of the parts that were referred to. `tickets` are given by the ids of the parts.

    MessageError 400 for an xop:Include of anything but a part of the same message."""
    return _resolved(payload, {id_: stand_in(ticket) for id_, ticket in tickets.items()})


def opened(reply: Reply) -> Reply:
    """An answer of several parts as its document alone, each file in it in base64; any other answer as it is.

    MessageError 400 when it is not of parts, or refers to one that is not there."""
    if reply.media != "multipart/related":
        return reply
    media, document = document_of(reply.headers["content-type"], reply.body)
    return replace(reply, headers={**reply.headers, "content-type": media}, body=document)


def document_of(content_type: str, body: bytes) -> tuple[str, bytes]:
    """The media type and the document of a whole body of several parts, each file in it in base64. MessageError 400."""
    (head, document), *others = parts_of(content_type, body) or [(Head(), b"")]
    files = {part.id: base64.b64encode(content).decode() for part, content in others}
    inside = head.inside.partition(";")[0] if head.media == "application/xop+xml" else head.media
    return inside or "text/xml", _resolved(document, files)[0] if document.strip() else document


def _resolved(document: bytes, texts: Mapping[str, str]) -> tuple[bytes, frozenset[str]]:
    """XML in which each reference to a part has become its text: an xop:Include, or (SwA) `cid:` as an element's whole text
    or in its `href`."""
    root, named = deepcopy(parse(document)), set[str]()
    for include in list(root.iter(_INCLUDE)):
        holder, id_ = include.getparent(), _id_in(include.get("href"))
        if holder is None or id_ not in texts:
            raise _not_a_part(include.get("href", ""))
        holder.remove(include)
        holder.text = texts[id_]
        named.add(id_)
    for element in root.iter(etree.Element):
        id_ = _id_in(element.text) or _id_in(element.get("href"))
        if id_ in texts and not len(element):
            element.attrib.pop("href", "")
            element.text = texts[id_]
            named.add(id_)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=False), frozenset(named)


def _id_in(reference: str | None) -> str:
    """The id of the part that a `cid:` URL names; "" for anything else."""
    said = (reference or "").strip()
    return unquote(said.removeprefix("cid:")) if said.startswith("cid:") else ""


def _not_a_part(reference: str) -> MessageError:
    shown = reference[:80]
    return MessageError(
        Text(
            en=f"“{shown}” is no part of this message: a file comes as a part of its own, named by its Content-ID (cid:).",
            fr=f"« {shown} » n'est pas une partie de ce message : un fichier arrive dans sa propre partie, désignée par son "
            "Content-ID (cid:).",
        ),
        status=400,
        kind="no-such-part",
    )
