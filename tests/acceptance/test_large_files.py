"""Files that are too large for a document travel beside it, both ways, and no process ever holds one whole."""

from __future__ import annotations

import base64
import itertools
import json
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
from lxml import etree

from tests.acceptance.files_town import (
    GROWTH,
    MB,
    MULTIPART,
    SIGNED,
    SIZE,
    XOP,
    Town,
    announced,
    blocks,
    digest_of,
    files_town,
    form,
)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with files_town(tmp_path_factory.mktemp("files")) as made:
        yield made


def test_a_file_of_200_mb_passes_from_the_portal_to_mtom_without_being_held(town: Town) -> None:
    number = town.next()

    with town.growth() as growth:
        answer = town.say("deposit", form("D-1", blocks(SIZE)), MULTIPART)
        assert answer.status_code == 202, answer.text
        came = town.told(number)

    document = etree.fromstring(came.wholes[0])
    include = document.find(".//{http://www.w3.org/2004/08/xop/include}Include")
    assert include is not None and include.get("href") == f"cid:{came.heads[1].id}"
    assert (came.heads[0].media, came.heads[0].inside, came.heads[1].media) == (
        "application/xop+xml",
        "text/xml",
        "application/pdf",
    )
    assert document.findtext(".//{urn:test:archive}Pages") == "12"
    assert (came.sizes[1], came.digests[1]) == (SIZE, digest_of(SIZE))
    assert growth[0] < GROWTH, f"{growth[0] / MB:.0f} MB"


@pytest.mark.long
def test_a_file_of_200_mb_passes_from_mtom_to_the_portal_without_being_held(town: Town) -> None:
    number = town.next()

    with town.growth() as growth:
        answer = town.call(announced("A-1", blocks(SIZE)), XOP)
        assert answer.status_code == 200, answer.text
        came = town.told(number)

    by_name = {head.name: place for place, head in enumerate(came.heads)}
    assert came.wholes[by_name["pages"]] == b"3"
    assert came.digests[by_name["file"]] == digest_of(SIZE)
    assert growth[0] < GROWTH, f"{growth[0] / MB:.0f} MB"


def test_a_signed_xml_arrives_byte_for_byte(town: Town) -> None:
    number = town.next()

    assert town.say("deposit", form("D-2", iter([SIGNED])), MULTIPART).status_code == 202
    there = town.told(number)
    assert town.call(announced("A-2", iter([SIGNED])), XOP).status_code == 200
    back = town.told(number + 1)

    assert there.wholes[1] == SIGNED
    assert there.heads[1].media == "application/xml"
    assert back.wholes[-1] == SIGNED


def test_a_file_keeps_its_name_in_ascii_and_in_full(town: Town) -> None:
    number = town.next()
    name = "filename=\"plan_d_ete.pdf\"; filename*=UTF-8''plan%20d%E2%80%99%C3%A9t%C3%A9.pdf"

    assert town.say("deposit", form("D-3", blocks(100), name=name), MULTIPART).status_code == 202

    assert town.told(number).heads[1].filename == "plan d’été.pdf"


def test_a_file_whose_digest_is_another_is_refused_and_nothing_is_kept(town: Town) -> None:
    told, wrong = town.next() - 1, "Content-Digest: sha-256=:" + "A" * 43 + "=:\r\n"

    answer = town.say("deposit", form("D-4", blocks(100), more=wrong), MULTIPART)

    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (400, "other-digest")
    assert town.admin.get("/messages", reference="D-4")["messages"] == []
    assert len(town.applications.came) == told


def test_a_file_that_is_cut_off_is_refused(town: Town) -> None:
    whole = b"".join(form("D-5", blocks(5000)))

    answer = town.say("deposit", whole[:-2000], MULTIPART)

    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (400, "cut-off")


@pytest.mark.parametrize("reference", ["file:///etc/passwd", "http://127.0.0.1/", "cid:other@here", ""])
def test_an_include_of_anything_but_a_part_of_its_message_is_refused(town: Town, reference: str) -> None:
    answer = town.call(announced("A-6", blocks(100), reference=reference), XOP)

    assert answer.status_code in (400, 500)
    assert b"Client" in answer.content and b"cid:" in answer.content
    assert town.admin.get("/messages", reference="A-6")["messages"] == []


