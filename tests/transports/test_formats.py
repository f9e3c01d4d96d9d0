"""Formats that a connector adds to its contract: mapped, checked, sent and taken like what the contract says itself."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from lxml import etree

from hub.assembly import assemble
from hub.call import Reply
from hub.catalogue import Catalogue, load_catalogue
from hub.catalogue.proof import prove
from hub.catalogue.reading import inspect
from hub.codecs import codec_for
from hub.codecs.attribute_values import with_values_in
from hub.contract import Kind, Part, Shape
from hub.doubles import RunningDouble, Stage, load_double
from hub.endpoints.app import build_app
from hub.errors import MessageError
from hub.settings import read_settings
from hub.transports.answer import read_answer, values_at
from tests.transports.two_formats import build

PES = Path(__file__).parents[3] / "shared" / "contracts" / "pes"
INVOICE = {
    "number": "F-1",
    "supplier": "Évrard & Cie",
    "remark": "Livré l'été",
    "lines": [{"label": "Bac ; 120 l", "amount": "12.5"}, {"label": 'Bac "vert"', "amount": "7"}],
}
TITLES = "E000042\r\nTDUPONT      000001250\r\nTÉVRARD      000000000\r\n".encode("iso-8859-1")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return build(tmp_path / "installation")


@pytest.fixture
def catalogue(root: Path) -> Catalogue:
    return load_catalogue(root)


@pytest.fixture
async def double(root: Path) -> AsyncIterator[RunningDouble]:
    running = load_double(root / "connectors" / "finance", Stage(credentials=False), root=root)
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
async def portal(root: Path, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The portal, at the door of a hub that does not deliver."""
    environment = {
        "HUB_ROOT": str(root),
        "HUB_DATABASE": f"sqlite:///{tmp_path / 'hub.db'}",
        "HUB_KEYRING": str(tmp_path / "hub.keys"),
        "HUB_NODE": "node-1",
        "HUB_BALLAST": "0",
    }
    hub = await assemble(read_settings(environment))
    key = await hub.desk.issue_key("portal", "default", ("send:*", "status:own"), actor="test")
    headers = {"Authorization": f"Bearer {key}"}
    transport = httpx.ASGITransport(app=build_app(hub))
    async with httpx.AsyncClient(transport=transport, base_url="http://hub.test", headers=headers) as client:
        yield client
    await hub.transport.close()
    await hub.ledger.close()


def told(catalogue: Catalogue, exchange: str, document: Mapping[str, Any]) -> dict[str, Any]:
    translation = catalogue.exchange(exchange).translation
    reading = translation.read("portal", document)
    return translation.write("finance", reading.record, reading.files)


def part(catalogue: Catalogue, operation: str, application: str = "finance") -> Part:
    found = catalogue.connectors[application].operation(operation).input
    assert found is not None
    return found


def test_a_mapping_goes_through_a_field_into_the_document_that_it_holds(catalogue: Catalogue) -> None:
    document = told(catalogue, "invoice", INVOICE)

    sent = json.loads(codec_for(part(catalogue, "deposit")).write(document))

    assert "<demandeur><nom>Évrard &amp; Cie</nom></demandeur>" in etree.tostring(
        etree.fromstring(sent["contenu"]), encoding="unicode"
    ).replace("ns0:", "")
    assert base64.b64decode(sent["fichier"]).decode("iso-8859-1") == (
        'Libellé;Montant TTC\r\n"Bac ; 120 l";12,5\r\n"Bac ""vert""";7\r\n'
    )
    assert json.loads(base64.b64decode(sent["annexe"])) == {"numero": "F-1"}
    assert codec_for(part(catalogue, "deposit")).read(json.dumps(sent).encode()) == document


def test_the_laws_hold_through_formats(catalogue: Catalogue) -> None:
    cards, report = prove(catalogue)

    assert report.findings == ()
    assert all(count for card in cards for count in card.laws.values())


