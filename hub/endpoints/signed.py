"""Who calls by signing a request's bytes (Standard Webhooks) with the secret of a key whose id it names.

Every failure is answered with the same words, so that nothing is learnt from it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.requests import Request

from hub.assembly import Hub
from hub.endpoints.auth import Doorkeeper, Identity, shown_by
from hub.endpoints.body import read_body
from hub.errors import MessageError, NotAllowed, Text
from hub.ledger import ApiKey
from hub.transports.webhooks import proves, secret_text

KEY = "x-hub-key"
"""The header with the id of the key: the specification leaves open how a receiver knows whose secret to take."""
WINDOW = timedelta(minutes=5)
"""How far from the hub's time a request may have been signed, either way."""

_TIMESTAMP = re.compile(r"[0-9]{1,11}")
_ID = re.compile(r"[!-\-/-~]{1,255}")
"""An Idempotency-Key, but for the full stop, which ends the id in what is signed."""


@dataclass(frozen=True, slots=True)
class Proven:
    """A request that was signed: by whom, its body, and its id, by which a repeat is known."""

    identity: Identity
    id: str
    body: bytes

    def key(self, given: str) -> str:
        """The idempotency key of the message: the id, which was signed. MessageError 400 when another one was given."""
        if given in ("", self.id):
            return self.id
        raise MessageError(
            Text(
                en="Idempotency-Key: leave it out, or give the webhook-id, which is signed.",
                fr="Idempotency-Key : ne l'envoyez pas, ou donnez le webhook-id, qui est signé.",
            ),
            status=400,
            kind="idempotency-key-not-accepted",
        )


@dataclass(frozen=True, slots=True)
class _Shown:
    key: str
    id: str
    timestamp: str
    signatures: str


def is_signed(request: Request) -> bool:
    """Whether a request means to prove itself by a signature."""
    return KEY in request.headers


async def by_webhook(request: Request, hub: Hub, *, limit: int) -> Proven:
    """Who signed this request, and its body of at most `limit` bytes.

    MessageError 400 for an id that cannot be one. NotAllowed 401 for whatever proves nothing or was signed more than five
    minutes from now, 403 for a key of several exchanges.
    """
    shown = _shown(request)
    if not _is_fresh(shown.timestamp, now=hub.clock()):
        raise unproven()
    body = await read_body(request, limit=limit)
    doorkeeper: Doorkeeper = request.app.doorkeeper

    def proven(key: ApiKey) -> bool:
        secret = bytes.fromhex(doorkeeper.secret_of(key, hub))
        right = proves(secret, shown.signatures, id=shown.id, timestamp=shown.timestamp, body=body)
        return right and key.sealed is not None

    try:
        identity = await doorkeeper.recognise(shown.key, hub, proves=proven)
    except NotAllowed as error:
        raise unproven() from error
    if not signs_one_exchange(identity.scopes):
        raise NotAllowed(ONE_EXCHANGE)
    return Proven(identity, shown.id, body)


def refuse_unsigned(parameters: object) -> None:
    """MessageError 400 for parameters of the contract, which no signature of the body covers."""
    if parameters:
        raise MessageError(
            Text(
                en="A signed request has no parameters: its signature covers the body alone.",
                fr="Une requête signée n'a pas de paramètres : sa signature ne couvre que le corps.",
            ),
            status=400,
            kind="parameter-not-signed",
        )


def refuse_parts(limit: int) -> MessageError:
    """The refusal of a signed request of several parts."""
    return MessageError(
        Text(
            en=f"A signed request has one body, of {limit} bytes at most: put files inside the document, or show a key.",
            fr=f"Une requête signée a un seul corps, de {limit} octets au plus : mettez les fichiers dans le document, ou "
            "présentez une clé.",
        ),
        status=415,
        kind="signed-package",
    )


def signs_one_exchange(scopes: frozenset[str]) -> bool:
    """Whether a key of these rights sends one exchange only."""
    sent = [scope for scope in scopes if scope.startswith("send:")]
    return len(sent) == 1 and sent[0] != "send:*"


def shown_secret(clear: str) -> str:
    """The secret of a key that was just issued, as whoever signs with it wants it written."""
    return secret_text(bytes.fromhex(clear.rpartition("_")[2]))


def unproven() -> NotAllowed:
    """The one answer to a signature that proves nothing, for whatever reason."""
    return NotAllowed(
        Text(
            en="The signature proves nothing. Send X-Hub-Key (the key's id), webhook-id, webhook-timestamp (within five "
            "minutes) and webhook-signature (v1, over the bytes of the body), and no other key.",
            fr="La signature ne prouve rien. Envoyez X-Hub-Key (l'identifiant de la clé), webhook-id, webhook-timestamp (à "
            "cinq minutes près) et webhook-signature (v1, sur les octets du corps), et aucune autre clé.",
        ),
        status=401,
    )


ONE_EXCHANGE = Text(
    en="A key that signs sends one exchange, for its signature does not say which. Issue one for each, with one "
    "send:<exchange>.",
    fr="Une clé qui signe émet un seul échange : sa signature ne dit pas lequel. Donnez-en une pour chacun, avec un seul "
    "send:<échange>.",
)


def _shown(request: Request) -> _Shown:
    if shown_by(request) is not None:
        raise unproven()
    names = (KEY, "webhook-id", "webhook-timestamp", "webhook-signature")
    given = [request.headers.getlist(name) for name in names]
    if any(len(values) != 1 for values in given):
        raise unproven()
    shown = _Shown(*(values[0] for values in given))
    if not _ID.fullmatch(shown.id):
        raise MessageError(
            Text(
                en="webhook-id: 1 to 255 visible ASCII characters, no full stop among them.",
                fr="webhook-id : de 1 à 255 caractères ASCII visibles, sans point.",
            ),
            status=400,
            kind="webhook-id-not-accepted",
        )
    return shown


def _is_fresh(timestamp: str, *, now: datetime) -> bool:
    if not _TIMESTAMP.fullmatch(timestamp):
        return False
    return abs(now.timestamp() - int(timestamp)) <= WINDOW.total_seconds()
