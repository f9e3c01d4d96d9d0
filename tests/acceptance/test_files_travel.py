"""Files and forms in each way that applications have: inside, as MTOM, as attachments, in forms; whatever they came as."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest
from lxml import etree

from tests.acceptance.files_town import MB, MULTIPART, XOP, Came, Town, announced, blocks, files_town, form
from tests.installation import Admin

PDF = b"%PDF-1.7 " + bytes(range(256)) * 40
RELATED = 'multipart/related; boundary="edge"; type="application/json"; start="<letter>"'
NAMED = "{urn:test:archive}Content"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with files_town(tmp_path_factory.mktemp("files")) as made:
        yield made


def letter(number: str, file: str) -> bytes:
    return json.dumps({"number": number, "pages": 2, "file": file}).encode()


def beside(document: bytes, *files: bytes, name: str = "scan.pdf") -> bytes:
    """A document and the files that come with it."""
    head = b"--edge\r\nContent-Type: application/json\r\nContent-ID: <letter>\r\n\r\n" + document
    parts = [f"\r\n--edge\r\nContent-ID: <{name}>\r\n\r\n".encode() + file for file in files]
    return b"".join((head, *parts, b"\r\n--edge--\r\n"))


def by_path(town: Town, first: int) -> dict[str, Came]:
    """The three requests that a letter becomes."""
    return {came.path: came for came in (town.told(number) for number in range(first, first + 3))}


@pytest.mark.parametrize("comes", ["inside", "beside"])
def test_one_file_is_told_three_applications_each_in_its_own_way(town: Town, comes: str) -> None:
    first = town.next()

    if comes == "inside":
        answer = town.say("letter", letter("L-1", base64.b64encode(PDF).decode()), "application/json")
    else:
        answer = town.say("letter", beside(letter("L-2", "cid:scan.pdf"), PDF), RELATED)
    assert answer.status_code == 202, answer.text

    told = by_path(town, first)
    mtom, swa, inside = told["/archive"], told["/archive/swa"], told["/archive/inside"]
    assert (mtom.wholes[1], mtom.heads[0].media) == (PDF, "application/xop+xml")
    assert (swa.wholes[1], swa.heads[0].media) == (PDF, "text/xml")
    assert etree.fromstring(swa.wholes[0]).findtext(f".//{NAMED}") == f"cid:{swa.heads[1].id}"
    assert base64.b64decode(etree.fromstring(inside.wholes[0]).findtext(f".//{NAMED}") or "") == PDF


def test_a_file_too_large_for_a_document_becomes_a_dead_letter_that_says_what_to_do(town: Town) -> None:
    first = town.next()
    file = b"".join(blocks(25 * MB))

    answer = town.say("letter", beside(letter("L-3", "cid:scan.pdf"), file), RELATED)
    assert answer.status_code == 202, answer.text

    assert {town.told(first).sizes[1], town.told(first + 1).sizes[1]} == {25 * MB}
    assert "files: mtom" in town.reason(answer.json()["message"])


def test_an_operator_reads_a_file_with_a_reason_and_it_is_journalled(town: Town) -> None:
    answer = town.say("letter", beside(letter("L-9", "cid:scan.pdf"), PDF), RELATED)
    message = answer.json()["message"]
    key = town.admin.post("/keys", application="staff", scopes=("read", "content"))["key"]
    reader = Admin(town.node.url, str(key))

    (ticket,) = reader.get(f"/messages/{message}/contents", purpose="a complaint")["files"]
    asked = f"{town.node.url}/admin/api/messages/{message}/files/{ticket}"
    headers = {"Authorization": f"Bearer {key}"}
    read = httpx.get(asked, params={"purpose": "a complaint"}, headers=headers, trust_env=False, timeout=60)
    nowhere = httpx.get(f"{asked}0", params={"purpose": "a complaint"}, headers=headers, trust_env=False, timeout=60)

    assert (read.status_code, read.content) == (200, PDF)
    assert nowhere.status_code == 404
    told = [line for line in reader.get(f"/messages/{message}")["story"] if line["event"] == "content-read"]
    assert len(told) == 2


def test_a_file_that_no_document_names_is_refused(town: Town) -> None:
    answer = town.say("letter", beside(letter("L-4", "cid:scan.pdf"), PDF, name="other.pdf"), RELATED)

    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (400, "file-not-named")


def test_a_file_of_another_type_than_the_row_takes_is_refused_in_its_words(town: Town) -> None:
    answer = town.say("letter", beside(letter("L-5", "cid:scan.pdf"), b"MZ\x90\x00 an executable"), RELATED)

    assert answer.status_code == 422
    assert "pdf, xml" in answer.json()["errors"][0]["detail"]


def test_an_attachment_that_a_soap_1_1_message_names_is_taken(town: Town) -> None:
    number = town.next()
    said = b"".join(announced("A-1", iter([PDF])))
    swa = said.replace(b'application/xop+xml; charset=UTF-8; type="text/xml"', b"text/xml; charset=UTF-8")
    start, end = swa.index(b"<xop:Include"), swa.index(b"</Content>")
    swa = swa[:start] + b"cid:file@here" + swa[end:]

    answer = town.call(swa, 'multipart/related; boundary="edge"; type="text/xml"; start="<root@here>"')

    assert answer.status_code == 200, answer.text
    assert PDF in town.told(number).wholes


def test_an_attachment_in_base64_with_words_before_the_first_part_is_taken(town: Town) -> None:
    number = town.next()
    said = b"".join(announced("A-2", iter([base64.encodebytes(PDF)])))
    said = b"This is a multi-part message in MIME format.\r\n" + said.replace(b"Encoding: binary", b"Encoding: base64")

    assert town.call(said, XOP).status_code == 200
    assert PDF in town.told(number).wholes


def test_a_form_becomes_a_form_with_its_lists_and_what_stands_deeper(town: Town) -> None:
    number = town.next()
    fields = [
        ("number", "N-1"),
        ("urgent", "true"),
        ("words", "l'été"),
        ("words", "a&b=c"),
        ("where", '{"street": "Œ", "number": 7}'),
    ]

    answer = town.say("note", urlencode(fields).encode(), "application/x-www-form-urlencoded")
    assert answer.status_code == 202, answer.text

    came = town.told(number)
    assert came.media == "application/x-www-form-urlencoded"
    told = parse_qsl(came.wholes[0].decode(), strict_parsing=True)
    assert [(name, json.loads(value) if name == "where" else value) for name, value in told] == [
        (name, json.loads(value) if name == "where" else value) for name, value in fields
    ]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"number=N-2&urgent=perhaps&where=%7B%7D", 422),
        (b"number=N-2&number=N-3&urgent=true&where=%7B%7D", 400),
        (b"number=N-2&urgent=true", 422),
        (b"number=%FF&urgent=true&where=%7B%7D", 400),
        (b"&&&=", 400),
        (b"number=N-2&urgent=true&where=%7B", 400),
        (b"number=N-2&urgent=true&where=%7B%7D&other=1", 422),
    ],
)
def test_a_form_that_does_not_fit_is_refused(town: Town, body: bytes, status: int) -> None:
    answer = town.say("note", body, "application/x-www-form-urlencoded")

    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    "media", ["multipart/form-data", "multipart/form-data; boundary=", f"multipart/form-data; boundary={'x' * 80}"]
)
def test_a_body_of_parts_without_a_boundary_is_refused(town: Town, media: str) -> None:
    answer = town.say("deposit", b"".join(form("D-1", blocks(10))), media)

    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (400, "misformed-multipart")


def test_a_body_of_too_many_parts_is_refused(town: Town) -> None:
    many = b"".join(b'--edge\r\nContent-Disposition: form-data; name="words"\r\n\r\nun\r\n' for _ in range(500))

    answer = town.say("deposit", many + b"--edge--\r\n", MULTIPART)

    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (400, "misformed-multipart")


def test_the_portal_reads_how_each_exchange_takes_files(town: Town) -> None:
    asked = httpx.get(f"{town.node.url}/openapi.json", headers={"X-API-Key": town.portal}, trust_env=False).json()

    def content(exchange: str) -> dict:
        return asked["paths"][f"/api/v1/exchanges/{exchange}/messages"]["post"]["requestBody"]["content"]

    deposit = content("deposit")[MULTIPART.partition(";")[0]]["schema"]
    assert {"number", "pages", "words", "file"} <= deposit["properties"].keys()
    assert "application/x-www-form-urlencoded" in content("note")
    assert {"application/json", "multipart/form-data"} <= content("letter").keys()
