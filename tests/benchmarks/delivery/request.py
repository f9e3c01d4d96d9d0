"""The bin request of 1.3 kB that every contender is sent, each with a reference of its own."""

from __future__ import annotations

import json
import re

DIGITS = 10
REFERENCE = re.compile(rb"B-(\d{10})")
_PLACE = b"0" * DIGITS

_REQUEST = {
    "teleservice": "remplacement-bac",
    "noteInterne": "Deuxième demande de ce foyer cette année ; la première (bac d'emballages) est close depuis le "
    "printemps, le bac avait été livré le 14 avril par l'équipe du secteur nord.",
    "dossier": {"numero": "B-" + _PLACE.decode()},
    "deposeLe": "2026-11-20T09:12:44+01:00",
    "usager": {
        "nom": "RENAUD-D'ARTAGNAN",
        "prenom": "Hélène Marie-Ange",
        "courriel": "helene.renaud@example.fr",
        "telephone": "0553000000",
    },
    "adresse": {
        "voie": "118 ter impasse des Acacias, bâtiment C",
        "codePostal": "47200",
        "commune": "Marmande",
        "codeInsee": "47157",
    },
    "demande": {
        "motif": "couvercle",
        "ancienBac": "OM-0012345",
        "nbHabitants": 4,
        "accessible": True,
        "commentaire": "Le couvercle est fendu sur toute sa longueur et une roue manque depuis la tempête de la semaine "
        "passée. Le bac est rentré sous l'appentis, à gauche du portail vert ; il n'y a pas de chien. Merci de passer "
        "le matin si vous le pouvez, nous sommes absents l'après-midi. Le gardien de la résidence a une clé du local.",
        "bacs": [
            {"flux": "ordures", "volume": 240, "reprise": True, "couleur": "grenat"},
            {"flux": "emballages", "volume": 360, "reprise": False, "couleur": "jaune"},
            {"flux": "biodechets", "volume": 80, "reprise": False, "couleur": "marron"},
        ],
    },
}

BODY = json.dumps(_REQUEST, ensure_ascii=False).encode()
_BEFORE, _AFTER = BODY.split(_PLACE)


def body_of(number: int) -> bytes:
    """The request of that number; all have the same length."""
    return b"%b%010d%b" % (_BEFORE, number, _AFTER)


def reference_of(number: int) -> str:
    """The reference of the request of that number."""
    return f"B-{number:0{DIGITS}d}"


def number_in(body: bytes | bytearray) -> int | None:
    """The number of the request that a body, in whatever form, speaks of."""
    found = REFERENCE.search(body)
    return int(found[1]) if found else None
