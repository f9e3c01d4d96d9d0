"""Multipart bodies (MIME), found part by part in bytes that come in pieces of any length."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.message import Message as Headers
from email.utils import collapse_rfc2231_value

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError

from hub.errors import MessageError, Text

_LONGEST_PREAMBLE = 8 * 1024
_LONGEST_FIELDS = 16 * 1024
_LONGEST_BOUNDARY = 70
_MOST_PARTS = 100


@dataclass(frozen=True, slots=True)
class Head:
    """What stands before a part: its media type and charset, in lower case; the type that an XOP package says it has inside;
    its `name` and `filename` in a form; the `id` by which a document refers to it; how its bytes are written (`coding`), and
    their SHA-256 if its sender says it."""

    media: str = ""
    charset: str = ""
    inside: str = ""
    name: str = ""
    filename: str = ""
    id: str = ""
    coding: str = ""
    digest: bytes = b""


Event = Head | bytes | None
"""The beginning of a part, some of its bytes, or (None) its end."""


class Parts:
    """Finds the parts of one body whose Content-Type is given. MessageError 400 when it has no boundary."""

    def __init__(self, content_type: str) -> None:
        self.is_whole = False
        """Whether the end of the last part has been seen."""
        self._boundary = _boundary(content_type)
        self._before: bytes | None = b""
        self._parts = 0
        self._found: list[Event] = []
        self._fields: list[tuple[bytearray, bytearray]] = []
        self._parser = self._made()

    def feed(self, chunk: bytes) -> Sequence[Event]:
        """What is found in the next bytes. MessageError 400 when they are not of parts, or of too many."""
        self._found = []
        try:
            self._parser.write(self._from_boundary(chunk))
        except FormParserError as wrong:
            raise misformed() from wrong
        if self._parts > _MOST_PARTS:
            raise misformed()
        return self._found

    @property
    def is_begun(self) -> bool:
        """Whether the first boundary has been seen."""
        return self._before is None

    def _from_boundary(self, chunk: bytes) -> bytes:
        """The bytes from the first boundary on: what stands before it is for people."""
        if self._before is None:
            return chunk
        self._before += chunk
        at = self._before.find(self._boundary)
        if at < 0:
            if len(self._before) > _LONGEST_PREAMBLE:
                raise misformed()
            return b""
        begun, self._before = self._before[at:], None
        return begun

    def _made(self) -> MultipartParser:
        return MultipartParser(
            self._boundary[2:],
            {
                "on_part_begin": self._fields.clear,
                "on_header_begin": lambda: self._fields.append((bytearray(), bytearray())),
                "on_header_field": lambda data, start, end: self._fields[-1][0].extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._fields[-1][1].extend(data[start:end]),
                "on_headers_finished": self._headed,
                "on_part_data": lambda data, start, end: self._found.append(data[start:end]),
                "on_part_end": lambda: self._found.append(None),
                "on_end": self._ended,
            },
            max_header_size=_LONGEST_FIELDS,
        )

    def _headed(self) -> None:
        self._parts += 1
        self._found.append(_head(self._fields))

    def _ended(self) -> None:
        self.is_whole = True


def parts_of(content_type: str, body: bytes) -> list[tuple[Head, bytes]]:
    """Every part of a whole body, decoded. MessageError 400."""
    parts = Parts(content_type)
    found: list[tuple[Head, list[bytes]]] = []
    for event in parts.feed(body):
        if isinstance(event, Head):
            found.append((event, []))
        elif event is not None:
            found[-1][1].append(event)
    if not parts.is_whole:
        raise misformed()
    return [(head, _whole(head, pieces)) for head, pieces in found]


def _whole(head: Head, pieces: list[bytes]) -> bytes:
    decode = decoder(head.coding)
    return b"".join((*map(decode, pieces), decode(b"")))


def parameters_of(content_type: str) -> dict[str, str]:
    """The parameters of a Content-Type by their names in lower case."""
    headers = Headers()
    headers["Content-Type"] = content_type
    return {name.lower(): collapse_rfc2231_value(value) for name, value in headers.get_params([])[1:]}


def _boundary(content_type: str) -> bytes:
    found = parameters_of(content_type).get("boundary", "").encode("utf-8", "replace")
    if not 0 < len(found) <= _LONGEST_BOUNDARY:
        raise misformed()
    return b"--" + found


def _head(fields: list[tuple[bytearray, bytearray]]) -> Head:
    headers = Headers()
    for name, value in fields:
        headers[name.decode("latin-1").strip()] = _unfolded(bytes(value))
    kind = headers.get_param("type", "")
    return Head(
        media=headers.get_content_type() if "Content-Type" in headers else "",
        charset=str(headers.get_content_charset("") or ""),
        inside=collapse_rfc2231_value(kind).lower(),
        name=_parameter(headers, "name"),
        filename=_parameter(headers, "filename"),
        id=str(headers.get("Content-ID", "")).strip().removeprefix("<").removesuffix(">"),
        coding=str(headers.get("Content-Transfer-Encoding", "")).strip().lower(),
        digest=said_digest(lambda name: str(headers.get(name, ""))),
    )


def _unfolded(value: bytes) -> str:
    """A header's value; names of files come in UTF-8, or in ISO 8859-1."""
    try:
        return value.decode("utf-8").strip()
    except UnicodeDecodeError:
        return value.decode("latin-1").strip()


def _parameter(headers: Headers, name: str) -> str:
    """A parameter of Content-Disposition; as RFC 5987 writes it (`filename*=UTF-8''...`) before the plain one."""
    given = headers.get_params([], header="Content-Disposition")
    found = [value for known, value in given if known.lower() == name]
    best = next((value for value in found if isinstance(value, tuple)), found[0] if found else "")
    return collapse_rfc2231_value(best)


def said_digest(header: Callable[[str], str]) -> bytes:
    """The SHA-256 that headers say, `header` giving the value of a name: of Content-Digest or Repr-Digest (RFC 9530) or
    Digest (RFC 3230); b"" for none. MessageError 400."""
    for name in ("Content-Digest", "Repr-Digest", "Digest"):
        for said in header(name).split(","):
            way, _, value = said.strip().partition("=")
            if way.lower() == "sha-256":
                return _plain(value.strip(": "))
    return b""


def decoder(coding: str) -> Callable[[bytes], bytes]:
    """What turns the bytes of a part into those of its content, piece by piece; b"" asks for what is left."""
    if coding in ("", "binary", "8bit", "7bit"):
        return bytes
    if coding == "base64":
        return _Base64()
    raise MessageError(
        Text(
            en=f"A part comes as “{coding[:40]}”: send it as binary or base64.",
            fr=f"Une partie arrive en « {coding[:40]} » : envoyez-la en binary ou en base64.",
        ),
        status=415,
        kind="encoding-not-accepted",
    )


class _Base64:
    """Decodes base64 that comes in pieces of any length."""

    def __init__(self) -> None:
        self._held = b""

    def __call__(self, piece: bytes) -> bytes:
        held = self._held + b"".join(piece.split())
        whole = len(held) if not piece else len(held) // 4 * 4
        self._held = held[whole:]
        return _plain(held[:whole])


def _plain(text: str | bytes) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise misformed() from error


def misformed() -> MessageError:
    """The refusal of a body that is not of parts."""
    return MessageError(
        Text(
            en="This is not a multipart body whose first part is the document: see its boundary, and what heads its parts.",
            fr="Ce n'est pas un corps multipart dont la première partie est le document : voyez sa limite (boundary) et "
            "les en-têtes de ses parties.",
        ),
        status=400,
        kind="misformed-multipart",
    )
