"""The SOAP door: an application's contract served; every refusal is a fault that names each row."""

from __future__ import annotations

import base64
import logging

import pytest
from lxml import etree

from tests.endpoints.doors import Doors, bin_request, envelope, order_change, username_token

SOAP_11 = "{http://schemas.xmlsoap.org/soap/envelope/}"
SOAP_12 = "{http://www.w3.org/2003/05/soap-envelope}"
PROBLEM = "{urn:hub:problem}"
ACTION = '"urn:exemple:dechets:service:1:NotifyOrderChange"'


def fault(content: bytes) -> tuple[str, str]:
    """The code and the text of a SOAP 1.1 fault."""
    root = etree.fromstring(content)
    found = root.find(f"{SOAP_11}Body/{SOAP_11}Fault")
    assert found is not None, content
    return (found.findtext("faultcode") or "").partition(":")[2], found.findtext("faultstring") or ""


async def test_a_good_call_is_answered_as_the_connector_says(doors: Doors) -> None:
    answer = await doors.call(envelope(order_change()), SOAPAction=ACTION)

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/xml")
    types = "{urn:exemple:dechets:types:1}"
    said = etree.fromstring(answer.content).find(f"{SOAP_11}Body/{types}NotifyOrderChangeResponse")
    assert said is not None
    assert [child.text for child in said] == ["0", "Pris en compte"]
    assert await doors.kept() == 1


async def test_every_error_of_a_call_is_in_the_fault_in_the_language_asked_for(doors: Doors) -> None:
    wrong = order_change(
        "<NumIntervention>I-000001</NumIntervention><RefExterne>D-1</RefExterne>"
        "<Statut>77</Statut><DateModif>hier</DateModif>"
    )

    english = await doors.call(envelope(wrong), Accept_Language="en")
    french = await doors.call(envelope(wrong), Accept_Language="fr")

    for answer in (english, french):
        assert answer.status_code == 500
        assert fault(answer.content)[0] == "Client"
        problems = etree.fromstring(answer.content).findall(f".//{PROBLEM}problem")
        assert {"status", "changed_on"} <= {problem.get("row") for problem in problems}
        assert {"Statut", "DateModif"} <= {problem.get("path") for problem in problems}
        assert {"Statut", "Changé le"} <= {problem.get("label") for problem in problems}
    texts = [{each.text for each in etree.fromstring(answer.content).iter(f"{PROBLEM}text")} for answer in (english, french)]
    assert texts[0] != texts[1]
    assert await doors.kept() == 0


