"""The door of applications that fetch what is for them, in REST: leases, acknowledges, gives back."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.endpoints.auth import identify
from hub.endpoints.body import read_body
from hub.endpoints.collecting import (
    Acknowledgement,
    Asked,
    Form,
    Return,
    acknowledged,
    collector_of,
    filled_in,
    given_back,
    largest_said,
    lent,
    told_of,
)
from hub.endpoints.parameters import refuse_twice
from hub.endpoints.rest import json_response
from hub.endpoints.serving import hub_of
from hub.errors import MessageError, Text
from hub.mailbox import Collector, Parcel

_MAILBOX = "/api/v1/mailboxes/{application}"
_SAID = "/api/v1/mailboxes/{application}/{delivery}"


def asked_schema() -> dict[str, Any]:
    """What may stand in the query of a fetch, as a JSON Schema."""
    return Asked.model_json_schema()


def acknowledgement_schema() -> dict[str, Any]:
    """What is said of a delivery that is done or refused, as a JSON Schema."""
    return Acknowledgement.model_json_schema()


def return_schema() -> dict[str, Any]:
    """What is said of a delivery that is given back, as a JSON Schema."""
    return Return.model_json_schema()


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
    asked = filled_in(Asked, dict(request.query_params))
    parcels = await lent(hub_of(request), collector, asked, is_gone=request.is_disconnected)
    deliveries = [{**told_of(each), **handed_over(each)} for each in parcels]
    return json_response({"mailbox": collector.application, "deliveries": deliveries})


async def acknowledge(request: Request) -> Response:
    """A delivery that was fetched is done, or refused for good."""
    collector = await _collector(request)
    said = await _said(Acknowledgement, request, limit=_limit(collector, request))
    delivery = request.path_params["delivery"]
    state = await acknowledged(hub_of(request), collector, delivery, said)
    return json_response({"delivery": delivery, "state": state})


async def release(request: Request) -> Response:
    """A delivery that was fetched is given back."""
    collector = await _collector(request)
    said = await _said(Return, request, limit=_limit(collector, request))
    delivery = request.path_params["delivery"]
    state = await given_back(hub_of(request), collector, delivery, said)
    return json_response({"delivery": delivery, "state": state})


async def _collector(request: Request) -> Collector:
    """The caller at its own mailbox. NotAllowed."""
    return collector_of(await identify(request), request.path_params["application"], hub_of(request))


def handed_over(each: Parcel) -> dict[str, Any]:
    """JSON as JSON, anything else as the text that it is; bytes in another encoding than UTF-8 in base64, as they are."""
    if "json" in each.media:
        return {"document": orjson.Fragment(each.body)}
    try:
        return {"document": each.body.decode()}
    except UnicodeDecodeError:
        return {"base64": b64encode(each.body).decode()}


def _limit(collector: Collector, request: Request) -> int:
    return largest_said(collector.application, collector.exchanges, hub_of(request))


async def _said(form: type[Form], request: Request, *, limit: int) -> Form:
    body = await read_body(request, limit=limit)
    try:
        found = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise MessageError(
            Text(en="This is not well-formed JSON.", fr="Ce n'est pas du JSON bien formé."), status=400, kind="broken-json"
        ) from error
    return filled_in(form, found)
