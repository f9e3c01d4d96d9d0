"""A REST operation and its document, made into a Call. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from hub.call import Call, Enclosed
from hub.contract import Document, Operation, RestBinding, Shape
from hub.errors import ConfigurationError, MessageError, Problem, Text
from hub.transports.credentials import Credentials
from hub.transports.forms import form_fields
from hub.transports.packages import NOTHING_BESIDE, Beside, form

_HEADER_VALUE = re.compile(r"[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?")
_NAMED = re.compile(r"\{([^{}]+)\}")
_NOT_FOR_MESSAGES = frozenset(
    {"host", "connection", "content-length", "content-type", "transfer-encoding", "accept", "authorization", "cookie"}
)
"""Headers that a field of a message never sets, whatever the contract says."""


def rest_call(
    operation: Operation,
    document: Document,
    *,
    body: bytes,
    address: str,
    credentials: Credentials | None = None,
    headers: Mapping[str, str] | None = None,
    total: float = 20.0,
    connect: float = 5.0,
    largest: int = 10 * 1024 * 1024,
    beside: Beside = NOTHING_BESIDE,
) -> Call:
    """The call whose path, query and header parameters are the document's `@name` fields; nothing that they hold can
    change the host or add a segment to the path. A form says the fields of the document, and the files `beside` it.

    MessageError when a path parameter has no value, or a value cannot stand where it goes. ConfigurationError when the
    operation is not of REST, or `address` has a query."""
    binding = operation.binding
    if not isinstance(binding, RestBinding) or "?" in address or "#" in address:
        raise ConfigurationError(
            Text(
                en=f"The operation {operation.name} is not a REST operation, or the connector's address has a query.",
                fr=f"L'opération {operation.name} n'est pas une opération REST, ou l'adresse du connecteur a une requête.",
            )
        )
    given = _parameters(operation, document)
    query = "&".join([f"{_coded(name)}={_coded(value)}" for shape, name, value in given if shape.location == "query"])
    path = _path(binding.path, {name: value for shape, name, value in given if shape.location == "path"})
    media, said, rest = _said(operation, binding, document, body=body, beside=beside)
    shown = {name: _header(name, value) for shape, name, value in given if shape.location == "header"}
    if headers:
        shown.update(headers)
    if binding.accepts:
        shown["Accept"] = ", ".join(binding.accepts)
    if said or rest:
        shown["Content-Type"] = media
    if credentials:
        shown.update(credentials.headers())
    return Call(
        method=binding.method.upper(),
        url=address.rstrip("/") + path + (f"?{query}" if query else ""),
        headers=shown,
        body=said,
        connect=connect,
        total=total,
        largest=largest,
        rest=rest,
    )


def _said(
    operation: Operation, binding: RestBinding, document: Document, *, body: bytes, beside: Beside
) -> tuple[str, bytes, tuple[bytes | Enclosed, ...]]:
    """The media type, the body, and what follows it."""
    if operation.input is None or not binding.form:
        return (operation.input.content_type if operation.input else "") or "application/json", body, ()
    fields = list(form_fields(operation.input.shape, document))
    if binding.form == "urlencoded":
        return "application/x-www-form-urlencoded", urlencode(fields).encode("ascii"), ()
    media, rest = form(beside.given(fields), message=beside.message)
    return media, b"", rest


def _parameters(operation: Operation, document: Document) -> list[tuple[Shape, str, str]]:
    """Each parameter's shape, name and value; a list gives each of its values."""
    shapes = [shape for shape in operation.input.shape.children if shape.location] if operation.input else []
    given = []
    for shape in shapes:
        value = document.get(shape.name)
        for each in value if isinstance(value, list | tuple) else (value,):
            if each is not None:
                given.append((shape, shape.name.removeprefix("@"), str(each)))
    return given


def _path(template: str, values: Mapping[str, str]) -> str:
    """The template with each `{name}` replaced by one segment; an empty one (a webhook's) is the address itself."""
    filled = template
    if "{" in template:
        filled = _NAMED.sub(lambda found: _segment(found[1], values.get(found[1], "")), template)
    return filled if not filled or filled.startswith("/") else f"/{filled}"


def _segment(name: str, value: str) -> str:
    """`.` and `..` are refused: even percent-encoded, a server may read them as a way up."""
    if value in ("", ".", ".."):
        raise _unfit(
            name,
            Text(
                en=f"{name} must have a value, other than . and .., as it is part of the path.",
                fr=f"{name} doit avoir une valeur, autre que . et .., car elle fait partie du chemin.",
            ),
        )
    return _coded(value)


def _coded(text: str) -> str:
    try:
        return quote(text, safe="")
    except UnicodeEncodeError as error:
        raise _unfit("", Text(en="A value is not valid text.", fr="Une valeur n'est pas un texte valide.")) from error


def _header(name: str, value: str) -> str:
    if name.lower() in _NOT_FOR_MESSAGES or not _HEADER_VALUE.fullmatch(value):
        raise _unfit(
            name,
            Text(
                en=f"{name} goes into an HTTP header: only unaccented characters, on one line.",
                fr=f"{name} va dans un en-tête HTTP : uniquement des caractères sans accent, sur une ligne.",
            ),
        )
    return value


def _unfit(name: str, text: Text) -> MessageError:
    return MessageError(problems=(Problem(text, path=f"@{name}"),))
