"""SOAP envelopes, 1.1 and 1.2: written and opened, without a direction (client, endpoint and doubles use the same)."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field
from typing import Literal

from hub.errors import MessageError

Version = Literal["1.1", "1.2"]
FaultCode = Literal["Client", "Server", "VersionMismatch", "MustUnderstand"]


@dataclass(frozen=True, slots=True)
class SoapFault:
    """A fault. `name`: local name of the detail's first child; `subcode`: a code of the application's own; `detail`: the
    bytes of the detail's first child."""

    code: FaultCode
    text: str
    name: str = ""
    subcode: str = ""
    detail: bytes = b""


@dataclass(frozen=True, slots=True)
class UsernameToken:
    """WS-Security: `nonce` and `created` (text such as 2026-01-31T12:00:00Z) are needed for a digest."""

    user: str
    password: str = field(repr=False)
    digest: bool = False
    nonce: bytes = field(default=b"", repr=False)
    created: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """An opened envelope: the bytes of the element in its body (b"" for none), or the fault in it."""

    version: Version
    payload: bytes = b""
    fault: SoapFault | None = None
    token: UsernameToken | None = None


def wrap(payload: bytes, *, version: Version = "1.1", token: UsernameToken | None = None) -> bytes:
    """The envelope around one payload element (b"" for an empty body), as UTF-8."""
    raise NotImplementedError


def http_headers(action: str, *, version: Version = "1.1") -> dict[str, str]:
    """Content-Type, and SOAPAction or the action parameter."""
    raise NotImplementedError


def open_envelope(data: bytes, *, charset: str = "", understood: Set[str] | None = None) -> Envelope:
    """Opens an envelope. When serving, `understood` names the headers (`{namespace}name`) that mustUnderstand may ask for.

    MessageError: 400 when it is no envelope, kind `soap-version-mismatch` or `soap-must-understand` for these faults."""
    raise NotImplementedError


def fault_for(error: MessageError) -> SoapFault:
    """The fault that tells a caller of this error."""
    raise NotImplementedError


def write_fault(fault: SoapFault, *, version: Version = "1.1") -> bytes:
    """The envelope of a fault, as UTF-8."""
    raise NotImplementedError
