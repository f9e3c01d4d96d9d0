"""Where each row comes from and goes to: what leads nowhere, what a receiver cannot do without, what nothing remembers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hub.contract import Shape
from hub.errors import Text
from hub.specs.mapping import Mapping as Spec
from hub.specs.mapping import Row
from hub.translation.checks.case import READ, WRITTEN, Case, Spot


def check_flow(case: Case) -> None:
    """Every row comes from somewhere and goes somewhere; what a receiver wants is wanted of the sender."""
    for side, operations in case.spec.between.items():
        if not operations:
            _say_idle(case, side)
    _check_key_is_certain(case)
    used = _used(case.spec)
    for spot in [spot for spot in case.spots() if not case.follows(spot)]:
        if spot.is_reply:
            _check_answer(case, spot, used)
        elif len(case.spec.between) > 1 and spot.name not in used:
            _check_leads_somewhere(case, spot)
        _check_wanted(case, spot)
        if spot.row.recall is not None:
            _check_recall(case, spot, spot.row.recall)


def _say_idle(case: Case, side: str) -> None:
    text = Text(en=f"{side} has no operation here", fr=f"{side} n'a aucune opération ici")
    right = Text(
        en=f"name one with its direction: {side}: {{out: …}}, or drop {side}",
        fr=f"nommez-en une avec son sens : {side}: {{out: …}}, ou ôtez {side}",
    )
    case.wrong(("between", side), text, right=right)


def _check_key_is_certain(case: Case) -> None:
    """The reference is in every message, is another in each request, and may be shown to everybody."""
    name = case.spec.key
    row = case.spec.fields.get(name)
    if row is None:
        return
    if not (row.required or row.recall):
        text = Text(
            en="the key joins the messages of one request, and may be missing",
            fr="la clé réunit les messages d'une demande, et peut manquer",
        )
        case.wrong(("fields", name), text, row=name, right=Text(en="add required: true", fr="ajoutez required: true"))
    right = Text(
        en="name the row that holds the number of the request", fr="nommez la ligne qui porte le numéro de la demande"
    )
    if (
        row.table
        or row.values
        or row.constant is not None
        or row.as_ in ("boolean", "decimal")
        or row.each
        or row.file
        or row.date
    ):
        en, fr = "many requests have the same", "beaucoup de demandes ont la même valeur"
        case.wrong(("key",), Text(en=f"“{name}” is no key: {en}", fr=f"« {name} » n'est pas une clé : {fr}"), right=right)
    elif row.personal:
        en, fr = "it is shown in every list and log, and is personal", "elle est affichée partout, et elle est personnelle"
        case.wrong(("key",), Text(en=f"“{name}” is no key: {en}", fr=f"« {name} » n'est pas une clé : {fr}"), right=right)


def _used(spec: Spec) -> set[str]:
    """The rows that serve other rows, the reference, the deadline, or another exchange: a cell on one side is enough."""
    told = [follow.with_.values() for follow in (spec.then.delivered, spec.then.refused) if follow]
    deadline = (spec.deadline,) if spec.deadline else ()
    return {spec.key, *spec.once, *deadline, *(word for words in told for word in words), *_serving(spec.fields, "")}


def _serving(rows: Mapping[str, Row], within: str) -> Iterator[str]:
    for name, row in rows.items():
        served = [*row.when, *row.split, *[part.split("}")[0] for part in (row.join or "").split("{")[1:]]]
        served += [row.recall or "", (row.match and f"{name}.{row.match}") or ""]
        if row.computed:
            served += [row.computed.count or "", row.computed.sum or ""]
        yield from (f"{within}{each}" for each in served if each)
        if row.constant is not None or row.join or row.computed or row.recall or row.remember:
            yield f"{within}{name}"
        yield from row.when  # of a row further out
        yield from _serving(row.fields, f"{within}{name}.")


def _check_leads_somewhere(case: Case, spot: Spot) -> None:
    sources = [side for side in spot.sides if case.is_read(spot, side)]
    targets = [side for side in spot.sides if case.is_written(spot, side)]
    if sources and not [side for side in targets if sources != [side]]:
        others = [side for side in case.spec.between if side not in spot.sides and WRITTEN & set(case.spec.between[side])]
        _say_loose(case, spot, sources[0], others, Text(en="no side gets it", fr="aucun côté ne la reçoit"))
    elif targets and not [side for side in sources if targets != [side]]:
        others = [side for side in case.spec.between if side not in spot.sides and READ & set(case.spec.between[side])]
        _say_loose(case, spot, targets[0], others, Text(en="no side says it", fr="aucun côté ne la dit"))


def _check_answer(case: Case, spot: Spot, used: set[str]) -> None:
    """What a receiver answers is remembered, told by `then`, or told to the side that asks."""
    asked = any(READ & set(case.spec.between.get(side, {})) for side in spot.sides)
    if asked or spot.above or spot.row.remember or spot.name in used:
        return
    text = Text(en="nothing is made of this answer", fr="il n'est rien fait de cette réponse")
    right = Text(
        en="add remember: true, name it under then: {delivered: {with: …}}, or drop the row",
        fr="ajoutez remember: true, nommez-la sous then: {delivered: {with: …}}, ou ôtez la ligne",
    )
    case.wrong(spot.place, text, row=spot.name, right=right)


def _say_loose(case: Case, spot: Spot, side: str, others: list[str], text: Text) -> None:
    if not others:
        return
    place = spot.cell(side)
    path = spot.path(side)
    right = Text(
        en=f"give it a path on {others[0]}; or drop the row, and name {path} under ignore: {{{side}: …}}",
        fr=f"donnez-lui un chemin du côté {others[0]} ; ou ôtez la ligne, et nommez {path} sous ignore: {{{side}: …}}",
    )
    words = Text(en=f"the row has a cell on {side} alone: {text.en}", fr=f"cellule du seul côté {side} : {text.fr}")
    case.wrong(place, words, row=spot.name, right=right)


def _check_wanted(case: Case, spot: Spot) -> None:
    """What a receiver's contract cannot do without is required of a sender whose contract can."""
    row = spot.row
    if row.required or row.constant is not None or row.computed or row.join or row.each or row.when or spot.is_line_key:
        return
    wanting = [side for side in spot.sides if case.is_written(spot, side) and _demands(case.field(spot, side))]
    lax = [
        side
        for side in spot.sides
        if side not in wanting and case.is_read(spot, side) and not _demands(case.field(spot, side))
    ]
    if wanting and lax and not _is_inside_optional(case, spot, wanting[0]):
        text = Text(
            en=f"the contract of {wanting[0]} wants {spot.path(wanting[0])}, which {lax[0]} may leave out",
            fr=f"le contrat de {wanting[0]} veut {spot.path(wanting[0])}, que {lax[0]} peut omettre",
        )
        right = Text(en="add required: true: its sender is told", fr="ajoutez required: true : l'expéditeur en est averti")
        case.wrong(spot.place, text, row=spot.name, right=right)


