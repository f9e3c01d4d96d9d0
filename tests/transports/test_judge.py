"""What every kind of answer comes to, line by line of the design's table."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given as with_any
from hypothesis import strategies as st

from hub.call import Delivered, Failed, Misconfigured, NotSent, Outcome, Refused, Reply, Throttled, Unanswered, Unauthorised
from hub.codecs import codec_for
from hub.contract import Kind, Operation, Part, RestBinding, Shape, SoapBinding
from hub.errors import CallForbidden, CallNotSent, CallUnanswered, MessageError, Problem, Text
from hub.specs.connector import AnswerRule
from hub.transports.answer import values_at
from hub.transports.envelope import SoapFault, Version, wrap, write_fault
from hub.transports.judge import Missing, _said_at, judge, judge_error, judge_look_up, retry_after

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
JSON = "application/json"
XML = "text/xml"


def part(media: str, *names: str) -> Part:
    """A part with required text fields of these names."""
    namespace = "urn:waste" if "xml" in media else ""
    children = tuple(Shape(name, Kind.TEXT, required=True, namespace=namespace) for name in names)
    shape = Shape("Answer", Kind.OBJECT, children=children, namespace=namespace)

    def check(data: bytes) -> tuple[Problem, ...]:
        try:
            document = codec_for(Part(shape, media=media)).read(data)
        except MessageError as error:
            return error.problems or (Problem(error.text),)
        return tuple(Problem(Text(en="missing", fr="absent"), path=name) for name in names if name not in document)

    return Part(shape, check, media)


REST = Operation("putReport", RestBinding("PUT", "/", (200, 204), (JSON,)), output=part(JSON, "id"))
REST_SILENT = Operation("putReport", RestBinding("PUT", "/", (202,), (JSON,)))
SOAP = Operation("CreateOrder", SoapBinding("urn:CreateOrder"), output=part(XML, "Number"))
SOAP_SILENT = Operation("Notify", SoapBinding("urn:Notify"))

DONE = wrap(b'<Answer xmlns="urn:waste"><Number>42</Number></Answer>')
OTHER = wrap(b'<Answer xmlns="urn:waste"><Nomber>42</Nomber></Answer>')
PAGE = b"<!DOCTYPE html>\n<html><body>Connexion</body></html>"


def fault(kind: Any, /, *, name: str = "", version: Version = "1.1", **fields: str) -> bytes:
    inside = "".join(f"<{key}>{value}</{key}>" for key, value in fields.items())
    detail = f'<p:{name} xmlns:p="urn:pay">{inside}</p:{name}>'.encode() if name else b""
    return write_fault(SoapFault(kind, "Une erreur", detail=detail), version=version)


def reply(status: int, media: str = "", body: bytes = b"", **headers: str) -> Reply:
    return Reply(status, {"content-type": media, **{name.replace("_", "-"): value for name, value in headers.items()}}, body)


def rule(**conditions: Any) -> AnswerRule:
    return AnswerRule.model_validate(conditions)


def judged(operation: Operation, given: Reply, *rules: AnswerRule, name: str = "create_order") -> Outcome:
    return judge(given, operation, rules=rules, operation_name=name, now=NOW)


# -- the table --------------------------------------------------------------------------------------------------------

TABLE: list[tuple[str, Operation, Reply, type]] = [
    ("a body that fits", REST, reply(200, f"{JSON}; charset=utf-8", b'{"id": "7"}'), Delivered),
    ("no content, declared", REST, reply(204), Delivered),
    ("no output, declared status", REST_SILENT, reply(202), Delivered),
    ("an envelope that fits", SOAP, reply(200, XML, DONE), Delivered),
    ("an envelope as application/soap+xml", SOAP, reply(200, "application/soap+xml", DONE), Delivered),
    ("one-way with 202", SOAP_SILENT, reply(202), Delivered),
    ("one-way with an empty body", SOAP_SILENT, reply(200, XML, wrap(b"")), Delivered),
    # Unanswered
    ("an undeclared success", REST, reply(201, JSON, b'{"id": "7"}'), Unanswered),
    ("another media type", REST, reply(200, "text/plain", b'{"id": "7"}'), Unanswered),
    ("an empty body", REST, reply(200, JSON, b""), Unanswered),
    ("a body that does not fit", REST, reply(200, JSON, b'{"di": "7"}'), Unanswered),
    ("a body cut short", REST, reply(200, JSON, b'{"id": "'), Unanswered),
    ("an empty SOAP answer", SOAP, reply(200, XML), Unanswered),
    ("an empty SOAP body", SOAP, reply(200, XML, wrap(b"")), Unanswered),
    ("an envelope that does not fit", SOAP, reply(200, XML, OTHER), Unanswered),
    ("an envelope cut short", SOAP, reply(200, XML, DONE[:-20]), Unanswered),
    ("an envelope with an undeclared success", SOAP, reply(201, XML, DONE), Unanswered),
    ("a bad gateway", REST, reply(502), Unanswered),
    ("a gateway that waited too long", SOAP, reply(504, "text/html", PAGE), Unanswered),
    ("a widespread gateway", REST, reply(524), Unanswered),
    ("a gateway and a fault", SOAP, reply(504, XML, fault("Client")), Unanswered),
    # Throttled
    ("a time-out of theirs", REST, reply(408), Throttled),
    ("too early", REST, reply(425), Throttled),
    ("too many", REST, reply(429), Throttled),
    ("unavailable", SOAP, reply(503, "text/html", PAGE), Throttled),
    # Failed
    ("a failure", REST, reply(500, JSON, b"{}"), Failed),
    ("a failure with a page", SOAP, reply(500, "text/html", PAGE), Failed),
    ("not implemented", REST, reply(501), Failed),
    ("a server fault", SOAP, reply(500, XML, fault("Server")), Failed),
    ("a server fault with 200", SOAP, reply(200, XML, fault("Server")), Failed),
    ("a receiver fault", SOAP, reply(500, "application/soap+xml", fault("Server", version="1.2")), Failed),
    # Refused
    ("a bad request", REST, reply(400, JSON, b'{"detail": "no"}'), Refused),
    ("not found", REST, reply(404), Refused),
    ("a conflict", REST, reply(409), Refused),
    ("too large", REST, reply(413), Refused),
    ("unsupported", REST, reply(415), Refused),
    ("unprocessable", REST, reply(422), Refused),
    ("a client fault", SOAP, reply(500, XML, fault("Client")), Refused),
    ("a client fault with 200", SOAP, reply(200, XML, fault("Client")), Refused),
    ("a sender fault", SOAP, reply(400, "application/soap+xml", fault("Client", version="1.2")), Refused),
    # Unauthorised
    ("no credentials", REST, reply(401), Unauthorised),
    ("no right", SOAP, reply(403, XML, fault("Client")), Unauthorised),
    (
        "a fault of WS-Security",
        SOAP,
        reply(500, XML, fault("Client").replace(b"soap:Client", b"w:FailedAuthentication")),
        Unauthorised,
    ),
    # Misconfigured
    ("a redirection", REST, reply(301, location="https://elsewhere.example"), Misconfigured),
    ("a temporary redirection", REST, reply(307), Misconfigured),
    ("no such method", SOAP, reply(405), Misconfigured),
    ("gone", REST, reply(410), Misconfigured),
    ("a page", SOAP, reply(200, "text/html; charset=utf-8", PAGE), Misconfigured),
    ("a page that says it is JSON", REST, reply(200, JSON, b"  <HTML lang='fr'>"), Misconfigured),
    ("another version of SOAP", SOAP, reply(500, XML, fault("VersionMismatch")), Misconfigured),
]


@pytest.mark.parametrize(("operation", "given", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_an_answer_comes_to_what_the_table_says(operation: Operation, given: Reply, expected: type) -> None:
    assert type(judged(operation, given)) is expected


def test_a_delivered_answer_brings_its_document_and_its_bytes() -> None:
    assert judged(REST, reply(200, JSON, b'{"id": "7"}')) == Delivered({"id": "7"}, b'{"id": "7"}')

    delivered = judged(SOAP, reply(200, XML, DONE))

    assert isinstance(delivered, Delivered)
    assert delivered.answer == {"Number": "42"}
    assert delivered.body.startswith(b"<Answer")


def test_an_error_number_in_a_success_is_one_only_when_a_rule_says_so() -> None:
    answer = reply(200, JSON, b'{"err": 1, "id": "7"}')
    operation = replace(REST, output=part(JSON, "id", "err"))

    assert isinstance(judged(operation, answer), Delivered)
    assert isinstance(judged(operation, answer, rule(at="err", is_not="0", means="refused")), Refused)


# -- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "en", "fr"),
    [
        (reply(500), "The application answered 500.", "L'application a répondu 500."),
        (
            reply(422, "application/problem+json", b'{"title": "T", "detail": "Rue inconnue"}'),
            "The application answered 422: Rue inconnue",
            "L'application a répondu 422 : Rue inconnue",
        ),
        (
            reply(400, JSON, b'{"message": "Rue\\r\\n\\u001b[31m inconnue"}'),
            "The application answered 400: Rue [31m inconnue",
            "L'application a répondu 400 : Rue [31m inconnue",
        ),
    ],
)
def test_a_reason_says_what_happened_in_both_languages(given: Reply, en: str, fr: str) -> None:
    outcome = judged(REST, given)

    assert not isinstance(outcome, Delivered)
    assert outcome.reason == Text(en=en, fr=fr)


def test_a_fault_speaks_in_its_own_words_without_its_stack_trace() -> None:
    body = write_fault(SoapFault("Server", "Base indisponible\n\tat fr.editeur.Dao.find(Dao.java:12)\n\tat x.Y(Z)"))

    outcome = judged(SOAP, reply(500, XML, body))

    assert outcome == Failed(
        Text(
            en="The application answered with the fault Server: Base indisponible",
            fr="L'application a répondu par l'erreur Server : Base indisponible",
        )
    )


def test_long_words_are_cut() -> None:
    outcome = judged(REST, reply(400, JSON, b'{"message": "' + b"a" * 5000 + b'"}'), rule(means="refused", says="{message}"))

    assert isinstance(outcome, Refused)
    assert outcome.reason.en == "a" * 500


# -- the connector's rules --------------------------------------------------------------------------------------------

PAYMENTS = (
    rule(fault="FonctionnelleErreur", code="P5", means="later", wait="2h"),
    rule(fault="FonctionnelleErreur", means="refused", says="{libelle}"),
    rule(fault="Tech*", means="failed"),
)


def payment_fault(name: str, code: str) -> Reply:
    body = fault("Server", name=name, code=code, libelle="Montant invalide", severite="2")
    return reply(500, XML, body)


def test_a_payment_that_is_not_settled_yet_is_asked_again_two_hours_later() -> None:
    outcome = judged(SOAP, payment_fault("FonctionnelleErreur", "P5"), *PAYMENTS)

    assert isinstance(outcome, Throttled)
    assert (outcome.wait, outcome.whole_lane) == (timedelta(hours=2), False)


def test_a_payment_that_is_refused_is_so_in_the_applications_words() -> None:
    outcome = judged(SOAP, payment_fault("FonctionnelleErreur", "M1"), *PAYMENTS)

    assert outcome == Refused(Text(en="Montant invalide", fr="Montant invalide"))


@pytest.mark.parametrize("name", ["TechIndisponibiliteErreur", "TechProtocolaireErreur", "TechDysfonctionnementErreur"])
def test_a_technical_fault_failed(name: str) -> None:
    assert isinstance(judged(SOAP, payment_fault(name, "P5"), *PAYMENTS), Failed)


RETURN_CODE = replace(SOAP, output=part(XML, "codeRetour"))


def returned(code: str) -> Reply:
    return reply(200, XML, wrap(f'<Answer xmlns="urn:waste"><codeRetour>{code}</codeRetour></Answer>'.encode()))


RULES: list[tuple[str, Operation, Reply, AnswerRule, type]] = [
    ("a status", REST, reply(404), rule(status="404", means="delivered"), Delivered),
    ("a class of statuses", REST, reply(404), rule(status="4xx", means="failed"), Failed),
    ("another status", REST, reply(404), rule(status="5xx", means="delivered"), Refused),
    ("this operation", REST, reply(404), rule(operation="create_order", means="unanswered"), Unanswered),
    ("another operation", REST, reply(404), rule(operation="find_order", means="unanswered"), Refused),
    ("a field that is", RETURN_CODE, returned("9"), rule(at="codeRetour", is_="9", means="unauthorised"), Unauthorised),
    ("a field that is another", RETURN_CODE, returned("8"), rule(at="codeRetour", is_="9", means="failed"), Delivered),
    ("a field that is not", RETURN_CODE, returned("9"), rule(at="codeRetour", is_not="0", means="refused"), Refused),
    ("a field that is as wanted", RETURN_CODE, returned("0"), rule(at="codeRetour", is_not="0", means="refused"), Delivered),
    ("a field that is absent", REST, reply(200, JSON, b'{"id":"1"}'), rule(at="x", is_not="0", means="failed"), Delivered),
    ("a field that has a value", REST, reply(400, JSON, b'{"a":{"b":[1]}}'), rule(at="a.b", means="failed"), Failed),
    ("a code of a REST error", REST, reply(400, JSON, b'{"code":"E1"}'), rule(code="E1", means="failed"), Failed),
    ("no fault at all", REST, reply(400), rule(fault="*", means="failed"), Refused),
    ("any fault", SOAP, reply(200, XML, fault("Client")), rule(fault="*", means="misconfigured"), Misconfigured),
    ("nothing there", REST, reply(404), rule(status="404", means="missing"), Refused),
    ("a page", REST, reply(200, "text/html", PAGE), rule(status="200", means="later"), Throttled),
    ("an answer that does not fit", REST, reply(200, JSON, b'{"err":"1"}'), rule(at="err", is_="1", means="failed"), Failed),
]


@pytest.mark.parametrize(("operation", "given", "stated", "expected"), [r[1:] for r in RULES], ids=[r[0] for r in RULES])
def test_a_rule_decides_before_the_table(operation: Operation, given: Reply, stated: AnswerRule, expected: type) -> None:
    assert type(judged(operation, given, stated)) is expected


def test_the_first_rule_that_fits_decides() -> None:
    rules = (rule(status="4xx", code="E2", means="failed"), rule(status="404", means="unanswered"), rule(means="refused"))

    assert isinstance(judged(REST, reply(404), *rules), Unanswered)


# -- Retry-After ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("120", timedelta(minutes=2)),
        ("Sat, 31 Jan 2026 12:05:00 GMT", timedelta(minutes=5)),
        ("315360000", timedelta(days=3650)),
        ("9" * 5000, timedelta(seconds=10**9)),
        ("-5", None),
        ("0", None),
        ("soon", None),
        ("", None),
        ("²", None),
        ("1.5", None),
        ("Sat, 31 Jan 2026 11:00:00 GMT", None),
        ("Sat, 99 Jan 99999 11:00:00 GMT", None),
    ],
)
def test_retry_after_is_followed_when_it_says_something(value: str, wait: timedelta | None) -> None:
    assert retry_after(value, now=NOW) == wait


def test_an_application_that_says_later_holds_its_whole_lane() -> None:
    outcome = judged(SOAP, reply(503, retry_after="60"))

    assert isinstance(outcome, Throttled)
    assert (outcome.wait, outcome.whole_lane) == (timedelta(minutes=1), True)


# -- look-ups ---------------------------------------------------------------------------------------------------------


def looked_up(given: Reply, *rules: AnswerRule, found: str | None = "id") -> Outcome | Missing:
    return judge_look_up(given, REST, rules=rules, operation_name="find_order", found=found, now=NOW)


def test_a_look_up_that_gives_the_field_has_found_it() -> None:
    assert looked_up(reply(200, JSON, b'{"id": "7"}')) == Delivered({"id": "7"}, b'{"id": "7"}')


def test_a_look_up_whose_field_is_empty_is_missing() -> None:
    assert isinstance(looked_up(reply(200, JSON, b'{"id": ""}')), Missing)


def test_a_look_up_that_a_rule_calls_missing_is_so() -> None:
    assert isinstance(looked_up(reply(404), rule(status="404", means="missing")), Missing)


def test_a_look_up_that_fails_or_does_not_fit_says_neither() -> None:
    assert isinstance(looked_up(reply(404)), Refused)
    assert isinstance(looked_up(reply(500)), Failed)
    assert isinstance(looked_up(reply(200, JSON, b"{}")), Unanswered)
    assert isinstance(looked_up(reply(200, JSON, b'{"id": "7"}'), found=None), Misconfigured)


def test_a_call_without_an_answer_comes_to_what_its_error_says() -> None:
    text = Text(en="Why.", fr="Pourquoi.")

    assert judge_error(CallNotSent(text)) == NotSent(text)
    assert judge_error(CallUnanswered(text)) == Unanswered(text)
    assert judge_error(CallForbidden(text)) == Misconfigured(text)


_NAMES = st.sampled_from(["a", "b", "a.b", "#text", ""])
_DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", " ", "0", "x"]),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(_NAMES, inside, max_size=3),
    max_leaves=6,
)


@with_any(st.dictionaries(_NAMES, _DOCUMENTS, max_size=4), st.sampled_from(["a", "b", "a.b", "b.a.b", "#text", "", "."]))
def test_the_values_at_a_rule_s_path_are_those_that_a_walk_through_the_answer_finds(
    document: dict[str, Any], path: str
) -> None:
    assert _said_at(document, path) == list(values_at(document, path))
