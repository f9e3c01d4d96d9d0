"""How content is kept from other eyes: the key ring that seals it at rest.

Sealed bytes are `version | nonce | AES-256-GCM`, bound to the message that they belong to, so that they cannot be moved
to another one. The key ring's file holds the session key, then the sealing keys, one a line: a new one is added at the
end and seals from then on; older ones still open what they sealed.
"""

from __future__ import annotations

import os
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.chance import PIECE, random_piece
from hub.errors import ConfigurationError, Text

_NONCE = PIECE


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys that seal content, by number from 1; the highest seals. `session` signs the console's cookies."""

    ciphers: Mapping[int, AESGCM] = field(repr=False)
    session: bytes = field(repr=False)
    _sealing: tuple[bytes, AESGCM] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        newest = max(self.ciphers)
        object.__setattr__(self, "_sealing", (bytes([newest]), self.ciphers[newest]))

    def seal(self, data: bytes, bound_to: str) -> bytes:
        """`data`, encrypted and bound to `bound_to`."""
        (version, cipher), nonce = self._sealing, random_piece()
        return version + nonce + cipher.encrypt(nonce, data, bound_to.encode())

    def open(self, sealed: bytes, bound_to: str) -> bytes:
        """What `seal` was given. Raises ConfigurationError for a key that is not here, or bytes that are not those."""
        cipher = self.ciphers.get(sealed[0])
        nonce, rest = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        try:
            if cipher is not None:
                return cipher.decrypt(nonce, rest, bound_to.encode())
        except InvalidTag as error:
            raise _unreadable() from error
        raise _unreadable()


def _unreadable() -> ConfigurationError:
    return ConfigurationError(
        Text(
            en="Content cannot be read with this key ring: put back the hub.keys that it was sealed with.",
            fr="Contenu illisible avec ce trousseau : remettez le fichier hub.keys qui l'a scellé.",
        )
    )


def open_keyring(path: Path) -> KeyRing:
    """The key ring at `path`, made at first use with mode 0600. Raises ConfigurationError when others can read it."""
    if not path.exists():
        _make(path)
    if path.stat().st_mode & 0o077:
        raise ConfigurationError(
            Text(
                en=f"{path} can be read by others: run chmod 600 {path}.",
                fr=f"{path} est lisible par d'autres : lancez chmod 600 {path}.",
            )
        )
    keys = [urlsafe_b64decode(line) for line in path.read_text(encoding="ascii").split()]
    if len(keys) < 2:
        raise ConfigurationError(
            Text(
                en=f"{path} must hold the session key and a sealing key, one a line: put back the hub.keys that was there.",
                fr=f"{path} doit contenir la clé de session et une clé de scellement, une par ligne : "
                "remettez le hub.keys d'avant.",
            )
        )
    ciphers = {number: AESGCM(key) for number, key in enumerate(keys[1:], start=1)}
    return KeyRing(ciphers, keys[0])


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [urlsafe_b64encode(secrets.token_bytes(32)).decode() for _ in range(2)]
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write("\n".join(lines) + "\n")
