"""How the hub signs in to an application: one secret and the way it is shown. A secret is never part of a repr."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from typing import Literal

from hub.errors import ConfigurationError, Text

Kind = Literal["bearer", "basic", "header", "username-token", "oauth2", "hmac", "webhook"]


@dataclass(frozen=True, slots=True)
class Credentials:
    """One secret: a bearer token, `user:password` (basic, username-token), the value of the header `header`, or the
    `client:secret` that tokens are given to (oauth2), or what requests are signed with (hmac, webhook)."""

    kind: Kind
    secret: str = field(repr=False)
    header: str = "X-API-Key"

    def headers(self) -> dict[str, str]:
        """The HTTP headers that show the secret; none for a UsernameToken, which goes into the envelope,
        for what a token is asked with, and for what requests are signed with."""
        match self.kind:
            case "bearer":
                return {"Authorization": f"Bearer {self._printable()}"}
            case "basic":
                return {"Authorization": f"Basic {b64encode(self.secret.encode()).decode()}"}
            case "header":
                return {self.header: self._printable()}
            case "username-token" | "oauth2" | "hmac" | "webhook":
                return {}

    def pair(self) -> tuple[str, str]:
        """User and password. ConfigurationError when the secret is not `user:password`."""
        user, colon, password = self.secret.partition(":")
        if not colon:
            raise ConfigurationError(
                Text(
                    en=f"The secret of kind {self.kind} must be written user:password.",
                    fr=f"Le secret de type {self.kind} doit s'écrire utilisateur:mot-de-passe.",
                )
            )
        return user, password

    def _printable(self) -> str:
        if self.secret.isascii() and self.secret.isprintable():
            return self.secret
        raise ConfigurationError(
            Text(
                en="The secret holds a character that an HTTP header cannot carry (a line end, perhaps).",
                fr="Le secret contient un caractère impossible dans un en-tête HTTP (peut-être une fin de ligne).",
            )
        )
