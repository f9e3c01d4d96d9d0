"""What keeping a file apart promises: every piece on disk, in its place and sealed; a message's, or nobody's and let go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa

from hub.errors import HubUnavailable, MessageError, NotFound
from hub.facts import replace
from hub.ledger import Acceptance, Ledger, Upload, tables
from hub.message import Apart
from tests.ledger.makers import NOON, an_acceptance, seconds

TICKET = "sha256:" + "0" * 64
PIECES = (b"one" * 1000, b"two" * 1000, b"\x00\xff")


async def uploaded(ledger: Ledger, id_: str, *pieces: bytes) -> Upload:
    """A file that has come whole."""
    await ledger.begin_upload(id_, now=NOON)
    for number, piece in enumerate(pieces):
        await ledger.add_piece(id_, number, piece)
    done = Upload(id_, sum(map(len, pieces)), len(pieces), "pdf")
    await ledger.end_upload(done)
    return done


def with_file(acceptance: Acceptance, upload: str) -> Acceptance:
    return replace(acceptance, files={TICKET: Apart(6002, "pdf", "plan d’été.pdf", upload)})


async def gathered(pieces: AsyncIterator[bytes]) -> list[bytes]:
    return [piece async for piece in pieces]


async def uploads(ledger: Ledger) -> tuple[int, int]:
    """How many files there are, and how many pieces."""

    def count(of: sa.Connection) -> tuple[int, int]:
        found = [of.scalar(sa.select(sa.func.count()).select_from(table)) for table in (tables.upload, tables.piece)]
        return found[0], found[1]

    return await ledger._store.read(count)


async def test_a_file_comes_back_piece_by_piece_as_it_was(ledger: Ledger) -> None:
    await uploaded(ledger, "u-1", *PIECES)

    receipt = await ledger.accept(with_file(an_acceptance("R1"), "u-1"))

    assert await gathered(ledger.file(receipt.message, TICKET)) == list(PIECES)
    assert await ledger.uploads(receipt.message) == {TICKET: Apart(6002, "pdf", "plan d’été.pdf", "u-1")}


async def test_a_file_that_came_inside_its_document_is_read_the_same_way(ledger: Ledger) -> None:
    acceptance = an_acceptance("R1")
    inside = replace(acceptance.contents[0], name=f"file:{TICKET}", data=b"small")

    receipt = await ledger.accept(replace(acceptance, contents=(inside,)))

    assert await gathered(ledger.file(receipt.message, TICKET)) == [b"small"]


async def test_of_a_repeat_only_the_first_file_stays(ledger: Ledger) -> None:
    await uploaded(ledger, "u-1", *PIECES)
    await uploaded(ledger, "u-2", *PIECES)
    first = await ledger.accept(with_file(an_acceptance("R1", key="K"), "u-1"))
    again = await ledger.accept(with_file(an_acceptance("R1", key="K"), "u-2"))

    dropped = await ledger.drop_uploads(["u-1", "u-2"])

    assert (again.message, dropped) == (first.message, 1)
    assert await gathered(ledger.file(first.message, TICKET)) == list(PIECES)
    assert await uploads(ledger) == (1, 3)


async def test_a_message_that_is_refused_takes_no_file(ledger: Ledger) -> None:
    await uploaded(ledger, "u-1", *PIECES)
    await ledger.accept(an_acceptance("R1", key="K"))

    with pytest.raises(MessageError):
        await ledger.accept(with_file(an_acceptance("R1", key="K", fingerprint="other"), "u-1"))

    assert await ledger.drop_uploads(["u-1"]) == 1
    assert await uploads(ledger) == (0, 0)


@pytest.mark.parametrize("state", ["unknown", "begun", "let go"])
async def test_a_message_whose_file_is_not_whole_is_not_taken(ledger: Ledger, state: str) -> None:
    match state:
        case "begun":
            await ledger.begin_upload("u-1", now=NOON)
            await ledger.add_piece("u-1", 0, PIECES[0])
        case "let go":
            await uploaded(ledger, "u-1", *PIECES)
            await ledger.drop_uploads(["u-1"])

    with pytest.raises(HubUnavailable):
        await ledger.accept(with_file(an_acceptance("R1", key="K"), "u-1"))

    assert (await ledger.accept(an_acceptance("R1", key="K"))).duplicate is False


async def test_one_message_without_its_file_costs_those_beside_it_nothing(ledger: Ledger) -> None:
    others = [ledger.accept(an_acceptance(f"R{number}")) for number in range(5)]

    wrong, *right = await asyncio.gather(
        ledger.accept(with_file(an_acceptance("R"), "nowhere")), *others, return_exceptions=True
    )

    assert isinstance(wrong, HubUnavailable)
    assert not any(isinstance(each, BaseException) for each in right)


async def test_what_became_no_message_s_is_let_go_after_its_time(ledger: Ledger) -> None:
    await uploaded(ledger, "kept", *PIECES)
    receipt = await ledger.accept(with_file(an_acceptance("R1"), "kept"))
    await uploaded(ledger, "left", *PIECES)
    await ledger.begin_upload("late", now=NOON + seconds(60))

    dropped = await ledger.drop_left_uploads(before=NOON + seconds(30))

    assert dropped == 1
    assert await uploads(ledger) == (2, 3)
    assert await gathered(ledger.file(receipt.message, TICKET)) == list(PIECES)


async def test_a_piece_that_was_moved_or_taken_away_is_never_served(ledger: Ledger) -> None:
    await uploaded(ledger, "u-1", *PIECES)
    receipt = await ledger.accept(with_file(an_acceptance("R1"), "u-1"))

    await ledger._writer.run(
        lambda to: to.connection.execute(sa.delete(tables.piece).where(tables.piece.c.number == 1)).rowcount
    )

    with pytest.raises(NotFound):
        await gathered(ledger.file(receipt.message, TICKET))


async def test_a_file_that_nobody_has_is_not_found(ledger: Ledger) -> None:
    receipt = await ledger.accept(an_acceptance("R1"))

    with pytest.raises(NotFound):
        await gathered(ledger.file(receipt.message, TICKET))
