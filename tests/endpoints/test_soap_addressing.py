"""WS-Addressing: its headers are understood and answered, and an answer goes nowhere but back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from lxml import etree

from tests.endpoints.depots import SOAP, Depot, code_of, fault_of, installed, opened, tell, wsdl

NEW = "http://www.w3.org/2005/08/addressing"
OLD = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
ANONYMOUS = {NEW: f"{NEW}/anonymous", OLD: f"{OLD}/role/anonymous"}
BOTH = pytest.mark.parametrize("version", ["1.1", "1.2"])


@pytest.fixture
async def depot(tmp_path: Path) -> AsyncIterator[Depot]:
    async with opened(installed(tmp_path, wsdl("1.1", "1.2"))) as found:
        yield found


def headers(space: str = NEW, *, must: str = "", **told: str) -> str:
    """These headers; what begins with < stands as it is, the rest as text."""
    mark = f' s:mustUnderstand="{must}"' if must else ""
    return "".join(f'<a:{name} xmlns:a="{space}"{mark}>{text}</a:{name}>' for name, text in told.items())


def endpoint(address: str, space: str = NEW) -> str:
    return f'<a:Address xmlns:a="{space}">{address}</a:Address>'


def told(answer: httpx.Response, version: str = "1.1", space: str = NEW) -> dict[str, str]:
    """The addressing headers of an answer."""
    header = etree.fromstring(answer.content).find(f"{{{SOAP[version]}}}Header")
    found = () if header is None else header
    return {etree.QName(each).localname: each.text or "" for each in found if etree.QName(each).namespace == space}


@BOTH
@pytest.mark.parametrize("space", [NEW, OLD])
async def test_an_answer_says_which_message_it_answers_and_its_own_action(depot: Depot, version: str, space: str) -> None:
    asked = headers(
        space,
        must="1",
        MessageID="urn:uuid:1",
        Action=f"urn:tell:{version.replace('.', '')}",
        To="http://hub.test/",
        ReplyTo=endpoint(ANONYMOUS[space], space),
    )

    answer = await depot.call(tell(version=version, header=asked), version=version)

    assert answer.status_code == 200, answer.text
    found = told(answer, version, space)
    assert (found["RelatesTo"], found["Action"]) == ("urn:uuid:1", "urn:depot:P:TellResponse")
    assert found["MessageID"].startswith("urn:uuid:")


async def test_a_caller_that_says_nothing_of_it_hears_nothing_of_it(depot: Depot) -> None:
    answer = await depot.call(tell())

    assert told(answer) == {}


@BOTH
async def test_a_fault_says_which_message_it_answers(depot: Depot, version: str) -> None:
    answer = await depot.call(tell("wrong", version=version, header=headers(MessageID="urn:uuid:1")), version=version)

    found = told(answer, version)
    assert (found["RelatesTo"], found["Action"]) == ("urn:uuid:1", f"{NEW}/soap/fault")
    assert code_of(answer, version) == ("Client" if version == "1.1" else "Sender")


@pytest.fixture
async def elsewhere() -> AsyncIterator[tuple[str, list[str]]]:
    """An address on this machine, and who has come there."""
    came: list[str] = []

    async def receive(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append("somebody")
        writer.close()

    server = await asyncio.start_server(receive, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/answers", came
    server.close()
    await server.wait_closed()


@BOTH
@pytest.mark.parametrize("name", ["ReplyTo", "FaultTo"])
@pytest.mark.parametrize("must", ["", "1"])
async def test_an_answer_to_another_place_is_refused_and_nobody_is_called_there(
    depot: Depot, elsewhere: tuple[str, list[str]], version: str, name: str, must: str
) -> None:
    address, came = elsewhere
    asked = headers(must=must, MessageID="urn:uuid:1", **{name: endpoint(address)})

    answers = [await depot.call(tell(text, version=version, header=asked), version=version) for text in ("R-1", "wrong")]
    await asyncio.sleep(0.1)

    assert came == []
    assert await depot.kept() == 0
    for answer in answers:
        assert told(answer, version)["Action"] == f"{NEW}/fault"
        fault = fault_of(answer, version)
        if version == "1.1":
            assert code_of(answer) == "OnlyAnonymousAddressSupported"
        else:
            codes = [each.text.rpartition(":")[2] for each in fault.iter(f"{{{SOAP['1.2']}}}Value")]
            assert codes == ["Sender", "InvalidAddressingHeader", "OnlyAnonymousAddressSupported"]
            assert fault.find(f".//{{{SOAP['1.2']}}}Subcode/{{{SOAP['1.2']}}}Value").nsmap["sub"] == NEW


async def test_a_place_that_names_no_address_is_refused(depot: Depot) -> None:
    answer = await depot.call(tell(header=headers(ReplyTo="")))

    assert code_of(answer) == "OnlyAnonymousAddressSupported"


async def test_a_caller_that_wants_no_answer_gets_none_but_its_faults(depot: Depot) -> None:
    asked = headers(MessageID="urn:uuid:1", ReplyTo=endpoint(f"{NEW}/none"))

    taken = await depot.call(tell(header=asked))
    refused = await depot.call(tell("wrong", header=asked))

    assert (taken.status_code, taken.content, refused.status_code) == (202, b"", 500)
    assert await depot.kept() == 1


@pytest.mark.parametrize(("action", "code"), [("urn:tell:11", ""), ("", ""), ("urn:delete", "ActionNotSupported")])
async def test_an_action_of_another_operation_is_refused(depot: Depot, action: str, code: str) -> None:
    answer = await depot.call(tell(header=headers(Action=action)))

    assert (answer.status_code == 200) == (not code)
    assert not code or code_of(answer) == code


async def test_a_header_that_stands_there_twice_is_refused(depot: Depot) -> None:
    twice = headers(MessageID="urn:uuid:1") + headers(MessageID="urn:uuid:2")

    assert code_of(await depot.call(tell(header=twice))) == "InvalidCardinality"


async def test_a_header_that_is_no_addressing_still_must_be_understood(depot: Depot) -> None:
    unknown = headers(must="1", Delay="later") + headers("urn:another", must="1", MessageID="urn:uuid:1")

    assert code_of(await depot.call(tell(header=unknown))) == "MustUnderstand"
