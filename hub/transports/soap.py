"""A SOAP operation and its payload, made into a Call. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from hub.call import Call
from hub.contract import Operation, SoapBinding
from hub.errors import ConfigurationError, Text
from hub.transports.addressing import call_headers
from hub.transports.credentials import Credentials
from hub.transports.envelope import UsernameToken, http_headers, wrap
from hub.transports.signatures import Signer, signed


def soap_call(
    operation: Operation,
    payload: bytes,
    *,
    address: str,
    credentials: Credentials | None = None,
    nonce: bytes = b"",
    created: str = "",
    headers: Mapping[str, str] | None = None,
    message_id: str = "",
    signer: Signer | None = None,
    now: datetime | None = None,
    total: float = 20.0,
    connect: float = 5.0,
    largest: int = 10 * 1024 * 1024,
) -> Call:
    """The call that sends `payload` (one element, or b"" for an empty body) to `address`, whatever the WSDL says of it.

    With `nonce` and `created`, a UsernameToken shows a digest of the password, else the password itself. `headers` are
    added to what SOAP and the credentials need. Where the contract wants WS-Addressing, `message_id` names the call.
    `signer` signs the body and the time, which is `now`. ConfigurationError when the operation is not of SOAP."""
    binding = operation.binding
    if not isinstance(binding, SoapBinding):
        raise ConfigurationError(
            Text(
                en=f"The operation {operation.name} is not a SOAP operation.",
                fr=f"L'opération {operation.name} n'est pas une opération SOAP.",
            )
        )
    told = b""
    if binding.addressed.declared:
        told = call_headers(to=address, action=binding.addressed.input, message_id=message_id)
    envelope = wrap(payload, version=binding.version, token=_token(credentials, nonce, created), headers=told)
    return Call(
        method="POST",
        url=address,
        headers={
            **(headers or {}),
            **(credentials.headers() if credentials else {}),
            **http_headers(binding.action, version=binding.version),
        },
        body=signed(envelope, signer, now=now) if signer and now else envelope,
        connect=connect,
        total=total,
        largest=largest,
    )


def _token(credentials: Credentials | None, nonce: bytes, created: str) -> UsernameToken | None:
    if credentials is None or credentials.kind != "username-token":
        return None
    user, password = credentials.pair()
    return UsernameToken(user, password, digest=bool(nonce and created), nonce=nonce, created=created)
