"""Clients of 2009 encode what they say (rpc/encoded): references, arrays and types are read away, the contract holds."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from lxml import etree

from hub.catalogue import inspect
from hub.ledger import Search
from tests.endpoints.depots import SOAP, Depot, code_of, fault_of, installed, opened
from tests.endpoints.doors import envelope
from tests.endpoints.served import plainly_served

ENCODING = "http://schemas.xmlsoap.org/soap/encoding/"
WSDL = f"""<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/"
  xmlns:w="http://schemas.xmlsoap.org/wsdl/" xmlns:x="http://www.w3.org/2001/XMLSchema" xmlns:e="{ENCODING}"
  xmlns:t="urn:depot" targetNamespace="urn:depot">
<types><x:schema targetNamespace="urn:depot">
  <x:import namespace="{ENCODING}"/>
  <x:complexType name="Order"><x:sequence>
    <x:element name="Ref" type="x:string"/>
    <x:element name="Note" type="x:string" minOccurs="0"/>
    <x:element name="Lines" type="t:Lines"/>
  </x:sequence></x:complexType>
  <x:complexType name="Line"><x:sequence>
    <x:element name="Code" type="x:string"/><x:element name="Count" type="x:int"/>
  </x:sequence></x:complexType>
  <x:complexType name="Lines"><x:complexContent><x:restriction base="e:Array">
    <x:attribute ref="e:arrayType" w:arrayType="t:Line[]"/>
  </x:restriction></x:complexContent></x:complexType>
</x:schema></types>
<message name="Tell"><part name="order" type="t:Order"/><part name="urgent" type="x:boolean"/></message>
<message name="Told"><part name="Numero" type="x:string"/></message>
<portType name="P"><operation name="Tell"><input message="t:Tell"/><output message="t:Told"/></operation></portType>
<binding name="B" type="t:P"><s:binding style="rpc" transport="http://schemas.xmlsoap.org/soap/http"/>
  <operation name="Tell"><s:operation soapAction=""/>
    <input><s:body use="encoded" namespace="urn:tell" encodingStyle="{ENCODING}"/></input>
    <output><s:body use="encoded" namespace="urn:tell" encodingStyle="{ENCODING}"/></output></operation>
</binding>
<service name="S"><port name="P" binding="t:B"><s:address location="http://127.0.0.1/"/></port></service>
</definitions>"""
MAPPING = """
exchange: telling
title: Dit
sector: relations-usagers
between:
  depot: {in: told}
key: reference
fields:
  reference: {label: Référence, depot: order.Ref, required: true}
  note: {label: Remarque, depot: order.Note}
  urgent: {label: Urgent, depot: urgent, as: boolean, required: true}
  lines:
    each: {depot: order.Lines.item}
    match: code
    fields:
      code: {label: Code, depot: Code, required: true}
      count: {label: Nombre, depot: Count, as: integer, required: true}
