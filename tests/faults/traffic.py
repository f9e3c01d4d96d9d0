"""Bin requests of many citizens, said to a node over HTTP until each is accepted, and what became of them in the end."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx


def bin_request(reference: str, number: int) -> dict:
    """A citizen's request for a new bin, as the portal writes it."""
    return {
        "dossier": {"numero": reference},
        "deposeLe": "2026-11-20T09:12:44+01:00",
        "usager": {"nom": "RENAUD", "prenom": "Hélène"},
        "adresse": {"voie": "8 impasse des Acacias", "codePostal": "47200", "commune": "Marmande"},
        "demande": {
            "motif": "casse",
            "ancienBac": f"OM-{number + 1:07d}",
            "nbHabitants": 3,
            "bacs": [{"flux": "ordures", "volume": 180}],
        },
    }


@dataclass
class Sender:
    """A portal that says each request again until it is accepted, and keeps the order of a reference.

    `address` gives the node to speak to next; nodes may be dead.
    """

    key: str
    address: Callable[[], str]
    accepted: dict[tuple[str, int], str] = field(default_factory=dict)
    repeats: int = 0

    async def say(self, requests: list[tuple[str, int]], *, at_once: int = 16) -> None:
        """Say all requests, those of one reference one after the other."""
        lines: dict[str, list[int]] = defaultdict(list)
        for reference, number in requests:
            lines[reference].append(number)
        gate = asyncio.Semaphore(at_once)
        async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
            await asyncio.gather(*(self._line(client, gate, reference, numbers) for reference, numbers in lines.items()))

    async def _line(self, client: httpx.AsyncClient, gate: asyncio.Semaphore, reference: str, numbers: list[int]) -> None:
        for number in numbers:
            async with gate:
                await self._until_accepted(client, reference, number)

    async def _until_accepted(self, client: httpx.AsyncClient, reference: str, number: int) -> None:
        body = bin_request(reference, number)
        headers = {"Authorization": f"Bearer {self.key}", "Idempotency-Key": f"{reference}/{number}"}
        for _ in range(2000):
            url = f"{self.address()}/api/v1/exchanges/bin-replacement/messages"
            try:
                reply = await client.post(url, json=body, headers=headers)
            except httpx.HTTPError:
                self.repeats += 1
                await asyncio.sleep(0.05)
                continue
            if reply.status_code == 202:
                self.accepted[reference, number] = reply.json()["message"]
                return
            assert reply.status_code in (409, 503), reply.text
            await asyncio.sleep(0.1)
        raise AssertionError(f"{reference}/{number} was never accepted")


def requests_over(references: int, messages: int, *, prefix: str = "D-2026-") -> list[tuple[str, int]]:
    """`messages` requests over so many references, each with a number of its own."""
    return [(f"{prefix}{number % references:05d}", number) for number in range(messages)]


@dataclass(frozen=True)
class Effects:
    """What a double's recording says was carried out: each bin's number once per effect, in order per reference."""

    by_reference: dict[str, list[int]]
    counts: Counter[int]
    unanswered: int

    @property
    def doubled(self) -> list[int]:
        """Requests that were carried out more than once."""
        return [number for number, count in self.counts.items() if count > 1]


def effects_in(recording: Path) -> Effects:
    """What the file that a double writes before it answers says of create_order."""
    by_reference: dict[str, list[int]] = defaultdict(list)
    unanswered = 0
    for text in recording.read_text(encoding="utf-8").splitlines():
        call = json.loads(text)
        if call.get("kind") != "call" or call["operation"] != "create_order" or not call["applied"]:
            continue
        unanswered += call["status"] == 0
        by_reference[call["document"]["RefExterne"]].append(int(call["document"]["NumBacAncien"].removeprefix("OM-")) - 1)
    return Effects(dict(by_reference), Counter(n for numbers in by_reference.values() for n in numbers), unanswered)


def any_of(addresses: list[str], seed: int = 1) -> Callable[[], str]:
    """Draws one of several nodes each time."""
    chance = random.Random(seed)
    return lambda: chance.choice(addresses)
