"""What the environment says about this installation, and where its secrets are. Read once, at start; frozen.

Secrets are references in files (`secret:waste`) and values here only: `HUB_SECRET_WASTE`, or a file `waste` in the
secrets folder.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from hub.errors import ConfigurationError, Text

Network = IPv4Network | IPv6Network

MOST_WAITING = 1_000_000
"""Deliveries that may wait in the hub unless it is told otherwise: ten messages a second for more than a day."""

MOST_CONNECTIONS = 1000
MOST_OF_ONE_CLIENT = 250


@dataclass(frozen=True, slots=True)
class Settings:
    """An installation: its folder, its database, its address, its node's name, and what it may call.

    `proxies` are the addresses whose word is taken for where a request came from, and by which scheme; `ballast` is how
    many bytes beside a SQLite ledger are given up when its disk is full; `most_waiting` is how many deliveries may wait;
    `most_connections` may be open at a node at once, `most_connections_of_one` from one address; `largest_body` bounds a
    document whose operation says nothing else, `largest_body_of_any` what one may say, `largest_file` what comes beside a
    document, and `clamd` is where the antivirus listens that sees every file."""

    root: Path
    database: str
    host: str = "127.0.0.1"
    port: int = 8080
    node: str = "hub"
    secrets: Path = Path("secrets")
    keyring: Path = Path("hub.keys")
    allow_private: tuple[Network, ...] = ()
    certificates: Path | None = None
    proxies: tuple[str, ...] = ()
    largest_body: int = 10 * 1024 * 1024
    largest_body_of_any: int = 100 * 1024 * 1024
    largest_file: int = 256 * 1024 * 1024
    clamd: str = ""
    ballast: int = 64 * 1024 * 1024
    most_waiting: int = MOST_WAITING
    most_connections: int = MOST_CONNECTIONS
    most_connections_of_one: int = MOST_OF_ONE_CLIENT
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    def secret(self, reference: str) -> str:
        """The value behind `secret:<name>`; "" for no reference. Raises ConfigurationError when it is nowhere."""
        if not reference:
            return ""
        name = reference.removeprefix("secret:")
        variable = "HUB_SECRET_" + name.upper().replace("-", "_")
        if value := self.environment.get(variable):
            return value
        file = self.secrets / name
        if file.is_file():
            return file.read_text(encoding="utf-8").strip()
        raise ConfigurationError(
            Text(
                en=f"The secret “{name}” is not here: set {variable}, or write it in {file}.",
                fr=f"Le secret « {name} » est absent : renseignez {variable}, ou écrivez-le dans {file}.",
            )
        )

    def expand(self, text: str) -> str:
        """`text` with each `${NAME}` taken from the environment. Raises ConfigurationError for one that is not set."""
        return re.sub(r"\$\{([A-Z][A-Z0-9_]*)\}", lambda found: self._variable(found[1]), text)

    def _variable(self, name: str) -> str:
        if value := self.environment.get(name):
            return value
        raise ConfigurationError(
            Text(en=f"{name} is not set in the environment.", fr=f"{name} n'est pas défini dans l'environnement.")
        )


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings that `environment` (HUB_ROOT, HUB_DATABASE, HUB_HOST, HUB_PORT, HUB_NODE ...) describes."""
    root = Path(environment.get("HUB_ROOT", ".")).resolve()
    certificates = environment.get("HUB_CERTIFICATES")
    return Settings(
        root=root,
        database=environment.get("HUB_DATABASE") or f"sqlite:///{root / 'hub.db'}",
        host=environment.get("HUB_HOST", "127.0.0.1"),
        port=_whole("HUB_PORT", environment.get("HUB_PORT", "8080")),
        node=environment.get("HUB_NODE") or socket.gethostname(),
        secrets=Path(environment.get("HUB_SECRETS", root / "secrets")),
        keyring=Path(environment.get("HUB_KEYRING", root / "hub.keys")),
        allow_private=_networks(environment.get("HUB_ALLOW_PRIVATE", "")),
        certificates=Path(certificates) if certificates else None,
        proxies=tuple(part.strip() for part in environment.get("HUB_PROXIES", "").split(",") if part.strip()),
        largest_body=_whole("HUB_LARGEST_BODY", environment.get("HUB_LARGEST_BODY", str(10 * 1024 * 1024))),
        largest_body_of_any=_whole(
            "HUB_LARGEST_BODY_OF_ANY", environment.get("HUB_LARGEST_BODY_OF_ANY", str(100 * 1024 * 1024))
        ),
        largest_file=_whole("HUB_LARGEST_FILE", environment.get("HUB_LARGEST_FILE", str(256 * 1024 * 1024))),
        clamd=environment.get("HUB_CLAMD", ""),
        most_waiting=_whole("HUB_MOST_WAITING", environment.get("HUB_MOST_WAITING", str(MOST_WAITING))),
        most_connections=_whole("HUB_MOST_CONNECTIONS", environment.get("HUB_MOST_CONNECTIONS", str(MOST_CONNECTIONS))),
        most_connections_of_one=_whole(
            "HUB_MOST_CONNECTIONS_OF_ONE", environment.get("HUB_MOST_CONNECTIONS_OF_ONE", str(MOST_OF_ONE_CLIENT))
        ),
        ballast=_whole("HUB_BALLAST", environment.get("HUB_BALLAST", str(64 * 1024 * 1024))),
        environment=dict(environment),
    )


def _whole(name: str, value: str) -> int:
    if value.isascii() and value.isdigit():
        return int(value)
    raise ConfigurationError(
        Text(en=f"{name} must be a whole number, not “{value}”.", fr=f"{name} doit être un entier, pas « {value} ».")
    )


def _networks(value: str) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())
    except ValueError as error:
        raise ConfigurationError(
            Text(
                en=f"HUB_ALLOW_PRIVATE: {error}. Write networks such as 10.1.0.0/16,127.0.0.0/8.",
                fr=f"HUB_ALLOW_PRIVATE : {error}. Écrivez des réseaux tels que 10.1.0.0/16,127.0.0.0/8.",
            )
        ) from error
