"""What one side may send against what another takes: lengths, and the lowest and highest number."""

from __future__ import annotations

from decimal import Decimal

from hub.contract import Kind, Shape
from hub.errors import Text
from hub.specs.mapping import RowCheck
from hub.translation.checks.case import Case, Spot


def check_rooms(case: Case) -> None:
    """What one side may send fits where another side receives it, is cut there, or is refused at the door by a check."""
    for spot in [spot for spot in case.spots() if not case.follows(spot)]:
        row = spot.row
        if row.each or row.file or row.join or row.table or row.values or row.date or row.tweak or row.constant is not None:
            continue
        for side in spot.sides:
            if (shape := case.field(spot, side)) is not None:
                _check_length(case, spot, side, shape)
                if row.as_ in ("integer", "decimal") and not row.number and case.is_written(spot, side):
                    _check_range(case, spot, side, shape)


def _check_length(case: Case, spot: Spot, side: str, shape: Shape) -> None:
    cut = spot.row.max.get(side)
    if shape.longest is None:
        return
    if cut is not None and cut > shape.longest:
        text = Text(
            en=f"{cut} is more than the contract's {shape.longest}",
            fr=f"{cut} dépasse les {shape.longest} caractères du contrat",
        )
        right = Text(en=f"max: {{{side}: {shape.longest}}}", fr=f"max: {{{side}: {shape.longest}}}")
        case.wrong((*spot.place, "max", side), text, row=spot.name, right=right)
    if cut is None and spot.row.as_ == "text" and case.is_written(spot, side):
        _check_room(case, spot, side, shape.longest)


def _check_room(case: Case, spot: Spot, side: str, room: int) -> None:
    if spot.row.check and spot.row.check.looks:
        return  # what it looks like bounds it, as far as anyone can tell
    for other in spot.sides:
        shape = case.field(spot, other)
        if other == side or shape is None or not case.is_read(spot, other) or shape.values or shape.kind is not Kind.TEXT:
            continue
        if shape.longest is None or shape.longest > room:
            text = Text(
                en=f"{other} may send {shape.longest or 'any number of'} characters, {side} takes {room}",
                fr=f"{other} peut envoyer {shape.longest or 'un nombre illimité de'} caractères, {side} en admet {room}",
            )
            right = Text(
                en=f"max: {{{side}: {room}}} with loses: {{{side}: what exceeds {room} characters}}",
                fr=f"max: {{{side}: {room}}} avec loses: {{{side}: ce qui dépasse {room} caractères}}",
            )
            case.wrong(spot.cell(side), text, row=spot.name, right=right)
            return


def _check_range(case: Case, spot: Spot, side: str, taken: Shape) -> None:
    """A number that the receiver would refuse is refused at the door, where its sender hears of it."""
    for other in spot.sides:
        sent = case.field(spot, other) if other != side and case.is_read(spot, other) else None
        if sent is None:
            continue
        check = spot.row.check or RowCheck()
        if taken.highest and not _within(taken.highest, (sent.highest, check.at_most), above=True):
            _say_beyond(case, spot, (side, other), "at_most", taken.highest)
        if taken.lowest and not _within(taken.lowest, (sent.lowest, check.at_least), above=False):
            _say_beyond(case, spot, (side, other), "at_least", taken.lowest)


def _within(bound: str, others: tuple[str | None, ...], *, above: bool) -> bool:
    known = [Decimal(other) for other in others if other]
    return any(other <= Decimal(bound) if above else other >= Decimal(bound) for other in known)


def _say_beyond(case: Case, spot: Spot, sides: tuple[str, str], word: str, bound: str) -> None:
    side, other = sides
    en, fr = ("more than", "plus de") if word == "at_most" else ("less than", "moins de")
    text = Text(
        en=f"{other} may send {en} {bound}, which {side} does not take",
        fr=f"{other} peut envoyer {fr} {bound}, que {side} n'admet pas",
    )
    right = Text(en=f'add check: {{{word}: "{bound}"}}', fr=f'ajoutez check: {{{word}: "{bound}"}}')
    case.wrong(spot.cell(side), text, row=spot.name, right=right)
