"""A message that kills the node that takes it is set aside, and what was under way beside it is delivered; a request that
wants more memory than there is fails alone."""

from __future__ import annotations

import asyncio
import resource
import shutil
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import httpx
import pytest
from aiohttp import web

from hub.lifecycle import MOST_LOSSES
from tests.installation import Admin, Installation, Node, install
from tests.operating import removals
from tests.operating.removals import Applications

MEGABYTE = 1024 * 1024
SAID = ("move", "move-status")

DEADLY = """
import os


def read_file(text: str) -> str:
    if text.startswith("poison"):
        os.abort()
    return text


def write_file(text: str) -> str:
    return text
"""


def town_of(folder: Path, applications: Applications) -> Installation:
    """The town of the removals, to be served by real nodes; the housing application's answers are read by a deadly hand."""
    addresses = {f"{name.upper()}_URL": f"{applications.url}/{name}" for name in ("portal", *removals.RECEIVERS)}
    town = install(folder, **addresses)
    for name in ("connectors", "mappings", "schedules"):
        shutil.rmtree(town.root / name)
    removals.write_files(town.root, more="done_when: [housing]\n")
    (town.root / "connectors/housing/tweaks.py").write_text(DEADLY)
    row = "housing: {label: Logement, housing: file"
    town.replace("mappings/move.yaml", row, row + ", tweak: {housing: file}")
    town.init()
    return town


async def poisonous(request: web.Request, document: dict[str, str]) -> web.Response:
    """Slow enough for several to be under way; one answer is deadly."""
    if document["city"] == "Poison":
        return web.json_response({"file": "poison"})
    await asyncio.sleep(0.5)
    return web.json_response({"file": f"housing-{document['ref']}"})


async def kept_alive(node: Node, deaths: list[int]) -> None:
    """What a supervisor does: start the node again whenever it has died."""
    while True:
        if node.process is None or node.process.poll() is not None:
            if node.process:
                deaths.append(node.process.returncode)
            with suppress(AssertionError):
                await asyncio.to_thread(node.start)
        await asyncio.sleep(0.05)


async def say(client: httpx.AsyncClient, key: str, number: str, **document: str) -> int:
    """The portal says that somebody moves, until it is answered; the status."""
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": number}
    while True:
        with suppress(httpx.HTTPError):
            body = {"number": number, "city": "Lens", **document}
            return (await client.post("/api/v1/exchanges/move/messages", json=body, headers=headers)).status_code
        await asyncio.sleep(0.05)


async def dead_and_open(client: httpx.AsyncClient, admin: str) -> tuple[list[str], int]:
    """The references of the dead letters of the housing application, and how many of its deliveries are not at an end."""
    found: list[tuple[str, str]] = []
    with suppress(httpx.HTTPError):
        reply = await client.get("/admin/api/messages?exchange=move&limit=200", headers={"Authorization": f"Bearer {admin}"})
        for message in reply.json()["messages"]:
            found += [
                (message["reference"], each["state"]) for each in message["deliveries"] if each["receiver"] == "housing"
            ]
    dead = [reference for reference, state in found if state == "dead"]
    return dead, len([state for _, state in found if state not in ("dead", "delivered")]) if found else -1


async def at_rest(admin: Admin) -> None:
    """Return once all is delivered, what the sender is told too: while threads begin for it, the node still grows."""
    async with asyncio.timeout(90):
        while True:
            found = [(await asyncio.to_thread(admin.get, "/messages", exchange=each))["messages"] for each in SAID]
            deliveries = [each for messages in found for one in messages for each in one["deliveries"]]
            if all(found) and all(each["state"] == "delivered" for each in deliveries):
                return
            await asyncio.sleep(0.05)


@pytest.mark.long
async def test_a_message_that_aborts_each_node_that_takes_it_is_set_aside_and_the_others_are_delivered(
    tmp_path: Path,
) -> None:
    async with removals.served() as applications, AsyncExitStack() as stack:
        applications.manners["housing"] = poisonous
        town = await asyncio.to_thread(town_of, tmp_path, applications)
        node = Node(town).start()
        stack.callback(node.kill)
        deaths: list[int] = []
        portal = Admin(node.url, town.admin_key).key_for("portal")
        supervisor = asyncio.create_task(kept_alive(node, deaths))
        stack.callback(supervisor.cancel)
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=node.url, trust_env=False, timeout=10))

        await asyncio.gather(
            say(client, portal, "M-poison", city="Poison"), *(say(client, portal, f"M-{number}") for number in range(12))
        )
        async with asyncio.timeout(90):
            while (standing := await dead_and_open(client, town.admin_key))[1] != 0:
                await asyncio.sleep(0.2)

        assert standing[0] == ["M-poison"]
        assert len(deaths) >= MOST_LOSSES
        supervisor.cancel()
        await asyncio.to_thread(node.stop)


async def test_a_request_beyond_the_memory_fails_alone_and_the_process_lives(tmp_path: Path) -> None:
    async with removals.served() as applications, AsyncExitStack() as stack:
        town = await asyncio.to_thread(town_of, tmp_path, applications)
        node = Node(town).start()
        stack.callback(node.kill)
        admin = Admin(node.url, town.admin_key)
        portal = admin.key_for("portal")
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=node.url, trust_env=False, timeout=60))
        assert await say(client, portal, "M-1") == 202
        await at_rest(admin)
        assert node.process
        used = int((Path("/proc") / str(node.process.pid) / "statm").read_text().split()[0]) * resource.getpagesize()
        limit = used + 64 * MEGABYTE
        resource.prlimit(node.process.pid, resource.RLIMIT_AS, (limit, limit))

        headers = {"Authorization": f"Bearer {portal}", "Content-Type": "application/json"}
        huge = b'{"number": "M-2", "city": [' + b",".join([b'{"a":1}'] * 1_200_000) + b"]}"
        path = "/api/v1/exchanges/move/messages"
        answers = [await client.post(path, content=huge, headers=headers) for _ in range(3)]
        after = await say(client, portal, "M-3")

        assert len(huge) < 10 * MEGABYTE
        assert {answer.status_code for answer in answers} == {413}
        assert (after, node.process.poll()) == (202, None)
        await asyncio.to_thread(node.stop)
