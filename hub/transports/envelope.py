"""SOAP envelopes, 1.1 and 1.2: written and opened, without a direction (client, endpoint and doubles use the same)."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from hashlib import sha1
from hmac import compare_digest
from typing import Literal

from lxml import etree

from hub.codecs import xml
from hub.codecs.safe_xml import Parsed
from hub.errors import Language, MessageError, Text
from hub.transports.addressing import Addressing, read_addressing

Version = Literal["1.1", "1.2"]
FaultCode = Literal["Client", "Server", "VersionMismatch", "MustUnderstand"]

NAMESPACES: dict[Version, str] = {
    "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
    "1.2": "http://www.w3.org/2003/05/soap-envelope",
}
_OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
_WSSE = f"{_OASIS}wssecurity-secext-1.0.xsd"
_WSU = f"{_OASIS}wssecurity-utility-1.0.xsd"
_PROFILE = f"{_OASIS}username-token-profile-1.0"
_BASE64 = f"{_OASIS}soap-message-security-1.0#Base64Binary"
SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
"""The name of a signature, wherever it stands."""
SECURITY_HEADER = f"{{{_WSSE}}}Security"
"""The name under which a server that reads UsernameTokens understands them."""

_NEW_CODES = {"Client": "Sender", "Server": "Receiver"}
_OLD_CODES: dict[str, FaultCode] = {
    "Client": "Client",
    "Sender": "Client",
    "DataEncodingUnknown": "Client",
    "Server": "Server",
    "Receiver": "Server",
    "VersionMismatch": "VersionMismatch",
    "MustUnderstand": "MustUnderstand",
}
_RPC_RESULT = "{http://www.w3.org/2003/05/soap-rpc}result"
"""SOAP 1.2, part 2, section 4.2.1: an rpc answer may begin with the name of the part that is its result. It is no part."""
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class SoapFault:
    """A fault. `name`: local name of the detail's first child; `subcode`: local name of a code of the application's own;
    `detail`: the bytes of the detail's first child. `told`: to be written only, the names (`{namespace}name`) of its
    subcodes, from the general to the particular."""

    code: FaultCode
    text: str
    name: str = ""
    subcode: str = ""
    detail: bytes = b""
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UsernameToken:
    """WS-Security. `password` is the clear text, or when read with `digest` what was received of it; `nonce` and `created`
    (text such as 2026-01-31T12:00:00Z) are what a digest is made with."""

    user: str
    password: str = field(repr=False)
    digest: bool = False
    nonce: bytes = field(default=b"", repr=False)
    created: str = ""

    def proves(self, password: str) -> bool:
        """Whether this received token shows knowledge of `password`. Replays (nonce, created) are the caller's to refuse."""
        expected = digested(password, nonce=self.nonce, created=self.created) if self.digest else password
        return compare_digest(self.password.encode(), expected.encode())


@dataclass(frozen=True, slots=True)
class Envelope:
    """An opened envelope: the bytes of the element in its body (b"" for none), or the fault in it. `signed`: a signature
    stands in its security header, which nobody has verified. `beside`: further elements of the body, to which an encoded
    payload may refer; nobody may change them."""

    version: Version
    payload: bytes = b""
    fault: SoapFault | None = None
    token: UsernameToken | None = None
    signed: bool = False
    addressing: Addressing | None = None
    beside: tuple[etree._Element, ...] = field(default=(), repr=False, compare=False)


def digested(password: str, *, nonce: bytes, created: str) -> str:
    """The PasswordDigest of the UsernameToken profile 1.0: Base64(SHA-1(nonce + created + password))."""
    return b64encode(sha1(nonce + created.encode() + password.encode(), usedforsecurity=False).digest()).decode()


# -- writing ----------------------------------------------------------------------------------------------------------


def wrap(payload: bytes, *, version: Version = "1.1", token: UsernameToken | None = None, headers: bytes = b"") -> bytes:
    """The envelope around one payload element (b"" for an empty body), as UTF-8, with a token and other header elements. The
    payload's bytes are kept as they are, so it has no XML declaration."""
    told = headers + (etree.tostring(_security(token, version)) if token else b"")
    header = b"<soap:Header>" + told + b"</soap:Header>" if told else b""
    return b"".join(
        (
            b"<?xml version='1.0' encoding='UTF-8'?>\n",
            f'<soap:Envelope xmlns:soap="{NAMESPACES[version]}">'.encode(),
            header,
            b"<soap:Body>",
            payload,
            b"</soap:Body></soap:Envelope>",
        )
    )


