"""Two-way exchanges: what comes back alters nothing else, nothing goes back to where it came from, and what both sides
change is a person's to settle."""

from __future__ import annotations

import asyncio
import copy
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from hub.catalogue import Catalogue, load_catalogue
from hub.errors import HubUnavailable
from hub.facts import replace
from hub.ledger import Acceptance, Held, Settlement
from hub.message import Receipt, State
from hub.translation.compare import leaves_apart
from tests.delivery.book import VirtualLedger
from tests.delivery.town import Town
from tests.delivery.two_applications import Pair, TwoApplications, page

INSTALLATION = Path(__file__).parent / "two_way"
MANY = int(os.environ.get("HUB_UPDATES", "250"))


class Forgetful(VirtualLedger):
    """A ledger that remembers nothing of what the sides hold."""

    async def images(self, authority: str, exchange: str, reference: str) -> tuple[Held, ...]:
        return ()

    async def tell(self, held: Held) -> None:
        pass

    async def accept(self, acceptance: Acceptance) -> Receipt:
        return await super().accept(replace(acceptance, images=()))

    async def settle(self, settlement: Settlement) -> bool:
        return await super().settle(replace(settlement, images=()))


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(INSTALLATION)


@pytest.fixture
async def pair(catalogue: Catalogue) -> Pair:
    return await a_pair(catalogue)


async def a_pair(catalogue: Catalogue, ledger_of: type[VirtualLedger] = VirtualLedger) -> Pair:
    applications = TwoApplications()
    town = Town(catalogue, applications)  # type: ignore[arg-type]  # another pair of applications
    return Pair(town, await town.node(ledger_of=ledger_of), applications)


async def known_to_both(pair: Pair, numbers: Sequence[int] = (7,)) -> None:
    """The portal has said these pages, the waste application has its orders, and both have said what they were told."""
    for number in numbers:
        await pair.portal_says(page(number))
    await pair.settle()
    assert await pair.echoes() == 0


async def updated(pair: Pair, count: int) -> int:
    """The waste application changes the status of that many orders; how many values of pages changed beside it."""
    for number in range(count):
        await pair.portal_says(page(number))
    await pair.settle()
    pair.applications.echoes.clear()
    before = copy.deepcopy(pair.applications.pages)
    for number in range(count):
        await pair.waste_says({**pair.applications.orders[f"D-{number}"], "Etat": "20"})
    await pair.settle()
    pages = pair.applications.pages
    apart = [each for name, old in before.items() for each in leaves_apart(old, pages[name], ())]
    assert sum(path == ("etat",) for path, _, _ in apart) == count
    return sum(path != ("etat",) for path, _, _ in apart)


async def test_a_thousand_status_updates_alter_no_other_value_and_nothing_is_echoed(pair: Pair) -> None:
    altered = await updated(pair, MANY)
    echoes = await pair.echoes()

    assert (altered, echoes) == (0, 0)
    assert len(pair.applications.told) == 2 * MANY


async def test_without_the_memory_of_what_each_side_holds_values_are_lost_and_echoes_go_round(catalogue: Catalogue) -> None:
    pair = await a_pair(catalogue, Forgetful)

    altered = await updated(pair, 20)
    echoes = await pair.echoes()

    assert altered > 20
    assert echoes > 0


async def test_an_echo_that_comes_before_the_answer_is_no_news_either(pair: Pair) -> None:
    await known_to_both(pair)

    pair.applications.at_once = pair.echo

    await pair.portal_says({**page(7), "telephone": "07"})
    await pair.settle()

    assert pair.applications.told == [("waste", "D-7"), ("waste", "D-7")]


async def test_what_is_said_again_goes_nowhere_and_what_is_changed_back_does(pair: Pair) -> None:
    await known_to_both(pair)
    other = {**page(7), "telephone": "07"}

    for said in (page(7), other, other, page(7)):
        await pair.portal_says(said)
        await pair.settle()

    assert len(pair.applications.told) == 3
    assert pair.applications.orders["D-7"]["Telephone"] == page(7)["telephone"]


async def test_a_part_that_is_not_carried_is_kept_and_one_that_is_carried_empty_is_erased(pair: Pair) -> None:
    await known_to_both(pair)
    needed = {name: page(7)[name] for name in ("numero", "deposeLe", "motif")}

    await pair.portal_says({**needed, "telephone": ""})
    await pair.settle()

    order = pair.applications.orders["D-7"]
    assert order["Adresse"] == page(7)["adresse"] and len(order["Bac"]) == len(page(7)["bacs"])
    assert order.get("Telephone", "") == ""


