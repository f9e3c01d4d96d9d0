"""Whatever is done in whatever order, the ledger stands as a model of a hundred lines says: on SQLite, and on PostgreSQL
from two nodes. `HUB_EXAMPLES=n` plays more; hypothesis shows the shortest play that goes wrong."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections import Counter
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from hub.call import Delivered, NotSent, Throttled, Unanswered
from hub.errors import Conflict, MessageError, same
from hub.facts import replace
from hub.ledger import Claim, Ledger, Settlement, tables
from hub.ledger.rows import delivery_of
from hub.lifecycle import Lane, LanePolicy, decide
from hub.message import Delivery
from tests.ledger.makers import FAILED, LEASE, NOON, REFUSED, RETRY, Reversing, an_acceptance, seconds
from tests.ledger.model import ModelLedger

EXAMPLES = int(os.environ.get("HUB_EXAMPLES", "8"))
ALL_EXAMPLES = 20
"""In the long tests."""
POLICY = LanePolicy(at_once=4, per_second=100)
PARKING = replace(RETRY, repeatable=False)
"""Unanswered, it waits for a person."""
OUTCOMES = (
    Delivered(),
    REFUSED,
    FAILED,
    Unanswered(same("cut")),
    NotSent(same("refused")),
    Throttled(same("later"), timedelta(seconds=20)),
    Throttled(same("later"), None, whole_lane=False),
)
BY = {"actor": "awa", "reason": "seen"}
PLACES = st.integers(0, 30)


@dataclass
class Bench:
    """The nodes of one database, and the loop that they live in."""

    runner: asyncio.Runner
    nodes: list[Ledger]

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)


@pytest.fixture
def bench(url: str) -> Iterator[Bench]:
    names = ("node-1", "node-2") if url.startswith("postgresql") else ("node-1",)
    with asyncio.Runner() as runner:
        opened = [
            runner.run(Ledger.open(url, cipher=Reversing(), node=name, boot=f"{name}-{uuid.uuid4().hex}")) for name in names
        ]
        yield Bench(runner, opened)
        for each in opened:
            runner.run(each.close())


class LedgerAndModel(RuleBasedStateMachine):
    """Both are told the same, in a lane of their own."""

    bench: Bench

    @initialize()
    def begin(self) -> None:
        name = f"{uuid.uuid4().hex}/default"
        self.model = ModelLedger(Lane(name), POLICY)
        self.now = NOON
        self.claims: list[Claim] = []
        self.tokens: Counter[str] = Counter()

    # -- what is done -------------------------------------------------------------------------------------------------

    @rule(node=PLACES, reference=st.sampled_from("ABC"))
    def accept(self, node: int, reference: str) -> None:
        acceptance = an_acceptance(reference, lane=self.model.lane.name, at=self.now)

        receipt = self._do(node, "accept", acceptance)

        assert self.model.accept(acceptance)
        assert (receipt.message, receipt.duplicate) == (acceptance.message.id, False)

    @precondition(lambda self: self.model.keys)
    @rule(node=PLACES, which=PLACES, alike=st.booleans())
    def accept_again(self, node: int, which: int, alike: bool) -> None:
        key, first = list(self.model.keys.items())[which % len(self.model.keys)]
        fingerprint = first.message.fingerprint if alike else "another"
        same_place = {"reference": first.message.reference, "lane": self.model.lane.name, "at": self.now}
        again = an_acceptance(**same_place, key=key, fingerprint=fingerprint)

        assert not self.model.accept(again)
        if alike:
            receipt = self._do(node, "accept", again)
            assert (receipt.message, receipt.duplicate) == (first.message.id, True)
        else:
            with pytest.raises(MessageError):
                self._do(node, "accept", again)

    @rule(node=PLACES, limit=st.integers(1, 6))
    def claim(self, node: int, limit: int) -> None:
        ledger = self._node(node)
        lanes = {self.model.lane.name: POLICY}

        claims = self.bench.do(ledger.claim(lanes, now=self.now, lease=LEASE, limit=limit))

        expected = self.model.claim(ledger.boot, now=self.now, limit=limit)
        assert [(each.delivery.id, each.delivery.token) for each in claims] == [(each.id, each.token) for each in expected]
        for each in claims:
            assert each.delivery.token > self.tokens[each.delivery.id]
            self.tokens[each.delivery.id] = each.delivery.token
        self.claims += claims

    @precondition(lambda self: self.claims)
    @rule(node=PLACES, which=PLACES, outcome=st.sampled_from(OUTCOMES), policy=st.sampled_from((RETRY, PARKING)))
    def settle(self, node: int, which: int, outcome: Any, policy: Any) -> None:
        claim = self.claims[which % len(self.claims)]
        decision = decide(outcome, claim.delivery, policy=policy, now=self.now, jitter=1.0, probing=claim.probing)

        settled = self._do(node, "settle", Settlement(claim, outcome, decision, POLICY, self.now))

        assert settled == self.model.settle(self._node(node).boot, claim, outcome, decision, now=self.now)

    @precondition(lambda self: self.claims)
    @rule(node=PLACES, which=PLACES)
    def release(self, node: int, which: int) -> None:
        id_ = self.claims[which % len(self.claims)].delivery.id
        self._do(node, "release", [id_], now=self.now)
        self.model.release(id_, self._node(node).boot, now=self.now)

    @rule(node=PLACES)
    def renew(self, node: int) -> None:
        self._do(node, "renew", now=self.now, lease=LEASE)
        self.model.renew(self._node(node).boot, now=self.now)

    @rule(node=PLACES, passed=st.sampled_from((0.5, 4.0, 16.0, 90.0)))
    def take_up_after(self, node: int, passed: float) -> None:
        self.now += seconds(passed)
        self._do(node, "take_up", now=self.now)
        self.model.take_up(now=self.now)

    @precondition(lambda self: self.model.deliveries)
    @rule(node=PLACES, which=PLACES, act=st.sampled_from(("replay", "cancel", "confirm")))
    def operate(self, node: int, which: int, act: str) -> None:
        id_ = list(self.model.deliveries)[which % len(self.model.deliveries)]
        may = self.model.replay(id_, now=self.now) if act == "replay" else getattr(self.model, act)(id_)

        if may:
            self._do(node, act, id_, now=self.now, **BY)
        else:
            with pytest.raises(Conflict):
                self._do(node, act, id_, now=self.now, **BY)

    @rule(node=PLACES, act=st.sampled_from(("pause", "resume")))
    def hold(self, node: int, act: str) -> None:
        self._do(node, f"{act}_lane", self.model.lane.name, now=self.now, **BY)
        getattr(self.model, act)()

    # -- what holds ---------------------------------------------------------------------------------------------------

    @invariant()
    def stands_as_the_model_says(self) -> None:
        if not hasattr(self, "model"):
            return
        asked = sa.select(tables.delivery).where(tables.delivery.c.lane == self.model.lane.name)
        asked = asked.order_by(tables.delivery.c.position)
        rows = self.bench.do(
            self.bench.nodes[0]._store.read(lambda of: [delivery_of(row) for row in of.execute(asked).mappings()])
        )
        assert [_comparable(row) for row in rows] == [_comparable(each) for each in self.model.deliveries.values()]

    def teardown(self) -> None:
        assert self.bench.do(self.bench.nodes[0].verify_journal()) is None

    def _node(self, place: int) -> Ledger:
        return self.bench.nodes[place % len(self.bench.nodes)]

    def _do(self, node: int, act: str, *args: Any, **options: Any) -> Any:
        return self.bench.do(getattr(self._node(node), act)(*args, **options))


def _comparable(each: Delivery) -> tuple[object, ...]:
    """What is promised of a delivery: not where it stands in the database, nor the marks that help to find it there."""
    lease = (each.holder, each.lease_until, each.token)
    return each.id, str(each.state), each.due_at, each.attempts, each.tries, each.look_up, each.failing_since, *lease


@pytest.mark.parametrize("examples", [EXAMPLES, pytest.param(ALL_EXAMPLES, marks=pytest.mark.long)])
def test_the_ledger_does_what_its_model_does(bench: Bench, examples: int) -> None:
    class On(LedgerAndModel):
        pass

    On.bench = bench
    play = settings(
        max_examples=examples, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )

    run_state_machine_as_test(On, settings=play)
