"""A look at a file by ClamAV's daemon, over its socket, as the file comes in (the INSTREAM command of clamd's manual)."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from hub.errors import ConfigurationError, HubUnavailable, MessageError, Text

CONNECT = 5.0
_LONGEST = 4096
VERDICT = 60.0
"""Seconds that the daemon has to take the connection, and a piece or the end of a file."""

_AWAY = Text(
    en="The antivirus does not answer, so no file is taken now: the same request can be made again later.",
    fr="L'antivirus ne répond pas, aucun fichier n'est donc admis : la même requête peut être refaite plus tard.",
)


@dataclass(frozen=True, slots=True)
class Clamd:
    """Where the daemon listens: a path, or a host and a port."""

    path: str = ""
    host: str = ""
    port: int = 3310

    async def begin(self) -> Scan:
        """A scan of one file. HubUnavailable when the daemon does not answer."""
        try:
            async with asyncio.timeout(CONNECT):
                if self.path:
                    reader, writer = await asyncio.open_unix_connection(self.path)
                else:
                    reader, writer = await asyncio.open_connection(self.host, self.port)
                writer.write(b"zINSTREAM\0")
        except OSError as error:
            raise HubUnavailable(_AWAY) from error
        return Scan(reader, writer)


class Scan:
    """One file on its way through the daemon."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        # It may speak before it has heard all, and then hang up: whoever asks only then finds the line broken.
        self._said = asyncio.create_task(reader.read(_LONGEST))

    async def feed(self, data: bytes) -> None:
        """Show the next bytes of the file. MessageError, HubUnavailable when the daemon has enough of it before its end."""
        try:
            async with asyncio.timeout(VERDICT):
                self._writer.write(len(data).to_bytes(4, "big") + data)
                await self._writer.drain()
        except TimeoutError as error:
            raise HubUnavailable(_AWAY) from error
        except ConnectionError:
            await self._verdict()
            raise HubUnavailable(_AWAY) from None

    async def check(self) -> None:
        """Wait for what the daemon says of the whole file. MessageError when it finds something or does not look at files of
        that size, HubUnavailable when it says nothing."""
        with suppress(ConnectionError):
            self._writer.write(bytes(4))
            await self._writer.drain()
        await self._verdict()

    async def _verdict(self) -> None:
        try:
            async with asyncio.timeout(VERDICT):
                said = (await self._said).rstrip(b"\0\n").decode("ascii", "replace")
        except OSError as error:
            raise HubUnavailable(_AWAY) from error
        if said.endswith("FOUND"):
            raise _infected(said.removeprefix("stream:").removesuffix("FOUND").strip())
        if "size limit exceeded" in said:
            raise _not_looked_at()
        if not said.endswith("OK"):
            raise HubUnavailable(_AWAY)

    def close(self) -> None:
        """Let the connection go, whatever came of it."""
        self._said.cancel()
        self._writer.close()


def clamd_at(address: str) -> Clamd | None:
    """The daemon of a setting: `unix:<path>` or `<host>:<port>`; None for "". Raises ConfigurationError."""
    if not address:
        return None
    if address.startswith("unix:"):
        return Clamd(path=address.removeprefix("unix:"))
    host, _, port = address.rpartition(":")
    if host and port.isascii() and port.isdigit():
        return Clamd(host=host.strip("[]"), port=int(port))
    raise ConfigurationError(
        Text(
            en=f"HUB_CLAMD: write unix:/run/clamav/clamd.ctl or 127.0.0.1:3310, not “{address}”.",
            fr=f"HUB_CLAMD : écrivez unix:/run/clamav/clamd.ctl ou 127.0.0.1:3310, pas « {address} ».",
        )
    )


def _infected(found: str) -> MessageError:
    return MessageError(
        Text(
            en=f"The antivirus refuses a file ({found[:100]}): nothing of the message was kept.",
            fr=f"L'antivirus refuse un fichier ({found[:100]}) : rien du message n'a été conservé.",
        ),
        kind="infected-file",
    )


def _not_looked_at() -> MessageError:
    return MessageError(
        Text(
            en="A file is larger than the antivirus looks at (its StreamMaxLength): it is not taken.",
            fr="Un fichier dépasse la taille que l'antivirus examine (StreamMaxLength) : il n'est pas admis.",
        ),
        status=413,
        kind="too-large-to-scan",
    )
