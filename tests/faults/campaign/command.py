"""`python -m tests.faults.campaign`: play one campaign and judge it; its last line is one JSON object."""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp
import uvloop

from tests.faults.campaign.back_office import DECK
from tests.faults.campaign.evidence import Evidence, collect
from tests.faults.campaign.history import History
from tests.faults.campaign.judge import Verdict, judge
from tests.faults.campaign.nemesis import Nemesis
from tests.faults.campaign.plan import Plan
from tests.faults.campaign.town import Town
from tests.faults.campaign.workload import Clients, Desk, key_for

DRAIN_WITHIN = 4 + 12 + 30
"""Seconds: the longest wait between two attempts, a lease, and half a minute."""
SAYING = 40.0
"""Seconds that clients get to have accepted, after all has healed, what they were about to say."""


async def play(plan: Plan, folder: Path) -> Evidence:
    """One campaign from its start to the evidence on disk."""
    town, history, chance = Town(plan, folder), History(folder / "history.jsonl"), random.Random(plan.seed)
    try:
        try:
            await town.open()
            facts = await _played(town, plan, history, chance)
        finally:
            await town.close_nodes()
            history.close()
        return await asyncio.to_thread(collect, folder, town.ledger, {**facts, "plan": plan.facts()})
    finally:
        await town.close()


async def _played(town: Town, plan: Plan, history: History, chance: random.Random) -> dict[str, Any]:
    keys = {application: await key_for(town, application) for application in ("citizens", "officers")}
    clients = Clients(town, plan, history, keys, random.Random(chance.random()))
    desk = Desk(town, clients.known, random.Random(chance.random()))
    nemesis = Nemesis(town, plan, history, random.Random(chance.random()))
    saying, looking = asyncio.create_task(clients.play()), asyncio.create_task(desk.play())
    try:
        await nemesis.play()
        begun = time.monotonic()
        clients.ending = True
        await _peace(town)
        await town.ready()
        _, unsaid = await asyncio.wait([saying], timeout=SAYING)
        left = await _drained(desk)
    finally:
        for task in (saying, looking):
            task.cancel()
        await asyncio.gather(saying, looking, return_exceptions=True)
    drained = round(time.monotonic() - begun, 1)
    modes = sorted({"ok", *DECK, "fault-200", "poison"})
    overviews = await desk.overviews()
    ended = {"drained_s": drained, "drain_within": DRAIN_WITHIN, "left": left, "unsaid": bool(unsaid)}
    return {**ended, "overviews": overviews, "modes": modes}


async def _peace(town: Town) -> None:
    async with aiohttp.ClientSession() as session, session.put(f"{town.office}/peace") as reply:
        reply.raise_for_status()


async def _drained(desk: Desk) -> dict[str, int]:
    """Wait until everything has ended, as the desk sees it; what is left when it takes too long."""
    end = time.monotonic() + DRAIN_WITHIN
    desk.left = {}
    while time.monotonic() < end:
        await asyncio.sleep(0.2)
        open_now = {state: count for state, count in desk.left.items() if count and state not in ("delivered", "cancelled")}
        if desk.left and not open_now:
            return {}
    return desk.left or {"unknown": 1}


def campaign(plan: Plan, folder: Path) -> Verdict:
    """Play a campaign and judge it; what it left is in the folder."""
    return judge(uvloop.run(play(plan, folder)))


def main() -> None:
    """The command line; exit code 0 when every invariant holds and the campaign was hard enough to say so."""
    given = _arguments()
    folder = Path(given.folder or tempfile.mkdtemp(prefix="hub-campaign-"))
    seconds = given.seconds or given.minutes * 60
    plan = Plan(
        seconds=seconds,
        nodes=given.nodes if given.database == "postgresql" else 1,
        database=given.database,
        seed=given.seed,
        kill_every=given.kill_every,
        rate=given.rate,
        hub_path=given.hub_path,
    )
    print(f"{seconds:.0f} s on {plan.nodes} nodes and {plan.database}, seed {plan.seed}, in {folder}", flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    facts = campaign(plan, folder).facts()
    wanted = {"seed": plan.seed, "minutes": round(seconds / 60, 2), "database": plan.database, "nodes": plan.nodes}
    print(json.dumps({**facts, **wanted}, ensure_ascii=False))
    sys.exit(0 if facts["verdict"] == "passed" else 1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--nodes", type=int, default=3)
    parser.add_argument("--database", choices=("postgresql", "sqlite"), default="postgresql")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--kill-every", type=float, default=1.7)
    parser.add_argument("--rate", type=float, default=110.0)
    parser.add_argument("--hub-path", default="", help="a folder whose `hub` the nodes run instead")
    parser.add_argument("--folder", default="", help="where the evidence goes")
    return parser.parse_args()
