"""OAuth 2 client credentials (RFC 6749, section 4.4): one token for all calls that sign in the same way.

It is fetched once for all that wait for it, renewed before it ends, and again when an application no longer takes it.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol
from urllib.parse import quote, urlencode

import orjson

from hub.call import Call, Reply
from hub.errors import CallForbidden, CallNotSent, SignInRefused, Text, TransportError

EARLY, USUAL = 0.1, 300.0
"""The last part of a token's life in which it is renewed; and the seconds that one lives that does not say so."""
AFTER_FAILURE = 2.0
"""Seconds for which a token that could not be had is not asked for again: those who wait are told the same."""
LARGEST = 64 * 1024
_REFUSED = (400, 401, 403)


class Transport(Protocol):
    """Sends one call. Raises TransportError when no whole answer came back."""

    async def send(self, call: Call) -> Reply: ...


@dataclass(frozen=True, slots=True)
class SignIn:
    """How one authority's copy of an application is signed in to: where tokens are given, to whom, for what."""

    url: str
    client: str
    secret: str = field(repr=False)
    scope: str = ""
    shown: Literal["header", "body"] = "header"
    certificates: str = ""
    identity: str = field(default="", repr=False)

    def call(self) -> Call:
        """The request for a token."""
        form = {"grant_type": "client_credentials", **({"scope": self.scope} if self.scope else {})}
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if self.shown == "body":
            form |= {"client_id": self.client, "client_secret": self.secret}
        else:
            pair = f"{quote(self.client, safe='')}:{quote(self.secret, safe='')}"
            headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        body = urlencode(form).encode()
        return Call(
            "POST",
            self.url,
            headers,
            body,
            total=10.0,
            largest=LARGEST,
            certificates=self.certificates,
            identity=self.identity,
        )


@dataclass(slots=True)
class _Kept:
    """What is known of a sign-in: its token and until when it is used, or why there is none and until when that stands."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    token: str = field(default="", repr=False)
    error: TransportError | None = None
    until: float = 0.0


class Tokens:
    """The tokens of one node. `timer` gives seconds that only grow."""

    def __init__(self, transport: Transport, *, timer: Callable[[], float]) -> None:
        self._transport = transport
        self._timer = timer
        self._kept: dict[SignIn, _Kept] = {}

    async def get(self, wanted: SignIn) -> str:
        """A token. CallNotSent when none can be had now, SignInRefused when the service refuses."""
        kept = self._kept.setdefault(wanted, _Kept())
        async with kept.lock:
            if self._timer() >= kept.until:
                await self._renew(wanted, kept)
            if kept.error is not None:
                raise kept.error
            return kept.token

    def drop(self, wanted: SignIn, token: str) -> None:
        """Use this token no more, unless another one has taken its place already."""
        kept = self._kept.get(wanted)
        if kept is not None and kept.token == token:
            kept.until = 0.0

    async def _renew(self, wanted: SignIn, kept: _Kept) -> None:
        try:
            kept.token, seconds = _granted(await self._transport.send(wanted.call()))
            kept.error, kept.until = None, self._timer() + seconds * (1 - EARLY)
        except TransportError as error:
            stands = isinstance(error, SignInRefused | CallForbidden)
            kept.error = error if stands else CallNotSent(_no_token(error.text))
            kept.token, kept.until = "", self._timer() + AFTER_FAILURE


def _granted(reply: Reply) -> tuple[str, float]:
    """The token and its seconds."""
    try:
        said = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        said = None
    said = said if isinstance(said, dict) else {}
    if reply.status in _REFUSED:
        raise SignInRefused(_refusal(reply.status, str(said.get("error", ""))))
    token, seconds = said.get("access_token"), said.get("expires_in")
    is_bearer = str(said.get("token_type", "bearer")).lower() == "bearer"
    if reply.status != 200 or not is_bearer or not isinstance(token, str) or not _fits_a_header(token):
        raise CallNotSent(
            Text(
                en=f"its answer (status {reply.status}) holds no bearer token",
                fr=f"sa réponse (statut {reply.status}) ne contient pas de jeton bearer",
            )
        )
    return token, _seconds(seconds)


def _seconds(said: object) -> float:
    """For how long a token lives; some services write the number as a text."""
    try:
        found = float(str(said))
    except ValueError:
        return USUAL
    return min(found, 86_400.0) if found > 0 else USUAL


def _fits_a_header(token: str) -> bool:
    return bool(token) and token.isascii() and token.isprintable() and " " not in token


def _refusal(status: int, error: str) -> Text:
    word = f" ({error[:80]})" if error.isascii() and error.isprintable() and error else ""
    return Text(
        en=f"The token service refuses the hub's client, with status {status}{word}.",
        fr=f"Le service de jetons refuse le client du hub, avec le statut {status}{word}.",
    )


def _no_token(why: Text) -> Text:
    return Text(en=f"No token could be had: {why.en}", fr=f"Aucun jeton n'a pu être obtenu : {why.fr}")
