"""One call from request to answer, as steps: hear, misbehave or act, judge what is answered. No socket, no file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.catalogue import Application
from hub.doubles.behaviour import Act, Behaviour
from hub.doubles.faces import Asked, Face, Heard, Sent, Unfit, words_of
from hub.doubles.modes import Mode, Modes
from hub.doubles.rest_face import RestFace
from hub.doubles.serving import instead_of
from hub.doubles.soap_face import SoapFace
from hub.errors import HubError, MessageError

CALLED = ("out", "ask", "feed")
"""Directions in which the hub calls the application."""


@dataclass(frozen=True, slots=True)
class Played:
    """One call and what it came to. `reason`: what is wrong with the request, or with the sample."""

    sent: Sent
    operation: str = ""
    document: Mapping[str, Any] = field(default_factory=dict)
    mode: Mode = field(default_factory=Mode)
    act: Act = field(default_factory=Act)
    reason: str = ""

    @property
    def answered(self) -> Mapping[str, Any]:
        """The document of the answer or of the fault."""
        if self.act.answer is not None:
            return self.act.answer
        return self.act.fault.detail if self.act.fault else {}


class Player:
    """What stands between the sockets and the memory of a double."""

    def __init__(self, application: Application, behaviour: Behaviour, *, with_credentials: bool) -> None:
        self.modes = Modes()
        self._behaviour = behaviour
        self._header = _credentials_header(application) if with_credentials else ""
        self._face = _face(application, with_credentials=with_credentials)

    def play(self, heard: Heard) -> Played:
        """What this request comes to."""
        try:
            asked = self._hear(heard)
        except Unfit as unfit:
            return Played(unfit.sent, unfit.operation, reason=unfit.reason)
        mode = self.modes.next_for(asked.operation)
        sent, act, reason = self._act(asked, mode)
        return Played(sent, asked.operation, asked.document, mode, act, reason)

    def _hear(self, heard: Heard) -> Asked:
        if self._header and not heard.headers.get(self._header):
            raise Unfit(Sent(401, b"credentials are missing"), "no credentials")
        return self._face.hear(heard)

    def _act(self, asked: Asked, mode: Mode) -> tuple[Sent, Act, str]:
        """What is answered, what it came to, and what is wrong with the sample if anything is."""
        if mode.mode == "fault":
            return self._face.failed(asked, "internal error"), Act(), ""
        if sent := instead_of(mode):
            return sent, Act(), ""
        try:
            act = self._behaviour.act(asked.operation, asked.document, answer=mode.answer)
        except HubError as error:
            return self._face.failed(asked, error.text.en), Act(), error.text.en
        try:
            return self._sent(asked, act), act, ""
        except MessageError as error:
            words = f"the sample does not fit the contract: {words_of(error)}"
            return self._face.failed(asked, words), act, words

    def _sent(self, asked: Asked, act: Act) -> Sent:
        if act.fault:
            return self._face.fault(asked, act.fault)
        return self._face.answer(asked, act.answer or {})


def _credentials_header(application: Application) -> str:
    """The header in which callers show who they are; none for a UsernameToken, which the SOAP face looks for."""
    way = application.spec.authentication
    match way.kind:
        case "header" | "hmac":
            return way.shown_in.lower()
        case "webhook":
            return "webhook-signature"
        case "username-token":
            return ""
        case _:
            return "authorization"


def _face(application: Application, *, with_credentials: bool) -> Face:
    """The way in which the application's protocol hears and answers."""
    served = {
        name: application.operation(name)
        for name, operation in application.spec.operations.items()
        if operation.direction in CALLED
    }
    if application.spec.protocol == "rest":
        return RestFace(served)
    return SoapFace(served, with_token=with_credentials and application.spec.authentication.kind == "username-token")