def test_a_stranger_s_file_is_not_taken_in(town: Town) -> None:
    headers = {"Content-Type": XOP, "X-API-Key": "hub_000000000000_" + "0" * 64}
    url = f"{town.node.url}/soap/archive"

    answer = httpx.post(url, content=b"".join(announced("A-7", blocks(MB))), headers=headers, timeout=30, trust_env=False)

    assert answer.status_code == 401


def test_the_same_file_said_again_is_the_same_message_and_is_kept_once(town: Town) -> None:
    said = b"".join(form("D-8", blocks(3 * MB)))

    first, again = town.say("deposit", said, MULTIPART), town.say("deposit", said, MULTIPART)
    other = town.say("deposit", b"".join(form("D-8", blocks(2 * MB))), MULTIPART)

    assert again.json()["message"] == first.json()["message"]
    assert again.json()["duplicate"] is True
    assert other.status_code == 422


def test_a_node_that_dies_in_the_middle_of_a_file_sends_it_whole_when_it_is_back(town: Town) -> None:
    number = town.next()
    town.applications.cut = cut = threading.Event()

    answer = town.say("deposit", form("D-9", blocks(20 * MB)), MULTIPART)
    assert answer.status_code == 202
    assert cut.wait(60)
    town.node.kill()
    town.node.start()
    came = town.told(number)

    assert (came.sizes[1], came.digests[1]) == (20 * MB, digest_of(20 * MB))


def test_a_sender_that_leaves_in_the_middle_of_a_file_leaves_nothing_behind(town: Town) -> None:
    def leaving() -> Iterator[bytes]:
        yield from itertools.islice(form("D-10", blocks(20 * MB)), 15)
        raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        town.say("deposit", leaving(), MULTIPART)

    assert town.admin.get("/messages", reference="D-10")["messages"] == []
    end = time.monotonic() + 60
    while town.uploads()[1] and time.monotonic() < end:
        time.sleep(0.1)
    assert town.uploads()[1] == 0


TWENTY, EACH = 20, 10 * MB


def enclosed(number: str, each: int, *, wrong: int | None = None, cut: int | None = None) -> Iterator[bytes]:
    """A letter with twenty enclosures; one with another digest than it says, or one that ends too early."""
    enclosures = [{"name": f"{place}", "content": f"cid:{place}"} for place in range(TWENTY)]
    letter = {"number": number, "pages": 1, "file": base64.b64encode(SIGNED).decode(), "enclosures": enclosures}
    yield b"--edge\r\nContent-Type: application/json\r\nContent-ID: <letter>\r\n\r\n" + json.dumps(letter).encode()
    said = base64.b64encode(bytes.fromhex(digest_of(each))).decode()
    for place in range(TWENTY):
        told = said if place != wrong else base64.b64encode(bytes(32)).decode()
        yield f"\r\n--edge\r\nContent-ID: <{place}>\r\nContent-Digest: sha-256=:{told}:\r\n\r\n".encode()
        yield from blocks(each if place != cut else each // 2)
        if place == cut:
            break
    yield b"\r\n--edge--\r\n" if cut is None else b""


RELATED = 'multipart/related; boundary="edge"; type="application/json"'


@pytest.mark.parametrize(
    ("each", "spoilt", "kind"),
    [
        (MB, {"wrong": 13}, "other-digest"),
        (MB, {"cut": 17}, "cut-off"),
        pytest.param(EACH, {"wrong": 13}, "other-digest", marks=pytest.mark.long),
        pytest.param(EACH, {"cut": 17}, "cut-off", marks=pytest.mark.long),
    ],
)
def test_of_twenty_files_one_that_is_not_what_it_should_be_is_refused_with_all(
    town: Town, each: int, spoilt: dict[str, int], kind: str
) -> None:
    with town.growth() as growth:
        answer = town.say("letter", enclosed("T-1", each, **spoilt), RELATED)

    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (400, kind)
    assert town.admin.get("/messages", reference="T-1")["messages"] == []
    assert growth[0] < GROWTH, f"{growth[0] / MB:.0f} MB"


def test_twenty_files_travel_together(town: Town) -> None:
    number = town.next()

    with town.growth() as growth:
        answer = town.say("letter", enclosed("T-2", 2 * MB), RELATED)
        assert answer.status_code == 202, answer.text
        told = [town.told(number), town.told(number + 1)]

    assert {came.path for came in told} == {"/archive", "/archive/swa"}
    for came in told:
        assert sorted(came.sizes[1:]) == [len(SIGNED), 2 * MB]  # the same file twenty times is one part
    assert growth[0] < GROWTH, f"{growth[0] / MB:.0f} MB"
