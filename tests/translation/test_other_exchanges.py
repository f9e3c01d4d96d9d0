"""Exchanges of another build than the bins: both ways, from a feed, asked, nested, of attributes and plain texts."""

from __future__ import annotations

from typing import Any

from hub.contract import Kind, Shape
from hub.specs.load import build
from hub.specs.mapping import Mapping as Spec
from hub.specs.source import parse_source
from hub.translation.check import check_mapping
from hub.translation.laws import check_laws
from hub.translation.mapping import Translation, compile_mapping
from tests.translation.bins import text, thing

ADDRESS = """
exchange: address-change
title: Changement d'adresse
sector: relations-usagers
between:
  portal: {in: address_changed, out: put_address}
  finance: {in: notify_address, out: set_address}
key: person
once: [person, changed_on]
fields:
  person: {portal: "@id", finance: Tiers.@numero, required: true}
  changed_on: {portal: le, finance: DateEffet, date: {portal: date, finance: dd/MM/yyyy}, required: true}
  street: {portal: voie, finance: Adresse.#text, personal: true, owner: both}
  lines:
    each: {portal: compteurs, finance: Compteur}
    match: meter
    fields:
      meter: {portal: numero, finance: "@ref"}
      tags: {each: {portal: etiquettes, finance: Etiquette}, match: tag, fields: {tag: {portal: "#text", finance: Nom}}}
"""


def address(written: str = ADDRESS) -> tuple[Spec, Any, dict[str, dict[str, Shape]]]:
    source = parse_source(written, shown="mappings/address-change.yaml")
    portal = thing(
        "address",
        text("@id", required=True, longest=12),
        Shape("le", Kind.DATE, required=True),
        text("voie", longest=38),
        thing("compteurs", text("numero", required=True), text("etiquettes", repeated=True), repeated=True),
    )
    finance = thing(
        "Adresse",
        thing("Tiers", text("@numero", required=True, longest=12), required=True),
        text("DateEffet", required=True),
        thing("Adresse", text("@pays", fixed="FR", required=True), text("#text", longest=38)),
        thing(
            "Compteur",
            text("@ref", required=True),
            thing("Etiquette", text("Nom", required=True), repeated=True),
            repeated=True,
        ),
    )
    shapes = {"portal": {"in": portal, "out": portal}, "finance": {"in": finance, "out": finance}}
    return build(source, Spec), source, shapes


def compiled() -> Translation:
    spec, _, shapes = address()
    return compile_mapping(spec, shapes=shapes, replies={}, tables={})


def test_a_two_way_exchange_with_attributes_and_nested_groups_keeps_every_law() -> None:
    spec, source, shapes = address()

    assert [one.text.en for one in check_mapping(spec, source, shapes=shapes, replies={}, tables={})] == []
    assert [one.text.en for one in check_laws(compiled(), source).findings] == []


def test_a_required_row_that_one_side_owns_keeps_every_law() -> None:
    owned = ADDRESS.replace(
        "  street: {portal: voie, finance: Adresse.#text, personal: true, owner: both}",
        "  street: {portal: voie, finance: Adresse.#text, owner: finance, required: true}",
    )
    spec, source, shapes = address(owned)
    translation = compile_mapping(spec, shapes=shapes, replies={}, tables={})

    report = check_laws(translation, source)

    assert [one.text.en for one in report.findings] == []
    assert "street" not in translation.read("portal", {"@id": "1", "le": "2026-01-01", "voie": "x"}).record


def test_attributes_texts_and_nested_lines_are_written_where_the_contract_has_them() -> None:
    document = {
        "@id": "T1",
        "le": "2026-05-31",
        "voie": "1, rue de l'Église",
        "compteurs": [{"numero": "C1", "etiquettes": ["eau", "été"]}, {"numero": "C2"}],
    }
    translation = compiled()
    reading = translation.read("portal", document)

    written = translation.write("finance", reading.record, reading.files)

    assert written == {
        "Tiers": {"@numero": "T1"},
        "DateEffet": "31/05/2026",
        "Adresse": {"#text": "1, rue de l'Église", "@pays": "FR"},
        "Compteur": [{"@ref": "C1", "Etiquette": [{"Nom": "eau"}, {"Nom": "été"}]}, {"@ref": "C2"}],
    }
    back = translation.read("finance", written)
    assert translation.write("portal", back.record, back.files) == document
    assert translation.identity(reading.record) == '["T1", "2026-05-31"]'


def test_each_side_is_told_what_the_other_said_and_never_its_own_words() -> None:
    assert [one.side for one in compiled().receivers("portal")] == ["finance"]
    assert [one.side for one in compiled().receivers("finance")] == ["portal"]


PROGRESS = """
exchange: bin-progress
title: Avancement
sector: relations-usagers
between:
  waste: {in: order_changed, feed: list_changes}
  portal: {out: update_status}
key: request_number
fields:
  request_number: {portal: numero, recall: order_number, required: true}
  order_number: {waste: NumIntervention, required: true}
  status: {waste: Etat, portal: statut, values: {waste: {planned: P, done: T}, portal: {planned: prevu, done: fait}}}
ignore: {waste: [Horodatage]}
"""


def test_news_by_call_or_by_feed_find_their_request_through_the_crosswalk() -> None:
    source = parse_source(PROGRESS, shown="mappings/bin-progress.yaml")
    spec = build(source, Spec)
    order = text("NumIntervention", required=True), text("Etat", values=("P", "T"))
    shapes = {
        "waste": {"in": thing("Change", *order), "feed": thing("Item", *order, text("Horodatage"))},
        "portal": {"out": thing("status", text("numero", required=True), text("statut", values=("prevu", "fait")))},
    }
    translation = compile_mapping(spec, shapes=shapes, replies={}, tables={})

    record = translation.read("waste", {"NumIntervention": "I-7", "Etat": "T"}, direction="feed").record

    assert check_mapping(spec, source, shapes=shapes, replies={}, tables={}) == ()
    assert check_laws(translation, source).findings == ()
    assert translation.reference(record) == ""
    assert translation.recalls(record) == {"request_number": "order_number"}
    assert translation.write("portal", {**record, "request_number": "D-1"}, {}) == {"numero": "D-1", "statut": "fait"}


QUESTION = """
exchange: eligibility
title: Droit
sector: social
between:
  portal: {in: check_right}
  social: {ask: find_right}
key: person
fields:
  person: {portal: "@personne", social: Personne, required: true}
reply:
  right: {portal: ouvert, social: Droit, as: boolean, values: {social: {"true": O, "false": N}}}
"""


def test_a_question_is_answered_in_the_askers_own_form() -> None:
    source = parse_source(QUESTION, shown="mappings/eligibility.yaml")
    spec = build(source, Spec)
    shapes = {
        "portal": {"in": thing("q", text("@personne", required=True, location="query"))},
        "social": {"ask": thing("Find", text("Personne", required=True))},
    }
    replies = {
        "portal": thing("a", Shape("ouvert", Kind.BOOLEAN)),
        "social": thing("Found", text("Droit", values=("O", "N"))),
    }
    translation = compile_mapping(spec, shapes=shapes, replies=replies, tables={})

    answer = translation.read_reply("social", {"Droit": "O"})

    assert check_mapping(spec, source, shapes=shapes, replies=replies, tables={}) == ()
    assert [(one.side, one.direction) for one in translation.asked("portal")] == [("social", "ask")]
    assert translation.write_reply("portal", answer) == {"ouvert": "true"}
