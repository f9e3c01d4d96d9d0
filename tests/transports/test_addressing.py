"""WS-Addressing in contracts and in the hub's own calls."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from hub.contract import SoapBinding
from hub.transports.envelope import open_envelope
from hub.transports.soap import soap_call
from hub.transports.wsdl import load_wsdl
from tests.endpoints.depots import wsdl

WSAW = "http://www.w3.org/2006/05/addressing/wsdl"
WSAM = "http://www.w3.org/2007/05/addressing/metadata"
POLICY = "http://schemas.xmlsoap.org/ws/2004/09/policy"
UTILITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
NEW = "{http://www.w3.org/2005/08/addressing}"
INSIDE = f'<p:Policy xmlns:p="{POLICY}"><m:Addressing xmlns:m="{WSAM}"/></p:Policy>'
ELSEWHERE = f'<p:Policy xmlns:p="{POLICY}" xmlns:u="{UTILITY}" u:Id="way"><m:Addressing xmlns:m="{WSAM}"/></p:Policy>'
PORT = f"""<service name="S"><port name="A" binding="t:B11"><w:UsingAddressing xmlns:w="{WSAW}"/>
  <s11:address location="http://127.0.0.1/"/></port></service>"""
DECLARED = {
    "in the binding": wsdl("1.1", using=f'<w:UsingAddressing xmlns:w="{WSAW}"/>'),
    "in a policy of the binding": wsdl("1.1", using=INSIDE),
    "in a policy that the binding names": wsdl("1.1", using=f'<p:PolicyReference xmlns:p="{POLICY}" URI="#way"/>').replace(
        "<types>", f"{ELSEWHERE}<types>"
    ),
    "in the port": wsdl("1.1").replace("</definitions>", f"{PORT}</definitions>"),
}


def binding_of(tmp_path: Path, text: str) -> SoapBinding:
    (tmp_path / "depot.wsdl").write_text(text, encoding="utf-8")
    binding = load_wsdl(tmp_path / "depot.wsdl").operations["Tell"].binding
    assert isinstance(binding, SoapBinding)
    return binding


@pytest.mark.parametrize("where", DECLARED)
def test_a_call_bears_the_headers_where_its_contract_declares_them(tmp_path: Path, where: str) -> None:
    binding = binding_of(tmp_path, DECLARED[where])
    operation = load_wsdl(tmp_path / "depot.wsdl").operations["Tell"]

    call = soap_call(operation, b'<Tell xmlns="urn:depot"/>', address="http://127.0.0.1/depot", message_id="urn:uuid:1")

    header = etree.fromstring(call.body)[0]
    assert binding.addressed.declared
    assert {each.tag: each.text for each in header} == {
        f"{NEW}To": "http://127.0.0.1/depot",
        f"{NEW}Action": "urn:tell:11",
        f"{NEW}MessageID": "urn:uuid:1",
    }
    assert open_envelope(call.body).payload


def test_a_call_bears_none_where_the_contract_says_nothing(tmp_path: Path) -> None:
    binding_of(tmp_path, wsdl("1.1"))
    operation = load_wsdl(tmp_path / "depot.wsdl").operations["Tell"]

    assert b"addressing" not in soap_call(operation, b"<a/>", address="http://127.0.0.1/", message_id="urn:uuid:1").body


NAMED = '<input message="t:Tell"/><output message="t:Told"/>'


@pytest.mark.parametrize(
    ("changes", "actions"),
    [
        ({}, ("urn:tell:11", "urn:depot:P:TellResponse")),
        ({"urn:tell:11": ""}, ("urn:depot:P:TellRequest", "urn:depot:P:TellResponse")),
        (
            {NAMED: '<input name="In" message="t:Tell"/><output name="Out" message="t:Told"/>', "urn:tell:11": ""},
            ("urn:depot:P:In", "urn:depot:P:Out"),
        ),
        (
            {
                NAMED: f'<input message="t:Tell" w:Action="urn:in" xmlns:w="{WSAW}"/>'
                f'<output message="t:Told" m:Action="urn:out" xmlns:m="{WSAM}"/>'
            },
            ("urn:in", "urn:out"),
        ),
        (
            {"urn:tell:11": "", '"urn:depot"': '"http://x/depot/"'},
            ("http://x/depot/P/TellRequest", "http://x/depot/P/TellResponse"),
        ),
    ],
)
def test_actions_are_what_the_contract_says_or_follow_the_pattern(
    tmp_path: Path, changes: dict[str, str], actions: tuple[str, str]
) -> None:
    text = wsdl("1.1")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)

    addressed = binding_of(tmp_path, text).addressed

    assert (addressed.input, addressed.output) == actions
