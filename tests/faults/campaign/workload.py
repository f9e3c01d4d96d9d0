"""The people of a campaign: clients who say messages by REST and SOAP, each the owner of some keys, and a desk.

A client says the next message of a key only after the last one was accepted, so that their order is known; it repeats what
it does not know the end of, under the same Idempotency-Key.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

import aiohttp

from tests.faults.campaign.back_office import FORGETFUL, IDEMPOTENT, LOOKED_UP, POISON
from tests.faults.campaign.history import History
from tests.faults.campaign.plan import Plan
from tests.faults.campaign.town import LARGEST_BODY, Node, Town

CLIENTS = 120
"""So many that those who wait for a node that hangs do not silence the others."""
CANARY = "Zéphyrine-Kanari"
"""A name in every message, which must not show anywhere but in its content."""
EXCHANGES = {LOOKED_UP: "order", FORGETFUL: "letter"}
SAY = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><t:Say xmlns:t="urn:campaign:officers">'
    "<t:Reference>{reference}</t:Reference><t:Number>{number}</t:Number><t:Id>{id}</t:Id><t:Words>{words}</t:Words>"
    "</t:Say></s:Body></s:Envelope>"
)
SHARE = {"poison": 0.02, "wrong": 0.01, "large": 0.005, "again": 0.02, "cancel": 0.01}
"""How often a message is refused by its receiver, or at the door, or said again although accepted, or cancelled."""
PATIENCE = 8.0
"""Seconds that a client waits for an answer."""
FIRST_REST, LONGEST_REST = 0.1, 1.5
"""Seconds before a message is said again."""
LATER = (408, 409, 425, 429)


@dataclass
class Key:
    """One business key: its messages follow one another."""

    destination: str
    reference: str
    number: int = 0


@dataclass(frozen=True)
class Message:
    """One message, as its client means it."""

    destination: str
    reference: str
    number: int
    id: str
    words: str
    poison: bool = False


@dataclass
class Clients:
    """All who say something. `known`: what each message that was accepted is in the ledger; `repeats` counts what was said
    again for want of an answer."""

    town: Town
    plan: Plan
    history: History
    keys: dict[str, str]
    chance: random.Random
    known: dict[str, str] = field(default_factory=dict)
    repeats: int = 0
    ending: bool = False
    _next: float = field(default=0.0)

    async def play(self) -> None:
        """Say messages at the plan's rate until `ending`; what was begun is said to its end."""
        mine: list[list[Key]] = [[] for _ in range(CLIENTS)]
        for destination in (LOOKED_UP, IDEMPOTENT, FORGETFUL):
            for number in range(self.plan.keys):
                mine[number % CLIENTS].append(Key(destination, f"{destination}-{number:04d}"))
        limit = aiohttp.ClientTimeout(total=PATIENCE, connect=2)
        async with aiohttp.ClientSession(timeout=limit) as session:
            seeds = [self.chance.random() for _ in mine]
            await asyncio.gather(
                *(self._client(session, keys, random.Random(seed)) for keys, seed in zip(mine, seeds, strict=True))
            )

    async def _client(self, session: aiohttp.ClientSession, keys: list[Key], chance: random.Random) -> None:
        while not self.ending:
            await self._paced()
            key = chance.choice(keys)
            kind = chance.random()
            if kind < SHARE["wrong"]:
                await self._refused_at_the_door(session, key, chance, large=False)
            elif kind < SHARE["wrong"] + SHARE["large"]:
                await self._refused_at_the_door(session, key, chance, large=True)
            else:
                await self._said(session, key, chance)

    async def _paced(self) -> None:
        """Wait for one's turn: all clients together say `rate` a second, and never make up for more than a moment."""
        now = asyncio.get_running_loop().time()
        self._next = max(self._next + 1 / self.plan.rate, now - 2.0)
        await asyncio.sleep(max(0.0, self._next - now))

    async def _said(self, session: aiohttp.ClientSession, key: Key, chance: random.Random) -> None:
        key.number += 1
        poison = chance.random() < SHARE["poison"]
        words = f"{CANARY} {POISON if poison else 'asks'} {'x' * chance.randrange(600, 1200)}"
        id = f"{key.reference}-{key.number}"
        message = Message(key.destination, key.reference, key.number, id, words, poison)
        accepted = await self._until_accepted(session, message, chance)
        if accepted and chance.random() < SHARE["again"]:
            await self._once(session, message, chance)
        if accepted and chance.random() < SHARE["cancel"]:
            await self._cancelled(session, accepted, chance)

    async def _until_accepted(self, session: aiohttp.ClientSession, message: Message, chance: random.Random) -> str:
        rest, tried = FIRST_REST, None
        while True:
            tried = self._another(tried, chance)
            accepted, known = await self._once(session, message, chance, tried)
            if known:
                return accepted
            self.repeats += 1
            await asyncio.sleep(rest * chance.uniform(0.5, 1.5))
            rest = min(rest * 2, LONGEST_REST)

    def _another(self, tried: Node | None, chance: random.Random) -> Node:
        """A node that has not just failed, as a load balancer would choose it."""
        present = [node for node in self.town.nodes if node.present] or self.town.nodes
        return chance.choice([node for node in present if node is not tried] or present)

    async def _once(
        self, session: aiohttp.ClientSession, message: Message, chance: random.Random, node: Node | None = None
    ) -> tuple[str, bool]:
        """Say it once: the id that it was accepted under, and whether the end is known."""
        node = node or self._another(None, chance)
        facts = {"id": message.id, "node": node.slot}
        self.history.write(
            "invoke", **facts, destination=message.destination, reference=message.reference, number=message.number
        )
        try:
            async with self._request(session, node, message) as reply:
                text = await reply.text()
                status = reply.status
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            self.history.write("info", **facts, error=type(error).__name__)
            return "", False
        if status in (200, 202):
            accepted = _message_in(text)
            self.known[accepted] = message.id
            self.history.write("ok", **facts, message=accepted)
            return accepted, True
        if 400 <= status < 500 and status not in LATER:
            self.history.write("fail", **facts, status=status)
            return "", True
        self.history.write("info", **facts, status=status)
        return "", False

    def _request(self, session: aiohttp.ClientSession, node: Node, message: Message) -> Any:
        headers = {"Idempotency-Key": message.id}
        if message.destination == IDEMPOTENT:
            said = {name: escape(str(getattr(message, name))) for name in ("reference", "number", "id", "words")}
            headers |= {"X-API-Key": self.keys["officers"], "Content-Type": "text/xml; charset=utf-8"}
            return session.post(f"{node.url}/soap/officers", data=SAY.format(**said).encode(), headers=headers)
        headers |= {"Authorization": f"Bearer {self.keys['citizens']}"}
        body = {"reference": message.reference, "number": message.number, "id": message.id, "words": message.words}
        where = f"{node.url}/api/v1/exchanges/{EXCHANGES[message.destination]}/messages"
        return session.post(where, json=body, headers=headers)

    async def _refused_at_the_door(
        self, session: aiohttp.ClientSession, key: Key, chance: random.Random, *, large: bool
    ) -> None:
        """Something that no node may take: too large, or without a number."""
        words = "x" * (2 * LARGEST_BODY) if large else CANARY
        id = f"refused-{chance.getrandbits(64):x}"
        for _ in range(5):
            _, known = await self._once(session, Message(key.destination, key.reference, 0, id, words), chance)
            if known:
                return
            await asyncio.sleep(0.3)

    async def _cancelled(self, session: aiohttp.ClientSession, message: str, chance: random.Random) -> None:
        """Take it back, if it has not left: an operator's deed."""
        node = chance.choice(self.town.nodes)
        with suppress(aiohttp.ClientError, TimeoutError, ConnectionError):
            await _do(session, self.town, node, f"/deliveries/{message}-1/cancel", reason="taken back")


