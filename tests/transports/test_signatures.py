"""What the hub signs, held against canonical XML and bare keys; and who may sign."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils
from lxml import etree

from hub.errors import ConfigurationError
from hub.transports.envelope import NAMESPACES, UsernameToken, Version, open_envelope, wrap
from hub.transports.signatures import Forged, claimed, read_signer, signed, verified
from tests.endpoints.signers import DS, EXCLUSIVE, ID, SECURITY, UTILITY, Holder, canonical, holder

BOTH = pytest.mark.parametrize("version", ["1.1", "1.2"])
NOW = datetime.now(UTC)
ORDER = '<o:Order xmlns:o="urn:waste" xmlns:t="urn:t" kind="t:urgent"><o:Name>Éloïse</o:Name></o:Order>'.encode()
SIGNER, CURVE = holder(), holder(elliptic=True)


def parts(envelope: bytes, version: Version) -> dict[str, etree._Element]:
    """The elements of an envelope by their ids, and the signature as "signature"."""
    root = etree.fromstring(envelope)
    header = root.find(f"{{{NAMESPACES[version]}}}Header")
    assert header is not None
    signature = header.find(f"{{{SECURITY}}}Security/{{{DS}}}Signature")
    named = {f"#{each.get(ID)}": each for each in root.iter() if each.get(ID)}
    return {**named, "signature": signature}


@BOTH
@pytest.mark.parametrize("by", [SIGNER, CURVE], ids=["RSA", "EC"])
def test_body_and_timestamp_are_signed_as_another_stack_would_verify_them(by: Holder, version: Version) -> None:
    found = parts(signed(wrap(ORDER, version=version), read_signer(by.secret), now=NOW), version)
    info = found["signature"].find(f"{{{DS}}}SignedInfo")

    covered = []
    for reference in info.iterchildren(f"{{{DS}}}Reference"):
        target = found[reference.get("URI")]
        assert [each.get("Algorithm") for each in reference.iter(f"{{{DS}}}Transform")] == [EXCLUSIVE]
        assert b64decode(reference.findtext(f"{{{DS}}}DigestValue")) == hashlib.sha256(canonical(target)).digest()
        covered.append(etree.QName(target).localname)
    value = b64decode(found["signature"].findtext(f"{{{DS}}}SignatureValue"))
    told = (
        found["signature"].find(f"{{{DS}}}KeyInfo/{{{SECURITY}}}SecurityTokenReference/{{{SECURITY}}}Reference").get("URI")
    )
    certificate = x509.load_der_x509_certificate(b64decode(found[told].text))

    assert covered == ["Body", "Timestamp"]
    assert certificate == by.certificate
    if by is SIGNER:
        certificate.public_key().verify(value, canonical(info), padding.PKCS1v15(), hashes.SHA256())
    else:
        der = utils.encode_dss_signature(int.from_bytes(value[:32], "big"), int.from_bytes(value[32:], "big"))
        certificate.public_key().verify(der, canonical(info), ec.ECDSA(hashes.SHA256()))


@BOTH
def test_a_signed_envelope_says_what_it_said_and_still_shows_its_token(version: Version) -> None:
    token = UsernameToken("hub", "s3cret")

    opened = open_envelope(signed(wrap(ORDER, version=version, token=token), read_signer(SIGNER.secret), now=NOW))

    assert opened.signed
    assert opened.token == token
    assert canonical(etree.fromstring(opened.payload)) == canonical(etree.fromstring(ORDER))


def test_the_timestamp_lasts_five_minutes() -> None:
    root = etree.fromstring(signed(wrap(ORDER), read_signer(SIGNER.secret), now=datetime(2026, 3, 2, 12, tzinfo=UTC)))

    times = [root.findtext(f".//{{{UTILITY}}}{name}") for name in ("Created", "Expires")]

    assert times == ["2026-03-02T12:00:00.000Z", "2026-03-02T12:05:00.000Z"]


def test_an_empty_body_is_signed_too() -> None:
    claim = claimed(signed(wrap(b""), read_signer(SIGNER.secret), now=NOW))

    assert verified(claim, now=NOW) == b""


def test_what_is_given_back_is_what_was_signed_and_no_prefix_from_around_it() -> None:
    envelope = signed(wrap(ORDER), read_signer(SIGNER.secret), now=NOW).replace(
        b"<soap:Header", b'<soap:Header xmlns:t2="urn:u"'
    )

    payload = etree.fromstring(verified(claimed(envelope), now=NOW))

    assert payload.tag == "{urn:waste}Order"
    assert payload[0].text == "Éloïse"
    assert "urn:u" not in payload.nsmap.values()


def test_an_envelope_without_a_signature_proves_nothing() -> None:
    with pytest.raises(Forged):
        claimed(wrap(ORDER))


BAD = {
    "nothing": "",
    "no key": SIGNER.pem,
    "no certificate": SIGNER.secret.removesuffix(SIGNER.pem),
    "the certificate of another": SIGNER.secret.removesuffix(SIGNER.pem) + CURVE.pem,
    "no PEM": "user:password",
}


@pytest.mark.parametrize("name", BAD)
def test_a_secret_that_cannot_sign_is_said_to_the_operator_and_not_shown(name: str) -> None:
    with pytest.raises(ConfigurationError, match="PEM") as refused:
        read_signer(BAD[name])

    assert "BEGIN" not in str(refused.value)
    assert "PRIVATE" not in repr(read_signer(SIGNER.secret))
