"""The administration as JSON: reading, changing with a reason, and who may."""

from __future__ import annotations

import json
from base64 import b64decode

import pytest

from hub.call import Refused, Unanswered
from hub.errors import Text
from tests.endpoints.doors import Doors, bin_request
from tests.endpoints.outcomes import ends

REFUSED = Refused(Text(en="Unknown bin", fr="Bac inconnu"))
SILENT = Unanswered(Text(en="No answer", fr="Pas de réponse"))


async def test_the_overview_counts_what_has_not_ended(doors: Doors) -> None:
    await doors.say(bin_request("D-1"))
    await doors.say(bin_request("D-2"))
    await ends(doors, REFUSED, limit=1)

    seen = (await doors.get("/admin/api/overview", key=doors.reader)).json()

    assert seen["deliveries"]["waiting"] == 1
    assert seen["deliveries"]["dead"] == 1
    assert seen["revision"] == doors.hub.catalogue.revision


async def test_messages_are_found_by_reference_and_state(doors: Doors) -> None:
    await doors.say(bin_request("D-1"))
    await doors.say(bin_request("D-2"))

    one = (await doors.get("/admin/api/messages", key=doors.reader, reference="D-1")).json()
    waiting = (await doors.get("/admin/api/messages", key=doors.reader, state="waiting", limit="1")).json()
    rest = (await doors.get("/admin/api/messages", key=doors.reader, state="waiting", after=waiting["next"])).json()

    assert [each["reference"] for each in one["messages"]] == ["D-1"]
    assert len(waiting["messages"]) == len(rest["messages"]) == 1
    assert waiting["messages"] != rest["messages"]


@pytest.mark.parametrize("query", ["state=lost", "limit=100000", "after=x", "unknown=1"])
async def test_a_question_that_makes_no_sense_is_refused(doors: Doors, query: str) -> None:
    answer = await doors.client.get(f"/admin/api/messages?{query}", headers={"X-API-Key": doors.reader})

    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_dead_letter_is_grouped_by_its_cause_and_sent_again_with_a_reason(doors: Doors) -> None:
    message = (await doors.say(bin_request())).json()
    await ends(doors, REFUSED)
    delivery = message["deliveries"][0]

    causes = (await doors.get("/admin/api/dead", key=doors.reader)).json()["causes"]
    done = await doors.post(f"/admin/api/deliveries/{delivery}/replay", key=doors.admin, reason="Corrigé")
    story = (await doors.get(f"/admin/api/messages/{message['message']}", key=doors.reader)).json()

    assert [(cause["reason"], cause["deliveries"]) for cause in causes] == [("Unknown bin", 1)]
    assert (done.status_code, done.json()["state"]) == (200, "waiting")
    last = story["story"][-1]
    assert (last["event"], last["reason"]) == ("replayed", "Corrigé")
    assert last["actor"].startswith("staff:")


async def test_an_unanswered_delivery_is_confirmed(doors: Doors) -> None:
    delivery = (await doors.say(bin_request())).json()["deliveries"][0]
    await ends(doors, SILENT, can_look_up=False)

    done = await doors.post(f"/admin/api/deliveries/{delivery}/confirm", key=doors.admin, reason="Vu dans l'application")

    assert done.json()["state"] == "delivered"


@pytest.mark.parametrize("verb", ["replay", "cancel", "confirm"])
@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "  "}, {"reason": "x" * 501}, {"reason": 1}])
async def test_no_change_is_made_without_a_reason(doors: Doors, verb: str, body: dict) -> None:
    delivery = (await doors.say(bin_request())).json()["deliveries"][0]

    answer = await doors.post(f"/admin/api/deliveries/{delivery}/{verb}", key=doors.admin, **body)

    assert answer.status_code == 422


async def test_what_cannot_be_done_in_a_state_is_a_conflict(doors: Doors) -> None:
    delivery = (await doors.say(bin_request())).json()["deliveries"][0]

    confirm = await doors.post(f"/admin/api/deliveries/{delivery}/confirm", key=doors.admin, reason="Vu")
    nowhere = await doors.post(f"/admin/api/deliveries/{'0' * 32}/cancel", key=doors.admin, reason="Vu ailleurs")

    assert (confirm.status_code, nowhere.status_code) == (422, 404)
    again = await doors.post(f"/admin/api/deliveries/{delivery}/confirm", key=doors.admin, reason="Vu là-bas")
    assert again.status_code == 409


