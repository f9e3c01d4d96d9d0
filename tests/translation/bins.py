"""The exchange that most tests speak of: a citizen asks for a new bin, the waste department gets an order."""

from __future__ import annotations

from typing import Any

from hub.contract import Kind, Shape
from hub.specs.load import build
from hub.specs.mapping import Mapping as Spec
from hub.specs.source import Source, parse_source
from hub.translation.mapping import Translation, compile_mapping
from hub.translation.tables import Table

MAPPING = r"""
exchange: bin-replacement
title: Remplacement d'un bac
sector: relations-usagers
between:
  portal: {in: bin_request}
  waste: {out: create_order}
key: request_number
fields:
  request_number: {label: Numéro de la demande, portal: dossier.numero, waste: RefExterne, required: true}
  motive:
    {label: Motif, portal: demande.motif, waste: CodeMotif, table: bin-motives, loses: {waste: disparition is vol}}
  filed_on:
    {portal: deposeLe, waste: DateDemande, date: {portal: datetime, waste: dd/MM/yyyy}, loses: {waste: the time of day}}
  family_name: {portal: usager.nom, personal: true, label: Nom}
  given_name: {portal: usager.prenom, personal: true, label: Prénom}
  holder:
    waste: Demandeur.NomComplet
    personal: true
    join: "{family_name} {given_name}"
    split: {family_name: "[\\p{Lu}' -]+", given_name: "\\p{Lu}\\p{Ll}.*"}
  old_bin:
    label: Numéro de l'ancien bac
    portal: demande.ancienBac
    waste: NumBacAncien
    required: true
    check: {looks: "OM-\\d{7}", says: "Numéro de bac inconnu : relevez l'étiquette du bac"}
  residents: {label: Nombre de personnes au foyer, portal: demande.nbHabitants, waste: NbPers, as: integer, required: true}
  fee: {portal: demande.montant, waste: Montant, as: decimal, number: {portal: comma, waste: cents}}
  urgent: {portal: demande.urgent, waste: Urgent, as: boolean, values: {waste: {"true": O, "false": N}}}
  comment: {portal: demande.commentaire, waste: Observation, max: {waste: 60}, loses: {waste: what exceeds 60 characters}}
  bins:
    each: {portal: demande.bacs, waste: Bacs.Bac}
    match: stream
    fields:
      stream: {label: Flux, portal: flux, waste: CodeFlux, table: waste-streams}
      litres: {portal: volume, waste: Litrage, as: integer}
  kind: {waste: Type, constant: REMPL}
  complaint: {portal: demande.numPlainte, waste: NumPV, when: {motive: [vol]}, required: true, label: Numéro de plainte}
  photos:
    each: {portal: pieces, waste: PiecesJointes.PieceJointe}
    match: name
    fields:
      name: {portal: nom, waste: Nom}
      content: {portal: fichier, waste: Contenu, file: {as: base64, limit: 10 MB, types: [pdf, jpg, png]}}
reply:
  order_number: {waste: NumIntervention, remember: true}
then:
  delivered: {exchange: request-status, with: {status: accepted, order_number: order_number}}
  refused: {exchange: request-status, with: {status: refused, reason: reason}}
ignore:
  portal: [teleservice, demande.bacs.couleur]
  waste: [Equipe, Bacs.Bac.NumPuce]
"""

MOTIVES = """code,portal,waste,label_fr,label_en
vol,VOL,P1,Vol,Theft
disparition,DISP,P1,Disparition,Disappearance
casse,CASSE,P2,Casse,Breakage
"""

STREAMS = """code;portal;waste;label_fr;label_en
om;OM;1;Ordures ménagères;Household waste
tri;TRI;2;Tri;Recycling
verre;VERRE;3;Verre;Glass
"""


def text(name: str, **facets: Any) -> Shape:
    return Shape(name, Kind.TEXT, **facets)


def thing(name: str, *children: Shape, **facets: Any) -> Shape:
    return Shape(name, Kind.OBJECT, children=children, **facets)


