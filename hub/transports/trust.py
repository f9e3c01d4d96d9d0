"""Whom a connection trusts, and the certificate that it shows."""

from __future__ import annotations

import ssl
import tempfile
from pathlib import Path

from hub.errors import CallNotSent, Text

_REVOCATIONS = b"-----BEGIN X509 CRL-----"
_NO_IDENTITY = Text(
    en="client_certificate: its secret must hold a certificate and its private key, without a password, in PEM.",
    fr="client_certificate : son secret doit contenir un certificat et sa clé privée, sans mot de passe, au format PEM.",
)


def trusted(ca_file: Path | None) -> ssl.SSLContext:
    """TLS 1.2 or later, certificate and host name verified, against the system's authorities or those of `ca_file` alone;
    where it holds lists of revoked certificates too, each certificate must be on a list's side, and not on the list."""
    context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file and _REVOCATIONS in ca_file.read_bytes():
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    return context


def show(context: ssl.SSLContext, identity: str) -> None:
    """Have a context show a certificate. CallNotSent when the PEM does not hold one with its key."""
    # OpenSSL reads these from files only; this one has no name that anybody could open.
    with tempfile.TemporaryFile() as file:
        file.write(identity.encode())
        file.seek(0)
        try:
            context.load_cert_chain(f"/dev/fd/{file.fileno()}", password=lambda: b"")
        except (ssl.SSLError, OSError) as error:
            raise CallNotSent(_NO_IDENTITY) from error
