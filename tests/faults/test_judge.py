"""The judge of campaigns: a small clean history passes, and each that breaks one invariant is told by its name."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.faults.campaign.evidence import Evidence
from tests.faults.campaign.judge import INVARIANTS, judge
from tests.faults.campaign.takeover import takeovers

SECOND = 1_000_000
PLAN = {"kills": 1, "kills_on_a_held_lease": 1, "of_each_mode": 1, "nodes": 1}


def clean() -> Evidence:
    """Four messages: two orders of one key, the first lost with its node and looked up; a notice said again under its key; a
    letter that went twice because its first answer was cut off."""
    history = [
        *said("o-1-1", "orders", "o-1", 1, "m1"),
        {"at": 10.0, "kind": "nemesis", "what": "kill", "node": "node-1.1"},
        *said("o-1-2", "orders", "o-1", 2, "m2"),
        {"at": 1.0, "kind": "invoke", "id": "n-1-1", "destination": "notices", "reference": "n-1", "number": 1},
        {"at": 1.0, "kind": "info", "id": "n-1-1"},
        *said("n-1-1", "notices", "n-1", 1, "m3"),
        *said("l-1-1", "letters", "l-1", 1, "m4"),
    ]
    journal = [
        *(line(position, f"m{position}", "accepted", delivery="") for position in (1, 2, 3, 4)),
        line(5, "m1", "lease-lost", at=12, holder="boot-1"),
        line(6, "m1", "delivered", at=13, token=2, status=200, looked_up=True, seconds=0.5),
        line(7, "m2", "delivered", at=14, token=1, status=200),
        line(8, "m3", "unanswered", at=15, token=1),
        line(9, "m3", "delivered", at=16, token=2, status=200),
        line(10, "m4", "unanswered", at=17, token=1),
        line(11, "m4", "delivered", at=18, token=2, status=200),
    ]
    calls = [
        call(1, "orders", "o-1-1", "o-1", 1),
        call(2, "orders", "o-1-2", "o-1", 2),
        call(3, "notices", "n-1-1", "n-1", 1),
        call(4, "notices", "n-1-1", "n-1", 1, applied=False, duplicate=True),
        call(5, "letters", "l-1-1", "l-1", 1),
        call(6, "letters", "l-1-1", "l-1", 1),
    ]
    named = [("m1", "o-1-1", 2), ("m2", "o-1-2", 1), ("m3", "n-1-1", 2), ("m4", "l-1-1", 2)]
    return Evidence(
        history=history,
        calls=calls,
        messages=[{"id": id, "exchange": "x", "sender": "s", "reference": "", "key": key} for id, key, _ in named],
        deliveries=[
            {"id": f"{id}-1", "message": id, "state": "delivered", "token": tries, "tries": tries} for id, _, tries in named
        ],
        nodes=[{"boot": "boot-1", "name": "node-1.1", "seen_at": 9 * SECOND}],
        journal=journal,
        facts={"plan": PLAN, "flaw": "", "leaks": [], "left": {}, "overviews": [{"dead": 0}], "modes": ["ok"]},
    )


def said(id: str, destination: str, reference: str, number: int, message: str) -> list[dict[str, Any]]:
    """What a client did and was answered."""
    return [
        {"at": 1.0, "kind": "invoke", "id": id, "destination": destination, "reference": reference, "number": number},
        {"at": 2.0, "kind": "ok", "id": id, "message": message},
    ]


def line(id: int, message: str, event: str, *, at: float = 3.0, delivery: str = "", **detail: Any) -> dict[str, Any]:
    """A line of the journal."""
    of = f"{message}-1" if event != "accepted" else delivery
    return {
        "id": id,
        "chain": "boot-1",
        "at": at * SECOND,
        "event": event,
        "message": message,
        "delivery": of,
        "detail": detail,
    }


def call(
    n: int, destination: str, id: str, reference: str, number: int, *, applied: bool = True, duplicate: bool = False
) -> dict[str, Any]:
    """What a back office saw."""
    said = {"destination": destination, "id": id, "reference": reference, "number": number}
    return {"n": n, "kind": "call", "mode": "ok", "applied": applied, "duplicate": duplicate, **said}


def the(rows: list[dict[str, Any]], **facts: Any) -> dict[str, Any]:
    """The one row that has these values."""
    [found] = [row for row in rows if all(row.get(name) == value for name, value in facts.items())]
    return found


Breaking = Callable[[Any], None]


def not_kept(of: Any) -> None:
    """A message that was accepted is gone, and the back office never heard of it."""
    for rows in (of.messages, of.deliveries, of.journal, of.calls):
        rows[:] = [row for row in rows if "m4" not in (row.get("id"), row.get("message")) and row.get("id") != "l-1-1"]


def done_unasked(of: Any) -> None:
    of.calls.append(call(9, "notices", "n-9-1", "n-9", 1))
    of.deliveries.append({"id": "m9-1", "message": "m9", "state": "delivered", "token": 1, "tries": 1})
    of.messages.append({"id": "m9", "exchange": "x", "sender": "s", "reference": "n-9", "key": "n-9-1"})
    of.journal.extend([line(20, "m9", "accepted"), line(21, "m9", "delivered", token=1, status=200)])


def kept_though_refused(of: Any) -> None:
    the(of.history, kind="ok", id="o-1-2")["kind"] = "fail"


def never_carried_out(of: Any) -> None:
    """Delivered, after a call that the back office saw and did not carry out."""
    the(of.calls, id="o-1-2")["applied"] = False


def twice(of: Any) -> None:
    """A second effect in the order that the first was lost with its node: looked up wrongly, and sent again."""
    of.calls.insert(1, call(1, "orders", "o-1-1", "o-1", 1))


def twice_unexplained(of: Any) -> None:
    """The receiver that forgets was sent a letter again although it had answered."""
    the(of.journal, id=10)["event"] = "retry"


def out_of_order(of: Any) -> None:
    the(of.calls, n=1)["n"] = 9


def tried_too_early(of: Any) -> None:
    """The second message of a key was tried before the first had ended."""
    the(of.journal, id=7)["id"] = 5.5
    of.journal.sort(key=lambda each: each["id"])


def left_waiting(of: Any) -> None:
    the(of.deliveries, message="m2")["state"] = "waiting"
    of.facts["overviews"] = [{"waiting": 1}]
    the(of.journal, id=7)["event"] = "retry"


def not_drained(of: Any) -> None:
    of.facts["left"] = {"waiting": 3}


def not_said(of: Any) -> None:
    of.facts["unsaid"] = True


def attempt_untold(of: Any) -> None:
    of.journal.remove(the(of.journal, id=8))


def call_untold(of: Any) -> None:
    of.calls.append(call(7, "notices", "n-1-1", "n-1", 1, applied=False, duplicate=True))


def answer_invented(of: Any) -> None:
    """The journal has an answer to a call that nobody saw."""
    the(of.journal, id=8).update(event="retry", detail={"token": 1, "status": 500})
    of.calls.remove(the(of.calls, n=4))


def accepted_twice(of: Any) -> None:
    of.journal.append(line(20, "m2", "accepted"))


def chain_broken(of: Any) -> None:
    of.facts["flaw"] = "boot-1 3: This line was changed."


def console_wrong(of: Any) -> None:
    of.facts["overviews"] = [{"dead": 2}]


def ended_twice(of: Any) -> None:
    of.journal.append(line(20, "m2", "delivered", token=2, status=200))
    the(of.deliveries, message="m2").update(token=2, tries=2)
    of.calls.append(call(9, "orders", "o-1-2", "o-1", 2, applied=False))


def stale_hand(of: Any) -> None:
    """The holder that had lost the first order comes back, and changes it."""
    of.journal.insert(5, line(5.5, "m1", "retry", token=1, status=500))


def fenced_in_vain(of: Any) -> None:
    """A hand that holds a delivery was told that it does not."""
    of.journal.append(line(20, "m2", "fenced", token=2))


def two_for_one_key(of: Any) -> None:
    of.history.append({"at": 5.0, "kind": "ok", "id": "n-1-1", "message": "m7"})


def shown(of: Any) -> None:
    of.facts["leaks"] = ["node-1.log"]


BREAKINGS: list[tuple[str, Breaking]] = [
    ("I1", not_kept),
    ("I2", done_unasked),
    ("I2", kept_though_refused),
    ("I3", never_carried_out),
    ("I4", twice),
    ("I4", twice_unexplained),
    ("I5", out_of_order),
    ("I5", tried_too_early),
    ("I6", left_waiting),
    ("I6", not_drained),
    ("I6", not_said),
    ("I7", attempt_untold),
    ("I7", call_untold),
    ("I7", answer_invented),
    ("I7", accepted_twice),
    ("I7", chain_broken),
    ("I8", console_wrong),
    ("I9", ended_twice),
    ("I10", stale_hand),
    ("I10", fenced_in_vain),
    ("I11", two_for_one_key),
    ("I14", shown),
]


def test_a_clean_history_passes() -> None:
    verdict = judge(clean())

    assert verdict.facts()["broken"] == [], verdict.facts()["examples"]
    assert verdict.too_easy == []
    assert verdict.facts()["verdict"] == "passed"


@pytest.mark.parametrize(("invariant", "breaking"), BREAKINGS, ids=[breaking.__name__ for _, breaking in BREAKINGS])
def test_a_history_that_breaks_an_invariant_is_told_by_its_name(invariant: str, breaking: Breaking) -> None:
    evidence = copy.deepcopy(clean())

    breaking(evidence)

    assert judge(evidence).broken == (invariant,), judge(evidence).facts()["examples"]


def test_every_invariant_is_broken_by_a_test() -> None:
    assert {invariant for invariant, _ in BREAKINGS} == set(INVARIANTS)


def test_an_effect_of_a_message_that_was_never_acknowledged_is_allowed_and_counted() -> None:
    evidence = copy.deepcopy(clean())
    evidence.history.remove(the(evidence.history, kind="ok", id="l-1-1"))  # type: ignore[attr-defined]

    verdict = judge(evidence)

    assert verdict.broken == ()
    assert verdict.figures["recovered"] == 1


@pytest.mark.parametrize("name", ["kills", "kills_on_a_held_lease", "of_each_mode"])
def test_a_campaign_that_was_too_easy_proves_nothing(name: str) -> None:
    easy = replace(clean(), facts={**clean().facts, "plan": {**PLAN, name: 99}})

    facts = judge(easy).facts()

    assert facts["verdict"] == "invalid" and facts["valid"] is False


def test_a_node_that_did_nothing_makes_a_campaign_too_easy() -> None:
    easy = replace(clean(), facts={**clean().facts, "plan": {**PLAN, "nodes": 2}})

    assert judge(easy).too_easy == ["node-2 delivered less than a tenth"]


def test_a_takeover_lasts_from_the_death_to_the_next_attempt() -> None:
    took = takeovers(clean())

    assert took.seconds == [2.5], "killed at 10, looked up from 12.5 on"
    assert took.freed == [2.0], "its loss is noted at 12"
    assert took.held == 1
