"""One call in SOAP, whichever door it comes to: who calls, in which version, what the envelope holds, which operation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from lxml import etree
from starlette.requests import Request
from starlette.responses import Response

from hub.aside import aside
from hub.assembly import Hub
from hub.codecs.multipart import parameters_of
from hub.codecs.safe_xml import parse
from hub.contract import Operation, SoapBinding
from hub.endpoints.auth import Doorkeeper, Identity, shown_by, unknown_caller
from hub.endpoints.body import media_of, read_body
from hub.endpoints.headers import Travelling, travelling
from hub.endpoints.language import language_of
from hub.endpoints.package import Package, is_package
from hub.endpoints.problems import standing_of
from hub.endpoints.serving import hub_of
from hub.endpoints.soap_callers import by_signature, by_token
from hub.endpoints.soap_manner import Manner
from hub.errors import MessageError, Text
from hub.transports.addressing import UNDERSTOOD
from hub.transports.envelope import SECURITY_HEADER, Envelope, Version, open_envelope

_UNDERSTOOD = UNDERSTOOD | {SECURITY_HEADER}
_XOP = "application/xop+xml"
_VERSIONS: dict[str, Version] = {"text/xml": "1.1", "application/soap+xml": "1.2"}

Offered = Sequence[tuple[str, Operation]]
"""The operations of a door, each with the name that the door has for it."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Who calls, and what came: the version that its content type says (in a package: that its envelope has), of a signed
    envelope what is proven, and the bytes of it all."""

    identity: Identity
    headers: Travelling
    version: Version
    envelope: Envelope
    body: bytes


def manner_of(request: Request) -> Manner:
    """How a caller is answered before its envelope is open: as its headers say."""
    return Manner(_version_of(request), language_of(request.headers.get("accept-language", "")))


def fault_of(error: Exception, request: Request, manner: Manner, *, declared: bytes = b"") -> Response:
    """The answer to a call that ended in `error`, whatever it is: a SOAP client understands faults only."""
    if standing_of(error)[0] == 500:
        hub_of(request).telemetry.failed(error, at=request.url.path[:200])
    return manner.fault(error, declared=declared)


async def heard_in(request: Request, hub: Hub, package: Package | None = None, *, limit: int) -> Heard:
    """What came, of `limit` bytes at most, and from whom. NotAllowed, MessageError."""
    shown, headers = await _shown_in_headers(request, hub), travelling(request)
    spoken = await _spoken(request, package, limit=limit)
    opening = partial(open_envelope, spoken.body, charset=spoken.charset, understood=_UNDERSTOOD)
    envelope = await aside(opening, size=len(spoken.body))
    if envelope.signed and package:
        raise _signed_beside()
    identity, envelope = await _known(request, envelope, spoken, shown, hub)
    # Of a package, stacks say text/xml whatever the version of the envelope in it is.
    version = envelope.version if package else _VERSIONS[spoken.media]
    return Heard(identity, headers, version, envelope, spoken.body)


# -- who --------------------------------------------------------------------------------------------------------------


async def _shown_in_headers(request: Request, hub: Hub) -> Identity | None:
    """Who calls by the HTTP headers, before the body is read; None when they name nobody."""
    shown = shown_by(request, basic=True)
    return await doorkeeper_of(request).identify(shown, hub) if shown else None


async def _known(
    request: Request, envelope: Envelope, spoken: _Spoken, shown: Identity | None, hub: Hub
) -> tuple[Identity, Envelope]:
    """Who calls, by the HTTP headers or by the message; and of a signed message what its signature covers."""
    doorkeeper = doorkeeper_of(request)
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


def doorkeeper_of(request: Request) -> Doorkeeper:
    """Who recognises the callers of this application's doors."""
    found: Doorkeeper = request.app.doorkeeper
    return found


# -- what ------------------------------------------------------------------------------------------------------------


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
    head, body = await package.document(limit=limit)
    media = media_of(head.inside)[0] if head.media == _XOP else head.media
    _check_media(media)
    return _Spoken(media, head.charset, body)


def package_in(request: Request) -> Package | None:
    """The parts of a request that has several."""
    return Package(request) if is_package(request.headers.get("content-type", "")) else None


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


def called_in(request: Request, offered: Offered) -> list[str]:
    """The operations that may be called, before the body says which: those of the action, where it is one's, else all."""
    action = _action(request)
    named = [name for name, operation in offered if action and action in _actions(operation)]
    return named or [name for name, _ in offered]


def _actions(operation: Operation) -> list[str]:
    return [each.action for each in (operation.binding, *operation.also) if isinstance(each, SoapBinding)]


def operation_in(request: Request, offered: Offered, heard: Heard) -> tuple[str, SoapBinding]:
    """The name of the operation that the element in the body belongs to, by the binding of the caller's version; the action
    must agree."""
    envelope = heard.envelope
    root = str(parse(envelope.payload).tag) if envelope.payload else ""
    found = next(((name, operation) for name, operation in offered if _root(operation) == root), None)
    if found is None:
        raise _not_offered(offered, root)
    name, operation = found
    binding = _binding(operation, envelope.version, heard.version)
    _check_action(binding, _action(request))
    return name, binding


def _root(operation: Operation) -> str:
    shape = operation.input.shape if operation.input else None
    if shape is None:
        return ""
    return f"{{{shape.namespace}}}{shape.name}" if shape.namespace else shape.name


def _not_offered(offered: Offered, root: str) -> MessageError:
    known = ", ".join(sorted(_root(operation) for _, operation in offered)) or "-"
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
