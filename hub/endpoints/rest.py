"""The REST door of applications: say a message, and ask what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec
import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from hub.assembly import Hub
from hub.catalogue import Exchange
from hub.contract import Operation, Shape
from hub.endpoints.at_once import Written, left_at_once
from hub.endpoints.auth import Identity, identify, known_again
from hub.endpoints.body import check_size, media_of, read_body, whole_body
from hub.endpoints.documents import check_media, document_in, plain_media, read_with_files
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


def rest_routes() -> list[Route]:
    """The hot routes: they stand first in the application."""
    return [
        Route("/api/v1/exchanges/{exchange}/messages", say, methods=["POST"]),
        Route("/api/v1/messages/{message}", tell, methods=["GET"]),
    ]


def is_said(scope: Scope) -> bool:
    """Whether a request says a message, which nearly all do; its `path_params` are set then."""
    if scope["type"] != "http" or scope["method"] != "POST":
        return False
    match scope["path"].split("/"):
        case ["", "api", "v1", "exchanges", exchange, "messages"] if exchange:
            scope["path_params"] = {"exchange": exchange}
            return True
    return False


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
    """How an application says an exchange: the contract's operation, its parameters in the URL and in headers, the bytes
    that its body may have, and the media types under which that is the document as it is."""

    operation: Operation
    parameters: tuple[Shape, ...]
    largest: int
    plain: frozenset[str]


class Sayings:
    """How each application says each exchange with the rights of its key, worked out once: it goes by what never changes."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._known: dict[tuple[str, str, frozenset[str]], _Saying] = {}

    def of(self, name: str, identity: Identity) -> _Saying:
        """How the caller says this exchange. NotFound, NotAllowed."""
        sender, scopes = identity.application, identity.scopes
        known = self._known.get((name, sender, scopes))
        if known is None:
            exchange = self._hub.catalogue.exchange(name)
            identity.require(f"send:{name}")
            known = self._known[name, sender, scopes] = _saying(exchange, sender, self._hub)
        return known


async def _arrival(request: Request, hub: Hub, package: Package | None = None) -> Arrival:
    """What came, once everything but its content has been judged; a refusal is announced."""
    name, sender = request.path_params["exchange"], ""
    try:
        proven = await _proven(request, hub, package) if is_signed(request) else None
        identity = proven.identity if proven else known_again(request) or await identify(request)
        sender = identity.application
        saying: _Saying = request.app.sayings.of(name, identity)
        parameters = _parameters(request, saying.parameters)
        headers = travelling(request)
        key = proven.key(headers.key) if proven else headers.key
        if proven:
            refuse_unsigned(parameters)
        plain = None if proven else _plain(request, saying)
        body, files = plain or await _document(request, saying, hub, package, proven)
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


def _plain(request: Request, saying: _Saying) -> tuple[bytes, Files] | None:
    """The document of a request that is it, and has come to its end. None for any other. MessageError 413."""
    if request.headers.get("content-type", "") not in saying.plain:
        return None
    body = whole_body(request, limit=saying.largest)
    return None if body is None else (body, {})


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
    said = application.operation(operation)
    children = said.input.shape.children if said.input else ()
    parameters = tuple(shape for shape in children if shape.location in ("query", "header"))
    return _Saying(said, parameters, largest_of(application, [operation], hub.settings), plain_media(said))


def _parameters(request: Request, shapes: Iterable[Shape]) -> dict[str, str]:
    """The parameters of the contract, as `@name`. MessageError 400 for a parameter that stands twice."""
    refuse_twice(request)
    found: dict[str, str] = {}
    for shape in shapes:
        name = shape.name.removeprefix("@")
        source = request.query_params if shape.location == "query" else request.headers
        if name in source:
            found[shape.name] = source[name]
    return found


def _accepted(receipt: Receipt) -> Response:
    """202 with a receipt, in JSON as it is."""
    body, replayed = _encode(receipt), b"idempotent-replayed: true\r\n" if receipt.duplicate else b""
    return Written(202, _ACCEPTED % (receipt.message.encode(), replayed, len(body)), body)


_encode = msgspec.json.Encoder().encode
_ACCEPTED = (
    b"cache-control: no-store\r\nlocation: /api/v1/messages/%b\r\n%bcontent-length: %d\r\ncontent-type: application/json\r\n"
)
