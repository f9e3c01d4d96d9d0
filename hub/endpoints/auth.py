"""Who calls: API keys in a header (or, in SOAP, a UsernameToken), and what each caller may do.

Every failure is answered with the same words and after the same work, so that nothing is learnt from it.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from base64 import b64decode
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hmac import compare_digest

from starlette.requests import HTTPConnection

from hub.assembly import Hub
from hub.desk import KEY, digest
from hub.errors import NotAllowed, NotFound, Text
from hub.ledger import ApiKey

_IN_URLS = frozenset({"key", "api_key", "apikey", "api-key", "x-api-key", "access_token", "token", "authorization"})
_KEY_ID = re.compile(r"(?:hub_)?([0-9a-f]{12})")
_NOTED_EVERY = timedelta(minutes=1)
_KEPT = timedelta(seconds=1)
"""How long a key that was read is taken to be as it was: so late may a node see that another one ended it."""
_MOST_OPENED = 1000
"""Headers that are known again, at most."""
_NOBODY = ApiKey("", "", "", "-" * 64, (), datetime(1970, 1, 1, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a caller shows: the id of its key, and the secret."""

    key: str
    secret: str

    def opens(self, key: ApiKey) -> bool:
        """Whether the secret is that key's."""
        return compare_digest(digest(self.secret), key.hash)


@dataclass(frozen=True, slots=True)
class Identity:
    """A known caller. `read` and `admin` are rights over the whole installation, the others over its own authority."""

    key: str
    application: str
    authority: str
    scopes: frozenset[str]

    @property
    def actor(self) -> str:
        """How the journal names it."""
        return f"{self.application}:{self.key}"

    def may(self, scope: str) -> bool:
        """Whether it holds the right `scope`; admin reads all, `send:*` sends every exchange."""
        if scope in self.scopes:
            return True
        if scope in ("read", "status:own") and "admin" in self.scopes:
            return True
        family, _, name = scope.partition(":")
        return bool(name) and f"{family}:*" in self.scopes

    def require(self, scope: str) -> None:
        """Refuse with NotAllowed (403) when it has no such right."""
        if not self.may(scope):
            raise NotAllowed(
                Text(en=f"This key has no right “{scope}”.", fr=f"Cette clé ne porte pas le droit « {scope} ».")
            )


def unknown_caller() -> NotAllowed:
    """The one answer to whoever is not known, for whatever reason."""
    return NotAllowed(
        Text(
            en="Show a valid API key in the header Authorization: Bearer or X-API-Key.",
            fr="Présentez une clé d'API valide dans l'en-tête Authorization: Bearer ou X-API-Key.",
        ),
        status=401,
    )


def shown_by(connection: HTTPConnection, *, basic: bool = False) -> Credentials | None:
    """The credentials in a request's headers, None without any. NotAllowed 401 for a key in the URL or half a key.

    `basic`: HTTP Basic (key id and secret) is taken too, for SOAP clients that know nothing else.
    """
    _refuse_in_url(connection)
    scheme, _, value = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return credentials_of(value.strip())
    if basic and scheme.lower() == "basic":
        return _basic(value.strip())
    if given := connection.headers.get("x-api-key"):
        return credentials_of(given.strip())
    if scheme:
        raise unknown_caller()
    return None


def credentials_of(clear: str) -> Credentials:
    """A key in clear, taken apart. NotAllowed 401 when it is none."""
    found = KEY.fullmatch(clear)
    if not found:
        raise unknown_caller()
    return Credentials(found[1], found[2])


def named(username: str, password: str) -> Credentials:
    """A user name (the key's id) and a password (its secret, or the whole key). NotAllowed 401 when they cannot be."""
    if whole := KEY.fullmatch(password):
        username, password = username or whole[1], whole[2]
    found = _KEY_ID.fullmatch(username)
    if not found:
        raise unknown_caller()
    return Credentials(found[1], password)


_Found = tuple[ApiKey, Identity]
"""A key, and who holds it."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A key as it is read, or was: until when it is taken to be so, and how often this node had changed keys before."""

    reading: asyncio.Task[_Found]
    until: datetime
    changes: int


