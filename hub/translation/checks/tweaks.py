"""What is worked out or tweaked: the rows, pairs and functions that `computed` and `tweak` speak of."""

from __future__ import annotations

from collections.abc import Mapping

from hub.errors import Text
from hub.specs.mapping import Row
from hub.translation.checks.case import Case, Spot

_NO_PAIR = Text(en="there is no such pair in its tweaks.py", fr="son tweaks.py n'a pas cette paire")
_NO_FUNCTION = Text(en="there is no such function in its tweaks.py", fr="son tweaks.py n'a pas cette fonction")
_NO_GROUP = Text(en="it is no group of this mapping", fr="ce n'est pas un groupe de cette correspondance")
_NO_NUMBER = Text(en="it is no number of a group", fr="ce n'est pas un nombre d'un groupe")


def check_tweaks(case: Case) -> None:
    """Each tweak and each computed row has what it needs."""
    for spot in [spot for spot in case.spots() if not case.follows(spot)]:
        for side, name in spot.row.tweak.items():
            _check_tweak(case, spot, side, name)
        if spot.row.computed:
            _check_computed(case, spot)


def _check_tweak(case: Case, spot: Spot, side: str, name: str) -> None:
    place = (*spot.place, "tweak", side)
    if side not in spot.sides:
        what = Text(en="the row has no cell on it", fr="la ligne n'y a pas de cellule")
        case.wrong_name(place, side, known=spot.sides, row=spot.name, what=what)
        return
    tweaks = case.tweaks.get(side)
    if tweaks is None or name not in tweaks.pairs:
        text = Text(en=f"“{name}” is not known here: {_NO_PAIR.en}", fr=f"« {name} » n'est pas connu ici : {_NO_PAIR.fr}")
        file = f"connectors/{side}/tweaks.py"
        right = Text(
            en=f"define read_{name}(text) and write_{name}(text) in {file}",
            fr=f"définissez read_{name}(text) et write_{name}(text) dans {file}",
        )
        case.wrong(place, text, row=spot.name, right=right)


def _check_computed(case: Case, spot: Spot) -> None:
    word, place = spot.row.computed, (*spot.place, "computed")
    if word is None:
        return
    if len(spot.sides) > 1:
        text = Text(
            en="a computed row has a cell on one side only", fr="une ligne calculée n'a de cellule que d'un seul côté"
        )
        right = Text(en="keep one of its cells", fr="gardez une seule cellule")
        case.wrong(place, text, row=spot.name, right=right)
    elif word.by is not None:
        _check_function(case, spot, word.by)
    elif word.count is not None:
        groups = [name for name, row in spot.siblings.items() if row.each]
        if word.count not in groups:
            case.wrong_name((*place, "count"), word.count, known=groups, row=spot.name, what=_NO_GROUP)
    elif word.sum is not None:
        numbers = _numbers(spot.siblings, "")
        if word.sum not in numbers:
            case.wrong_name((*place, "sum"), word.sum, known=numbers, row=spot.name, what=_NO_NUMBER)


def _check_function(case: Case, spot: Spot, name: str) -> None:
    side = spot.sides[0] if spot.sides else ""
    tweaks = case.tweaks.get(side)
    if tweaks is None or name not in tweaks.functions:
        text = Text(
            en=f"“{name}” is not known here: {_NO_FUNCTION.en}", fr=f"« {name} » n'est pas connu ici : {_NO_FUNCTION.fr}"
        )
        file = f"connectors/{side}/tweaks.py"
        right = Text(en=f"define compute_{name}(record) in {file}", fr=f"définissez compute_{name}(record) dans {file}")
        case.wrong((*spot.place, "computed", "by"), text, row=spot.name, right=right)


def _numbers(rows: Mapping[str, Row], within: str) -> list[str]:
    found: list[str] = []
    for name, row in rows.items():
        if row.each:
            found += _numbers(row.fields, f"{within}{name}.")
        elif within and row.as_ in ("integer", "decimal"):
            found.append(f"{within}{name}")
    return found
