"""What a collector may ask of its mailbox and say of what it fetched, in REST and in SOAP alike: forms, rights, acts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hub.assembly import Hub
from hub.endpoints.auth import Identity
from hub.endpoints.sizes import largest_of
from hub.endpoints.stories import iso
from hub.errors import MessageError, NotAllowed, Problem, Text, same
from hub.mailbox import Collector, Fetch, Parcel, exchanges_of
from hub.message import State

Seconds = Annotated[float, Field(allow_inf_nan=False)]


class Asked(BaseModel):
    """What may be asked of a fetch."""

    model_config = ConfigDict(extra="forbid")

    max: Annotated[int, Field(ge=1, le=100)] = 25
    wait: Annotated[Seconds, Field(ge=0, le=60)] = 0
    lease: Annotated[Seconds, Field(ge=30, le=12 * 3600)] = 300
    exchange: Annotated[str, Field(max_length=100)] = ""


class Acknowledgement(BaseModel):
    """What a collector says of a delivery that it fetched."""

    model_config = ConfigDict(extra="forbid")

    receipt: Annotated[str, Field(max_length=40)]
    state: Literal["done", "refused"] = "done"
    reason: Annotated[str, Field(max_length=1000)] = ""
    answer: Any = None


class Return(BaseModel):
    """What a collector says of a delivery that it gives back."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    receipt: Annotated[str, Field(max_length=40)]
    later: Annotated[Seconds, Field(ge=0, le=24 * 3600, alias="in")] = 0


Form = TypeVar("Form", bound=BaseModel)


def largest_said(application: str, exchanges: Iterable[str], hub: Hub) -> int:
    """The bytes that an application may say of a delivery of one of these exchanges: of which, the ledger knows only
    later."""
    operations = [name for each in exchanges if (name := hub.catalogue.exchanges[each].collected_by(application))]
    known = hub.catalogue.connectors.get(application)
    return largest_of(known, operations, hub.settings) if known else hub.settings.largest_body


def filled_in(form: type[Form], found: Any) -> Form:
    """What was said, in its form. MessageError 422 with one problem for each field that does not fit."""
    try:
        return form.model_validate(found)
    except ValidationError as error:
        problems = tuple(Problem(same(each["msg"]), path=".".join(map(str, each["loc"]))) for each in error.errors())
        raise MessageError(problems=problems) from error


def collector_of(identity: Identity, application: str, hub: Hub) -> Collector:
    """The caller at its own mailbox, with the exchanges that its key may collect. NotAllowed."""
    known = exchanges_of(hub.catalogue, application)
    allowed = tuple(each for each in known if identity.may(f"collect:{each}"))
    if identity.application != application or not allowed:
        raise _no_mailbox(identity, application)
    return Collector(application, identity.authority, allowed)


async def lent(
    hub: Hub, collector: Collector, asked: Asked, *, is_gone: Callable[[], Awaitable[bool]]
) -> tuple[Parcel, ...]:
    """What waits for the collector, leased to it. NotAllowed for an exchange that it does not collect."""
    if asked.exchange:
        if asked.exchange not in collector.exchanges:
            raise _not_collected(collector.application, asked.exchange)
        collector = replace(collector, exchanges=(asked.exchange,))
    wanted = Fetch(asked.max, timedelta(seconds=asked.lease), asked.wait)
    return await hub.mailboxes.fetch(collector, wanted, is_gone=is_gone)


async def acknowledged(hub: Hub, collector: Collector, delivery: str, said: Acknowledgement) -> State:
    """What was fetched is done, or refused for good: its new state. NotFound, Conflict, LeaseEnded, MessageError."""
    if said.state == "done":
        return await hub.mailboxes.acknowledge(collector, delivery, said.receipt, answer=said.answer)
    return await hub.mailboxes.refuse(collector, delivery, said.receipt, reason=_reason(said))


async def given_back(hub: Hub, collector: Collector, delivery: str, said: Return) -> State:
    """What was fetched is given back: its new state. NotFound, Conflict, LeaseEnded."""
    return await hub.mailboxes.release(collector, delivery, said.receipt, later=timedelta(seconds=said.later))


def told_of(each: Parcel) -> Mapping[str, Any]:
    """What a collector is told of a delivery beside its document."""
    held, message = each.delivery, each.message
    return {
        "delivery": held.id,
        "receipt": each.receipt,
        "exchange": held.exchange,
        "operation": held.operation,
        "reference": held.reference,
        "message": held.message,
        "accepted_at": iso(message.accepted_at),
        "leased_until": iso(held.lease_until),
        "fetched": held.tries,
        "media": each.media,
    }


def _reason(said: Acknowledgement) -> str:
    if said.reason.strip():
        return said.reason.strip()
    raise MessageError(
        Text(
            en="Say why in `reason`: its sender and the people who run the hub will read it.",
            fr="Dites pourquoi dans `reason` : l'émetteur et les exploitants le liront.",
        )
    )


def _no_mailbox(identity: Identity, application: str) -> NotAllowed:
    return NotAllowed(
        Text(
            en=f"This key of “{identity.application}” collects nothing from the mailbox of “{application}”.",
            fr=f"Cette clé de « {identity.application} » ne retire rien de la boîte de « {application} ».",
        )
    )


def _not_collected(application: str, exchange: str) -> NotAllowed:
    return NotAllowed(
        Text(
            en=f"This key of “{application}” does not collect “{exchange}”.",
            fr=f"Cette clé de « {application} » ne retire pas l'échange « {exchange} ».",
        )
    )
