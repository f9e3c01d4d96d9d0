"""Requests that prove who makes them by a shared secret (HMAC-SHA256) over their very bytes: Standard Webhooks, and a header
of the application's choice. Pure.

Source: the Standard Webhooks specification, 1.0.0 (standardwebhooks.com).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64decode, b64encode
from datetime import datetime

from hub.call import Call
from hub.errors import ConfigurationError, Text
from hub.facts import replace
from hub.specs.connector import Authentication
from hub.transports.credentials import Credentials

PREFIX = "whsec_"
SHORTEST = 16
"""Bytes of a secret. The specification wants 24 to 64; some services give fewer, none should be guessable."""
PROVING = ("hmac", "webhook")
"""The ways of signing in by which a request proves itself."""
MOST_SIGNATURES = 16
"""Of the signatures that a request shows, so many are looked at: there are two in a rotation."""
_ID = re.compile(r"[A-Za-z0-9_-]{1,255}")


def secret_in(text: str) -> bytes:
    """The bytes of a secret as Standard Webhooks writes one. ConfigurationError when it is none."""
    try:
        found = b64decode(text.removeprefix(PREFIX), validate=True) if text.startswith(PREFIX) else b""
    except ValueError:
        found = b""
    if len(found) < SHORTEST:
        raise ConfigurationError(
            Text(
                en=f"The secret of kind webhook must be written {PREFIX} and base64, of {SHORTEST} bytes or more.",
                fr=f"Le secret de type webhook doit s'écrire {PREFIX} puis du base64, de {SHORTEST} octets au moins.",
            )
        )
    return found


def secret_text(secret: bytes) -> str:
    """A secret as Standard Webhooks writes one."""
    return PREFIX + b64encode(secret).decode()


def signature(secret: bytes, *, id: str, timestamp: str, body: bytes) -> str:
    """The signature of Standard Webhooks, version 1, of these bytes said under this id, which has no full stop in it."""
    signed = f"{id}.{timestamp}.".encode() + body
    return "v1," + b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()


def proves(secret: bytes, shown: str, *, id: str, timestamp: str, body: bytes) -> bool:
    """Whether one of the signatures shown is right. Each is compared in the same time, and all are."""
    expected = signature(secret, id=id, timestamp=timestamp, body=body).encode()
    right = [hmac.compare_digest(each.encode(), expected) for each in shown.split(" ")[:MOST_SIGNATURES]]
    return any(right)


def proven(call: Call, way: Authentication, credentials: Credentials | None, *, key: str, now: datetime) -> Call:
    """The call with its signature, where the application wants one; `key` is what it recognises a repeat by.
    ConfigurationError for a secret that is none, and for a call of several parts."""
    if credentials is None or way.kind not in PROVING:
        return call
    if call.rest:
        raise ConfigurationError(_ONE_BODY)
    timestamp = str(int(now.timestamp()))
    if way.kind == "hmac":
        return _with(call, _hmac_headers(call.body, way, credentials.secret, timestamp))
    id_ = _id(key)
    shown = signature(secret_in(credentials.secret), id=id_, timestamp=timestamp, body=call.body)
    return _with(call, {"webhook-id": id_, "webhook-timestamp": timestamp, "webhook-signature": shown})


def _hmac_headers(body: bytes, way: Authentication, secret: str, timestamp: str) -> dict[str, str]:
    timed = way.signs == "timestamp.body"
    signed = timestamp.encode() + b"." + body if timed else body
    value = "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return {way.shown_in: value, **({way.time_header: timestamp} if timed else {})}


def _id(key: str) -> str:
    """The id of a webhook. A full stop in it would leave open where it ends, and what is signed with it begins."""
    return key if _ID.fullmatch(key) else hashlib.sha256(key.encode()).hexdigest()


def _with(call: Call, headers: dict[str, str]) -> Call:
    return replace(call, headers={**call.headers, **headers})


_ONE_BODY = Text(
    en="A signed call has one body: this operation's files go beside it. Let them go inside, or sign in otherwise.",
    fr="Un appel signé a un seul corps : les fichiers de cette opération vont à côté. Mettez-les dedans, ou changez "
    "d'authentification.",
)
