"""Which addresses the hub may call: forms of URLs made plain, networks vetted, DNS answers pinned to the connection.

Nothing here opens a socket but the resolver's question to the system.
"""

from __future__ import annotations

import asyncio
import re
import socket
import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult

from hub.errors import CallForbidden, Text

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Lookup = Callable[[str], Awaitable[Sequence[str]]]

_NAT64 = IPv6Network("64:ff9b::/96")
_AZURE_METADATA = IPv4Address("168.63.129.16")
_TYPICAL = tuple(ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "fd00::/8"))
_PORTS = {"http": 80, "https": 443}
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\xa0\\]")


@dataclass(frozen=True, slots=True)
class Egress:
    """What may be called: public addresses over https, and `networks` (HUB_ALLOW_PRIVATE) over http or https.

    `public_http` also allows public addresses over http."""

    networks: tuple[Network, ...] = ()
    public_http: bool = False

    def check(self, address: Address, *, host: str, encrypted: bool) -> None:
        """CallForbidden when `host`, which is at `address`, may not be called."""
        meant = _meant(address)
        if any(meant in network for network in self.networks):
            return
        if not _is_public(meant):
            raise _private(host, meant)
        if not encrypted and not self.public_http:
            raise CallForbidden(
                Text(
                    en=f"{host} is a public address: it is called over https only.",
                    fr=f"{host} est une adresse publique : elle n'est appelée qu'en https.",
                )
            )


def vetted(url: str, egress: Egress) -> str:
    """The URL in its plain form: lower-case ASCII host, canonical IP address, no user, no fragment.

    CallForbidden when its scheme, its form or its literal address is not one that may be called; a name is vetted again
    when it is resolved."""
    parts, port = _taken_apart(url)
    host, address = plain_host(parts.hostname or "")
    if address:
        egress.check(address, host=host, encrypted=parts.scheme == "https")
    place = f"[{host}]" if ":" in host else host
    netloc = place if port is None else f"{place}:{port}"
    return parts._replace(netloc=netloc, fragment="").geturl()


def origin(url: str) -> str:
    """The scheme, host and port of a URL in their plain form, the port said always. CallForbidden when it has no such."""
    parts, port = _taken_apart(url)
    host, _ = plain_host(parts.hostname or "")
    place = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{place}:{_PORTS[parts.scheme] if port is None else port}"


def _taken_apart(url: str) -> tuple[SplitResult, int | None]:
    """A URL's parts, and the port that it says."""
    if _UNPRINTABLE.search(url):
        raise _malformed("a space, a control character or a backslash", "une espace, un caractère de contrôle ou \\")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _malformed("no valid host or port", "pas d'hôte ou de port valide") from error
    if parts.scheme not in _PORTS:
        raise _malformed("a scheme other than http and https", "un schéma autre que http et https")
    if "@" in parts.netloc:
        raise _malformed("a user name", "un nom d'utilisateur")
    return parts, port


def plain_host(host: str) -> tuple[str, Address | None]:
    """The host as the network will understand it, and its address when it is one, however it is written (decimal,
    hexadecimal, octal, short, wide digits, IPv4 inside IPv6). CallForbidden when it cannot be understood."""
    plain = unicodedata.normalize("NFKC", host).replace("\u3002", ".").lower().removesuffix(".")
    if not plain or ".." in plain or plain.startswith("."):
        raise _malformed("no valid host", "pas d'hôte valide")
    if ":" in plain:
        return _ipv6(plain)
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", plain.rpartition(".")[2]):
        numeric = _ipv4(plain)
        return str(numeric), numeric
    try:
        name = plain if plain.isascii() else plain.encode("idna").decode()
    except UnicodeError as error:
        raise _malformed("no valid host", "pas d'hôte valide") from error
    if not re.fullmatch(r"[a-z0-9_.-]{1,253}", name):
        raise _malformed("no valid host", "pas d'hôte valide")
    return name, None


def _ipv6(text: str) -> tuple[str, Address]:
    try:
        address = IPv6Address(text)
    except ValueError as error:
        raise _malformed("no valid IPv6 address", "pas d'adresse IPv6 valide") from error
    if address.scope_id:
        raise _malformed("an IPv6 zone", "une zone IPv6")
    meant = _meant(address)
    return str(meant), meant


def _ipv4(text: str) -> IPv4Address:
    """The address that C libraries read in one to four decimal, octal or hexadecimal numbers."""
    try:
        numbers = [_number(part) for part in text.split(".")]
    except ValueError as error:
        raise _malformed("no valid IPv4 address", "pas d'adresse IPv4 valide") from error
    *first, last = numbers
    if len(first) > 3 or any(number > 255 for number in first) or last >= 256 ** (4 - len(first)):
        raise _malformed("no valid IPv4 address", "pas d'adresse IPv4 valide")
    return IPv4Address(sum(number << 8 * (3 - place) for place, number in enumerate(first)) + last)


def _number(text: str) -> int:
    if text.startswith("0x"):
        return int(text[2:] or "0", 16)
    return int(text, 8 if text.startswith("0") and len(text) > 1 else 10)


def _meant(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one (mapped, compatible, 6to4, NAT64), else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour or address
    if address in _NAT64 or (int(address) >> 32 == 0 and int(address) > 1):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _is_public(address: Address) -> bool:
    return address.is_global and not (address.is_multicast or address.is_reserved) and address != _AZURE_METADATA


def _private(host: str, address: Address) -> CallForbidden:
    network = next((str(net) for net in _TYPICAL if address in net), str(ip_network(address)))
    return CallForbidden(
        Text(
            en=f"{host} is at {address}, which is not a public address. If the application is there, allow its network "
            f"by name, for example HUB_ALLOW_PRIVATE={network}.",
            fr=f"{host} est à l'adresse {address}, qui n'est pas publique. Si l'application est bien là, autorisez son "
            f"réseau nommément, par exemple HUB_ALLOW_PRIVATE={network}.",
        )
    )


def _malformed(what: str, quoi: str) -> CallForbidden:
    return CallForbidden(
        Text(
            en=f"The connector's address has {what}: correct `address` in its connector.yaml.",
            fr=f"L'adresse du connecteur a {quoi} : corrigez `address` dans son connector.yaml.",
        )
    )


async def ask_system(host: str) -> Sequence[str]:
    """The addresses of a name, as the system knows them. OSError when there are none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


class VettingResolver(AbstractResolver):
    """Gives aiohttp only the addresses that may be called: it connects to one of these and asks no second time."""

    def __init__(self, egress: Egress, *, encrypted: bool, lookup: Lookup = ask_system) -> None:
        self._egress = egress
        self._encrypted = encrypted
        self._lookup = lookup

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The allowed addresses of `host`. OSError when it has none at all, CallForbidden when none is allowed."""
        addresses = [ip_address(text.partition("%")[0]) for text in await self._lookup(host)]
        refused: CallForbidden | None = None
        allowed: list[ResolveResult] = []
        for address in addresses:
            try:
                self._egress.check(address, host=host, encrypted=self._encrypted)
            except CallForbidden as error:
                refused = error
                continue
            allowed.append(_result(host, port, address))
        if allowed:
            return allowed
        raise refused or OSError(socket.EAI_NONAME, "the name has no address")

    async def close(self) -> None:
        """Nothing to release."""


def _result(host: str, port: int, address: Address) -> ResolveResult:
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    return ResolveResult(hostname=host, host=str(address), port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST)
