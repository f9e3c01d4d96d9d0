"""Every refusal of the SOAP door as a fault: its code, its HTTP status, and one detail element per problem."""

from __future__ import annotations

from http import HTTPStatus

from lxml import etree
from starlette.responses import Response

from hub.catalogue import Application
from hub.endpoints.problems import NAMESPACE, headers_of, said_of, standing_of
from hub.errors import Language, MessageError, Problem
from hub.transports.addressing import FAULTS, NEW
from hub.transports.envelope import FaultCode, SoapFault, Version, write_fault
from hub.transports.refusals import declared_detail, words_of

MEDIA = {"1.1": "text/xml; charset=utf-8", "1.2": "application/soap+xml; charset=utf-8"}
_OF_KIND: dict[str, FaultCode] = {
    "soap-version-mismatch": "VersionMismatch",
    "soap-must-understand": "MustUnderstand",
}
_OWN = {"p": NAMESPACE}
_SAID_BY_HTTP = frozenset({401, 403, 404, 408, 413, 415, 429, 503, 507})
"""Statuses that proxies and clients act upon; every other fault goes as SOAP's HTTP binding says."""


def fault_response(
    error: Exception, *, version: Version, language: Language, declared: bytes = b"", headers: bytes = b""
) -> Response:
    """The whole answer to a call that ended in `error`; `declared` is the detail of a fault of the contract, if any, and
    `headers` what the envelope's header holds."""
    status, kind = standing_of(error)
    problems = error.problems if isinstance(error, MessageError) else ()
    code = _OF_KIND.get(kind) or ("Server" if status >= 500 or status == 429 else "Client")
    text = said_of(error).said_in(language)
    told = tuple(f"{{{NEW}}}{name}" for name in FAULTS.get(kind, ()))
    fault = SoapFault(code, text, detail=declared or _detail(kind, problems, language), told=told)
    return Response(
        write_fault(fault, version=version, language=language, headers=headers),
        status_code=_of_binding(code, version) if declared else _status(status, code, version),
        headers={"Content-Type": MEDIA[version], "Cache-Control": "no-store", **headers_of(status)},
    )


def declared_by(application: Application, operation: str, error: Exception, language: Language) -> bytes:
    """The detail of the fault by which the connector wants this refusal told; b"" when it says nothing, when this is not
    about what the message says, or when the fault would not fit the contract after all."""
    told = application.spec.operations[operation].refusal
    if told is None or not isinstance(error, MessageError) or error.status in _SAID_BY_HTTP:
        return b""
    part = application.operation(operation).faults[told.fault]
    detail, problems = declared_detail(told, part, words_of(error, language))
    return b"" if problems else detail


def _status(status: int, code: FaultCode, version: Version) -> int:
    return status if status in _SAID_BY_HTTP else _of_binding(code, version)


def _of_binding(code: FaultCode, version: Version) -> int:
    """The status that SOAP's HTTP binding has for a fault: with any other, some stacks do not read a declared one."""
    sender = version == "1.2" and code == "Client"
    return HTTPStatus.BAD_REQUEST if sender else HTTPStatus.INTERNAL_SERVER_ERROR


def _detail(kind: str, problems: tuple[Problem, ...], language: Language) -> bytes:
    root = etree.Element(f"{{{NAMESPACE}}}problems", {"kind": kind}, nsmap=_OWN)
    for problem in problems:
        element = etree.SubElement(root, f"{{{NAMESPACE}}}problem")
        for name in ("row", "label", "path", "side"):
            if value := getattr(problem, name):
                element.set(name, writable(value))
        etree.SubElement(element, f"{{{NAMESPACE}}}text").text = writable(problem.text.said_in(language))
        for value in problem.accepted:
            etree.SubElement(element, f"{{{NAMESPACE}}}accepted").text = writable(value)
    return etree.tostring(root)


def writable(text: str) -> str:
    """Text that XML can hold: a value that is quoted in a problem may have come with anything."""
    return "".join(sign if sign in "\t\n\r" or sign.isprintable() else "\ufffd" for sign in text)