@pytest.mark.parametrize(
    ("field", "inner", "path"),
    [
        ("contenu", {"demandeur": {"nom": "x" * 21}}, "contenu.demandeur.nom"),
        ("annexe", {"numero": "123456789"}, "annexe.numero"),
    ],
)
def test_each_document_in_a_field_is_held_against_its_own_contract(
    catalogue: Catalogue, field: str, inner: dict[str, Any], path: str
) -> None:
    deposit = part(catalogue, "deposit")
    document = {"contenu": {"demandeur": {"nom": "x"}}, field: inner}

    problems = deposit.check(codec_for(deposit).write(document))

    assert [problem.path for problem in problems] == [path]
    assert problems[0].text.en.startswith(f"{field}: ")


async def test_a_double_reads_and_refuses_what_is_inside(catalogue: Catalogue, double: RunningDouble) -> None:
    document = told(catalogue, "invoice", INVOICE)
    body = codec_for(part(catalogue, "deposit")).write(document)
    spoilt = json.dumps({**json.loads(body), "contenu": "<Contenu/>"}).encode()

    async with httpx.AsyncClient(trust_env=False) as client:
        good = await client.post(f"{double.address}/envelopes", content=body)
        bad = await client.post(f"{double.address}/envelopes", content=spoilt)

    assert (good.status_code, bad.status_code) == (204, 422)
    assert double.calls[0].document == document
    assert "contenu" in bad.json()["detail"]


async def test_lines_are_taken_from_one_application_and_written_for_another(
    catalogue: Catalogue, portal: httpx.AsyncClient, double: RunningDouble
) -> None:
    text = {"Content-Type": "text/plain; charset=ISO-8859-1"}

    taken = await portal.post("/api/v1/exchanges/titles/messages", content=TITLES, headers=text)
    document = told(catalogue, "titles", codec_for(part(catalogue, "lines", "portal")).read(TITLES))
    titles = part(catalogue, "titles")
    async with httpx.AsyncClient(trust_env=False) as client:
        media = {"Content-Type": titles.content_type}
        answer = await client.post(f"{double.address}/titres", content=codec_for(titles).write(document), headers=media)

    assert taken.status_code == 202, taken.text
    assert taken.json()["reference"] == "42"
    assert codec_for(titles).write(document) == TITLES
    assert titles.content_type == "text/csv; charset=iso-8859-1"
    assert answer.headers["Content-Type"] == "text/plain; charset=iso-8859-1"
    assert answer.content == b"E000042\r\nF     0\r\n"
    assert [call.document for call in double.calls] == [document]


@pytest.mark.parametrize(
    ("body", "media", "status", "words"),
    [
        (TITLES, "text/plain; charset=utf-8", 415, "ISO-8859-1"),
        (TITLES, "application/json", 415, "text/plain"),
        (TITLES.replace(b"000001250", b"00001250"), "text/plain", 422, "line 2"),
        (TITLES.replace(b"DUPONT", b"D\x80PONT"), "text/plain", 400, "line 2"),
    ],
)
async def test_lines_that_are_not_as_laid_out_are_refused_at_the_door(
    portal: httpx.AsyncClient, body: bytes, media: str, status: int, words: str
) -> None:
    headers = {"Content-Type": media, "Accept-Language": "en"}

    refused = await portal.post("/api/v1/exchanges/titles/messages", content=body, headers=headers)

    assert refused.status_code == status
    assert words in refused.text


@pytest.mark.parametrize(("body", "whole"), [(TITLES, True), (TITLES[:-4], False)])
def test_an_answer_in_lines_is_read_whole_or_said_not_to_be(catalogue: Catalogue, body: bytes, whole: bool) -> None:
    operation = catalogue.connectors["finance"].operation("titles")
    reply = Reply(200, {"content-type": "text/plain; charset=ISO-8859-1"}, body)

    answer = read_answer(reply, operation)

    assert answer.whole is whole
    assert list(values_at(answer.document, "titres.tiers")) == (["DUPONT", "ÉVRARD"] if whole else [])


