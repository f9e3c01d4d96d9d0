"""What a ledger is to do, in a few lines over plain values: no SQL, no transactions, one lane; it decides as the hub."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from hub.call import Outcome
from hub.facts import replace
from hub.ledger import Acceptance, Claim
from hub.lifecycle import SUSPECT, Decision, Gate, Lane, LanePolicy, after_loss, allowance, lane_after, taken
from hub.message import ENDED, Delivery, State
from tests.ledger.makers import LEASE

CLAIMABLE = (State.WAITING, State.UNANSWERED)
REPLAYABLE = (State.DEAD, State.UNANSWERED)


@dataclass
class ModelLedger:
    """The deliveries by id in the order of their acceptance, the message of each key, and the lane."""

    lane: Lane
    policy: LanePolicy
    deliveries: dict[str, Delivery] = field(default_factory=dict)
    keys: dict[str, Acceptance] = field(default_factory=dict)
    losses: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    said: set[tuple[str, str, int, datetime]] = field(default_factory=set)

    def accept(self, acceptance: Acceptance) -> bool:
        """Whether it is new."""
        if acceptance.message.key in self.keys:
            return False
        self.keys[acceptance.message.key] = acceptance
        for each in acceptance.deliveries:
            self.deliveries[each.id] = each
        return True

    def claim(self, boot: str, *, now: datetime, limit: int) -> list[Delivery]:
        """What `boot` holds from now on."""
        held = sum(each.state is State.SENDING for each in self.deliveries.values())
        count, after = allowance(self.lane, policy=self.policy, in_flight=held, now=now)
        due = sorted((each for each in self._heads() if each.due_at and each.due_at <= now), key=self._turn)
        chosen = [self._lent(each, boot, now=now) for each in due[: min(count, limit)]]
        if chosen:
            self.lane = taken(after, len(chosen))
        return chosen

    def settle(self, boot: str, claim: Claim, outcome: Outcome, decision: Decision, *, now: datetime) -> bool:
        """Whether the claim still held, and so was settled; or was by this boot at this very moment, which says it again."""
        held, said = self.deliveries[claim.delivery.id], (boot, claim.delivery.id, claim.delivery.token, now)
        if (held.state, held.token, held.holder) != (State.SENDING, claim.delivery.token, claim.delivery.holder):
            if said in self.said:
                return True
            self.losses[held.id] = 0  # a line of its own in the journal stands between two losses
            return False
        self.said.add(said)
        self.losses[held.id] = 0
        self._become(
            held,
            state=decision.state,
            due_at=decision.due_at,
            attempts=decision.attempts,
            look_up=decision.look_up,
            failing_since=decision.failing_since,
        )
        self.lane = lane_after(self.lane, outcome, policy=self.policy, now=now)
        return True

    def renew(self, boot: str, *, now: datetime) -> None:
        for each in self._held_by(boot):
            self.deliveries[each.id] = replace(each, lease_until=now + LEASE)

    def release(self, id_: str, boot: str, *, now: datetime) -> None:
        for each in self._held_by(boot):
            if each.id == id_:
                self.losses[id_] = 0
                state = State.UNANSWERED if each.look_up else State.WAITING
                self._become(each, state=state, due_at=now, tries=each.tries - 1)

    def take_up(self, *, now: datetime) -> None:
        held = [each for each in self.deliveries.values() if each.state is State.SENDING]
        lost = [each for each in held if each.lease_until and each.lease_until < now]
        for each in lost:
            self.losses[each.id] += 1
        suspects = sorted((self.losses[each.id], each.id) for each in lost if self.losses[each.id] >= SUSPECT)
        for each in lost:
            losses = self.losses[each.id]
            place = suspects.index((losses, each.id)) if losses >= SUSPECT else 0
            after = after_loss(each, losses=losses, now=now, place=place)
            self._become(each, state=after.state, due_at=after.due_at, look_up=after.look_up)

    def replay(self, id_: str, *, now: datetime) -> bool:
        """Whether a person may do so; for `cancel` and `confirm` too."""
        held = self.deliveries[id_]
        if held.state not in REPLAYABLE:
            return False
        settled = held.state is State.UNANSWERED and held.due_at is None
        anew = {"attempts": 0, "failing_since": None, "look_up": held.look_up and not settled}
        self.losses[id_] = 0
        self._become(held, state=State.WAITING, due_at=now, **anew)
        return True

    def cancel(self, id_: str) -> bool:
        if self.deliveries[id_].state not in (*CLAIMABLE, State.DEAD):
            return False
        self._become(self.deliveries[id_], state=State.CANCELLED, due_at=None)
        return True

    def confirm(self, id_: str) -> bool:
        if self.deliveries[id_].state is not State.UNANSWERED:
            return False
        self._become(self.deliveries[id_], state=State.DELIVERED, due_at=None, look_up=False)
        return True

    def pause(self) -> None:
        self.lane = replace(self.lane, paused=True)

    def resume(self) -> None:
        healthy = {"gate": Gate.CLOSED, "failures": 0, "failing_from": None, "until": None, "reason": ""}
        self.lane = replace(self.lane, paused=False, **healthy)

    def _heads(self) -> list[Delivery]:
        """The first of each reference that has not ended, if it may be claimed."""
        first: dict[str, Delivery] = {}
        for each in self.deliveries.values():
            if each.state not in ENDED:
                first.setdefault(each.reference, each)
        return [each for each in first.values() if each.state in CLAIMABLE]

    def _turn(self, each: Delivery) -> tuple[datetime, int]:
        assert each.due_at
        return each.due_at, list(self.deliveries).index(each.id)

    def _lent(self, each: Delivery, boot: str, *, now: datetime) -> Delivery:
        lent = {"holder": boot, "lease_until": now + LEASE, "token": each.token + 1, "tries": each.tries + 1}
        self.deliveries[each.id] = replace(each, state=State.SENDING, **lent)
        return self.deliveries[each.id]

    def _held_by(self, boot: str) -> list[Delivery]:
        return [each for each in self.deliveries.values() if each.state is State.SENDING and each.holder == boot]

    def _become(self, each: Delivery, **values: object) -> None:
        free: dict[str, object] = {"holder": "", "lease_until": None} if each.state is State.SENDING else {}
        self.deliveries[each.id] = replace(each, **{**free, **values})
