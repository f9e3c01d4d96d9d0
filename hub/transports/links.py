"""The Link header of an answer (RFC 8288): what it says, and where it says that the next page is. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urldefrag, urljoin

from hub.errors import CallForbidden, Text
from hub.transports.addresses import origin

_TARGET = re.compile(r"<([^<>]*)>")
_PARAMETER = re.compile(r'[ \t]*;[ \t]*(?:([^\s;,="<>]+)[ \t]*(?:=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*)))?)?')
_ESCAPED = re.compile(r"\\(.)")
_BETWEEN = re.compile(r"[ \t]*(?:,[ \t,]*|\Z)")


@dataclass(frozen=True, slots=True)
class Link:
    """One link: its target as it is written, and its parameters by name in lower case, of each the first."""

    target: str
    said: Mapping[str, str]

    def relates(self, relation: str) -> bool:
        """Whether it is of this relation, which is in lower case; a link may be of several."""
        return relation in self.said.get("rel", "").lower().split()


def read_links(header: str) -> tuple[Link, ...]:
    """What a Link header says; several of them are joined by commas. ValueError when it is not written as one."""
    found: list[Link] = []
    place = len(header) - len(header.lstrip(" \t,"))
    while place < len(header):
        target = _TARGET.match(header, place)
        if target is None:
            raise ValueError("a link begins with <")
        said, place = _parameters(header, target.end())
        found.append(Link(target[1], said))
        between = _BETWEEN.match(header, place)
        if between is None:
            raise ValueError("a link ends with a comma")
        place = between.end()
    return tuple(found)


def next_page(header: str, *, asked: str) -> str:
    """The address of the page after that at the address `asked`; "" when the header names none.

    CallForbidden when it cannot be read, names several, or one that is not under the scheme, host and port of `asked`."""
    try:
        links = read_links(header)
    except ValueError as error:
        raise _unreadable() from error
    found = {_resolved(link.target, asked) for link in links if link.relates("next") and _is_of(link, asked)}
    if len(found) > 1:
        raise _several()
    address = next(iter(found), "")
    if address and _origin(address) != origin(asked):
        raise _elsewhere(address, asked)
    return address


def _parameters(header: str, place: int) -> tuple[dict[str, str], int]:
    """The parameters that begin at `place`, and where they end."""
    said: dict[str, str] = {}
    while parameter := _PARAMETER.match(header, place):
        name, quoted, plain = parameter.groups()
        value = plain or "" if quoted is None else _ESCAPED.sub(r"\1", quoted)
        if name:
            said.setdefault(name.lower(), value)
        place = parameter.end()
    return said, place


def _is_of(link: Link, asked: str) -> bool:
    """Whether a link starts from what was asked for: an anchor may say that it starts from something else."""
    return "anchor" not in link.said or _resolved(link.said["anchor"], asked) == asked


def _resolved(target: str, asked: str) -> str:
    try:
        return urldefrag(urljoin(asked, target)).url
    except ValueError as error:
        raise _unreadable() from error


def _origin(address: str) -> str:
    """The origin of an address; "" for what is none that can be called."""
    try:
        return origin(address) if address.isascii() else ""
    except CallForbidden:
        return ""


def _unreadable() -> CallForbidden:
    return CallForbidden(
        Text(
            en="The application's Link header cannot be read, so nobody knows whether another page follows. Ask its "
            "supplier.",
            fr="L'en-tête Link de l'application est illisible : nul ne sait si une autre page suit. Voyez avec son éditeur.",
        )
    )


def _several() -> CallForbidden:
    return CallForbidden(
        Text(
            en="The application's Link header names several next pages. Ask its supplier.",
            fr="L'en-tête Link de l'application nomme plusieurs pages suivantes. Voyez avec son éditeur.",
        )
    )


def _elsewhere(address: str, asked: str) -> CallForbidden:
    told, own = _origin(address), origin(asked)
    return CallForbidden(
        Text(
            en=f"The application says that its next page is at {told or 'no address that can be called'}: the hub asks only "
            f"under the connector's own address, {own}. Let it tell relative addresses, or correct `address`.",
            fr=f"L'application dit que sa page suivante est à {told or 'une adresse impossible à appeler'} : le hub ne "
            f"demande que sous l'adresse du connecteur, {own}. Faites-lui donner des adresses relatives, ou corrigez "
            "`address`.",
        )
    )
