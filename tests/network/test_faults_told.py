"""What an application's fault says of its own inside (a stack trace, a page in HTML, a statement in its detail) is told to
nobody: not to the sender, not in the story, not in the log."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from html import escape

import pytest
import pytest_asyncio

from hub.message import State
from hub.transports.envelope import SoapFault, write_fault
from tests.faults.proxy import Fault
from tests.network.street import Street, Way, street, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

XML = {"Content-Type": "text/xml; charset=utf-8"}
TYPES = "urn:exemple:dechets:types:1"
JAVA = "Foyer inconnu\n\tat fr.editeur.secret.Dao.lire(Dao.java:42)\n\tat java.base/java.lang.Thread.run(Thread.java:1)"
NET = "Foyer inconnu\r\n   à Editeur.Secret.Dao.Lire(String sql) dans C:\\secret\\Dao.cs:ligne 42"
PYTHON = 'Foyer inconnu Traceback (most recent call last):\n  File "/srv/secret/dao.py", line 42, in lire'
PHP = "Foyer inconnu PHP Stack trace:\n#0 /var/www/secret/index.php(42): lire()"
PAGE = "<html><head><title>Foyer inconnu</title></head><body onload='secret()'><h1>500</h1></body></html>"
DETAIL = f"<t:Interne xmlns:t='{TYPES}'><trace>{escape(JAVA)}</trace><sql>select secret from foyer</sql></t:Interne>"


def typed(words: str) -> SoapFault:
    """The application's own fault, whose words a rule of the connector tells on."""
    detail = (
        f"<t:FonctionnelleErreur xmlns:t='{TYPES}'><code>D2</code><libelle>{escape(words)}</libelle></t:FonctionnelleErreur>"
    )
    return SoapFault("Client", "Erreur", detail=detail.encode())


FAULTS = {
    "a stack trace of Java": SoapFault("Client", JAVA, detail=DETAIL.encode()),
    "one of .NET": SoapFault("Client", NET, detail=DETAIL.encode()),
    "one of Python": SoapFault("Client", PYTHON),
    "one of PHP": SoapFault("Client", PHP),
    "a page": SoapFault("Client", PAGE, detail=f"<d xmlns=''>{escape(PAGE)}</d>".encode()),
    "a typed fault with a stack trace": typed(JAVA),
    "a typed fault with a page": typed(PAGE),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def row(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Street]:
    async with street(tmp_path_factory.mktemp("street"), ways=len(FAULTS)) as row:
        yield row


async def told_of(way: Way, fault: SoapFault) -> tuple[str, str]:
    """What the sender is told of an order that ended in this fault, and the order's story."""
    body = write_fault(fault).decode()
    await way.waste.tell(Fault("instead", status=500, headers=XML, body=body))
    reference = await way.say()
    assert await way.done() == [State.DEAD]

    def calls() -> list[str]:
        found = [call.document for call in way.told.calls if call.document.get("@numero") == reference]
        return [json.dumps(document, ensure_ascii=False) for document in found]

    await until(calls)
    [delivery] = await way.deliveries()
    page = await way.hub.ledger.story(delivery.message)
    return " ".join(calls()), repr((delivery, page))


@pytest.mark.parametrize("name", FAULTS)
async def test_the_inside_of_an_application_is_told_to_nobody(
    name: str, row: Street, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    told, story = await told_of(row.way(), FAULTS[name])
    await asyncio.sleep(0)

    assert "Foyer inconnu" in told, "what is meant for people is told"
    for said in (told, story, caplog.text):
        assert not [word for word in ("secret", "<h", "Traceback", ".java", "trace:", "select ") if word in said]
