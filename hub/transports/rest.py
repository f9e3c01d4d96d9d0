"""A REST operation and its document, made into a Call. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from hub.call import Call
from hub.contract import Document, Operation
from hub.transports.credentials import Credentials


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
) -> Call:
    """The call whose path, query and header parameters are the document's `@name` fields.

    MessageError when a path parameter has no value, or a value cannot stand where it goes."""
    raise NotImplementedError
