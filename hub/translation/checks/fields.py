"""Fields of the contracts: paths that they do not have, groups that are none, two rows on one field, forgotten fields."""

from __future__ import annotations

from difflib import SequenceMatcher

from hub.contract import Kind, Shape
from hub.errors import Text
from hub.specs.mapping import Row
from hub.specs.source import Place
from hub.translation.checks.case import WRITTEN, Case, Spot, closest, one_of
from hub.translation.paths import LINE_TEXT, all_paths, cells_of, lists_on, shape_at

_ALIKE = 0.5
"""How like two names are, from 0 to 1, that may stand for one field."""

_NEARLY = 0.9
"""How like two names are that differ by a slip."""


def check_fields(case: Case) -> None:
    """Every path is a field of its contract, and every field of a contract has a row or is ignored."""
    for spot in case.spots():
        if spot.row.each:
            _check_match(case, spot)
        for side in spot.sides:
            if case.documents(spot, side) and (spot.name in case.puzzling or not case.follows(spot)):
                _check_path(case, spot, side)
    for side in case.spec.between:
        _check_shared(case, side)
        if case.shapes.get(side):
            _check_ignored(case, side)
            _check_coverage(case, side)


def _check_path(case: Case, spot: Spot, side: str) -> None:
    path = spot.path(side)
    shape = case.field(spot, side)
    if shape is None:
        text = Text(en=f"the contract of {side} has no field {path}", fr=f"le contrat de {side} n'a pas de champ {path}")
        known = _known_paths(case, spot, side)
        case.wrong(spot.cell(side), text, row=spot.name, right=one_of(path, known))
        case.means(side, closest(path, known))
        if spot.row.each:
            case.puzzling.add(spot.name)
        return
    _check_listed(case, spot, side)
    if spot.row.each and not shape.repeated and shape.kind is not Kind.ANY:
        text = Text(en=f"{path} is not repeated on {side}", fr=f"{path} n'est pas répété du côté {side}")
        right = Text(
            en="a group needs a repeated field: map its fields as rows",
            fr="un groupe veut un champ répété : donnez une ligne à chacun de ses champs",
        )
        case.wrong(spot.cell(side), text, row=spot.name, right=right)
    _check_lists(case, spot, side)
    if not spot.row.each and shape.children:
        text = Text(en=f"{path} holds other fields", fr=f"{path} contient d'autres champs")
        below = [f"{path}.{child.name}" for child in shape.children]
        right = Text(en=f"name one of {', '.join(below)}", fr=f"nommez l'un d'eux : {', '.join(below)}")
        case.wrong(spot.cell(side), text, row=spot.name, right=right)
        case.means(side, path)


def _check_listed(case: Case, spot: Spot, side: str) -> None:
    """Open content takes any name; one that is nearly that of a field which the contract has is a slip all the same."""
    path = spot.path(side)
    known = _known_paths(case, spot, side)
    if path.endswith(LINE_TEXT) or path in known or not (near := closest(path, known, cutoff=_NEARLY)):
        return
    text = Text(en=f"the contract of {side} does not list {path}", fr=f"le contrat de {side} ne cite pas {path}")
    right = Text(en=f"did you mean “{near}”?", fr=f"vouliez-vous dire « {near} » ?")
    case.warn(spot.cell(side), text, row=spot.name, right=right)


def _check_lists(case: Case, spot: Spot, side: str) -> None:
    """A repeated field on the way is a fault, unless a group stands for it."""
    path = spot.path(side)
    groups = _group_paths(spot, side)
    for shape in case.documents(spot, side):
        if shape_at(shape, path) is None:
            continue
        loose = [found for found in lists_on(shape, path) if found not in groups]
        if loose:
            text = Text(en=f"{loose[0]} is repeated on {side}", fr=f"{loose[0]} est répété du côté {side}")
            right = Text(
                en=f"put this row into the fields of a group with each: {{{side}: {loose[0]}}}",
                fr=f"mettez cette ligne dans les champs d'un groupe avec each: {{{side}: {loose[0]}}}",
            )
            case.wrong(spot.cell(side), text, row=spot.name, right=right)
            return


def _group_paths(spot: Spot, side: str) -> set[str]:
    """The groups around the row on `side`, and the row itself if it is one. A nested group's path names all of them."""
    above = spot.above.get(side, "").rstrip(".")
    names = above.split(".") if above else []
    around = {".".join(names[:end]) for end in range(1, len(names) + 1)}
    return around | ({spot.path(side)} if spot.row.each else set())


def _known_paths(case: Case, spot: Spot, side: str) -> list[str]:
    return [path for shape in case.documents(spot, side) for path in all_paths(shape)]


