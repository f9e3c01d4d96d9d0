"""Made the answers beside it, once: signed by zeep 4.3.3 with xmlsec 1.3.17 (libxmlsec), neither of which the tests need.

`python signed_by_zeep.py <folder>`, in an environment with `zeep[xmlsec]` and `cryptography`; the key is not kept.
"""

from __future__ import annotations

import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from lxml import etree
from zeep.wsse.signature import BinarySignature, Signature

SPACES = {"1.1": "http://schemas.xmlsoap.org/soap/envelope/", "1.2": "http://www.w3.org/2003/05/soap-envelope"}
OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity"
ENVELOPE = """<s:Envelope xmlns:s="{space}"><s:Header>
  <w:Security xmlns:w="{oasis}-secext-1.0.xsd"><u:Timestamp xmlns:u="{oasis}-utility-1.0.xsd">
    <u:Created>2026-03-02T12:00:00Z</u:Created><u:Expires>2026-03-02T12:05:00Z</u:Expires></u:Timestamp></w:Security>
</s:Header><s:Body>{body}</s:Body></s:Envelope>"""
TOLD = '<d:Told xmlns:d="urn:depot"><d:Numero>Dépôt 42</d:Numero></d:Told>'
FAULT = (
    "<s:Fault><faultcode>s:Client</faultcode><faultstring>Dépôt fermé</faultstring><detail>"
    '<d:Erreur xmlns:d="urn:depot"><d:code>F1</d:code><d:libelle>fermé</d:libelle></d:Erreur></detail></s:Fault>'
)


def main(folder: Path) -> None:
    """Write the certificate, and an answer for each manner in which zeep signs."""
    with TemporaryDirectory() as place:
        key, certificate = _holder(Path(place))
        shutil.copy(certificate, folder / "zeep.pem")
        methods = {"signature_method": xmlsec.Transform.RSA_SHA256, "digest_method": xmlsec.Transform.SHA256}
        for kind, made in (("beside", BinarySignature), ("inside", Signature)):
            for version, space in SPACES.items():
                signer = made(key, certificate, **methods)
                _write(folder / f"told-{kind}-{version}.xml", ENVELOPE.format(space=space, oasis=OASIS, body=TOLD), signer)
        _write(folder / "fault-1.1.xml", ENVELOPE.format(space=SPACES["1.1"], oasis=OASIS, body=FAULT), signer)


def _write(file: Path, envelope: str, signer: Signature) -> None:
    signed, _ = signer.apply(etree.fromstring(envelope), {})
    file.write_bytes(etree.tostring(signed, encoding="UTF-8", xml_declaration=True))


def _holder(folder: Path) -> tuple[str, str]:
    key, name = rsa.generate_private_key(65537, 2048), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "depot")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number())
    made = made.not_valid_before(datetime(2026, 1, 1, tzinfo=UTC)).not_valid_after(datetime(2036, 1, 1, tzinfo=UTC))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(private)
    (folder / "certificate.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    return str(folder / "key.pem"), str(folder / "certificate.pem")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
