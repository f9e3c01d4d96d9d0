"""Texts of lines, CSV and fixed width: what is read, what is written, and what is refused with its line and column."""

from __future__ import annotations

from typing import Any

import pytest

from hub.codecs import codec_for
from hub.contract import Column, Layout, LineType
from hub.errors import MessageError
from hub.transports.layouts import part_of

INVOICES = LineType(
    "lignes",
    (
        Column("numero", "N° de facture", required=True, longest=8),
        Column("objet", "Objet"),
        Column("montant", "Montant TTC", longest=10),
    ),
)
TITLES = (
    LineType(
        "entete",
        (Column("type", constant="E", width=1), Column("budget", width=2, align="right", fill="0")),
        repeated=False,
        required=True,
    ),
    LineType(
        "titres",
        (
            Column("type", constant="T", width=1),
            Column("tiers", width=12),
            Column("centimes", width=7, align="right", fill="0"),
            Column("sens", width=1, start=25, values=("D", "C")),
        ),
        below=(LineType("pieces", (Column("type", constant="P", width=1), Column("reference", width=6))),),
    ),
    LineType("fin", (Column("type", constant="F", width=1), Column("nombre", width=4, align="right")), repeated=False),
)


def csv(**changed: Any) -> Layout:
    return Layout(**{"form": "csv", "lines": (INVOICES,)} | changed)


def fixed(**changed: Any) -> Layout:
    return Layout(**{"form": "fixed", "lines": TITLES} | changed)


def read(layout: Layout, data: bytes | str) -> Any:
    return codec_for(part_of(layout)).read(data.encode() if isinstance(data, str) else data)


def write(layout: Layout, document: Any) -> bytes:
    return codec_for(part_of(layout)).write(document)


def refused(act: Any, *given: Any) -> MessageError:
    with pytest.raises(MessageError) as caught:
        act(*given)
    return caught.value


def line(numero: str, objet: str = "", montant: str = "") -> dict[str, str]:
    return {"numero": numero, "objet": objet, "montant": montant}


def test_a_spreadsheet_s_csv_is_read_with_its_mark_its_quotes_and_its_line_ends() -> None:
    data = '\ufeffN° de facture;Objet;Montant TTC\r\nF-1;"Bac ""vert""\r\n120 l ; livré";12,50\r\nF-2;;\r\n'

    document = read(csv(header=True), data)

    assert document == {"lignes": [line("F-1", 'Bac "vert"\r\n120 l ; livré', "12,50"), line("F-2")]}


def test_the_same_lines_are_written_as_they_were_read() -> None:
    data = b'F-1;"Bac ""vert"" ; neuf";12,50\r\nF-2;;\r\n'

    assert write(csv(), read(csv(), data)) == data


def test_a_header_and_the_mark_of_spreadsheets_are_written_where_asked_for() -> None:
    written = write(csv(header=True, encoding="utf-8-sig", separator=","), {"lignes": [line("F-1", "Été")]})

    assert written == "\ufeffN° de facture,Objet,Montant TTC\r\nF-1,Été,\r\n".encode()


def test_an_unknown_header_is_refused_with_the_columns_that_are_wanted() -> None:
    error = refused(read, csv(header=True), "Numéro;Objet;Montant\r\n")

    assert error.problems[0].accepted == ("N° de facture", "Objet", "Montant TTC")


def test_a_line_with_another_number_of_columns_is_refused_with_its_line() -> None:
    error = refused(read, csv(), "F-1;a\nb;1\nF-2;x\n")

    assert [problem.text.en for problem in error.problems] == [
        "line 1: has 2 columns where the layout has 3",
        "line 2: has 2 columns where the layout has 3",
        "line 3: has 2 columns where the layout has 3",
    ]


def test_a_quoted_line_end_does_not_shift_the_line_that_is_named() -> None:
    error = refused(read, csv(), 'F-1;"a\nb";1\nF-2;x\n')

    assert [problem.text.en for problem in error.problems] == ["line 3: has 2 columns where the layout has 3"]


def test_every_value_that_does_not_fit_its_column_is_named_at_once_and_nothing_is_cut() -> None:
    document = {"lignes": [line("F-1"), line("F-2026-00012"), line("")]}

    error = refused(write, csv(), document)

    assert [problem.path for problem in error.problems] == ["lignes[2].numero", "lignes[3].numero"]
    assert "column “N° de facture”: is 12 characters long; the column takes 8" in error.problems[0].text.en
    assert "F-2026" not in str(error.problems)


def test_a_letter_that_the_file_s_encoding_lacks_is_refused_by_name() -> None:
    error = refused(write, csv(encoding="iso-8859-1"), {"lignes": [line("F-1", "Bőrönd")]})

    assert error.problems[0].text.fr == "ligne 1, colonne « Objet » : « ő » n'existe pas en iso-8859-1"