async def test_changes_of_different_rows_on_both_sides_at_once_are_merged(pair: Pair) -> None:
    await known_to_both(pair)
    order = pair.applications.orders["D-7"]

    await pair.portal_says({**page(7), "telephone": "07"})
    await pair.waste_says({**order, "Adresse": "2, place du Marché", "Etat": "10"})
    await pair.settle()
    await pair.echoes()

    assert pair.applications.orders["D-7"]["Telephone"] == "07"
    assert pair.applications.orders["D-7"]["Adresse"] == "2, place du Marché"
    assert pair.applications.pages["D-7"]["telephone"] == "07"
    assert pair.applications.pages["D-7"]["adresse"] == "2, place du Marché"
    assert pair.applications.pages["D-7"]["usager"]["courriel"] == page(7)["usager"]["courriel"]


async def test_a_row_that_one_side_owns_is_never_taken_from_the_other(pair: Pair) -> None:
    await known_to_both(pair)
    await pair.waste_says({**pair.applications.orders["D-7"], "Etat": "20"})
    await pair.settle()

    await pair.portal_says({**pair.applications.pages["D-7"], "etat": "ouverte", "telephone": "07"})
    await pair.settle()

    assert pair.applications.orders["D-7"]["Etat"] == "20"
    assert pair.applications.orders["D-7"]["Telephone"] == "07"


async def both_change_the_telephone(pair: Pair) -> tuple[Receipt, Receipt]:
    await known_to_both(pair)
    order = pair.applications.orders["D-7"]
    first = await pair.portal_says({**page(7), "telephone": "07 portail"})
    second = await pair.waste_says({**order, "Telephone": "07 déchets"})
    await pair.settle()
    return first, second


async def test_a_row_that_both_sides_changed_waits_for_a_person_with_both_values(pair: Pair) -> None:
    first, second = await both_change_the_telephone(pair)

    ledger = pair.node.ledger
    stories = [await ledger.story(each.message) for each in (first, second)]
    assert [story.deliveries[0].state for story in stories] == [State.DEAD, State.DEAD]
    assert "portal and waste both changed: Téléphone" in stories[0].deliveries[0].reason
    assert "07" not in stories[0].deliveries[0].reason
    shown = json.loads((await ledger.content(first.message, f"clash:{stories[0].deliveries[0].id}")).data)
    assert shown == {"phone": {"held": "07 déchets", "label": "Téléphone", "sent": "07 portail"}}
    assert pair.applications.pages["D-7"]["telephone"] == "07 portail"
    assert pair.applications.orders["D-7"]["Telephone"] == "07 déchets"


async def test_the_person_s_choice_is_told_and_both_sides_agree(pair: Pair) -> None:
    first, second = await both_change_the_telephone(pair)
    ledger, now = pair.node.ledger, pair.node.dispatcher._clock()

    await ledger.cancel(second.deliveries[0], actor="alice", reason="le portail a raison", now=now)
    await ledger.replay(first.deliveries[0], actor="alice", reason="le portail a raison", now=now)
    await pair.settle()
    await pair.echoes()

    assert pair.applications.orders["D-7"]["Telephone"] == "07 portail"
    assert pair.applications.pages["D-7"]["telephone"] == "07 portail"


async def test_a_side_that_changes_during_the_call_is_told_again_and_keeps_its_change(pair: Pair) -> None:
    await known_to_both(pair)

    async def address_moves() -> None:
        await pair.waste_says({**pair.applications.orders["D-7"], "Adresse": "9, quai du Port"})

    pair.applications.during, pair.applications.at_once = address_moves, pair.echo
    await pair.portal_says({**page(7), "telephone": "07"})
    await pair.settle()

    for held in (pair.applications.orders["D-7"]["Adresse"], pair.applications.pages["D-7"]["adresse"]):
        assert held == "9, quai du Port"
    assert pair.applications.orders["D-7"]["Telephone"] == "07"


async def test_a_lost_answer_and_a_book_that_is_away_leave_both_sides_whole(pair: Pair) -> None:
    await known_to_both(pair)
    pair.applications.cuts = 1

    await pair.portal_says({**page(7), "telephone": "07"})
    await pair.node.worker.start()
    await _quiet(pair)
    pair.node.ledger.book.away = True
    with pytest.raises(HubUnavailable):
        await pair.portal_says({**page(7), "telephone": "08"})
    pair.node.ledger.book.away = False
    await pair.portal_says({**page(7), "telephone": "08"})
    await _quiet(pair)
    await pair.node.worker.stop()

    assert pair.applications.orders["D-7"]["Telephone"] == "08"
    assert await pair.echoes() == 0


async def _quiet(pair: Pair) -> None:
    """Wait until nothing is under way."""
    await asyncio.sleep(600)


async def test_several_changes_of_one_object_in_the_same_moment_are_all_taken(pair: Pair) -> None:
    await known_to_both(pair)
    changes: list[dict[str, Any]] = [{**page(7), "telephone": f"07 {n}"} for n in range(8)]

    receipts = await asyncio.gather(*(pair.portal_says(each) for each in changes))
    await pair.settle()

    assert len({receipt.message for receipt in receipts}) == 8
    assert pair.applications.orders["D-7"]["Telephone"].startswith("07 ")
    assert await pair.echoes() == 0


