"""What is wrong with a call, told in the fault that the contract of the called operation declares."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import zeep
from lxml import etree

from hub.catalogue import inspect
from tests.endpoints.conftest import REPOSITORY
from tests.endpoints.conftest import opened as opened_doors
from tests.endpoints.depots import SOAP, Depot, code_of, fault_of, installed, opened, tell, wsdl
from tests.endpoints.doors import envelope

FAULT = "{urn:depot}Erreur"
DECLARED = ', refusal: {fault: Erreur, detail: {code: "{kind}", libelle: "{reason}", champ: "{path}"}}'


@pytest.fixture(params=["1.1", "1.2"])
async def depot(request: pytest.FixtureRequest, tmp_path: Path):
    """A hub that refuses by the contract's fault, and the version in which it is called."""
    async with opened(installed(tmp_path, wsdl(request.param), more=DECLARED)) as found:
        yield found, request.param


def detail(fault: etree._Element, version: str) -> list[etree._Element]:
    found = fault.find("detail") if version == "1.1" else fault.find(f"{{{SOAP['1.2']}}}Detail")
    assert found is not None
    return list(found)


async def test_a_wrong_message_is_told_in_the_declared_fault_of_either_version(depot: tuple[Depot, str]) -> None:
    hub, version = depot

    answer = await hub.call(tell("wrong", version=version), version=version, Accept_Language="fr")

    (told,) = detail(fault_of(answer, version), version)
    assert code_of(answer, version) == ("Client" if version == "1.1" else "Sender")
    assert told.tag == FAULT
    assert [(etree.QName(each).localname, each.text) for each in told] == [
        ("code", "invalid-message"),
        ("libelle", "Référence : Référence inconnue"),
        ("champ", "Ref"),
    ]
    assert await hub.kept() == 0


async def test_a_zeep_client_reads_the_declared_fault_by_its_contract(depot: tuple[Depot, str], tmp_path: Path) -> None:
    hub, version = depot
    answer = await hub.call(tell("wrong", version=version), version=version)
    contract = zeep.Client(str(tmp_path / "connectors" / "depot" / "depot.wsdl"))

    (told,) = detail(fault_of(answer, version), version)
    read = contract.get_element(FAULT).parse(told, contract.wsdl.types)

    assert read.code == "invalid-message"


async def test_words_that_are_too_long_for_the_contract_are_cut(depot: tuple[Depot, str]) -> None:
    hub, version = depot
    wrong = envelope('<Tell xmlns="urn:depot"><Ref/></Tell>', version=version)

    answer = await hub.call(wrong, version=version)

    (told,) = detail(fault_of(answer, version), version)
    assert told.tag == FAULT
    assert 0 < len(told.findtext("{urn:depot}libelle") or "") <= 40


async def test_a_key_that_was_used_for_other_content_is_a_declared_fault_without_a_field(depot: tuple[Depot, str]) -> None:
    hub, version = depot
    await hub.call(tell("R-1", version=version), version=version, Idempotency_Key="same")

    answer = await hub.call(tell("R-2", version=version), version=version, Idempotency_Key="same")

    (told,) = detail(fault_of(answer, version), version)
    assert told.tag == FAULT
    assert told.find("{urn:depot}champ") is None


async def test_what_is_no_refusal_of_the_message_keeps_the_hubs_own_detail(depot: tuple[Depot, str]) -> None:
    hub, version = depot
    other = envelope('<Other xmlns="urn:depot"/>', version=version)

    answers = [
        await hub.call(tell("R-1", version=version), version=version, key=""),
        await hub.call(other, version=version),
    ]

    for answer in answers:
        assert [each.tag for each in detail(fault_of(answer, version), version)] == ["{urn:hub:problem}problems"]


WRONG = {
    "unknown fault": ("{fault: Fault, detail: {code: a, libelle: b}}", "declares no fault “Fault”", "Erreur"),
    "unknown word": ('{fault: Erreur, detail: {code: "{kinds}", libelle: b}}', "nothing is known as {kinds}", "kind"),
    "unknown field": ("{fault: Erreur, detail: {code: a, libele: b}}", "would not fit the contract", ""),
    "missing field": ('{fault: Erreur, detail: {code: "{kind}"}}', "would not fit the contract", ""),
    "too long": (f"{{fault: Erreur, detail: {{code: {'a' * 31}, libelle: b}}}}", "would not fit the contract", ""),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_refusal_that_does_not_fit_the_contract_is_found_by_the_check(tmp_path: Path, name: str) -> None:
    refusal, says, right = WRONG[name]

    _, report = inspect(installed(tmp_path, wsdl("1.1"), more=f", refusal: {refusal}"))

    found = [finding for finding in report.errors if says in finding.text.en]
    assert found, [finding.text.en for finding in report.errors]
    assert found[0].file.endswith("connector.yaml") and found[0].line
    assert right in (found[0].right.en if found[0].right else "")


async def test_the_civil_status_application_is_refused_in_its_own_fault(tmp_path: Path) -> None:
    for name in ("connectors", "mappings", "schedules"):
        shutil.copytree(REPOSITORY / name, tmp_path / name)
    types = "urn:exemple:etatcivil:types:1"

    async with opened_doors(tmp_path, tmp_path) as doors:
        key = await doors.hub.desk.issue_key("civil-status", "default", ("send:*",), actor="test")
        wrong = envelope(f'<CertificateProgress xmlns="{types}"><NumDossier>D-1</NumDossier></CertificateProgress>')
        answer = await doors.call(wrong, connector="civil-status", key=key, Accept_Language="fr")

    (told,) = detail(fault_of(answer), "1.1")
    assert told.tag == f"{{{types}}}FonctionnelleErreur", answer.text
    assert told.findtext(f"{{{types}}}code") == "invalid-message"
