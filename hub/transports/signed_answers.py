"""SOAP answers that must be signed: held against the certificates that may sign them, before anything is made of them. Pure.

Who judges is given what the signature covers, in an envelope of its own; an answer without it can never say that a call was
carried out, nor that it was not.
"""

from __future__ import annotations

from collections.abc import Set
from datetime import datetime

from hub.call import Misconfigured, Outcome, Reply, Throttled, Unanswered, Unauthorised
from hub.codecs.safe_xml import parse
from hub.errors import MessageError, Text
from hub.facts import replace
from hub.transports.answer import charset_of, plain
from hub.transports.envelope import SIGNATURE, Envelope, open_envelope, wrap
from hub.transports.judge import Missing
from hub.transports.signatures import Claim, Forged, claimed, signed_at, verified


class Doubted(Exception):
    """This answer is not proven to be the application's. `text` says why to people, the message what was found."""

    def __init__(self, text: Text, found: str) -> None:
        super().__init__(found)
        self.text = text


def vouched(reply: Reply, *, by: Set[str], now: datetime) -> Reply:
    """The reply with nothing in its envelope but what is signed: by the certificate of one of these fingerprints (SHA-256,
    hexadecimal), within five minutes of `now`, in the very body that is read. Doubted otherwise."""
    envelope = _opened(reply)
    if envelope is None:
        raise Doubted(_UNSIGNED, "no SOAP envelope")
    payload = _payload(reply, by=by, now=now)
    headers = {**reply.headers, "content-type": f"{reply.media}; charset=utf-8"}
    return replace(reply, headers=headers, body=wrap(payload, version=envelope.version))


def doubted(verdict: Outcome | Missing, reply: Reply, doubt: Doubted) -> Outcome:
    """What an answer that is not proven comes to, when believed it would come to `verdict`: unanswered.

    What HTTP alone says stands, when it says that nothing was done: later, a sign-in that was refused, another address.
    It comes from what stands before the application, which signs nothing."""
    envelope = _opened(reply)
    if envelope is None and isinstance(verdict, Throttled | Unauthorised | Misconfigured | Unanswered):
        return verdict
    words = plain(envelope.fault.text) if envelope and envelope.fault else ""
    said = Text(en=f" It says: {words}", fr=f" Elle dit : {words}") if words else Text(en="", fr="")
    return Unanswered(Text(en=doubt.text.en + said.en, fr=doubt.text.fr + said.fr))


def _payload(reply: Reply, *, by: Set[str], now: datetime) -> bytes:
    """The element in the body that one of them signed. Doubted."""
    claim = _claim(reply)
    if claim.fingerprint not in by:
        raise Doubted(_OTHER, f"signed by the certificate {claim.fingerprint}")
    if not claim.certificate.not_valid_before_utc <= now <= claim.certificate.not_valid_after_utc:
        raise Doubted(_NOT_VALID, f"the certificate {claim.fingerprint} is not valid now")
    try:
        signed_at(claim, now=now)
    except Forged as error:
        raise Doubted(_NOT_NOW, str(error)) from error
    try:
        return verified(claim, now=now)
    except Forged as error:
        raise Doubted(_UNSOUND, str(error)) from error


def _opened(reply: Reply) -> Envelope | None:
    try:
        return open_envelope(reply.body, charset=charset_of(reply))
    except MessageError:
        return None


def _claim(reply: Reply) -> Claim:
    """What the signature claims. Doubted when there is none, or when it stands over anything but what is read."""
    try:
        return claimed(reply.body, charset=charset_of(reply))
    except (Forged, MessageError) as error:
        signature = next(parse(reply.body, charset=charset_of(reply)).iter(SIGNATURE), None)
        raise Doubted(_UNSIGNED if signature is None else _UNSOUND, str(error)) from error


# -- words ------------------------------------------------------------------------------------------------------------


def _not_believed(en: str, fr: str) -> Text:
    return Text(
        en=f"The application's answer {en}, so it is not believed: the call may have been carried out.",
        fr=f"La réponse de l'application {fr} : elle n'est pas crue, et l'appel a pu aboutir.",
    )


_UNSIGNED = _not_believed(
    "is not signed, which its instance wants (answers_signed_by)",
    "n'est pas signée, ce que demande son instance (answers_signed_by)",
)
_OTHER = _not_believed(
    "is signed with a certificate that its instance does not name (answers_signed_by)",
    "est signée avec un certificat que son instance ne nomme pas (answers_signed_by)",
)
_NOT_VALID = _not_believed(
    "is signed with a certificate that is not valid today", "est signée avec un certificat qui n'est pas valide aujourd'hui"
)
_NOT_NOW = _not_believed(
    "was not signed within five minutes of the hub's time", "n'a pas été signée à cinq minutes près de l'heure du hub"
)
_UNSOUND = _not_believed(
    "has a signature that does not prove its body and its time", "a une signature qui ne prouve ni son corps ni son heure"
)