def http_headers(action: str, *, version: Version = "1.1") -> dict[str, str]:
    """Content-Type, and the action: quoted in SOAPAction (1.1), or a parameter of the content type (1.2)."""
    quoted = '"' + action.replace('"', "%22") + '"'
    if version == "1.1":
        return {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": quoted}
    parameter = f"; action={quoted}" if action else ""
    return {"Content-Type": f"application/soap+xml; charset=utf-8{parameter}"}


def write_fault(fault: SoapFault, *, version: Version = "1.1", language: Language = "fr", headers: bytes = b"") -> bytes:
    """The envelope of a fault, as UTF-8, with these header elements. Its text, in that `language` (SOAP 1.2 says which),
    loses the characters that XML cannot hold."""
    root = etree.Element(f"{{{NAMESPACES[version]}}}Fault", nsmap={"soap": NAMESPACES[version]})
    text = _NOT_XML.sub(" ", fault.text)
    if version == "1.1":
        _put_code(etree.SubElement(root, "faultcode", nsmap=_prefixed(fault)), f"soap:{fault.code}", *fault.told[-1:])
        etree.SubElement(root, "faultstring").text = text
        place = "detail"
    else:
        code = etree.SubElement(root, _in_12("Code"))
        etree.SubElement(code, _in_12("Value")).text = f"soap:{_NEW_CODES.get(fault.code, fault.code)}"
        for name in fault.told:
            code = etree.SubElement(code, _in_12("Subcode"))
            _put_code(etree.SubElement(code, _in_12("Value"), nsmap=_prefixed(fault)), "", name)
        words = etree.SubElement(etree.SubElement(root, _in_12("Reason")), _in_12("Text"))
        words.set(_XML_LANG, language)
        words.text = text
        place = _in_12("Detail")
    if fault.detail:
        etree.SubElement(root, place).append(xml.parse(fault.detail))
    return wrap(etree.tostring(root), version=version, headers=headers)


def _prefixed(fault: SoapFault) -> dict[str, str]:
    """The namespace of a fault's subcodes, under a prefix: their names stand in text."""
    return {"sub": fault.told[0].rpartition("}")[0].removeprefix("{")} if fault.told else {}


def _put_code(element: etree._Element, plain: str, *told: str) -> None:
    """Writes a code: one of the application's own, where there is any, before that of SOAP."""
    element.text = f"sub:{told[0].rpartition('}')[2]}" if told else plain


def fault_for(error: MessageError) -> SoapFault:
    """The fault that tells a caller of this error, in French as SOAP callers have no language to ask for."""
    codes: dict[str, FaultCode] = {"soap-version-mismatch": "VersionMismatch", "soap-must-understand": "MustUnderstand"}
    return SoapFault(codes.get(error.kind, "Client"), error.text.fr)


def _in_12(name: str) -> str:
    return f"{{{NAMESPACES['1.2']}}}{name}"


def _security(token: UsernameToken, version: Version) -> etree._Element:
    root = etree.Element(SECURITY_HEADER, nsmap={"wsse": _WSSE, "wsu": _WSU, "soap": NAMESPACES[version]})
    root.set(f"{{{NAMESPACES[version]}}}mustUnderstand", "1" if version == "1.1" else "true")
    holder = etree.SubElement(root, f"{{{_WSSE}}}UsernameToken")
    etree.SubElement(holder, f"{{{_WSSE}}}Username").text = token.user
    password = etree.SubElement(holder, f"{{{_WSSE}}}Password")
    password.set("Type", f"{_PROFILE}#{'PasswordDigest' if token.digest else 'PasswordText'}")
    made = digested(token.password, nonce=token.nonce, created=token.created) if token.digest else token.password
    password.text = made
    if token.nonce:
        nonce = etree.SubElement(holder, f"{{{_WSSE}}}Nonce")
        nonce.set("EncodingType", _BASE64)
        nonce.text = b64encode(token.nonce).decode()
    if token.created:
        etree.SubElement(holder, f"{{{_WSU}}}Created").text = token.created
    return root


# -- opening ----------------------------------------------------------------------------------------------------------


def open_envelope(data: bytes, *, charset: str = "", understood: Set[str] | None = None) -> Envelope:
    """Opens an envelope. When serving, `understood` names the headers (`{namespace}name`) that mustUnderstand may ask for.

    MessageError, 400, when it is no envelope; of kind `soap-version-mismatch` or `soap-must-understand` for these faults."""
    root = xml.parse(data, charset=charset)
    version = _version(root)
    namespace = NAMESPACES[version]
    header = root.find(f"{{{namespace}}}Header")
    if understood is not None:
        _check_understood(header, namespace, understood)
    body = root.find(f"{{{namespace}}}Body")
    if body is None:
        raise _no_envelope()
    elements = [*_elements(body)]
    content = elements[0] if elements else None
    token, addressing = _token(header), read_addressing(header)
    if content is None:
        return Envelope(version, token=token, signed=_is_signed(header), addressing=addressing)
    if content.tag == f"{{{namespace}}}Fault":
        return Envelope(version, fault=_fault(content, version), token=token)
    if version == "1.2" and (result := content.find(_RPC_RESULT)) is not None:
        content.remove(result)
    return Envelope(
        version,
        payload=Parsed.of(content),
        token=token,
        signed=_is_signed(header),
        addressing=addressing,
        beside=tuple(elements[1:]),
    )


def _version(root: etree._Element) -> Version:
    name = etree.QName(root)
    for version, namespace in NAMESPACES.items():
        if name.localname == "Envelope" and name.namespace == namespace:
            return version
    if name.localname != "Envelope":
        raise _no_envelope()
    raise MessageError(
        Text(en="This envelope is neither SOAP 1.1 nor SOAP 1.2.", fr="Cette enveloppe n'est ni SOAP 1.1 ni SOAP 1.2."),
        status=400,
        kind="soap-version-mismatch",
    )


def _check_understood(header: etree._Element | None, namespace: str, understood: Set[str]) -> None:
    """Headers for another actor or role than the last receiver are not ours."""
    for entry in _elements(header):
        ours = not (entry.get(f"{{{namespace}}}actor") or entry.get(f"{{{namespace}}}role", "").rpartition("/")[2] == "none")
        if ours and entry.get(f"{{{namespace}}}mustUnderstand") in ("1", "true") and entry.tag not in understood:
            name = etree.QName(entry).localname
            raise MessageError(
                Text(
                    en=f"The SOAP header {name} is not understood here.",
                    fr=f"L'en-tête SOAP {name} n'est pas compris ici.",
                ),
                status=400,
                kind="soap-must-understand",
            )


def _fault(fault: etree._Element, version: Version) -> SoapFault:
    if version == "1.1":
        value, own = _text_at(fault, "faultcode"), ""
        text, details = _text_at(fault, "faultstring"), _child(fault, "detail")
    else:
        code = _child(fault, "Code")
        value, own = _text_at(code, "Value"), _text_at(_child(code, "Subcode"), "Value")
        text, details = _text_at(_child(fault, "Reason"), "Text"), _child(fault, "Detail")
    said = value.rpartition(":")[2].partition(".")[0]
    known = _OLD_CODES.get(said)
    subcode = own or (value if known is None else value.rpartition(":")[2].partition(".")[2])
    content = next(_elements(details), None)
    name = "" if content is None else etree.QName(content).localname
    detail = b"" if content is None else _bytes(content)
    return SoapFault(known or "Server", text, name, subcode.rpartition(":")[2], detail)


def _token(header: etree._Element | None) -> UsernameToken | None:
    holder = None if header is None else header.find(f"{SECURITY_HEADER}/{{{_WSSE}}}UsernameToken")
    if holder is None:
        return None
    password = holder.find(f"{{{_WSSE}}}Password")
    kind = "" if password is None else password.get("Type", "")
    try:
        nonce = b64decode(_text_at(holder, "Nonce"), validate=True)
    except ValueError:  # not base64, or not even ASCII
        nonce = _text_at(holder, "Nonce").encode()  # some stacks write it as it is, and digest it so
    return UsernameToken(
        user=_text_at(holder, "Username"),
        password=_text_at(holder, "Password"),
        digest=kind.endswith("#PasswordDigest"),
        nonce=nonce,
        created=_text_at(holder, "Created"),
    )


def _is_signed(header: etree._Element | None) -> bool:
    return header is not None and header.find(f"{SECURITY_HEADER}/{SIGNATURE}") is not None


def _elements(parent: etree._Element | None) -> Iterator[etree._Element]:
    return (child for child in (() if parent is None else parent) if isinstance(child.tag, str))


def _child(parent: etree._Element | None, name: str) -> etree._Element | None:
    """The child of that local name: applications err in the namespaces of faults."""
    return next((child for child in _elements(parent) if etree.QName(child).localname == name), None)


def _text_at(parent: etree._Element | None, name: str) -> str:
    child = _child(parent, name)
    return "" if child is None else (child.text or "").strip()


def _bytes(element: etree._Element) -> bytes:
    """The element alone, with the namespaces that were declared around it."""
    return etree.tostring(element, encoding="UTF-8", xml_declaration=False, with_tail=False)


def _no_envelope() -> MessageError:
    return MessageError(
        Text(en="This is not a SOAP envelope with a body.", fr="Ceci n'est pas une enveloppe SOAP avec un corps."),
        status=400,
        kind="not-soap",
    )
