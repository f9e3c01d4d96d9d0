"""The applications of a town, as one scripted Transport: a waste application that takes each call for a new order, and a
portal that is told how its requests stand. What an application does goes on when its caller hangs up."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from hub.call import Call, Reply
from hub.errors import CallNotSent, CallUnanswered, same
from tests.delivery.virtual import HERE, Machine, outside

ENVELOPE = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    '<t:{name} xmlns:t="urn:exemple:dechets:types:1">{fields}</t:{name}></s:Body></s:Envelope>'
)


@dataclass(frozen=True)
class Order:
    """One call of CreateOrder: the request that it speaks of, by its reference and the number of the old bin."""

    reference: str
    number: int


@dataclass(frozen=True)
class Effect:
    """Something that an application did because of a call: `about` tells it from any other of the reference. `key` is the
    call's, where the application recognises repeats."""

    at: float
    application: str
    reference: str
    about: str
    key: str = ""


Manner = Callable[["Applications", Order], Awaitable[Reply]]
Look = Callable[["Applications", str], Awaitable[Reply]]


@dataclass
class Applications:
    """What was carried out, what was asked, and how calls are treated: those of one number (`by_number`), the next ones
    (`manners`), all others (`manner`); those of the portal (`portal`). `arrived` hears each call of a `caller` as it comes
    in; `fetched` are the machines that asked for the feed, and when; `keys` are of the calls that the portal took;
    `leave_by`: when each call has to leave at the latest."""

    carried_out: list[Order] = field(default_factory=list)
    sent: list[tuple[float, Order]] = field(default_factory=list)
    looked_up: list[tuple[float, str]] = field(default_factory=list)
    told: list[tuple[float, str, str]] = field(default_factory=list)
    by_number: dict[int, list[Manner]] = field(default_factory=dict)
    manners: list[Manner] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    manner: Manner | None = None
    look: Look | None = None
    changes: list[Manner] = field(default_factory=list)
    since: list[str] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    portal: Callable[[Callable[[], Reply]], Awaitable[Reply]] | None = None
    arrived: Callable[[], None] = lambda: None
    caller: Machine | None = None
    effects: list[Effect] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    fetched: list[tuple[float, str]] = field(default_factory=list)
    leave_by: list[float] = field(default_factory=list)

    async def send(self, call: Call) -> Reply:
        """Carry a call to the application at its address."""
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.leave_by.append(call.leave_by)
        try:
            async with asyncio.timeout(call.total):
                return await self._arrived(call)
        except TimeoutError as late:
            raise CallUnanswered(same("no whole answer in time")) from late
        finally:
            self.at_once -= 1

    async def _arrived(self, call: Call) -> Reply:
        """What is done outside goes on, whatever becomes of who asked for it."""
        machine = HERE.get()
        if b"ListChanges" in call.body and machine:
            self.fetched.append((_now(), machine.name))
        treated = outside(self._taken(call))
        treated.add_done_callback(lambda done: done.cancelled() or done.exception())
        self.caller = machine
        self.arrived()
        return await asyncio.shield(treated)

    async def _taken(self, call: Call) -> Reply:
        body = call.body.decode()
        if "waste" not in call.url:
            tell = partial(self._tell, call.url.rsplit("/", 2)[-2], body, call.headers.get("Idempotency-Key", ""))
            return await self.portal(tell) if self.portal else tell()
        if "<" in body and "FindOrder" in body:
            reference = _field(body, "RefExterne")
            self.looked_up.append((_now(), reference))
            return await (self.looks.pop(0) if self.looks else self.look or found)(self, reference)
        if "ListChanges" in body:
            self.since.append(_field(body, "ModifieDepuis"))
            return await (self.changes.pop(0) if self.changes else listing())(self, Order("", 0))
        order = Order(_field(body, "RefExterne"), int(_field(body, "NumBacAncien").removeprefix("OM-")))
        self.sent.append((_now(), order))
        told = self.by_number.get(order.number) or self.manners
        return await (told.pop(0) if told else self.manner or obliging)(self, order)

    def _tell(self, reference: str, body: str, key: str) -> Reply:
        """The portal takes what it is told, once a key."""
        self.told.append((_now(), reference, body))
        if not key or key not in self.keys:
            self.effects.append(Effect(_now(), "portal", reference, body, key))
        self.keys.add(key)
        return Reply(200, {"content-type": "application/json"}, b'{"err": 0}')

    def carry_out(self, order: Order) -> Reply:
        """One order more, and the answer that says so."""
        self.carried_out.append(order)
        self.effects.append(Effect(_now(), "waste", order.reference, str(order.number)))
        return reply("CreateOrderResponse", CodeRetour="0", NumIntervention=number(len(self.carried_out)))

    def numbers(self, reference: str) -> list[int]:
        """The requests of a reference that were carried out, in turn."""
        return [order.number for order in self.carried_out if order.reference == reference]

    @property
    def doubled(self) -> list[Order]:
        """What was carried out more than once."""
        return [order for order, count in Counter(self.carried_out).items() if count > 1]


