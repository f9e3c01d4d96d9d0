"""How a SOAP caller is answered: in its version, in its language, and with the headers that its own ask for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import uuid4

from starlette.responses import Response

from hub.contract import SoapBinding
from hub.endpoints.problems import standing_of
from hub.endpoints.soap_faults import MEDIA, fault_response
from hub.errors import Language
from hub.transports.addressing import Addressing, answer_headers, check_addressing, fault_headers
from hub.transports.encoded import styled
from hub.transports.envelope import NAMESPACES, Envelope, Version, wrap


@dataclass(frozen=True, slots=True)
class Manner:
    """A caller's version of SOAP, its language, and what it says of WS-Addressing, if anything."""

    version: Version
    language: Language
    addressing: Addressing | None = None

    def towards(self, envelope: Envelope, *, version: Version) -> Manner:
        """The same caller, of whose envelope it is now known what it says, and in which version."""
        return replace(self, version=version, addressing=envelope.addressing)

    def check(self, binding: SoapBinding) -> None:
        """Refuse what its addressing headers ask for and cannot have: an answer elsewhere, another action. MessageError."""
        if self.addressing:
            check_addressing(self.addressing, actions=frozenset({binding.action, binding.addressed.input}))

    def answer(self, payload: bytes, binding: SoapBinding) -> Response:
        """The answer to a call by this binding that was taken; nothing (202) when the caller will not read one."""
        headers = b""
        if self.addressing:
            if self.addressing.wants_no_answer:
                return Response(status_code=202)
            headers = answer_headers(self.addressing, action=binding.addressed.output, message_id=_new_id())
        said = styled(payload, NAMESPACES[self.version]) if binding.encoded else payload
        content = wrap(said, version=self.version, headers=headers)
        return Response(content, headers={"Content-Type": MEDIA[self.version], "Cache-Control": "no-store"})

    def fault(self, error: Exception, *, declared: bytes = b"") -> Response:
        """The answer to a call that ended in `error`; `declared`: the detail of a fault of the contract, if any."""
        headers = b""
        if self.addressing:
            headers = fault_headers(self.addressing, kind=standing_of(error)[1], message_id=_new_id())
        return fault_response(error, version=self.version, language=self.language, declared=declared, headers=headers)


def _new_id() -> str:
    return f"urn:uuid:{uuid4()}"
