"""Signs SOAP envelopes as a stack of another maker would, rightly or wrongly: from lxml's canonical XML and bare keys."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from lxml import etree

from tests.endpoints.doors import SECURITY
from tests.endpoints.test_soap_tokens import UTILITY

DS = "http://www.w3.org/2000/09/xmldsig#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
ENC = "http://www.w3.org/2001/04/xmlenc#"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
X509 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"
ID = f"{{{UTILITY}}}Id"
HASHES = {f"{ENC}sha256": "sha256", f"{ENC}sha512": "sha512", f"{DS}sha1": "sha1", f"{MORE}md5": "md5"}
"""The digests that a test may ask for, good and bad."""


@dataclass(frozen=True)
class Holder:
    """Who holds a key and its certificate."""

    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = field(repr=False)
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        """The certificate."""
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def secret(self) -> str:
        """The key and the certificate."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode() + self.pem

    @property
    def text(self) -> str:
        """The certificate as it stands in a message."""
        return b64encode(self.certificate.public_bytes(Encoding.DER)).decode()


def holder(*, elliptic: bool = False, size: int = 2048, days: tuple[int, int] = (-1, 30)) -> Holder:
    """A key with a certificate that is good from and until so many days from now."""
    key = ec.generate_private_key(ec.SECP256R1()) if elliptic else rsa.generate_private_key(65537, size)
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "depot")]), datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number())
    made = made.not_valid_before(now + timedelta(days=days[0])).not_valid_after(now + timedelta(days=days[1]))
    return Holder(key, made.sign(key, hashes.SHA256()))


@dataclass(frozen=True)
class Manner:
    """How a message is signed; each field may be wrong."""

    by: Holder
    created: datetime
    lasts: timedelta = timedelta(minutes=5)
    method: str = f"{MORE}rsa-sha256"
    digest: str = f"{ENC}sha256"
    canonical: str = EXCLUSIVE
    transforms: tuple[str, ...] = (EXCLUSIVE,)
    covers: tuple[str, ...] = ("body", "time")
    key_info: str = "beside"
    inside_method: str = ""
    prefixes: tuple[str, ...] = ()
    shows: Holder | None = None

    def but(self, **changed: object) -> Manner:
        """The same, with something changed."""
        return replace(self, **changed)  # type: ignore[arg-type]


def signed(envelope: bytes, manner: Manner) -> etree._Element:
    """The envelope, signed in this manner."""
    root = etree.fromstring(envelope)
    space = f"{{{etree.QName(root).namespace}}}"
    header = root.find(f"{space}Header")
    if header is None:
        header = etree.Element(f"{space}Header")
        root.insert(0, header)
    security = etree.SubElement(header, f"{{{SECURITY}}}Security", nsmap={"wsse": SECURITY, "wsu": UTILITY})
    security.set(f"{space}mustUnderstand", "1")
    token = etree.SubElement(security, f"{{{SECURITY}}}BinarySecurityToken", ValueType=X509)
    token.set(ID, "cert")
    token.text = (manner.shows or manner.by).text
    _stamp(security, manner)
    root.find(f"{space}Body").set(ID, "body")
    security.append(_signature(root, manner))
    return root


def _stamp(security: etree._Element, manner: Manner) -> None:
    stamp = etree.SubElement(security, f"{{{UTILITY}}}Timestamp")
    stamp.set(ID, "time")
    for name, at in (("Created", manner.created), ("Expires", manner.created + manner.lasts)):
        etree.SubElement(stamp, f"{{{UTILITY}}}{name}").text = at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _signature(root: etree._Element, manner: Manner) -> etree._Element:
    made = etree.Element(f"{{{DS}}}Signature", nsmap={"ds": DS})
    info = etree.SubElement(made, f"{{{DS}}}SignedInfo")
    etree.SubElement(info, f"{{{DS}}}CanonicalizationMethod", Algorithm=manner.canonical)
    method = etree.SubElement(info, f"{{{DS}}}SignatureMethod", Algorithm=manner.method)
    if manner.inside_method:
        etree.SubElement(method, f"{{{DS}}}HMACOutputLength").text = manner.inside_method
    for name in manner.covers:
        _reference(info, root, name, manner)
    etree.SubElement(made, f"{{{DS}}}SignatureValue").text = b64encode(_value(canonical(info), manner)).decode()
    made.append(_key_info(manner))
    return made


