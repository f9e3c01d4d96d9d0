"""`check_mapping`: no finding on a good mapping; each seeded fault is found at its line, with what would be right."""

from __future__ import annotations

from typing import Any

import pytest

from hub.errors import Finding
from hub.translation.check import check_mapping
from hub.translation.tables import Table
from tests.translation.bins import MAPPING, MOTIVES, replies, shapes, source_of, spec_of, tables


def found(written: str = MAPPING, **given: Any) -> tuple[Finding, ...]:
    known = {"shapes": shapes(), "replies": replies(), "tables": tables()} | given
    return check_mapping(spec_of(written), source_of(written), **known)


def test_a_good_mapping_has_no_finding() -> None:
    assert found() == ()


@pytest.mark.parametrize(
    ("right", "wrong", "row", "says"),
    [
        ("portal: usager.nom,", "portal: usager.nomm,", "family_name", "the contract of portal has no field usager.nomm"),
        ("waste: [Equipe, ", "waste: [Equip, ", "", "the contract of waste has no field Equip"),
        ("waste: [Equipe, ", "waste: [", "", "fields of waste with no row and not ignored: Equipe"),
        ("waste: NbPers, as", "as", "", "the contract of waste wants NbPers, and no row writes it"),
        ("dd/MM/yyyy}", "jj/MM/aaaa}", "filed_on", "“jj/MM/aaaa” is not a date form"),
        (", waste: dd/MM/yyyy}", "}", "filed_on", "waste has no date form"),
        ("as: integer, required", "required", "residents", "the row is text, the contract of portal has integer here"),
        ("max: {waste: 60}", "max: {waste: 61}", "comment", "61 is more than the contract's 60"),
        (
            ", max: {waste: 60}, loses: {waste: what exceeds 60 characters}",
            "",
            "comment",
            "portal may send 500 characters, waste takes 60",
        ),
        ("waste: NumPV,", "waste: RefExterne,", "complaint", "RefExterne of waste already has the row “request_number”"),
        ("match: stream", "match: steam", "bins", "“steam” is not known here"),
        ("    match: stream\n", "", "bins", "the group has no match"),
        ("stream: {label: Flux, portal: flux, waste: CodeFlux,", "stream: {portal: flux,", "bins", "has no cell on waste"),
        ("portal: demande.bacs,", "portal: dossier,", "bins", "dossier is not repeated on portal"),
        ("portal: demande.commentaire", "portal: demande.bacs.couleur", "comment", "demande.bacs is repeated on portal"),
        ("portal: demande.commentaire", "portal: usager", "comment", "usager holds other fields"),
        ("key: request_number", "key: request_numer", "", "“request_numer” is not known here"),
        ("when: {motive:", "when: {motiv:", "complaint", "“motiv” is not known here"),
        ("when: {motive: [vol]}", "when: {motive: [theft]}", "complaint", "“theft” is not known here"),
        ("{family_name} {given_name}", "{family_name} {first_name}", "holder", "say what first_name looks like"),
        ("[\\\\p{Lu}' -]+", "[\\\\p{Lu", "holder", "cannot be put together or taken apart"),
        ("OM-\\\\d{7}", "OM-(", "old_bin", "the check cannot be used"),
        ("personal: true, label: Nom}", "owner: citizen, label: Nom}", "family_name", "“citizen” is not known here"),
        ("loses: {waste: the time", "loses: {wast: the time", "filed_on", "“wast” is not known here"),
        ("table: bin-motives", "table: bin-motive", "motive", "there is no table “bin-motive”"),
        ("portal: dossier.numero, waste: RefExterne", "waste: RefExterne", "request_number", "has no cell on portal"),
        ("types: [pdf, jpg, png]", "types: [pdf, docx]", "photos.content", "“docx” is not known here"),
        ("types: [pdf, jpg, png]", "by_address: [citizen]", "photos.content", "“citizen” is not known here"),
        ("types: [pdf, jpg, png]", "by_address: [waste]", "photos.content", "waste is told this message: the hub gives"),
        ("types: [pdf, jpg, png]", "by_address: [portal]", "photos.content", "has a file in base64 here, not an address"),
        ("waste: NumIntervention", "waste: NumInter", "order_number", "the contract of waste has no field NumInter"),
        ('values: {waste: {"true": O, "false": N}}', 'values: {waste: {"true": X, "false": N}}', "urgent", "no code “X”"),
    ],
)
def test_a_fault_is_found_at_its_line(right: str, wrong: str, row: str, says: str) -> None:
    assert right in MAPPING
    written = MAPPING.replace(right, wrong, 1)

    hits = [finding for finding in found(written) if says in finding.text.en and finding.row == row]

    assert hits, [finding.text.en for finding in found(written)]
    assert hits[0].file == "mappings/bin-replacement.yaml"
    assert hits[0].line > 1 and hits[0].column >= 1


