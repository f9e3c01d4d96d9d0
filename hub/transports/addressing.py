"""WS-Addressing headers, 2005/08 and 2004/08: read from calls, written in answers and calls. No address is followed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from hub.errors import MessageError, Text

NEW = "http://www.w3.org/2005/08/addressing"
OLD = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
_HEADERS = ("To", "Action", "MessageID", "RelatesTo", "From", "ReplyTo", "FaultTo")
_ANONYMOUS = {NEW: f"{NEW}/anonymous", OLD: f"{OLD}/role/anonymous"}
_NONE = f"{NEW}/none"
_NO_FAULT_KIND = {NEW: f"{NEW}/soap/fault", OLD: f"{OLD}/fault"}

UNDERSTOOD = frozenset(f"{{{space}}}{name}" for space in (NEW, OLD) for name in _HEADERS)
"""The headers that a server which answers on the same connection understands."""

FAULTS: Mapping[str, tuple[str, ...]] = {
    "addressing-not-anonymous": ("InvalidAddressingHeader", "OnlyAnonymousAddressSupported"),
    "addressing-doubled": ("InvalidAddressingHeader", "InvalidCardinality"),
    "addressing-action": ("ActionNotSupported",),
}
"""How WS-Addressing calls a kind of refusal, from the general to the particular."""


@dataclass(frozen=True, slots=True)
class Addressing:
    """What a message says of where it comes from and where its answer goes, in one version (`namespace`) of WS-Addressing.
    `doubled`: a header that stands in it more than once, "" for none."""

    namespace: str
    action: str = ""
    message_id: str = ""
    reply_to: str = ""
    fault_to: str = ""
    doubled: str = ""

    @property
    def wants_no_answer(self) -> bool:
        """Whether the caller says that it will not read an answer."""
        return self.reply_to == _NONE


def read_addressing(header: etree._Element | None) -> Addressing | None:
    """What the headers say; None when there are none of WS-Addressing."""
    for space in (NEW, OLD):
        named = [each for each in (() if header is None else header) if each.tag in UNDERSTOOD and _space(each) == space]
        if named:
            return _read(space, named)
    return None


def check_addressing(said: Addressing, *, actions: frozenset[str]) -> None:
    """Refuses what cannot be done: an answer anywhere but on the connection of the call, and an action of no or another
    operation. MessageError of a kind of FAULTS."""
    if said.doubled:
        raise _refusal("addressing-doubled", _doubled(said.doubled))
    for name, address in (("ReplyTo", said.reply_to), ("FaultTo", said.fault_to)):
        if address not in ("", _ANONYMOUS[said.namespace], _NONE):
            raise _refusal("addressing-not-anonymous", _elsewhere(name))
    if said.action and said.action not in actions:
        raise _refusal("addressing-action", _OTHER_ACTION)


def answer_headers(said: Addressing, *, action: str, message_id: str) -> bytes:
    """The headers of an answer, for the envelope's header: its action, its id, and which message it answers."""
    told = {"Action": action, "MessageID": message_id, "RelatesTo": said.message_id}
    return _written(said.namespace, told)


def fault_headers(said: Addressing, *, kind: str, message_id: str) -> bytes:
    """The same for a fault, of a kind of FAULTS or of any other."""
    action = f"{said.namespace}/fault" if kind in FAULTS else _NO_FAULT_KIND[said.namespace]
    return answer_headers(said, action=action, message_id=message_id)


def call_headers(*, to: str, action: str, message_id: str) -> bytes:
    """The headers of a call whose answer comes on the same connection."""
    return _written(NEW, {"To": to, "Action": action, "MessageID": message_id})


def _read(space: str, named: list[etree._Element]) -> Addressing:
    names = [etree.QName(each).localname for each in named]
    doubled = next((name for name in names if name != "RelatesTo" and names.count(name) > 1), "")
    texts = {name: (each.text or "").strip() for name, each in zip(names, named, strict=True)}
    addresses = {name: _address(each, space) for name, each in zip(names, named, strict=True)}
    return Addressing(
        space,
        texts.get("Action", ""),
        texts.get("MessageID", ""),
        addresses.get("ReplyTo", ""),
        addresses.get("FaultTo", ""),
        doubled,
    )


def _address(endpoint: etree._Element, space: str) -> str:
    """The address of an endpoint; one that names none is elsewhere, too."""
    return (endpoint.findtext(f"{{{space}}}Address") or "-").strip()


def _space(element: etree._Element) -> str:
    return etree.QName(element).namespace or ""


def _written(space: str, told: Mapping[str, str]) -> bytes:
    made = []
    for name, text in told.items():
        if text:
            element = etree.Element(f"{{{space}}}{name}", nsmap={"wsa": space})
            element.text = text
            made.append(etree.tostring(element, encoding="UTF-8", xml_declaration=False))
    return b"".join(made)


def _refusal(kind: str, text: Text) -> MessageError:
    return MessageError(text, status=400, kind=kind)


def _doubled(name: str) -> Text:
    return Text(en=f"The header wsa:{name} stands here more than once.", fr=f"L'en-tête wsa:{name} figure plusieurs fois.")


def _elsewhere(name: str) -> Text:
    return Text(
        en=f"Answers go back on the same connection only: leave wsa:{name} out, or say anonymous.",
        fr=f"La réponse revient sur la même connexion, et nulle part ailleurs : ôtez wsa:{name}, ou indiquez anonymous.",
    )


_OTHER_ACTION = Text(
    en="The wsa:Action does not belong to the element in the body.",
    fr="Le wsa:Action ne correspond pas à l'élément du corps.",
)
