"""The door of applications that fetch what is for them: leases, acknowledges, gives back."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any, Literal, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.endpoints.auth import Identity, identify
from hub.endpoints.body import read_body
from hub.endpoints.parameters import refuse_twice
from hub.endpoints.rest import json_response
from hub.endpoints.serving import hub_of
from hub.endpoints.stories import iso
from hub.errors import MessageError, NotAllowed, Problem, Text, same
from hub.mailbox import Collector, Fetch, Parcel, exchanges_of

_MAILBOX = "/api/v1/mailboxes/{application}"
_SAID = "/api/v1/mailboxes/{application}/{delivery}"

Seconds = Annotated[float, Field(allow_inf_nan=False)]


class _Asked(BaseModel):
    """What may stand in the query of a fetch."""

    model_config = ConfigDict(extra="forbid")

    max: Annotated[int, Field(ge=1, le=100)] = 25
    wait: Annotated[Seconds, Field(ge=0, le=60)] = 0
    lease: Annotated[Seconds, Field(ge=30, le=12 * 3600)] = 300
    exchange: Annotated[str, Field(max_length=100)] = ""


class _Acknowledgement(BaseModel):
    """What a collector says of a delivery that it fetched."""

    model_config = ConfigDict(extra="forbid")

    receipt: Annotated[str, Field(max_length=40)]
    state: Literal["done", "refused"] = "done"
    reason: Annotated[str, Field(max_length=1000)] = ""
    answer: Any = None


class _Return(BaseModel):
    """What a collector says of a delivery that it gives back."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    receipt: Annotated[str, Field(max_length=40)]
    later: Annotated[Seconds, Field(ge=0, le=24 * 3600, alias="in")] = 0


Form = TypeVar("Form", bound=BaseModel)


def asked_schema() -> dict[str, Any]:
    """What may stand in the query of a fetch, as a JSON Schema."""
    return _Asked.model_json_schema()


def acknowledgement_schema() -> dict[str, Any]:
    """What is said of a delivery that is done or refused, as a JSON Schema."""
    return _Acknowledgement.model_json_schema()


def return_schema() -> dict[str, Any]:
    """What is said of a delivery that is given back, as a JSON Schema."""
    return _Return.model_json_schema()


def mailbox_routes() -> list[Route]:
    """Fetch, acknowledge, give back."""
    return [
        Route(_MAILBOX, fetch, methods=["GET"]),
        Route(f"{_SAID}/acknowledge", acknowledge, methods=["POST"]),
        Route(f"{_SAID}/release", release, methods=["POST"]),
    ]


async def fetch(request: Request) -> Response:
    """What waits in a mailbox, leased to whoever asks."""
    collector = await _collector(request)
    refuse_twice(request)
    asked = _form(_Asked, dict(request.query_params))
    if asked.exchange:
        if asked.exchange not in collector.exchanges:
            raise _not_collected(collector.application, asked.exchange)
        collector = replace(collector, exchanges=(asked.exchange,))
    wanted = Fetch(asked.max, timedelta(seconds=asked.lease), asked.wait)
    parcels = await hub_of(request).mailboxes.fetch(collector, wanted, is_gone=request.is_disconnected)
    return json_response({"mailbox": collector.application, "deliveries": [_parcel(each) for each in parcels]})


async def acknowledge(request: Request) -> Response:
    """A delivery that was fetched is done, or refused for good."""
    collector, said = await _collector(request), await _said(_Acknowledgement, request)
    delivery, mailboxes = request.path_params["delivery"], hub_of(request).mailboxes
    if said.state == "done":
        state = await mailboxes.acknowledge(collector, delivery, said.receipt, answer=said.answer)
    else:
        state = await mailboxes.refuse(collector, delivery, said.receipt, reason=_reason(said))
    return json_response({"delivery": delivery, "state": state})


async def release(request: Request) -> Response:
    """A delivery that was fetched is given back."""
    collector, said = await _collector(request), await _said(_Return, request)
    delivery, later = request.path_params["delivery"], timedelta(seconds=said.later)
    state = await hub_of(request).mailboxes.release(collector, delivery, said.receipt, later=later)
    return json_response({"delivery": delivery, "state": state})


async def _collector(request: Request) -> Collector:
    """The caller at its own mailbox, with the exchanges that its key may collect. NotAllowed."""
    identity, application = await identify(request), request.path_params["application"]
    known = exchanges_of(hub_of(request).catalogue, application)
    allowed = tuple(each for each in known if identity.may(f"collect:{each}"))
    if identity.application != application or not allowed:
        raise _no_mailbox(identity, application)
    return Collector(application, identity.authority, allowed)


def _parcel(each: Parcel) -> dict[str, Any]:
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
        **handed_over(each),
    }


def handed_over(each: Parcel) -> dict[str, Any]:
    """JSON as JSON, anything else as the text that it is; bytes in another encoding than UTF-8 in base64, as they are."""
    if "json" in each.media:
        return {"document": orjson.Fragment(each.body)}
    try:
        return {"document": each.body.decode()}
    except UnicodeDecodeError:
        return {"base64": b64encode(each.body).decode()}


async def _said(form: type[Form], request: Request) -> Form:
    body = await read_body(request, limit=hub_of(request).settings.largest_body)
    try:
        found = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise MessageError(
            Text(en="This is not well-formed JSON.", fr="Ce n'est pas du JSON bien formé."), status=400, kind="broken-json"
        ) from error
    return _form(form, found)


def _form(form: type[Form], found: Any) -> Form:
    try:
        return form.model_validate(found)
    except ValidationError as error:
        problems = tuple(Problem(same(each["msg"]), path=".".join(map(str, each["loc"]))) for each in error.errors())
        raise MessageError(problems=problems) from error


def _reason(said: _Acknowledgement) -> str:
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
