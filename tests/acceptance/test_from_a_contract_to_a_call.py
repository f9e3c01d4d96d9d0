"""From the payment service's WSDL alone to a green check and a call of its double, in under ten commands."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.installation import REPOSITORY, free_port

PAYFIP = REPOSITORY.parent / "shared" / "contracts" / "payfip" / "PaiementSecuriseService.wsdl"
PORTAL = Path(__file__).parent / "payment" / "portal.openapi.yaml"
pytestmark = pytest.mark.skipif(not PAYFIP.is_file(), reason="the PayFiP contract is not beside this repository")

REQUEST = {
    "dette": {"reference": "2026REGIE0042", "exercice": "2026", "objet": "Cantine de mai"},
    "usager": {"courriel": "camille.martin@example.fr"},
    "montantCentimes": 4250,
    "typeSaisie": "T",
}


class Newcomer:
    """Somebody at a terminal, who counts what he types."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.typed, self.running = folder, 0, list[subprocess.Popen[bytes]]()
        self.port, self.double, self.control = free_port(), free_port(), free_port()
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PYTHONPATH": str(REPOSITORY),
            "HUB_LANGUAGE": "fr",
            "HUB_PORT": str(self.port),
            "HUB_URL": f"http://127.0.0.1:{self.port}",
            "PAYFIP_URL": f"http://127.0.0.1:{self.double}",
            "HUB_ALLOW_PRIVATE": "127.0.0.0/8",
        }

    def hub(self, *words: str) -> str:
        """Type one command; what it shows, once it has succeeded."""
        self.typed += 1
        command = (sys.executable, "-m", "hub", *words)
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, f"hub {' '.join(words)}\n{done.stdout}{done.stderr}"
        return done.stdout

    def start(self, *words: str, ready: str) -> None:
        """Type one command that goes on running, and wait until it answers at `ready`."""
        self.typed += 1
        with (self.folder / f"{words[0]}.log").open("wb") as log:
            command = (sys.executable, "-m", "hub", *words)
            self.running.append(subprocess.Popen(command, cwd=self.folder, env=self.environment, stdout=log, stderr=log))
        wait_for(lambda: _answers(ready))

    def post(self, path: str, key: str, body: object) -> httpx.Response:
        """Type one curl."""
        self.typed += 1
        headers = {"Authorization": f"Bearer {key}"}
        return httpx.post(f"http://127.0.0.1:{self.port}{path}", json=body, headers=headers, trust_env=False)


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Newcomer]:
    person = Newcomer(tmp_path)
    yield person
    for process in person.running:
        process.send_signal(signal.SIGTERM)
    for process in person.running:
        process.wait(40)


def wait_for(held: object, seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not held():  # type: ignore[operator]
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def _key(shown: str) -> str:
    return str(re.findall(r"hub_[0-9a-f]+_[0-9a-f]+", shown)[0])


def test_a_newcomer_brings_the_payment_service_to_a_call_in_under_ten_commands(newcomer: Newcomer) -> None:
    newcomer.environment["HUB_ADMIN_KEY"] = _key(newcomer.hub("init"))
    newcomer.hub("new", "connector", "payfip", "--wsdl", str(PAYFIP))
    newcomer.hub("new", "connector", "portal", "--openapi", str(PORTAL))
    told = newcomer.hub(
        *("new", "mapping", "paiement-en-ligne", "--sector", "fiscalite"),
        *("--from", "portal.demander_paiement", "--to", "payfip.creer_paiement_securise"),
    )
    checked = newcomer.hub("check")
    control = f"http://127.0.0.1:{newcomer.control}"
    ports = ("--port", str(newcomer.double), "--control-port", str(newcomer.control))
    newcomer.start("rehearse", "payfip", *ports, ready=f"{control}/health")
    newcomer.start("serve", ready=f"http://127.0.0.1:{newcomer.port}/health/ready")
    key = _key(newcomer.hub("keys", "issue", "portal", "--scope", "send:paiement-en-ligne"))
    accepted = newcomer.post("/api/v1/exchanges/paiement-en-ligne/messages", key, REQUEST)

    assert accepted.status_code == 202, accepted.text
    assert newcomer.typed < 10
    assert "Tout est bon : 2 connecteurs, 1 correspondance" in checked
    assert "montant_centimes" in told and "euros ou centimes" in told
    wait_for(lambda: httpx.get(f"{control}/calls", trust_env=False).text)
    (call,) = [json.loads(line) for line in httpx.get(f"{control}/calls", trust_env=False).text.splitlines()]
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
