"""The SOAP door: an application's own contract, served. The operation is chosen by the element in the body."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from lxml import etree
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.assembly import Hub
from hub.catalogue import Application
from hub.codecs import codec_for
from hub.codecs.multipart import parameters_of
from hub.codecs.safe_xml import parse
from hub.contract import Operation, SoapBinding
from hub.endpoints.auth import Doorkeeper, Identity, shown_by, unknown_caller
from hub.endpoints.body import media_of, read_body
from hub.endpoints.documents import check_named
from hub.endpoints.headers import Travelling, travelling
from hub.endpoints.language import language_of
from hub.endpoints.package import Package, is_package
from hub.endpoints.problems import standing_of
from hub.endpoints.published import published_contract, published_import
from hub.endpoints.serving import hub_of
from hub.endpoints.soap_callers import by_signature, by_token
from hub.endpoints.soap_faults import MEDIA, declared_by
from hub.endpoints.soap_manner import Manner
from hub.errors import HubError, MessageError, NotAllowed, NotFound, Text
from hub.intake import Arrival
from hub.message import Apart, Files, Receipt
from hub.signals import NotAccepted
from hub.transports.addressing import UNDERSTOOD
from hub.transports.encoded import plain
from hub.transports.envelope import SECURITY_HEADER, Envelope, Version, open_envelope
from hub.transports.packages import with_stand_ins

_UNDERSTOOD = UNDERSTOOD | {SECURITY_HEADER}
_XOP = "application/xop+xml"
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
    manner = Manner(_version_of(request), language_of(request.headers.get("accept-language", "")))
    package: Package | None = None
    try:
        application = _served(request, hub)
        package = _package(request, hub)
        with _announced(application, hub):
            heard = await _heard(request, hub, package)
            manner = replace(manner, version=heard.version, addressing=heard.envelope.addressing)
            name, binding = _operation(request, application, heard)
            manner.check(binding)
            heard = replace(heard, envelope=_plain(heard.envelope, application.operation(name), binding))
            arrival = await _arrival(heard, application, name, hub, package)
        try:
            receipt = await hub.intake.accept(arrival)
        except MessageError as error:
            return manner.fault(error, declared=declared_by(application, name, error, manner.language))
        return _answer(application, name, receipt, manner, binding)
    except Exception as error:  # a SOAP client understands faults only
        if standing_of(error)[0] == 500:
            hub.telemetry.failed(error, at=request.url.path[:200])
        return manner.fault(error)
    finally:
        if package:
            await hub.claim_check.let_go(package.uploads)


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


@dataclass(frozen=True, slots=True)
class _Heard:
    """Who calls, and what came: the version that its content type says (in a package: that its envelope has), and of a
    signed envelope what is proven."""

    identity: Identity
    headers: Travelling
    version: Version
    envelope: Envelope


async def _heard(request: Request, hub: Hub, package: Package | None) -> _Heard:
    """What came, and from whom. NotAllowed, MessageError."""
    shown, headers = await _shown_in_headers(request, hub), travelling(request)
    spoken = await _spoken(request, package, limit=hub.settings.largest_body)
    envelope = open_envelope(spoken.body, charset=spoken.charset, understood=_UNDERSTOOD)
    if envelope.signed and package:
        raise _signed_beside()
    identity, envelope = await _known(request, envelope, spoken, shown, hub)
    # Of a package, stacks say text/xml whatever the version of the envelope in it is.
    return _Heard(identity, headers, envelope.version if package else _VERSIONS[spoken.media], envelope)


async def _arrival(heard: _Heard, application: Application, name: str, hub: Hub, package: Package | None) -> Arrival:
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


# -- who --------------------------------------------------------------------------------------------------------------


async def _shown_in_headers(request: Request, hub: Hub) -> Identity | None:
    """Who calls by the HTTP headers, before the body is read; None when they name nobody."""
    shown = shown_by(request, basic=True)
    return await _doorkeeper(request).identify(shown, hub) if shown else None


async def _known(
    request: Request, envelope: Envelope, spoken: _Spoken, shown: Identity | None, hub: Hub
) -> tuple[Identity, Envelope]:
    """Who calls, by the HTTP headers or by the message; and of a signed message what its signature covers."""
    doorkeeper = _doorkeeper(request)
    if shown is None and envelope.token:
        shown = await by_token(envelope.token, doorkeeper, hub)
    if not envelope.signed:
        if shown is None:
            raise unknown_caller()
        return shown, envelope
    signer, payload = await by_signature(spoken.body, doorkeeper, hub, charset=spoken.charset)
    if shown and (shown.application, shown.authority) != (signer.application, signer.authority):
        raise unknown_caller()
    return signer, replace(envelope, payload=payload, beside=())


def _doorkeeper(request: Request) -> Doorkeeper:
    found: Doorkeeper = request.app.state.doorkeeper
    return found


# -- what -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Spoken:
    """An envelope as it came: its media type, its charset, its bytes."""

    media: str
    charset: str
    body: bytes


async def _spoken(request: Request, package: Package | None, *, limit: int) -> _Spoken:
    """What was said: the body of the request, or the first of its parts. MessageError 415 when it is no SOAP."""
    if package is None:
        media, charset = media_of(request.headers.get("content-type", ""))
        _check_media(media)
        return _Spoken(media, charset, await read_body(request, limit=limit))
    head, body = await package.document()
    media = media_of(head.inside)[0] if head.media == _XOP else head.media
    _check_media(media)
    return _Spoken(media, head.charset, body)


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


def _package(request: Request, hub: Hub) -> Package | None:
    """The parts of a request that has several."""
    if not is_package(request.headers.get("content-type", "")):
        return None
    return Package(request, limit=hub.settings.largest_body)


def _version_of(request: Request) -> Version:
    """The version in which a caller is answered, as its request's content type says."""
    said = request.headers.get("content-type", "")
    media, _ = media_of(said)
    if is_package(said):
        inside = parameters_of(said)
        media = media_of(inside.get("start-info") or inside.get("type", ""))[0]
    return _VERSIONS.get(media, "1.1")


