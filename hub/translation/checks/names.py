"""Names that lead nowhere: sides, rows, exchanges."""

from __future__ import annotations

from collections.abc import Iterable

from hub.errors import Text
from hub.specs.mapping import BOTH, Follow, Mapping, Row
from hub.specs.source import Place
from hub.translation.checks.case import READ, Case, Spot, closest

REASON = "reason"
"""What `then` may say beside rows: the words of a refusal."""

_NO_ROW = Text(en="there is no such row", fr="aucune ligne ne porte ce nom")
_NO_SIDE = Text(en="it is no side of this mapping", fr="ce n'est pas un côté de cette correspondance")
_NO_EXCHANGE = Text(en="there is no such exchange", fr="aucun échange ne porte ce nom")
_NO_WORD = Text(en="it is neither a word of a row nor a side", fr="ce n'est ni un mot d'une ligne ni un côté")
_FRENCH = {
    "chaque": "each",
    "champs": "fields",
    "constante": "constant",
    "controle": "check",
    "contrôle": "check",
    "fichier": "file",
    "libelle": "label",
    "libellé": "label",
    "nombre": "number",
    "obligatoire": "required",
    "personnel": "personal",
    "pertes": "loses",
    "proprietaire": "owner",
    "propriétaire": "owner",
    "quand": "when",
    "requis": "required",
    "valeurs": "values",
}


def check_names(case: Case) -> None:
    """Every side, row and exchange that the file speaks of is there; the key comes in with every message."""
    _check_key(case)
    for side in case.spec.ignore:
        if side not in case.spec.between:
            case.wrong_name(("ignore", side), side, known=case.spec.between, what=_NO_SIDE)
    for spot in case.spots():
        _check_sides(case, spot)
        _check_rows(case, spot)
    for ended in ("delivered", "refused"):
        follow: Follow | None = getattr(case.spec.then, ended)
        if follow is not None:
            _check_follow(case, ended, follow)
    _check_expected(case)


def _check_key(case: Case) -> None:
    spec = case.spec
    named: list[tuple[Place, str]] = [(("key",), spec.key), *((("once", n), name) for n, name in enumerate(spec.once))]
    for place, name in named:
        row = spec.fields.get(name)
        if row is None:
            case.wrong_name(place, name, known=spec.fields, what=_NO_ROW)
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
            _check_key_of_row(case, spot, side)
    for word, by_side in words.items():
        for side in by_side:
            if side not in case.spec.between:
                case.puzzling.add(spot.name)
                place = (*spot.place, word, side)
                case.wrong_name(place, side, known=case.spec.between, row=spot.name, what=_NO_SIDE)
    if row.owner is not None and row.owner not in (BOTH, *case.spec.between):
        case.wrong_name((*spot.place, "owner"), row.owner, known=[*case.spec.between, BOTH], row=spot.name, what=_NO_SIDE)
    if not spot.sides:
        text = Text(en="the row has no cell on any side", fr="la ligne n'a de cellule d'aucun côté")
        case.wrong(spot.place, text, row=spot.name)


def _check_key_of_row(case: Case, spot: Spot, key: str) -> None:
    """A key of a row that is none of its words is a side, which must be one of this mapping."""
    case.puzzling.add(spot.name)
    sides = list(case.spec.between)
    words = [] if spot.row.each else [field.alias or name for name, field in Row.model_fields.items() if name != "cells"]
    word = _FRENCH.get(key.lower()) if words else None
    near = word or closest(key, [*sides, *words])
    for side in [near] if near in sides else sides:
        case.means(side, spot.path(key))
    if word:
        right: Text | None = Text(en=f"did you mean “{word}”?", fr=f"vouliez-vous dire « {word} » ?")
        text = Text(en=f"“{key}” is not known here: {_NO_WORD.en}", fr=f"« {key} » n'est pas connu ici : {_NO_WORD.fr}")
        case.wrong(spot.cell(key), text, row=spot.name, right=right)
        return
    known = [*sides, *words] if near else sides
    case.wrong_name(spot.cell(key), key, known=known, row=spot.name, what=_NO_WORD if words else _NO_SIDE)


def _check_rows(case: Case, spot: Spot) -> None:
    row, around = spot.row, {**spot.outer, **spot.siblings}
    for name in row.when:
        if name not in around:
            case.wrong_name((*spot.place, "when", name), name, known=around, row=spot.name, what=_NO_ROW)
            continue
        known = _known_values(case, around[name]) or _truths(around[name])
        for index, word in enumerate(row.when[name]):
            if known and word not in known:
                place = (*spot.place, "when", name, index)
                case.wrong_name(place, word, known=known, row=spot.name, what=_no_code(around[name], name))
    for name in row.split:
        if name not in spot.siblings:
            case.wrong_name((*spot.place, "split", name), name, known=spot.siblings, row=spot.name, what=_NO_ROW)
    if row.recall is not None and row.recall not in around:
        case.wrong_name((*spot.place, "recall"), row.recall, known=around, row=spot.name, what=_NO_ROW)


