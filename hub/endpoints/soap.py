"""The SOAP door: an application's own contract, served. The operation is chosen by the element in the body."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.assembly import Hub
from hub.catalogue import Application
from hub.codecs import codec_for
from hub.codecs.safe_xml import parse
from hub.contract import Operation, SoapBinding
from hub.endpoints.auth import Identity, shown_by
from hub.endpoints.body import check_size
from hub.endpoints.documents import check_named
from hub.endpoints.package import Package
from hub.endpoints.problems import standing_of
from hub.endpoints.published import published_contract, published_import
from hub.endpoints.serving import hub_of
from hub.endpoints.sizes import largest_of
from hub.endpoints.soap_calls import (
    Heard,
    called_in,
    doorkeeper_of,
    fault_of,
    heard_in,
    manner_of,
    operation_in,
    package_in,
)
from hub.endpoints.soap_faults import MEDIA, declared_by
from hub.endpoints.soap_manner import Manner
from hub.errors import HubError, MessageError, NotAllowed, NotFound, Text
from hub.intake import Arrival
from hub.message import Apart, Files, Receipt
from hub.signals import NotAccepted
from hub.transports.encoded import plain
from hub.transports.envelope import Envelope
from hub.transports.packages import with_stand_ins


def soap_routes() -> list[Route]:
    """The door of each SOAP connector, and its contract."""
    return [
        Route("/soap/{connector}", serve, methods=["POST"]),
        Route("/soap/{connector}", publish, methods=["GET"]),
    ]


async def serve(request: Request) -> Response:
    """Accept what an application says in SOAP; every refusal is a fault in the caller's language."""
    hub = hub_of(request)
    manner = manner_of(request)
    package: Package | None = None
    try:
        application = _served(request, hub)
        package = package_in(request)
        with _announced(application, hub):
            offered = _offered(application)
            limit = largest_of(application, called_in(request, offered), hub.settings)
            heard = await heard_in(request, hub, package, limit=limit)
            manner = manner.towards(heard.envelope, version=heard.version)
            name, binding = operation_in(request, offered, heard)
            manner.check(binding)
            check_size(heard.body, limit=largest_of(application, [name], hub.settings))
            heard = replace(heard, envelope=_plain(heard.envelope, application.operation(name), binding))
            arrival = await _arrival(heard, application, name, hub, package)
        try:
            receipt = await hub.intake.accept(arrival)
        except MessageError as error:
            return manner.fault(error, declared=declared_by(application, name, error, manner.language))
        return _answer(application, name, receipt, manner, binding)
    except Exception as error:  # a SOAP client understands faults only
        return fault_of(error, request, manner)
    finally:
        if package:
            await hub.claim_check.let_go(package.uploads)


async def publish(request: Request) -> Response:
    """`?wsdl`: the contract, `?xsd=<name>`: what it imports; for the application itself and for those who may read."""
    hub = hub_of(request)
    identity = await doorkeeper_of(request).identify(shown_by(request, basic=True), hub)
    application = _served(request, hub)
    if identity.application != application.name:
        identity.require("read")
    address = str(request.url.replace(query="", fragment=""))
    asked = {name.lower(): value for name, value in request.query_params.items()}
    if "wsdl" in asked:
        content = published_contract(application, address=address)
    elif "xsd" in asked:
        content = published_import(application, asked["xsd"], address=address)
    else:
        raise NotFound(Text(en="Add ?wsdl to read the contract.", fr="Ajoutez ?wsdl pour lire le contrat."))
    return Response(content, headers={"Content-Type": MEDIA["1.1"], "Cache-Control": "no-store"})


def _served(request: Request, hub: Hub) -> Application:
    application = hub.catalogue.connectors.get(request.path_params["connector"])
    if application is None or application.spec.protocol != "soap":
        raise NotFound(Text(en="No SOAP service is offered here.", fr="Aucun service SOAP n'est offert ici."))
    return application


async def _arrival(heard: Heard, application: Application, name: str, hub: Hub, package: Package | None) -> Arrival:
    """What came, for the exchange that takes it, with the files that came with it."""
    exchange = _exchange(application, name, heard.identity, hub)
    payload, headers = heard.envelope.payload, heard.headers
    payload, files = await _with_files(payload, package, hub) if package else (payload, {})
    return Arrival(
        exchange=exchange,
        application=application.name,
        authority=heard.identity.authority,
        body=payload,
        key=headers.key,
        caller_url=headers.caller_url,
        trace=headers.trace,
        expires_at=headers.expires_at,
        files=files,
    )


@contextmanager
def _announced(application: Application, hub: Hub) -> Iterator[None]:
    """Announces a refusal."""
    try:
        yield
    except HubError as error:
        hub.telemetry.listen(NotAccepted("", application.name, standing_of(error)[1]))
        raise


# -- what -------------------------------------------------------------------------------------------------------------


async def _with_files(payload: bytes, package: Package, hub: Hub) -> tuple[bytes, Files]:
    """What was said, with the files that came with it: taken in only now that it is known who says it. MessageError."""
    tickets: dict[str, str] = {}
    files: dict[str, Apart] = {}
    async for head in package.heads():
        came = await package.kept(head, hub.claim_check)
        tickets[head.id] = came.ticket
        files[came.ticket] = came.file
    payload, named = with_stand_ins(payload, tickets)
    check_named(named, tickets)
    return payload, files


def _plain(envelope: Envelope, operation: Operation, binding: SoapBinding) -> Envelope:
    """The envelope with its payload as the contract's schemas describe it: an encoded one is made plain. MessageError."""
    if not binding.encoded or operation.input is None:
        return envelope
    return replace(envelope, payload=plain(parse(envelope.payload), operation.input.shape, beside=envelope.beside))


def _offered(application: Application) -> list[tuple[str, Operation]]:
    """The operations by which the application calls us."""
    return [
        (name, application.operation(name))
        for name, operation in application.spec.operations.items()
        if operation.direction == "in"
    ]


def _exchange(application: Application, name: str, identity: Identity, hub: Hub) -> str:
    """The exchange that the operation enters, when this caller may send it."""
    if identity.application != application.name:
        raise NotAllowed(
            Text(
                en=f"This key is not one of “{application.name}”.",
                fr=f"Cette clé n'est pas celle de « {application.name} ».",
            )
        )
    exchange = hub.catalogue.exchange_taking(application.name, name)
    if exchange is None:
        raise NotFound(Text(en="No exchange takes this operation.", fr="Aucun échange ne reçoit cette opération."))
    identity.require(f"send:{exchange.name}")
    return exchange.name


# -- the answer -------------------------------------------------------------------------------------------------------


def _answer(application: Application, name: str, receipt: Receipt, manner: Manner, binding: SoapBinding) -> Response:
    """The operation's output, as the connector's `receipt` has it; nothing (202) for an operation without an output."""
    output = application.operation(name).output
    if output is None:
        return Response(status_code=202)
    document = filled(application.spec.operations[name].receipt, receipt)
    return manner.answer(codec_for(output).write(document), binding)


def filled(template: Any, receipt: Receipt) -> Any:
    """A document with {message} and {reference} filled in."""
    match template:
        case dict():
            return {name: filled(value, receipt) for name, value in template.items()}
        case list():
            return [filled(value, receipt) for value in template]
        case str():
            return template.replace("{message}", receipt.message).replace("{reference}", receipt.reference)
        case _:
            return template
