"""Proofs are taken once, by whichever node, and forgotten when they are too old; keys know their certificates."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa

from hub.errors import Conflict, NotFound
from hub.facts import replace
from hub.ledger import ApiKey, Ledger
from hub.ledger.tables import proof
from tests.ledger.conftest import Opener
from tests.ledger.makers import NOON, seconds

SIGNER = ApiKey("a1", "waste", "ville", "h", ("send:*",), NOON, expires_at=NOON + seconds(60), certificate="c" * 64)


async def test_a_proof_is_taken_once(ledger: Ledger) -> None:
    taken = [await ledger.use_proof(value, until=NOON) for value in ("one", "two", "one")]

    assert taken == [True, True, False]


async def test_of_two_nodes_that_are_shown_a_proof_one_takes_it(opened_on_postgres: Opener) -> None:
    nodes = [await opened_on_postgres(f"node-{number}") for number in range(2)]

    for value in map(str, range(20)):
        taken = await asyncio.gather(*(node.use_proof(value, until=NOON) for node in nodes for _ in range(3)))
        assert sum(taken) == 1


async def test_proofs_are_forgotten_when_they_are_too_old_to_be_taken(ledger: Ledger) -> None:
    await ledger.use_proof("old", until=NOON)
    await ledger.use_proof("new", until=NOON + seconds(10))

    forgotten = await ledger.forget_proofs(now=NOON + seconds(5))

    left = await ledger._store.read(lambda of: tuple(of.scalars(sa.select(proof.c.value))))
    assert (forgotten, left) == (1, ("new",))


async def test_a_key_is_found_by_its_certificate_while_it_is_in_force(ledger: Ledger) -> None:
    await ledger.add_key(SIGNER, actor="operator")

    found = await ledger.signing_key("c" * 64, now=NOON)

    assert found == SIGNER
    for certificate, now in (("d" * 64, NOON), ("", NOON), ("c" * 64, NOON + seconds(60))):
        with pytest.raises(NotFound):
            await ledger.signing_key(certificate, now=now)
    await ledger.revoke_key("a1", actor="operator", reason="leaked", now=NOON)
    with pytest.raises(NotFound):
        await ledger.signing_key("c" * 64, now=NOON)


async def test_a_certificate_names_one_key_in_force_at_a_time(ledger: Ledger) -> None:
    await ledger.add_key(SIGNER, actor="operator")

    with pytest.raises(Conflict, match="a1"):
        await ledger.add_key(replace(SIGNER, id="a2"), actor="operator")
    await ledger.revoke_key("a1", actor="operator", reason="renewed", now=NOON)
    await ledger.add_key(replace(SIGNER, id="a2"), actor="operator")

    assert (await ledger.signing_key("c" * 64, now=NOON)).id == "a2"


async def test_the_secret_of_a_key_is_sealed_to_its_id(ledger: Ledger) -> None:
    sealed = ledger.sealed_secret("a1", "s3cret")

    assert ledger.opened_secret("a1", sealed) == "s3cret"
    with pytest.raises(AssertionError):
        ledger.opened_secret("a2", sealed)
