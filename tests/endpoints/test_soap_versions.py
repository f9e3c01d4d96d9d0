"""One contract with bindings of SOAP 1.1 and 1.2: each caller is answered in its own version."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from lxml import etree

from tests.endpoints.depots import MEDIA, SOAP, Depot, code_of, installed, opened, tell, wsdl
from tests.endpoints.doors import envelope

BOTH = pytest.mark.parametrize("version", ["1.1", "1.2"])


@pytest.fixture
async def depot(tmp_path: Path) -> AsyncIterator[Depot]:
    async with opened(installed(tmp_path, wsdl("1.1", "1.2"))) as found:
        yield found


@BOTH
async def test_a_call_is_answered_in_the_callers_version(depot: Depot, version: str) -> None:
    answer = await depot.call(tell(version=version), version=version)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == MEDIA[version]
    assert etree.fromstring(answer.content).tag == f"{{{SOAP[version]}}}Envelope"
    assert await depot.kept() == 1


@BOTH
async def test_a_fault_is_told_in_the_callers_version(depot: Depot, version: str) -> None:
    answer = await depot.call(tell("wrong", version=version), version=version)

    assert code_of(answer, version) == ("Client" if version == "1.1" else "Sender")


async def test_each_version_has_the_action_of_its_own_binding(depot: Depot) -> None:
    media = "application/soap+xml; action={}"
    statuses = [
        (await depot.call(tell("R-1"), SOAPAction='"urn:tell:11"')).status_code,
        (await depot.call(tell("R-2"), SOAPAction='"urn:tell:12"')).status_code,
        (
            await depot.call(tell("R-3", version="1.2"), version="1.2", Content_Type=media.format('"urn:tell:12"'))
        ).status_code,
        (
            await depot.call(tell("R-4", version="1.2"), version="1.2", Content_Type=media.format('"urn:tell:11"'))
        ).status_code,
    ]

    assert statuses == [200, 500, 200, 400]
    assert await depot.kept() == 2


@pytest.mark.parametrize(("sent", "as_"), [("1.1", "1.2"), ("1.2", "1.1")])
async def test_an_envelope_of_one_version_under_the_content_type_of_the_other_is_a_version_mismatch(
    depot: Depot, sent: str, as_: str
) -> None:
    answer = await depot.call(tell(version=sent), version=as_)

    assert code_of(answer, as_) == "VersionMismatch"
    assert await depot.kept() == 0


MTOM = 'multipart/related; type="application/xop+xml"; start="<a>"; start-info="{0}"; boundary=edge'
SWA = 'multipart/related; type="{0}"; start="<a>"; boundary=edge'
PACKAGES = {"MTOM": (MTOM, 'application/xop+xml; type="{0}"'), "SwA": (SWA, "{0}")}


@BOTH
@pytest.mark.parametrize("said", ["text/xml", "application/soap+xml"])
@pytest.mark.parametrize("kind", PACKAGES)
async def test_a_package_is_of_the_version_of_its_envelope_whatever_its_content_type_says(
    depot: Depot, version: str, said: str, kind: str
) -> None:
    whole, first = (each.format(said) for each in PACKAGES[kind])
    head, end = f"--edge\r\nContent-Type: {first}\r\nContent-ID: <a>\r\n\r\n".encode(), b"\r\n--edge--\r\n"

    taken = await depot.call(head + tell(version=version) + end, Content_Type=whole)
    refused = await depot.call(head + tell("wrong", version=version) + end, Content_Type=whole)

    assert (taken.status_code, taken.headers["content-type"]) == (200, MEDIA[version])
    assert code_of(refused, version) == ("Client" if version == "1.1" else "Sender")


@pytest.mark.parametrize("only", ["1.1", "1.2"])
async def test_a_contract_of_one_version_takes_no_other(tmp_path: Path, only: str) -> None:
    other = {"1.1": "1.2", "1.2": "1.1"}[only]

    async with opened(installed(tmp_path, wsdl(only))) as depot:
        answer = await depot.call(tell(version=other), version=other)

    assert code_of(answer, other) == "VersionMismatch"


ACTIONS = {
    "absent": ({}, 200),
    "empty": ({"SOAPAction": ""}, 200),
    "empty and quoted": ({"SOAPAction": '""'}, 200),
    "unquoted": ({"SOAPAction": "urn:tell:11"}, 200),
    "quoted": ({"SOAPAction": '"urn:tell:11"'}, 200),
    "of another operation": ({"SOAPAction": '"urn:delete:11"'}, 500),
    "with a line break in it": ({"SOAPAction": '"urn:tell:11\\r\\nX-Evil: 1"'}, 500),
}


@pytest.mark.parametrize("name", ACTIONS)
async def test_the_operation_is_the_one_of_the_element_in_the_body_and_an_action_that_says_another_is_refused(
    depot: Depot, name: str
) -> None:
    headers, status = ACTIONS[name]

    answer = await depot.call(tell(), **headers)

    assert answer.status_code == status
    assert await depot.kept() == (status == 200)
    if status != 200:
        assert code_of(answer) == "Client"
        assert "x-evil" not in answer.headers


async def test_an_unknown_element_is_refused_whatever_its_action_says(depot: Depot) -> None:
    answer = await depot.call(envelope('<Drop xmlns="urn:depot"/>'), SOAPAction='"urn:tell:11"')

    assert code_of(answer) == "Client"
    assert await depot.kept() == 0
