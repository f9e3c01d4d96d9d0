"""Application keys in the book: their hashes, rights and ends."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import datetime

import sqlalchemy as sa

from hub.errors import NotFound, same
from hub.ledger.facts import ApiKey
from hub.ledger.operating import Action
from hub.ledger.tables import api_key
from hub.ledger.writer import Transaction


def add(to: Transaction, new: ApiKey, *, actor: str) -> None:
    """Keep a key, and say so in the journal."""
    row = {field.name: getattr(new, field.name) for field in fields(new)} | {"scopes": json.dumps(new.scopes)}
    to.connection.execute(sa.insert(api_key).values(row))
    detail = {"key": new.id, "application": new.application, "scopes": list(new.scopes)}
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


def every(of: sa.Connection) -> tuple[ApiKey, ...]:
    """All keys, by application and creation."""
    asked = sa.select(api_key).order_by(api_key.c.application, api_key.c.created_at, api_key.c.id)
    return tuple(_key(row) for row in of.execute(asked).mappings())


def _key(row: sa.RowMapping) -> ApiKey:
    return ApiKey(**{**row, "scopes": tuple(json.loads(row["scopes"]))})
