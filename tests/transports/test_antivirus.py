"""Files are shown to ClamAV's daemon before they are taken: by its protocol, and the real daemon where there is one."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from hub.claim_check import PIECE, ClaimCheck
from hub.errors import ConfigurationError, HubUnavailable, MessageError
from hub.ledger import Ledger
from hub.transports.antivirus import Clamd, clamd_at
from tests.ledger.makers import Reversing

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""The test file that every antivirus knows, in two halves, so that none finds it here."""


class Daemon:
    """Speaks as clamd does, and finds what it is told to. `answer`: what it says instead."""

    def __init__(self, *, answer: bytes | None = None, most: int = 10**9) -> None:
        self.seen = b""
        self._answer = answer
        self._most = most

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(10) == b"zINSTREAM\0"
        seen = b""
        while size := int.from_bytes(await reader.readexactly(4), "big"):
            seen += await reader.readexactly(size)
            if len(seen) > self._most:
                writer.write(b"INSTREAM size limit exceeded. ERROR\0")
                break
        else:
            self.seen = seen
            found = b"stream: Eicar-Test-Signature FOUND\0" if EICAR in seen else b"stream: OK\0"
            writer.write(found if self._answer is None else self._answer)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def listening(daemon: Daemon, path: Path) -> AsyncIterator[Clamd]:
    server = await asyncio.start_unix_server(daemon.serve, path)
    async with server:
        yield Clamd(path=str(path))


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    opened = await Ledger.open(f"sqlite:///{tmp_path}/hub.db", cipher=Reversing(), node="n", boot="b")
    yield opened
    await opened.close()


def claim_check(ledger: Ledger, antivirus: Clamd | None) -> ClaimCheck:
    ids = count()
    return ClaimCheck(
        ledger=ledger,
        clock=lambda: datetime.now(UTC),
        new_id=lambda: f"u-{next(ids)}",
        antivirus=antivirus,
        largest=50 * 1024 * 1024,
    )


async def take(check: ClaimCheck, *pieces: bytes) -> str:
    deposit = await check.begin("a file")
    try:
        for piece in pieces:
            await deposit.feed(piece)
        return (await deposit.end())[0]
    finally:
        deposit.close()


async def test_a_clean_file_is_seen_whole_and_taken(ledger: Ledger, tmp_path: Path) -> None:
    daemon, pieces = Daemon(), [b"a" * PIECE, b"b" * 100, b"c"]

    async with listening(daemon, tmp_path / "clamd") as clamd:
        ticket = await take(claim_check(ledger, clamd), *pieces)

    assert ticket.startswith("sha256:")
    assert daemon.seen == b"".join(pieces)


async def test_an_infected_file_is_refused_with_its_name(ledger: Ledger, tmp_path: Path) -> None:
    async with listening(Daemon(), tmp_path / "clamd") as clamd:
        with pytest.raises(MessageError) as refused:
            await take(claim_check(ledger, clamd), EICAR[:10], EICAR[10:])

    assert (refused.value.kind, "Eicar-Test-Signature" in refused.value.text.fr) == ("infected-file", True)


async def test_files_that_came_inside_a_document_are_seen_too(ledger: Ledger, tmp_path: Path) -> None:
    async with listening(Daemon(), tmp_path / "clamd") as clamd:
        check = claim_check(ledger, clamd)
        await check.look_at([b"clean"])
        with pytest.raises(MessageError):
            await check.look_at([b"clean", EICAR])


async def test_a_file_larger_than_the_antivirus_looks_at_is_refused(ledger: Ledger, tmp_path: Path) -> None:
    async with listening(Daemon(most=PIECE), tmp_path / "clamd") as clamd:
        with pytest.raises(MessageError) as refused:
            await take(claim_check(ledger, clamd), *[b"x" * PIECE] * 8)

    assert refused.value.kind == "too-large-to-scan"


@pytest.mark.parametrize("answer", [b"", b"stream: what? ERROR\0"])
async def test_an_antivirus_that_does_not_say_yes_takes_nothing_in(ledger: Ledger, tmp_path: Path, answer: bytes) -> None:
    async with listening(Daemon(answer=answer), tmp_path / "clamd") as clamd:
        with pytest.raises(HubUnavailable):
            await take(claim_check(ledger, clamd), b"a file")


async def test_an_antivirus_that_is_away_takes_nothing_in(ledger: Ledger, tmp_path: Path) -> None:
    with pytest.raises(HubUnavailable):
        await take(claim_check(ledger, Clamd(path=str(tmp_path / "nobody"))), b"a file")


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("", None),
        ("unix:/run/clamd", Clamd(path="/run/clamd")),
        ("127.0.0.1:3310", Clamd(host="127.0.0.1", port=3310)),
        ("[::1]:3310", Clamd(host="::1", port=3310)),
    ],
)
def test_the_setting_says_where_the_daemon_listens(address: str, found: Clamd | None) -> None:
    assert clamd_at(address) == found


@pytest.mark.parametrize("address", ["clamd", "127.0.0.1", ":3310", "host:port"])
def test_another_setting_is_refused_with_an_example(address: str) -> None:
    with pytest.raises(ConfigurationError, match=r"clamd\.ctl"):
        clamd_at(address)


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Clamd]:
    """The real daemon, which knows one signature: the one of the test file."""
    if shutil.which("clamd") is None:
        pytest.skip("clamd is not installed (Debian: clamav-daemon)")
    base, path = tmp_path / "base", tmp_path / "clamd.ctl"
    base.mkdir()
    (base / "test.ndb").write_text(f"Eicar-Test-Signature:0:0:{EICAR.hex()}\n")
    settings = tmp_path / "clamd.conf"
    settings.write_text(f"DatabaseDirectory {base}\nLocalSocket {path}\nForeground yes\nStreamMaxLength 2M\nUser root\n")
    process = subprocess.Popen(("clamd", "--config-file", settings), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while not answers(path):
            assert process.poll() is None and time.monotonic() < until, "clamd does not start"
            time.sleep(0.05)
        yield Clamd(path=str(path))
    finally:
        process.terminate()
        process.wait(60)


def answers(path: Path) -> bool:
    """Whether somebody listens there."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


async def test_the_real_daemon_passes_finds_and_refuses_what_is_too_large(ledger: Ledger, real: Clamd) -> None:
    check = claim_check(ledger, real)

    assert await take(check, b"a clean file" * 1000)
    with pytest.raises(MessageError) as infected:
        await take(check, EICAR)
    with pytest.raises(MessageError) as large:
        await take(check, *[b"x" * PIECE] * 5)

    assert (infected.value.kind, large.value.kind) == ("infected-file", "too-large-to-scan")
