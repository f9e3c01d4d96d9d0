"""Application keys in the book: their hashes, rights and ends."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.errors import Conflict, NotFound, Text, same
from hub.facts import names
from hub.ledger.facts import ApiKey
from hub.ledger.operating import Action
from hub.ledger.tables import api_key
from hub.ledger.writer import Transaction


def add(to: Transaction, new: ApiKey, *, actor: str) -> None:
    """Keep a key, and say so in the journal. Conflict when another one in force has its certificate."""
    _check_certificate(to, new)
    row = {name: getattr(new, name) for name in names(ApiKey)} | {"scopes": json.dumps(new.scopes)}
    to.connection.execute(sa.insert(api_key).values(row))
    detail: dict[str, Any] = {"key": new.id, "application": new.application, "scopes": list(new.scopes)}
    detail |= {"digest": True} if new.sealed else {}
    detail |= {"certificate": new.certificate} if new.certificate else {}
    to.journal.write("key-added", at=new.created_at, actor=actor, detail=detail)


def revoke(to: Transaction, id_: str, *, by: Action) -> None:
    """End a key in force, and say so in the journal."""
    in_force = sa.update(api_key).where(api_key.c.id == id_, api_key.c.revoked_at.is_(None))
    if not to.connection.execute(in_force.values(revoked_at=by.now)).rowcount:
        raise NotFound
    to.journal.write("key-revoked", at=by.now, actor=by.actor, reason=same(by.reason), detail={"key": id_})


def touch(to: Transaction, id_: str, *, now: datetime) -> None:
    """Note a use."""
    to.connection.execute(sa.update(api_key).where(api_key.c.id == id_).values(last_used_at=now))


def key(of: sa.Connection, id_: str) -> ApiKey:
    """A key by its id."""
    row = of.execute(sa.select(api_key).where(api_key.c.id == id_)).mappings().first()
    if row is None:
        raise NotFound
    return _key(row)


def signing(of: sa.Connection, certificate: str, *, now: datetime) -> ApiKey:
    """The key in force of whoever signs with the certificate of this SHA-256."""
    row = of.execute(sa.select(api_key).where(_bound_to(certificate, now=now))).mappings().first()
    if not certificate or row is None:
        raise NotFound
    return _key(row)


def every(of: sa.Connection) -> tuple[ApiKey, ...]:
    """All keys, by application and creation."""
    asked = sa.select(api_key).order_by(api_key.c.application, api_key.c.created_at, api_key.c.id)
    return tuple(_key(row) for row in of.execute(asked).mappings())


def _bound_to(certificate: str, *, now: datetime) -> sa.ColumnElement[bool]:
    c = api_key.c
    in_force = sa.or_(c.expires_at.is_(None), c.expires_at > now)
    return sa.and_(c.certificate == certificate, c.revoked_at.is_(None), in_force)


def _check_certificate(to: Transaction, new: ApiKey) -> None:
    """A signature must name one caller."""
    if not new.certificate:
        return
    taken = to.connection.scalar(sa.select(api_key.c.id).where(_bound_to(new.certificate, now=new.created_at)))
    if taken is not None:
        raise Conflict(
            Text(
                en=f"The key {taken} is bound to this certificate. Revoke it first: a signature must name one caller.",
                fr=f"La clé {taken} est liée à ce certificat. Révoquez-la d'abord : une signature désigne un seul appelant.",
            )
        )


def _key(row: sa.RowMapping) -> ApiKey:
    return ApiKey(**{**row, "scopes": tuple(json.loads(row["scopes"]))})
