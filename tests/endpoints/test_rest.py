"""The REST door: what is taken, and how everything else is refused without a trace."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from starlette.requests import Request

from hub.endpoints.body import read_body
from hub.errors import MessageError
from tests.endpoints.doors import Doors, bin_request, demand


async def test_a_good_message_is_accepted_with_a_receipt_and_a_place(doors: Doors) -> None:
    answer = await doors.say(bin_request())

    assert answer.status_code == 202
    receipt = answer.json()
    assert receipt["exchange"] == "bin-replacement"
    assert receipt["reference"] == "D-2026-00417"
    assert receipt["duplicate"] is False
    assert len(receipt["deliveries"]) == 1
    assert answer.headers["location"] == f"/api/v1/messages/{receipt['message']}"
    assert await doors.kept() == 1


async def test_an_error_that_nobody_expected_is_answered_without_its_words(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failing(_: object) -> None:
        raise RuntimeError("Camille Martin, 12 rue des Tanneurs")

    monkeypatch.setattr(type(doors.hub.intake), "accept", lambda _self, arrival: failing(arrival))

    answer = await doors.say(bin_request())

    assert answer.status_code == 500
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "Camille" not in answer.text
    assert await doors.kept() == 0


async def test_the_same_message_again_gives_the_first_receipt(doors: Doors) -> None:
    first = await doors.say(bin_request(), Idempotency_Key="abc-1")

    again = await doors.say(bin_request(), Idempotency_Key="abc-1")

    assert again.status_code == 202
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json()["duplicate"] is True
    assert again.json()["message"] == first.json()["message"]
    assert await doors.kept() == 1


async def test_the_same_key_with_other_content_is_refused(doors: Doors) -> None:
    await doors.say(bin_request(), Idempotency_Key="abc-1")

    other = await doors.say(bin_request("D-2026-00418"), Idempotency_Key="abc-1")

    assert other.status_code == 422
    assert await doors.kept() == 1


async def test_a_sender_reads_what_became_of_its_message_and_never_the_content(doors: Doors) -> None:
    receipt = (await doors.say(bin_request())).json()

    told = await doors.get(f"/api/v1/messages/{receipt['message']}", key=doors.portal)

    assert told.status_code == 200
    assert told.json()["state"] == "waiting"
    assert [line["event"] for line in told.json()["story"]] == ["accepted"]
    assert told.json()["deliveries"][0]["receiver"] == "waste"
    assert "LE GOFF" not in told.text


async def test_a_message_of_another_application_or_authority_is_not_there(doors: Doors) -> None:
    message = (await doors.say(bin_request())).json()["message"]
    elsewhere = await doors.hub.desk.issue_key("portal", "marmande", ("send:*", "status:own"), actor="test")

    answers = [await doors.get(f"/api/v1/messages/{message}", key=key) for key in (doors.waste, elsewhere)]
    nowhere = await doors.get("/api/v1/messages/0123456789abcdef0123456789abcdef", key=doors.waste)

    assert [answer.status_code for answer in answers] == [404, 404]
    assert [answer.json() for answer in answers] == [nowhere.json(), nowhere.json()]


async def test_every_error_of_a_message_is_said_at_once_in_both_languages(doors: Doors) -> None:
    wrong = bin_request(demande=demand(ancienBac="12", nbHabitants=99, motif="inconnu"))

    english = await doors.say(wrong, Accept_Language="en")
    french = await doors.say(wrong, Accept_Language="fr-FR,fr;q=0.9,en;q=0.5")

    for answer in (english, french):
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        rows = {error["row"] for error in answer.json()["errors"]}
        assert {"old_bin", "residents", "motive"} <= rows
    by_row = {error["row"]: error for error in french.json()["errors"]}
    assert by_row["old_bin"]["path"] == "demande.ancienBac"
    assert by_row["old_bin"]["label"] == "Numéro de l'ancien bac"
    assert by_row["old_bin"]["side"] == "portal"
    assert "relevez l'étiquette" in by_row["old_bin"]["detail"]
    assert "vol" in by_row["motive"]["accepted"]
    assert english.headers["content-language"] == "en"
    assert french.headers["content-language"] == "fr"
    assert english.json()["title"] != french.json()["title"]
    assert await doors.kept() == 0


async def test_a_missing_required_field_is_named_by_its_row(doors: Doors) -> None:
    answer = await doors.say(bin_request(demande=demand(nbHabitants=None)))

    assert answer.status_code == 422
    assert "residents" in {error["row"] for error in answer.json()["errors"]}
    assert await doors.kept() == 0


BROKEN = {
    "cut": b'{"dossier": {"numero": "D-1"',
    "empty": b"",
    "two values": b"{} {}",
    "depth": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "NaN": b'{"dossier": NaN}',
    "twice the same key": b'{"dossier": {}, "dossier": {}}',
    "lone surrogate": b'{"dossier": {"numero": "\\ud800"}}',
    "NUL": b'{"dossier": {"numero": "a\\u0000b"}}',
    "latin-1": '{"dossier": {"numero": "é"}}'.encode("latin-1"),
    "UTF-16": '{"dossier": {}}'.encode("utf-16"),
    "5,000 digits": b'{"dossier": ' + b"1" * 5000 + b"}",
    "a list": b"[1, 2]",
    "a text": b'"hello"',
    "XML": b"<dossier/>",
}


@pytest.mark.parametrize("name", BROKEN)
async def test_broken_json_is_refused_and_nothing_is_kept(doors: Doors, name: str) -> None:
    answer = await doors.say(BROKEN[name])

    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]
    assert await doors.kept() == 0
    assert await doors.unharmed()


async def test_a_body_announced_as_too_large_is_refused_before_it_is_read(doors: Doors) -> None:
    answer = await doors.say(b" " * (20 * 1024 * 1024))

    assert answer.status_code == 413
    assert answer.json()["type"] == "urn:hub:problem:too-large"
    assert answer.headers["connection"] == "close"
    assert await doors.kept() == 0
    assert await doors.unharmed()


async def test_a_chunked_body_is_cut_at_the_limit(doors: Doors, chunks) -> None:
    sent = 0

    async def counted() -> AsyncIterator[bytes]:
        nonlocal sent
        async for piece in chunks(20 * 1024 * 1024):
            sent += len(piece)
            yield piece

    headers = {"Authorization": f"Bearer {doors.portal}", "Content-Type": "application/json"}
    answer = await doors.client.post("/api/v1/exchanges/bin-replacement/messages", content=counted(), headers=headers)

    assert answer.status_code == 413
    assert sent < 11 * 1024 * 1024
    assert await doors.unharmed()


async def test_a_body_that_comes_too_slowly_is_given_up() -> None:
    async def never() -> dict:
        await asyncio.sleep(60)
        return {}

    request = Request({"type": "http", "method": "POST", "headers": []}, never)

    with pytest.raises(MessageError) as refused:
        await read_body(request, limit=100, seconds=0.05)

    assert refused.value.status == 408


async def test_an_unknown_exchange_is_not_found_and_the_known_ones_are_named(doors: Doors) -> None:
    answer = await doors.say(bin_request(), exchange="no-such-exchange")

    assert answer.status_code == 404
    assert "bin-replacement" in answer.json()["detail"]


@pytest.mark.parametrize("media", ["", "text/plain", "application/xml", "application/json; charset=latin-1"])
async def test_another_content_type_is_refused(doors: Doors, media: str) -> None:
    answer = await doors.say(bin_request(), Content_Type=media)

    assert answer.status_code == 415
    assert "application/json" in answer.json()["detail"]
    assert await doors.kept() == 0


async def test_a_body_without_any_content_type_is_refused(doors: Doors) -> None:
    headers = {"Authorization": f"Bearer {doors.portal}"}

    answer = await doors.client.post("/api/v1/exchanges/bin-replacement/messages", content=b"{}", headers=headers)

    assert answer.status_code == 415


@pytest.mark.parametrize("key", ["", "with space", "é", "x" * 256, "tab\there"])
async def test_an_idempotency_key_that_cannot_be_one_is_refused(doors: Doors, key: str) -> None:
    headers = [
        (b"Authorization", f"Bearer {doors.portal}".encode()),
        (b"Content-Type", b"application/json"),
        (b"Idempotency-Key", key.encode("latin-1")),
    ]
    body = json.dumps(bin_request()).encode()

    answer = await doors.client.post("/api/v1/exchanges/bin-replacement/messages", content=body, headers=headers)

    assert answer.status_code == 400
    assert await doors.kept() == 0


async def test_a_parameter_given_twice_is_refused(doors: Doors) -> None:
    headers = {"Authorization": f"Bearer {doors.portal}", "Content-Type": "application/json"}

    answer = await doors.client.post("/api/v1/exchanges/bin-replacement/messages?a=1&a=2", content=b"{}", headers=headers)

    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:hub:problem:parameter-twice"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "OPTIONS"])
async def test_another_method_is_not_taken(doors: Doors, method: str) -> None:
    answer = await doors.client.request(
        method,
        "/api/v1/exchanges/bin-replacement/messages",
        headers={"X-HTTP-Method-Override": "POST", "Authorization": f"Bearer {doors.portal}"},
    )

    assert answer.status_code == 405
    assert "access-control-allow-origin" not in answer.headers


async def test_headers_that_nobody_needs_are_refused(doors: Doors) -> None:
    answer = await doors.say(bin_request(), X_Long="a" * 200_000)

    assert answer.status_code == 431
    assert await doors.unharmed()


async def test_every_answer_carries_the_security_headers(doors: Doors) -> None:
    answers = [
        await doors.client.get("/health/live"),
        await doors.client.get("/nowhere"),
        await doors.say(b"{"),
        await doors.client.get("/admin/login"),
    ]

    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


async def test_a_full_disk_is_an_answer_to_try_again_later(doors: Doors) -> None:
    await doors.hub.ledger.close()

    answer = await doors.say(bin_request(), key=doors.portal)

    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


async def test_what_nobody_expected_tells_the_caller_nothing(doors: Doors) -> None:
    async def broken(request: Request) -> None:
        raise RuntimeError("the password is hunter2")

    doors.app.router.add_route("/broken", broken)

    answer = await doors.client.get("/broken", headers={"Accept-Language": "fr"})

    assert answer.status_code == 500
    assert answer.json()["type"] == "urn:hub:problem:internal-error"
    assert "hunter2" not in answer.text