def _no_code(row: Row, name: str) -> Text:
    if row.table:
        return Text(en=f"it is no code of the table {row.table}", fr=f"ce n'est pas un code de la table {row.table}")
    return Text(en=f"it is no value of the row “{name}”", fr=f"ce n'est pas une valeur de la ligne « {name} »")


def _truths(row: Row) -> dict[str, None]:
    return {"true": None, "false": None} if row.as_ == "boolean" else {}


def _exchange(case: Case, place: Place, name: str) -> Mapping | None:
    """The exchange that is named at a place; noted when there is none, or when its file cannot be read yet."""
    others, file = case.others or {}, f"mappings/{name}.yaml"
    other = others.get(name)
    if other is None and file in case.unread:
        case.not_yet(place, file)
    elif other is None:
        case.wrong_name(place, name, known=others, what=_NO_EXCHANGE)
    return other


def _check_expected(case: Case) -> None:
    """The news comes by an exchange that there is, from a side that this one is told to."""
    expects = case.spec.expects
    if expects is None or case.others is None:
        return
    place = ("expects", "exchange")
    other = _exchange(case, place, expects.exchange)
    if other is None:
        return
    told = [side for side, ways in case.spec.between.items() if {"out", "collect"} & set(ways)]
    if not any(READ & set(other.between.get(side, {})) for side in told):
        names = ", ".join(told)
        text = Text(
            en=f"nobody who is told this says {expects.exchange}: {names}",
            fr=f"aucun destinataire n'émet {expects.exchange} : {names}",
        )
        right = Text(
            en="name the exchange by which they tell what became of it",
            fr="nommez l'échange par lequel ils en donnent des nouvelles",
        )
        case.wrong(place, text, right=right)


def _check_follow(case: Case, ended: str, follow: Follow) -> None:
    if case.others is None:
        return
    other = _exchange(case, ("then", ended, "exchange"), follow.exchange)
    if other is None:
        return
    _check_told(case, ended, follow.exchange, other)
    _check_wanted(case, ended, follow, other)
    for name, word in follow.with_.items():
        place = ("then", ended, "with", name)
        row = other.fields.get(name)
        if row is None:
            case.wrong_name(place, name, known=other.fields)
        elif word in case.spec.fields or word in case.spec.reply or word == REASON:
            continue
        elif known := _known_values(case, row):
            if word not in known:
                case.wrong_name(place, word, known=known, what=_no_code(row, name))
        elif near := closest(word, [*case.spec.fields, *case.spec.reply, REASON], cutoff=0.8):
            text = Text(en=f"“{word}” is not known here: {_NO_ROW.en}", fr=f"« {word} » n'est pas connu ici : {_NO_ROW.fr}")
            case.wrong(place, text, right=Text(en=f"did you mean “{near}”?", fr=f"vouliez-vous dire « {near} » ?"))


def _check_told(case: Case, ended: str, name: str, other: Mapping) -> None:
    """The other exchange leaves to the side that said this one."""
    for side, operations in case.spec.between.items():
        if READ & set(operations) and not {"out", "collect"} & set(other.between.get(side, {})):
            text = Text(en=f"the exchange {name} tells {side} nothing", fr=f"l'échange {name} ne dit rien à {side}")
            right = Text(
                en=f"name an exchange with between: {{{side}: {{out: …}}}}",
                fr=f"nommez un échange qui a between: {{{side}: {{out: …}}}}",
            )
            case.wrong(("then", ended, "exchange"), text, right=right)


def _check_wanted(case: Case, ended: str, follow: Follow, other: Mapping) -> None:
    """Every row that the other exchange cannot do without is given; its key is the reference."""
    for name, row in other.fields.items():
        if row.required and name not in follow.with_ and name != other.key and row.constant is None and not row.when:
            text = Text(
                en=f"the sender will not be told: {follow.exchange} requires the row “{name}”, which with does not give",
                fr=f"l'expéditeur ne saura rien : {follow.exchange} exige la ligne « {name} », que with ne donne pas",
            )
            right = Text(
                en=f"add {name} to with, or make that row not required",
                fr=f"ajoutez {name} sous with, ou rendez cette ligne facultative",
            )
            case.warn(("then", ended, "with"), text, right=right)


def _known_values(case: Case, row: Row) -> dict[str, None]:
    """The canonical values of a row with a code list; none when it takes any."""
    if row.table and row.table in case.tables:
        return dict.fromkeys(case.tables[row.table].codes)
    return {code: None for listed in row.values.values() for code in listed}
