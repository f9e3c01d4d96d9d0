"""A message cannot say by which schema it is read: types, schema locations and nil are held against the contract alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.endpoints.depots import Depot, code_of, fault_of, installed, opened, wsdl
from tests.endpoints.doors import envelope

BASE = """<x:element name="Tell"><x:complexType><x:sequence>
    <x:element name="Ref" type="x:string"/></x:sequence></x:complexType></x:element>"""
DERIVED = """<x:element name="Tell" type="t:Base"/>
  <x:complexType name="Base"><x:sequence><x:element name="Ref" type="x:string"/></x:sequence></x:complexType>
  <x:complexType name="More"><x:complexContent><x:extension base="t:Base"><x:sequence>
    <x:element name="Admin" type="x:string"/></x:sequence></x:extension></x:complexContent></x:complexType>"""
SPACES = (
    'xmlns="urn:depot" xmlns:t="urn:depot" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:x="http://www.w3.org/2001/XMLSchema"'
)


@pytest.fixture
async def depot(tmp_path: Path) -> AsyncIterator[Depot]:
    """A contract with a type, and one that extends it."""
    contract = wsdl("1.1")
    assert BASE in contract
    async with opened(installed(tmp_path, contract.replace(BASE, DERIVED))) as found:
        yield found


WRONG = {
    "a type that extends the contract's": f'<Tell {SPACES} xsi:type="t:More"><Ref>R-1</Ref><Admin>yes</Admin></Tell>',
    "a type that is another's": f'<Tell {SPACES} xsi:type="x:string">R-1</Tell>',
    "a type that there is not": f'<Tell {SPACES} xsi:type="t:Other"><Ref>R-1</Ref></Tell>',
    "a type of anything": f'<Tell {SPACES} xsi:type="x:anyType"><Ref>R-1</Ref><Admin>yes</Admin></Tell>',
    "a type of its value that does not fit": f'<Tell {SPACES}><Ref xsi:type="x:int">R-1</Ref></Tell>',
    "nil in a mandatory field": f'<Tell {SPACES}><Ref xsi:nil="true"/></Tell>',
    "nil as a whole": f'<Tell {SPACES} xsi:nil="true"/>',
}


@pytest.mark.parametrize("name", WRONG)
async def test_a_message_that_names_another_type_or_nothing_at_all_is_refused(depot: Depot, name: str) -> None:
    answer = await depot.call(envelope(WRONG[name]))

    assert code_of(answer) == "Client"
    assert list(fault_of(answer).iter("{urn:hub:problem}problem"))
    assert await depot.kept() == 0


async def test_a_schema_that_a_message_brings_along_is_neither_fetched_nor_believed(depot: Depot) -> None:
    came: list[str] = []

    async def receive(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append("somebody")
        writer.close()

    server = await asyncio.start_server(receive, "127.0.0.1", 0)
    place = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/own.xsd"
    located = f'{SPACES} xsi:schemaLocation="urn:depot {place}" xsi:noNamespaceSchemaLocation="{place}"'

    good = await depot.call(envelope(f"<Tell {located}><Ref>R-1</Ref></Tell>"))
    wrong = await depot.call(envelope(f"<Tell {located}><Ref>R-2</Ref><Admin>yes</Admin></Tell>"))

    await asyncio.sleep(0.1)
    server.close()
    await server.wait_closed()
    assert came == []
    assert (good.status_code, code_of(wrong)) == (200, "Client")
    assert await depot.kept() == 1
