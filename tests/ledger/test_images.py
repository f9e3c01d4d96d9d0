"""What each side of a two-way exchange holds: kept with what was said or told, sealed, and never over a newer one."""

from __future__ import annotations

import asyncio

import pytest

from hub.call import Unanswered
from hub.errors import same
from hub.facts import replace
from hub.ledger import Held, Ledger, Moved
from hub.lifecycle import Decision, Event
from hub.message import Receipt, State
from tests.ledger.conftest import Opener
from tests.ledger.makers import NOON, a_settlement, accepted, an_acceptance, claimed

PAGE = Held("ville", "bin-replacement", "R1", "portal", b"page 1")
ORDER = Held("ville", "bin-replacement", "R1", "waste", b"order 1")


async def images(ledger: Ledger) -> dict[str, Held]:
    return {each.side: each for each in await ledger.images("ville", "bin-replacement", "R1")}


async def test_an_image_is_kept_with_the_message_that_says_it_and_read_as_it_was(ledger: Ledger) -> None:
    await ledger.accept(replace(an_acceptance("R1"), images=(PAGE,)))

    assert await images(ledger) == {"portal": replace(PAGE, version=1)}
    assert await ledger.images("ville", "bin-replacement", "R2") == ()


async def test_a_message_made_from_an_image_that_has_moved_on_is_not_kept(ledger: Ledger) -> None:
    await ledger.accept(replace(an_acceptance("R1"), images=(PAGE,)))

    with pytest.raises(Moved):
        await ledger.accept(replace(an_acceptance("R1"), images=(replace(PAGE, content=b"page 2"),)))
    await ledger.accept(replace(an_acceptance("R1"), images=(replace(PAGE, content=b"page 2", version=1),)))

    assert await images(ledger) == {"portal": replace(PAGE, content=b"page 2", version=2)}


async def test_a_repeat_of_a_message_changes_no_image(ledger: Ledger) -> None:
    await ledger.accept(replace(an_acceptance("R1", key="K"), images=(PAGE,)))

    again = replace(an_acceptance("R1", key="K"), images=(replace(PAGE, content=b"old page", version=1),))
    receipt = await ledger.accept(again)

    assert receipt.duplicate
    assert (await images(ledger))["portal"].content == b"page 1"


async def test_what_a_side_was_told_is_what_it_holds_once_that_is_settled(ledger: Ledger) -> None:
    await accepted(ledger, "R1")
    [claim] = await claimed(ledger)
    await ledger.tell(replace(ORDER, content=b"", telling=b"order 1"))
    telling = (await images(ledger))["waste"]

    await ledger.settle(replace(a_settlement(claim), images=(ORDER,)))

    assert (telling.content, telling.telling, telling.version) == (b"", b"order 1", 0)
    assert await images(ledger) == {"waste": replace(ORDER, version=1)}


async def test_a_delivery_whose_receiver_changed_meanwhile_is_told_again_instead(ledger: Ledger) -> None:
    await ledger.accept(replace(an_acceptance("R1"), images=(ORDER,)))
    [claim] = await claimed(ledger)
    again = Decision(State.WAITING, Event.RETRY, NOON, 0)

    await ledger.settle(replace(a_settlement(claim), images=(replace(ORDER, content=b"stale"),), moved=again))

    assert (await ledger.delivery(claim.delivery.id)).state is State.WAITING
    assert (await images(ledger))["waste"].content == b"order 1"


async def test_what_a_person_confirms_is_what_the_side_holds(ledger: Ledger) -> None:
    await accepted(ledger, "R1")
    [claim] = await claimed(ledger)
    await ledger.tell(replace(ORDER, content=b"", telling=b"order 1"))
    doubt = Unanswered(same("no answer"))
    waiting = Decision(State.UNANSWERED, Event.UNANSWERED, None, 1, look_up=True)
    await ledger.settle(replace(a_settlement(claim, doubt), decision=waiting))

    await ledger.confirm(claim.delivery.id, actor="alice", reason="seen there", now=NOON)

    assert await images(ledger) == {"waste": replace(ORDER, version=1)}


async def test_of_two_nodes_that_hear_first_of_an_object_at_once_one_looks_again(opened_on_postgres: Opener) -> None:
    nodes = [await opened_on_postgres("node-1"), await opened_on_postgres("node-2")]

    for number in range(20):
        first = replace(PAGE, reference=f"R{number}")
        said = (node.accept(replace(an_acceptance(f"R{number}"), images=(first,))) for node in nodes)
        answers = await asyncio.gather(*said, return_exceptions=True)

        assert {type(answer) for answer in answers} == {Receipt, Moved}
