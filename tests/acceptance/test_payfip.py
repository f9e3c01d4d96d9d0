"""Traffic that nobody here recorded: the payment service of the State, from its own WSDL, over a real socket."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from lxml import etree

from hub.call import Delivered, Outcome, Refused, Throttled
from hub.caller import Caller
from hub.catalogue import Application
from hub.catalogue.connectors import read_connector
from hub.settings import read_settings
from hub.transports.addresses import Egress
from hub.transports.http import HttpTransport

PAYFIP = Path(__file__).parents[2].parent / "shared" / "contracts" / "payfip"
pytestmark = pytest.mark.skipif(not PAYFIP.is_dir(), reason="the recorded PayFiP traffic is not beside this repository")

CONNECTOR = """\
connector: payfip
title: Paiement en ligne (PayFiP)
protocol: soap
contract: PaiementSecuriseService.wsdl
instances:
  default: {address: "${PAYFIP_URL}"}
operations:
  create_payment: {direction: ask, action: creerPaiementSecurise}
  payment_result: {direction: ask, action: recupererDetailPaiementSecurise}
answers:
  - {fault: FonctionnelleErreur, code: P5, means: later, wait: 2h, says: "{libelle}"}
  - {fault: FonctionnelleErreur, means: refused, says: "{libelle}"}
  - {fault: "Tech*", means: failed, says: "{libelle}"}
"""
NAMES = {"creerPaiementSecurise": "create_payment", "recupererDetailPaiementSecurise": "payment_result"}
BODY = "{http://schemas.xmlsoap.org/soap/envelope/}Body"


@pytest.fixture
def payfip(tmp_path: Path) -> Application:
    folder = tmp_path / "connectors" / "payfip"
    folder.mkdir(parents=True)
    for file in PAYFIP.glob("PaiementSecurise*"):
        shutil.copy(file, folder)
    (folder / "connector.yaml").write_text(CONNECTOR, encoding="utf-8")
    application, findings = read_connector(folder, root=tmp_path)
    assert application is not None and findings == ()
    return application


async def played(recording: str, payfip: Application, tmp_path: Path) -> tuple[str, str, Outcome]:
    """What was recorded, what our call sent, and what the recorded answer came to."""
    ((request, answer),) = json.loads((PAYFIP / "recorded" / f"payfip-test_{recording}.json").read_text(encoding="utf-8"))
    heard: list[bytes] = []

    async def answered(call: web.BaseRequest) -> web.Response:
        heard.append(await call.read())
        status = 500 if ":Fault" in answer else 200
        return web.Response(body=answer.encode(), status=status, content_type="text/xml", charset="utf-8")

    server = web.ServerRunner(web.Server(answered))
    await server.setup()
    site = web.TCPSite(server, "127.0.0.1", 0)
    await site.start()
    host, port = site._server.sockets[0].getsockname()
    settings = read_settings({"HUB_ROOT": str(tmp_path), "PAYFIP_URL": f"http://{host}:{port}/tpa/services/securite"})
    transport = HttpTransport(Egress(read_settings({"HUB_ALLOW_PRIVATE": "127.0.0.0/8"}).allow_private))
    try:
        caller = Caller(settings=settings, transport=transport, clock=lambda: datetime.now(UTC))
        payload = etree.fromstring(request.encode()).find(BODY)[0]
        name = NAMES[etree.QName(payload).localname]
        came = await caller.call(payfip, name, plainly(payload), authority="default", key="k")
    finally:
        await transport.close()
        await server.cleanup()
    return canonical(request.encode()), canonical(heard[0]), came.outcome


def plainly(element: etree._Element) -> dict:
    """An element as a document, read without the hub: no contract, no codec."""
    return {etree.QName(child).localname: plainly(child) if len(child) else child.text for child in element}


def canonical(envelope: bytes) -> str:
    """The canonical form of an envelope: no blanks between elements, no particular prefixes."""
    tree = etree.fromstring(envelope, etree.XMLParser(remove_blank_text=True))
    return etree.canonicalize(etree.tostring(tree).decode(), rewrite_prefixes=True, strip_text=True)


@pytest.mark.parametrize(
    "recording",
    ["get_idop_ok", "get_idop_refdet_error", "get_info_paiement_ok", "get_info_paiement_P1", "get_info_paiement_P5"],
)
async def test_each_recorded_request_is_the_one_that_the_hub_sends(
    recording: str, payfip: Application, tmp_path: Path
) -> None:
    recorded, sent, _ = await played(recording, payfip, tmp_path)

    assert sent == recorded


async def test_a_created_payment_gives_its_operation_number(payfip: Application, tmp_path: Path) -> None:
    *_, outcome = await played("get_idop_ok", payfip, tmp_path)

    assert isinstance(outcome, Delivered)
    assert outcome.answer == {"return": {"idOp": "cc0cb210-1cd4-11ea-8cca-0213ad91a103"}}


async def test_a_wrong_reference_is_refused_in_the_service_s_own_words(payfip: Application, tmp_path: Path) -> None:
    *_, outcome = await played("get_idop_refdet_error", payfip, tmp_path)

    assert isinstance(outcome, Refused)
    assert outcome.reason.fr == "Le format du paramètre REFDET n'est pas conforme"


async def test_a_paid_operation_is_read_whole(payfip: Application, tmp_path: Path) -> None:
    *_, outcome = await played("get_info_paiement_ok", payfip, tmp_path)

    assert isinstance(outcome, Delivered)
    details = outcome.answer["return"]
    assert (details["resultrans"], details["dattrans"], details["heurtrans"]) == ("V", "12122019", "1311")
    assert (details["montant"], details["exer"], details["numauto"]) == ("1000", "20", "112233445566-tip")


async def test_an_unknown_operation_is_refused(payfip: Application, tmp_path: Path) -> None:
    *_, outcome = await played("get_info_paiement_P1", payfip, tmp_path)

    assert isinstance(outcome, Refused)
    assert outcome.reason.fr == "IdOp incorrect."


async def test_a_result_that_is_not_known_yet_means_ask_again_in_two_hours_and_holds_no_other_call(
    payfip: Application, tmp_path: Path
) -> None:
    *_, outcome = await played("get_info_paiement_P5", payfip, tmp_path)

    assert isinstance(outcome, Throttled)
    assert (outcome.wait, outcome.whole_lane) == (timedelta(hours=2), False)
    assert outcome.reason.fr == "Résultat de la transaction non connu."
