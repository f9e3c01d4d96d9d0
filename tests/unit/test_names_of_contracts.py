"""Names of contracts that mean the same are alike, and others are not."""

from __future__ import annotations

import pytest

from hub.drafting.names import likeness, names_a_thing, snake_case
from hub.drafting.pairing import LIKELY, POSSIBLE


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("dossier.numero", "NumDossier"),
        ("arg0.mel", "usager.courriel"),
        ("refdet", "dette.reference"),
        ("exer", "exercice"),
        ("urlnotif", "urlNotification"),
        ("adresse.codePostal", "cp"),
        ("usager.prenom", "GivenName"),
        ("montantRegle", "montantPaye"),
        ("demandeur.adresse.voie", "ligneAdr1"),
    ],
)
def test_two_names_of_one_thing_are_alike(one: str, other: str) -> None:
    assert likeness(one, other) >= POSSIBLE


@pytest.mark.parametrize(
    ("one", "other"),
    [("date_debut", "date_fin"), ("nom", "prenom"), ("codePostal", "codeRetour"), ("montant", "commentaire")],
)
def test_two_things_are_not_taken_for_one(one: str, other: str) -> None:
    assert likeness(one, other) < POSSIBLE < LIKELY


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("recupererDetailPaiementSecurise", "recuperer_detail_paiement_securise"),
        ("@Idempotency-Key", "idempotency_key"),
        ("ÉtatCivil", "etat_civil"),
        ("3DModel", "f_3_d_model"),
        ("HTTPRequest", "http_request"),
    ],
)
def test_a_name_is_written_as_the_hub_writes_names(name: str, written: str) -> None:
    assert snake_case(name) == written


def test_what_is_worth_nothing_once_it_is_cut_is_known_by_its_name() -> None:
    assert names_a_thing("lecteur.numeroCarte")
    assert names_a_thing("Isbn")
    assert not names_a_thing("commentaire")
