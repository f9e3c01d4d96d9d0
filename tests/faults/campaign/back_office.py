"""Three back offices in a process of their own, which writes one JSON line for each call before it answers.

`orders` (SOAP) takes each call for a new order and can be asked; `notices` (REST) keeps the keys of what it was told;
`letters` (REST) forgets them. How a call is treated is drawn from a shuffled deck, so that no mode is left out.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

POISON = "poison"
LOOKED_UP, IDEMPOTENT, FORGETFUL = "orders", "notices", "letters"

ALL_WELL = 440
"""How many calls of a deck are simply answered; in a short campaign fewer, so that every mode is seen."""
DECK = {
    "error-500": 8,
    "busy-503": 1,
    "slow-down-429": 1,
    "silent": 4,
    "done-then-silent": 5,
    "reset-before": 5,
    "reset-after": 6,
    "truncated": 5,
    "slow": 12,
    "drip": 8,
    "page-200": 1,
}
"""How often each mode stands in a deck; `orders` has also faults in a 200."""
LOOKS = {"ok": 18, "error-500": 1, "silent": 1}
"""The same for its look-ups."""
SLOW = (0.3, 1.2)
SILENCE = 4.0
"""Seconds without an answer: longer than the time limit of any call."""
BEFORE = frozenset({"error-500", "busy-503", "slow-down-429", "silent", "reset-before", "page-200", "fault-200"})
"""Modes in which nothing is done."""

ENVELOPE = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{}</s:Body></s:Envelope>'
ANSWER = '<t:{name} xmlns:t="urn:campaign:orders"><t:Code>{code}</t:Code>{more}</t:{name}>'
FAULT = (
    "<s:Fault><faultcode>s:Server</faultcode><faultstring>broken</faultstring><detail>"
    '<t:Broken xmlns:t="urn:campaign:orders"><t:Words>broken</t:Words></t:Broken></detail></s:Fault>'
)


@dataclass
class Deck:
    """Modes, shuffled anew whenever all were drawn."""

    weights: dict[str, int]
    chance: random.Random
    left: list[str] = field(default_factory=list)

    def draw(self) -> str:
        """The next mode."""
        if not self.left:
            self.left = [mode for mode, weight in self.weights.items() for _ in range(weight)]
            self.chance.shuffle(self.left)
        return self.left.pop()


@dataclass(frozen=True)
class Said:
    """One call, as it is understood."""

    destination: str
    node: str
    id: str
    reference: str
    number: int
    key: str
    poison: bool


class Offices:
    """What the back offices did, and how they treat what comes."""

    def __init__(self, log: Path, seed: int, well: int) -> None:
        self._log = log.open("a", encoding="utf-8")
        self._chance = random.Random(seed)
        deck = {"ok": well, **DECK}
        self._decks = {name: Deck(deck, self._chance) for name in (IDEMPOTENT, FORGETFUL)}
        self._decks[LOOKED_UP] = Deck({**deck, "fault-200": 4}, self._chance)
        self._looks = Deck(LOOKS, self._chance)
        self._count = 0
        self._kept: set[str] = set()
        self.done: dict[str, int] = {}
        self.at_peace = False

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One call to any of them."""
        node, destination = request.match_info["node"], request.match_info["destination"]
        body = (await request.read()).decode()
        if destination == LOOKED_UP and "Find>" in body:
            return await self._found(request, node, _field(body, "Id"))
        said = _said(destination, node, body, request.headers.get("Idempotency-Key", ""))
        mode = "poison" if said.poison else "ok" if self.at_peace else self._decks[destination].draw()
        return await self._treated(request, said, mode)

    async def _treated(self, request: web.Request, said: Said, mode: str) -> web.StreamResponse:
        if mode == "slow":
            await asyncio.sleep(self._chance.uniform(*SLOW))
        if mode == POISON or mode in BEFORE:
            self._write(said, mode, applied=False)
        else:
            self._apply(said, mode)
        return await self._answered(request, said, mode)

    def _apply(self, said: Said, mode: str) -> None:
        known = said.destination == IDEMPOTENT and bool(said.key) and said.key in self._kept
        if not known:
            self._kept.add(said.key)
            self.done[said.id] = self.done.get(said.id, 0) + 1
        self._write(said, mode, applied=not known, duplicate=known)

    def _write(self, said: Said, mode: str, *, applied: bool, duplicate: bool = False) -> None:
        facts = {"destination": said.destination, "node": said.node, "id": said.id, "reference": said.reference}
        effect = {"number": said.number, "key": said.key, "mode": mode, "applied": applied, "duplicate": duplicate}
        self._line(kind="call", **facts, **effect)

    def _line(self, **facts: Any) -> None:
        self._count += 1
        self._log.write(json.dumps({"n": self._count, "at": time.time(), "monotonic": time.monotonic(), **facts}) + "\n")
        self._log.flush()

    async def _answered(self, request: web.Request, said: Said, mode: str) -> web.StreamResponse:
        good = _taken(said, f"O-{said.id}")
        match mode:
            case "ok" | "slow":
                return good
            case "poison":
                return _refused(said)
            case "error-500":
                return web.Response(status=500, text="broken")
            case "busy-503":
                return web.Response(status=503, headers={"Retry-After": "1"})
            case "slow-down-429":
                return web.Response(status=429, headers={"Retry-After": "1"})
            case "page-200":
                return web.Response(text="<html><body>Please sign in</body></html>", content_type="text/html")
            case "fault-200":
                return _xml(FAULT)
            case "drip":
                return await _said_slowly(request, good, pieces=8)
            case "truncated":
                return await _said_slowly(request, good, pieces=2, cut=True)
            case "reset-before" | "reset-after":
                return _cut(request)
            case _:
                await asyncio.sleep(SILENCE)
                return _cut(request)

    async def _found(self, request: web.Request, node: str, id: str) -> web.StreamResponse:
        mode = "ok" if self.at_peace else self._looks.draw()
        self._line(kind="look", destination=LOOKED_UP, node=node, id=id, mode=mode, found=id in self.done)
        if mode == "error-500":
            return web.Response(status=500, text="broken")
        if mode == "silent":
            await asyncio.sleep(SILENCE)
            return _cut(request)
        more = f"<t:Order>O-{id}</t:Order>" if id in self.done else ""
        return _xml(ANSWER.format(name="FindResponse", code="0", more=more))

    async def peace(self, _: web.Request) -> web.StreamResponse:
        """From now on everything is taken."""
        self.at_peace = True
        return web.Response()

    async def effects(self, request: web.Request) -> web.StreamResponse:
        """How often a message was carried out: what a person sees who looks at the application's screen."""
        return web.json_response(self.done.get(request.match_info["id"], 0))


