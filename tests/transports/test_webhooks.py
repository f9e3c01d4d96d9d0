"""Signatures of requests: the published example, what one bit changes, and what is signed when calls are made."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.call import Call
from hub.errors import ConfigurationError
from hub.specs.connector import Authentication
from hub.transports.credentials import Credentials
from hub.transports.webhooks import proven, proves, secret_in, secret_text, signature

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
AT = datetime.fromtimestamp(1614265330, UTC)
BODY = b'{"test": 2432232314}'
SAID = {"id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "timestamp": "1614265330", "body": BODY}
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
"""The example of the Standard Webhooks libraries."""
_IDS = st.text("ab1", min_size=1, max_size=4)
URL = "https://portal.example.fr/hooks"


def test_the_published_example_is_signed_as_published() -> None:
    assert signature(secret_in(SECRET), **SAID) == SIGNATURE
    assert proves(secret_in(SECRET), SIGNATURE, **SAID)


def test_any_of_several_signatures_may_be_the_right_one() -> None:
    assert proves(secret_in(SECRET), f"v1,bm9uZQ== {SIGNATURE}", **SAID)
    assert proves(secret_in(SECRET), f"v1a,x {SIGNATURE} v2,y", **SAID)
    assert not proves(secret_in(SECRET), " ".join(["v1,bm9uZQ=="] * 1000 + [SIGNATURE]), **SAID)


@pytest.mark.parametrize(
    "shown", ["", " ", "v1,", SIGNATURE[3:], SIGNATURE.replace("v1", "v0"), SIGNATURE[:-1], SIGNATURE + "=", "v1,é"]
)
def test_what_is_no_signature_of_this_version_proves_nothing(shown: str) -> None:
    assert not proves(secret_in(SECRET), shown, **SAID)


@given(st.binary(max_size=50), st.integers(0, 10**11), st.from_regex(r"[A-Za-z0-9_-]{1,30}", fullmatch=True))
def test_no_other_body_time_or_id_goes_with_a_signature(body: bytes, at: int, id_: str) -> None:
    said = {"id": id_, "timestamp": str(at), "body": body}
    shown = signature(secret_in(SECRET), **said)

    assert proves(secret_in(SECRET), shown, **said)
    assert not proves(secret_in(SECRET), shown, **{**said, "body": body + b" "})
    assert not proves(secret_in(SECRET), shown, **{**said, "timestamp": str(at + 1)})
    assert not proves(secret_in(SECRET), shown, **{**said, "id": id_ + "0"})
    assert not proves(b"another secret of some length", shown, **said)


@given(st.tuples(*(st.tuples(_IDS, st.text("12", min_size=1, max_size=3), st.text("ab1.", max_size=6)) for _ in range(2))))
def test_whatever_stops_a_body_has_two_messages_are_never_signed_alike(both: tuple[tuple[str, str, str], ...]) -> None:
    one, two = (signature(b"secret", id=id_, timestamp=at, body=body.encode()) for id_, at, body in both)

    assert (one == two) is (both[0] == both[1])


@pytest.mark.parametrize("text", ["", "s3cret", "whsec_", "whsec_c2hvcnQ=", "whsec_é", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
def test_a_secret_that_is_none_is_said_to_be_so_without_being_shown(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        secret_in(text)

    assert not text.removeprefix("whsec_") or text not in str(caught.value)


def test_a_secret_is_written_as_it_is_read() -> None:
    assert secret_text(secret_in(SECRET)) == SECRET


# -- calls ------------------------------------------------------------------------------------------------------------


def signed(way: dict[str, str], *, secret: str = "s3cret", key: str = "k-1", **call: object) -> dict[str, str]:
    """The headers of a call that is signed in this way."""
    spec = Authentication.model_validate(way)
    made = Call("POST", URL, {"Content-Type": "application/json"}, **{"body": BODY, **call})  # type: ignore[arg-type]
    return dict(proven(made, spec, Credentials(spec.kind, secret, spec.shown_in), key=key, now=AT).headers)


def test_a_body_is_signed_in_a_header_of_the_application_s_choice() -> None:
    expected = "sha256=" + hmac.new(b"s3cret", BODY, hashlib.sha256).hexdigest()

    assert signed({"kind": "hmac"})["X-Signature"] == expected
    assert signed({"kind": "hmac", "header": "X-Hub-Signature-256"})["X-Hub-Signature-256"] == expected
    assert "X-Timestamp" not in signed({"kind": "hmac"})


def test_the_time_is_signed_with_the_body_where_the_application_wants_it() -> None:
    headers = signed({"kind": "hmac", "signs": "timestamp.body", "time_header": "X-Time"})

    assert headers["X-Time"] == "1614265330"
    assert headers["X-Signature"] == "sha256=" + hmac.new(b"s3cret", b"1614265330." + BODY, hashlib.sha256).hexdigest()


def test_a_standard_webhook_has_the_key_as_its_id() -> None:
    headers = signed({"kind": "webhook"}, secret=SECRET, key=str(SAID["id"]))

    assert headers == {
        "Content-Type": "application/json",
        "webhook-id": SAID["id"],
        "webhook-timestamp": "1614265330",
        "webhook-signature": SIGNATURE,
    }


def test_a_key_that_would_blur_what_is_signed_is_hashed_into_an_id() -> None:
    one, other = (signed({"kind": "webhook"}, secret=SECRET, key=key)["webhook-id"] for key in ("a.1", "a.2"))

    assert one != other
    assert "." not in one


def test_a_call_without_a_body_is_signed_too() -> None:
    expected = "sha256=" + hmac.new(b"s3cret", b"", hashlib.sha256).hexdigest()

    assert signed({"kind": "hmac"}, body=b"")["X-Signature"] == expected


def test_a_call_of_several_parts_is_not_signed() -> None:
    with pytest.raises(ConfigurationError) as caught:
        signed({"kind": "hmac"}, rest=(b"--edge",))

    assert "one body" in caught.value.text.en


def test_other_calls_and_those_without_a_secret_are_left_as_they_are() -> None:
    call = Call("POST", URL)

    assert proven(call, Authentication(kind="hmac"), None, key="k", now=AT) is call
    assert proven(call, Authentication(), Credentials("bearer", "t"), key="k", now=AT) is call


def test_a_secret_that_requests_are_signed_with_is_in_no_header() -> None:
    assert Credentials("hmac", "s3cret").headers() == {}
    assert "s3cret" not in repr(signed({"kind": "hmac"}))
    assert b64encode(secret_in(SECRET)).decode() not in repr(signed({"kind": "webhook"}, secret=SECRET))
