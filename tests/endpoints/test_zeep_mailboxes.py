"""zeep, as an application that nobody can call would use it, at the mailbox of a hub that is really served."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import requests
import zeep
from zeep.exceptions import Fault
from zeep.transports import Transport
from zeep.wsse.username import UsernameToken

from hub.message import State
from tests.endpoints.doors import Doors, bin_request
from tests.endpoints.served import served
from tests.endpoints.test_soap_mailboxes import DONE

SPACE = "{urn:hub:mailbox:1}"
PORTS = pytest.mark.parametrize("port", ["Mailbox11", "Mailbox12"])


@pytest.fixture
async def address(collecting: Doors) -> AsyncIterator[str]:
    """The address of the waste application's mailbox."""
    async with served(collecting) as port:
        yield f"http://127.0.0.1:{port}/soap/mailboxes/waste"


def service(address: str, key: str, *, port: str = "Mailbox11", **more: Any) -> Any:
    """What zeep makes of the contract that the hub serves."""
    session = requests.Session()
    session.trust_env = False
    session.headers["X-API-Key"] = key
    return zeep.Client(f"{address}?wsdl", transport=Transport(session=session), port_name=port, **more).service


async def having(done: Callable[[], Any]) -> Any:
    return await asyncio.to_thread(done)


@PORTS
async def test_zeep_fetches_and_acknowledges(collecting: Doors, address: str, port: str) -> None:
    await collecting.say(bin_request())

    def done() -> tuple[Any, Any]:
        mailbox = service(address, collecting.waste, port=port)
        said = mailbox.fetch(max=10, wait=5)
        [parcel] = said.deliveries
        told = mailbox.acknowledge(delivery=parcel.delivery, receipt=parcel.receipt, state="done", answer=DONE)
        return parcel, told

    parcel, told = await having(done)

    assert (parcel.reference, parcel.exchange, parcel.fetched) == ("D-2026-00417", "bin-replacement", 1)
    assert parcel.leased_until > parcel.accepted_at
    assert parcel.document.startswith("<")
    assert "LE GOFF Yann" in parcel.document
    assert (told.delivery, told.state) == (parcel.delivery, "delivered")
    assert (await collecting.hub.ledger.delivery(parcel.delivery)).state is State.DELIVERED
    assert await collecting.hub.ledger.recall("default", "waste", name="order_number", value="I-000417") == "D-2026-00417"


@PORTS
async def test_zeep_gives_back_and_refuses(collecting: Doors, address: str, port: str) -> None:
    await collecting.say(bin_request())

    def done() -> list[str]:
        mailbox = service(address, collecting.waste, port=port)
        [parcel] = mailbox.fetch().deliveries
        back = mailbox.release(delivery=parcel.delivery, receipt=parcel.receipt, later=0)
        [parcel] = mailbox.fetch(lease=60).deliveries
        refused = mailbox.acknowledge(
            delivery=parcel.delivery, receipt=parcel.receipt, state="refused", reason="Adresse inconnue"
        )
        return [back.state, refused.state, *mailbox.fetch().deliveries]

    assert await having(done) == ["waiting", "dead"]


@PORTS
async def test_zeep_reads_the_declared_faults(collecting: Doors, address: str, port: str) -> None:
    await collecting.say(bin_request())

    def fault_of(call: Callable[[], Any]) -> tuple[str, str]:
        with pytest.raises(Fault) as fault:
            call()
        detail = fault.value.detail
        assert detail is not None
        return detail[0].tag, detail[0].findtext(f"{SPACE}text") or ""

    def done() -> list[tuple[str, str]]:
        mailbox = service(address, collecting.waste, port=port)
        [parcel] = mailbox.fetch().deliveries
        return [
            fault_of(lambda: mailbox.acknowledge(delivery=parcel.delivery, receipt="0")),
            fault_of(lambda: mailbox.release(delivery="nothing", receipt="1")),
            fault_of(lambda: mailbox.acknowledge(delivery=parcel.delivery, receipt=parcel.receipt, answer="<x/>")),
            fault_of(lambda: mailbox.fetch(max=1000)),
        ]

    faults = await having(done)

    assert [name for name, _ in faults] == [f"{SPACE}{name}" for name in ("conflict", "notFound", "invalid", "invalid")]
    assert all(text for _, text in faults)


async def test_zeep_signs_in_at_a_mailbox_with_a_digest_of_its_key(collecting: Doors, address: str) -> None:
    key = await collecting.hub.desk.issue_key("waste", "default", ("collect:*",), actor="test", sealed=True)
    _, user, secret = key.split("_")
    await collecting.say(bin_request())

    def done() -> Any:
        session = requests.Session()
        session.trust_env = False
        session.headers["X-API-Key"] = key
        client = zeep.Client(
            f"{address}?wsdl", transport=Transport(session=session), wsse=UsernameToken(user, secret, use_digest=True)
        )
        del session.headers["X-API-Key"]
        return client.service.fetch()

    assert len((await having(done)).deliveries) == 1
