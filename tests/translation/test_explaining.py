"""Which row wrote a value: found from any form of the message, in whatever order its lines stand, with the words applied."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.catalogue import inspect
from hub.errors import NotFound
from hub.translation.explaining import RECORD, Explanation, Trip
from hub.translation.scene import ABSENT

BINS = inspect(Path(__file__).parents[2])[0].exchanges["bin-replacement"]
DOCUMENT = next(each.documents["portal"] for each in BINS.examples[0].examples if each.start == "portal")


@pytest.fixture
def trip() -> Trip:
    """The first example, the lines of which the receiver has in another order."""
    reading = BINS.translation.read("portal", DOCUMENT)
    told = BINS.translation.write("waste", reading.record, reading.files)
    told["Bacs"]["Bac"].reverse()
    return Trip(BINS.translation, reading.record, "portal", {"portal": ("in", DOCUMENT), "waste": ("out", told)})


def words(found: Explanation, side: str) -> list[str]:
    return [text.en for at, text in found.words if at == side]


def values(found: Explanation) -> list[tuple[str, str, object]]:
    return [(told.side, told.path, told.value) for told in found.told]


def test_a_line_is_followed_by_what_pairs_it_and_not_by_its_position(trip: Trip) -> None:
    found = trip.explain("Bacs.Bac[0].Litrage")

    assert values(found) == [
        ("portal", "demande.bacs[1].volume", "360"),
        (RECORD, "bins[1].litres", 360),
        ("waste", "Bacs.Bac[0].Litrage", "360"),
    ]
    assert (found.row, found.place) == ("bins.litres", ("fields", "bins", "fields", "litres"))


@pytest.mark.parametrize("path", ["bins[1].take_back", "demande.bacs[1].reprise", "Bacs.Bac[0].@reprise"])
def test_the_same_row_is_found_from_the_record_the_sender_and_the_receiver(trip: Trip, path: str) -> None:
    found = trip.explain(path)

    assert found.row == "bins.take_back"
    assert [value for _, _, value in values(found)] == ["false", False, "N"]
    assert words(found, "waste") == ["values: N is false"]


def test_the_words_of_each_kind_of_row_are_said(trip: Trip) -> None:
    date, constant = trip.explain("DateDemande"), trip.explain("Type")
    absent = trip.explain("NumPV", side="waste")

    assert words(date, "portal") == ["date of the form datetime (Europe/Paris)"]
    assert words(date, "waste") == ["date of the form dd/MM/yyyy (Europe/Paris)"]
    assert words(constant, "waste") == ["always REMPL"]
    assert words(absent, "waste") == [
        "only when motive is stolen or missing",
        "not carried by this message: what stands there stays",
    ]
    assert values(absent)[-1] == ("waste", "NumPV", ABSENT)


def test_a_joined_text_shows_the_rows_that_it_is_put_together_from(trip: Trip) -> None:
    found = trip.explain("Demandeur.NomComplet", masked=False)

    assert ("portal", "usager.nom", "MARTIN") in values(found)
    assert (RECORD, "given_name", "Camille") in values(found)
    assert ("waste", "Demandeur.NomComplet", "MARTIN Camille") in values(found)
    assert words(found, "waste") == ["put together as {family_name} {given_name}"]


@pytest.mark.parametrize("path", ["Demandeur.NomComplet", "usager.nom", "family_name", "Observation", "Adresse.Voie"])
def test_a_personal_value_is_in_no_part_of_a_masked_explanation(trip: Trip, path: str) -> None:
    found = trip.explain(path)

    said = repr(found)
    assert not any(value in said for value in ("MARTIN", "Camille", "couvercle et une roue", "Tanneurs"))


def test_what_is_ignored_is_told_with_its_place_and_a_line_that_is_not_there_is_said(trip: Trip) -> None:
    ignored = trip.explain("demande.bacs[0].couleur")

    assert ignored.row == ""
    assert ignored.place == ("ignore", "portal", 2)
    with pytest.raises(NotFound, match="bins has no line 7"):
        trip.explain("Bacs.Bac[7].Litrage")


def test_a_side_that_was_asked_for_is_the_only_one_that_is_looked_at(trip: Trip) -> None:
    with pytest.raises(NotFound, match=r"Nothing is at usager\.nom"):
        trip.explain("usager.nom", side="waste")
