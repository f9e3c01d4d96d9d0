"""The largest body that an operation says it may have: held at each door, by the length announced and while it comes in."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from hub.assembly import assemble
from hub.catalogue import inspect
from hub.endpoints.body import seconds_for
from hub.errors import ConfigurationError
from hub.settings import read_settings
from tests.endpoints.conftest import COLLECTING, opened
from tests.endpoints.doors import Doors, bin_request, envelope, order_change, username_token
from tests.endpoints.served import served
from tests.endpoints.test_mailboxes import DONE, fetched, said
from tests.endpoints.test_signed_requests import a_signer
from tests.endpoints.test_soap import fault
from tests.feeds.register import PLAN, PLAN_CONTRACT

USUAL, SMALL, LARGE, FINDING = 10_000, 3_000, 30_000, 5_000
PORTAL = "operations:\n  bin_request: {direction: in, "
WASTE = "  order_changed:\n    direction: in\n"
MORE = f"  found:\n    direction: in\n    action: FindOrder\n    largest_body: {FINDING} B\n"
SAYING = "/api/v1/exchanges/bin-replacement/messages"
TELLING = "/api/v1/exchanges/bin-progress/messages"
ACTION = "urn:exemple:dechets:service:1:"
NOTES = """
exchange: notes
title: Notes
sector: relations-usagers
between: {portal: {in: put_street}, kiosk: {in: put_street}, plan: {out: put_street}}
key: code
fields:
  code: {portal: code, kiosk: code, plan: code, required: true}
