"""PHP's SoapClient at the mailbox of a hub that is really served, with the programme that the guide shows."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.ledger import Search
from hub.message import State
from tests.docs.pages import DOCS, blocks
from tests.endpoints.doors import Doors, bin_request
from tests.endpoints.served import served
from tests.interop.run import plain_environment
from tests.interop.tools import Php

pytestmark = pytest.mark.skipif(bool(Php().missing()), reason=Php().missing())
GUIDES = ("mailboxes.md", "mailboxes.fr.md")
APPLICATION = """
function carry_out(string $document): string {
    if (!preg_match('~RefExterne>(D-2026-0041(\\d))<~', $document, $found)) {
        throw new RuntimeException($document);
    }
    if ($found[2] === '9') {
        throw new UnexpectedValueException('Aucun bac à cette adresse');
    }
    return '<CreateOrderResponse xmlns="urn:exemple:dechets:types:1"><CodeRetour>0</CodeRetour>'
        . "<NumIntervention>I-00041$found[2]</NumIntervention></CreateOrderResponse>";
}
"""


@pytest.fixture
async def address(collecting: Doors) -> AsyncIterator[str]:
    """The address of the waste application's mailbox."""
    async with served(collecting) as port:
        yield f"http://127.0.0.1:{port}/soap/mailboxes/waste"


@pytest.mark.parametrize("page", GUIDES)
@pytest.mark.parametrize("version", ["SOAP_1_1", "SOAP_1_2"])
async def test_the_programme_of_the_guide_empties_a_mailbox(
    collecting: Doors, address: str, tmp_path: Path, page: str, version: str
) -> None:
    [shown] = blocks(DOCS / "how-to" / page, "php")
    assert shown.count("'login' =>") == 1
    programme = tmp_path / "empty.php"
    programme.write_text(
        shown.replace("'login' =>", f"'cache_wsdl' => WSDL_CACHE_NONE, 'soap_version' => {version}, 'login' =>")
        + APPLICATION,
        encoding="utf-8",
    )
    for number in (7, 8, 9):
        await collecting.say(bin_request(f"D-2026-0041{number}"))
    _, key, secret = collecting.waste.split("_")

    ran = await asyncio.to_thread(
        subprocess.run,
        ["php", programme, address, key, secret],
        capture_output=True,
        text=True,
        env=plain_environment(),
        check=False,
    )

    assert (ran.returncode, ran.stdout) == (0, ""), ran.stdout + ran.stderr
    found = (await collecting.hub.ledger.find(Search(exchange="bin-replacement"))).found
    states = {each.message.reference: each.deliveries[0].state for each in found}
    assert states == {"D-2026-00417": State.DELIVERED, "D-2026-00418": State.DELIVERED, "D-2026-00419": State.DEAD}
    assert await collecting.hub.ledger.recall("default", "waste", name="order_number", value="I-000418") == "D-2026-00418"
