"""Who calls by a WS-Security header: a UsernameToken, in clear or as a digest, or a signature. A proof is taken once.

Every failure is answered with the same words and after the same work, so that nothing is learnt from it.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from datetime import datetime, timedelta

from hub.assembly import Hub
from hub.endpoints.auth import Doorkeeper, Identity, named, unknown_caller
from hub.errors import NotFound
from hub.ledger import ApiKey
from hub.transports.envelope import UsernameToken
from hub.transports.signatures import Forged, claimed, signed_at, verified
from hub.transports.timestamps import WINDOW, created_at

SHORTEST_NONCE = 8
"""Bytes. Stacks send 16 or 20, some 8; shorter ones come twice by chance."""

_MARGIN = timedelta(minutes=1)
"""How much longer a used proof is remembered than it could be taken, as clocks are moved."""
log = logging.getLogger("hub.soap")


async def by_token(token: UsernameToken, doorkeeper: Doorkeeper, hub: Hub) -> Identity:
    """Who shows this token: the key's id, and its secret (or the whole key) in clear or digested. NotAllowed 401.

    A digest needs a nonce of 8 bytes or more and a time of creation; what is given of them in clear is held to the same:
    created within five minutes of the hub's time, the two never used before.
    """
    created = created_at(token.created)
    fresh = _is_fresh(token, created, now=hub.clock())
    shown = named(token.user, "" if token.digest else token.password)

    def proves(key: ApiKey) -> bool:
        secret = doorkeeper.secret_of(key, hub) if token.digest else ""
        digested = token.proves(secret) | token.proves(f"hub_{key.id}_{secret}")
        right = digested and key.sealed is not None if token.digest else shown.opens(key)
        return right and fresh

    identity = await doorkeeper.recognise(shown.key, hub, proves=proves)
    if token.nonce and created:
        await use_once(f"{identity.key} {token.nonce.hex()} {token.created}", hub, until=created + WINDOW)
    return identity


async def by_signature(data: bytes, doorkeeper: Doorkeeper, hub: Hub, *, charset: str = "") -> tuple[Identity, bytes]:
    """Who signed this envelope, by the certificate that its key is bound to; and the element in the body that was signed.

    NotAllowed 401 for every signature that does not prove that, is not of the last five minutes, or was taken before. Why is
    said in the log of this node, to nobody else.
    """
    now = hub.clock()
    try:
        claim = await asyncio.to_thread(claimed, data, charset=charset)
        created = signed_at(claim, now=now)
        key = await hub.ledger.signing_key(claim.fingerprint, now=now)
        payload = await asyncio.to_thread(verified, claim, now=now)
    except (Forged, NotFound) as error:
        log.info("a signature was refused: %s", error)
        raise unknown_caller() from error
    identity = await doorkeeper.recognise(key.id, hub, proves=lambda known: known.certificate == claim.fingerprint)
    await use_once(claim.proof, hub, until=created + WINDOW)
    return identity, payload


async def use_once(proof: str, hub: Hub, *, until: datetime) -> None:
    """Take a proof that is good until then. NotAllowed 401 when any node has taken it before."""
    value = hashlib.sha256(proof.encode()).hexdigest()
    if not await hub.ledger.use_proof(value, until=until + _MARGIN):
        raise unknown_caller()


def _is_fresh(token: UsernameToken, created: datetime | None, *, now: datetime) -> bool:
    if not (token.digest or token.nonce or token.created):
        return True
    if created is None or abs(now - created) > WINDOW:
        return False
    return len(token.nonce) >= SHORTEST_NONCE or not (token.digest or token.nonce)