@pytest.mark.parametrize(
    ("lines", "line", "says"),
    [
        (MOTIVES.replace("casse,CASSE,P2,Casse,Breakage\n", ""), 3, "codes of portal are missing from the table: CASSE"),
        (MOTIVES.replace("casse,CASSE", "vol,CASSE"), 4, "the code “vol” stands twice"),
        (MOTIVES + "vol,VOL,P1,Vol,Theft\n", 5, "the code “vol” stands twice"),
        (MOTIVES.replace("P2", "P9"), 4, "the contract of waste has no code “P9”"),
        (MOTIVES.replace("P2", ""), 4, "the code “casse” has no value for waste"),
    ],
)
def test_a_fault_of_a_table_is_found_at_its_line(lines: str, line: int, says: str) -> None:
    findings = found(tables=tables() | {"bin-motives": Table.parse(lines, "bin-motives")})

    assert (says, "mappings/tables/bin-motives.csv", line) in [(one.text.en, one.file, one.line) for one in findings]


def test_a_further_line_may_add_one_more_value_of_one_side() -> None:
    finer = Table.parse(MOTIVES + "vol,DISP,,Vol,Theft\n", "bin-motives")
    lines = Table.parse(
        MOTIVES.replace("disparition,DISP,P1,Disparition,Disappearance\n", "vol,DISP,,Vol,Theft\n"), "bin-motives"
    )

    assert found(tables=tables() | {"bin-motives": lines}) == ()
    assert any("stands twice" in one.text.en for one in found(tables=tables() | {"bin-motives": finer}))


def test_a_table_without_a_column_for_a_side_is_found() -> None:
    table = Table.parse("code,portal\nvol,VOL\ndisparition,DISP\ncasse,CASSE\n", "bin-motives")

    says = [one.text.en for one in found(tables=tables() | {"bin-motives": table})]

    assert says == ["the table bin-motives has no column “waste”"]


def test_then_speaks_of_rows_that_the_other_exchange_has() -> None:
    status = spec_of(
        """
exchange: request-status
title: Avancement
sector: relations-usagers
between: {portal: {out: update_status}}
key: request_number
fields:
  request_number: {portal: numero}
  status: {portal: etat, values: {portal: {accepted: A, refused: R}}}
  order_number: {portal: commande}
"""
    )
    others = {"request-status": status, "bin-replacement": spec_of()}

    says = [(one.line, one.text.en, str(one.right)) for one in found(others=others)]

    assert [text for _, text, _ in says] == ["“reason” is not known here"]
    assert found(MAPPING.replace("status: accepted", "status: acepted"), others=others)[0].right is not None
    assert "“acepted”" in found(MAPPING.replace("status: accepted", "status: acepted"), others=others)[0].text.en


def test_what_the_hub_fills_itself_is_not_forgotten() -> None:
    written = MAPPING.replace("waste: [Equipe, ", "waste: [")

    assert found(written, filled={"waste": frozenset({"Equipe"})}) == ()
