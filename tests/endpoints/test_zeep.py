"""zeep, as another programme would use it, against a served hub."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import requests
import zeep
from zeep.exceptions import Fault
from zeep.transports import Transport
from zeep.wsa import WsAddressingPlugin
from zeep.wsse.username import UsernameToken

from tests.endpoints.doors import Doors
from tests.endpoints.served import plainly_served


@pytest.fixture
async def served(doors: Doors) -> AsyncIterator[str]:
    """The address of a served hub."""
    async with plainly_served(doors.app) as found:
        yield f"http://127.0.0.1:{found.port}"


def client(address: str, key: str, **more: object) -> zeep.Client:
    """A zeep client that reads the contract from the hub."""
    session = requests.Session()
    session.trust_env = False
    session.headers["X-API-Key"] = key
    return zeep.Client(f"{address}/soap/waste?wsdl", transport=Transport(session=session), **more)


CHANGE = {
    "NumIntervention": "I-000001",
    "RefExterne": "D-2026-00417",
    "Statut": "05",
    "DateModif": "09/03/2026 10:42:07",
    "origine": "TOURNEE",
}


async def test_zeep_reads_the_contract_from_the_hub_and_calls_it(doors: Doors, served: str) -> None:
    def call() -> object:
        return client(served, doors.waste).service.NotifyOrderChange(**CHANGE)

    said = await asyncio.to_thread(call)

    assert (said.CodeRetour, said.LibelleRetour) == ("0", "Pris en compte")
    assert await doors.kept() == 1


async def test_zeep_reads_a_fault_with_its_problems(doors: Doors, served: str) -> None:
    def call() -> object:
        return client(served, doors.waste).service.NotifyOrderChange(**{**CHANGE, "Statut": "77"})

    with pytest.raises(Fault) as fault:
        await asyncio.to_thread(call)

    assert fault.value.code.endswith("Client")
    assert fault.value.detail is not None
    assert fault.value.detail.find(".//{urn:hub:problem}problem").get("row") == "status"


async def test_zeep_signs_in_with_a_username_token(doors: Doors, served: str) -> None:
    _, key, secret = doors.waste.split("_")

    def call() -> object:
        made = client(served, doors.waste, wsse=UsernameToken(key, secret))
        del made.transport.session.headers["X-API-Key"]
        return made.service.NotifyOrderChange(**CHANGE)

    assert (await asyncio.to_thread(call)).CodeRetour == "0"


async def test_zeep_signs_in_with_a_digest_of_its_key_call_after_call(doors: Doors, served: str) -> None:
    key = await doors.hub.desk.issue_key("waste", "default", ("send:*",), actor="test", sealed=True)
    _, user, secret = key.split("_")

    def call() -> list[str]:
        made = client(served, doors.waste, wsse=UsernameToken(user, secret, use_digest=True))
        del made.transport.session.headers["X-API-Key"]
        numbers = ("I-000001", "I-000002")
        return [made.service.NotifyOrderChange(**{**CHANGE, "NumIntervention": number}).CodeRetour for number in numbers]

    assert await asyncio.to_thread(call) == ["0", "0"]


async def test_zeep_addresses_its_calls(doors: Doors, served: str) -> None:
    def call() -> object:
        return client(served, doors.waste, plugins=[WsAddressingPlugin()]).service.NotifyOrderChange(**CHANGE)

    assert (await asyncio.to_thread(call)).CodeRetour == "0"


async def test_a_slow_client_does_not_keep_others_from_being_served(doors: Doors, served: str) -> None:
    host, _, port = served.removeprefix("http://").partition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /soap/waste HTTP/1.1\r\nHost: x\r\nX-API-Key: {doors.waste}\r\nContent-Type: text/xml\r\n"
    writer.write(f"{head}Content-Length: 1000\r\n\r\n<s:Env".encode())
    await writer.drain()

    said = await asyncio.to_thread(lambda: client(served, doors.waste).service.NotifyOrderChange(**CHANGE))

    assert said.CodeRetour == "0"
    writer.close()
