"""SOAP and REST operations made into calls: nothing that a message holds changes where a call goes."""

from __future__ import annotations

from base64 import b64decode
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.contract import Kind, Operation, Part, RestBinding, Shape, SoapBinding
from hub.errors import ConfigurationError, MessageError
from hub.transports.addresses import Egress, vetted
from hub.transports.credentials import Credentials
from hub.transports.envelope import open_envelope
from hub.transports.rest import rest_call
from hub.transports.soap import soap_call

ADDRESS = "https://streets.example.fr/api/"


def text(name: str, location: str = "") -> Shape:
    return Shape(name, Kind.TEXT, location=location)  # type: ignore[arg-type]


REPORT = Operation(
    "putReport",
    RestBinding("put", "/towns/{town}/reports/{id}", (200,), ("application/json", "application/problem+json")),
    input=Part(
        Shape(
            "report",
            Kind.OBJECT,
            children=(
                text("@town", "path"),
                text("@id", "path"),
                text("@tag", "query"),
                text("@Idempotency-Key", "header"),
                text("@Host", "header"),
                text("title"),
            ),
        ),
        media="application/json",
    ),
)
PLACE = {"@town": "59350", "@id": "R 1/2"}


def test_path_query_and_header_parameters_go_where_the_contract_says() -> None:
    call = rest_call(
        REPORT,
        {**PLACE, "@tag": ["bac plein", "a&b=c"], "@Idempotency-Key": "k-1", "title": "x"},
        body=b'{"title":"x"}',
        address=ADDRESS,
        credentials=Credentials("bearer", "t0ken"),
        total=7,
    )

    assert call.method == "PUT"
    assert call.url == "https://streets.example.fr/api/towns/59350/reports/R%201%2F2?tag=bac%20plein&tag=a%26b%3Dc"
    assert call.headers == {
        "Idempotency-Key": "k-1",
        "Accept": "application/json, application/problem+json",
        "Content-Type": "application/json",
        "Authorization": "Bearer t0ken",
    }
    assert (call.body, call.total) == (b'{"title":"x"}', 7)


def test_a_call_without_a_body_has_no_content_type() -> None:
    assert "Content-Type" not in rest_call(REPORT, PLACE, body=b"", address=ADDRESS).headers


@given(st.text())
def test_no_value_changes_the_host_or_the_segments_of_the_path(value: str) -> None:
    try:
        call = rest_call(REPORT, {"@town": value, "@id": "1", "@tag": value}, body=b"", address=ADDRESS)
    except MessageError:
        assert value in ("", ".", "..") or any("\ud800" <= character <= "\udfff" for character in value)
        return

    parts = urlsplit(vetted(call.url, Egress()))
    assert (parts.scheme, parts.netloc, parts.fragment) == ("https", "streets.example.fr", "")
    segments = parts.path.split("/")
    assert segments[:3] == ["", "api", "towns"]
    assert segments[4:] == ["reports", "1"]
    assert unquote(segments[3]) == value


@pytest.mark.parametrize("value", ["../../admin", "a?b=c", "a#b", "a\\b", "%2e%2e", "//evil.example", "@evil.example"])
def test_what_could_be_read_as_another_address_is_encoded(value: str) -> None:
    path = urlsplit(rest_call(REPORT, {"@town": value, "@id": "1"}, body=b"", address=ADDRESS).url).path

    assert path.count("/") == 5
    assert unquote(path.split("/")[3]) == value


@pytest.mark.parametrize("value", ["..", ".", "", None])
def test_a_path_parameter_that_is_no_segment_is_refused(value: str | None) -> None:
    with pytest.raises(MessageError) as caught:
        rest_call(REPORT, {**PLACE, "@town": value}, body=b"", address=ADDRESS)

    assert caught.value.problems[0].path == "@town"


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\x00b", "café", " a", ""])
def test_a_value_that_no_header_can_carry_is_refused(value: str) -> None:
    with pytest.raises(MessageError) as caught:
        rest_call(REPORT, {**PLACE, "@Idempotency-Key": value}, body=b"", address=ADDRESS)

    assert caught.value.problems[0].path == "@Idempotency-Key"


def test_a_message_never_sets_the_host_header() -> None:
    with pytest.raises(MessageError):
        rest_call(REPORT, {**PLACE, "@Host": "evil.example"}, body=b"", address=ADDRESS)


def test_an_address_with_a_query_is_refused() -> None:
    with pytest.raises(ConfigurationError):
        rest_call(REPORT, PLACE, body=b"", address="https://streets.example.fr/?key=1")


ORDER = Operation("CreateOrder", SoapBinding("urn:CreateOrder"))
PAYLOAD = b'<Order xmlns="urn:waste"/>'
WASTE = "https://waste.example.fr/soap"


def test_a_soap_call_posts_the_payload_in_an_envelope() -> None:
    call = soap_call(ORDER, PAYLOAD, address=WASTE, credentials=Credentials("basic", "hub:pässword"))

    assert (call.method, call.url) == ("POST", WASTE)
    assert call.headers["SOAPAction"] == '"urn:CreateOrder"'
    assert b64decode(call.headers["Authorization"].removeprefix("Basic ")).decode() == "hub:pässword"
    assert b"Order" in open_envelope(call.body).payload


def test_a_username_token_shows_a_digest_when_it_is_given_a_nonce_and_a_time() -> None:
    credentials = Credentials("username-token", "hub:s3:cret")

    clear = open_envelope(soap_call(ORDER, PAYLOAD, address=WASTE, credentials=credentials).body).token
    hidden = soap_call(ORDER, PAYLOAD, address=WASTE, credentials=credentials, nonce=b"n", created="2026-01-31T12:00:00Z")

    assert clear is not None
    assert (clear.user, clear.password, clear.digest) == ("hub", "s3:cret", False)
    assert b"s3:cret" not in hidden.body
    token = open_envelope(hidden.body).token
    assert token is not None
    assert token.digest
    assert token.proves("s3:cret")


def test_a_secret_is_never_shown_and_must_fit_where_it_goes() -> None:
    assert "s3cret" not in repr(Credentials("bearer", "s3cret"))
    assert Credentials("header", "s3cret", header="X-Key").headers() == {"X-Key": "s3cret"}
    with pytest.raises(ConfigurationError) as caught:
        Credentials("bearer", "s3cret\n").headers()
    assert "s3cret" not in str(caught.value)
    with pytest.raises(ConfigurationError):
        Credentials("username-token", "no-colon").pair()


def test_an_operation_of_the_other_protocol_is_refused() -> None:
    with pytest.raises(ConfigurationError):
        soap_call(REPORT, PAYLOAD, address=WASTE)
    with pytest.raises(ConfigurationError):
        rest_call(ORDER, {}, body=b"", address=WASTE)
