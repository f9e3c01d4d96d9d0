"""A national certificate request, as the platform publishes it, becomes what the town's registry takes, and comes back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from hub.codecs import codec_for
from hub.contract import Kind, Part, Shape
from hub.specs.load import load
from hub.specs.mapping import Mapping
from hub.translation import Translation, compile_mapping
from hub.transports.xsd import load_xsd

HERE = Path(__file__).parent / "hubee"
CONTRACTS = Path(__file__).parents[2].parent / "shared" / "contracts"
pytestmark = pytest.mark.skipif(not CONTRACTS.is_dir(), reason="the published contracts are not beside this repository")

BESIDE = {"@caseId": "NAI-2026-11-00042", "@sentAt": "2026-11-20T09:12:44+01:00"}
"""What the platform says of a folder beside the document that is in it."""


@pytest.fixture(scope="module")
def national() -> Part:
    return load_xsd(HERE / "envelope.xsd", "EnveloppeMetierType")


@pytest.fixture(scope="module")
def registry() -> Part:
    return load_xsd(CONTRACTS / "etat-civil" / "demandeEtatCivil.xsd", "demandeEtatCivil")


@pytest.fixture(scope="module")
def translation(national: Part, registry: Part) -> Translation:
    spec, _ = load(HERE / "certificate-request.yaml", Mapping, shown="certificate-request.yaml")
    parameters = tuple(Shape(name, Kind.TEXT, required=True, location="header") for name in BESIDE)
    shape = replace(national.shape, children=(*national.shape.children, *parameters))
    return compile_mapping(spec, shapes={"hubee": {"in": shape}, "registry": {"out": registry.shape}}, replies={}, tables={})


@pytest.fixture(scope="module")
def sample() -> bytes:
    return (CONTRACTS / "hubee" / "samples" / "ETATCIVIL" / "ActeEtatCivil-XML.xml").read_bytes()


def test_the_published_sample_becomes_a_document_that_the_registry_s_schema_takes(
    translation: Translation, national: Part, registry: Part, sample: bytes
) -> None:
    reading = translation.read("hubee", {**codec_for(national).read(sample), **BESIDE})
    written = codec_for(registry).write(translation.write("registry", reading.record, reading.files))

    schema = etree.XMLSchema(etree.parse(CONTRACTS / "etat-civil" / "demandeEtatCivil.xsd"))
    schema.assertValid(etree.fromstring(written))
    assert registry.check(written) == ()
    found = etree.fromstring(written)
    assert found.findtext("natureDocument") == "CPI"
    assert found.findtext("evenement/natureEvenement") == "NAI"
    assert found.findtext("demandeur/individu/noms/nomDeFamille") == "L'heritier"
    assert found.findtext("evenement/interesse/naissance/lieu/province") == "Paris"


def test_the_registry_s_document_comes_back_as_the_published_sample(
    translation: Translation, national: Part, registry: Part, sample: bytes
) -> None:
    sent = {**codec_for(national).read(sample), **BESIDE}
    reading = translation.read("hubee", sent)
    carried = codec_for(registry).write(translation.write("registry", reading.record, reading.files))

    back = translation.read("registry", codec_for(registry).read(carried), direction="out")
    again = translation.write("hubee", back.record, back.files, direction="in", onto=sent)

    assert back.record == reading.record
    assert again == sent
    assert canonical(codec_for(national).write({k: v for k, v in again.items() if k not in BESIDE})) == canonical(sample)


def canonical(data: bytes) -> str:
    return etree.canonicalize(etree.tostring(etree.fromstring(data)).decode(), strip_text=True)
