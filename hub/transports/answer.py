"""An answer made readable: the fault, document and words in it, before anything is made of them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lxml import etree

from hub.call import Reply
from hub.codecs import Codec, codec_for, json, read_held, xml
from hub.contract import Document, Operation, Part, SoapBinding
from hub.errors import MessageError
from hub.facts import Fact, field
from hub.transports.envelope import SoapFault, open_envelope

_LONGEST = 500
_SOAP_MEDIA = frozenset({"text/xml", "application/soap+xml", "application/xml"})
_WITHOUT_BODY = (204, 205)
_HTML = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:\s|(?><\?.*?\?>)|(?><!--.*?-->))*+<(!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL
)
"""What precedes the root is never read in a second way: many comments would take for ever."""
_STACK = re.compile(
    r"(?<!\s)\s++(?:at [\w.$<>]+|à \w[\w$<>`]*(?:\.[\w$<>`]+)+)\(.*|Traceback \(most recent call last\).*|Stack ?trace:.*",
    re.DOTALL,
)
"""As Java, .NET (which speaks French on a French server), Python and PHP write one."""
_TAGS = re.compile(
    r"</?(?:!doctype|html|head|meta|link|title|body|style|script|div|span|p|br|hr|h[1-6]|pre|code|b|i|u|em|strong|font|a|img"
    r"|center|table|tr|t[dh]|ul|ol|li)\b[^<>]*>",
    re.IGNORECASE,
)
"""Of a page that stands where words are expected."""
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


class Answer(Fact, frozen=True):
    """What an application answered.

    `payload`: for SOAP the element in the body, for REST the body. `document`: its fields, those of the fault's detail when
    it is a fault, none when it cannot be read. `whole`: its media type and body are as the contract declares.
    """

    reply: Reply
    payload: bytes = b""
    fault: SoapFault | None = None
    document: Document = field(default_factory=dict)
    whole: bool = False

    @property
    def is_page(self) -> bool:
        """Whether it is a page for a browser, whatever its content type says."""
        start = self.reply.body[:2000]
        return self.reply.media in ("text/html", "application/xhtml+xml") or (b"<" in start and bool(_HTML.match(start)))

    @property
    def words(self) -> str:
        """The application's own words about an error: the fault's text, RFC 9457's detail or title, or `message`."""
        if self.fault:
            return plain(self.fault.text)
        fields = (self.document.get(name) for name in ("detail", "title", "message"))
        return next((plain(value) for value in fields if isinstance(value, str) and value.strip()), "")


def read_answer(reply: Reply, operation: Operation, *, codec: Codec | None = None) -> Answer:
    """The answer that this reply holds. `codec` is the one of the operation's output, if the caller keeps it."""
    if not isinstance(operation.binding, SoapBinding):
        return _read_payload(reply, reply.body, operation, codec)
    try:
        envelope = open_envelope(reply.body, charset=charset_of(reply))
    except MessageError:
        return Answer(reply, whole=not reply.body.strip() and operation.output is None)
    if envelope.fault:
        return Answer(reply, envelope.fault.detail, envelope.fault, _loose(envelope.fault.detail))
    return _read_payload(reply, envelope.payload, operation, codec)


def _read_payload(reply: Reply, payload: bytes, operation: Operation, codec: Codec | None) -> Answer:
    part = operation.output
    if part is None or (reply.status in _WITHOUT_BODY and not payload.strip()):
        return Answer(reply, payload, document=_loose(payload), whole=True)
    document = _as_declared(payload, part, codec or codec_for(part)) if _media_fits(reply, operation) else None
    if document is None:
        return Answer(reply, payload, document=_loose(payload))
    return Answer(reply, payload, document=document, whole=True)


def _as_declared(payload: bytes, part: Part, codec: Codec) -> Document | None:
    """The document of a payload that is as its contract says; None for any other."""
    try:
        document, is_held = read_held(codec, payload)
    except MessageError:
        return None
    return document if is_held or not part.check(payload) else None


def _media_fits(reply: Reply, operation: Operation) -> bool:
    """Whether the content type is a declared one. An operation that declares none takes any."""
    media = reply.media
    if isinstance(operation.binding, SoapBinding):
        return media in _SOAP_MEDIA
    if media in operation.binding.accepts:
        return True
    said = (operation.output.media,) if operation.output and operation.output.media else ()
    declared = {each.partition(";")[0].strip().lower() for each in (*operation.binding.accepts, *said)}
    return not declared or bool(declared & {"*/*", media.partition("/")[0] + "/*", media})


def charset_of(reply: Reply) -> str:
    """The charset that an answer's content type names, "" for none."""
    found = re.search(r"charset\s*=\s*\"?([\w.:-]+)", reply.headers.get("content-type", ""), re.IGNORECASE)
    return found[1] if found else ""


def _loose(payload: bytes) -> Document:
    """The fields of a document that no contract describes, {} when it cannot be read."""
    try:
        if payload.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
            found: Any = _fields(xml.parse(payload))
        else:
            found = json.parse(payload) if payload.strip() else {}
    except MessageError:
        return {}
    return found if isinstance(found, Mapping) else {}


def _fields(element: etree._Element) -> Any:
    """Nested dicts by local names, lists for repeats, text for leaves."""
    found: dict[str, Any] = {f"@{etree.QName(str(name)).localname}": value for name, value in element.attrib.items()}
    for child in element:
        name, value = etree.QName(child).localname, _fields(child)
        before = found.get(name)
        found[name] = value if name not in found else [*(before if isinstance(before, list) else [before]), value]
    if not len(element):
        text = (element.text or "").strip()
        return text if not found else {**found, "#text": text}
    return found


def values_at(document: Any, path: str) -> Iterator[str]:
    """Every value at a dotted path, through lists; what is absent or empty gives none."""
    if document is None:
        return
    if document.__class__ is str:
        if not path and document.strip():
            yield document
    elif document.__class__ is dict or isinstance(document, Mapping):
        name, _, rest = path.partition(".") if path else ("#text", "", "")
        yield from values_at(document.get(name), rest)
    elif isinstance(document, list | tuple):
        for each in document:
            yield from values_at(each, path)
    elif not path and str(document).strip():
        yield str(document)


def plain(words: str) -> str:
    """An application's words for people: one line, no control characters, stack trace or HTML, at most 500 characters."""
    return " ".join(_CONTROLS.sub(" ", _TAGS.sub(" ", _STACK.sub("", words))).split())[:_LONGEST].rstrip()
