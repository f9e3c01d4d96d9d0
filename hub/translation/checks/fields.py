"""Fields of the contracts: paths that they do not have, groups that are none, two rows on one field, forgotten fields."""

from __future__ import annotations

from hub.contract import Kind, Shape
from hub.errors import Text
from hub.specs.load import nearest
from hub.specs.mapping import Row
from hub.translation.checks.case import WRITTEN, Case, Spot
from hub.translation.paths import LINE_TEXT, all_paths, cells_of, lists_on, shape_at


def check_fields(case: Case) -> None:
    """Every path is a field of its contract, and every field of a contract has a row or is ignored."""
    for spot in case.spots():
        for side in spot.sides:
            if case.documents(spot, side):
                _check_path(case, spot, side)
        if spot.row.each:
            _check_match(case, spot)
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
        case.wrong(spot.cell(side), text, row=spot.name, right=nearest(path, _known_paths(case, spot, side)))
        return
    if spot.row.each and not shape.repeated and shape.kind is not Kind.ANY:
        text = Text(en=f"{path} is not repeated on {side}", fr=f"{path} n'est pas répété du côté {side}")
        right = Text(en="a group needs a repeated field: map its fields as rows", fr="un groupe veut un champ répété")
        case.wrong(spot.cell(side), text, row=spot.name, right=right)
    _check_lists(case, spot, side)
    if not spot.row.each and shape.children:
        text = Text(en=f"{path} holds other fields", fr=f"{path} contient d'autres champs")
        below = [f"{path}.{child.name}" for child in shape.children]
        right = Text(en=f"name one of {', '.join(below)}", fr=f"nommez l'un de {', '.join(below)}")
        case.wrong(spot.cell(side), text, row=spot.name, right=right)


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
        text = Text(en="the group has no match", fr="le groupe n'a pas de match")
        right = nearest("", row.fields)
        case.wrong(spot.place, text, row=spot.name, right=right)
        return
    match = row.fields.get(row.match)
    if match is None:
        case.wrong_name((*spot.place, "match"), row.match, known=row.fields, row=spot.name)
        return
    for side in row.each:
        if side not in match.cells:
            text = Text(
                en=f"the match row “{row.match}” has no cell on {side}: its lines cannot be paired",
                fr=f"la ligne « {row.match} » n'a pas de cellule du côté {side} : ses lignes ne peuvent être appariées",
            )
            case.wrong((*spot.place, "match"), text, row=spot.name)
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
                right = Text(en="one row per field", fr="une ligne par champ")
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
            case.wrong(place, text, row=name)
        elif not any(shape_at(shape, path) for shape in case.shapes[side].values()):
            text = Text(en=f"the contract of {side} has no field {path}", fr=f"le contrat de {side} n'a pas de champ {path}")
            case.wrong(place, text, right=nearest(path, known))


def _check_coverage(case: Case, side: str) -> None:
    """Nothing is forgotten silently: each field of the contract has a row, is ignored, fixed, or filled by the hub."""
    paths = [path for _, path, _ in cells_of(case.spec.fields, side)]
    mapped = {*paths, *(path.removesuffix(f".{LINE_TEXT}") for path in paths)}
    ignored = (*case.spec.ignore.get(side, ()), *case.filled.get(side, ()))
    wanted: dict[str, None] = {}
    forgotten: dict[str, None] = {}
    for direction, shape in case.shapes[side].items():
        for path, leaf in shape.leaves():
            if path in mapped or leaf.fixed is not None or _is_below(path, ignored) or _is_open_below(path, leaf, mapped):
                continue
            (wanted if leaf.required and direction in WRITTEN else forgotten)[path] = None
    for path in wanted:
        text = Text(
            en=f"the contract of {side} wants {path}, and no row writes it",
            fr=f"le contrat de {side} veut {path}, et aucune ligne ne l'écrit",
        )
        right = Text(
            en="add a row, a constant, or name it in ignore", fr="ajoutez une ligne, une constante, ou nommez-le dans ignore"
        )
        case.wrong(("fields",), text, right=right)
    if forgotten:
        listed = ", ".join(forgotten)
        text = Text(
            en=f"fields of {side} with no row and not ignored: {listed}",
            fr=f"champs de {side} sans ligne et non ignorés : {listed}",
        )
        right = Text(en=f"ignore: {{{side}: [{listed}]}}", fr=f"ignore: {{{side}: [{listed}]}}")
        case.wrong(("ignore", side), text, right=right)


def _is_below(path: str, ignored: tuple[str, ...]) -> bool:
    return any(path == above or path.startswith(f"{above}.") for above in ignored)


def _is_open_below(path: str, leaf: Shape, mapped: set[str]) -> bool:
    """Open content is covered by any row inside it."""
    return (leaf.open or leaf.kind is Kind.ANY) and any(other.startswith(f"{path}.") for other in mapped)
