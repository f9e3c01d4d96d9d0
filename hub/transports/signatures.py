"""WS-Security signatures by X.509 certificates: written over body and timestamp, and verified. Pure; nothing is fetched.

What a signature does not cover is never used: who verifies is given the body that was signed, not the one that was sent.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureConstructionMethod, SignatureMethod
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, XMLVerifier

from hub.codecs.safe_xml import parse
from hub.errors import ConfigurationError, MessageError, Text
from hub.transports.envelope import SECURITY_HEADER
from hub.transports.timestamps import WINDOW, created_at

_OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
_WSSE = f"{{{_OASIS}wssecurity-secext-1.0.xsd}}"
_WSU = f"{{{_OASIS}wssecurity-utility-1.0.xsd}}"
_X509 = f"{_OASIS}x509-token-profile-1.0#X509v3"
_BASE64 = f"{_OASIS}soap-message-security-1.0#Base64Binary"
_DS = "{http://www.w3.org/2000/09/xmldsig#}"
_EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"

METHODS = frozenset(
    {
        SignatureMethod.RSA_SHA256,
        SignatureMethod.RSA_SHA384,
        SignatureMethod.RSA_SHA512,
        SignatureMethod.SHA256_RSA_MGF1,
        SignatureMethod.SHA384_RSA_MGF1,
        SignatureMethod.SHA512_RSA_MGF1,
        SignatureMethod.ECDSA_SHA256,
        SignatureMethod.ECDSA_SHA384,
        SignatureMethod.ECDSA_SHA512,
    }
)
DIGESTS = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})
MOST_REFERENCES = 8
"""Each costs a pass over the message; body, timestamp, certificate and the addressing headers are six."""

LIFETIME = timedelta(minutes=5)
_SHA256 = hashes.SHA256()
_SHORTEST_RSA = 2048
_CURVES = ("secp256r1", "secp384r1", "secp521r1")
_NOT_READ = (x509.InvalidVersion, UnsupportedAlgorithm)
_IDS = ("Id", "ID", "id")
_REFERENCE = re.compile(r"#([\w.:-]{1,200})")
_PEM = re.compile(r"-----BEGIN (?P<kind>[A-Z ]+)-----.*?-----END (?P=kind)-----", re.DOTALL)


class Forged(Exception):
    """This signature does not prove that its body is its signer's."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a signed message says of its signature, before any of it is believed.

    `fingerprint`: the SHA-256 of the certificate (DER, in hexadecimal). `created` and `expires`: the text of the timestamp
    that is signed. `proof`: what is the same in every copy of this signature, and in no other.
    """

    root: etree._Element = field(repr=False)
    certificate: x509.Certificate
    fingerprint: str
    created: str
    expires: str
    proof: str
    references: int
    body: int


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs: a private key and its certificate."""

    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = field(repr=False)
    certificate: x509.Certificate


# -- writing ----------------------------------------------------------------------------------------------------------


def read_signer(pem: str) -> Signer:
    """A private key and its certificate out of one text of PEM blocks. ConfigurationError when they are not that."""
    blocks = {found["kind"]: found[0].encode() for found in _PEM.finditer(pem)}
    private = next((block for kind, block in blocks.items() if kind.endswith("PRIVATE KEY")), b"")
    try:
        certificate = x509.load_pem_x509_certificate(blocks.get("CERTIFICATE", b""))
        key = load_pem_private_key(private, password=None)
    except (ValueError, TypeError) as error:
        raise _no_signer() from error
    fits = isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) and key.public_key() == certificate.public_key()
    if not fits or not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise _no_signer()
    return Signer(key, certificate)