async def test_all_matching_dead_letters_are_counted_first_and_then_sent_again(doors: Doors) -> None:
    for number in range(3):
        await doors.say(bin_request(f"D-{number}"))
    await ends(doors, REFUSED)
    text = (await doors.get("/admin/api/dead", key=doors.reader)).json()["causes"][0]["text"]

    dry = (await doors.post("/admin/api/dead/replay", key=doors.admin, text=text)).json()
    other = (await doors.post("/admin/api/dead/replay", key=doors.admin, text="another cause")).json()
    still = (await doors.get("/admin/api/overview", key=doors.reader)).json()["deliveries"]["dead"]
    go = {"text": text, "dry_run": False, "reason": "Corrigé", "ticket": dry["ticket"]}
    done = await doors.post("/admin/api/dead/replay", key=doors.admin, **go)

    assert (dry["deliveries"], len(dry["first"]), other["deliveries"], still) == (3, 3, 0, 3)
    assert [(cause["reason"], cause["deliveries"]) for cause in dry["causes"]] == [("Unknown bin", 3)]
    assert done.json() == {"dry_run": False, "done": 3}


async def test_a_lane_is_paused_and_resumed(doors: Doors) -> None:
    paused = await doors.post("/admin/api/lanes/waste/default/pause", key=doors.admin, reason="Bascule de version")
    resumed = await doors.post("/admin/api/lanes/waste/default/resume", key=doors.admin, reason="Terminée")
    unknown = await doors.post("/admin/api/lanes/waste/nowhere/pause", key=doors.admin, reason="Erreur")

    assert (paused.json()["gate"], resumed.json()["gate"]) == ("paused", "closed")
    assert unknown.status_code == 404


async def test_a_key_is_issued_once_in_clear_and_revoked(doors: Doors) -> None:
    issued = (await doors.post("/admin/api/keys", key=doors.admin, application="portal", scopes=["send:*"])).json()
    listed = await doors.get("/admin/api/keys", key=doors.reader)
    before = await doors.say(bin_request(), key=issued["key"])
    await doors.post(f"/admin/api/keys/{issued['id']}/revoke", key=doors.admin, reason="Départ")
    after = await doors.say(bin_request("D-2"), key=issued["key"])

    assert (before.status_code, after.status_code) == (202, 401)
    assert issued["id"] in listed.text
    assert issued["key"].split("_")[2] not in listed.text
    assert "hash" not in listed.text


CHANGES = (
    "/admin/api/deliveries/x/replay",
    "/admin/api/deliveries/x/cancel",
    "/admin/api/deliveries/x/confirm",
    "/admin/api/dead/replay",
    "/admin/api/dead/cancel",
    "/admin/api/lanes/waste/default/pause",
    "/admin/api/lanes/waste/default/resume",
    "/admin/api/schedules/x/run",
    "/admin/api/keys",
    "/admin/api/keys/x/revoke",
)


@pytest.mark.parametrize("path", CHANGES)
async def test_whoever_may_read_may_not_change(doors: Doors, path: str) -> None:
    body = {"reason": "curieux", "application": "portal", "scopes": ["admin"]}
    allowed = {"/admin/api/keys": ("application", "scopes")}.get(path, ("reason",))

    answer = await doors.post(path, key=doors.reader, **{name: body[name] for name in allowed})

    assert answer.status_code == 403


async def test_a_request_to_the_administration_is_small(doors: Doors) -> None:
    answer = await doors.post("/admin/api/keys", key=doors.admin, title="x" * 100_000)

    assert answer.status_code == 413


async def test_the_content_of_a_message_is_given_to_whoever_may_and_the_journal_says_who_looked(doors: Doors) -> None:
    said = bin_request("D-7")
    message = (await doors.say(said)).json()["message"]
    content = await doors.hub.desk.issue_key("staff", "default", ("read", "content"), actor="test")

    path = f"/admin/api/messages/{message}/contents"
    given = (await doors.get(path, key=content, purpose="hub explain")).json()
    story = (await doors.get(f"/admin/api/messages/{message}", key=doors.reader)).json()["story"]

    kept = {each["name"]: b64decode(each["data"]) for each in given["contents"]}
    assert json.loads(kept["original"])["dossier"]["numero"] == "D-7"
    assert given["deliveries"][0]["receiver"] == "waste"
    looked = [line for line in story if line["event"] == "content-read"]
    assert [(line["actor"].partition(":")[0], line["reason"]) for line in looked] == [("staff", "hub explain")]


async def test_an_operator_without_the_right_to_content_reads_none_and_nobody_reads_it_for_nothing(doors: Doors) -> None:
    message = (await doors.say(bin_request("D-8"))).json()["message"]
    content = await doors.hub.desk.issue_key("staff", "default", ("read", "content"), actor="test")

    path = f"/admin/api/messages/{message}/contents"
    for key, purpose, status in ((doors.admin, "hub explain", 403), (doors.reader, "hub explain", 403), (content, "", 422)):
        answer = await doors.get(path, key=key, purpose=purpose)

        assert answer.status_code == status, answer.text
        assert "data" not in answer.text


async def test_a_right_on_an_exchange_that_there_is_not_is_refused_with_those_that_there_are(doors: Doors) -> None:
    refused = await doors.post("/admin/api/keys", key=doors.admin, application="portal", scopes=["send:bin-replacment"])

    assert refused.status_code == 404
    assert "bin-replacement" in refused.text
