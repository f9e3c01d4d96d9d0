"""A schema gives the shape that documents are read by, and a check that speaks plainly."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest

from hub.codecs import codec_for
from hub.contract import Kind, Part
from hub.errors import ConfigurationError
from hub.transports.xsd import load_xsd

SHARED = Path(__file__).parents[2] / ".." / "shared" / "contracts"
needs_shared = pytest.mark.skipif(not SHARED.exists(), reason="the folder `shared` is not beside the repository")

HEAD = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="urn:t" targetNamespace="urn:t">'

EVERYTHING = """
<xs:simpleType name="Code"><xs:restriction base="xs:string">
  <xs:pattern value="[A-Z]\\d+"/><xs:pattern value="\\i\\c*"/><xs:maxLength value="8"/></xs:restriction></xs:simpleType>
<xs:simpleType name="Short"><xs:restriction base="Code"><xs:pattern value=".{2,4}"/></xs:restriction></xs:simpleType>
<xs:simpleType name="Partial"><xs:union memberTypes="xs:date xs:gYear xs:gYearMonth"/></xs:simpleType>
<xs:simpleType name="Either"><xs:union><xs:simpleType><xs:restriction base="xs:string"><xs:enumeration value="A"/>
  </xs:restriction></xs:simpleType><xs:simpleType><xs:restriction base="xs:string"><xs:enumeration value="B"/>
  </xs:restriction></xs:simpleType></xs:union></xs:simpleType>
<xs:simpleType name="Price"><xs:restriction base="xs:decimal"><xs:totalDigits value="7"/><xs:fractionDigits value="2"/>
  <xs:minInclusive value="0"/><xs:maxInclusive value="99999.99"/></xs:restriction></xs:simpleType>
<xs:complexType name="Person"><xs:sequence><xs:element name="Name" type="xs:string"/>
  <xs:element name="Parent" type="Person" minOccurs="0"/></xs:sequence></xs:complexType>
<xs:complexType name="Agent"><xs:complexContent><xs:extension base="Person"><xs:sequence>
  <xs:element name="Grade" type="xs:string"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>
<xs:complexType name="Money"><xs:simpleContent><xs:extension base="Price">
  <xs:attribute name="currency" type="xs:string" default="EUR"/></xs:extension></xs:simpleContent></xs:complexType>
<xs:group name="Times"><xs:sequence><xs:element name="From" type="xs:time"/><xs:element name="To" type="xs:time"/>
</xs:sequence></xs:group>
<xs:element name="Contact" abstract="true"/>
<xs:element name="Mail" type="xs:string" substitutionGroup="Contact"/>
<xs:element name="Phone" type="xs:string" substitutionGroup="Contact"/>
<xs:element name="R"><xs:annotation><xs:documentation>The  whole.</xs:documentation></xs:annotation><xs:complexType>
  <xs:sequence>
  <xs:element name="Short" type="Short"/>
  <xs:element name="Born" type="Partial"/>
  <xs:element name="Either" type="Either" minOccurs="0"/>
  <xs:element name="Price" type="Money" maxOccurs="3"/>
  <xs:element name="Agent" type="Agent" minOccurs="0"/>
  <xs:choice><xs:element name="One" type="xs:int"/><xs:sequence><xs:element name="Two" type="xs:positiveInteger"/>
    <xs:element name="Three" type="xs:boolean"/></xs:sequence></xs:choice>
  <xs:group ref="Times" minOccurs="0"/>
  <xs:element ref="Contact" minOccurs="0"/>
  <xs:element name="Codes" minOccurs="0"><xs:simpleType><xs:list itemType="xs:int"/></xs:simpleType></xs:element>
  <xs:element name="Anything" minOccurs="0"/>
  <xs:element name="Mixed" minOccurs="0"><xs:complexType mixed="true"><xs:sequence>
    <xs:element name="b" type="xs:string" minOccurs="0"/></xs:sequence></xs:complexType></xs:element>
  <xs:any namespace="##other" processContents="skip" minOccurs="0" maxOccurs="unbounded"/>
  </xs:sequence></xs:complexType></xs:element>
