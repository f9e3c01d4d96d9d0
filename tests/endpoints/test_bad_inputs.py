"""What a bad input costs a node: its work and its memory, measured on a real one; `-s` prints the table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from tests.endpoints.doors import bin_request, demand
from tests.endpoints.served import PATH
from tests.installation import Admin, Node, install

SECONDS, MEGABYTES = 5.0, 50.0
"""Aimed at is a second, and on a free machine it takes half of one at most: what is caught is growth without a bound."""
LARGE = 10 * 1024 * 1024 - 4096
PROCESSES = Path("/proc")

pytestmark = pytest.mark.skipif(not (PROCESSES / "self" / "clear_refs").exists(), reason="peaks are read in /proc")


def _text(inner: str) -> bytes:
    return json.dumps(bin_request(demande=demand(commentaire=inner)), ensure_ascii=False).encode()


def _unit(unit: bytes) -> bytes:
    return unit * (LARGE // len(unit))


INPUTS: dict[str, bytes] = {
    "J01 a hundred thousand levels": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "J01 five million open lists": b"[" * (LARGE // 2),
    "J01 three million empty lists": b"[" + _unit(b"[],") + b"0]",
    "J02 numbers beyond any": b"[" + b"1e999," * 20_000 + b"1]",
    "J03 a key a hundred thousand times": b"{" + b'"a":1,' * 100_000 + b'"a":1}',
    "J03 a hundred thousand keys": b"{" + b",".join(b'"k%d":1' % number for number in range(100_000)) + b"}",
    "J04 a number of ten megabytes": b'{"a": ' + b"9" * LARGE + b"}",
    "J04 numbers of four thousand digits": b"[" + (b"9" * 4000 + b",") * 2000 + b"1]",
    "J05 NUL a million times": _unit(b"\\u0000").join((b'{"a": "', b'"}')),
    "J06 half characters a million times": _unit(b"\\ud800").join((b'{"a": "', b'"}')),
    "J07 ten megabytes of another encoding": b'{"a": "' + b"\xe9" * LARGE + b'"}',
    "J08 ten megabytes of wide letters": _text("\U0001d517" * (LARGE // 4 - 200)),
    "J08 ten megabytes of marks on one letter": _text("e" + "\u0301" * (LARGE // 2 - 400)),
    "J13 ten megabytes in one field": _text("x" * (LARGE - 1000)),
    "J17 a hundred thousand fields too many": json.dumps(bin_request() | {f"f{n}": n for n in range(99_000)}).encode(),
    "J17 forty thousand lines, each wrong": json.dumps(
        bin_request(demande=demand(bacs=[{"flux": "none", "volume": "many"}] * 40_000))
    ).encode(),
    "cut off inside": b'{"dossier": {"numero": "' + b"\\" * (LARGE - 100),
    "blanks": b" " * LARGE,
    "no JSON at all": b"\x00\xff" * (LARGE // 2),
}


@dataclass(frozen=True)
class Watched:
    """A node, and how much memory it needed at most since it was last asked."""

    node: Node
    client: httpx.Client

    def asked(self, body: bytes) -> tuple[int, float, float]:
        """The status that a body gets, the seconds of work, and the megabytes that the node grew by at most meanwhile."""
        before = self._status("VmRSS")
        (self._process / "clear_refs").write_text("5")
        worked = self._worked()
        status = self.client.post(PATH, content=body).status_code
        return status, self._worked() - worked, (self._status("VmHWM") - before) / 1024

    def _worked(self) -> float:
        assert self.node.process
        spent = psutil.Process(self.node.process.pid).cpu_times()
        return spent.user + spent.system

    def _status(self, name: str) -> int:
        lines = (self._process / "status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))

    @property
    def _process(self) -> Path:
        assert self.node.process
        return PROCESSES / str(self.node.process.pid)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    town = install(tmp_path_factory.mktemp("bad"))
    town.init()
    node = Node(town).start()
    key = Admin(node.url, town.admin_key).key_for("portal")
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    try:
        with httpx.Client(base_url=node.url, headers=headers, timeout=60, trust_env=False) as client:
            found = Watched(node, client)
            found.asked(json.dumps(bin_request("D-first")).encode())
            yield found
    finally:
        node.kill()


@pytest.mark.parametrize("name", INPUTS)
def test_a_bad_input_is_refused_in_a_moment_and_takes_little(watched: Watched, name: str) -> None:
    status, seconds, megabytes = watched.asked(INPUTS[name])

    print(f"{name:45} {len(INPUTS[name]) / 1e6:5.1f} MB  {status}  {seconds:6.3f} s  {megabytes:+6.1f} MB")
    assert status in (400, 413, 422)
    assert seconds < SECONDS
    assert megabytes < MEGABYTES
    assert watched.asked(json.dumps(bin_request(f"D-after-{name}"[:40])).encode())[0] == 202
