"""One message to several receivers: each has its own state, and the message as a whole ends by the rule of its exchange."""

from __future__ import annotations

import asyncio
from itertools import permutations

import pytest

from hub.lifecycle import Rule, as_a_whole, concludes
from hub.message import State
from tests.operating.conftest import Opening
from tests.operating.removals import failing, refusing, slowly

W, S, U, D, X, C = State.WAITING, State.SENDING, State.UNANSWERED, State.DELIVERED, State.DEAD, State.CANCELLED
NAMES = ("housing", "leisure", "tax")

TABLE: list[tuple[Rule, tuple[State, ...], State]] = [
    ("all", (D, D, D), D),
    ("all", (D, D, W), W),
    ("all", (D, D, X), X),
    ("all", (W, S, X), X),
    ("all", (D, U, W), U),
    ("all", (D, C, D), D),
    ("all", (C, C, C), C),
    ("any", (D, W, X), D),
    ("any", (X, W, X), W),
    ("any", (X, S, W), S),
    ("any", (X, X, U), U),
    ("any", (X, X, C), X),
    ("any", (C, C, C), C),
]


@pytest.mark.parametrize(("rule", "states", "whole"), TABLE)
def test_the_state_of_the_whole_follows_from_the_rule_whoever_is_in_which_state(
    rule: Rule, states: tuple[State, ...], whole: State
) -> None:
    for order in permutations(states):
        assert as_a_whole(zip(NAMES, order, strict=True), rule) is whole


def test_only_the_listed_receivers_count() -> None:
    standing = [("housing", D), ("leisure", X), ("tax", W)]

    assert as_a_whole(standing, ("housing",)) is D
    assert as_a_whole(standing, ("housing", "tax")) is W
    assert as_a_whole(standing, ("housing", "leisure")) is X
    assert as_a_whole([("leisure", W)], ("housing",)) is W
    assert as_a_whole([], "all") is None


@pytest.mark.parametrize("rule", ["all", "any", ("housing", "tax")])
def test_in_whatever_order_they_end_a_message_concludes_once(rule: Rule) -> None:
    for ends in ((D, D, D), (X, D, D), (D, X, X), (X, X, X), (D, X, D)):
        for order in permutations(range(3)):
            standing = dict.fromkeys(NAMES, S)
            concluded = []
            for place in order:
                name = NAMES[place]
                others = [(each, state) for each, state in standing.items() if each != name]
                concluded += [ends[place]] * concludes(name, ends[place], fellows=others, rule=rule)
                standing[name] = ends[place]
            assert concluded == [as_a_whole(standing.items(), rule)]


async def test_with_one_of_three_dead_each_has_its_own_state_and_the_whole_is_refused_once(opening: Opening) -> None:
    hall = await opening()
    hall.applications.manners["leisure"] = refusing

    message = (await hall.say("M-1")).json()["message"]
    await hall.until(message, "dead")
    told = await hall.told()
    await hall.at_rest("move")
    await hall.at_rest("move-status")

    story = await hall.get(f"/messages/{message}")
    assert {each["receiver"]: each["state"] for each in story["deliveries"]} == {
        "housing": "delivered",
        "leisure": "dead",
        "tax": "delivered",
    }
    assert [(each["number"], each["status"]) for each in told] == [("M-1", "refused")]


async def test_all_have_it_and_the_sender_is_told_once_what_each_of_them_answered(opening: Opening) -> None:
    hall = await opening()

    messages = [(await hall.say(f"M-{number}")).json()["message"] for number in range(30)]
    for message in messages:
        await hall.until(message, "delivered")
    await hall.told(30)

    assert len(await hall.at_rest("move-status")) == 30
    told = {each["number"]: each for each in hall.applications.statuses}
    assert len(hall.applications.statuses) == len(told) == 30
    assert told["M-7"] == {
        "number": "M-7",
        "status": "done",
        "housing": "housing-M-7",
        "leisure": "leisure-M-7",
        "tax": "tax-M-7",
    }


async def test_any_one_is_enough_where_the_exchange_says_so(opening: Opening) -> None:
    hall = await opening(more="done_when: any\n")
    hall.applications.manners |= {"leisure": refusing, "tax": failing}

    message = (await hall.say("M-1")).json()["message"]
    state = await hall.until(message, "delivered", "dead")
    await hall.told()
    await hall.stand(message, housing="delivered", leisure="dead")

    assert len(await hall.at_rest("move-status")) == 1
    assert state == "delivered"
    assert [each["status"] for each in hall.applications.statuses] == ["done"]


async def test_only_those_that_the_exchange_lists_are_waited_for(opening: Opening) -> None:
    hall = await opening(more="done_when: [housing, tax]\n")
    gate = asyncio.Event()
    hall.applications.manners["leisure"] = slowly(gate)

    message = (await hall.say("M-1")).json()["message"]
    state = await hall.until(message, "delivered")
    [told] = await hall.told()
    gate.set()
    story = await hall.get(f"/messages/{message}")

    assert state == "delivered"
    assert (told["housing"], told["tax"], "leisure" in told) == ("housing-M-1", "tax-M-1", False)
    found = (await hall.get("/messages?reference=M-1&exchange=move"))["messages"]
    assert [each["state"] for each in found] == [story["state"]] == ["delivered"]


async def test_a_dead_one_that_is_sent_anew_completes_the_whole_and_its_sender_is_told(opening: Opening) -> None:
    hall = await opening()
    hall.applications.manners["leisure"] = refusing
    message = (await hall.say("M-1")).json()["message"]
    await hall.until(message, "dead")
    await hall.told()
    story = await hall.get(f"/messages/{message}")
    [dead] = [each["delivery"] for each in story["deliveries"] if each["state"] == "dead"]
    del hall.applications.manners["leisure"]

    await hall.post(f"/deliveries/{dead}/replay", reason="the city was entered")
    await hall.until(message, "delivered")
    told = await hall.told(2)

    assert [each["status"] for each in told] == ["refused", "done"]
    assert hall.applications.told["housing"] == [{"ref": "M-1", "city": "Lens"}]
    assert len(set(hall.applications.keys["leisure"])) == 1
