"""The REST door of applications: say a message, and ask what became of it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Scope

from hub.assembly import Hub
from hub.catalogue import Application, Exchange
from hub.contract import Part
from hub.endpoints.auth import Identity, identify
from hub.endpoints.body import media_of, read_body
from hub.endpoints.guard import Endpoint
from hub.endpoints.headers import travelling
from hub.endpoints.language import language_of
from hub.endpoints.problems import standing_of
from hub.endpoints.serving import hub_of
from hub.endpoints.stories import for_sender, iso
from hub.errors import HubError, MessageError, NotAllowed, NotFound, Text
from hub.intake import Arrival
from hub.ledger import Story
from hub.message import Receipt
from hub.signals import NotAccepted

_BEFORE, _AFTER = "/api/v1/exchanges/", "/messages"


def rest_routes() -> list[Route]:
    """The hot routes: they stand first in the application."""
    return [
        Route(f"{_BEFORE}{{exchange}}{_AFTER}", say, methods=["POST"]),
        Route("/api/v1/messages/{message}", tell, methods=["GET"]),
    ]


def straight_to_say(scope: Scope) -> Endpoint | None:
    """The way of a message to `say`, which is the way of nearly all requests."""
    path: str = scope["path"]
    if scope["method"] != "POST" or not (path.startswith(_BEFORE) and path.endswith(_AFTER)):
        return None
    exchange = path[len(_BEFORE) : -len(_AFTER)]
    if not exchange or "/" in exchange:
        return None
    scope["path_params"] = {"exchange": exchange}
    return say


async def say(request: Request) -> Response:
    """Accept a message: 202 with its receipt once it is on disk."""
    hub = hub_of(request)
    arrival = await _arrival(request, hub)
    return _accepted(await hub.intake.accept(arrival))


async def tell(request: Request) -> Response:
    """What became of a message of one's own; 404 for any other."""
    hub, identity = hub_of(request), await identify(request)
    identity.require("status:own")
    story = await _own(request.path_params["message"], identity, hub)
    language = language_of(request.headers.get("accept-language", ""))
    return json_response(
        for_sender(story, language, hub.catalogue.done_when(story.message.exchange)), headers={"Content-Language": language}
    )


def json_response(content: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """JSON that no cache keeps."""
    return Response(
        orjson.dumps(content, default=str),
        status_code=status,
        media_type="application/json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


async def _own(message: str, identity: Identity, hub: Hub) -> Story:
    """The story of a message of the caller. The same NotFound for one that is not there and one of somebody else."""
    with suppress(NotFound):
        story = await hub.ledger.story(message)
        if (story.message.sender, story.message.authority) == (identity.application, identity.authority):
            return story
    raise NotFound(Text(en="There is no such message.", fr="Ce message n'existe pas."))


async def _arrival(request: Request, hub: Hub) -> Arrival:
    """What came, once everything but its content has been judged; a refusal is announced."""
    name, sender = request.path_params["exchange"], ""
    try:
        identity = await identify(request)
        sender = identity.application
        part = _part(name, identity, hub)
        parameters = _parameters(request, part)
        _check_media(request, part)
        headers = travelling(request)
        body = await read_body(request, limit=hub.settings.largest_body)
        return Arrival(
            exchange=name,
            application=identity.application,
            authority=identity.authority,
            body=body,
            parameters=parameters,
            key=headers.key,
            caller_url=headers.caller_url,
            trace=headers.trace,
            expires_at=headers.expires_at,
        )
    except HubError as error:
        known = name if name in hub.catalogue.exchanges else ""
        hub.telemetry.listen(NotAccepted(known, sender, standing_of(error)[1]))
        raise


def _part(name: str, identity: Identity, hub: Hub) -> Part | None:
    """What the caller says in this exchange; None for an operation without an input."""
    exchange = hub.catalogue.exchange(name)
    identity.require(f"send:{name}")
    application = hub.catalogue.connectors.get(identity.application)
    return _saying(exchange, application, identity)


def _saying(exchange: Exchange, application: Application | None, identity: Identity) -> Part | None:
    operation = exchange.incoming(identity.application)
    if application is None or operation is None:
        raise NotAllowed(
            Text(
                en=f"“{identity.application}” does not send “{exchange.name}”.",
                fr=f"« {identity.application} » n'émet pas l'échange « {exchange.name} ».",
            )
        )
    return application.operation(operation).input


def _parameters(request: Request, part: Part | None) -> dict[str, str]:
    """The parameters of the contract, as `@name`. MessageError 400 for a parameter that stands twice."""
    names = [name for name, _ in request.query_params.multi_items()] if request.scope["query_string"] else []
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise MessageError(
            Text(en=f"Given twice: {', '.join(twice)}.", fr=f"Donné deux fois : {', '.join(twice)}."),
            status=400,
            kind="parameter-twice",
        )
    found: dict[str, str] = {}
    for shape in part.shape.children if part else ():
        if shape.location in ("query", "header"):
            name = shape.name.removeprefix("@")
            source = request.query_params if shape.location == "query" else request.headers
            if name in source:
                found[shape.name] = source[name]
    return found


def _check_media(request: Request, part: Part | None) -> None:
    accepted = _accepted_media(part)
    media, charset = media_of(request.headers.get("content-type", ""))
    encoding = (part.encoding if part else "") or "utf-8"
    usual = () if part and part.layout else ("utf-8", "utf8")
    if media in accepted and charset in ("", encoding.lower(), *usual):
        return
    wanted, told = ", ".join(accepted), encoding.upper()
    raise MessageError(
        Text(en=f"Send {wanted}, in {told}.", fr=f"Envoyez {wanted}, en {told}."),
        status=415,
        kind="content-type-not-accepted",
    )


def _accepted_media(part: Part | None) -> tuple[str, ...]:
    media = part.media if part else ""
    if "xml" in media:
        return tuple(dict.fromkeys((media, "application/xml", "text/xml")))
    if part and part.layout:
        return (media,)
    return tuple(dict.fromkeys((media or "application/json", "application/json")))


def _accepted(receipt: Receipt) -> Response:
    content = {
        "message": receipt.message,
        "exchange": receipt.exchange,
        "reference": receipt.reference,
        "accepted_at": iso(receipt.accepted_at),
        "duplicate": receipt.duplicate,
        "deliveries": list(receipt.deliveries),
    }
    replayed = {"Idempotent-Replayed": "true"} if receipt.duplicate else {}
    return json_response(content, status=202, headers={"Location": f"/api/v1/messages/{receipt.message}", **replayed})
