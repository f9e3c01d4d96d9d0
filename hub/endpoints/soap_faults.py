"""Every refusal of the SOAP door as a fault: its code, its HTTP status, and one detail element per problem."""

from __future__ import annotations

from http import HTTPStatus

from lxml import etree
from starlette.responses import Response

from hub.endpoints.problems import NAMESPACE, headers_of, said_of, standing_of
from hub.errors import Language, MessageError, Problem
from hub.transports.envelope import FaultCode, SoapFault, Version, write_fault

MEDIA = {"1.1": "text/xml; charset=utf-8", "1.2": "application/soap+xml; charset=utf-8"}
_OF_KIND: dict[str, FaultCode] = {
    "soap-version-mismatch": "VersionMismatch",
    "soap-must-understand": "MustUnderstand",
}
_OWN = {"p": NAMESPACE}
_SAID_BY_HTTP = frozenset({401, 403, 404, 408, 413, 415, 429, 503, 507})
"""Statuses that proxies and clients act upon; every other fault goes as SOAP's HTTP binding says."""


def fault_response(error: Exception, *, version: Version, language: Language) -> Response:
    """The whole answer to a call that ended in `error`."""
    status, kind = standing_of(error)
    problems = error.problems if isinstance(error, MessageError) else ()
    code = _OF_KIND.get(kind) or ("Server" if status >= 500 or status == 429 else "Client")
    text = said_of(error).said_in(language)
    fault = SoapFault(code, text, detail=_detail(kind, problems, language))
    return Response(
        write_fault(fault, version=version),
        status_code=_status(status, code, version),
        headers={"Content-Type": MEDIA[version], "Cache-Control": "no-store", **headers_of(status)},
    )


def _status(status: int, code: FaultCode, version: Version) -> int:
    if status in _SAID_BY_HTTP:
        return status
    sender = version == "1.2" and code == "Client"
    return HTTPStatus.BAD_REQUEST if sender else HTTPStatus.INTERNAL_SERVER_ERROR


def _detail(kind: str, problems: tuple[Problem, ...], language: Language) -> bytes:
    root = etree.Element(f"{{{NAMESPACE}}}problems", {"kind": kind}, nsmap=_OWN)
    for problem in problems:
        element = etree.SubElement(root, f"{{{NAMESPACE}}}problem")
        for name in ("row", "label", "path", "side"):
            if value := getattr(problem, name):
                element.set(name, _writable(value))
        etree.SubElement(element, f"{{{NAMESPACE}}}text").text = _writable(problem.text.said_in(language))
        for value in problem.accepted:
            etree.SubElement(element, f"{{{NAMESPACE}}}accepted").text = _writable(value)
    return etree.tostring(root)


def _writable(text: str) -> str:
    """Text that XML can hold: a value that is quoted in a problem may have come with anything."""
    return "".join(sign if sign in "\t\n\r" or sign.isprintable() else "\ufffd" for sign in text)
