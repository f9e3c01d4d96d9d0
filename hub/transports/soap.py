"""A SOAP operation and its payload, made into a Call. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from hub.call import Call
from hub.contract import Operation
from hub.transports.credentials import Credentials


def soap_call(
    operation: Operation,
    payload: bytes,
    *,
    address: str,
    credentials: Credentials | None = None,
    nonce: bytes = b"",
    created: str = "",
    headers: Mapping[str, str] | None = None,
    total: float = 20.0,
    connect: float = 5.0,
    largest: int = 10 * 1024 * 1024,
) -> Call:
    """The call that sends `payload` (one element). With `nonce` and `created`, a UsernameToken shows a digest."""
    raise NotImplementedError
