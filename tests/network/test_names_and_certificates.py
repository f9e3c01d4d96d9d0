"""Whom the hub believes that it speaks to: names and their addresses, old TLS, certificates that were taken back."""

from __future__ import annotations

import asyncio
import socket
import ssl
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hub.call import NotSent, Unanswered
from hub.caller import Caller
from hub.catalogue import load_catalogue
from hub.errors import CallNotSent, CallUnanswered
from hub.facts import replace
from hub.settings import read_settings
from hub.transports.http import HttpTransport
from tests.installation import install
from tests.transports.test_http import LOOPBACK, OK, call, refusing, saying, serving

NOW = datetime.now(UTC)
PEM = serialization.Encoding.PEM


class Authority:
    """A private certificate authority."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Autorité de la commune")])
        built = self._builder(self._name, self._key.public_key())
        built = built.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self.certificate = built.sign(self._key, hashes.SHA256()).public_bytes(PEM)
        self.issued: list[int] = []

    def server(self) -> ssl.SSLContext:
        """The context of a server at 127.0.0.1 that it vouches for."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        made = self._builder(x509.Name([]), key.public_key()).add_extension(names, critical=True)
        certificate = made.sign(self._key, hashes.SHA256())
        self.issued.append(certificate.serial_number)
        private = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        file = self.folder / f"server-{len(self.issued)}.pem"
        file.write_bytes(private + certificate.public_bytes(PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def client(self) -> str:
        """The certificate of a client that it vouches for, and its key, as one PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hub")])
        certificate = self._builder(name, key.public_key()).sign(self._key, hashes.SHA256())
        private = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return (certificate.public_bytes(PEM) + private).decode()

    def file(self, *, revoked: Sequence[int] | None = None) -> Path:
        """What the hub is given: its certificate, and the list of those that it took back if there is one."""
        lists = b"" if revoked is None else self._list(revoked)
        file = self.folder / "authority.pem"
        file.write_bytes(self.certificate + lists)
        return file

    def _list(self, revoked: Sequence[int]) -> bytes:
        made = x509.CertificateRevocationListBuilder().issuer_name(self._name)
        made = made.last_update(NOW - timedelta(days=1)).next_update(NOW + timedelta(days=1))
        for number in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(number).revocation_date(NOW - timedelta(hours=1))
            made = made.add_revoked_certificate(entry.build())
        return made.sign(self._key, hashes.SHA256()).public_bytes(PEM)

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder(subject_name=subject, issuer_name=self._name, public_key=key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - timedelta(days=2))
            .not_valid_after(NOW + timedelta(days=2))
        )


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


async def answered(url: str, trusted: Path) -> bytes:
    """What comes back over TLS."""
    transport = HttpTransport(LOOPBACK, ca_file=trusted)
    try:
        return (await transport.send(call(url.replace("http:", "https:")))).body
    finally:
        await transport.close()


def shaken(port: int, version: ssl.TLSVersion) -> str | None:
    """The TLS that the server speaks with a client who takes anything."""
    careless = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    careless.check_hostname, careless.verify_mode = False, ssl.CERT_NONE
    careless.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        careless.minimum_version = version
    with socket.create_connection(("127.0.0.1", port), timeout=60) as plain, careless.wrap_socket(plain) as wire:
        return wire.version()


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1], ids=["TLS 1.0", "TLS 1.1"])
async def test_a_server_that_speaks_only_old_tls_is_told_nothing(newest: ssl.TLSVersion, authority: Authority) -> None:
    old = authority.server()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old.minimum_version = old.maximum_version = newest
    old.set_ciphers("ALL:@SECLEVEL=0")
    async with serving(saying(OK), tls=old) as server:
        assert await asyncio.to_thread(shaken, server.port, newest) in ("TLSv1", "TLSv1.1")
        with pytest.raises(CallNotSent, match=r"TLS|no connection"):
            await answered(server.url, authority.file())

        assert server.requests == []


async def test_a_certificate_that_its_authority_took_back_is_refused_and_its_neighbour_s_is_not(
    authority: Authority,
) -> None:
    first, second = authority.server(), authority.server()
    trusted = authority.file(revoked=authority.issued[:1])
    async with serving(saying(OK), tls=first) as revoked, serving(saying(OK), tls=second) as good:
        with pytest.raises(CallNotSent, match="certificate"):
            await answered(revoked.url, trusted)

        assert revoked.requests == []
        assert await answered(good.url, trusted) == b"ok"


async def test_an_application_that_wants_a_certificate_is_shown_the_one_of_its_instance(authority: Authority) -> None:
    strict = authority.server()
    strict.verify_mode = ssl.CERT_REQUIRED
    strict.load_verify_locations(authority.file())
    transport = HttpTransport(LOOPBACK, ca_file=authority.file())

    async with serving(saying(OK), tls=strict) as server:
        told = replace(call(server.url.replace("http:", "https:")), identity=authority.client())
        try:
            shown = await transport.send(told)
            with pytest.raises((CallNotSent, CallUnanswered)):
                await transport.send(replace(told, identity=""))
        finally:
            await transport.close()

    assert (shown.status, len(server.requests)) == (200, 1)
    assert "PRIVATE KEY" not in repr(told)


@pytest.mark.parametrize("spoilt", ["", "CERTIFICATE", "PRIVATE KEY"])
async def test_a_secret_that_holds_no_certificate_with_its_key_is_told_before_anything_leaves(
    authority: Authority, spoilt: str
) -> None:
    transport = HttpTransport(LOOPBACK, ca_file=authority.file())
    identity = authority.client().replace(spoilt, "NOTHING") if spoilt else "not a PEM"

    with pytest.raises(CallNotSent, match="client_certificate"):
        await transport.send(replace(call("https://127.0.0.1:9"), identity=identity))

    await transport.close()


async def test_no_certificate_of_the_system_is_trusted_beside_a_private_authority_of_that_name(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    ours, theirs = Authority(tmp_path), Authority(tmp_path / "other")
    async with serving(saying(OK), tls=theirs.server()) as server:
        with pytest.raises(CallNotSent, match="certificate"):
            await answered(server.url, ours.file())


async def test_each_call_may_name_its_own_authority_beside_the_hub_s(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    ours, theirs = Authority(tmp_path), Authority(tmp_path / "other")
    transport = HttpTransport(LOOPBACK, ca_file=ours.file())
    async with serving(saying(OK), tls=ours.server()) as one, serving(saying(OK), tls=theirs.server()) as other:
        for server, named in ((one, ""), (other, str(theirs.file()))):
            url = server.url.replace("http:", "https:")
            assert (await transport.send(call(url, certificates=named))).body == b"ok"

        for server, named in ((other, ""), (one, str(theirs.file()))):
            with pytest.raises(CallNotSent, match="certificate"):
                await transport.send(call(server.url.replace("http:", "https:"), certificates=named))
    await transport.close()


@pytest.mark.parametrize("named", [True, False], ids=["named", "not named"])
async def test_a_connector_s_own_authority_is_trusted_for_its_application(named: bool, tmp_path: Path) -> None:
    installation = install(tmp_path)
    folder = installation.root / "connectors" / "waste"
    authority = Authority(folder)
    authority.file()
    instance = {"address": "${WASTE_URL}", "credentials": "secret:waste"}
    own = {"certificates": "authority.pem"} if named else {}
    installation.edit("connectors/waste/connector.yaml", instances={"default": instance | own})
    async with serving(saying(OK), tls=authority.server()) as server:
        installation.environment["WASTE_URL"] = server.url.replace("http:", "https:")
        settings, waste = read_settings(installation.environment), load_catalogue(installation.root).connectors["waste"]
        transport = HttpTransport(LOOPBACK)
        caller = Caller(settings=settings, transport=transport, clock=lambda: NOW)
        answer = await caller.call(waste, "find_order", {"RefExterne": "D-1"}, authority="default", key="1")
        await transport.close()

    assert isinstance(answer.outcome, Unanswered if named else NotSent)
    assert len(server.requests) == named


# -- names ------------------------------------------------------------------------------------------------------------


async def test_an_application_that_moves_is_found_at_its_new_address(monkeypatch: pytest.MonkeyPatch) -> None:
    addresses, now = ["127.0.0.1"], 0.0
    monkeypatch.setattr("aiohttp.connector.monotonic", lambda: now)

    async def known(_: str) -> list[str]:
        return list(addresses)

    transport = HttpTransport(LOOPBACK, lookup=known)
    async with serving(saying(OK)) as before:
        url = before.url.replace("127.0.0.1", "waste.example.fr")
        assert (await transport.send(call(url))).body == b"ok"
    moved = await asyncio.start_server(before.serve, "127.0.0.2", before.port)
    addresses[:] = ["127.0.0.2"]

    with refusing(before.port), pytest.raises(CallNotSent):
        await transport.send(call(url))
    now = 4.1
    reply = await transport.send(call(url))

    assert reply.body == b"ok"
    moved.close()
    await transport.close()


async def test_an_application_at_two_addresses_of_which_one_never_accepts_is_reached_at_the_other() -> None:
    async def known(_: str) -> list[str]:
        return ["127.0.0.3", "127.0.0.1"]

    async with serving(saying(OK)) as server:
        with full(server.port):
            transport = HttpTransport(LOOPBACK, lookup=known)
            reply = await transport.send(call(server.url.replace("127.0.0.1", "waste.example.fr")))
            await transport.close()

    assert reply.body == b"ok"


@contextmanager
def full(port: int) -> Iterator[None]:
    """127.0.0.3 listens, and accepts nobody."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.3", port))
        deaf.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.3", port))
        yield
        for filler in fillers:
            filler.close()


async def test_an_application_is_reached_over_ipv6_alone_or_beside_an_ipv4_address_that_is_dead() -> None:
    async def known(host: str) -> list[str]:
        return ["::1"] if host == "six.example.fr" else ["127.0.0.4", "::1"]

    transport = HttpTransport(LOOPBACK, lookup=known)
    served: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(OK)
        writer.close()

    async with await asyncio.start_server(answer, "::1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        for host in ("[::1]", "six.example.fr", "both.example.fr"):
            reply = await transport.send(call(f"http://{host}:{port}/orders"))

            assert reply.body == b"ok"
    await transport.close()

    assert f"Host: [::1]:{port}\r\n".encode() in served[0]
