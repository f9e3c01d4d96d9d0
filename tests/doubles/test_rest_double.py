"""A REST application's double, called by httpx: contract, repeats, refusals."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from hub.doubles import Stage, load_double

SERVICE_DONE = {
    "nouveauStatut": "SERVICE_FAIT",
    "dateServiceFait": "29/05/2026",
    "montantTtcCentimes": 150060,
    "reserve": "N",
}


async def test_a_call_that_fits_the_contract_is_answered_by_the_sample(play, client):
    finance = await play("finance")

    reply = await client.post(f"{finance.address}/factures/7000451/service-fait", json=SERVICE_DONE)

    assert reply.status_code == 200
    assert reply.json()["codeRetour"] == 0
    assert reply.json()["numeroAccuse"] == "SF-000001"
    assert finance.calls[0].document["@idFacture"] == "7000451"
    assert finance.calls[0].document["montantTtcCentimes"] == "150060"


async def test_the_same_key_has_one_effect_and_the_same_answer(play, client):
    finance = await play("finance")
    url, key = f"{finance.address}/factures/7000451/service-fait", {"Idempotency-Key": "k1"}

    first = await client.post(url, json=SERVICE_DONE, headers=key)
    second = await client.post(url, json=SERVICE_DONE, headers=key)

    assert first.json() == second.json()
    assert len(finance.kept("receipts")) == 1
    assert [call.repeat for call in finance.calls] == [False, True]


async def test_two_calls_without_a_key_have_two_effects(play, client):
    finance = await play("finance")
    url = f"{finance.address}/factures/7000451/service-fait"

    await client.post(url, json=SERVICE_DONE)
    await client.post(url, json=SERVICE_DONE)

    assert len(finance.kept("receipts")) == 2


async def test_a_body_that_does_not_fit_the_contract_is_answered_422_and_has_no_effect(play, client):
    finance = await play("finance")

    reply = await client.post(
        f"{finance.address}/factures/7000451/service-fait", json={**SERVICE_DONE, "dateServiceFait": "2026-05-29"}
    )

    assert reply.status_code == 422
    assert not finance.kept()
    assert not finance.calls[0].applied


async def test_an_unknown_path_is_404_and_a_wrong_method_405(play, client):
    finance = await play("finance")

    assert (await client.post(f"{finance.address}/nowhere", json={})).status_code == 404
    assert (await client.get(f"{finance.address}/factures/1/service-fait")).status_code == 405


async def test_the_sample_refuses_by_what_the_request_holds(play, client):
    portal = await play("portal")

    reply = await client.post(f"{portal.address}/demandes/X-1/avancement", json={"statut": "RECUE"})

    assert reply.status_code == 200
    assert reply.json()["err"] == 1
    assert reply.json()["err_desc"] == "Le dossier X-1 n'existe pas"
    assert not portal.kept()


async def test_a_path_parameter_is_decoded(play, client):
    portal = await play("portal")

    await client.post(f"{portal.address}/demandes/D%2F2026%20%C3%A9/avancement", json={"statut": "RECUE"})

    assert portal.calls[0].document["@numero"] == "D/2026 é"


async def test_missing_credentials_are_answered_401_when_the_connector_has_some(play, client):
    finance = await play("finance", credentials=None)
    url = f"{finance.address}/factures/1/service-fait"

    assert (await client.post(url, json=SERVICE_DONE)).status_code == 401
    shown = await client.post(url, json=SERVICE_DONE, headers={"Authorization": "Bearer any"})
    assert shown.status_code == 200


async def test_every_call_is_in_the_file_before_its_answer_leaves(play, client, tmp_path):
    file = tmp_path / "calls.jsonl"
    finance = await play("finance", file=file)

    await client.post(f"{finance.address}/factures/7000451/service-fait", json=SERVICE_DONE)

    (line,) = file.read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["operation"] == "record_service_done"
    assert json.loads(line)["applied"] is True


async def test_a_double_in_a_process_of_its_own_ends_cleanly_on_sigterm():
    program = (
        "import asyncio, pathlib; from hub.doubles import Stage, load_double, rehearse; "
        "asyncio.run(rehearse(load_double(pathlib.Path('connectors/portal'), Stage(), root=pathlib.Path('.')), "
        "started=lambda double: print(double.address, flush=True)))"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert process.stdout
    line = await asyncio.wait_for(process.stdout.readline(), 60)

    process.terminate()

    assert line.startswith(b"http://127.0.0.1:")
    assert await asyncio.wait_for(process.wait(), 60) == 0


async def test_a_document_that_is_posted_to_the_address_itself_is_heard(client, tmp_path):
    folder = tmp_path / "connectors" / "notes"
    (folder / "samples").mkdir(parents=True)
    (folder / "note.json").write_text('{"type": "object", "properties": {"text": {"type": "string"}}}')
    (folder / "samples" / "keep.yaml").write_text("operation: keep\nanswers:\n  - answer: {}\n")
    (folder / "connector.yaml").write_text(
        "connector: notes\ntitle: Notes\nprotocol: rest\ncontract: note.json\n"
        'instances: {default: {address: "http://127.0.0.1:9"}}\n'
        "operations:\n  keep: {direction: out, action: note}\n"
    )

    async with load_double(folder, Stage(credentials=False), root=tmp_path) as double:
        reply = await client.post(double.address, json={"text": "été"})

        assert reply.status_code == 200
        assert double.calls[0].document == {"text": "été"}