def _said(destination: str, node: str, body: str, key: str) -> Said:
    if destination == LOOKED_UP:
        number = int(_field(body, "Number"))
        reference, words = _field(body, "Reference"), _field(body, "Words")
        return Said(destination, node, _field(body, "Id"), reference, number, key, POISON in words)
    told = json.loads(body)
    return Said(destination, node, told["id"], told["reference"], told["number"], key, POISON in told["words"])


def _field(body: str, name: str) -> str:
    found = re.search(rf"<(?:\w+:)?{name}>([^<]*)<", body)
    assert found, f"{name} is not in {body}"
    return found[1]


def _taken(said: Said, order: str) -> web.Response:
    if said.destination == LOOKED_UP:
        return _xml(ANSWER.format(name="CreateResponse", code="0", more=f"<t:Order>{order}</t:Order>"))
    return web.json_response({"words": "taken"})


def _refused(said: Said) -> web.Response:
    if said.destination == LOOKED_UP:
        return _xml(ANSWER.format(name="CreateResponse", code="31", more="<t:Words>we do not take this</t:Words>"))
    return web.json_response({"words": "we do not take this"}, status=422)


def _xml(inside: str) -> web.Response:
    return web.Response(text=ENVELOPE.format(inside), content_type="text/xml")


def _cut(request: web.Request) -> web.Response:
    if request.transport:
        request.transport.abort()
    return web.Response()


async def _said_slowly(request: web.Request, whole: web.Response, *, pieces: int, cut: bool = False) -> web.StreamResponse:
    """The answer in pieces; with `cut` the last one never comes."""
    body = whole.body
    assert isinstance(body, bytes)
    answer = web.StreamResponse(status=whole.status, headers={"Content-Type": whole.headers["Content-Type"]})
    answer.content_length = len(body)
    size = -(-len(body) // pieces)
    try:
        await answer.prepare(request)
        for start in range(0, len(body) - (size if cut else 0), size):
            await answer.write(body[start : start + size])
            await asyncio.sleep(0.05)
    except ConnectionError:
        return answer
    return _cut(request) if cut else answer


def main() -> None:
    """`python -m tests.faults.campaign.back_office --log FILE --port PORT --seed N --well N`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--well", type=int, default=ALL_WELL)
    given = parser.parse_args()
    offices = Offices(given.log, given.seed, given.well)
    app = web.Application()
    app.router.add_post("/{node}/{destination}", offices.serve)
    app.router.add_post("/{node}/{destination}/said", offices.serve)
    app.router.add_put("/peace", offices.peace)
    app.router.add_get("/effects/{id}", offices.effects)
    web.run_app(app, host="127.0.0.1", port=given.port, print=None, access_log=None, handle_signals=True)


if __name__ == "__main__":
    main()