async def test_late_echoes_of_earlier_states_are_known_for_what_they_are(pair: Pair) -> None:
    await known_to_both(pair)
    for telephone in ("07", "08", "09"):
        await pair.portal_says({**page(7), "telephone": telephone})
        await pair.settle()

    late = await pair.echoes()
    await asyncio.sleep(60)
    await pair.settle()

    assert late == 0
    assert pair.applications.told.count(("portal", "D-7")) == 0
    assert pair.applications.orders["D-7"]["Telephone"] == "09"


async def test_a_side_that_truly_goes_back_to_what_it_was_told_once_is_heard_after_a_moment(pair: Pair) -> None:
    await known_to_both(pair)
    for telephone in ("07", "08"):
        await pair.portal_says({**page(7), "telephone": telephone})
        await pair.settle()
    await pair.echoes()

    await pair.waste_says({**pair.applications.orders["D-7"], "Telephone": "07"})
    await pair.settle()
    at_once = pair.applications.pages["D-7"]["telephone"]
    await asyncio.sleep(60)
    await pair.settle()
    await pair.echoes()

    assert at_once == "08"
    assert pair.applications.pages["D-7"]["telephone"] == "07"
    assert pair.applications.orders["D-7"]["Telephone"] == "07"


async def test_a_row_that_one_side_knows_more_coarsely_clashes_with_nothing(pair: Pair) -> None:
    await known_to_both(pair, numbers=(9,))
    order = pair.applications.orders["D-9"]

    await pair.waste_says({**order, "Observation": "Livré", "CodeMotif": "C"})
    await pair.settle()

    assert pair.applications.pages["D-9"]["commentaire"] == "Livré"
    assert pair.applications.pages["D-9"]["motif"] == "casse"


async def test_what_a_side_keeps_for_itself_is_kept_when_it_changes_before_the_answer(pair: Pair) -> None:
    await known_to_both(pair)

    async def noted(_side: str, document: dict[str, Any]) -> None:
        await pair.portal_says({**document, "noteInterne": "rappelé"})

    pair.applications.at_once = noted
    await pair.waste_says({**pair.applications.orders["D-7"], "Telephone": "07"})
    await pair.settle()
    pair.applications.at_once = None
    await pair.waste_says({**pair.applications.orders["D-7"], "Telephone": "08"})
    await pair.settle()

    assert pair.applications.pages["D-7"]["telephone"] == "08"
    assert pair.applications.pages["D-7"]["noteInterne"] == "rappelé"


async def test_a_late_echo_of_a_call_that_was_made_again_is_known_for_what_it_is(pair: Pair) -> None:
    await known_to_both(pair)

    async def phone_changes() -> None:
        await pair.portal_says({**pair.applications.pages["D-7"], "telephone": "07"})

    pair.applications.during = phone_changes
    await pair.waste_says({**pair.applications.orders["D-7"], "Adresse": "9, quai du Port"})
    await pair.settle()
    await pair.echoes()

    assert [pair.applications.pages["D-7"][name] for name in ("telephone", "adresse")] == ["07", "9, quai du Port"]
    assert [pair.applications.orders["D-7"][name] for name in ("Telephone", "Adresse")] == ["07", "9, quai du Port"]


async def test_what_is_said_of_other_rows_does_not_drop_what_is_in_doubt(pair: Pair) -> None:
    await known_to_both(pair)
    for telephone in ("07", "08"):
        await pair.waste_says({**pair.applications.orders["D-7"], "Telephone": telephone})
        await pair.settle()
    needed = {name: page(7)[name] for name in ("numero", "deposeLe", "motif")}

    await pair.portal_says({**pair.applications.pages["D-7"], "telephone": "07"})
    await pair.portal_says({**needed, "adresse": "9, quai du Port"})
    await asyncio.sleep(60)
    await pair.settle()

    assert [pair.applications.orders["D-7"][name] for name in ("Telephone", "Adresse")] == ["07", "9, quai du Port"]


async def test_what_repeats_a_call_in_doubt_clashes_with_nothing(pair: Pair) -> None:
    await known_to_both(pair)
    pair.applications.cuts = 1
    await pair.portal_says({**page(7), "adresse": "1, quai du Port"})
    await pair.settle()

    await pair.portal_says({**page(7), "adresse": "2, quai du Port"})
    await pair.waste_says({**pair.applications.orders["D-7"], "Telephone": "07"})
    await asyncio.sleep(60)
    await pair.settle()

    assert [pair.applications.orders["D-7"][name] for name in ("Telephone", "Adresse")] == ["07", "2, quai du Port"]
    assert [pair.applications.pages["D-7"][name] for name in ("telephone", "adresse")] == ["07", "2, quai du Port"]