ignore: {portal: [name], kiosk: [name], plan: [name]}
"""


def changed(root: Path, connector: str, before: str, after: str) -> None:
    """Write something else in a connector."""
    file = root / "connectors" / connector / "connector.yaml"
    text = file.read_text(encoding="utf-8")
    assert text.count(before) == 1
    file.write_text(text.replace(before, after), encoding="utf-8")


@pytest.fixture
def sized(shipped: Path, tmp_path: Path) -> Path:
    """An installation whose portal says less than is usual, and whose waste application more."""
    root = tmp_path / "sized"
    shutil.copytree(shipped, root)
    changed(root, "portal", PORTAL, f"{PORTAL}largest_body: {SMALL // 1000} kB, ")
    changed(root, "waste", WASTE, f"{MORE}{WASTE}    largest_body: {LARGE // 1000} kB\n")
    return root


@pytest.fixture
async def measured(sized: Path, tmp_path: Path) -> AsyncIterator[Doors]:
    """Its doors."""
    async with opened(sized, tmp_path, HUB_LARGEST_BODY=str(USUAL)) as found:
        yield found


@dataclass
class Poured:
    """A body in pieces, and how many of its bytes were asked for."""

    whole: bytes
    taken: int = 0
    piece: int = field(default=500, kw_only=True)

    async def pieces(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self.whole), self.piece):
            self.taken += len(self.whole[start : start + self.piece])
            yield self.whole[start : start + self.piece]


def request(size: int) -> bytes:
    """A good request for a bin, of so many bytes."""
    return json.dumps(bin_request()).encode().ljust(size)


def call(size: int, payload: str = "") -> bytes:
    """A good call in SOAP, of so many bytes."""
    return envelope(payload or order_change()).ljust(size)


async def poured(doors: Doors, path: str, body: bytes, *, announced: bool, **headers: str) -> tuple[httpx.Response, int]:
    """The answer to a body that comes in pieces, and how much of it was read."""
    source = Poured(body)
    length = {"Content-Length": str(len(body))} if announced else {}
    answer = await doors.client.post(path, content=source.pieces(), headers={**headers, **length})
    return answer, source.taken


def by(key: str, media: str = "application/json") -> dict[str, str]:
    return {"Authorization": f"Bearer {key}", "Content-Type": media}


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "in pieces"])
async def test_a_smaller_body_than_is_usual_is_all_that_its_operation_takes(measured: Doors, *, announced: bool) -> None:
    fits, _ = await poured(measured, SAYING, request(SMALL), announced=announced, **by(measured.portal))
    over, taken = await poured(measured, SAYING, request(SMALL + 1), announced=announced, **by(measured.portal))
    far, of_far = await poured(measured, SAYING, request(LARGE), announced=announced, **by(measured.portal))

    assert (fits.status_code, over.status_code, far.status_code) == (202, 413, 413)
    assert over.json()["type"] == "urn:hub:problem:too-large" and f"{SMALL} bytes" in over.json()["detail"]
    assert (taken, of_far) == (0, 0) if announced else (SMALL + 1, SMALL + 500)
    assert await measured.kept() == 1


async def test_the_limit_is_told_in_the_caller_s_language(measured: Doors) -> None:
    answer = await measured.say(request(SMALL + 1), Accept_Language="fr")

    assert answer.json()["detail"] == f"Le corps dépasse les {SMALL} octets admis ici."


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "in pieces"])
async def test_a_larger_body_than_is_usual_is_taken_where_its_operation_says_so(measured: Doors, *, announced: bool) -> None:
    headers = by(measured.waste, "text/xml")
    payload = order_change().encode()

    fits, _ = await poured(measured, TELLING, payload.ljust(LARGE), announced=announced, **headers)
    over, taken = await poured(measured, TELLING, payload.ljust(LARGE + 1), announced=announced, **headers)

    assert (fits.status_code, over.status_code) == (202, 413)
    assert taken == 0 if announced else taken == LARGE + 1


async def test_what_says_nothing_is_held_to_what_is_usual(sized: Path, tmp_path: Path) -> None:
    changed(sized, "portal", f"largest_body: {SMALL // 1000} kB, ", "")
    async with opened(sized, tmp_path, HUB_LARGEST_BODY=str(USUAL)) as doors:
        statuses = [(await doors.say(request(size))).status_code for size in (USUAL, USUAL + 1)]

        assert statuses == [202, 413]


@pytest.mark.parametrize("path", [SAYING, TELLING, "/soap/waste"])
async def test_nobody_s_body_is_read_before_it_is_known_who_calls(measured: Doors, path: str) -> None:
    unknown = {"Authorization": "Bearer hub_0123456789ab_no", "Content-Type": "text/xml"}

    answers = [await poured(measured, path, b" " * size, announced=False, **unknown) for size in (100, LARGE + 1)]

    assert [(answer.status_code, taken) for answer, taken in answers] == [(401, 0), (401, 0)]


async def test_a_document_with_files_is_measured_without_them(measured: Doors) -> None:
    head = b"--edge\r\nContent-Type: application/json\r\n\r\n"
    file = b"\r\n--edge\r\nContent-ID: <scan>\r\n\r\n" + b"x" * USUAL + b"\r\n--edge--\r\n"
    headers = by(measured.portal, "multipart/related; boundary=edge")

    over = await measured.client.post(SAYING, content=head + request(SMALL + 1) + file, headers=headers)
    fits = await measured.client.post(SAYING, content=head + request(SMALL) + file, headers=headers)

    assert over.status_code == 413 and f"{SMALL} bytes" in over.json()["detail"]
    assert fits.json()["type"] == "urn:hub:problem:file-not-named", "it was read to its end"


async def test_a_signed_body_is_held_to_the_same(measured: Doors) -> None:
    signer = await a_signer(measured)

    fits, over = await signer.say(request(SMALL)), await signer.say(request(SMALL + 1), id="msg_2")

    assert (fits.status_code, over.status_code) == (202, 413)


async def test_a_signed_body_that_another_sender_s_size_let_in_is_held_to_its_own(tmp_path: Path) -> None:
    async with opened(two_senders(tmp_path / "notes"), tmp_path, HUB_LARGEST_BODY=str(USUAL)) as doors:
        signer = await a_signer(doors, "send:notes")

        for size, status in ((SMALL, 202), (SMALL + 1, 413), (LARGE + 1, 413)):
            body = b'{"code": "a"}'.ljust(size)
            answer = await signer.send(body, signer.headers(body, id=f"msg_{size}"), "/api/v1/exchanges/notes/messages")
            assert answer.status_code == status, answer.text


def two_senders(root: Path) -> Path:
    """An exchange that the portal says in few bytes, and a kiosk in many."""
    directions = {"portal": f"in, largest_body: {SMALL} B", "kiosk": f"in, largest_body: {LARGE} B", "plan": "out"}
    for name, words in directions.items():
        folder = root / "connectors" / name
        folder.mkdir(parents=True)
        (folder / "plan.yaml").write_text(PLAN_CONTRACT, encoding="utf-8")
        text = PLAN.replace("connector: plan", f"connector: {name}").replace("REGISTER", "PORTAL")
        (folder / "connector.yaml").write_text(text.replace("direction: out", f"direction: {words}"), encoding="utf-8")
    (root / "mappings").mkdir()
    (root / "mappings" / "notes.yaml").write_text(NOTES, encoding="utf-8")
    return root


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "in pieces"])
@pytest.mark.parametrize("action", ["NotifyOrderChange", ""], ids=["with its action", "without"])
async def test_a_soap_call_is_held_to_its_operation_s_size(measured: Doors, action: str, *, announced: bool) -> None:
    headers = {**by(measured.waste, "text/xml"), **({"SOAPAction": f'"{ACTION}{action}"'} if action else {})}

    fits, _ = await poured(measured, "/soap/waste", call(LARGE), announced=announced, **headers)
    over, taken = await poured(measured, "/soap/waste", call(LARGE + 1), announced=announced, **headers)

    assert (fits.status_code, over.status_code) == (200, 413)
    assert fault(over.content)[0] == "Client" and f"{LARGE} bytes" in fault(over.content)[1]
    assert taken == 0 if announced else taken == LARGE + 1


async def test_an_action_tells_the_size_before_the_body_is_read_and_else_the_body_tells_it(measured: Doors) -> None:
    body = call(FINDING + 1, '<FindOrder xmlns="urn:exemple:dechets:types:1"/>')
    headers = by(measured.waste, "text/xml")

    told, of_told = await poured(measured, "/soap/waste", body, announced=True, SOAPAction=f'"{ACTION}FindOrder"', **headers)
    untold, _ = await poured(measured, "/soap/waste", body, announced=True, **headers)
    lying, _ = await poured(
        measured, "/soap/waste", body, announced=True, SOAPAction=f"{ACTION}NotifyOrderChange", **headers
    )

    assert of_told == 0
    for answer in (told, untold):
        assert answer.status_code == 413 and f"{FINDING} bytes" in fault(answer.content)[1]
    assert "NotifyOrderChange" not in fault(lying.content)[1] and lying.status_code != 200
    assert await measured.kept() == 0, "the action of another operation opens no door"


async def test_a_caller_that_is_named_in_the_envelope_is_held_to_it_too(measured: Doors) -> None:
    _, user, secret = measured.waste.split("_")
    head = username_token(user, secret)
    whole = envelope(order_change(), header=head)

    fits = await measured.call(whole.ljust(LARGE), key="")
    over = await measured.call(whole.ljust(LARGE + 1), key="")

    assert (fits.status_code, over.status_code) == (200, 413)


async def test_a_mailbox_is_told_no_more_than_its_operation_says(sized: Path, tmp_path: Path) -> None:
    collecting = COLLECTING.replace("action: CreateOrder}", "action: CreateOrder, largest_body: 2 kB}")
    (sized / "connectors" / "waste" / "connector.yaml").write_text(collecting, encoding="utf-8")
    (sized / "mappings" / "bin-progress.yaml").unlink()
    mapping = sized / "mappings" / "bin-replacement.yaml"
    mapping.write_text(mapping.read_text(encoding="utf-8").replace("waste: {out:", "waste: {collect:"), encoding="utf-8")
    async with opened(sized, tmp_path, HUB_LARGEST_BODY=str(USUAL)) as doors:
        await doors.say(bin_request())
        [parcel] = await fetched(doors)

        over = await said(doors, parcel, answer=DONE.ljust(2_000))
        given_back = await said(doors, parcel, "release", receipt="x" * 2_000)
        fits = await said(doors, parcel, answer=DONE.ljust(1_800))

        assert (over.status_code, given_back.status_code, fits.status_code) == (413, 413, 200)
        assert "2000 bytes" in over.json()["detail"]


async def test_a_size_beyond_the_installation_s_is_refused_at_the_start(sized: Path, tmp_path: Path) -> None:
    environment = {"HUB_ROOT": str(sized), "HUB_DATABASE": f"sqlite:///{tmp_path / 'hub.db'}", "HUB_BALLAST": "0"}

    with pytest.raises(ConfigurationError) as refused:
        await assemble(read_settings({**environment, "HUB_LARGEST_BODY": "2000", "HUB_LARGEST_BODY_OF_ANY": "29999"}))

    [found] = refused.value.findings
    assert (found.file, found.line > 1) == ("connectors/waste/connector.yaml", True)
    assert "29999 bytes" in found.text.en and "29999 octets" in found.text.fr
    assert "HUB_LARGEST_BODY_OF_ANY" in found.text.en and "HUB_LARGEST_BODY_OF_ANY" in found.text.fr


@pytest.mark.parametrize(
    "said",
    [{"HUB_LARGEST_BODY_OF_ANY": "30000"}, {"HUB_LARGEST_BODY_OF_ANY": "1", "HUB_LARGEST_BODY": "30000"}],
    ids=["just as much", "what is usual is more"],
)
async def test_a_size_within_the_installation_s_is_taken(sized: Path, tmp_path: Path, said: dict[str, str]) -> None:
    async with opened(sized, tmp_path, **said) as doors:
        assert (await doors.call(call(LARGE))).status_code == 200


@pytest.mark.parametrize(
    ("size", "direction", "says"),
    [
        ("10 MiB", "in", "write a whole number and one of B, kB, MB, GB: 10 MB"),
        ("0 B", "in", "no body has 0 bytes"),
        ("3 kB", "out", "largest_body is for what comes in (direction: in, collect)"),
    ],
)
def test_a_size_that_means_nothing_is_found_by_the_check(sized: Path, size: str, direction: str, says: str) -> None:
    before = f"{direction}," if direction == "in" else "update_status:\n    direction: out\n"
    file = sized / "connectors" / "portal" / "connector.yaml"
    text = file.read_text(encoding="utf-8").replace(f"largest_body: {SMALL // 1000} kB, ", "")
    after = f"in, largest_body: {size}," if direction == "in" else f"{before}    largest_body: {size}\n"
    file.write_text(text.replace(before, after, 1), encoding="utf-8")

    report = inspect(sized)[1]

    assert any(says in f"{found.text.en} {found.right.en if found.right else ''}" for found in report.errors)


def test_sizes_are_found_right(sized: Path) -> None:
    assert inspect(sized)[1].errors == ()


@pytest.mark.parametrize(("limit", "seconds"), [(0, 30), (2_000, 30), (10 * 1024**2, 30), (40 * 1024**2, 120)])
def test_a_body_that_may_be_larger_than_is_usual_may_take_as_much_longer(limit: int, seconds: float) -> None:
    assert seconds_for(limit) == seconds


async def test_over_a_real_connection_the_refusal_comes_before_the_body(measured: Doors) -> None:
    lines = f"Host: hub\r\nContent-Type: application/json\r\nAuthorization: Bearer {measured.portal}\r\n"
    async with served(measured) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)

        writer.write(f"POST {SAYING} HTTP/1.1\r\n{lines}Content-Length: {SMALL + 1}\r\n\r\n".encode())
        heard = await asyncio.wait_for(reader.read(4000), 60)
        writer.close()

    assert heard.startswith(b"HTTP/1.1 413 ") and f"{SMALL} bytes".encode() in heard
