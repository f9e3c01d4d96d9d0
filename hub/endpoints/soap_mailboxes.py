"""The same mailbox in SOAP, for applications that speak nothing else: a contract of the hub's own, one for all mailboxes.

A document is handed over, and answered, as text, whatever it is. Of text every stack makes a string, which the application
reads with what it reads its own contract with. An xs:any becomes as many things as there are stacks (a string in PHP, nodes
in .NET and Axis, lxml's elements in zeep, a tree without its prefixes in SOAP::Lite), and an element that is moved into
another envelope is written anew: a signature in it, or a prefix in a value, may not survive that. JSON and lines are text
anyway. What cannot stand as text in XML goes as base64.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.assembly import Hub
from hub.codecs import codec_for
from hub.codecs.xml_steps import NOT_XML
from hub.contract import Contract, Operation
from hub.endpoints.auth import shown_by
from hub.endpoints.collecting import (
    Acknowledgement,
    Asked,
    Return,
    acknowledged,
    collector_of,
    filled_in,
    given_back,
    largest_said,
    lent,
    told_of,
)
from hub.endpoints.problems import MOST_TOLD, said_of, standing_of
from hub.endpoints.published import published_own
from hub.endpoints.serving import hub_of
from hub.endpoints.soap_calls import doorkeeper_of, fault_of, heard_in, manner_of, operation_in
from hub.endpoints.soap_faults import MEDIA, writable
from hub.errors import Language, MessageError, NotFound, Problem, Text
from hub.mailbox import Collector, Parcel, exchanges_of
from hub.transports.contracts import load_contract

_MAILBOX = "/soap/mailboxes/{application}"
_WSDL = Path(__file__).with_name("mailbox.wsdl")
_FAULTS = {404: "notFound", 409: "conflict", 410: "leaseEnded", 422: "invalid"}
"""The declared fault of each refusal, by the status with which REST says the same."""

Said = dict[str, Any]
Act = Callable[[Request, Collector, Said], Awaitable[Mapping[str, Any]]]


def soap_mailbox_routes() -> list[Route]:
    """The door of each mailbox, and its contract. No connector's name has a slash, so none has this address."""
    return [Route(_MAILBOX, serve, methods=["POST"]), Route(_MAILBOX, publish, methods=["GET"])]


async def serve(request: Request) -> Response:
    """Fetch, acknowledge, release in SOAP; every refusal is a fault in the caller's language."""
    hub, manner = hub_of(request), manner_of(request)
    operation: Operation | None = None
    try:
        heard = await heard_in(request, hub, limit=_limit(request, hub))
        manner = manner.towards(heard.envelope, version=heard.version)
        collector = collector_of(heard.identity, request.path_params["application"], hub)
        offered = (await asyncio.to_thread(mailbox_contract)).operations
        name, binding = operation_in(request, tuple(offered.items()), heard)
        manner.check(binding)
        operation = offered[name]
        answer = await _ACTS[name](request, collector, _said(operation, heard.envelope.payload))
        return manner.answer(_written(operation, answer), binding)
    except Exception as error:  # a SOAP client understands faults only
        return fault_of(error, request, manner, declared=_declared(operation, error, manner.language))


async def publish(request: Request) -> Response:
    """`?wsdl`: the contract of the mailbox; for the application itself and for those who may read."""
    hub, application = hub_of(request), request.path_params["application"]
    identity = await doorkeeper_of(request).identify(shown_by(request, basic=True), hub)
    if identity.application != application:
        identity.require("read")
    if not exchanges_of(hub.catalogue, application):
        raise NotFound(Text(en="There is no such mailbox.", fr="Cette boîte n'existe pas."))
    if "wsdl" not in {name.lower() for name in request.query_params}:
        raise NotFound(Text(en="Add ?wsdl to read the contract.", fr="Ajoutez ?wsdl pour lire le contrat."))
    address = str(request.url.replace(query="", fragment=""))
    content = published_own(_WSDL.read_bytes(), address=address)
    return Response(content, headers={"Content-Type": MEDIA["1.1"], "Cache-Control": "no-store"})


@cache
def mailbox_contract() -> Contract:
    """The contract of every mailbox, read as those of applications are: once, at the first call, as it takes a while."""
    return load_contract(_WSDL)


# -- what is asked, and what comes of it ------------------------------------------------------------------------------


async def _fetch(request: Request, collector: Collector, said: Said) -> Mapping[str, Any]:
    asked = filled_in(Asked, said)
    parcels = await lent(hub_of(request), collector, asked, is_gone=request.is_disconnected)
    return {
        "mailbox": collector.application,
        "deliveries": [{**_leaves(told_of(each)), **handed_over_as_text(each)} for each in parcels],
    }


async def _acknowledge(request: Request, collector: Collector, said: Said) -> Mapping[str, Any]:
    delivery, answer = said.pop("delivery"), said.pop("answer", "")
    told = filled_in(Acknowledgement, {**said, "answer": answer.encode() if answer else None})
    return {"delivery": delivery, "state": str(await acknowledged(hub_of(request), collector, delivery, told))}


async def _release(request: Request, collector: Collector, said: Said) -> Mapping[str, Any]:
    delivery = said.pop("delivery")
    told = filled_in(Return, said)
    return {"delivery": delivery, "state": str(await given_back(hub_of(request), collector, delivery, told))}


def _leaves(told: Mapping[str, Any]) -> Mapping[str, str]:
    """Every value as text, without the characters that XML cannot hold: a reference may have come with anything."""
    return {name: NOT_XML.sub("\ufffd", str(value)) for name, value in told.items() if value is not None}


_ACTS: Mapping[str, Act] = {"fetch": _fetch, "acknowledge": _acknowledge, "release": _release}


def handed_over_as_text(each: Parcel) -> Mapping[str, str]:
    """A document as the text that it is; bytes in another encoding than UTF-8, or of which XML cannot hold a character, in
    base64, as they are."""
    try:
        text = each.body.decode()
    except UnicodeDecodeError:
        text = "\0"
    return {"base64": b64encode(each.body).decode()} if NOT_XML.search(text) else {"document": text}


# -- the contract -----------------------------------------------------------------------------------------------------


def _limit(request: Request, hub: Hub) -> int:
    application = request.path_params["application"]
    return largest_said(application, exchanges_of(hub.catalogue, application), hub)


def _said(operation: Operation, payload: bytes) -> Said:
    """What stands in the element, held against the contract. MessageError 422."""
    if operation.input is None:
        return {}
    if problems := operation.input.check(payload):
        raise MessageError(problems=problems)
    return dict(codec_for(operation.input).read(payload))


def _written(operation: Operation, answer: Mapping[str, Any]) -> bytes:
    return codec_for(operation.output).write(answer) if operation.output else b""


def _declared(operation: Operation | None, error: Exception, language: Language) -> bytes:
    """The detail of the fault that the contract has for this refusal; b"" for none."""
    part = operation.faults.get(_FAULTS.get(standing_of(error)[0], "")) if operation else None
    if part is None:
        return b""
    problems = error.problems[:MOST_TOLD] if isinstance(error, MessageError) else ()
    told = {
        "text": writable(said_of(error).said_in(language)),
        "problem": [_problem(each, language) for each in problems],
    }
    return codec_for(part).write(told)


def _problem(problem: Problem, language: Language) -> Mapping[str, Any]:
    return {
        "path": writable(problem.path),
        "text": writable(problem.text.said_in(language)),
        "accepted": [writable(each) for each in problem.accepted],
    }
