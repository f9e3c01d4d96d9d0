"""A REST operation and its document, made into a Call. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from hub.call import Call, Enclosed
from hub.contract import Document, Operation, RestBinding
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


def rest_call(operation: Operation, document: Document, *, body: bytes, address: str, **given: Any) -> Call:
    """One call of an operation that is not called again, as `RestWay` makes it."""
    return RestWay(operation).call(document, body=body, address=address, **given)


class RestWay:
    """The way to a REST operation: what its contract says of all its calls, found out once."""

    def __init__(self, operation: Operation) -> None:
        """ConfigurationError when the operation is not of REST."""
        if not isinstance(operation.binding, RestBinding):
            raise _not_callable(operation)
        self._operation = operation
        self._binding = operation.binding
        self._method = operation.binding.method.upper()
        path = operation.binding.path  # an empty one (a webhook's) is the address itself
        self._path = path if not path or path.startswith("/") else f"/{path}"
        self._is_fixed = "{" not in path
        self._accept = ", ".join(operation.binding.accepts)
        self._media = (operation.input.content_type if operation.input else "") or "application/json"
        self._in_query, self._in_path, self._in_headers = (
            _names(operation, location) for location in ("query", "path", "header")
        )

    def call(
        self,
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

        MessageError when a path parameter has no value, or a value cannot stand where it goes. ConfigurationError when
        `address` has a query."""
        if "?" in address or "#" in address:
            raise _not_callable(self._operation)
        query = _query(_given(self._in_query, document)) if self._in_query else ""
        path = self._path if self._is_fixed else _filled(self._path, dict(_given(self._in_path, document)))
        media, said, rest = self._said(document, body=body, beside=beside)
        shown = (
            {name: _header(name, value) for name, value in _given(self._in_headers, document)} if self._in_headers else {}
        )
        if headers:
            shown.update(headers)
        if self._accept:
            shown["Accept"] = self._accept
        if said or rest:
            shown["Content-Type"] = media
        if credentials:
            shown.update(credentials.headers())
        return Call(
            self._method,
            address.rstrip("/") + path + query,
            shown,
            said,
            connect=connect,
            total=total,
            largest=largest,
            rest=rest,
        )

    def _said(self, document: Document, *, body: bytes, beside: Beside) -> tuple[str, bytes, tuple[bytes | Enclosed, ...]]:
        """The media type, the body, and what follows it."""
        part, kind = self._operation.input, self._binding.form
        if part is None or not kind:
            return self._media, body, ()
        fields = list(form_fields(part.shape, document))
        if kind == "urlencoded":
            return "application/x-www-form-urlencoded", urlencode(fields).encode("ascii"), ()
        media, rest = form(beside.given(fields), message=beside.message)
        return media, b"", rest


def _not_callable(operation: Operation) -> ConfigurationError:
    return ConfigurationError(
        Text(
            en=f"The operation {operation.name} is not a REST operation, or the connector's address has a query.",
            fr=f"L'opération {operation.name} n'est pas une opération REST, ou l'adresse du connecteur a une requête.",
        )
    )


def _names(operation: Operation, location: str) -> tuple[tuple[str, str], ...]:
    """The fields of a document that go there, each with its parameter's name."""
    shapes = operation.input.shape.children if operation.input else ()
    return tuple((shape.name, shape.name.removeprefix("@")) for shape in shapes if shape.location == location)


def _given(names: tuple[tuple[str, str], ...], document: Document) -> list[tuple[str, str]]:
    """Each parameter's name and value; a list gives each of its values."""
    given = []
    for field, name in names:
        value = document.get(field)
        for each in value if isinstance(value, list | tuple) else (value,):
            if each is not None:
                given.append((name, str(each)))
    return given


def _query(given: list[tuple[str, str]]) -> str:
    return "?" + "&".join([f"{_coded(name)}={_coded(value)}" for name, value in given]) if given else ""


def _filled(template: str, values: Mapping[str, str]) -> str:
    """The template with each `{name}` replaced by one segment."""
    return _NAMED.sub(lambda found: _segment(found[1], values.get(found[1], "")), template)


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
