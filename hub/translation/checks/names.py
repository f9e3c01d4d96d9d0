"""Names that lead nowhere: sides, rows, exchanges."""

from __future__ import annotations

from collections.abc import Iterable

from hub.errors import Text
from hub.specs.mapping import Follow, Row
from hub.specs.source import Place
from hub.translation.checks.case import READ, Case, Spot

REASON = "reason"
"""What `then` may say beside rows: the words of a refusal."""


def check_names(case: Case) -> None:
    """Every side, row and exchange that the file speaks of is there; the key comes in with every message."""
    _check_key(case)
    for side in case.spec.ignore:
        if side not in case.spec.between:
            case.wrong_name(("ignore", side), side, known=case.spec.between)
    for spot in case.spots():
        _check_sides(case, spot)
        _check_rows(case, spot)
    for ended in ("delivered", "refused"):
        follow: Follow | None = getattr(case.spec.then, ended)
        if follow is not None:
            _check_follow(case, ended, follow)


def _check_key(case: Case) -> None:
    spec = case.spec
    named: list[tuple[Place, str]] = [(("key",), spec.key), *((("once", n), name) for n, name in enumerate(spec.once))]
    for place, name in named:
        row = spec.fields.get(name)
        if row is None:
            case.wrong_name(place, name, known=spec.fields)
            continue
        split = {other for joint in spec.fields.values() if name in joint.split for other in joint.cells}
        for side, operations in spec.between.items():
            if READ & set(operations) and side not in row.cells and side not in split and not row.recall:
                text = Text(
                    en=f"the row “{name}” has no cell on {side}, from which messages come in",
                    fr=f"la ligne « {name} » n'a pas de cellule du côté {side}, d'où viennent des messages",
                )
                right = Text(
                    en=f"give it a path on {side}, or recall: the row by which the crosswalk finds it",
                    fr=f"donnez-lui un chemin du côté {side}, ou recall: la ligne par laquelle la retrouver",
                )
                case.wrong(("fields", name), text, row=name, right=right)


def _check_sides(case: Case, spot: Spot) -> None:
    row = spot.row
    words: dict[str, Iterable[str]] = {
        "date": row.date,
        "number": row.number,
        "values": row.values,
        "max": row.max,
        "loses": row.loses,
    }
    for side in spot.sides:
        if side not in case.spec.between:
            case.wrong_name(spot.cell(side), side, known=case.spec.between, row=spot.name)
    for word, by_side in words.items():
        for side in by_side:
            if side not in case.spec.between:
                case.wrong_name((*spot.place, word, side), side, known=case.spec.between, row=spot.name)
    if row.owner is not None and row.owner not in case.spec.between:
        case.wrong_name((*spot.place, "owner"), row.owner, known=case.spec.between, row=spot.name)
    if not spot.sides:
        text = Text(en="the row has no cell on any side", fr="la ligne n'a de cellule d'aucun côté")
        case.wrong(spot.place, text, row=spot.name)


def _check_rows(case: Case, spot: Spot) -> None:
    row, around = spot.row, {**spot.outer, **spot.siblings}
    for name in row.when:
        if name not in around:
            case.wrong_name((*spot.place, "when", name), name, known=around, row=spot.name)
            continue
        known = _known_values(case, around[name]) or _truths(around[name])
        for word in row.when[name]:
            if known and word not in known:
                case.wrong_name((*spot.place, "when", name), word, known=known, row=spot.name)
    for name in row.split:
        if name not in spot.siblings:
            case.wrong_name((*spot.place, "split", name), name, known=spot.siblings, row=spot.name)
    if row.recall is not None and row.recall not in around:
        case.wrong_name((*spot.place, "recall"), row.recall, known=around, row=spot.name)


def _truths(row: Row) -> dict[str, None]:
    return {"true": None, "false": None} if row.as_ == "boolean" else {}


def _check_follow(case: Case, ended: str, follow: Follow) -> None:
    if case.others is None:
        return
    other = case.others.get(follow.exchange)
    if other is None:
        case.wrong_name(("then", ended, "exchange"), follow.exchange, known=case.others)
        return
    for name, word in follow.with_.items():
        place = ("then", ended, "with", name)
        row = other.fields.get(name)
        if row is None:
            case.wrong_name(place, name, known=other.fields)
        elif word in case.spec.fields or word in case.spec.reply or word == REASON:
            continue
        elif (known := _known_values(case, row)) and word not in known:
            case.wrong_name(place, word, known=known)


def _known_values(case: Case, row: Row) -> dict[str, None]:
    """The canonical values of a row with a code list; none when it takes any."""
    if row.table and row.table in case.tables:
        return dict.fromkeys(case.tables[row.table].codes)
    return {code: None for listed in row.values.values() for code in listed}
