"""The SOAP door: an application's own contract, served. The operation is chosen by the element in the body."""

from __future__ import annotations

from typing import Any

from lxml import etree
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.assembly import Hub
from hub.catalogue import Application
from hub.codecs import codec_for
from hub.codecs.safe_xml import parse
from hub.contract import Operation, SoapBinding
from hub.endpoints.auth import Credentials, Doorkeeper, Identity, named, shown_by, unknown_caller
from hub.endpoints.body import media_of, read_body
from hub.endpoints.headers import travelling
from hub.endpoints.language import language_of
from hub.endpoints.problems import standing_of
from hub.endpoints.published import published_contract, published_import
from hub.endpoints.serving import hub_of
from hub.endpoints.soap_faults import MEDIA, fault_response
from hub.errors import HubError, MessageError, NotAllowed, NotFound, Text
from hub.intake import Arrival
from hub.message import Receipt
from hub.signals import NotAccepted
from hub.transports.envelope import Envelope, UsernameToken, Version, open_envelope, wrap

_SECURITY = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd}Security"
_VERSIONS: dict[str, Version] = {"text/xml": "1.1", "application/soap+xml": "1.2"}


def soap_routes() -> list[Route]:
    """The door of each SOAP connector, and its contract."""
    return [
        Route("/soap/{connector}", serve, methods=["POST"]),
        Route("/soap/{connector}", publish, methods=["GET"]),
    ]


async def serve(request: Request) -> Response:
    """Accept what an application says in SOAP; every refusal is a fault in the caller's language."""
    hub = hub_of(request)
    media, _ = media_of(request.headers.get("content-type", ""))
    version = _VERSIONS.get(media, "1.1")
    try:
        application = _served(request, hub)
        name, arrival = await _arrival(request, application, hub)
        receipt = await hub.intake.accept(arrival)
        return _answer(application, name, receipt, version=version)
    except Exception as error:  # a SOAP client understands faults only
        if standing_of(error)[0] == 500:
            hub.telemetry.failed(error, at=request.url.path[:200])
        language = language_of(request.headers.get("accept-language", ""))
        return fault_response(error, version=version, language=language)


async def publish(request: Request) -> Response:
    """`?wsdl`: the contract, `?xsd=<name>`: what it imports; for the application itself and for those who may read."""
    hub = hub_of(request)
    identity = await _doorkeeper(request).identify(shown_by(request, basic=True), hub)
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


async def _arrival(request: Request, application: Application, hub: Hub) -> tuple[str, Arrival]:
    """The operation that was called, and what came; a refusal is announced."""
    try:
        identity = await _shown_in_headers(request, hub)
        charset = _charset(request)
        headers = travelling(request)
        body = await read_body(request, limit=hub.settings.largest_body)
        envelope = open_envelope(body, charset=charset, understood={_SECURITY})
        identity = identity or await _shown_in_envelope(request, envelope.token, hub)
        name = _operation(request, application, envelope)
        exchange = _exchange(application, name, identity, hub)
        arrival = Arrival(
            exchange=exchange,
            application=application.name,
            authority=identity.authority,
            body=envelope.payload,
            key=headers.key,
            caller_url=headers.caller_url,
            trace=headers.trace,
            expires_at=headers.expires_at,
        )
        return name, arrival
    except HubError as error:
        hub.telemetry.listen(NotAccepted("", application.name, standing_of(error)[1]))
        raise


# -- who --------------------------------------------------------------------------------------------------------------


async def _shown_in_headers(request: Request, hub: Hub) -> Identity | None:
    """Who calls by the HTTP headers, before the body is read; None when they name nobody."""
    shown = shown_by(request, basic=True)
    return await _doorkeeper(request).identify(shown, hub) if shown else None


async def _shown_in_envelope(request: Request, token: UsernameToken | None, hub: Hub) -> Identity:
    return await _doorkeeper(request).identify(_named(token), hub)