REFUSED = {
    "cut": (envelope(order_change())[:-20], "Client"),
    "empty": (b"", "Client"),
    "two roots": (b"<a/><b/>", "Client"),
    "undeclared prefix": (b"<x:a/>", "Client"),
    "no envelope": (order_change().encode(), "Client"),
    "no body": (b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"/>', "Client"),
    "empty body": (envelope(""), "Client"),
    "wrong root": (envelope(order_change(root="Other")), "Client"),
    "root of another namespace": (envelope("<NotifyOrderChange/>"), "Client"),
    "an operation that the application offers, not we": (envelope(order_change(root="CreateOrder")), "Client"),
    "DOCTYPE": (b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + envelope(order_change()), "Client"),
    "external DOCTYPE": (b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd">' + envelope(order_change()), "Client"),
    "depth": (envelope("<a>" * 300 + "</a>" * 300), "Client"),
    "UTF-7": (b'<?xml version="1.0" encoding="UTF-7"?>' + envelope(order_change()), "Client"),
    "SOAP 1.2 envelope": (envelope(order_change(), version="1.2"), "VersionMismatch"),
    "unknown envelope": (b'<s:Envelope xmlns:s="urn:x"><s:Body/></s:Envelope>', "VersionMismatch"),
    "header to be understood": (
        envelope(order_change(), header='<x:T xmlns:x="urn:x" s:mustUnderstand="1"/>'),
        "MustUnderstand",
    ),
    "missing field": (envelope(order_change("<RefExterne>D-1</RefExterne>")), "Client"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_is_wrong_is_a_fault_and_nothing_is_kept(doors: Doors, name: str) -> None:
    body, code = REFUSED[name]

    answer = await doors.call(body)

    assert answer.status_code == 500
    assert fault(answer.content)[0] == code
    assert fault(answer.content)[1]
    assert await doors.kept() == 0
    assert (await doors.call(envelope(order_change()))).status_code == 200


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("unknown envelope", "This envelope is neither SOAP 1.1 nor SOAP 1.2."),
        ("header to be understood", "The SOAP header T is not understood here."),
    ],
)
async def test_a_caller_of_another_soap_is_told_so_and_no_operator_is_called(
    doors: Doors, caplog: pytest.LogCaptureFixture, name: str, words: str
) -> None:
    answer = await doors.call(REFUSED[name][0], Accept_Language="en")

    assert answer.status_code == 500
    assert fault(answer.content)[1] == words
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]


async def test_a_body_that_is_too_large_is_cut(doors: Doors, chunks) -> None:
    whole = await doors.call(b" " * (20 * 1024 * 1024))
    chunked = await doors.client.post(
        "/soap/waste",
        content=chunks(20 * 1024 * 1024),
        headers={"X-API-Key": doors.waste, "Content-Type": "text/xml"},
    )

    assert (whole.status_code, chunked.status_code) == (413, 413)
    assert fault(whole.content)[0] == fault(chunked.content)[0] == "Client"
    assert await doors.kept() == 0


@pytest.mark.parametrize("media", ["application/json", "", "text/plain"])
async def test_another_content_type_is_refused(doors: Doors, media: str) -> None:
    answer = await doors.call(envelope(order_change()), media=media)

    assert answer.status_code == 415
    assert fault(answer.content)[0] == "Client"


async def test_a_package_without_a_boundary_is_refused(doors: Doors) -> None:
    answer = await doors.call(envelope(order_change()), media="multipart/related; type=application/xop+xml")

    assert fault(answer.content)[0] == "Client"
    assert await doors.kept() == 0


async def test_a_soap_1_2_content_type_with_a_1_1_envelope_is_a_version_mismatch(doors: Doors) -> None:
    answer = await doors.call(envelope(order_change()), media="application/soap+xml")

    found = etree.fromstring(answer.content).findtext(f".//{SOAP_12}Code/{SOAP_12}Value") or ""
    assert found.endswith("VersionMismatch")


@pytest.mark.parametrize("action", ['""', "", ACTION, ACTION.strip('"')])
async def test_an_action_may_be_empty_or_unquoted(doors: Doors, action: str) -> None:
    assert (await doors.call(envelope(order_change()), SOAPAction=action)).status_code == 200


async def test_the_action_of_another_operation_is_refused(doors: Doors) -> None:
    answer = await doors.call(envelope(order_change()), SOAPAction='"urn:exemple:dechets:service:1:CreateOrder"')

    assert fault(answer.content)[0] == "Client"
    assert await doors.kept() == 0


# -- who --------------------------------------------------------------------------------------------------------------


async def test_a_username_token_opens_and_a_wrong_one_does_not(doors: Doors) -> None:
    _, key, secret = doors.waste.split("_")
    headers = {
        "right": username_token(key, secret),
        "whole key": username_token("", doors.waste),
        "wrong secret": username_token(key, "0" * 64),
        "unknown user": username_token("waste", "waste"),
        "digest": username_token(key, secret, kind="PasswordDigest"),
        "none": "",
    }

    answers = {name: await doors.call(envelope(order_change(), header=header), key="") for name, header in headers.items()}

    assert {name: answer.status_code for name, answer in answers.items()} == {
        "right": 200,
        "whole key": 200,
        "wrong secret": 401,
        "unknown user": 401,
        "digest": 401,
        "none": 401,
    }
    assert len({answer.text for answer in answers.values() if answer.status_code == 401}) == 1


async def test_http_basic_opens_the_soap_door_alone(doors: Doors) -> None:
    _, key, secret = doors.waste.split("_")
    basic = "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()

    soap = await doors.call(envelope(order_change()), key="", Authorization=basic)
    rest = await doors.say(bin_request(), key="", Authorization=basic)

    assert (soap.status_code, rest.status_code) == (200, 401)


async def test_a_key_of_another_application_is_refused(doors: Doors) -> None:
    answer = await doors.call(envelope(order_change()), key=doors.portal)

    assert answer.status_code == 403
    assert fault(answer.content)[0] == "Client"
    assert await doors.kept() == 0


async def test_a_rest_connector_has_no_soap_door(doors: Doors) -> None:
    answers = [await doors.call(envelope(order_change()), connector=name) for name in ("portal", "nobody")]

    assert [answer.status_code for answer in answers] == [404, 404]


async def test_a_ledger_that_is_away_is_a_server_fault(doors: Doors) -> None:
    await doors.hub.ledger.close()

    answer = await doors.call(envelope(order_change()))

    assert answer.status_code == 503
    assert fault(answer.content)[0] == "Server"
    assert int(answer.headers["retry-after"]) > 0


# -- the contract -----------------------------------------------------------------------------------------------------


async def test_the_contract_is_published_with_the_hubs_own_address(doors: Doors) -> None:
    wsdl = await doors.get("/soap/waste?wsdl", key=doors.waste)

    assert wsdl.status_code == 200
    root = etree.fromstring(wsdl.content)
    addresses = root.xpath("//@location")
    assert addresses == ["http://hub.test/soap/waste"]
    assert root.xpath("//@schemaLocation") == ["http://hub.test/soap/waste?xsd=waste.xsd"]


async def test_what_the_contract_imports_is_published_and_nothing_else_of_the_folder(doors: Doors) -> None:
    async def read(name: str) -> int:
        return (await doors.get("/soap/waste", key=doors.waste, xsd=name)).status_code

    assert await read("waste.xsd") == 200
    for name in ("connector.yaml", "README.md", "../portal/portal.openapi.yaml", "/etc/passwd", "samples/x", ""):
        assert await read(name) == 404
