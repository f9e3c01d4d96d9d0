"""A running hub with the contracts of this harness, the REST application behind it, and keys for both sides."""

from __future__ import annotations

import json
import os
import subprocess
import time
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from hub.translation.record import unpack
from tests.installation import HUB, Admin, Installation, Node, free_port
from tests.interop.laid_out import BOTH, FACES, Face, lay_out

ENDED = ("delivered", "dead", "cancelled")
PATIENCE = 60.0
"""Seconds that a message may take from one end to the other."""


@dataclass(frozen=True, slots=True)
class Running:
    """A hub that serves. `keys`: for each connector the key of the application that calls as it; `records`: where the REST
    application writes what it was told; `says`: for each authority a key of the REST application."""

    node: Node
    admin: Admin
    keys: Mapping[str, str]
    says: Mapping[str, str]
    records: Path

    def address(self, face: Face) -> str:
        """Where a face is called."""
        return f"{self.node.url}/soap/{face.connector}"

    def kept(self, number: str) -> int:
        """How many messages of a number the hub keeps."""
        return len(self.admin.get("/messages", reference=number)["messages"])

    def record(self, message: str) -> dict[str, Any]:
        """The canonical record of a message."""
        return unpack(self._content(message, "record")[1])

    def came(self, message: str) -> bytes:
        """The document of a message as it came; what came beside it is not in it."""
        return self._content(message, "original")[1]

    def answer(self, message: str) -> tuple[str, bytes]:
        """The media type and the bytes of what the receiver of a message answered."""
        return self._content(message, "reply:")

    def _content(self, message: str, name: str) -> tuple[str, bytes]:
        contents = self.admin.get(f"/messages/{message}/contents", purpose="interoperability")["contents"]
        return next((each["media"], b64decode(each["data"])) for each in contents if each["name"].startswith(name))

    def ended(self, message: str) -> dict[str, Any]:
        """The one delivery of a message, once it has ended. AssertionError when it does not end in time."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            (delivery,) = self.admin.get(f"/messages/{message}")["deliveries"]
            if delivery["state"] in ENDED:
                return dict(delivery)
            time.sleep(0.05)
        raise AssertionError(f"{message} is still {delivery['state']}: {delivery.get('reason')}")

    def say(self, exchange: str, document: Mapping[str, Any], authority: str) -> str:
        """Say a document as the REST application does, for an authority; the message's id."""
        reply = httpx.post(
            f"{self.node.url}/api/v1/exchanges/{exchange}/messages",
            content=json.dumps(document, default=_number),
            headers={"Authorization": f"Bearer {self.says[authority]}", "Content-Type": "application/json"},
            timeout=30,
            trust_env=False,
        )
        assert reply.status_code == 202, reply.text
        return str(reply.json()["message"])

    def received(self, number: str) -> list[dict[str, Any]]:
        """What the REST application was told of a number."""
        lines = self.records.read_text(encoding="utf-8").splitlines() if self.records.exists() else []
        told = [json.loads(line)["document"] for line in lines]
        return [each for each in told if each.get("number") == number]


@contextmanager
def running(folder: Path, *, servers: Mapping[str, str], ways: Iterable[str]) -> Iterator[Running]:
    """A started hub in `folder`; `servers` and `ways` as `lay_out` takes them. All processes are ended with it."""
    port, records = free_port(), folder / "records.jsonl"
    installation = lay_out(folder, records=f"http://127.0.0.1:{port}", servers=servers, ways=ways)
    installation.init()
    with ExitStack() as stack:
        stack.enter_context(_records(installation, port, records))
        node = Node(installation)
        stack.callback(node.stop)
        node.start()
        admin = Admin(node.url, installation.admin_key)
        keys = {face.connector: admin.key_for(face.connector) for face in (*FACES, BOTH[0])}
        reader = admin.post("/keys", application="staff", scopes=("read", "content"))["key"]
        says = {
            name: str(admin.post("/keys", application="records", authority=name, scopes=("send:*",))["key"])
            for name in servers
        }
        yield Running(node, Admin(node.url, str(reader)), keys, says, records)


@contextmanager
def _records(installation: Installation, port: int, record: Path) -> Iterator[None]:
    """The shipped double, in the place of the REST application."""
    command = (*HUB, "rehearse", "records", "--port", str(port), "--record", str(record), "--no-credentials")
    with (installation.root / "records.log").open("ab") as log:
        process = subprocess.Popen(
            command, env=installation.environment, cwd=installation.root, stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )
        try:
            wait_for(f"http://127.0.0.1:{port}/", process)
            yield
        finally:
            end(process)


def wait_for(url: str, process: subprocess.Popen[Any], *, seconds: float = 90.0) -> None:
    """Return when something answers at `url`. AssertionError when the process ends before, or too late."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert process.poll() is None, f"{process.args!r} ended with {process.returncode}"
        try:
            httpx.get(url, timeout=2, trust_env=False)
            return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"nobody answers at {url} after {seconds} s")


def end(process: subprocess.Popen[Any]) -> None:
    """End a process that was started here."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(60)


def plain_environment() -> dict[str, str]:
    """What a stack needs of the environment; no proxy stands between it and 127.0.0.1."""
    return {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}


def _number(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(type(value).__name__)