def _named(token: UsernameToken | None) -> Credentials | None:
    """A UsernameToken with its password as text; a digest cannot be checked, because only hashes of secrets are kept."""
    if token and token.digest:
        raise unknown_caller()
    return named(token.user, token.password) if token else None


def _doorkeeper(request: Request) -> Doorkeeper:
    found: Doorkeeper = request.app.state.doorkeeper
    return found


# -- what -------------------------------------------------------------------------------------------------------------


def _charset(request: Request) -> str:
    media, charset = media_of(request.headers.get("content-type", ""))
    if media not in _VERSIONS:
        raise MessageError(
            Text(en="Send text/xml or application/soap+xml.", fr="Envoyez text/xml ou application/soap+xml."),
            status=415,
            kind="content-type-not-accepted",
        )
    return charset


def _operation(request: Request, application: Application, envelope: Envelope) -> str:
    """The connector's operation that the element in the body belongs to; its version and action must agree."""
    root = str(parse(envelope.payload).tag) if envelope.payload else ""
    name = next((name for name, operation in _offered(application) if _root(operation) == root), None)
    if name is None:
        raise _not_offered(application, root)
    binding = application.operation(name).binding
    media, _ = media_of(request.headers.get("content-type", ""))
    if isinstance(binding, SoapBinding):
        _check_version(binding, envelope.version, _VERSIONS[media])
        _check_action(binding, _action(request))
    return name


def _offered(application: Application) -> list[tuple[str, Operation]]:
    """The operations by which the application calls us."""
    return [
        (name, application.operation(name))
        for name, operation in application.spec.operations.items()
        if operation.direction == "in"
    ]


def _root(operation: Operation) -> str:
    shape = operation.input.shape if operation.input else None
    if shape is None:
        return ""
    return f"{{{shape.namespace}}}{shape.name}" if shape.namespace else shape.name


def _not_offered(application: Application, root: str) -> MessageError:
    known = ", ".join(sorted(_root(operation) for _, operation in _offered(application))) or "-"
    local = etree.QName(root).localname[:80] if root else "-"
    return MessageError(
        Text(
            en=f"“{local}” is not an element that is taken here. Taken: {known}.",
            fr=f"« {local} » n'est pas un élément admis ici. Admis : {known}.",
        ),
        status=400,
        kind="operation-unknown",
    )


def _check_version(binding: SoapBinding, envelope: Version, media: Version) -> None:
    if binding.version == envelope == media:
        return
    raise MessageError(
        Text(
            en=f"The contract speaks SOAP {binding.version}; this is an envelope of {envelope} sent as {media}.",
            fr=f"Le contrat parle SOAP {binding.version} ; voici une enveloppe {envelope} envoyée comme {media}.",
        ),
        status=400,
        kind="soap-version-mismatch",
    )


def _check_action(binding: SoapBinding, action: str) -> None:
    """An action may be left out; one that is given must be the operation's."""
    if action in ("", binding.action):
        return
    raise MessageError(
        Text(
            en=f"The SOAPAction does not belong to this element: expected “{binding.action}”.",
            fr=f"Le SOAPAction ne correspond pas à cet élément : « {binding.action} » attendu.",
        ),
        status=400,
        kind="soap-action-mismatch",
    )


def _action(request: Request) -> str:
    if "soapaction" in request.headers:
        return request.headers["soapaction"].strip().strip('"')
    for part in request.headers.get("content-type", "").split(";")[1:]:
        name, _, value = part.strip().partition("=")
        if name.lower() == "action":
            return value.strip().strip('"')
    return ""


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


def _answer(application: Application, name: str, receipt: Receipt, *, version: Version) -> Response:
    """The operation's output, as the connector's `receipt` has it; nothing (202) for an operation without an output."""
    output = application.operation(name).output
    if output is None:
        return Response(status_code=202)
    document = filled(application.spec.operations[name].receipt, receipt)
    content = wrap(codec_for(output).write(document), version=version)
    return Response(content, headers={"Content-Type": MEDIA[version], "Cache-Control": "no-store"})


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