def test_accents_are_written_and_read_in_the_file_s_encoding() -> None:
    layout = csv(encoding="iso-8859-1")

    written = write(layout, {"lignes": [line("F-1", "Éclairage")]})

    assert written == b"F-1;\xc9clairage;\r\n"
    assert read(layout, written) == {"lignes": [line("F-1", "Éclairage")]}


def test_a_file_that_says_another_encoding_by_its_mark_is_read_in_that_one() -> None:
    assert read(csv(encoding="iso-8859-1"), "\ufeffF-1;Éclairage;\r\n") == {"lignes": [line("F-1", "Éclairage")]}


@pytest.mark.parametrize(
    ("layout", "data", "words"),
    [
        (csv(), b"F-1;\xe9t\xe9;\n", "line 1: a byte does not exist in utf-8."),
        (csv(encoding="iso-8859-1"), b"a;b;\nF-1;12 \x80;\n", "line 2: this is a control code in ISO-8859-1"),
        (csv(), b"F-1;a\0b;\n", "line 1: holds NUL."),
        (csv(), b'F-1;x;1\nF-2;"a;1\n', "line 2: a quote is not closed"),
    ],
)
def test_a_broken_text_is_refused_with_its_line(layout: Layout, data: bytes, words: str) -> None:
    error = refused(read, layout, data)

    assert error.status == 400
    assert error.text.en.startswith(words)


def test_without_quotes_a_separator_in_a_value_is_refused() -> None:
    layout = csv(quote="")

    assert write(layout, {"lignes": [line("F-1", 'un "bac"')]}) == b'F-1;un "bac";\r\n'
    assert "the layout has no quotes" in refused(write, layout, {"lignes": [line("F-1", "a;b")]}).problems[0].text.en


def test_a_field_that_the_layout_does_not_have_is_refused() -> None:
    error = refused(write, csv(), {"lignes": [{**line("F-1"), "tva": "20"}], "autres": []})

    assert [problem.path for problem in error.problems] == ["autres", "lignes[1].tva"]


FILE = (
    "E07\r\n"
    "TDUPONT      0001250    D\r\n"  # four blanks up to column 25
    "PA-001 \r\n"
    "PA-002 \r\n"
    "TÉVRARD      0000000     \r\n"
    "F   2\r\n"
)
DOCUMENT = {
    "entete": {"budget": "7"},
    "titres": [
        {
            "tiers": "DUPONT",
            "centimes": "1250",
            "sens": "D",
            "pieces": [{"reference": "A-001"}, {"reference": "A-002"}],
        },
        {"tiers": "ÉVRARD", "centimes": "0", "sens": "", "pieces": []},
    ],
    "fin": {"nombre": "2"},
}


def test_header_detail_and_footer_lines_are_read_with_the_lines_that_belong_to_them() -> None:
    assert read(fixed(), FILE) == DOCUMENT


def test_header_detail_and_footer_lines_are_written_at_their_places() -> None:
    assert write(fixed(), DOCUMENT).decode() == FILE


def test_a_line_out_of_its_place_is_refused() -> None:
    error = refused(read, fixed(), "E07\nF   0\nPA-001 \n")

    assert error.problems[0].text.en == "line 3: the layout has no such line at this place"


def test_a_missing_header_line_is_refused_both_ways() -> None:
    assert "there is no line “entete”" in {each.text.en for each in refused(read, fixed(), "F   0\n").problems}
    assert "there is no line “entete”" in {each.text.en for each in refused(write, fixed(), {}).problems}


@pytest.mark.parametrize("cut", ["TDUPONT      0001250", "TDUPONT      0001250    D    "])
def test_a_line_of_another_length_is_refused_with_its_line(cut: str) -> None:
    error = refused(read, fixed(), f"E07\n{cut}\n")

    assert error.problems[0].text.en == f"line 2: has {len(cut)} characters where the layout has 25"


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("tiers", "SOCIÉTÉ DES EAUX", "is 16 characters long; the column takes 12"),
        ("centimes", "0042", "would not come back as it is"),
        ("centimes", "-0042", "would not come back as it is"),
        ("tiers", "DU\nPONT", "would not come back as it is"),
        ("sens", "X", "is not one of the values that it takes"),
    ],
)
def test_a_value_that_its_place_cannot_hold_is_refused(column: str, value: str, words: str) -> None:
    titre = {"tiers": "DUPONT", "centimes": "1", "sens": "D", column: value}

    error = refused(write, fixed(), {"entete": {"budget": "1"}, "titres": [titre]})

    assert error.problems[0].path == f"titres[1].{column}"
    assert words in error.problems[0].text.en


@pytest.mark.parametrize("value", ["", "0", "7", "0.50", "-12", "1250000"])
def test_a_number_filled_up_with_zeros_comes_back(value: str) -> None:
    titre = {"tiers": "DUPONT", "centimes": value, "sens": "D", "pieces": []}
    document = {"entete": {"budget": "1"}, "titres": [titre], "fin": {"nombre": "1"}}

    assert read(fixed(), write(fixed(), document)) == document
