"""What only a person can know: which side owns a field, and what tells something about somebody. Asked, never assumed."""

from __future__ import annotations

import re

from hub.errors import Text
from hub.translation.checks.case import Case, Spot

_WORDS = re.compile(r"[A-ZÀ-Ý]?[a-zà-ÿ]+|[A-ZÀ-Ý]+(?![a-zà-ÿ])")
_PERSONAL = frozenset(
    {"birth", "birthday", "born", "courriel", "email", "firstname", "forename", "iban", "lastname", "mail", "mel", "mobile"}
    | {"naissance", "nir", "phone", "portable", "prenom", "prenoms", "prénom", "prénoms", "rib", "rue", "street", "surname"}
    | {"tel", "telephone", "téléphone", "voie"}
)
"""Words in the names of fields that nearly always tell something about a person."""


def check_questions(case: Case) -> None:
    """At most one question of each kind: one that lists every row is read, one per row is not."""
    _ask_owners(case)
    _ask_personal(case)


def _ask_owners(case: Case) -> None:
    """In a two-way exchange, the rows that more than one side may change."""
    spots = [spot for spot in case.spots() if spot.row.owner is None and not spot.is_reply and not case.follows(spot)]
    shared = [(spot, _changing(case, spot)) for spot in spots if _is_owned(case, spot)]
    shared = [(spot, sides) for spot, sides in shared if len(sides) > 1]
    if not shared:
        return
    sides = list(dict.fromkeys(side for _, each in shared for side in each))
    names = ", ".join(spot.name for spot, _ in shared)
    text = Text(
        en=f"both {' and '.join(sides)} may change: {names}", fr=f"{' et '.join(sides)} peuvent changer chacun : {names}"
    )
    right = Text(
        en=f"if only one may, add owner: {' or owner: '.join(sides)} to the row; if each may, owner: both",
        fr=f"si un seul le peut, ajoutez à la ligne owner: {' ou owner: '.join(sides)} ; si chacun le peut, owner: both",
    )
    case.ask(shared[0][0].place, text, row=shared[0][0].name, right=right)


def _is_owned(case: Case, spot: Spot) -> bool:
    row = spot.row
    names = {case.spec.key, *case.spec.once}
    return not (row.constant is not None or row.computed or row.each or row.join or spot.name in names or spot.is_line_key)


def _changing(case: Case, spot: Spot) -> list[str]:
    """The sides that say this row and are told it, so that two of them may say different things."""
    name = spot.name.rpartition(".")[2]
    joined = [side for row in spot.siblings.values() if name in row.split for side in row.cells]
    sides = dict.fromkeys((*spot.sides, *joined))
    return [side for side in sides if case.is_read(spot, side) and case.is_written(spot, side)]


def _ask_personal(case: Case) -> None:
    """Rows that seem to tell something about a person, and of which the file does not say whether they do."""
    found = [spot for spot in case.spots() if not case.follows(spot) and _is_unsaid(spot) and _seems_personal(case, spot)]
    if not found:
        return
    names = ", ".join(spot.name for spot in found)
    text = Text(
        en=f"does this tell something about a person: {names}?", fr=f"cela renseigne-t-il sur une personne : {names} ?"
    )
    right = Text(
        en="if so, add personal: true: it is masked, found and erased with the person; if not, personal: false",
        fr="si oui, ajoutez personal: true : masqué, retrouvé et effacé avec la personne ; sinon, personal: false",
    )
    case.ask(found[0].place, text, row=found[0].name, right=right)


def _is_unsaid(spot: Spot) -> bool:
    return not spot.in_personal and "personal" not in spot.row.model_fields_set and spot.row.constant is None


def _seems_personal(case: Case, spot: Spot) -> bool:
    """Its names say so, or it is put together from rows that are personal."""
    parts = [part for part in spot.siblings if f"{{{part}}}" in (spot.row.join or "")]
    if any(spot.siblings[part].personal for part in parts):
        return True
    names = [spot.name.rpartition(".")[2], *(path.rpartition(".")[2] for path in spot.row.cells.values())]
    return any(word.lower() in _PERSONAL for name in names for word in _WORDS.findall(name))
