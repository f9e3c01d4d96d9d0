"""What the server itself answers to a request that never reaches a route, or in its place. Each ends its connection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import Response

from hub.endpoints.language import language_of
from hub.endpoints.problems import written
from hub.errors import Language, Text


@dataclass(frozen=True, slots=True)
class Refusal:
    """One answer, said by the server itself or, as an ASGI application of its own, in the place of ours."""

    status: int
    kind: str
    text: Text

    def response(self, language: Language) -> Response:
        """The whole answer."""
        return written(self.status, self.kind, self.text, language=language, headers={"Connection": "close"})

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        await self.response(language_of_scope(scope))(scope, receive, send)


def language_of_scope(scope: Any) -> Language:
    """The language of a request whose headers may not all be there yet."""
    return language_of(Headers(raw=scope["headers"]).get("accept-language", "")) if scope else "en"


BAD_REQUEST = Refusal(
    400, "bad-request", Text(en="This is not a request that HTTP allows.", fr="Cette requête n'est pas conforme à HTTP.")
)
NO_UPGRADE = Refusal(
    400,
    "bad-request",
    Text(
        en="No other protocol is spoken here: send a request with a body without the header Upgrade.",
        fr="Aucun autre protocole n'est parlé ici : envoyez une requête avec un corps sans l'en-tête Upgrade.",
    ),
)
TOO_SLOW = Refusal(
    408,
    "too-slow",
    Text(en="The request did not arrive in time.", fr="La requête n'est pas arrivée à temps."),
)
HEAD_TOO_LARGE = Refusal(
    431, "headers-too-large", Text(en="The headers are too large.", fr="Les en-têtes sont trop volumineux.")
)
TOO_MANY_OF_ONE = Refusal(
    429,
    "too-many-connections",
    Text(
        en="You have too many connections open: use fewer, and keep them.",
        fr="Vous avez trop de connexions ouvertes : utilisez-en moins, et gardez-les.",
    ),
)
TOO_MANY = Refusal(
    503,
    "unavailable",
    Text(en="Too many connections are open: try again later.", fr="Trop de connexions sont ouvertes : réessayez plus tard."),
)
