"""Where a node goes by itself: to the addresses that its connectors name and its operator allows, and nowhere else."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.endpoints.doors import bin_request, demand
from tests.endpoints.served import PATH
from tests.installation import Admin, Installation, Node, install


@dataclass
class Trap:
    """A port that counts who comes."""

    listening: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    came: list[object] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listening.getsockname()[1]}/"

    def watch(self) -> None:
        """Count until it is closed."""
        while True:
            try:
                connection, who = self.listening.accept()
            except OSError:
                return
            self.came.append(who)
            connection.close()


@pytest.fixture
def trap() -> Iterator[Trap]:
    found = Trap()
    watching = threading.Thread(target=found.watch, daemon=True)
    watching.start()
    yield found
    found.listening.shutdown(socket.SHUT_RDWR)
    found.listening.close()
    watching.join(5)


@dataclass(frozen=True)
class Tried:
    """A message that a node has tried to deliver: what its sender and what its operators read of it."""

    sender: str
    operators: str


def tried(town: Installation, node: Node, *, request: dict[str, object] | None = None, **headers: str) -> Tried:
    """Say a message to a node, and wait until its delivery was tried."""
    admin = Admin(node.url, town.admin_key)
    key = admin.key_for("portal")
    sent = {"Authorization": f"Bearer {key}", **{name.replace("_", "-"): value for name, value in headers.items()}}
    answer = httpx.post(f"{node.url}{PATH}", json=request or bin_request(), headers=sent, trust_env=False, timeout=60)
    assert answer.status_code == 202, answer.text
    message = answer.json()["message"]
    end = time.monotonic() + 60
    while {line["event"] for line in admin.get(f"/messages/{message}")["story"]} <= {"accepted"}:
        assert time.monotonic() < end, node.log()
        time.sleep(0.1)
    told = httpx.get(f"{node.url}/api/v1/messages/{message}", headers=sent, trust_env=False, timeout=60)
    return Tried(told.text, str(admin.get(f"/messages/{message}")))


def test_with_nothing_allowed_no_private_address_is_called_and_the_operator_learns_how_to_allow_it(
    tmp_path: Path, trap: Trap, nodes: list[Node]
) -> None:
    town = install(tmp_path, HUB_ALLOW_PRIVATE="", WASTE_URL=trap.url)
    town.init()
    nodes.append(Node(town).start())

    found = tried(town, nodes[0])

    assert trap.came == []
    assert "HUB_ALLOW_PRIVATE=127.0.0.0/8" in found.operators
    assert "127.0.0.1" not in found.sender


@pytest.mark.parametrize("own", ["/admin/api/overview", "/health/live"])
def test_the_hub_s_own_port_is_no_application_unless_its_network_is_allowed(
    tmp_path: Path, nodes: list[Node], own: str
) -> None:
    town = install(tmp_path, HUB_ALLOW_PRIVATE="10.0.0.0/8")
    town.init()
    node = Node(town)
    town.environment["WASTE_URL"] = f"http://localhost:{node.port}{own}"
    nodes.append(node.start())

    found = tried(town, node)

    assert "HUB_ALLOW_PRIVATE=" in found.operators


def test_an_address_that_a_message_holds_is_kept_and_never_called(tmp_path: Path, trap: Trap, nodes: list[Node]) -> None:
    town = install(tmp_path)
    town.init()
    nodes.append(Node(town).start())

    found = tried(
        town,
        nodes[0],
        request=bin_request(demande=demand(commentaire=trap.url), noteInterne=trap.url),
        Publik_Caller_URL=trap.url,
        Origin=trap.url,
        X_Forwarded_Host=trap.url.split("/")[2],
        Host=trap.url.split("/")[2],
    )

    assert trap.came == []
    assert trap.url in found.operators, "the page that it came from is kept"