def _demands(shape: Shape | None) -> bool:
    return shape is not None and shape.required and not shape.nullable


def _is_inside_optional(case: Case, spot: Spot, side: str) -> bool:
    """Whether a container between the row's level and its field may be left out with it."""
    path, start = spot.path(side), spot.above.get(side, "")
    parts = path.removeprefix(start).split(".")[:-1]
    above = [f"{start}{'.'.join(parts[: end + 1])}" for end in range(len(parts))]
    shapes = [shape for found in case.documents(spot, side) for each in above if (shape := found.at(each)) is not None]
    return any(not shape.required for shape in shapes)


def _check_recall(case: Case, spot: Spot, name: str) -> None:
    """The crosswalk gives back the reference, by what some exchange remembered as the sender's own name of the request."""
    if spot.name != case.spec.key:
        text = Text(en="what is recalled is the reference, the key", fr="ce qui est retrouvé est la référence, la clé")
        right = Text(en=f"write key: {spot.name}, or drop recall", fr=f"écrivez key: {spot.name}, ou ôtez recall")
        case.wrong((*spot.place, "recall"), text, row=spot.name, right=right)
    if case.others is None:
        return
    known = [*case.others.values(), case.spec]
    for side in [side for side, operations in case.spec.between.items() if READ & set(operations)]:
        remembered = {
            row
            for spec in known
            for row, words in {**spec.fields, **spec.reply}.items()
            if words.remember and side in words.cells
        }
        if name not in remembered:
            text = Text(
                en=f"is recalled by “{name}”, which no exchange remembers for {side}",
                fr=f"est retrouvée par « {name} », qu'aucun échange ne retient pour {side}",
            )
            listed = ", ".join(sorted(remembered)) or "–"
            right = Text(
                en=f"add remember: true to the row “{name}” of the exchange in which {side} gives it; remembered: {listed}",
                fr=f"ajoutez remember: true à la ligne « {name} » de l'échange où {side} la donne ; retenues : {listed}",
            )
            case.wrong((*spot.place, "recall"), text, row=spot.name, right=right)
