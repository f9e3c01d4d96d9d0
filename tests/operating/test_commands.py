"""The commands of an operator, against a node that runs: seen first, done by the ticket, corrected from a file."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from contextlib import AsyncExitStack
from pathlib import Path

import httpx

from tests.installation import Admin, Installation, Node
from tests.operating import removals
from tests.operating.removals import refusing, taking
from tests.operating.test_quarantine import town_of


async def run(town: Installation, node: Node, *arguments: str, key: str = "") -> subprocess.CompletedProcess[str]:
    """One command, to its end."""
    known = {"HUB_URL": node.url, "HUB_ADMIN_KEY": key or town.admin_key}
    return await asyncio.to_thread(lambda: town.hub(*arguments, **known))


async def standing(admin: Admin, *states: str) -> list[dict]:
    """The deliveries to the housing application, by reference, once all are in one of these states."""
    async with asyncio.timeout(90):
        while True:
            found = await asyncio.to_thread(lambda: admin.get("/messages", exchange="move"))
            messages = sorted(found["messages"], key=lambda message: message["reference"])
            ours = [d for m in messages for d in m["deliveries"] if d["receiver"] == "housing"]
            if ours and all(each["state"] in states for each in ours):
                return ours
            await asyncio.sleep(0.1)


async def test_dead_letters_are_looked_at_then_sent_anew_by_their_ticket_corrected_and_skipped(tmp_path: Path) -> None:
    async with removals.served() as applications, AsyncExitStack() as stack:
        applications.manners["housing"] = refusing
        town = await asyncio.to_thread(town_of, tmp_path, applications)
        node = Node(town)
        stack.callback(node.kill)
        await asyncio.to_thread(node.start)
        admin = Admin(node.url, town.admin_key)
        headers = {"Authorization": f"Bearer {admin.key_for('portal')}"}
        client = httpx.AsyncClient(base_url=node.url, trust_env=False, headers=headers, timeout=60)
        await stack.enter_async_context(client)
        for number in range(4):
            await client.post("/api/v1/exchanges/move/messages", json={"number": f"M-{number}", "city": "Lenz"})
        deliveries = [each["delivery"] for each in await standing(admin, "dead")]
        right = tmp_path / "right.json"
        right.write_text(json.dumps({"number": "M-0", "city": "Lens"}))
        applications.manners["housing"] = taking
        blind = str(admin.post("/keys", application="staff", scopes=["admin"])["key"])

        without = await run(town, node, "correct", deliveries[0], str(right), "--reason", "said by telephone", key=blind)
        corrected = await run(town, node, "correct", deliveries[0], str(right), "--reason", "said by telephone")
        skipped = await run(town, node, "cancel", deliveries[1], "--reason", "done by hand")
        match = ("--receiver", "housing", "--text", "unknown city", "--reason", "city entered")
        seen = await run(town, node, "replay", *match)
        [ticket] = re.findall(r"--go (\d+-[0-9a-f]{12})", seen.stdout)
        done = await run(town, node, "replay", *match, "--go", ticket)
        again = await run(town, node, "replay", *match, "--go", ticket)
        ended = await standing(admin, "delivered", "cancelled")

        assert without.returncode == 1
        assert corrected.returncode == skipped.returncode == 0, corrected.stderr + skipped.stderr
        assert "2 match, nothing was changed" in seen.stdout
        assert (done.stdout.strip(), again.stdout.strip()) == ("2 done.", "0 done.")
        assert sorted(each["state"] for each in ended) == ["cancelled", "cancelled", "delivered", "delivered", "delivered"]
        assert {"ref": "M-0", "city": "Lens"} in applications.told["housing"]
        await asyncio.to_thread(node.stop)
