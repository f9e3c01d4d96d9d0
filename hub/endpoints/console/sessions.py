"""Who is signed in to the console: a signed cookie, idle after 30 minutes, over after 12 hours; and the forms' tokens.

The cookie names a key; that the key still holds is asked of the ledger at each request.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
RENEWED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in of the holder of the key `key`."""

    id: str
    key: str
    began: datetime
    seen: datetime


class Sessions:
    """Begins, reads and ends sessions. What was ended is remembered by this process until it would have run out."""

    def __init__(self, secret: bytes, *, clock: Callable[[], datetime]) -> None:
        self._secret = secret
        self._clock = clock
        self._ended: dict[str, datetime] = {}

    def begin(self, key: str) -> Session:
        """A new session of the holder of `key`."""
        now = self._clock()
        return Session(secrets.token_hex(16), key, now, now)

    def cookie(self, session: Session) -> str:
        """The cookie of a session, as of now."""
        session = replace(session, seen=self._clock())
        facts = [session.id, session.key, int(session.began.timestamp()), int(session.seen.timestamp())]
        body = urlsafe_b64encode(json.dumps(facts).encode()).decode()
        return f"{body}.{self._signed('session', body)}"

    def read(self, cookie: str) -> Session | None:
        """The session of a cookie; None when it is not ours, idle, too old or ended."""
        body, _, signature = cookie.partition(".")
        if not hmac.compare_digest(signature.encode(), self._signed("session", body).encode()):
            return None
        id_, key, began, seen = json.loads(urlsafe_b64decode(body))
        session = Session(id_, key, datetime.fromtimestamp(began, UTC), datetime.fromtimestamp(seen, UTC))
        now = self._clock()
        over = now - session.seen > IDLE or now - session.began > LONGEST or id_ in self._ended
        return None if over else session

    def due(self, session: Session) -> bool:
        """Whether its cookie should be written anew."""
        return self._clock() - session.seen >= RENEWED_EVERY

    def end(self, session: Session) -> None:
        """Let a session be over, wherever its cookie still is."""
        now = self._clock()
        self._ended = {id_: until for id_, until in self._ended.items() if until > now}
        self._ended[session.id] = now + LONGEST

    def token(self, bound_to: str) -> str:
        """The token that a form of this session (its id), or of this sign-in page (its cookie), must carry."""
        return self._signed("form", bound_to)

    def fits(self, token: str, bound_to: str) -> bool:
        """Whether a form's token is that one."""
        return bool(bound_to) and hmac.compare_digest(token.encode(), self.token(bound_to).encode())

    def _signed(self, purpose: str, text: str) -> str:
        return hmac.new(self._secret, f"{purpose}:{text}".encode(), hashlib.sha256).hexdigest()