async def test_a_letter_that_the_receiver_cannot_keep_is_refused_at_the_door(portal: httpx.AsyncClient) -> None:
    headers = {"Accept-Language": "fr"}

    refused = await portal.post(
        "/api/v1/exchanges/invoice/messages", json={**INVOICE, "supplier": "Bőrönd"}, headers=headers
    )

    assert refused.status_code == 422
    assert [error["row"] for error in refused.json()["errors"]] == ["supplier"]
    assert "« ő » ne peut être conservé par finance (ISO-8859-1)" in refused.text


def test_nearest_letters_are_a_loss_that_hub_check_shows(root: Path) -> None:
    connector = root / "connectors/finance/connector.yaml"
    connector.write_text(connector.read_text().replace("others: refuse", "others: transliterate"))
    catalogue = load_catalogue(root)

    document = told(catalogue, "invoice", {**INVOICE, "supplier": "Bőrönd"})
    cards, report = prove(catalogue)

    assert document["contenu"]["demandeur"]["nom"] == "Borönd"
    assert report.findings == ()
    assert [card.losses for card in cards if card.exchange == "invoice"] == [
        ("number, supplier, remark, lines.label (finance): œ → oe, € → EUR, ’ → ', ő → o, Ğ → G … (ISO-8859-1)",)
    ]


def test_an_attributes_only_body_is_mapped_by_plain_names_and_checked_under_them(catalogue: Catalogue) -> None:
    flow = part(catalogue, "flow")
    document = {"Exer": "2026", "Tiers": "Évrard", "Ligne": [{"@Id": "a", "Mt": "12"}]}

    written = codec_for(flow).write(document)

    assert written.startswith(b"<?xml version='1.0' encoding='ISO-8859-1'?>")
    assert b'<Tiers V="\xc9vrard"/>' in written
    assert flow.check(written) == ()
    assert codec_for(flow).read(written) == document
    wrong = codec_for(flow).write({"Exer": "MMXXVI", "Tiers": "x" * 21})
    assert [problem.path for problem in flow.check(wrong)] == ["Exer", "Tiers"]


@pytest.mark.parametrize(
    ("old", "new", "file", "words"),
    [
        ("at: contenu,", "at: contnu,", "connector", "there is no text field “contnu”"),
        ("operation: titles,", "operation: title,", "connector", "this connector has no operation “title”"),
        ("contract: contenu.xsd", "contract: contenue.xsd", "connector", "there is no contract “contenue.xsd”"),
        ("contract: contenu.xsd", "contract: ../portal/contenu.xsd", "connector", "there is no contract"),
        ("root: Contenu", "root: Contenue", "contenu.xsd", "There is no root element"),
        (
            "operation: titles, contract",
            "operation: titles, encoding: utf-8, values_in: V, contract",
            "connector",
            "not XML",
        ),
    ],
)
def test_a_format_that_does_not_fit_is_said_with_its_line(root: Path, old: str, new: str, file: str, words: str) -> None:
    connector = root / "connectors/finance/connector.yaml"
    assert old in connector.read_text()
    connector.write_text(connector.read_text().replace(old, new, 1))

    findings = inspect(root)[1].errors

    assert any(words in found.text.en and file in found.file and found.line for found in findings), findings


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("layout: titres", "layout: titles", "the file is called titres"),
        ("form: fixed", "form: fixe", "“fixe” is not taken here"),
        ("constant: T", "title: T", "nothing tells lines “titres” from the others"),
        ("tiers: {width: 12}", "tiers: {longest: 12}", "the column “tiers” of a fixed layout has no width"),
        ("tiers: {width: 12}", "tiers: {width: 12, start: 1}", "the column “tiers” starts within the one before it"),
        ("constant: E", "constant: EN", "“EN” is longer than the 1 characters of its column"),
        ("tiers: {width: 12}", "tiers: {widht: 12}", "there is no key “widht” here"),
    ],
)
def test_a_wrong_layout_is_said_with_its_line(root: Path, old: str, new: str, words: str) -> None:
    layout = root / "connectors/finance/titres.layout.yaml"
    assert old in layout.read_text()
    layout.write_text(layout.read_text().replace(old, new, 1))

    findings = inspect(root)[1].errors

    assert words in [found.text.en for found in findings if found.file == "connectors/finance/titres.layout.yaml"]
    assert all(found.line for found in findings)


