"""What accepting promises: on disk, once per key, all or nothing."""

import asyncio

import pytest

from hub.errors import Conflict, MessageError
from hub.facts import replace
from hub.ledger import Content, Ledger, Search
from hub.message import Receipt
from tests.ledger.makers import NOON, a_message, an_acceptance, events


async def test_an_accepted_message_is_kept_with_its_deliveries_contents_and_first_line(ledger: Ledger) -> None:
    acceptance = an_acceptance("R1")

    receipt = await ledger.accept(acceptance)

    story = await ledger.story(receipt.message)
    assert story.message == acceptance.message
    assert [replace(each, position=0) for each in story.deliveries] == list(acceptance.deliveries)
    assert [(line.event, line.at, line.detail) for line in story.lines] == [("accepted", NOON, {"kind": "portal"})]
    assert await ledger.content(receipt.message, "original") == acceptance.contents[0]


async def test_the_same_key_and_content_give_the_first_receipt_again(ledger: Ledger) -> None:
    first = await ledger.accept(an_acceptance("R1", key="K"))

    again = await ledger.accept(an_acceptance("R1", key="K"))

    assert again == replace(first, duplicate=True)
    assert await events(ledger, first.message) == ["accepted", "repeated"]
    assert len((await ledger.find(Search())).found) == 1


async def test_the_very_same_message_handed_in_again_is_a_repeat(ledger: Ledger) -> None:
    acceptance = an_acceptance("R1", key="K")
    first = await ledger.accept(acceptance)

    again = await asyncio.gather(*(ledger.accept(acceptance) for _ in range(3)))

    assert list(again) == [replace(first, duplicate=True)] * 3


async def test_the_very_same_new_message_handed_in_several_times_at_once_is_kept_once(ledger: Ledger) -> None:
    acceptance = an_acceptance("R1", key="K")

    receipts = await asyncio.gather(*(ledger.accept(acceptance) for _ in range(3)))

    assert sorted(receipt.duplicate for receipt in receipts) == [False, True, True]


async def test_the_same_key_with_another_content_is_refused(ledger: Ledger) -> None:
    await ledger.accept(an_acceptance("R1", key="K", fingerprint="one"))

    with pytest.raises(MessageError) as refused:
        await ledger.accept(an_acceptance("R1", key="K", fingerprint="other"))

    assert (refused.value.status, refused.value.kind) == (422, "key-reused")


async def test_the_same_key_on_another_exchange_is_another_message(ledger: Ledger) -> None:
    first = await ledger.accept(an_acceptance("R1", key="K"))

    other = await ledger.accept(an_acceptance("R1", key="K", exchange="address-change"))

    assert not other.duplicate and other.message != first.message


async def test_the_same_key_of_another_sender_or_authority_is_another_message(ledger: Ledger) -> None:
    first = an_acceptance(key="k1")
    others = [
        replace(first, message=replace(first.message, id=name, **{name: "another"}), deliveries=())
        for name in ("sender", "authority")
    ]

    receipts = [await ledger.accept(each) for each in (first, *others)]

    assert not any(receipt.duplicate for receipt in receipts)


async def test_messages_without_a_key_are_never_repeats(ledger: Ledger) -> None:
    keyless = [replace(each, message=replace(each.message, key="")) for each in (an_acceptance("R1"), an_acceptance("R1"))]

    receipts = [await ledger.accept(each) for each in keyless]

    assert [receipt.duplicate for receipt in receipts] == [False, False]


async def test_fifty_callers_with_the_same_key_make_one_message(ledger: Ledger) -> None:
    receipts = await asyncio.gather(*(ledger.accept(an_acceptance("R1", key="K")) for _ in range(50)))

    assert len({receipt.message for receipt in receipts}) == 1
    assert sum(not receipt.duplicate for receipt in receipts) == 1
    assert len((await ledger.find(Search())).found) == 1


async def test_a_reused_key_among_others_accepted_together_is_refused_alone(ledger: Ledger) -> None:
    await ledger.accept(an_acceptance("R0", key="K", fingerprint="one"))
    callers = [an_acceptance(f"R{n}") for n in range(20)] + [an_acceptance("R0", key="K", fingerprint="other")]

    answers = await asyncio.gather(*(ledger.accept(each) for each in callers), return_exceptions=True)

    assert all(isinstance(answer, Receipt) for answer in answers[:20])
    assert isinstance(answers[20], MessageError)


async def test_a_message_id_that_exists_is_a_conflict_and_keeps_nothing(ledger: Ledger) -> None:
    first = an_acceptance("R1")
    await ledger.accept(first)
    same_id = replace(an_acceptance("R2"), message=replace(a_message("R2"), id=first.message.id), deliveries=())

    with pytest.raises(Conflict):
        await ledger.accept(same_id)

    assert (await ledger.message(first.message.id)).reference == "R1"
    assert not (await ledger.accept(an_acceptance("R2", key=same_id.message.key))).duplicate


async def test_a_large_file_comes_back_whole(ledger: Ledger) -> None:
    photo = Content("file:sha256:1", "image/jpeg", bytes(range(256)) * 4096)
    acceptance = replace(an_acceptance("R1"), contents=(photo,))

    receipt = await ledger.accept(acceptance)

    assert await ledger.content(receipt.message, photo.name) == photo
    assert [info.name for info in await ledger.contents(receipt.message)] == [photo.name]


async def test_a_fetched_list_is_accepted_and_its_cursor_moved_together(ledger: Ledger) -> None:
    await ledger.accept(an_acceptance("R1", key="known"))
    fetched = [
        an_acceptance("R1", key="known"),
        an_acceptance("R2", key="new"),
        an_acceptance("R2", key="new"),
        an_acceptance("R3", key="known", fingerprint="other"),
    ]

    answers = await ledger.accept_all(fetched, cursor=("waste-progress", "2026-03-02T12:00"))

    assert [isinstance(answer, Receipt) and answer.duplicate for answer in answers] == [True, False, True, False]
    assert isinstance(answers[3], MessageError)
    assert await ledger.cursor("waste-progress") == "2026-03-02T12:00"


async def test_a_list_that_cannot_be_kept_does_not_move_the_cursor(ledger: Ledger) -> None:
    known = an_acceptance("R1")
    await ledger.accept(known)
    clash = replace(an_acceptance("R2"), message=replace(a_message("R2"), id=known.message.id), deliveries=())

    with pytest.raises(Conflict):
        await ledger.accept_all([an_acceptance("R3"), clash], cursor=("waste-progress", "later"))

    assert await ledger.cursor("waste-progress") is None
    assert len((await ledger.find(Search())).found) == 1