@dataclass
class Desk:
    """A person at the console: looks at dead letters, at what waits for a person, and at lanes that stand still."""

    town: Town
    known: Mapping[str, str]
    chance: random.Random
    left: dict[str, int] = field(default_factory=dict)
    replayed: int = 0
    cancelled: int = 0
    confirmed: int = 0

    async def play(self) -> None:
        """Look round again and again, at whichever node answers."""
        limit = aiohttp.ClientTimeout(total=5, connect=2)
        async with aiohttp.ClientSession(timeout=limit) as session:
            while True:
                await asyncio.sleep(1.0)
                ready = [node for node in self.town.nodes if node.ready and not node.paused]
                if ready:
                    with suppress(aiohttp.ClientError, TimeoutError, ConnectionError, KeyError):
                        await self._round(session, self.chance.choice(ready))

    async def overviews(self) -> list[dict[str, int]]:
        """What each node's console says of all deliveries."""
        limit = aiohttp.ClientTimeout(total=60)
        async with aiohttp.ClientSession(timeout=limit) as session:
            return [(await _ask(session, self.town, node, "/overview"))["deliveries"] for node in self.town.nodes]

    async def _round(self, session: aiohttp.ClientSession, node: Node) -> None:
        for lane in (await _ask(session, self.town, node, "/lanes"))["lanes"]:
            if "web page" in lane["reason"]:
                await _do(session, self.town, node, f"/lanes/{lane['lane']}/resume", reason="it was one page")
        dead = await self._found(session, node, "dead")
        doubtful = [each for each in await self._found(session, node, "unanswered") if each["due_at"] is None]
        seen = [self._dead(session, node, each["delivery"]) for each in dead]
        asked = [self._unanswered(session, node, each) for each in doubtful]
        await asyncio.gather(*seen, *asked, return_exceptions=True)  # one that hangs holds up no other
        self.left = (await _ask(session, self.town, node, "/overview"))["deliveries"]

    async def _found(self, session: aiohttp.ClientSession, node: Node, state: str) -> list[dict[str, Any]]:
        page = await _ask(session, self.town, node, f"/messages?state={state}&limit=200")
        found = ({**each, "message": said["message"]} for said in page["messages"] for each in said["deliveries"])
        return [each for each in found if each["state"] == state]

    async def _dead(self, session: aiohttp.ClientSession, node: Node, delivery: str) -> None:
        if self.chance.random() < 0.15:
            self.replayed += await _do(session, self.town, node, f"/deliveries/{delivery}/replay", reason="once more")
        else:
            self.cancelled += await _do(session, self.town, node, f"/deliveries/{delivery}/cancel", reason="refused")

    async def _unanswered(self, session: aiohttp.ClientSession, node: Node, delivery: dict[str, Any]) -> None:
        """Look at the application's own screen, and say what is seen there."""
        said = self.known.get(delivery["message"])
        if said is None:
            return
        async with session.get(f"{self.town.office}/effects/{said}") as reply:
            done = await reply.json()
        what = "confirm" if done else "replay"
        where = f"/deliveries/{delivery['delivery']}/{what}"
        self.confirmed += await _do(session, self.town, node, where, reason="seen in the application")


async def _ask(session: aiohttp.ClientSession, town: Town, node: Node, path: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {town.admin_key}"}
    async with session.get(f"{node.url}/admin/api{path}", headers=headers) as reply:
        reply.raise_for_status()
        found: dict[str, Any] = await reply.json()
        return found


async def _do(session: aiohttp.ClientSession, town: Town, node: Node, path: str, *, reason: str) -> bool:
    headers = {"Authorization": f"Bearer {town.admin_key}"}
    async with session.post(f"{node.url}/admin/api{path}", json={"reason": reason}, headers=headers) as reply:
        return reply.status == 200


async def key_for(town: Town, application: str) -> str:
    """A key for one of the applications."""
    async with aiohttp.ClientSession() as session:
        asked = {"application": application, "scopes": ["send:*", "status:own"]}
        headers = {"Authorization": f"Bearer {town.admin_key}"}
        async with session.post(f"{town.nodes[0].url}/admin/api/keys", json=asked, headers=headers) as reply:
            reply.raise_for_status()
            return str((await reply.json())["key"])


def _message_in(text: str) -> str:
    """The id of the message in a receipt of either door."""
    if text.lstrip().startswith("<"):
        return text.partition("Message>")[2].partition("<")[0]
    return str(json.loads(text)["message"])
