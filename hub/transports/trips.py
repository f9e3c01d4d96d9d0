"""A call on its way, and the error that tells the truth about how it ended."""

from __future__ import annotations

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from hub.errors import AnswerTooLarge, CallNotSent, CallUnanswered, Text


class Trip:
    """One call on its way: knows whether it has begun to leave."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = False

    def told(self, error: Exception) -> CallNotSent | CallUnanswered:
        """The error that tells the truth about a call that met `error`."""
        if isinstance(error, TooLarge):
            return AnswerTooLarge(_reason("No whole answer came", "Pas de réponse entière", error))
        if self.left:
            return CallUnanswered(_reason("No whole answer came", "Pas de réponse entière", error))
        return CallNotSent(_reason("The call did not leave", "L'appel n'est pas parti", error))


class TooLarge(ValueError):
    """The decoded answer is larger than the call allows."""


_CAUSES: tuple[tuple[type[Exception], Text], ...] = (
    (aiohttp.ClientConnectorDNSError, Text(en="its name is not known to DNS", fr="son nom est inconnu du DNS")),
    (
        aiohttp.ClientConnectorCertificateError,
        Text(en="its certificate is not accepted", fr="son certificat n'est pas accepté"),
    ),
    (aiohttp.ClientSSLError, Text(en="no TLS connection could be made", fr="la connexion TLS n'a pas pu s'établir")),
    (ConnectionRefusedError, Text(en="the connection was refused", fr="la connexion a été refusée")),
    (
        aiohttp.ClientConnectorError,
        Text(en="no connection could be made", fr="aucune connexion n'a pu s'établir"),
    ),
    (aiohttp.ServerDisconnectedError, Text(en="the connection was closed", fr="la connexion a été fermée")),
    (aiohttp.ClientPayloadError, Text(en="the answer was cut short", fr="la réponse a été tronquée")),
    (HttpProcessingError, Text(en="the answer is not proper HTTP", fr="la réponse n'est pas du HTTP valide")),
    (TooLarge, Text(en="the answer is too large", fr="la réponse est trop volumineuse")),
    (TimeoutError, Text(en="the time limit was reached", fr="la limite de temps est atteinte")),
)
"""The first that fits says why; subclasses stand before their bases."""


def _reason(en: str, fr: str, error: Exception) -> Text:
    """What happened, in plain words, without the address and without anything of the message."""
    cut = Text(en="the connection was cut", fr="la connexion a été coupée")
    below = getattr(error, "os_error", None)
    why = next((text for kind, text in _CAUSES if isinstance(error, kind) or isinstance(below, kind)), cut)
    return Text(en=f"{en}: {why.en}.", fr=f"{fr} : {why.fr}.")
