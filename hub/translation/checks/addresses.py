"""Files that a side gives by their address: which sides may."""

from __future__ import annotations

from hub.contract import Kind
from hub.errors import Text
from hub.specs.mapping import FileWord
from hub.translation.checks.case import READ, WRITTEN, Case, Spot

_DROP = Text(en="drop it from by_address", fr="ôtez-le de by_address")


def check_by_address(case: Case, spot: Spot, word: FileWord) -> None:
    """Only a side that says the message gives files by address, in a field of text: the hub hands out none."""
    for index, side in enumerate(word.by_address):
        place = (*spot.place, "file", "by_address", index)
        if side not in spot.sides:
            case.wrong_name(place, side, known=spot.sides, row=spot.name)
        elif wrong := _wrong(case, spot, side):
            case.wrong(place, wrong, row=spot.name, right=_DROP)


def _wrong(case: Case, spot: Spot, side: str) -> Text | None:
    ways = set(case.spec.between.get(side, {}))
    if ways & WRITTEN:
        return Text(
            en=f"{side} is told this message: the hub gives a receiver the file itself, never an address",
            fr=f"{side} reçoit ce message : le hub remet à un destinataire le fichier lui-même, jamais une adresse",
        )
    if spot.is_reply or not ways & READ:
        return Text(
            en=f"{side} does not say this message: it has no address to give",
            fr=f"{side} n'émet pas ce message : il n'a pas d'adresse à donner",
        )
    if any(set(each) & READ and set(each) & WRITTEN for each in case.spec.between.values()):
        return Text(
            en="in a two-way exchange files are given themselves, not by address",
            fr="dans un échange à double sens, les fichiers se donnent eux-mêmes, non par adresse",
        )
    shape = case.field(spot, side)
    if shape is not None and shape.kind is Kind.BASE64:
        return Text(
            en=f"the contract of {side} has a file in base64 here, not an address",
            fr=f"le contrat de {side} a ici un fichier en base64, pas une adresse",
        )
    return None
