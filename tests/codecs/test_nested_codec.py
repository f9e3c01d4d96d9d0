"""Documents in fields: XML, JSON and lines as text, plain or base64, with the same safety and with whole paths."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from hub.codecs import codec_for, with_inside, xml
from hub.codecs.attribute_values import with_values_in
from hub.contract import Column, Inside, Kind, Layout, LineType, Part, Shape
from hub.errors import MessageError, Problem, Text
from hub.transports.layouts import part_of

PERSON = Shape("demandeur", Kind.OBJECT, children=(Shape("nom", Kind.TEXT), Shape("age", Kind.INTEGER)))
CONTENT = Shape("Contenu", Kind.OBJECT, children=(PERSON,), namespace="urn:exemple:contenu")
FIELD = Shape("Contenu", Kind.TEXT)
IN_XML = Part(Shape("Demande", Kind.OBJECT, children=(Shape("Numero", Kind.TEXT), FIELD)), media="text/xml")
IN_JSON = Part(Shape("", Kind.OBJECT, children=(FIELD,)), media="application/json")


def inside(
    around: Part, content: Part | None = None, *, field: Shape = FIELD, at: str = "Contenu", in_base64: bool = False
) -> Part:
    return with_inside(around, Inside(at, content or Part(CONTENT, media="text/xml"), field, in_base64))


def read(part: Part, body: str | bytes) -> Any:
    return codec_for(part).read(body.encode() if isinstance(body, str) else body)


def refused(part: Part, body: str | bytes) -> tuple[Problem, ...]:
    with pytest.raises(MessageError) as caught:
        read(part, body)
    assert caught.value.status == 422
    return caught.value.problems


def content(name: str) -> str:
    return f'<c:Contenu xmlns:c="urn:exemple:contenu"><demandeur><nom>{name}</nom></demandeur></c:Contenu>'


ANNA = {"Contenu": {"demandeur": {"nom": "Anna Évrard"}}}


@pytest.mark.parametrize(
    "text",
    [
        content("Anna Évrard"),
        f'<?xml version="1.0" encoding="ISO-8859-1"?>{content("Anna Évrard")}',
        f'\ufeff<?xml version="1.0" encoding="utf-16"?>\n{content("Anna Évrard")}\n',
        f'\n  <?xml version="1.0"?>{content("Anna &#201;vrard")}',
    ],
)
def test_xml_in_a_string_is_read_whatever_its_declaration_says_of_bytes(text: str) -> None:
    part = inside(IN_JSON)

    assert read(part, json.dumps({"Contenu": text})) == ANNA


def test_xml_in_a_cdata_section_of_xml_is_read() -> None:
    body = (
        f"<Demande><Contenu><![CDATA[<?xml version='1.0' encoding='UTF-8'?>{content('Anna Évrard')}]]></Contenu></Demande>"
    )

    assert read(inside(IN_XML), body) == ANNA


def test_base64_is_read_by_the_encoding_that_the_document_declares() -> None:
    held = f'<?xml version="1.0" encoding="ISO-8859-1"?>{content("Anna Évrard")}'.encode("iso-8859-1")
    part = inside(IN_JSON, in_base64=True)

    assert read(part, json.dumps({"Contenu": base64.encodebytes(held).decode()})) == ANNA


def test_a_document_in_a_field_is_written_as_text_with_the_declaration_that_is_asked_for() -> None:
    plain, declared = inside(IN_XML), inside(IN_XML, Part(CONTENT, media="text/xml", encoding="ISO-8859-1"))

    first, second = codec_for(plain).write(ANNA), codec_for(declared).write(ANNA)

    assert xml.parse(first).findtext("Contenu", "").startswith('<ns0:Contenu xmlns:ns0="urn:exemple:contenu">')
    assert xml.parse(second).findtext("Contenu", "").startswith("<?xml version='1.0' encoding='ISO-8859-1'?>")
    assert read(plain, first) == read(declared, second) == ANNA


@pytest.mark.parametrize("held", [{}, {"Contenu": ""}, {"Contenu": " \n"}, ANNA])
def test_empty_stays_empty_and_absent_stays_absent(held: dict[str, Any]) -> None:
    for part in (inside(IN_XML), inside(IN_JSON), inside(IN_JSON, in_base64=True)):
        assert read(part, codec_for(part).write(held)) == held
        assert part.check(codec_for(part).write(held)) == ()


def test_null_in_a_field_of_json_stays_null() -> None:
    field = Shape("Contenu", Kind.TEXT, nullable=True)
    part = inside(Part(Shape("", Kind.OBJECT, children=(field,)), media="application/json"), field=field)

    assert read(part, b'{"Contenu": null}') == {"Contenu": None}
    assert codec_for(part).write({"Contenu": None}) == b'{"Contenu":null}'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "Contenu: line 1, column 13: A document type (DOCTYPE)"),
        ("<Contenu>", "Contenu: line 1, column 10: This is not well-formed XML"),
        ("<a>" * 65 + "</a>" * 65, "Too much: at most 64 levels"),
        ('<?xml version="1.0" encoding="EBCDIC-CP-FR"?><a/>', "This encoding is not accepted."),
        (content("Anna").replace("nom>", "prenom>"), "Contenu: demandeur.prenom: the contract has no such field here."),
        ("{}", "Contenu: line 1, column 1: This is not well-formed XML"),
    ],
)
def test_what_is_wrong_inside_is_refused_as_it_would_be_alone(text: str, words: str) -> None:
    problem = refused(inside(IN_JSON), json.dumps({"Contenu": text}))[0]

    assert words in problem.text.en
    assert problem.path.startswith("Contenu")


def test_what_is_no_base64_is_refused() -> None:
    problem = refused(inside(IN_JSON, in_base64=True), '{"Contenu": "é!"}')[0]

    assert problem.text.fr == "Contenu : ce n'est pas du base64."


def test_every_line_with_a_broken_document_is_named() -> None:
    line = Shape("Ligne", Kind.OBJECT, repeated=True, children=(FIELD,))
    part = inside(Part(Shape("Demande", Kind.OBJECT, children=(line,)), media="text/xml"), at="Ligne.Contenu")
    held = "".join(f"<Ligne><Contenu>{text}</Contenu></Ligne>" for text in ("a", "&lt;b", ""))

    problems = refused(part, f"<Demande>{held}</Demande>")

    assert [problem.path for problem in problems] == ["Ligne[1].Contenu", "Ligne[2].Contenu"]


def test_a_field_is_held_against_its_own_contract_by_its_whole_path() -> None:
    def too_long(data: bytes) -> tuple[Problem, ...]:
        return (Problem(Text(en="too long", fr="trop long"), path="demandeur.nom"),) if b"Anna" in data else ()

    part = inside(IN_JSON, Part(CONTENT, too_long, "text/xml"))

    assert part.check(codec_for(part).write({"Contenu": {"demandeur": {"nom": "Zoé"}}})) == ()
    assert [problem.path for problem in part.check(codec_for(part).write(ANNA))] == ["Contenu.demandeur.nom"]


def test_documents_stand_in_documents_that_stand_in_documents() -> None:
    lines = LineType("lignes", (Column("objet"), Column("montant")))
    note = Shape("note", Kind.TEXT)
    letter = Part(Shape("Lettre", Kind.OBJECT, children=(note,)), media="text/xml")
    part = inside(inside(IN_JSON, letter), part_of(Layout("csv", (lines,))), at="Contenu.note", field=note)
    document = {"Contenu": {"note": {"lignes": [{"objet": 'bac "vert"\n<120 l>', "montant": "12,50"}]}}}

    written = codec_for(part).write(document)

    assert json.loads(written)["Contenu"].startswith('<Lettre><note>"bac ""vert""\n&lt;120 l&gt;";12,50')
    assert read(part, written) == document
    assert part.check(written) == ()
    broken = written.replace(b";12,50", b"")
    assert [problem.path for problem in part.check(broken)] == ["Contenu.note.lignes[1]"]


PES = Shape(
    "Bordereau",
    Kind.OBJECT,
    children=(
        Shape("Exer", Kind.OBJECT, required=True, children=(Shape("@V", Kind.INTEGER, required=True),)),
        Shape("Libelle", Kind.OBJECT, repeated=True, children=(Shape("@V", Kind.TEXT, required=True, longest=30),)),
        Shape("Piece", Kind.OBJECT, children=(Shape("@V", Kind.TEXT), Shape("@Id", Kind.TEXT))),
    ),
)


def test_an_element_that_has_only_its_attribute_is_a_field() -> None:
    part = with_values_in(Part(PES, media="application/xml"), "V")
    body = '<Bordereau><Exer V=" 2026 "/><Libelle V="a"/><Libelle V=""></Libelle><Piece V="x" Id="1"/></Bordereau>'

    document = read(part, body)

    assert document == {"Exer": "2026", "Libelle": ["a", ""], "Piece": {"@V": "x", "@Id": "1"}}
    assert codec_for(part).write(document) == body.replace(" 2026 ", "2026").replace("></Libelle>", "/>").encode()
    assert part.shape.at("Libelle") == Shape("Libelle", Kind.TEXT, repeated=True, longest=30, held_in="V")


@pytest.mark.parametrize("inner", ['<Exer V="1">x</Exer>', '<Exer V="1"><a/></Exer>', '<Exer V="1" W="2"/>'])
def test_nothing_beside_the_attribute_is_lost_without_a_word(inner: str) -> None:
    part = with_values_in(Part(PES, media="application/xml"), "V")

    assert refused(part, f"<Bordereau>{inner}</Bordereau>")[0].path.startswith("Exer")


def test_a_body_is_written_in_its_encoding_and_says_so_and_loses_no_letter() -> None:
    part = Part(CONTENT, media="application/xml", encoding="ISO-8859-1")
    document = {"demandeur": {"nom": "Éva Bőrönd, 3 €"}}

    written = codec_for(part).write(document)

    assert written.startswith(b"<?xml version='1.0' encoding='ISO-8859-1'?>")
    assert b"\xc9va B&#337;r\xf6nd, 3 &#8364;" in written
    assert read(part, written) == document
    assert read(part, codec_for(Part(CONTENT, media="application/xml")).write(document)) == document


def test_an_item_of_a_list_is_a_document_of_its_own_with_what_is_inside() -> None:
    line = Shape("Ligne", Kind.OBJECT, repeated=True, children=(FIELD,))
    feed = inside(Part(Shape("Liste", Kind.OBJECT, children=(line,)), media="text/xml"), at="Ligne.Contenu")
    item = feed.item("Ligne")

    assert read(item, codec_for(item).write(ANNA)) == ANNA
    assert codec_for(item).write(ANNA).startswith(b"<Ligne><Contenu>&lt;")