def _check_match(case: Case, spot: Spot) -> None:
    row = spot.row
    if row.match is None:
        text = Text(en="the group has no match", fr="le groupe n'a pas de « match »")
        listed = ", ".join(row.fields)
        right = Text(
            en=f"add match: with the row that pairs the lines: {listed}",
            fr=f"ajoutez match : avec la ligne qui apparie les lignes du groupe : {listed}",
        )
        case.wrong(spot.place, text, row=spot.name, right=right)
        return
    match = row.fields.get(row.match)
    if match is None:
        no_row = Text(en="no row of the group has this name", fr="aucune ligne du groupe ne porte ce nom")
        case.wrong_name((*spot.place, "match"), row.match, known=row.fields, row=spot.name, what=no_row)
        return
    for side in row.each:
        if side not in match.cells:
            text = Text(
                en=f"the match row “{row.match}” has no cell on {side}: its lines cannot be paired",
                fr=f"la ligne « {row.match} » n'a pas de cellule du côté {side} : ses lignes ne peuvent être appariées",
            )
            right = Text(
                en=f"give “{row.match}” a path on {side}, or match by another row",
                fr=f"donnez à « {row.match} » un chemin du côté {side}, ou appariez par une autre ligne",
            )
            case.wrong((*spot.place, "match"), text, row=spot.name, right=right)
    if match.as_ == "boolean" or match.constant is not None or match.file or match.each:
        text = Text(
            en=f"the match row “{row.match}” cannot tell lines apart", fr=f"« {row.match} » ne distingue pas les lignes"
        )
        right = Text(en="match by a row that is different on each line", fr="appariez par une ligne toujours différente")
        case.wrong((*spot.place, "match"), text, row=spot.name, right=right)


def _check_shared(case: Case, side: str) -> None:
    """Two rows on one field, unless their conditions can never hold together."""
    for spots in ([s for s in case.spots() if not s.is_reply], [s for s in case.spots() if s.is_reply]):
        seen: dict[str, Spot] = {}
        for spot in spots:
            if side not in spot.sides:
                continue
            before = seen.setdefault(spot.path(side), spot)
            if before is not spot and not _apart(before.row, spot.row):
                text = Text(
                    en=f"{spot.path(side)} of {side} already has the row “{before.name}”",
                    fr=f"{spot.path(side)} de {side} a déjà la ligne « {before.name} »",
                )
                right = Text(
                    en="one row per field: correct the path, or drop one of the two rows",
                    fr="une ligne par champ : corrigez le chemin, ou ôtez l'une des deux lignes",
                )
                case.wrong(spot.cell(side), text, row=spot.name, right=right)


def _apart(one: Row, other: Row) -> bool:
    return any(not set(values) & set(other.when[name]) for name, values in one.when.items() if name in other.when)


def _check_ignored(case: Case, side: str) -> None:
    known = [path for shape in case.shapes[side].values() for path in all_paths(shape)]
    mapped = {path: name for name, path, _ in cells_of(case.spec.fields, side)}
    for index, path in enumerate(case.spec.ignore.get(side, ())):
        place = ("ignore", side, index)
        if path in mapped:
            name = mapped[path]
            text = Text(
                en=f"{path} is ignored and also has the row “{name}”", fr=f"{path} est ignoré et a aussi la ligne « {name} »"
            )
            right = Text(en="drop it from ignore, or drop the row", fr="ôtez-le de ignore, ou ôtez la ligne")
            case.wrong(place, text, row=name, right=right)
        elif not any(shape_at(shape, path) for shape in case.shapes[side].values()):
            text = Text(en=f"the contract of {side} has no field {path}", fr=f"le contrat de {side} n'a pas de champ {path}")
            case.wrong(place, text, right=one_of(path, known))
            case.means(side, closest(path, known))
        else:
            _check_can_be_ignored(case, side, path, place)


def _check_can_be_ignored(case: Case, side: str, path: str, place: Place) -> None:
    """What the contract wants in every message cannot be left out."""
    mapped = _mapped(case, side)
    for direction, shape in case.shapes[side].items():
        for leaf_path, leaf in shape.leaves() if direction in WRITTEN else ():
            filled = leaf.fixed is not None or _is_below(leaf_path, tuple(case.filled.get(side, ())))
            if _is_below(leaf_path, (path,)) and not filled and _is_demanded(shape, leaf_path, mapped):
                text = Text(
                    en=f"{path} is ignored, and the contract of {side} wants {leaf_path} in every message",
                    fr=f"{path} est ignoré, et le contrat de {side} veut {leaf_path} dans chaque message",
                )
                right = Text(
                    en=f"drop it from ignore, and add {_new_row(side, leaf_path)}",
                    fr=f"ôtez-le de ignore, et ajoutez {_new_row(side, leaf_path)}",
                )
                case.wrong(place, text, right=right)


def _is_demanded(shape: Shape, path: str, mapped: set[str]) -> bool:
    """Whether a message must have the field: it is required in a container that is required, or that some row writes."""
    above, _, _ = path.rpartition(".")
    found = shape.at(path)
    if found is None or not found.required:
        return False
    return not above or any(other.startswith(f"{above}.") for other in mapped) or _is_demanded(shape, above, mapped)


