"""Target `signatures`: whatever a caller shows of itself, in HTTP headers, in the URL and in a WS-Security header. Allowed:
NotAllowed with 401, MessageError with 400, Forged. Of the message that was signed for the seeds, by a key that is gone,
nothing is ever believed but what it said.

An input is written `POST /soap/waste?query`, the headers, an empty line and the envelope.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from lxml import etree
from starlette.requests import HTTPConnection

from hub.endpoints.auth import Credentials, named, shown_by
from hub.errors import MessageError, NotAllowed
from hub.transports.envelope import SECURITY_HEADER, UsernameToken, digested, open_envelope
from hub.transports.signatures import Forged, claimed, verified
from tests.fuzz.http_text import Said, said
from tests.fuzz.target import Take
from tests.fuzz.words import refused_in_words

SIGNED = Path(__file__).with_name("seeds") / "signatures" / "signed.txt"
NOW = datetime(2026, 7, 14, 8, 1, tzinfo=UTC)


def signatures() -> Take:
    """Who says to be somebody."""
    signer = claimed(said(SIGNED.read_bytes()).body).fingerprint
    order = _signed(said(SIGNED.read_bytes()).body, signer)
    assert order

    def take(data: bytes) -> None:
        given = said(data)
        for basic in (False, True):
            _shown(given, basic=basic)
        _in_envelope(given.body)
        assert _signed(given.body, signer) in (b"", order), "what nobody signed is believed"

    return take


def _signed(envelope: bytes, signer: str) -> bytes:
    """What this signer has signed, in canonical form; b"" when that is nothing."""
    try:
        claim = claimed(envelope)
        payload = verified(claim, now=NOW)
    except MessageError as error:
        refused_in_words(error)
        return b""
    except Forged:
        return b""
    if claim.fingerprint != signer or not payload:
        return b""
    return bytes(etree.tostring(etree.fromstring(payload), method="c14n", exclusive=True))


def _shown(given: Said, *, basic: bool) -> None:
    """By the headers, with and without HTTP Basic."""
    try:
        _sound(shown_by(_connection(given), basic=basic))
    except NotAllowed as error:
        assert error.status == 401
        refused_in_words(error)


def _in_envelope(body: bytes) -> None:
    try:
        token = open_envelope(body, understood={SECURITY_HEADER}).token
    except MessageError as error:
        refused_in_words(error)
        return
    if token is not None:
        _proven(token)


def _proven(token: UsernameToken) -> None:
    """A token proves the password that it was made with, and no other."""
    assert not token.proves(f"{token.password}?")
    if token.digest:
        assert not token.proves(token.password) or token.password == digested(
            token.password, nonce=token.nonce, created=token.created
        )
    else:
        assert token.proves(token.password)
    try:
        _sound(named(token.user, token.password))
    except NotAllowed as error:
        assert error.status == 401


def _sound(credentials: Credentials | None) -> None:
    """What is looked up in the ledger has the form of a key's id."""
    if credentials is not None:
        assert len(credentials.key) == 12
        assert set(credentials.key) <= set("0123456789abcdef")


def _connection(given: Said) -> HTTPConnection:
    """As the server gives it: header values are bytes of any kind."""
    _, _, query = (given.words[1] if len(given.words) > 1 else "/").partition("?")
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in given.headers.items()]
    scope = {"type": "http", "method": "POST", "path": "/soap/waste", "query_string": query.encode("latin-1")}
    return HTTPConnection({**scope, "headers": headers})