def _signed_beside() -> MessageError:
    return MessageError(
        Text(
            en="A signed message carries its files inside: the signature covers nothing beside it.",
            fr="Un message signé porte ses fichiers à l'intérieur : la signature ne couvre rien d'autre.",
        ),
        status=415,
        kind="signed-package",
    )


def _check_media(media: str) -> None:
    if media not in _VERSIONS:
        raise MessageError(
            Text(en="Send text/xml or application/soap+xml.", fr="Envoyez text/xml ou application/soap+xml."),
            status=415,
            kind="content-type-not-accepted",
        )


def _operation(request: Request, application: Application, heard: _Heard) -> tuple[str, SoapBinding]:
    """The connector's operation that the element in the body belongs to, by the binding of the caller's version; the action
    must agree."""
    envelope = heard.envelope
    root = str(parse(envelope.payload).tag) if envelope.payload else ""
    name = next((name for name, operation in _offered(application) if _root(operation) == root), None)
    if name is None:
        raise _not_offered(application, root)
    binding = _binding(application.operation(name), envelope.version, heard.version)
    _check_action(binding, _action(request))
    return name, binding


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


def _binding(operation: Operation, envelope: Version, media: Version) -> SoapBinding:
    """The binding of the operation in the version that envelope and content type are both of."""
    offered = [each for each in (operation.binding, *operation.also) if isinstance(each, SoapBinding)]
    for binding in offered:
        if binding.version == envelope == media:
            return binding
    spoken_en, spoken_fr = (word.join(each.version for each in offered) for word in (" and ", " et "))
    raise MessageError(
        Text(
            en=f"The contract speaks SOAP {spoken_en}; this is an envelope of {envelope} sent as {media}.",
            fr=f"Le contrat parle SOAP {spoken_fr} ; voici une enveloppe {envelope} envoyée comme {media}.",
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
