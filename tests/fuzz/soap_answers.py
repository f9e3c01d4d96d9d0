"""Target `soap`: what an application answers, status, headers and body, opened and judged by a shipped connector's rules.
Allowed: nothing, as every answer comes to an outcome; MessageError where an envelope alone is opened.

An input is written `waste create_order 200`, the headers, an empty line and the body.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hub.call import Delivered, Outcome, Reply
from hub.catalogue import Application
from hub.errors import MessageError
from hub.transports.envelope import fault_for, open_envelope, write_fault
from hub.transports.judge import Missing, judge, judge_look_up
from tests.fuzz.http_text import Said, said
from tests.fuzz.shipped import catalogue
from tests.fuzz.target import Take
from tests.fuzz.words import refused_in_words

NOW = datetime(2026, 7, 14, 8, tzinfo=UTC)


def soap_answers() -> Take:
    """What a back office may answer, or whoever sits in its place."""
    connectors = catalogue().connectors

    def take(data: bytes) -> None:
        given = said(data)
        _open(given.body)
        application, name = _asked(given, connectors)
        reply = Reply(_status(given), given.headers, given.body)
        _judged(application, name, reply)

    return take


def _open(body: bytes) -> None:
    """As the door opens it; what a fault says can be said again."""
    try:
        envelope = open_envelope(body, understood=frozenset())
    except MessageError as error:
        refused_in_words(error)
        open_envelope(write_fault(fault_for(error)))
        return
    if envelope.fault:
        again = open_envelope(write_fault(envelope.fault, version=envelope.version)).fault
        assert again is not None
        assert (again.code, again.name) == (envelope.fault.code, envelope.fault.name)


def _asked(given: Said, connectors: Any) -> tuple[Application, str]:
    """The operation that the first line names, or else the first."""
    application = connectors.get(given.words[0] if given.words else "") or connectors["waste"]
    names = [name for name, each in application.spec.operations.items() if each.direction != "in"]
    named = given.words[1] if len(given.words) > 1 else ""
    return application, named if named in names else names[0]


def _status(given: Said) -> int:
    word = given.words[2] if len(given.words) > 2 else ""
    return 100 + int(word[:6]) % 500 if word.isascii() and word.isdigit() else 200


def _judged(application: Application, name: str, reply: Reply) -> None:
    operation, spec = application.operation(name), application.spec.operations[name]
    known: dict[str, Any] = {"rules": application.spec.answers, "operation_name": name, "now": NOW}
    _sound(judge(reply, operation, **known), reply)
    if spec.direction == "ask":
        _sound(judge_look_up(reply, operation, found=spec.found, **known), reply)


def _sound(outcome: Outcome | Missing, reply: Reply) -> None:
    if isinstance(outcome, Delivered):
        assert 200 <= reply.status < 300, "what failed is called delivered"
        return
    for words in (outcome.reason.en, outcome.reason.fr):
        assert words.strip()
        words.encode()