# -- how an order is treated ------------------------------------------------------------------------------------------


async def obliging(town: Applications, order: Order) -> Reply:
    """Carried out and answered."""
    return town.carry_out(order)


def slow(seconds: float) -> Manner:
    """Carried out at the end of so many seconds, be the caller there or not."""

    async def manner(town: Applications, order: Order) -> Reply:
        done = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(seconds, lambda: done.set_result(town.carry_out(order)))
        return await asyncio.shield(done)

    return manner


async def carried_out_and_cut(town: Applications, order: Order) -> Reply:
    """Carried out, and the answer lost on the wire."""
    town.carry_out(order)
    raise CallUnanswered(same("the connection was cut"))


def cut_then_carried_out(seconds: float) -> Manner:
    """The connection is cut at once; the application ends its work all the same, later."""

    async def manner(town: Applications, order: Order) -> Reply:
        asyncio.get_running_loop().call_later(seconds, lambda: town.carry_out(order))
        raise CallUnanswered(same("the connection was cut"))

    return manner


async def silent(town: Applications, order: Order) -> Reply:
    """Nothing is carried out, and nothing answered."""
    await asyncio.sleep(3600)
    raise AssertionError("no call waits for an hour")


async def cut(town: Applications, order: Order) -> Reply:
    """The connection is cut, and nothing was carried out."""
    raise CallUnanswered(same("the connection was cut"))


async def down(town: Applications, order: Order) -> Reply:
    """Nobody answers."""
    raise CallNotSent(same("the connection was refused"))


async def refusing(town: Applications, order: Order) -> Reply:
    """A business refusal."""
    return reply("CreateOrderResponse", CodeRetour="31", LibelleRetour="Ce bac n'existe pas")


def failing(status: int, **headers: str) -> Manner:
    """An HTTP error, and nothing carried out."""

    async def manner(town: Applications, order: Order) -> Reply:
        return Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, b"")

    return manner


def listing(*states: tuple[str, str, str], delay: float = 0) -> Manner:
    """The feed's answer: the reference, the number and the state of each of these orders."""
    origin = '<t:Change origine="AGENT">'
    items = "".join(
        f"{origin}<t:NumIntervention>{order}</t:NumIntervention><t:RefExterne>{reference}</t:RefExterne>"
        f"<t:Statut>{state}</t:Statut><t:DateModif>20/11/2026 10:00:00</t:DateModif></t:Change>"
        for reference, order, state in states
    )

    async def manner(town: Applications, order: Order) -> Reply:
        await asyncio.sleep(delay)
        return reply("ListChangesResponse", CodeRetour="0", Changes=items)

    return manner


# -- how a look-up is answered ----------------------------------------------------------------------------------------


async def found(town: Applications, reference: str) -> Reply:
    """The last order of the reference, if there is one."""
    serials = [at for at, order in enumerate(town.carried_out, start=1) if order.reference == reference]
    if not serials:
        return reply("FindOrderResponse", CodeRetour="0", LibelleRetour="Aucune commande")
    return reply("FindOrderResponse", CodeRetour="0", NumIntervention=number(serials[-1]), Statut="01")


def found_late(seconds: float) -> Look:
    """What there is when it is asked, told so many seconds later."""

    async def look(town: Applications, reference: str) -> Reply:
        seen = await found(town, reference)
        await asyncio.sleep(seconds)
        return seen

    return look


async def refused_look(town: Applications, reference: str) -> Reply:
    """The application has no answer to this question."""
    return reply("FindOrderResponse", CodeRetour="12", LibelleRetour="Question incorrecte")


def reply(name: str, **fields: str) -> Reply:
    """A SOAP answer."""
    inside = "".join(f"<t:{field}>{value}</t:{field}>" for field, value in fields.items())
    return Reply(200, {"content-type": "text/xml"}, ENVELOPE.format(name=name, fields=inside).encode())


def number(serial: int) -> str:
    return f"I-{serial:06d}"


def _field(body: str, name: str) -> str:
    match = re.search(rf"<(?:\w+:)?{name}>([^<]*)<", body)
    assert match, f"{name} is not in {body}"
    return match[1]


def _now() -> float:
    return asyncio.get_running_loop().time()


__all__: list[Any] = [name for name in dir() if not name.startswith("_")]
