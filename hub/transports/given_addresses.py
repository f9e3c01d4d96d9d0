"""Whether an address that a sender gives lies under one that its connector names. Pure; who may be called at all is for
`addresses` to say, when it is called.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from hub.errors import CallForbidden, Text
from hub.transports.addresses import plain_host

LONGEST = 4096
"""Characters of an address."""
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\xa0\\]")
_PORTS = {"http": 80, "https": 443}
_LEFT = "%/:@!$&'()*+,;=-._~"
"""What stands in a path as it is."""
_ROUNDS = 3
"""How often a path is unquoted in search of what it may be read as: by a proxy, and by what stands behind it."""


@dataclass(frozen=True, slots=True)
class Place:
    """An address in parts that can be compared: scheme, host as the network understands it, port, path, query."""

    scheme: str
    host: str
    port: int
    path: str
    query: str = ""

    @property
    def url(self) -> str:
        """The address in one plain form."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path or '/'}{'?' if self.query else ''}{self.query}"

    def is_beside(self, other: Place) -> bool:
        """Whether both have the same scheme, host and port."""
        return (self.scheme, self.host, self.port) == (other.scheme, other.host, other.port)

    def is_under(self, base: Place) -> bool:
        """Whether it is `base`, or goes on from it by whole steps of the path."""
        above = base.path.rstrip("/")
        return self.is_beside(base) and (self.path == base.path or self.path.startswith(f"{above}/"))


def place_under(address: str, bases: Sequence[Place]) -> Place:
    """Where `address` is, which lies under one of `bases`. CallForbidden for any other, and for one that may be read in more
    ways than one."""
    place = place_of(address)
    if any(place.is_under(base) for base in bases):
        return place
    raise CallForbidden(
        Text(
            en="lies elsewhere than where this application's files are fetched from",
            fr="se trouve ailleurs que là où les fichiers de cette application sont recherchés",
        )
    )


def place_of(address: str) -> Place:
    """The parts of an address. CallForbidden when it is none, or may be read in more ways than one."""
    if len(address) > LONGEST or _UNPRINTABLE.search(address):
        raise _none()
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise _none() from error
    if parts.scheme not in _PORTS or "@" in parts.netloc or not parts.hostname:
        raise _none()
    try:
        host, _ = plain_host(parts.hostname)
    except CallForbidden as error:
        raise _none() from error
    if _climbs(parts.path):
        raise _none()
    path, query = quote(parts.path, safe=_LEFT), quote(parts.query, safe=f"{_LEFT}?")
    return Place(parts.scheme, host, port or _PORTS[parts.scheme], path, query)


def _climbs(path: str) -> bool:
    """Whether a path may be read as one that leads elsewhere: steps up, also when quoted, and quoted separators."""
    read = path
    for _ in range(_ROUNDS):
        read = unquote(read)
    if "\\" in read or read.count("/") != path.count("/") or _UNPRINTABLE.search(unquote(read).replace(" ", "")):
        return True
    return any(step.partition(";")[0].strip() in (".", "..") for step in read.split("/"))


def _none() -> CallForbidden:
    return CallForbidden(
        Text(
            en="is not the plain address (https://…) of a file",
            fr="n'est pas l'adresse simple (https://…) d'un fichier",
        )
    )
