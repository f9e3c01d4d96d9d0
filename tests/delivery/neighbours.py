"""A portal and a waste application at work for hours: their users change what they hold, and each says it when it comes to
it, in the order of the changes, until it is accepted; calls are slow, are cut, or find nobody there."""

from __future__ import annotations

import asyncio
import copy
import random
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from hub.call import Call, Reply
from hub.errors import CallNotSent, CallUnanswered, same
from tests.delivery.two_applications import TwoApplications

Document = dict[str, Any]
PLACES = {
    "phone": ("telephone", "Telephone"),
    "address": ("adresse", "Adresse"),
    "family_name": ("nom", "Occupant"),
    "given_name": ("prenom", "Prenom"),
    "comment": ("commentaire", "Observation"),
    "status": ("etat", "Etat"),
    "bins": ("bacs", "Bac"),
}
"""Where each row that loses nothing stands with the portal and with the waste application."""
STATUSES = {"ouverte": "00", "planifiee": "10", "faite": "20"}
STREAMS = {"om": "OM", "verre": "VE", "papier": "PA"}
SPARED = ("telephone", "adresse", "commentaire", "bacs", "Telephone", "Adresse", "Observation", "Bac")
"""What a side may leave out of what it says."""


@dataclass
class Temper:
    """How applications behave in one campaign: seconds of delay of what they say and of calls, at most; shares of 1."""

    delay: float
    latency: float
    cut: float
    down: float
    partial: float
    echoing: frozenset[str]

    @property
    def heals(self) -> bool:
        """Whether what crosses a call is put right by what is said next: both sides say what they were told, soon."""
        return self.delay < 3 and len(self.echoing) == 2

    @classmethod
    def of(cls, chance: random.Random) -> Temper:
        """Any temper."""
        return cls(
            delay=chance.choice((0.01, 0.3, 3.0)),
            latency=chance.choice((0.01, 0.3, 1.5)),
            cut=chance.choice((0.0, 0.0, 0.15)),
            down=chance.choice((0.0, 0.0, 0.2)),
            partial=chance.choice((0.0, 0.3)),
            echoing=frozenset(chance.choice((("portal", "waste"), ("portal", "waste"), ("waste",), ()))),
        )


@dataclass
class Said:
    """What a side has still to say: an echo, or a change that a user made."""

    document: Document
    by_user: bool


@dataclass
class Neighbours(TwoApplications):
    """Both applications. `unheard`: what each has to say of an object, in turn; `run_over`: the objects of a side that a
    call replaced before the hub had heard what a user had changed in them; `away`: the applications where nobody answers."""

    temper: Temper = field(default_factory=lambda: Temper(0.01, 0.01, 0, 0, 0, frozenset(("portal", "waste"))))
    chance: random.Random = field(default_factory=random.Random)
    unheard: dict[tuple[str, str], list[Said]] = field(default_factory=lambda: defaultdict(list))
    run_over: set[tuple[str, str]] = field(default_factory=set)
    away: set[str] = field(default_factory=set)
    failed: int = 0
    log: list[str] = field(default_factory=list)

    async def send(self, call: Call) -> Reply:
        """Carry a call to the application at its address, where it may be late, or its answer be lost."""
        side = "portal" if "portal" in call.url else "waste"
        await asyncio.sleep(self.chance.uniform(0, self.temper.latency))
        if side in self.away:
            self.failed += 1
            raise CallNotSent(same("nobody answers"))
        answer = await super().send(call)
        self._carried_out()
        await asyncio.sleep(self.chance.uniform(0, self.temper.latency))
        if self.chance.random() < self.temper.cut:
            self.failed += 1
            raise CallUnanswered(same("the connection was cut"))
        return answer

    def _carried_out(self) -> None:
        side, document = self.echoes.pop()
        reference = self.told[-1][1]
        self.note(f"{side} told {reference} {brief(document)}")
        waiting = self.unheard[side, reference]
        if any(each.by_user for each in waiting):
            self.run_over.add((side, reference))
        if side in self.temper.echoing:
            waiting.append(Said(copy.deepcopy(document), by_user=False))

    def changed(self, side: str, reference: str, document: Document, *, without: frozenset[str] = frozenset()) -> None:
        """A user of a side changed an object, which it will say, without some parts perhaps."""
        held = self.pages if side == "portal" else self.orders
        held[reference] = document
        self.note(f"{side} user {reference} {brief(document)} without {sorted(without)}")
        said = {name: copy.deepcopy(value) for name, value in document.items() if name not in without}
        self.unheard[side, reference].append(Said(said, by_user=True))

    def note(self, line: str) -> None:
        self.log.append(f"{asyncio.get_running_loop().time():8.3f} {line}")


def brief(document: Document) -> str:
    """What a page or an order says, in one line."""
    return " ".join(f"{row}={value}" for row, value in values(document).items())


def values(document: Document) -> dict[str, Any]:
    """The rows of a page or an order, so that both sides' can be compared; what is empty is None."""
    column = 0 if "numero" in document else 1
    flat = {**document, **document.get("usager", {})}
    found: dict[str, Any] = {row: flat.get(places[column]) or None for row, places in PLACES.items()}
    found["status"] = STATUSES.get(found["status"] or "", found["status"])
    found["comment"] = found["comment"] and found["comment"][:60].rstrip()
    found["bins"] = _bins(found["bins"] or [])
    return found


def private(document: Document) -> dict[str, Any]:
    """What no row of the mapping speaks of, or what the other side knows more coarsely."""
    names = ("teleservice", "noteInterne", "deposeLe", "motif", "DateDemande", "CodeMotif", "Equipe")
    found = {name: document[name] for name in names if name in document}
    return {**found, "courriel": document.get("usager", {}).get("courriel")}


def _bins(lines: list[Document]) -> dict[str, str]:
    return {
        STREAMS.get(str(line.get("flux")), str(line.get("CodeFlux"))): str(line.get("volume", line.get("Litrage")) or "")
        for line in lines
    }
