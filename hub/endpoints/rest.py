"""The REST door of applications: say a message, and ask what became of it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from hub.assembly import Hub
from hub.catalogue import Exchange
from hub.contract import Operation, Part
from hub.endpoints.at_once import left_at_once
from hub.endpoints.auth import Identity, identify
from hub.endpoints.body import check_size, media_of, read_body
from hub.endpoints.documents import check_media, document_in, read_with_files
from hub.endpoints.headers import travelling
from hub.endpoints.indexed import IndexedRequest
from hub.endpoints.language import language_of
from hub.endpoints.package import Package, is_package
from hub.endpoints.parameters import refuse_twice
from hub.endpoints.problems import standing_of
from hub.endpoints.serving import hub_of
from hub.endpoints.signed import Proven, by_webhook, is_signed, refuse_parts, refuse_unsigned
from hub.endpoints.sizes import largest_in, largest_of
from hub.endpoints.stories import for_sender
from hub.errors import HubError, NotAllowed, NotFound, Text
from hub.intake import Arrival
from hub.ledger import Story
from hub.message import Files, Receipt
from hub.signals import NotAccepted

_BEFORE, _AFTER = "/api/v1/exchanges/", "/messages"


def rest_routes() -> list[Route]:
    """The hot routes: they stand first in the application."""
    return [
        Route(f"{_BEFORE}{{exchange}}{_AFTER}", say, methods=["POST"]),
        Route("/api/v1/messages/{message}", tell, methods=["GET"]),
    ]


def is_said(scope: Scope) -> bool:
    """Whether a request says a message, which nearly all do; its `path_params` are set then."""
    if scope["type"] != "http" or scope["method"] != "POST":
        return False
    path: str = scope["path"]
    exchange = path[len(_BEFORE) : -len(_AFTER)]
    if not (path.startswith(_BEFORE) and path.endswith(_AFTER) and exchange) or "/" in exchange:
        return False
    scope["path_params"] = {"exchange": exchange}
    return True


async def said(scope: Scope, receive: Receive, send: Send) -> None:
    """`say` as an application of its own."""
    response = await say(IndexedRequest(scope, receive, send))
    if not left_at_once(response, scope):
        await response(scope, receive, send)


async def say(request: Request) -> Response:
    """Accept a message: 202 with its receipt once it is on disk."""
    hub = hub_of(request)
    if is_package(request.headers.get("content-type", "")):
        return await _say_with_files(request, hub)
    arrival = await _arrival(request, hub)
    return _accepted(await hub.intake.accept(arrival))


async def _say_with_files(request: Request, hub: Hub) -> Response:
    """Accept a message that files come with; those that become no message's are let go."""
    package = Package(request)
    try:
        arrival = await _arrival(request, hub, package)
        return _accepted(await hub.intake.accept(arrival))
    finally:
        await hub.claim_check.let_go(package.uploads)


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


@dataclass(frozen=True, slots=True)
class _Saying:
    """How an application says an exchange: the contract's operation, and the bytes that its body may have."""

    operation: Operation
    largest: int


class Sayings:
    """How each application says each exchange, worked out once: what they go by never changes."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._known: dict[tuple[str, str], _Saying] = {}

    def of(self, name: str, identity: Identity) -> _Saying:
        """How the caller says this exchange. NotFound, NotAllowed."""
        exchange, sender = self._hub.catalogue.exchange(name), identity.application
        identity.require(f"send:{name}")
        known = self._known.get((name, sender))
        if known is None:
            known = self._known[name, sender] = _saying(exchange, sender, self._hub)
        return known


async def _arrival(request: Request, hub: Hub, package: Package | None = None) -> Arrival:
    """What came, once everything but its content has been judged; a refusal is announced."""
    name, sender = request.path_params["exchange"], ""
    try:
        proven = await _proven(request, hub, package) if is_signed(request) else None
        identity = proven.identity if proven else await identify(request)
        sender = identity.application
        saying: _Saying = request.app.sayings.of(name, identity)
        parameters = _parameters(request, saying.operation.input)
        headers = travelling(request)
        key = proven.key(headers.key) if proven else headers.key
        if proven:
            refuse_unsigned(parameters)
        body, files = await _document(request, saying, hub, package, proven)
        return Arrival(
            exchange=name,
            application=identity.application,
            authority=identity.authority,
            body=body,
            parameters=parameters,
            key=key,
            caller_url=headers.caller_url,
            trace=headers.trace,
            expires_at=headers.expires_at,
            files=files,
        )
    except HubError as error:
        known = name if name in hub.catalogue.exchanges else ""
        hub.telemetry.listen(NotAccepted(known, sender, standing_of(error)[1]))
        raise


async def _proven(request: Request, hub: Hub, package: Package | None) -> Proven:
    """Who signed, and what: until that is known, a body is as large as anybody's in this exchange."""
    limit = largest_in(hub.catalogue.exchanges.get(request.path_params["exchange"]), hub)
    if package is not None:
        raise refuse_parts(limit)
    return await by_webhook(request, hub, limit=limit)


async def _document(
    request: Request, saying: _Saying, hub: Hub, package: Package | None, proven: Proven | None
) -> tuple[bytes, Files]:
    if package is not None:
        return await read_with_files(package, saying.operation, hub.claim_check, limit=saying.largest)
    media, charset = media_of(request.headers.get("content-type", ""))
    check_media(media, charset, saying.operation)
    if proven:
        check_size(proven.body, limit=saying.largest)
    body = proven.body if proven else await read_body(request, limit=saying.largest)
    return document_in(body, media, saying.operation), {}


def _saying(exchange: Exchange, sender: str, hub: Hub) -> _Saying:
    application, operation = hub.catalogue.connectors.get(sender), exchange.incoming(sender)
    if application is None or operation is None:
        raise NotAllowed(
            Text(
                en=f"“{sender}” does not send “{exchange.name}”.",
                fr=f"« {sender} » n'émet pas l'échange « {exchange.name} ».",
            )
        )
    return _Saying(application.operation(operation), largest_of(application, [operation], hub.settings))


def _parameters(request: Request, part: Part | None) -> dict[str, str]:
    """The parameters of the contract, as `@name`. MessageError 400 for a parameter that stands twice."""
    refuse_twice(request)
    found: dict[str, str] = {}
    for shape in part.shape.children if part else ():
        if shape.location in ("query", "header"):
            name = shape.name.removeprefix("@")
            source = request.query_params if shape.location == "query" else request.headers
            if name in source:
                found[shape.name] = source[name]
    return found


def _accepted(receipt: Receipt) -> Response:
    content = {
        "message": receipt.message,
        "exchange": receipt.exchange,
        "reference": receipt.reference,
        "accepted_at": receipt.accepted_at,
        "duplicate": receipt.duplicate,
        "deliveries": receipt.deliveries,
    }
    return _Accepted(
        orjson.dumps(content, option=orjson.OPT_UTC_Z),
        location=b"/api/v1/messages/%b" % receipt.message.encode(),
        replayed=receipt.duplicate,
    )


class _Accepted(Response):
    """202 with a receipt. Its headers are written as they go out: there is one with every message."""

    def __init__(self, body: bytes, *, location: bytes, replayed: bool) -> None:
        self.body, self.status_code, self.background = body, 202, None
        self.raw_headers = [
            (b"cache-control", b"no-store"),
            (b"location", location),
            *(_REPLAYED if replayed else ()),
            (b"content-length", b"%d" % len(body)),
            (b"content-type", b"application/json"),
        ]


_REPLAYED = ((b"idempotent-replayed", b"true"),)