def samples() -> Iterator[Path]:
    yield from sorted(PES.rglob("*.xml")) if PES.is_dir() else ()


@pytest.mark.skipif(not PES.is_dir(), reason="the shared contracts are not here")
@pytest.mark.parametrize("name", [str(sample.relative_to(PES)) for sample in samples()] or ["-"])
def test_a_real_pes_flow_comes_back_canonically_the_same(name: str) -> None:
    data = (PES / name).read_bytes()
    root = etree.fromstring(data, etree.XMLParser(remove_comments=True, remove_blank_text=True))
    flow = with_values_in(Part(shape_of([root]), media="application/xml", encoding="ISO-8859-1"), "V")

    document = codec_for(flow).read(data)
    written = codec_for(flow).write(document)

    assert sum(leaf.held_in == "V" for _, leaf in flow.shape.leaves()) > 10
    assert canonical(written) == canonical(etree.tostring(root))
    assert codec_for(flow).read(written) == document


def canonical(data: bytes) -> str:
    """C14N 2.0 with prefixes by order, so that only what the document says counts."""
    return ElementTree.canonicalize(
        data.decode("iso-8859-1").partition("?>")[2] or data, rewrite_prefixes=True, strip_text=True
    )


def shape_of(elements: list[etree._Element]) -> Shape:
    """The shape that these elements of one name have together: no schema of PES is at hand."""
    first = etree.QName(elements[0])
    attributes = dict.fromkeys(str(name) for each in elements for name in each.attrib)
    groups: dict[str, list[etree._Element]] = {}
    for tag in _in_order(elements):
        groups[tag] = [child for each in elements for child in each if child.tag == tag]
    repeated = {tag for tag in groups if any(sum(child.tag == tag for child in each) > 1 for each in elements)}
    fields = [_repeated(shape_of(found), tag in repeated) for tag, found in groups.items()]
    marks = [
        Shape("@" + etree.QName(name).localname, Kind.TEXT, namespace=etree.QName(name).namespace or "")
        for name in attributes
    ]
    if not fields and not marks:
        return Shape(first.localname, Kind.TEXT, namespace=first.namespace or "")
    return Shape(first.localname, Kind.OBJECT, children=(*marks, *fields), namespace=first.namespace or "")


def _repeated(shape: Shape, repeated: bool) -> Shape:
    return Shape(shape.name, shape.kind, repeated=repeated, children=shape.children, namespace=shape.namespace)


def _in_order(elements: list[etree._Element]) -> list[str]:
    """The tags of the elements' children, each where it first fits among those of the elements before."""
    order: list[str] = []
    for each in elements:
        at = 0
        for child in each:
            tag = str(child.tag)
            if tag not in order:
                order.insert(at, tag)
            at = order.index(tag) + 1
    return order


def test_what_a_real_flow_holds_beside_the_attribute_is_refused_and_never_dropped() -> None:
    value = Shape("Exer", Kind.OBJECT, children=(Shape("@V", Kind.TEXT),))
    flow = with_values_in(Part(Shape("Flux", Kind.OBJECT, children=(value,)), media="application/xml"), "V")

    with pytest.raises(MessageError):
        codec_for(flow).read(b'<Flux><Exer V="2026">2027</Exer></Flux>')