def _mapped(case: Case, side: str) -> set[str]:
    paths = [path for _, path, _ in cells_of(case.spec.fields, side)]
    return {*paths, *(path.removesuffix(f".{LINE_TEXT}") for path in paths)}


def _new_row(side: str, path: str) -> str:
    return f"{{{side}: {path}, …}}"


def _check_coverage(case: Case, side: str) -> None:
    """Nothing is forgotten silently: each field of the contract has a row, is ignored, fixed, or filled by the hub."""
    mapped = _mapped(case, side)
    ignored = (*case.spec.ignore.get(side, ()), *case.filled.get(side, ()), *case.meant.get(side, ()))
    wanted: dict[str, None] = {}
    forgotten: dict[str, None] = {}
    for direction, shape in case.shapes[side].items():
        for path, leaf in shape.leaves():
            if path in mapped or leaf.fixed is not None or _is_below(path, ignored) or _is_open_below(path, leaf, mapped):
                continue
            (wanted if direction in WRITTEN and _is_demanded(shape, path, mapped) else forgotten)[path] = None
    for path in wanted:
        _say_wanted(case, side, path)
    for path in [path for path in forgotten if path not in wanted]:
        if (spot := _row_for(case, side, path)) is not None:
            del forgotten[path]
            _say_unread(case, side, path, spot)
    if forgotten := {path: None for path in forgotten if path not in wanted}:
        listed = ", ".join(forgotten)
        text = Text(
            en=f"fields of {side} with no row and not ignored: {listed}",
            fr=f"champs de {side} sans ligne et non ignorés : {listed}",
        )
        right = Text(
            en=f"give each a row, or name it in ignore: {{{side}: [{listed}]}}",
            fr=f"donnez une ligne à chacun, ou nommez-le dans ignore: {{{side}: [{listed}]}}",
        )
        case.wrong(("ignore", side), text, right=right)


def _say_wanted(case: Case, side: str, path: str) -> None:
    text = Text(
        en=f"the contract of {side} wants {path}, and no row writes it",
        fr=f"le contrat de {side} veut {path}, et aucune ligne ne l'écrit",
    )
    spot = _row_for(case, side, path)
    if spot is None:
        new = _new_row(side, path)
        case.wrong(("fields",), text, right=Text(en=f"add a row: {new}", fr=f"ajoutez une ligne : {new}"))
        return
    cell = f"{side}: {path.removeprefix(spot.above.get(side, ''))}"
    case.wrong(spot.place, text, right=_add_cell(cell, spot))


def _say_unread(case: Case, side: str, path: str, spot: Spot) -> None:
    text = Text(
        en=f"fields of {side} with no row and not ignored: {path}", fr=f"champs de {side} sans ligne et non ignorés : {path}"
    )
    cell = f"{side}: {path.removeprefix(spot.above.get(side, ''))}"
    add, ignore = _add_cell(cell, spot), f"ignore: {{{side}: [{path}]}}"
    case.wrong(spot.place, text, right=Text(en=f"{add.en}, or {ignore}", fr=f"{add.fr}, ou {ignore}"))


def _add_cell(cell: str, spot: Spot) -> Text:
    return Text(en=f"add {cell} to the row “{spot.name}”", fr=f"ajoutez {cell} à la ligne « {spot.name} »")


def _row_for(case: Case, side: str, path: str) -> Spot | None:
    """The row that has no cell on `side` and whose names are most like those of the field: its cell was forgotten."""
    found = [(_likeness(spot, path), spot) for spot in case.spots() if _lacks_cell(case, spot, side, path)]
    best = max(found, key=lambda one: one[0], default=(0.0, None))
    return best[1] if best[0] >= _ALIKE else None


def _lacks_cell(case: Case, spot: Spot, side: str, path: str) -> bool:
    row = spot.row
    if spot.is_reply or side in spot.sides or case.follows(spot) or row.each or row.join or row.file:
        return False
    groups = _group_paths(spot, side)
    lists = [found for shape in case.shapes[side].values() for found in lists_on(shape, path)]
    joined = any(side in other.cells and f"{{{spot.name}}}" in (other.join or "") for other in spot.siblings.values())
    return not joined and path.startswith(spot.above.get(side, "")) and set(lists) <= groups


def _likeness(spot: Spot, path: str) -> float:
    leaf = path.rpartition(".")[2].lower()
    names = [spot.name, spot.row.label, *(cell.rpartition(".")[2] for cell in spot.row.cells.values())]
    return max(SequenceMatcher(None, leaf, name.lower()).ratio() for name in names)


def _is_below(path: str, ignored: tuple[str, ...]) -> bool:
    return any(path == above or path.startswith(f"{above}.") for above in ignored)


def _is_open_below(path: str, leaf: Shape, mapped: set[str]) -> bool:
    """Open content is covered by any row inside it."""
    return (leaf.open or leaf.kind is Kind.ANY) and any(other.startswith(f"{path}.") for other in mapped)
