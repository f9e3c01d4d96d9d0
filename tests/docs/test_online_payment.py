"""The tutorial "Online payment" works: from the payment service's own WSDL to a call of its double, in nine commands."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator

import pytest

from tests.docs.pages import DOCS, REPOSITORY, blocks
from tests.docs.playing import Played
from tests.docs.playing import played as playing
from tests.docs.test_commands import commands

PAYFIP = REPOSITORY.parent / "shared" / "contracts" / "payfip"
pytestmark = pytest.mark.timeout(240)
needs_payfip = pytest.mark.skipif(not PAYFIP.is_dir(), reason="the folder `shared` is not beside the repository")

TUTORIAL = DOCS / "tutorial" / "online-payment.md"
PORTS = ("HUB_PORT", "PAYFIP_PORT", "PAYFIP_CONTROL")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    folder = tmp_path_factory.mktemp("online-payment")
    shutil.copytree(DOCS / "tutorial" / "payment", folder / "docs" / "tutorial" / "payment")
    shutil.copytree(PAYFIP, folder / "payfip", ignore=shutil.ignore_patterns("recorded"))
    with playing(TUTORIAL, folder, work="payment-town", ports=PORTS) as found:
        yield found


@needs_payfip
def test_every_command_succeeds_and_the_check_is_green(played: Played) -> None:
    assert played.code == 0, played.tail
    assert "All good: 2 connectors, 1 mapping" in (played.folder / "checked.txt").read_text()
    assert "euros or cents" in (played.folder / "drafted.txt").read_text()


@needs_payfip
def test_the_service_has_heard_the_payment_in_its_own_words(played: Played) -> None:
    (call,) = [json.loads(line) for line in (played.folder / "calls.txt").read_text().splitlines()]

    assert call["operation"] == "creer_paiement_securise"
    assert call["document"] == {
        "arg0": {
            "exer": "2026",
            "mel": "camille.martin@example.fr",
            "montant": "4250",
            "objet": "Cantine de mai",
            "refdet": "2026REGIE0042",
            "saisie": "T",
        }
    }
    assert call["answer"] == {"return": {"idOp": "000001"}}


def test_it_takes_nine_commands() -> None:
    typed = [words for text in blocks(TUTORIAL, "sh") for words in commands(text)]
    steps = [words for words in typed if words[0] == "hub" or "--data" in words]

    assert len(steps) == 9


def test_the_french_page_has_the_same_commands() -> None:
    assert blocks(DOCS / "tutorial" / "online-payment.fr.md", "sh") == blocks(TUTORIAL, "sh")
