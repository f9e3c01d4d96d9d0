"""A double that misbehaves as it is told, and what it has done all the same."""

from __future__ import annotations

import asyncio
import errno
import socket
import time

import httpx
import pytest

from hub.doubles import Mode
from tests.doubles.conftest import until

BODY = {"statut": "RECUE"}


@pytest.fixture
async def portal(play):
    return await play("portal")


async def post(client, portal, number="D-1", **changes):
    return await client.post(f"{portal.address}/demandes/{number}/avancement", json=BODY, **changes)


async def test_down_refuses_connections_also_to_those_who_are_connected(portal, client):
    await post(client, portal)

    await portal.tell(Mode("down"))

    with pytest.raises(httpx.ConnectError):
        await post(client, portal)
    await portal.tell(Mode())
    assert (await post(client, portal)).status_code == 200


async def test_down_for_some_seconds_comes_up_by_itself_on_the_same_port(portal, client):
    before = portal.address
    host, _, port = before.removeprefix("http://").partition(":")

    await portal.tell(Mode("down", seconds=0.2))
    # said to the system itself: its loop, and with it the double, stands still until it has answered
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)))
    with pytest.raises(OSError) as taken, socket.socket() as another:
        another.bind((host, int(port)))
    await until(lambda: not portal.modes)

    assert taken.value.errno == errno.EADDRINUSE
    assert portal.address == before
    assert (await post(client, portal)).status_code == 200


async def test_what_is_down_for_some_seconds_comes_up_also_when_it_is_told_something_else_meanwhile(portal, client):
    await portal.tell(Mode("down", seconds=0.2))
    await portal.tell(Mode("error500", operation="update_status"))
    await until(lambda: not portal.modes)

    assert (await post(client, portal)).status_code == 200


async def test_what_is_told_to_be_down_for_good_no_longer_comes_up_by_itself(portal, client):
    await portal.tell(Mode("down", seconds=0.01))
    await portal.tell(Mode("down"))
    await asyncio.sleep(0.1)

    with pytest.raises(httpx.ConnectError):
        await post(client, portal)


@pytest.mark.parametrize(
    ("mode", "status"), [("error500", 500), ("fault", 500), ("busy", 503), ("unauthorised", 401), ("login_page", 200)]
)
async def test_an_error_has_no_effect(portal, client, mode, status):
    await portal.tell(Mode(mode))

    reply = await post(client, portal)

    assert reply.status_code == status
    assert not portal.kept()
    assert portal.calls[0].mode == mode


async def test_slow_answers_late_and_takes_effect(portal, client):
    await portal.tell(Mode("slow", seconds=0.3))
    begun = time.monotonic()

    reply = await post(client, portal)

    assert reply.status_code == 200
    assert time.monotonic() - begun >= 0.3
    assert len(portal.kept()) == 1


@pytest.mark.parametrize(("mode", "kept"), [("commit_then_timeout", 1), ("timeout_before", 0)])
async def test_a_timeout_leaves_the_caller_without_an_answer(portal, client, mode, kept):
    await portal.tell(Mode(mode, seconds=60))

    with pytest.raises(httpx.ReadTimeout):
        await post(client, portal, timeout=httpx.Timeout(60, read=0.3))
    await until(lambda: portal.calls)

    assert len(portal.kept()) == kept
    assert (portal.calls[0].applied, portal.calls[0].status) == (bool(kept), 0)


@pytest.mark.parametrize(("mode", "kept"), [("commit_then_reset", 1), ("commit_then_half", 1), ("reset_before", 0)])
async def test_a_connection_that_breaks_brings_no_whole_answer(portal, client, mode, kept):
    await portal.tell(Mode(mode))

    with pytest.raises(httpx.TransportError):
        await post(client, portal)

    assert len(portal.kept()) == kept


async def test_a_mode_ends_after_so_many_calls(portal, client):
    await portal.tell(Mode("error500", times=2))

    statuses = [(await post(client, portal)).status_code for _ in range(3)]

    assert statuses == [500, 500, 200]


async def test_a_mode_for_one_operation_leaves_the_others_alone(portal, client):
    await portal.tell(Mode("error500", operation="update_invoice"))

    assert (await post(client, portal)).status_code == 200
    invoice = await client.post(f"{portal.address}/factures/1/paiement", json={"statut": "PAYEE"})
    assert invoice.status_code == 500


async def test_a_share_of_the_calls_is_the_same_for_the_same_seed(portal, client):
    seen = []
    for _ in range(2):
        await portal.tell(Mode("error500", share=0.5, seed=7))
        seen.append([(await post(client, portal)).status_code for _ in range(20)])

    assert seen[0] == seen[1]
    assert set(seen[0]) == {200, 500}


async def test_the_control_port_shows_calls_and_what_is_kept_and_refuses_unknown_modes(portal, client):
    await post(client, portal, "D-9")

    calls = await client.get(f"{portal.control_address}/calls")
    kept = await client.get(f"{portal.control_address}/kept", params={"collection": "statuses"})
    refused = await client.post(f"{portal.control_address}/mode", json={"mode": "sulk"})

    assert '"@numero": "D-9"' in calls.text
    assert '"statut": "RECUE"' in kept.text
    assert refused.status_code == 422
    assert "known" in refused.json()["error"]
