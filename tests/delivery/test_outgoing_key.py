"""The key of a call is made of what its sender said: a ledger that forgot it makes the same again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hub.dispatcher import outgoing_key
from hub.facts import replace
from hub.ledger import Claim
from hub.lifecycle import Lane
from hub.message import Delivery, Message, State

NOON = datetime(2026, 7, 14, 12, tzinfo=UTC)
SAID = Message("m-1", "invoice", "privas", "portal", "bill", "F-17", "key-1", "sha", "rev", NOON)


def claim(message: Message = SAID, *, number: int = 1, receiver: str = "finance", operation: str = "take") -> Claim:
    held = Delivery(
        f"{message.id}-{number}",
        message.id,
        message.exchange,
        message.authority,
        receiver,
        operation,
        f"{receiver}/default",
        message.reference,
        7,
        State.SENDING,
        None,
    )
    return Claim(held, message, Lane(held.lane))


def test_said_again_to_a_ledger_that_forgot_it_it_leaves_under_the_same_key() -> None:
    again = replace(SAID, id="m-2", accepted_at=datetime(2026, 7, 15, tzinfo=UTC), revision="later")

    assert outgoing_key(claim(again)) == outgoing_key(claim())


@pytest.mark.parametrize(
    "other",
    [
        claim(replace(SAID, key="key-2")),
        claim(replace(SAID, sender="kiosk")),
        claim(replace(SAID, exchange="credit-note")),
        claim(replace(SAID, authority="aubenas")),
        claim(receiver="archive"),
        claim(operation="cancel"),
    ],
)
def test_whatever_else_is_said_or_told_elsewhere_has_a_key_of_its_own(other: Claim) -> None:
    assert outgoing_key(other) != outgoing_key(claim())


def test_what_its_sender_gave_no_key_is_known_by_its_delivery() -> None:
    assert outgoing_key(claim(replace(SAID, key=""))) == "m-1-1"


def test_a_key_fits_any_header_and_tells_nothing_of_what_was_said() -> None:
    key = outgoing_key(claim(replace(SAID, key="Élodie Lefèvre, 1 rue des Bacs")))

    assert len(key) == 32 and set(key) <= set("0123456789abcdef")