class Doorkeeper:
    """Recognises callers by the keys that `read` finds by their ids (NotFound), and notes at most once a minute that a key
    was used.

    A key that this node ends is refused at once, one that another node ends within a second."""

    def __init__(self, read: Callable[[str], Awaitable[ApiKey]]) -> None:
        self._find = read
        self._noted_until: dict[str, datetime] = {}
        self._known: dict[str, _Known] = {}
        self._opened: dict[str, tuple[_Known, ApiKey]] = {}
        self._decoy = b""

    def identify_again(self, header: str, hub: Hub) -> Identity | None:
        """Who shows a header that was right while its key is taken to be as it was; None when all must be looked at.

        So a key that comes with every message is taken apart and digested once a second. What is wrong is never kept."""
        if header not in self._opened:
            return None
        (known, key), now = self._opened[header], hub.clock()
        noted_until = self._noted_until.get(key.id, now)
        if now < known.until and known.changes == hub.ledger.key_changes and _in_force(key, now) and now < noted_until:
            return known.reading.result()[1]
        del self._opened[header]
        return None

    async def identify(self, credentials: Credentials | None, hub: Hub, *, header: str = "") -> Identity:
        """Who shows these, in a `header` to know again. NotAllowed 401, always the same, for nothing, unknown, wrong,
        expired and revoked."""
        if credentials is None:
            raise unknown_caller()
        holder = await self.recognise(credentials.key, hub, proves=credentials.opens)
        known = self._known.get(credentials.key)
        if header and known and known.reading.done() and known.reading.result()[1] is holder:
            if len(self._opened) >= _MOST_OPENED:
                self._opened.clear()
            self._opened[header] = known, known.reading.result()[0]
        return holder

    async def recognise(self, key_id: str, hub: Hub, *, proves: Callable[[ApiKey], bool]) -> Identity:
        """Who holds the key of this id, when what was shown `proves` it; nobody's key is tried where there is none.
        NotAllowed 401."""
        now = hub.clock()
        found, holder = await self._found(key_id, hub, now=now)
        right = proves(found)
        if not (right and _in_force(found, now)):
            raise unknown_caller()
        if self._is_to_be_noted(key_id, now):
            await hub.ledger.touch_key(key_id, now=now)
        return holder

    def secret_of(self, key: ApiKey, hub: Hub) -> str:
        """The secret of a key that keeps it; for any other, at the same cost, one that nobody has."""
        if key.sealed is not None:
            return hub.ledger.opened_secret(key.id, key.sealed)
        self._decoy = self._decoy or hub.ledger.sealed_secret("", secrets.token_hex(32))
        return hub.ledger.opened_secret("", self._decoy)

    async def known(self, key: str, hub: Hub) -> Identity:
        """Who holds the key of this id, already proven by a session. NotAllowed 401 when it is no longer in force."""
        now = hub.clock()
        found, holder = await self._found(key, hub, now=now)
        if not _in_force(found, now):
            raise unknown_caller()
        return holder

    async def _found(self, key: str, hub: Hub, *, now: datetime) -> _Found:
        """The key of that id, as it was read just now: one reading serves all who ask for it meanwhile."""
        known, changes = self._known.get(key), hub.ledger.key_changes
        if known is None or known.changes != changes or now >= known.until:
            known = self._known[key] = _Known(asyncio.create_task(self._read(key)), now + _KEPT, changes)
        if known.reading.done():
            return known.reading.result()
        return await asyncio.shield(known.reading)

    async def _read(self, key: str) -> _Found:
        """The key of that id; nobody's, with a hash that nothing has, when there is none: only what is there is kept."""
        found = _NOBODY
        try:
            with suppress(NotFound):
                found = await self._find(key)
        finally:
            if found is _NOBODY:
                self._known.pop(key, None)
        return found, _holder(found)

    def _is_to_be_noted(self, key: str, now: datetime) -> bool:
        until = self._noted_until.get(key)
        if until is not None and now < until:
            return False
        self._noted_until[key] = now + _NOTED_EVERY
        return True


async def identify(connection: HTTPConnection, *, basic: bool = False) -> Identity:
    """Who makes this request. NotAllowed 401."""
    app = connection.app
    doorkeeper: Doorkeeper = app.doorkeeper
    header = "" if connection.scope["query_string"] else connection.headers.get("authorization", "")
    shown = shown_by(connection, basic=basic)
    return await doorkeeper.identify(shown, app.hub, header=header if header.startswith("Bearer ") else "")


def known_again(connection: HTTPConnection) -> Identity | None:
    """Who makes this request, where nothing of it but a header says so and that has just been looked at."""
    if connection.scope["query_string"]:
        return None
    app = connection.app
    doorkeeper: Doorkeeper = app.doorkeeper
    return doorkeeper.identify_again(connection.headers.get("authorization", ""), app.hub)


def _holder(key: ApiKey) -> Identity:
    return Identity(key.id, key.application, key.authority, frozenset(key.scopes))


def _in_force(key: ApiKey, now: datetime) -> bool:
    return bool(key.id) and key.revoked_at is None and (key.expires_at is None or now < key.expires_at)


def _refuse_in_url(connection: HTTPConnection) -> None:
    if not connection.scope["query_string"]:
        return
    for name, value in connection.query_params.multi_items():
        if name.lower() in _IN_URLS or KEY.search(value):
            raise NotAllowed(
                Text(
                    en="A key is never taken from a URL: it would stay in logs. Revoke it, and use a header.",
                    fr="Une clé n'est jamais admise dans une URL : elle resterait dans les journaux. "
                    "Révoquez-la, et utilisez un en-tête.",
                ),
                status=401,
            )


def _basic(value: str) -> Credentials:
    try:
        username, _, password = b64decode(value, validate=True).decode().partition(":")
    except ValueError as error:
        raise unknown_caller() from error
    return named(username, password)
