"""Every refusal as RFC 9457 problem details, in the caller's language. What is unexpected tells the caller nothing."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from starlette.responses import Response

from hub.errors import (
    Conflict,
    HubError,
    HubUnavailable,
    Language,
    LeaseEnded,
    MessageError,
    NoRoom,
    NotAllowed,
    NotFound,
    Problem,
    Text,
    TooManyWaiting,
    TransportError,
)

NAMESPACE = "urn:hub:problem"
RETRY_AFTER = 5
"""Seconds after which a caller may try again while the hub cannot take anything."""

SLOWER_AFTER = 15
"""Seconds after which a sender may try again of whom too much waits."""

ROOM_AFTER = 60
"""Seconds after which a caller may try again while the disk is full: a person must make room."""

INTERNAL = Text(
    en="The hub could not do this. The people who run it have been told.",
    fr="Le hub n'a pas pu traiter cette demande. Ses exploitants en sont informés.",
)
NO_MEMORY = Text(
    en="This takes more memory than the hub has left. Send less at a time.",
    fr="Cet envoi demande plus de mémoire qu'il n'en reste au hub. Envoyez moins à la fois.",
)
MOST_TOLD = 100
"""Problems of one message that an answer tells: it is not to be much larger than the message."""

_CLOSING = frozenset({408, 413})
_TITLES: Mapping[str, Text] = {
    "invalid-message": Text(en="The message is not accepted", fr="Le message n'est pas accepté"),
    "not-authenticated": Text(en="Unknown caller", fr="Appelant inconnu"),
    "not-allowed": Text(en="Not allowed", fr="Accès refusé"),
    "not-found": Text(en="Not found", fr="Introuvable"),
    "conflict": Text(en="Not possible in this state", fr="Impossible dans cet état"),
    "lease-ended": Text(en="Its lease has ended", fr="Son prêt a pris fin"),
    "unavailable": Text(en="Not available for the moment", fr="Momentanément indisponible"),
    "too-many-waiting": Text(en="Too much waits already", fr="Trop d'envois attendent déjà"),
    "expired": Text(en="Too late", fr="Trop tard"),
    "no-room": Text(en="The hub's disk is full", fr="Le disque du hub est plein"),
    "application-not-reached": Text(en="The application does not answer", fr="L'application ne répond pas"),
    "internal-error": Text(en="Internal error", fr="Erreur interne"),
}


def standing_of(error: Exception) -> tuple[int, str]:
    """The HTTP status and the kind of an answer to `error`; what is not a caller's business is (500, internal-error)."""
    match error:
        case MessageError():
            return error.status, error.kind
        case NotAllowed(status=401):
            return 401, "not-authenticated"
        case NotAllowed():
            return error.status, "not-allowed"
        case NotFound():
            return 404, "not-found"
        case Conflict():
            return 409, "conflict"
        case LeaseEnded():
            return 410, "lease-ended"
        case TooManyWaiting():
            return 429, "too-many-waiting"
        case NoRoom():
            return 507, "no-room"
        case HubUnavailable():
            return 503, "unavailable"
        case MemoryError():
            return 413, "too-large"
        case TransportError():
            return 502, "application-not-reached"
        case _:
            return 500, "internal-error"


def said_of(error: Exception) -> Text:
    """What a caller is told of an error; an error that says nothing of its own is told by its kind, in both languages."""
    status, kind = standing_of(error)
    if isinstance(error, MemoryError):
        return NO_MEMORY
    if not isinstance(error, HubError) or status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return INTERNAL
    says_nothing = error.text == type(error)().text
    return _title(status, kind) if says_nothing else error.text


def problem_response(error: Exception, language: Language) -> Response:
    """The whole answer to a request that ended in `error`."""
    status, kind = standing_of(error)
    found = error.problems if isinstance(error, MessageError) else ()
    return written(status, kind, said_of(error), language=language, problems=found)


def written(
    status: int,
    kind: str,
    text: Text,
    *,
    language: Language,
    problems: tuple[Problem, ...] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Problem details with this status, kind and sentence, and one entry of `errors` per problem."""
    content: dict[str, Any] = {
        "type": f"{NAMESPACE}:{kind}",
        "title": _title(status, kind).said_in(language),
        "status": status,
        "detail": text.said_in(language),
    }
    if problems:
        content["errors"] = [entry(problem, language) for problem in problems[:MOST_TOLD]]
    return Response(
        orjson.dumps(content),
        status_code=status,
        media_type="application/problem+json",
        headers={"Content-Language": language, "Cache-Control": "no-store", **headers_of(status), **(headers or {})},
    )


def entry(problem: Problem, language: Language) -> dict[str, Any]:
    """One problem as a caller reads it."""
    return {
        "row": problem.row,
        "label": problem.label,
        "path": problem.path,
        "side": problem.side,
        "accepted": list(problem.accepted),
        "detail": problem.text.said_in(language),
    }


def headers_of(status: int) -> dict[str, str]:
    """The headers that go with a status. A body that was not read to its end closes the connection."""
    if status == HTTPStatus.UNAUTHORIZED:
        return {"WWW-Authenticate": 'Bearer realm="hub"'}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return {"Retry-After": str(RETRY_AFTER)}
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return {"Retry-After": str(SLOWER_AFTER)}
    if status == HTTPStatus.INSUFFICIENT_STORAGE:
        return {"Retry-After": str(ROOM_AFTER)}
    return {"Connection": "close"} if status in _CLOSING else {}


def _title(status: int, kind: str) -> Text:
    if kind in _TITLES:
        return _TITLES[kind]
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        return _TITLES["invalid-message"]
    phrase = HTTPStatus(status).phrase
    return _PHRASES.get(status) or Text(en=phrase, fr=phrase)


_PHRASES: Mapping[int, Text] = {
    400: Text(en="The request is not well-formed", fr="La requête est mal formée"),
    404: Text(en="Not found", fr="Introuvable"),
    405: Text(en="Method not allowed", fr="Méthode non admise"),
    408: Text(en="The request came too slowly", fr="La requête est arrivée trop lentement"),
    409: Text(en="Not possible in this state", fr="Impossible dans cet état"),
    413: Text(en="The body is too large", fr="Le corps est trop volumineux"),
    415: Text(en="Content type not accepted", fr="Type de contenu non accepté"),
    429: Text(en="Too much at once", fr="Trop à la fois"),
    431: Text(en="The headers are too large", fr="Les en-têtes sont trop volumineux"),
}
