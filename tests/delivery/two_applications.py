"""Two applications that keep the same requests, each in its own form: a portal's pages and a waste application's orders.

Both tell the hub whatever changes with them, also what the hub has just told them: an echo.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from hub.call import Call, Reply
from hub.errors import CallUnanswered, same
from hub.intake import Arrival
from hub.message import Receipt
from hub.worker import LEASE
from tests.delivery.town import Node, Town

NS = "urn:exemple:bacs"
Page = dict[str, Any]
Order = dict[str, Any]


@dataclass
class TwoApplications:
    """What each holds, what each was told, and what each still has to tell. `cuts`: so many answers are lost on the wire.
    `during` happens in the next call before it is carried out; `at_once` is told each echo before the call is answered."""

    pages: dict[str, Page] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    told: list[tuple[str, str]] = field(default_factory=list)
    echoes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    cuts: int = 0
    during: Callable[[], Awaitable[object]] | None = None
    at_once: Callable[[str, dict[str, Any]], Awaitable[object]] | None = None

    async def send(self, call: Call) -> Reply:
        """Carry a call to the application at its address."""
        if self.during:
            during, self.during = self.during, None
            await during()
        answer = self._page(call) if "portal" in call.url else self._order(call)
        if self.at_once:
            await self.at_once(*self.echoes.pop())
        if self.cuts:
            self.cuts -= 1
            raise CallUnanswered(same("the connection was cut"))
        return answer

    def _page(self, call: Call) -> Reply:
        page = json.loads(call.body)
        self.pages[page["numero"]] = page
        self.told.append(("portal", page["numero"]))
        self.echoes.append(("portal", page))
        return Reply(204, {}, b"")

    def _order(self, call: Call) -> Reply:
        [element] = etree.fromstring(call.body).find("{*}Body")
        order = _read(element)
        self.orders[order["Ref"]] = {**order, "Equipe": order.get("Equipe", "équipe 3"), "Bac": _with_chips(order["Bac"])}
        self.told.append(("waste", order["Ref"]))
        self.echoes.append(("waste", self.orders[order["Ref"]]))
        answer = (
            '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
            f'<PutOrderResponse xmlns="{NS}"/></s:Body></s:Envelope>'
        )
        return Reply(200, {"content-type": "text/xml"}, answer.encode())


def _with_chips(lines: list[Order]) -> list[Order]:
    """Lines in the application's own order, each with a chip number that only it knows."""
    return sorted(({**line, "NumPuce": f"P-{line['CodeFlux']}"} for line in lines), key=lambda line: str(line["CodeFlux"]))


def _read(element: Any) -> Order:
    found: Order = {"Bac": []}
    for child in element:
        name = etree.QName(child).localname
        if name == "Bac":
            found["Bac"].append({etree.QName(each).localname: each.text or "" for each in child})
        else:
            found[name] = child.text or ""
    return found


def order_changed(order: Order) -> bytes:
    """What the waste application says of an order."""
    who = ("Occupant", "Prenom", "Telephone", "Adresse")
    names = ("Ref", "DateDemande", "CodeMotif", "Etat", *who, "Observation", "Equipe")
    root = etree.Element(f"{{{NS}}}OrderChanged")
    for name in names:
        if name in order:
            etree.SubElement(root, f"{{{NS}}}{name}").text = order[name]
    for line in order.get("Bac", ()):
        bin_ = etree.SubElement(root, f"{{{NS}}}Bac")
        for name in ("CodeFlux", "Litrage", "NumPuce"):
            if name in line:
                etree.SubElement(bin_, f"{{{NS}}}{name}").text = line[name]
    return bytes(etree.tostring(root))


def page(number: int) -> Page:
    """A full page of the portal, of which the waste application knows only a part, and that part more coarsely."""
    streams = ("om", "verre", "papier")
    lines = [{"flux": streams[(number + n) % 3], "volume": 120 + n, "couleur": f"gris {n}"} for n in range(number % 4)]
    return {
        "numero": f"D-{number}",
        "teleservice": "bacs",
        "noteInterne": f"à rappeler ({number})",
        "deposeLe": f"2026-11-{1 + number % 28:02d}T14:05:{number % 60:02d}+01:00",
        "motif": ("vol", "disparition", "casse", "usure")[number % 4],
        "etat": "ouverte",
        "usager": {"nom": f"ÉVRARD {number}", "prenom": "Zoé", "courriel": f"zoe{number}@example.fr"},
        "telephone": f"06 00 00 {number % 100:02d}",
        "adresse": f"{number} bis, rue de l'Église",
        "commentaire": "Bac disparu après la collecte, " * (number % 5),
        "bacs": lines[:3],
    }


@dataclass
class Pair:
    """The two applications, and the node between them."""

    town: Town
    node: Node
    applications: TwoApplications

    async def portal_says(self, page: Page) -> Receipt:
        """The portal has this page now, and says so."""
        self.applications.pages[page["numero"]] = page
        return await self._say("portal", json.dumps(page).encode())

    async def waste_says(self, order: Order) -> Receipt:
        """The waste application has this order now, and says so."""
        self.applications.orders[order["Ref"]] = order
        return await self._say("waste", order_changed(order))

    async def echoes(self) -> int:
        """Let each application say what it was told, and the hub do what it makes of it, until nothing is left to say; how
        often one was told something because of it."""
        before = len(self.applications.told)
        while self.applications.echoes:
            await self.echo(*self.applications.echoes.pop(0))
            await self.settle()
            if len(self.applications.told) - before > 100:
                break
        return len(self.applications.told) - before

    async def echo(self, side: str, document: dict[str, Any]) -> Receipt:
        """An application says what it holds, as it was told it."""
        return await self._say(side, json.dumps(document).encode() if side == "portal" else order_changed(document))

    async def settle(self) -> None:
        """Carry out what is due until nothing is."""
        policies = self.town.catalogue.lane_policies()
        while claims := await self.node.ledger.claim(policies, now=self.node.dispatcher._clock(), lease=LEASE):
            for claim in claims:
                await self.node.dispatcher.attempt(claim)

    async def _say(self, side: str, body: bytes) -> Receipt:
        return await self.node.intake.accept(Arrival("request-file", side, "default", body))
