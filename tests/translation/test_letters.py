"""Letters that an application cannot keep: refused by name, or replaced by their nearest and nothing else with them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.contract import Kind, Shape
from hub.errors import MessageError
from hub.specs.load import build
from hub.specs.mapping import Mapping as Spec
from hub.specs.source import Source, parse_source
from hub.translation.faults import Fault
from hub.translation.laws import check_laws
from hub.translation.letters import Letters
from hub.translation.mapping import Translation, compile_mapping

NEAREST = Letters("finance", "iso-8859-1", "transliterate")
REFUSED = Letters("finance", "iso-8859-1")
WRITTEN = """
exchange: tiers
title: Tiers
sector: fiscalite
between: {portal: {in: say, out: update}, finance: {in: tell, out: hear}}
key: number
fields:
  number: {portal: Numero, finance: Id, required: true}
  family_name: {portal: Nom, required: true}
  given_name: {portal: Prenom, required: true}
  holder: {finance: Nom, join: "{family_name}, {given_name}", split: {family_name: "[^,]+", given_name: "[^,]+"}}
  comment: {portal: Commentaire, finance: Observation}
  lines:
    each: {portal: Ligne, finance: Ligne}
    match: object
    fields:
      object: {portal: Objet, finance: Objet, required: true}
"""


def _document(*names: str) -> Shape:
    line = Shape("Ligne", Kind.OBJECT, repeated=True, children=(Shape("Objet", Kind.TEXT),))
    return Shape("Tiers", Kind.OBJECT, children=(*(Shape(name, Kind.TEXT) for name in names), line))


def tiers(letters: Letters, written: str = WRITTEN) -> tuple[Translation, Source]:
    source = parse_source(written, shown="mappings/tiers.yaml")
    portal, finance = _document("Numero", "Nom", "Prenom", "Commentaire"), _document("Id", "Nom", "Observation")
    shapes = {"portal": {"in": portal, "out": portal}, "finance": {"in": finance, "out": finance}}
    spec = build(source, Spec)
    return compile_mapping(spec, shapes=shapes, replies={}, tables={}, letters={"finance": letters}), source


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Élodie à l'été", "Élodie à l'été"),
        ("cœur", "coeur"),
        ("Œuvre", "Oeuvre"),
        ("CŒUR", "COEUR"),
        ("12 €", "12 EUR"),
        ("l’été…", "l'été..."),
        ("Bőrönd Ğül", "Borönd Gül"),
        ("Nguyễn Thế", "Nguyên Thê"),
        ("e\u0301te\u0301 œ", "été oe"),
        ("Merci 🙂", "Merci :slight_smile:"),
        ("\u200b", "?"),
    ],
)
def test_a_letter_becomes_its_nearest_once_and_for_all(text: str, kept: str) -> None:
    assert NEAREST.kept(text) == kept
    assert NEAREST.kept(kept) == kept
    assert kept.encode("iso-8859-1")


def test_a_refused_letter_is_named_in_both_languages() -> None:
    with pytest.raises(Fault) as refused:
        REFUSED.kept("Bőrönd à 3 € et e\u0301")

    assert refused.value.text.en == "“ő”, “€”, “U+0301” cannot be kept by finance (ISO-8859-1)"
    assert refused.value.text.fr == "« ő », « € », « U+0301 » ne peut être conservé par finance (ISO-8859-1)"


def test_a_message_with_a_letter_that_its_receiver_cannot_keep_is_refused_with_its_row() -> None:
    translation, _ = tiers(REFUSED)
    record = translation.read("portal", _portal(Nom="Őri")).record

    with pytest.raises(MessageError) as refused:
        translation.write("finance", record, {})

    assert [(problem.row, problem.path) for problem in refused.value.problems] == [("holder", "Nom")]
    assert "ő" in refused.value.problems[0].text.fr.lower()


def test_the_sender_keeps_its_accents_when_the_answer_comes_back_without_them() -> None:
    translation, _ = tiers(NEAREST)
    said = _portal(Nom="Őri", Commentaire="Cœur à 3 €", Ligne=[{"Objet": "Bœuf", "Prix": "12"}])
    record = translation.read("portal", said).record

    told = translation.write("finance", record, {})
    back = translation.read("finance", told, direction="in").record

    assert told["Nom"] == "Ori, Anna"
    assert told["Observation"] == "Coeur à 3 EUR"
    assert translation.write("portal", back, {}, onto=said) == said


def test_the_receiver_s_lines_keep_what_is_theirs() -> None:
    translation, _ = tiers(NEAREST)
    record = translation.read("portal", _portal(Ligne=[{"Objet": "Œufs"}, {"Objet": "Bœuf"}])).record
    there = {"Id": "1", "Ligne": [{"Objet": "Boeuf", "Compte": "607"}, {"Objet": "Oeufs", "Compte": "608"}]}

    written = translation.write("finance", record, {}, onto=there)

    assert written["Ligne"] == there["Ligne"]


def test_the_laws_hold_as_far_as_the_letters_explain_the_difference() -> None:
    translation, source = tiers(NEAREST)

    report = check_laws(translation, source)

    assert report.findings == ()
    assert all(count for count in report.tried.values())


def test_what_the_letters_do_not_explain_breaks_a_law() -> None:
    cut = WRITTEN.replace("finance: Observation}", "finance: Observation, max: {finance: 5}}")

    report = check_laws(*tiers(NEAREST, cut))

    assert {finding.row for finding in report.findings} == {"comment"}


def test_the_laws_try_letters_that_the_application_cannot_keep() -> None:
    translation, source = tiers(NEAREST)
    unsaid = replace(translation, words=replace(translation.words, letters={}))

    assert {"holder", "comment", "lines.object"} & {finding.row for finding in check_laws(unsaid, source).findings}


def _portal(**fields: Any) -> dict[str, Any]:
    return {"Numero": "1", "Nom": "Évrard", "Prenom": "Anna", "Commentaire": "", "Ligne": [], **fields}


@given(st.text(min_size=1), st.sampled_from(["ascii", "iso-8859-1", "iso-8859-15", "cp1252"]))
def test_whatever_the_text_what_is_kept_can_be_kept_and_stays(text: str, encoding: str) -> None:
    letters = Letters("finance", encoding, "transliterate")

    kept = letters.kept(text)

    assert kept
    assert kept.encode(encoding).decode(encoding) == kept
    assert letters.kept(kept) == kept