def portal_shape() -> Shape:
    return thing(
        "bin_request",
        text("teleservice"),
        text("deposeLe"),
        thing("dossier", text("numero", required=True, longest=20), required=True),
        thing("usager", text("nom", longest=40), text("prenom", longest=40)),
        thing(
            "demande",
            text("motif", values=("VOL", "DISP", "CASSE")),
            text("ancienBac"),
            Shape("nbHabitants", Kind.INTEGER, required=True, lowest="1", highest="20"),
            text("montant"),
            Shape("urgent", Kind.BOOLEAN),
            text("commentaire", longest=500),
            text("numPlainte", longest=30),
            thing("bacs", text("flux", required=True), Shape("volume", Kind.INTEGER), text("couleur"), repeated=True),
            required=True,
        ),
        thing("pieces", text("nom", required=True, longest=80), Shape("fichier", Kind.BASE64), repeated=True),
    )


def waste_shape() -> Shape:
    return thing(
        "CreateOrder",
        text("RefExterne", required=True, longest=20),
        text("CodeMotif", values=("P1", "P2")),
        text("DateDemande"),
        thing("Demandeur", text("NomComplet", longest=81)),
        text("NumBacAncien", required=True),
        Shape("NbPers", Kind.INTEGER, required=True, lowest="1", highest="20"),
        Shape("Montant", Kind.INTEGER),
        text("Urgent", values=("O", "N")),
        text("Observation", longest=60),
        thing(
            "Bacs",
            thing("Bac", text("CodeFlux", required=True), Shape("Litrage", Kind.INTEGER), text("NumPuce"), repeated=True),
        ),
        text("Type", required=True),
        text("NumPV", longest=30),
        text("Equipe"),
        thing(
            "PiecesJointes",
            thing("PieceJointe", text("Nom", required=True, longest=80), Shape("Contenu", Kind.BASE64), repeated=True),
        ),
    )


def shapes() -> dict[str, dict[str, Shape]]:
    return {"portal": {"in": portal_shape()}, "waste": {"out": waste_shape()}}


def replies() -> dict[str, Shape]:
    return {"waste": thing("CreateOrderResponse", text("NumIntervention"))}


def tables() -> dict[str, Table]:
    return {"bin-motives": Table.parse(MOTIVES, "bin-motives"), "waste-streams": Table.parse(STREAMS, "waste-streams")}


def source_of(written: str = MAPPING) -> Source:
    return parse_source(written, shown="mappings/bin-replacement.yaml")


def spec_of(written: str = MAPPING) -> Spec:
    return build(source_of(written), Spec)


def bin_replacement(written: str = MAPPING, **given: Any) -> Translation:
    return compile_mapping(
        spec_of(written), **({"shapes": shapes(), "replies": replies(), "tables": tables(), "revision": "r1"} | given)
    )


PDF = "JVBERi0xLjQK"


def request() -> dict[str, Any]:
    """A whole document of the portal."""
    return {
        "teleservice": "BACS",
        "deposeLe": "2026-05-31T23:30:00+02:00",
        "dossier": {"numero": "D-2026-0001"},
        "usager": {"nom": "DE LA TOUR", "prenom": "Léa"},
        "demande": {
            "motif": "VOL",
            "ancienBac": "OM-1234567",
            "nbHabitants": "4",
            "montant": "12,50",
            "urgent": "true",
            "commentaire": "Le bac a disparu dans la nuit de samedi à dimanche, devant l'école maternelle du bourg.",
            "numPlainte": "PV 2026/118",
            "bacs": [{"flux": "OM", "volume": "120", "couleur": "gris"}, {"flux": "VERRE", "volume": "35"}],
        },
        "pieces": [{"nom": "plainte.pdf", "fichier": PDF}],
    }


def order() -> dict[str, Any]:
    """What the waste department gets for it."""
    return {
        "RefExterne": "D-2026-0001",
        "CodeMotif": "P1",
        "DateDemande": "31/05/2026",
        "Demandeur": {"NomComplet": "DE LA TOUR Léa"},
        "NumBacAncien": "OM-1234567",
        "NbPers": "4",
        "Montant": "1250",
        "Urgent": "O",
        "Observation": "Le bac a disparu dans la nuit de samedi à dimanche, devant l",
        "Bacs": {"Bac": [{"CodeFlux": "1", "Litrage": "120"}, {"CodeFlux": "3", "Litrage": "35"}]},
        "Type": "REMPL",
        "NumPV": "PV 2026/118",
        "PiecesJointes": {"PieceJointe": [{"Nom": "plainte.pdf", "Contenu": PDF}]},
    }