"""
SPACES = (
    f'xmlns:t="urn:depot" xmlns:m="urn:tell" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    f'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:enc="{ENCODING}" s:encodingStyle="{ENCODING}"'
)
LINE = '<item xsi:type="t:Line"><Code xsi:type="xsd:string">A</Code><Count xsi:type="xsd:int">2</Count></item>'
LINES = f'<Lines xsi:type="enc:Array" enc:arrayType="t:Line[1]">{LINE}</Lines>'
PLAIN = "<order><Ref>R-1</Ref><Lines><item><Code>A</Code><Count>2</Count></item></Lines></order><urgent>true</urgent>"


def said(inside: str, *, beside: str = "") -> bytes:
    return envelope(f"<m:Tell {SPACES}>{inside}</m:Tell>{beside}")


SAID = {
    "with types, as PHP says it": said(
        f'<order xsi:type="t:Order"><Ref xsi:type="xsd:string">R-1</Ref>{LINES}</order>'
        '<urgent xsi:type="xsd:boolean">true</urgent>'
    ),
    "by references, as Axis 1 says it": said(
        '<order href="#id0"/><urgent href="#id1"/>',
        beside=f'<multiRef {SPACES} id="id0" enc:root="0" xsi:type="t:Order"><Ref xsi:type="xsd:string">R-1</Ref>'
        f'<Lines xsi:type="enc:Array" enc:arrayType="t:Line[1]"><Lines href="#id2"/></Lines></multiRef>'
        f'<multiRef {SPACES} id="id1" enc:root="0" xsi:type="xsd:boolean">true</multiRef>'
        f'<multiRef {SPACES} id="id2" enc:root="0" xsi:type="t:Line"><Code>A</Code><Count>2</Count></multiRef>',
    ),
    "with items of any name, as SOAP::Lite says it": said(
        f'<order><Lines enc:arrayType="xsd:ur-type[1]" xsi:type="enc:Array">{LINE.replace("item", "c-gensym3")}</Lines>'
        "<Ref>R-1</Ref></order><urgent>true</urgent>"
    ),
    "in another order and in a namespace": said(
        f"<urgent>true</urgent><t:order>{LINES}<t:Ref>R-1</t:Ref><t:Note xsi:nil='true'/></t:order>"
    ),
    "plainly": said(PLAIN),
}


@pytest.fixture
async def depot(tmp_path: Path) -> AsyncIterator[Depot]:
    async with opened(installed(tmp_path, WSDL, mapping=MAPPING)) as found:
        yield found


@pytest.mark.parametrize("how", SAID)
async def test_however_a_client_encodes_it_the_same_is_understood(depot: Depot, how: str) -> None:
    answer = await depot.call(SAID[how])

    assert answer.status_code == 200, answer.text
    kept = etree.fromstring(await depot.content())
    assert kept.tag == "{urn:tell}Tell"
    inside = "".join(etree.tostring(each, method="c14n", exclusive=True).decode() for each in kept)
    assert inside == PLAIN


async def test_the_answer_says_that_it_is_encoded(depot: Depot) -> None:
    answer = await depot.call(SAID["plainly"])

    told = etree.fromstring(answer.content).find(f"{{{SOAP['1.1']}}}Body")[0]
    assert told.tag == "{urn:tell}TellResponse"
    assert told.get(f"{{{SOAP['1.1']}}}encodingStyle") == ENCODING
    assert [child.tag for child in told] == ["Numero"] and told[0].text


HALF = '<Lines enc:offset="[3]" '
WRONG = {
    "a reference to nothing": said('<order href="#id9"/><urgent>true</urgent>'),
    "a reference to another place": said('<order href="http://127.0.0.1:9/order"/><urgent>true</urgent>'),
    "a reference to a file": said('<order href="file:///etc/passwd"/><urgent>true</urgent>'),
    "a circle of references": said(
        '<order href="#a"/><urgent>true</urgent>', beside='<x id="a" href="#b"/><x id="b" href="#a"/>'
    ),
    "a circle through a field": said(
        '<order href="#a"/><urgent>true</urgent>', beside='<x id="a"><Ref>R-1</Ref><Lines href="#a"/></x>'
    ),
    "an element in itself": said('<order id="a" href="#a"/><urgent>true</urgent>'),
    "two of one id": said('<order href="#a"/><urgent id="a">true</urgent>', beside='<x id="a"><Ref>R-1</Ref></x>'),
    "half an array": said(f"<order><Ref>R-1</Ref>{LINES.replace('<Lines ', HALF)}</order><urgent>true</urgent>"),
    "a field that is missing": said(f"<order>{LINES}</order><urgent>true</urgent>"),
    "a mandatory field without a value": said(f'<order><Ref xsi:nil="true"/>{LINES}</order><urgent>true</urgent>'),
    "a field that there is not": said(f"<order><Ref>R-1</Ref><Other>x</Other>{LINES}</order><urgent>true</urgent>"),
    "a number that is none": said(f"<order><Ref>R-1</Ref>{LINES.replace('>2<', '>two<')}</order><urgent>true</urgent>"),
    "another type that says so": said(
        '<order xsi:type="t:Line"><Code>A</Code><Count>2</Count></order><urgent>true</urgent>'
    ),
}


@pytest.mark.parametrize("name", WRONG)
async def test_what_does_not_fit_the_contract_is_refused_encoded_or_not(depot: Depot, name: str) -> None:
    answer = await depot.call(WRONG[name])

    assert code_of(answer) == "Client"
    assert fault_of(answer).findtext("faultstring")
    assert await depot.kept() == 0


async def test_references_that_stand_for_millions_of_elements_are_refused_at_once(depot: Depot) -> None:
    tiers = "".join(f'<x id="a{n}">{f"<y href={chr(34)}#a{n + 1}{chr(34)}/>" * 10}</x>' for n in range(30))
    bomb = said('<order href="#a0"/><urgent>true</urgent>', beside=f'{tiers}<x id="a30">x</x>')

    began = time.process_time()
    answer = await depot.call(bomb)

    assert code_of(answer) == "Client"
    assert time.process_time() - began < 5
    assert await depot.kept() == 0


async def test_the_contract_is_served_as_it_was_given(depot: Depot) -> None:
    published = await depot.client.get("/soap/depot?wsdl", headers={"X-API-Key": depot.key})

    assert b"t:Line[]" in published.content


def test_an_encoded_operation_is_not_called(tmp_path: Path) -> None:
    root = installed(tmp_path, WSDL, mapping=MAPPING)
    connector = root / "connectors" / "depot" / "connector.yaml"
    connector.write_text(connector.read_text().replace("direction: in", "direction: out"), encoding="utf-8")

    _, report = inspect(root)

    assert any("the body is encoded" in finding.text.en for finding in report.errors)


# -- clients of that time, as they are ---------------------------------------------------------------------------------

PHP = r"""
[$wsdl, $user, $password] = array_slice($argv, 1);
$client = new SoapClient($wsdl, ['login' => $user, 'password' => $password, 'cache_wsdl' => WSDL_CACHE_NONE]);
$line = ['Code' => 'A', 'Count' => 2];
echo $client->Tell(['Ref' => 'R-1', 'Lines' => [$line, ['Code' => 'B', 'Count' => 3]]], true);
"""
PERL = r"""
use SOAP::Lite;
my ($address, $user, $password) = @ARGV;
my $order = {Lines => [{Code => 'A', Count => 2}, {Code => 'B', Count => 3}], Ref => 'R-1'};
my $client = SOAP::Lite->proxy($address)->ns('urn:tell', 'm')->on_action(sub { '""' });
$client->transport->http_request->header('X-API-Key' => "hub_${user}_$password");
my $answer = $client->call(Tell => SOAP::Data->name(order => $order), SOAP::Data->name(urgent => 'true')->type('boolean'));
die $answer->faultstring if $answer->fault;
print $answer->result;
"""
TWO = (
    "<order><Ref>R-1</Ref><Lines><item><Code>A</Code><Count>2</Count></item><item><Code>B</Code><Count>3</Count></item>"
    "</Lines></order><urgent>true</urgent>"
)


def can(*command: str) -> bool:
    """Whether a program is here, with what it needs."""
    return bool(shutil.which(command[0])) and not subprocess.run(command, capture_output=True, check=False).returncode


CLIENTS = {
    "PHP's SoapClient": ("php", "-r", PHP, "--", "{wsdl}"),
    "Perl's SOAP::Lite": ("perl", "-e", PERL, "{address}"),
}
NEEDS = {"php": ("php", "-r", "exit(class_exists('SoapClient') ? 0 : 1);"), "perl": ("perl", "-MSOAP::Lite", "-e", "1")}


@pytest.fixture
async def address(depot: Depot) -> AsyncIterator[str]:
    """Where the hub is reached."""
    async with plainly_served(depot.app) as found:
        yield f"http://127.0.0.1:{found.port}/soap/depot"


@pytest.mark.parametrize("name", CLIENTS)
async def test_a_client_that_encodes_is_understood_and_reads_the_answer(
    depot: Depot, address: str, tmp_path: Path, name: str
) -> None:
    command = CLIENTS[name]
    if not can(*NEEDS[command[0]]):
        pytest.skip(f"{name} is not here")
    contract = tmp_path / "own.wsdl"
    contract.write_text(WSDL.replace("http://127.0.0.1/", address), encoding="utf-8")
    _, user, secret = depot.key.split("_")
    words = [word.replace("{wsdl}", str(contract)).replace("{address}", address) for word in (*command, user, secret)]

    done = await asyncio.to_thread(subprocess.run, words, capture_output=True, text=True, timeout=60, check=False)

    (kept,) = (await depot.hub.ledger.find(Search())).found
    said = etree.fromstring(await depot.content())
    assert done.stdout == kept.message.id, done.stderr
    assert "".join(etree.tostring(each, method="c14n", exclusive=True).decode() for each in said) == TWO
