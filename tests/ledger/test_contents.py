"""What sealing changes of what is handed in: the contents, and nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.call import Delivered
from hub.facts import names, replace
from hub.ledger import Acceptance, Claim, Content, Crossing, Settlement
from hub.ledger.contents import LARGE, Safe
from hub.ledger.facts import Held
from hub.lifecycle import Decision, Event, Lane
from hub.message import Apart, State
from tests.ledger.makers import NOON, WIDE, Reversing, a_delivery, a_message

SAFE = Safe(Reversing())
HELD = Held("ville", "bin-replacement", "R1", "waste", b"image", b"telling", 3)


def an_acceptance_with_everything(data: bytes) -> Acceptance:
    message = a_message()
    return Acceptance(
        message,
        (Content("record", "application/json", data), Content("original", "text/xml", b"<a/>")),
        (a_delivery(message),),
        detail={"worth": "news"},
        actor="portal",
        images=(HELD,),
        record={"reference": "R1"},
        documents={("waste", "create_order"): {"ref": "R1"}},
        files={"sha256:00": Apart(3, "pdf", "plan.pdf", "u1")},
    )


@pytest.mark.parametrize("size", [10, LARGE + 1])
async def test_an_acceptance_is_sealed_and_otherwise_as_it_was(size: int) -> None:
    bare = an_acceptance_with_everything(bytes(size))

    sealed = await SAFE.sealed(bare)

    assert not [name for name in names(Acceptance) if not getattr(bare, name)], "one of its facts is not held here"
    assert replace(sealed, contents=bare.contents, images=bare.images, files=bare.files) == bare
    assert tuple(SAFE.opened(bare.message.id, each) for each in sealed.contents) == bare.contents
    assert tuple(SAFE.opened_image(each) for each in sealed.images) == bare.images
    assert SAFE.opened_names(bare.message.id, sealed.files) == bare.files
    assert all(one.data != other.data for one, other in zip(sealed.contents, bare.contents, strict=True))


@pytest.mark.parametrize("size", [10, LARGE + 1])
async def test_a_settlement_is_sealed_and_otherwise_as_it_was(size: int) -> None:
    follow_up = an_acceptance_with_everything(b"said then")
    message = a_message()
    claim = Claim(a_delivery(message), message, Lane("waste/default"))
    decision = Decision(State.DELIVERED, Event.DELIVERED, None, 0)
    bare = Settlement(
        claim,
        Delivered(),
        decision,
        WIDE,
        NOON,
        keep=(Content("reply:1", "application/json", bytes(size)),),
        crosswalk=(Crossing("ville", "waste", "order", "42", "R1", "bin-replacement"),),
        follow_ups=(follow_up,),
        detail={"outcome": "Delivered"},
        images=(HELD,),
        moved=replace(decision, state=State.WAITING, due_at=NOON + timedelta(seconds=1)),
        fellows={"d2": State.WAITING},
    )

    sealed = await SAFE.sealed_settlement(bare)

    assert not [name for name in names(Settlement) if not getattr(bare, name)], "one of its facts is not held here"
    assert replace(sealed, keep=bare.keep, images=bare.images, follow_ups=bare.follow_ups) == bare
    assert tuple(SAFE.opened(message.id, each) for each in sealed.keep) == bare.keep
    assert sealed.follow_ups == (await SAFE.sealed(follow_up),)


async def test_what_has_nothing_to_seal_stays_as_it_was() -> None:
    message = a_message()
    bare = Acceptance(message, deliveries=(a_delivery(message),))

    assert await SAFE.sealed(bare) == bare