"""

WHOLE = {
    "Short": "A12",
    "Born": "1980-05",
    "Either": "B",
    "Price": [{"@currency": "EUR", "#text": "12.50"}, {"@currency": "CHF", "#text": "1"}],
    "Agent": {"Name": "x", "Parent": {"Name": "y"}, "Grade": "z"},
    "Two": "2",
    "Three": "true",
    "From": "08:00:00",
    "To": "09:00:00",
    "Phone": "0102030405",
    "Codes": "1 2 3",
    "Anything": "free",
    "Mixed": "a<b>c</b>d",
    "#any": '<o xmlns="urn:other">1</o><p xmlns="urn:other"></p>',
}


@pytest.fixture
def everything(tmp_path: Path) -> Part:
    return loaded(tmp_path, EVERYTHING, "R")


def loaded(folder: Path, content: str, root: str) -> Part:
    (folder / "t.xsd").write_text(f"{HEAD}{content}</xs:schema>", encoding="utf-8")
    return load_xsd(folder / "t.xsd", root)


def kinds(part: Part) -> dict[str, Kind]:
    return {path: leaf.kind for path, leaf in part.shape.leaves()}


def test_every_kind_of_component_has_its_shape(everything: Part) -> None:
    shape = everything.shape
    short, price, either = shape.at("Short"), shape.at("Price.#text"), shape.at("Either")

    assert kinds(everything) | {"Born": Kind.TEXT, "Codes": Kind.TEXT, "Anything": Kind.ANY} == kinds(everything)
    assert kinds(everything) | {"Mixed": Kind.ANY, "#any": Kind.ANY, "From": Kind.TIME} == kinds(everything)
    assert short and short.longest == 8 and len(short.patterns) == 2
    assert all(re.fullmatch(pattern, "A12") for pattern in short.patterns)
    assert price and (price.kind, price.digits, price.decimals) == (Kind.DECIMAL, 7, 2)
    assert price and (price.lowest, price.highest) == ("0", "99999.99")
    assert either and either.values == ("A", "B")
    assert shape.note == "The whole."


def test_a_choice_names_what_stands_for_each_alternative(everything: Part) -> None:
    shape = everything.shape
    one, two = shape.at("One"), shape.at("Two")

    assert shape.choices == (("One", "Two"), ("Mail", "Phone"))
    assert one and not one.required
    assert two and not two.required and two.lowest == "1"


def test_a_type_within_itself_is_followed_twice_and_then_left_open(everything: Part) -> None:
    parent = everything.shape.at("Agent.Parent.Parent.Parent")

    assert everything.shape.at("Agent.Parent.Parent.Name") is not None
    assert parent and parent.kind is Kind.ANY


def test_a_whole_document_fits_and_comes_back(everything: Part) -> None:
    codec = codec_for(everything)

    written = codec.write(WHOLE)

    assert everything.check(written) == ()
    assert codec.read(written) == WHOLE


def test_the_members_of_repeated_content_are_lists(tmp_path: Path) -> None:
    group = '<xs:sequence maxOccurs="unbounded"><xs:element name="a" type="xs:string"/></xs:sequence>'
    part = loaded(tmp_path, f'<xs:element name="R"><xs:complexType>{group}</xs:complexType></xs:element>', "R")

    assert part.shape.children[0].repeated


def test_fields_that_repeat_together_are_written_row_by_row(tmp_path: Path) -> None:
    fields = '<xs:element name="a" type="xs:string"/><xs:element name="b" type="xs:int"/>'
    group = f'<xs:sequence maxOccurs="unbounded">{fields}</xs:sequence>'
    part = loaded(tmp_path, f'<xs:element name="R"><xs:complexType>{group}</xs:complexType></xs:element>', "R")
    document = {"a": ["x", "y"], "b": ["1", "2"]}

    written = codec_for(part).write(document)

    assert part.shape.rows == (("a", "b"),)
    assert b"<a>x</a><b>1</b><a>y</a><b>2</b>" in written
    assert part.check(written) == ()
    assert codec_for(part).read(written) == document


def test_two_children_of_one_name_in_two_namespaces_are_kept_as_open_content(tmp_path: Path) -> None:
    children = '<xs:element ref="a"/><xs:element name="a" type="xs:string"/>'
    inner = f"<xs:complexType><xs:sequence>{children}</xs:sequence></xs:complexType>"
    outer = f'<xs:sequence><xs:element name="In">{inner}</xs:element></xs:sequence>'
    root = f'<xs:element name="R"><xs:complexType>{outer}</xs:complexType></xs:element>'

    part = loaded(tmp_path, f'<xs:element name="a" type="xs:string"/>{root}', "R")

    assert part.shape.children[0].kind is Kind.ANY


@pytest.mark.parametrize(
    ("content", "path", "words"),
    [
        ("<Short>1</Short>", "Short", "doit avoir la forme"),
        ("<Short>A123456789</Short>", "Short", "8 caractères au plus"),
        ("<Short>A12</Short><Born>hier</Born>", "Born", "doit être un texte"),
        ("<Short>A12</Short><Born>1980</Born><Price>-1</Price>", "Price", "au moins 0"),
        ("<Short>A12</Short><Born>1980</Born><Price>1.234</Price>", "Price", "2 décimales au plus"),
        ("<Short>A12</Short><Born>1980</Born><Price c='1'>1</Price>", "Price.@c", "l'attribut c n'est pas au contrat"),
        ("<Short/><Born>1980</Born><Price>1</Price>", "Short", "doit avoir la forme"),
        ("<Born>1980</Born>", "Born", "attendu ici : Short"),
        ("<Short>A12</Short>", "", "incomplet, attendu ici : Born"),
    ],
)
def test_the_check_speaks_plainly(everything: Part, content: str, path: str, words: str) -> None:
    problems = everything.check(f'<t:R xmlns:t="urn:t">{content}</t:R>'.encode())

    assert (path, True) in [(problem.path, words in problem.text.fr) for problem in problems]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("secret", "R : du texte se trouve entre ses champs, là où rien n'est attendu."),
        ("<a><secret/></a>", "a : contient des champs, là où une valeur est attendue."),
        ("<f>secret</f>", "f : doit être X."),
        ("<e>secret</e>", "e : doit être vide."),
        ("<abs/>", "abs : son type n'est qu'un cadre : xsi:type doit dire lequel c'est."),
        ('<a i:type="secret">x</a>', "a : son xsi:type n'est pas un type du contrat."),
        ('<z xmlns="urn:z"/>', "z : aucun schéma du contrat ne déclare cet élément."),
        ('<k id="secret"/><k id="secret"/>', "k[2] : la même clé figure deux fois, ou renvoie à une clé absente."),
    ],
)
def test_rare_faults_are_said_in_both_languages_without_their_value(tmp_path: Path, content: str, words: str) -> None:
    fields = """<xs:element name="R"><xs:complexType><xs:sequence>
      <xs:element name="a" type="xs:string" minOccurs="0"/><xs:element name="f" type="xs:string" fixed="X" minOccurs="0"/>
      <xs:element name="e" minOccurs="0"><xs:complexType/></xs:element><xs:element name="abs" type="A" minOccurs="0"/>
      <xs:element name="k" minOccurs="0" maxOccurs="9"><xs:complexType><xs:attribute name="id" type="xs:string"/>
      </xs:complexType></xs:element><xs:any namespace="##other" minOccurs="0"/></xs:sequence></xs:complexType>
      <xs:unique name="u"><xs:selector xpath="k"/><xs:field xpath="@id"/></xs:unique></xs:element>
      <xs:complexType name="A" abstract="true"/>"""
    part = loaded(tmp_path, fields, "R")

    problems = part.check(
        f'<t:R xmlns:t="urn:t" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">{content}</t:R>'.encode()
    )

    assert words in [problem.text.fr for problem in problems]
    assert not any("secret" in said for problem in problems for said in (problem.text.en, problem.text.fr))


def test_checks_in_several_threads_do_not_mix_their_problems(everything: Part) -> None:
    mixed: list[str] = []

    def work(content: str, path: str) -> None:
        for _ in range(50):
            problems = everything.check(f'<t:R xmlns:t="urn:t">{content}</t:R>'.encode())
            if problems[0].path != path:
                mixed.append(problems[0].path)

    cases = [("<Short>a</Short>", "Short"), ("<Born>1980</Born>", "Born"), ("<Nowhere/>", "Nowhere")]
    threads = [threading.Thread(target=work, args=case) for case in cases * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert mixed == []


@needs_shared
def test_the_civil_status_schema_has_its_shape_and_check() -> None:
    part = load_xsd(SHARED / "etat-civil" / "demandeEtatCivil.xsd", "demandeEtatCivil")
    nature, born = part.shape.at("natureDocument"), part.shape.at("evenement.interesse.naissance.date")
    person = {"noms": {"nomDeFamille": "Été"}, "naissance": {"date": "1980-05"}}
    event = {
        "interesse": person,
        "natureEvenement": "NAI",
        "dateEvenement": {"dateDebut": "1980-05-01"},
        "lieuEvenement": {"ville": "Lyon"},
        "natureReconnaissance": "",
    }
    document = {
        "identifiant": "1",
        "natureDocument": "CPI",
        "nbExemplaire": "2",
        "dateDemande": "2026-03-31T14:05:00",
        "evenement": event,
    }

    written = codec_for(part).write(document)
    problems = part.check(codec_for(part).write({**document, "natureDocument": "XX"}))

    assert nature and nature.values == ("CPI", "EXTAF", "EXTSF", "EXTPL")
    assert born and born.kind is Kind.TEXT
    assert part.check(written) == ()
    assert codec_for(part).read(written) == document
    assert [problem.path for problem in problems] == ["natureDocument"]
    assert problems[0].accepted == ("CPI", "EXTAF", "EXTSF", "EXTPL")


def test_an_unknown_root_is_answered_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        loaded(tmp_path, EVERYTHING, "Nowhere")

    right = caught.value.findings[0].right
    assert right and "R" in right.fr


@pytest.mark.parametrize(
    "content",
    [
        '<xs:element name="R" type="Nowhere"/>',
        '<xs:element name="R" type="xs:nowhere"/>',
        '<xs:element name="R"><xs:complexType><xs:all><xs:all/></xs:all></xs:complexType></xs:element>',
        '<xs:element name="R" type="xs:string"/><xs:element name="R" type="xs:string"/>',
        '<xs:include schemaLocation="http://example.org/x.xsd"/>',
        '<xs:redefine schemaLocation="../x.xsd"/>',
        '<xs:include schemaLocation="t.json"/>',
        "<nonsense/>",
    ],
)
def test_a_schema_that_is_not_sound_is_a_configuration_error_with_its_file(tmp_path: Path, content: str) -> None:
    (tmp_path / "t.json").write_text("{}", encoding="utf-8")

    with pytest.raises(ConfigurationError) as caught:
        loaded(tmp_path, f'{content}<xs:element name="Other" type="xs:string"/>', "R")

    finding = caught.value.findings[0]
    assert finding.file in ("t.xsd", "t.json")
    assert finding.text.fr


def test_the_line_of_a_schema_error_is_that_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        loaded(tmp_path, '\n\n<xs:element name="A"\n  type="xs:string"/>\n<xs:element name="R" type="Nowhere"/>', "R")

    assert caught.value.findings[0].line == 5
