"""How much of a contract a mapping speaks of: each field of it is counted once, under what became of it."""

from __future__ import annotations

from hub.contract import Kind, Shape
from hub.specs.load import build
from hub.specs.mapping import Mapping as Spec
from hub.specs.source import parse_source
from hub.translation import compile_mapping
from hub.translation.coverage import coverage_of

MAPPING = """
exchange: greeting
title: Salut
sector: relations-usagers
between: {a: {in: hear}, b: {out: tell}}
key: number
fields:
  number: {a: numero, b: Ref}
  name: {a: qui.nom, b: Nom}
  tags: {each: {a: mots, b: Mots.Mot}, match: word, fields: {word: {a: "#text", b: "@m"}}}
  free: {a: libre.couleur, b: Libre}
ignore: {a: [note, interne]}
"""
TEXT = Kind.TEXT
A = Shape(
    "a",
    Kind.OBJECT,
    children=(
        Shape("numero", TEXT),
        Shape("qui", Kind.OBJECT, children=(Shape("nom", TEXT), Shape("age", Kind.INTEGER))),
        Shape("mots", TEXT, repeated=True),
        Shape("libre", Kind.ANY),
        Shape("note", TEXT),
        Shape("interne", Kind.OBJECT, children=(Shape("x", TEXT), Shape("y", TEXT))),
        Shape("version", TEXT, fixed="1"),
        Shape("@cle", TEXT),
    ),
)
B = Shape(
    "b",
    Kind.OBJECT,
    children=(
        Shape("Ref", TEXT),
        Shape("Nom", TEXT),
        Shape("Mots", Kind.OBJECT, children=(Shape("Mot", Kind.OBJECT, repeated=True, children=(Shape("@m", TEXT),)),)),
        Shape("Libre", TEXT),
    ),
)


def test_each_field_of_a_contract_is_counted_once_under_what_became_of_it() -> None:
    spec = build(parse_source(MAPPING, shown="greeting.yaml"), Spec)
    translation = compile_mapping(spec, shapes={"a": {"in": A}, "b": {"out": B}}, replies={}, tables={})

    a, b = coverage_of(translation, {"a": ["@cle"]})

    assert (a.side, a.direction, a.operation) == ("a", "in", "hear")
    assert a.mapped == ("numero", "qui.nom", "mots", "libre")
    assert a.ignored == ("note", "interne.x", "interne.y")
    assert a.given == ("version", "@cle")
    assert a.forgotten == ("qui.age",)
    assert a.total == 10
    assert (b.mapped, b.total) == (("Ref", "Nom", "Mots.Mot.@m", "Libre"), 4)