def signed(envelope: bytes, signer: Signer, *, now: datetime) -> bytes:
    """The envelope with its body and a timestamp of five minutes signed: exclusive canonical XML, SHA-256, the certificate
    beside the signature."""
    root = parse(envelope)
    space = f"{{{etree.QName(root).namespace}}}"
    security = _security(root, space)
    _put_certificate(security, signer.certificate)
    _put_time(security, now)
    next(root.iterchildren(f"{space}Body")).set(f"{_WSU}Id", "hub-signed-body")
    ec_key = isinstance(signer.key, ec.EllipticCurvePrivateKey)
    writer = XMLSigner(
        method=SignatureConstructionMethod.detached,
        signature_algorithm=SignatureMethod.ECDSA_SHA256 if ec_key else SignatureMethod.RSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    uris = ["hub-signed-body", "hub-signed-time"]
    security.append(writer.sign(root, key=signer.key, reference_uri=uris, key_info=_key_info()))
    written: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return written


def _security(root: etree._Element, space: str) -> etree._Element:
    """The Security header, made where there is none."""
    header = root.find(f"{space}Header")
    if header is None:
        header = etree.Element(f"{space}Header")
        root.insert(0, header)
    found = header.find(SECURITY_HEADER)
    if found is None:
        found = etree.SubElement(header, SECURITY_HEADER, nsmap={"wsse": _WSSE[1:-1], "wsu": _WSU[1:-1]})
        found.set(f"{space}mustUnderstand", "1")
    return found


def _put_certificate(security: etree._Element, certificate: x509.Certificate) -> None:
    token = etree.SubElement(security, f"{_WSSE}BinarySecurityToken", EncodingType=_BASE64, ValueType=_X509)
    token.set(f"{_WSU}Id", "hub-certificate")
    token.text = b64encode(certificate.public_bytes(Encoding.DER)).decode()


def _put_time(security: etree._Element, now: datetime) -> None:
    stamp = etree.SubElement(security, f"{_WSU}Timestamp")
    stamp.set(f"{_WSU}Id", "hub-signed-time")
    for name, at in (("Created", now), ("Expires", now + LIFETIME)):
        etree.SubElement(stamp, f"{_WSU}{name}").text = at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"


def _key_info() -> etree._Element:
    info = etree.Element(f"{_DS}KeyInfo", nsmap={"ds": _DS[1:-1]})
    reference = etree.SubElement(info, f"{_WSSE}SecurityTokenReference", nsmap={"wsse": _WSSE[1:-1]})
    etree.SubElement(reference, f"{_WSSE}Reference", URI="#hub-certificate", ValueType=_X509)
    return info


# -- verifying --------------------------------------------------------------------------------------------------------


def claimed(data: bytes, *, charset: str = "") -> Claim:
    """What the signature in an envelope claims, when it stands where a signature stands and covers what must be covered:
    the one body, and the timestamp. Forged otherwise."""
    root = parse(data, charset=charset)
    space = f"{{{etree.QName(root).namespace}}}"
    header, body = _only(root, f"{space}Header"), _only(root, f"{space}Body")
    security = _only(header, SECURITY_HEADER)
    signature, stamp = _only(security, f"{_DS}Signature"), _only(security, f"{_WSU}Timestamp")
    if signature.find(f"{_DS}Object") is not None:
        raise Forged("the signature carries an object of its own")
    info = _only(signature, f"{_DS}SignedInfo")
    _check_methods(info)
    signed_parts = [_target(root, each) for each in info.iterchildren(f"{_DS}Reference")]
    _check_covered(signed_parts, body=body, stamp=stamp, places=(header, security))
    certificate = _certificate(security, signature)
    return Claim(
        root,
        certificate,
        certificate.fingerprint(_SHA256).hex(),
        (stamp.findtext(f"{_WSU}Created") or "").strip(),
        (stamp.findtext(f"{_WSU}Expires") or "").strip(),
        _proof(info),
        len(signed_parts),
        next(place for place, each in enumerate(signed_parts) if each is body),
    )


def signed_at(claim: Claim, *, now: datetime) -> datetime:
    """When the message says that it was signed. Forged when that is not within five minutes of now, or when its time has
    passed."""
    created, expires = created_at(claim.created), created_at(claim.expires)
    if created is None or abs(now - created) > WINDOW:
        raise Forged("the timestamp is not of now")
    if claim.expires and (expires is None or expires <= now):
        raise Forged("the timestamp has expired")
    return created


def verified(claim: Claim, *, now: datetime) -> bytes:
    """The element in the body that was signed (b"" for an empty one), when the signature is of the claim's certificate and
    that is valid now. Forged otherwise."""
    space = f"{{{etree.QName(claim.root).namespace}}}"
    wanted = SignatureConfiguration(
        location=f"./{space}Header/{SECURITY_HEADER}/",
        expect_references=claim.references,
        signature_methods=METHODS,
        digest_algorithms=DIGESTS,
        verification_time=now,
    )
    try:
        results = XMLVerifier().verify(claim.root, x509_cert=claim.certificate, expect_config=wanted)
    except Exception as error:  # what a stranger wrote makes the library fail in many ways: each is a refusal
        raise Forged(type(error).__name__) from error
    body = results[claim.body].signed_xml if isinstance(results, list) else None
    if body is None or body.tag != f"{space}Body":
        raise Forged("what is signed is not the body")
    content = next((child for child in body if isinstance(child.tag, str)), None)
    return b"" if content is None else etree.tostring(content, encoding="UTF-8", xml_declaration=False, with_tail=False)


def fingerprint_of(pem: str) -> str:
    """The SHA-256 of a certificate (DER, in hexadecimal), by which a key is bound to it. MessageError when it is none,
    or when its key is too weak to be believed."""
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        strong = _is_strong(certificate)
    except (ValueError, *_NOT_READ) as error:
        raise MessageError(_NO_CERTIFICATE, kind="certificate-not-accepted") from error
    if not strong:
        raise MessageError(_WEAK, kind="certificate-not-accepted")
    return certificate.fingerprint(_SHA256).hex()


def _proof(info: etree._Element) -> str:
    """What a copy of the message cannot change: its value may be written in several ways, what is signed may not."""
    try:
        return hashlib.sha256(etree.tostring(info, method="c14n", exclusive=True, with_tail=False)).hexdigest()
    except etree.C14NError as error:  # a relative namespace name, which has no canonical form
        raise Forged("what is signed has no canonical form") from error


def _is_strong(certificate: x509.Certificate) -> bool:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size >= _SHORTEST_RSA
    return isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES


def _only(parent: etree._Element, name: str) -> etree._Element:
    found = parent.findall(name)
    if len(found) != 1:
        raise Forged(f"{len(found)} times {etree.QName(name).localname} in {etree.QName(parent).localname}")
    return found[0]


def _check_methods(info: etree._Element) -> None:
    """Only what is known to be strong, and only the canonical form that leaves out what stands around the element."""
    canonical, method = _only(info, f"{_DS}CanonicalizationMethod"), _only(info, f"{_DS}SignatureMethod")
    if canonical.get("Algorithm") != _EXCLUSIVE:
        raise Forged("another canonical form than exclusive XML")
    if method.get("Algorithm") not in {each.value for each in METHODS} or len(method):
        raise Forged("a signature method that is not taken")
    references = info.findall(f"{_DS}Reference")
    if len(references) > MOST_REFERENCES:
        raise Forged("too many references")
    for reference in references:
        transforms = _only(_only(reference, f"{_DS}Transforms"), f"{_DS}Transform")
        if transforms.get("Algorithm") != _EXCLUSIVE:
            raise Forged("a transform that is not taken")
        if _only(reference, f"{_DS}DigestMethod").get("Algorithm") not in {each.value for each in DIGESTS}:
            raise Forged("a digest that is not taken")


def _target(root: etree._Element, reference: etree._Element) -> etree._Element:
    """The one element of the message that a reference names."""
    found = _REFERENCE.fullmatch(reference.get("URI", ""))
    if not found:
        raise Forged("a reference that leads out of the message")
    return _named(root, found[1])


def _named(root: etree._Element, name: str) -> etree._Element:
    """The one element of that id, by whichever attribute says so."""
    tests = " or ".join(f"local-name() = '{each}'" for each in _IDS)
    those = root.xpath(f"//*[@*[({tests}) and . = $name]]", name=name)
    if not isinstance(those, list) or len(those) != 1:
        raise Forged("an id that none or several elements have")
    return those[0]  # type: ignore[return-value]  # an XPath of elements


def _check_covered(
    parts: Sequence[etree._Element], *, body: etree._Element, stamp: etree._Element, places: Sequence[etree._Element]
) -> None:
    """Body and timestamp must be signed where they are read; what else is signed must stand in a header."""
    if not any(each is body for each in parts):
        raise Forged("the body is not signed")
    if not any(each is stamp for each in parts):
        raise Forged("the timestamp is not signed")
    if any(each is not body and each.getparent() not in places for each in parts):
        raise Forged("something is signed that stands in no header")


def _certificate(security: etree._Element, signature: etree._Element) -> x509.Certificate:
    """The certificate that the signature names: beside it in the header, or in it. A bare key is nobody's."""
    info = _only(signature, f"{_DS}KeyInfo")
    if len(info) != 1:
        raise Forged("several keys are named")
    [told] = info
    if told.tag == f"{_WSSE}SecurityTokenReference":
        if len(told) != 1:
            raise Forged("several certificates are named")
        told = told[0]
    if told.tag == f"{_WSSE}Reference":
        holder = _target(security.getroottree().getroot(), told)
        if holder.tag != f"{_WSSE}BinarySecurityToken" or holder.getparent() is not security:
            raise Forged("the certificate is not beside the signature")
    elif told.tag == f"{_DS}X509Data":
        holder = _only(told, f"{_DS}X509Certificate")
    else:
        raise Forged("no certificate is named")
    try:
        return x509.load_der_x509_certificate(b64decode("".join((holder.text or "").split()), validate=True))
    except (ValueError, *_NOT_READ) as error:
        raise Forged("the certificate cannot be read") from error


def _no_signer() -> ConfigurationError:
    return ConfigurationError(
        Text(
            en="The secret that calls are signed with must hold, in PEM, one private key (RSA or EC, without a password) "
            "and its certificate.",
            fr="Le secret qui signe les appels doit contenir, en PEM, une clé privée (RSA ou EC, sans mot de passe) et son "
            "certificat.",
        )
    )


_NO_CERTIFICATE = Text(
    en="This is not one X.509 certificate in PEM (-----BEGIN CERTIFICATE-----).",
    fr="Ceci n'est pas un certificat X.509 au format PEM (-----BEGIN CERTIFICATE-----).",
)
_WEAK = Text(
    en="The key of this certificate is not taken: RSA of 2048 bits or more, or EC on P-256, P-384 or P-521.",
    fr="La clé de ce certificat n'est pas admise : RSA de 2048 bits au moins, ou EC sur P-256, P-384 ou P-521.",
)