def _reference(info: etree._Element, root: etree._Element, name: str, manner: Manner) -> None:
    made = etree.SubElement(info, f"{{{DS}}}Reference", URI=name if "/" in name else f"#{name}")
    transforms = etree.SubElement(made, f"{{{DS}}}Transforms")
    for each in manner.transforms:
        transform = etree.SubElement(transforms, f"{{{DS}}}Transform", Algorithm=each)
        if manner.prefixes:
            kept = etree.SubElement(transform, f"{{{EXCLUSIVE}}}InclusiveNamespaces", nsmap={"ec": EXCLUSIVE})
            kept.set("PrefixList", " ".join(manner.prefixes))
    etree.SubElement(made, f"{{{DS}}}DigestMethod", Algorithm=manner.digest)
    those: Sequence[etree._Element] = root.xpath("//*[@*[local-name() = 'Id'] = $name]", name=name)
    digest = hashlib.new(HASHES[manner.digest], canonical(those[0], *manner.prefixes) if those else b"").digest()
    etree.SubElement(made, f"{{{DS}}}DigestValue").text = b64encode(digest).decode()


def canonical(element: etree._Element, *prefixes: str) -> bytes:
    """Exclusive canonical XML of an element, wherever it stands, with these prefixes of its surroundings."""
    alone = etree.fromstring(etree.tostring(element, with_tail=False))
    return etree.tostring(alone, method="c14n", exclusive=True, inclusive_ns_prefixes=list(prefixes) or None)


def _value(data: bytes, manner: Manner) -> bytes:
    name = manner.method.rpartition("-")[2].rpartition("#")[2]
    if "hmac" in manner.method:  # with what anybody knows: the certificate
        made = hmac.new(manner.by.certificate.public_bytes(Encoding.PEM), data, name).digest()
        return made[: int(manner.inside_method) // 8] if manner.inside_method else made
    algorithm = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256(), "sha512": hashes.SHA512(), "md5": hashes.MD5()}[name]
    if isinstance(manner.by.key, rsa.RSAPrivateKey):
        return manner.by.key.sign(data, padding.PKCS1v15(), algorithm)
    r, s = utils.decode_dss_signature(manner.by.key.sign(data, ec.ECDSA(algorithm)))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def _key_info(manner: Manner) -> etree._Element:
    info = etree.Element(f"{{{DS}}}KeyInfo", nsmap={"ds": DS})
    match manner.key_info:
        case "inside":
            data = etree.SubElement(info, f"{{{DS}}}X509Data")
            etree.SubElement(data, f"{{{DS}}}X509Certificate").text = (manner.shows or manner.by).text
        case "bare key":
            numbers = manner.by.key.public_key().public_numbers()
            value = etree.SubElement(etree.SubElement(info, f"{{{DS}}}KeyValue"), f"{{{DS}}}RSAKeyValue")
            for name, number in (("Modulus", numbers.n), ("Exponent", numbers.e)):
                size = (number.bit_length() + 7) // 8
                etree.SubElement(value, f"{{{DS}}}{name}").text = b64encode(number.to_bytes(size, "big")).decode()
        case "name":
            etree.SubElement(info, f"{{{DS}}}KeyName").text = "depot"
        case _:
            told = etree.SubElement(info, f"{{{SECURITY}}}SecurityTokenReference", nsmap={"wsse": SECURITY})
            etree.SubElement(told, f"{{{SECURITY}}}Reference", URI="#cert", ValueType=X509)
    return info
