"""The matrix of what can happen to a call: whatever the network does, the hub knows whether the request had left."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import struct
import threading
import time
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hub.call import Call
from hub.errors import CallForbidden, CallNotSent, CallUnanswered, MessageError, TransportError
from hub.transports.addresses import Egress
from hub.transports.http import HttpTransport
from tests.passing import let_pass

LOOPBACK = Egress(networks=(ip_network("127.0.0.0/8"), ip_network("::1/128")))
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
CONNECT, TOTAL = 30.0, 60.0
"""Seconds that a call may take here: more than a machine stands still. Where they are to run out, they are let pass."""

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter
Manner = Callable[[Reader, Writer], Awaitable[None]]


async def read_request(reader: Reader) -> bytes:
    """One request, head and body."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    return head + await reader.readexactly(length)


class Server:
    """A raw server with one bad manner; it counts connections and keeps the requests that it read."""

    def __init__(self, manner: Manner) -> None:
        self.manner = manner
        self.connections = 0
        self.requests: list[bytes] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/orders"

    async def serve(self, reader: Reader, writer: Writer) -> None:
        self.connections += 1
        try:
            self.requests.append(await read_request(reader))
            await self.manner(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(manner: Manner, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    server = Server(manner)
    running = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls, backlog=512)
    server.port = running.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        running.close()


@pytest.fixture
async def transport(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[HttpTransport]:
    monkeypatch.setattr("hub.transports.http._IDLE_SECONDS", TOTAL)  # no hold-up is to end a kept connection
    transport = HttpTransport(LOOPBACK)
    yield transport
    await transport.close()


def call(url: str, **changes: object) -> Call:
    given: dict[str, object] = {"method": "POST", "url": url, "body": b"one order", "connect": CONNECT, "total": TOTAL}
    return Call(**(given | changes))  # type: ignore[arg-type]


def saying(*pieces: bytes, pause: float = 0.0, drip: float = 0.0, then: str = "close") -> Manner:
    """A manner: says these bytes, lets so many seconds of a `drip` pass after each, then closes, resets, says nothing more
    ("hang"), or lets all the caller's time pass ("outlast")."""

    async def manner(_: Reader, writer: Writer) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)
            let_pass(drip)
        if then == "outlast":
            let_pass(TOTAL)
        if then in ("hang", "outlast"):
            await asyncio.sleep(3600)
        if then == "reset":
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    return manner


@contextmanager
def refusing(port: int = 0) -> Iterator[int]:
    """A port that refuses: it is taken, and nobody listens on it."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(port > 0))
        taken.bind(("127.0.0.1", port))
        yield int(taken.getsockname()[1])


async def test_a_whole_answer_comes_back_with_its_status_headers_and_body(transport: HttpTransport) -> None:
    async with serving(saying(OK)) as server:
        reply = await transport.send(call(server.url, headers={"X-Trace": "7"}))

        assert (reply.status, reply.media, reply.body) == (200, "text/plain", b"ok")
        assert reply.seconds > 0
        assert server.requests[0].startswith(b"POST /orders HTTP/1.1\r\n")
        assert b"X-Trace: 7\r\n" in server.requests[0]
        assert server.requests[0].endswith(b"\r\n\r\none order")


# -- nothing left -----------------------------------------------------------------------------------------------------


async def test_a_refused_connection_sent_nothing(transport: HttpTransport) -> None:
    with refusing() as port, pytest.raises(CallNotSent, match="refused"):
        await transport.send(call(f"http://127.0.0.1:{port}/"))


async def test_a_connection_that_is_never_accepted_sent_nothing(transport: HttpTransport) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))

        loop = asyncio.get_running_loop()
        loop.call_later(0.1, let_pass, CONNECT)

        with pytest.raises(CallNotSent, match="time limit"):
            await transport.send(call(f"http://127.0.0.1:{port}/", total=3600.0))

        for filler in fillers:
            filler.close()


async def test_an_unknown_name_sent_nothing() -> None:
    async def unknown(_: str) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    transport = HttpTransport(LOOPBACK, lookup=unknown)

    with pytest.raises(CallNotSent, match="DNS"):
        await transport.send(call("https://waste.example.fr/"))


async def test_a_name_server_that_does_not_answer_sent_nothing() -> None:
    async def silent(_: str) -> list[str]:
        let_pass(CONNECT)
        await asyncio.sleep(3600)
        return []

    transport = HttpTransport(LOOPBACK, lookup=silent)

    with pytest.raises(CallNotSent, match="time limit"):
        await transport.send(call("https://waste.example.fr/", total=3600.0))
    await transport.close()


async def test_a_call_that_may_not_leave_any_more_sent_nothing() -> None:
    async def slow(_: str) -> list[str]:
        await asyncio.sleep(0.2)
        return ["127.0.0.1"]

    transport = HttpTransport(LOOPBACK, lookup=slow)
    async with serving(saying(OK)) as server:
        url = server.url.replace("127.0.0.1", "waste.example.fr")
        with pytest.raises(CallNotSent) as late:
            await transport.send(call(url, leave_by=time.monotonic() + 0.1))
        heard = list(server.requests)
        reply = await transport.send(call(url, leave_by=time.monotonic() + TOTAL))

    assert heard == [] and "time limit" in late.value.text.en
    assert reply.status == 200
    await transport.close()


async def test_tls_to_a_plain_port_sent_nothing(transport: HttpTransport) -> None:
    async def plain(_: Reader, writer: Writer) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    running = await asyncio.start_server(plain, "127.0.0.1", 0)
    port = running.sockets[0].getsockname()[1]

    with pytest.raises(CallNotSent, match="TLS"):
        await transport.send(call(f"https://127.0.0.1:{port}/"))
    running.close()


async def test_a_certificate_that_nobody_signed_sent_nothing(transport: HttpTransport, tmp_path: Path) -> None:
    async with serving(saying(OK), tls=certified(tmp_path, "127.0.0.1")) as server:
        with pytest.raises(CallNotSent, match="certificate"):
            await transport.send(call(server.url.replace("http:", "https:")))

        assert server.requests == []


async def test_a_certificate_of_another_host_sent_nothing(tmp_path: Path) -> None:
    async with serving(saying(OK), tls=certified(tmp_path, "other.example.fr")) as server:
        transport = HttpTransport(LOOPBACK, ca_file=tmp_path / "ca.pem")

        with pytest.raises(CallNotSent, match="certificate"):
            await transport.send(call(server.url.replace("http:", "https:")))
        await transport.close()

        assert server.requests == []


async def test_an_expired_certificate_sent_nothing(tmp_path: Path) -> None:
    async with serving(saying(OK), tls=certified(tmp_path, "127.0.0.1", days=-1)) as server:
        transport = HttpTransport(LOOPBACK, ca_file=tmp_path / "ca.pem")

        with pytest.raises(CallNotSent, match="certificate"):
            await transport.send(call(server.url.replace("http:", "https:")))
        await transport.close()


async def test_a_private_authority_is_trusted_when_the_connector_names_it(tmp_path: Path) -> None:
    async with serving(saying(OK), tls=certified(tmp_path, "127.0.0.1")) as server:
        transport = HttpTransport(LOOPBACK, ca_file=tmp_path / "ca.pem")

        reply = await transport.send(call(server.url.replace("http:", "https:")))
        await transport.close()

        assert reply.body == b"ok"


async def test_a_kept_connection_that_the_other_side_has_closed_is_replaced(transport: HttpTransport) -> None:
    def serve() -> None:
        for _ in range(20):
            accepted, _ = listening.accept()
            accepted.recv(65536)
            accepted.sendall(OK)
            accepted.close()
            closed.release()

    closed = threading.Semaphore(0)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        for _ in range(20):
            reply = await transport.send(call(f"http://127.0.0.1:{listening.getsockname()[1]}/"))

            assert reply.body == b"ok"
            assert closed.acquire(timeout=60)  # the loop must not see the end of the connection before the next call
        thread.join()


# -- it left, or may have left ----------------------------------------------------------------------------------------

HALF = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\nhalf"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n"


@pytest.mark.parametrize(
    ("manner", "word"),
    [
        pytest.param(saying(then="outlast"), "time limit", id="no answer within the time limit"),
        pytest.param(saying(HALF, pause=0.05, then="outlast"), "time limit", id="half an answer, then silence"),
        pytest.param(saying(then="close"), "closed", id="closed before any byte of answer"),
        pytest.param(saying(then="reset"), None, id="reset before any byte of answer"),
        pytest.param(saying(HALF, pause=0.05, then="reset"), None, id="reset in mid-body"),
        pytest.param(saying(HALF), "cut", id="body shorter than its Content-Length"),
        pytest.param(saying(CHUNKED + b"a\r\nhalf"), "cut", id="truncated chunk"),
        pytest.param(saying(CHUNKED + b"2\r\nok\r\n"), "cut", id="no last chunk"),
        pytest.param(saying(CHUNKED + b"zz\r\nok\r\n0\r\n\r\n"), None, id="bad chunk size"),
        pytest.param(saying(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), None, id="garbage in place of a status line"),
        pytest.param(saying(b"HTTP/1.1 200 OK\r\nContent-Le"), None, id="cut in the headers"),
        pytest.param(
            saying(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok"), None, id="two Content-Lengths"
        ),
        pytest.param(
            saying(b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 5_000_000 + b"\r\nContent-Length: 0\r\n\r\n"),
            None,
            id="a header of 5 MB",
        ),
        pytest.param(
            saying(b"HTTP/1.1 200 OK\r\n" + b"X-Many: 1\r\n" * 5000 + b"Content-Length: 0\r\n\r\n"), None, id="5,000 headers"
        ),
        pytest.param(saying(INTERIM * 1000 + OK), "too large", id="1,000 interim answers at once"),
        pytest.param(saying(*[INTERIM] * 1000, OK, pause=0.0005), "too large", id="1,000 interim answers one by one"),
        pytest.param(saying(*map(bytes, zip(OK[:40])), pause=0.01, drip=6), "time limit", id="headers that drip"),
        pytest.param(saying(HALF, *[b"x"] * 50, pause=0.01, drip=6), "time limit", id="a body that drips"),
        pytest.param(
            saying(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\njunk"), None, id="not really gzip"
        ),
        pytest.param(
            saying(b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 4\r\n\r\njunk"),
            None,
            id="an unknown encoding",
        ),
    ],
)
async def test_a_call_that_had_begun_to_leave_is_unanswered(
    manner: Manner, word: str | None, transport: HttpTransport
) -> None:
    async with serving(manner) as server:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        with pytest.raises(CallUnanswered, match=word):
            await transport.send(call(server.url))

        assert loop.time() - begun < 1.6 * TOTAL
        assert len(server.requests) == 1


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
async def test_no_method_is_sent_twice_when_a_kept_connection_closes_under_it(method: str, transport: HttpTransport) -> None:
    async def answers_once_then_reads_and_closes(reader: Reader, writer: Writer) -> None:
        writer.write(OK)
        await writer.drain()
        server.requests.append(await read_request(reader))

    async with serving(answers_once_then_reads_and_closes) as server:
        await transport.send(call(server.url, method=method))

        with pytest.raises(CallUnanswered):
            await transport.send(call(server.url, method=method))

        assert len(server.requests) == 2
        assert server.connections == 1


async def test_a_body_that_is_still_leaving_when_the_time_is_up_is_unanswered(transport: HttpTransport) -> None:
    async def deaf(reader: Reader, _: Writer) -> None:
        await reader.read(1)
        let_pass(TOTAL)
        await asyncio.sleep(3600)

    running = await asyncio.start_server(deaf, "127.0.0.1", 0, limit=1024)
    port = running.sockets[0].getsockname()[1]

    with pytest.raises(CallUnanswered, match="time limit"):
        await transport.send(call(f"http://127.0.0.1:{port}/", body=bytes(30_000_000)))
    running.close()


# -- limits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_bomb_is_cut_before_it_fills_the_memory(encoding: str, transport: HttpTransport) -> None:
    plain = bytes(200 * 1024 * 1024)
    packed = gzip.compress(plain, 9) if encoding == "gzip" else zlib.compress(plain, 9)
    del plain
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
    async with serving(saying(head + packed)) as server:
        tracemalloc.start()

        with pytest.raises(CallUnanswered, match="too large"):
            await transport.send(call(server.url, largest=10 * 1024 * 1024))

        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 50 * 1024 * 1024


async def test_a_packed_answer_is_unpacked(transport: HttpTransport) -> None:
    packed = gzip.compress(b"<order>42</order>")
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
    async with serving(saying(head + packed)) as server:
        reply = await transport.send(call(server.url))

        assert reply.body == b"<order>42</order>"
        assert "content-encoding" not in reply.headers


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
async def test_a_long_answer_that_comes_faster_than_it_is_read_comes_whole(encoding: str, transport: HttpTransport) -> None:
    plain = bytes(range(256)) * 20_000
    body = gzip.compress(plain) if encoding == "gzip" else plain
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    async with serving(saying(head + body)) as server:
        assert (await transport.send(call(server.url))).body == plain


# -- what is never done -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirection_is_handed_back_and_not_followed(status: int, transport: HttpTransport) -> None:
    async with serving(saying(OK)) as elsewhere:
        moved = f"HTTP/1.1 {status} Moved\r\nLocation: {elsewhere.url}\r\nContent-Length: 0\r\n\r\n".encode()
        async with serving(saying(moved)) as server:
            reply = await transport.send(call(server.url, headers={"Authorization": "Bearer s3cret"}))

            assert reply.status == status
            assert elsewhere.requests == []


async def test_proxy_variables_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    with refusing() as port:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
        transport = HttpTransport(LOOPBACK)
        async with serving(saying(OK)) as server:
            reply = await transport.send(call(server.url))

            assert reply.body == b"ok"
        await transport.close()


async def test_cookies_are_not_kept(transport: HttpTransport) -> None:
    cookie = OK.replace(b"\r\n\r\n", b"\r\nSet-Cookie: session=1; Path=/\r\n\r\n")
    async with serving(saying(cookie)) as server:
        await transport.send(call(server.url))
        await transport.send(call(server.url))

        assert not any(b"cookie" in request.lower() for request in server.requests)


async def test_a_header_that_would_split_the_request_never_reaches_the_network(transport: HttpTransport) -> None:
    async with serving(saying(OK)) as server:
        for value in ("a\r\nX-Evil: 1", "a\x00b", "café"):
            with pytest.raises(MessageError, match="X-Name"):
                await transport.send(call(server.url, headers={"X-Name": value}))

        assert server.connections == 0


async def test_many_calls_go_in_parallel(transport: HttpTransport) -> None:
    at_once, here, all_are_here = 150, [], asyncio.Event()

    async def once_all_are_here(_: Reader, writer: Writer) -> None:
        here.append(writer)
        if len(here) == at_once:
            all_are_here.set()
        await all_are_here.wait()
        writer.write(OK)

    async with serving(once_all_are_here) as server:
        replies = await asyncio.gather(*(transport.send(call(server.url)) for _ in range(at_once)))

    assert [reply.status for reply in replies] == [200] * at_once, "none is answered before all have come"


# -- addresses --------------------------------------------------------------------------------------------------------


async def test_the_second_address_is_called_when_the_first_is_dead() -> None:
    async def two(_: str) -> list[str]:
        return ["127.0.0.2", "127.0.0.1"]

    transport = HttpTransport(LOOPBACK, lookup=two)
    async with serving(saying(OK)) as server:
        reply = await transport.send(call(server.url.replace("127.0.0.1", "waste.example.fr")))

        assert reply.body == b"ok"
        assert b"Host: waste.example.fr" in server.requests[0]
    await transport.close()


async def test_a_name_that_leads_to_a_private_address_is_refused_before_any_connection() -> None:
    async def private(_: str) -> list[str]:
        return ["127.0.0.1"]

    transport = HttpTransport(Egress(), lookup=private)
    async with serving(saying(OK)) as server:
        with pytest.raises(CallForbidden, match=r"HUB_ALLOW_PRIVATE=127\.0\.0\.0/8"):
            await transport.send(call(server.url.replace("127.0.0.1", "waste.example.fr")))

        assert server.connections == 0
    await transport.close()


async def test_only_the_vetted_answer_is_connected_to() -> None:
    answers = iter([["127.0.0.1"], ["127.0.0.9"]])

    async def rebinding(_: str) -> list[str]:
        return next(answers)

    transport = HttpTransport(Egress(networks=(ip_network("127.0.0.1/32"),)), lookup=rebinding)
    async with serving(saying(OK)) as server:
        reply = await transport.send(call(server.url.replace("127.0.0.1", "waste.example.fr")))

        assert reply.body == b"ok"
    await transport.close()


async def test_a_literal_address_is_refused_without_a_question_to_dns() -> None:
    transport = HttpTransport(Egress())

    for host in ("127.0.0.1", "2130706433", "[::1]", "169.254.169.254"):
        with pytest.raises(CallForbidden):
            await transport.send(call(f"http://{host}/"))


async def test_every_error_of_the_matrix_speaks_both_languages(transport: HttpTransport) -> None:
    with refusing() as port, pytest.raises(TransportError) as caught:
        await transport.send(call(f"http://127.0.0.1:{port}/"))

    assert caught.value.text.en == "The call did not leave: the connection was refused."
    assert caught.value.text.fr == "L'appel n'est pas parti : la connexion a été refusée."


def certified(folder: Path, host: str, *, days: int = 1) -> ssl.SSLContext:
    """A server's TLS context, signed by an authority of our own that is written to `ca.pem`."""
    now = datetime.now(UTC)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
    name = x509.IPAddress(ip_address(host)) if host[0].isdigit() else x509.DNSName(host)
    until = now + timedelta(days=days)

    def signed(subject: x509.Name, public: ec.EllipticCurvePublicKey, extension: x509.ExtensionType) -> x509.Certificate:
        builder = x509.CertificateBuilder(subject_name=subject, issuer_name=ca_name, public_key=public)
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=5))
        return builder.not_valid_after(until).add_extension(extension, critical=False).sign(ca_key, hashes.SHA256())

    authority = signed(ca_name, ca_key.public_key(), x509.BasicConstraints(ca=True, path_length=None))
    server = signed(x509.Name([]), key.public_key(), x509.SubjectAlternativeName([name]))
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(authority.public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "server.pem").write_bytes(private + server.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("", "/"),
        ("/", "/"),
        ("?a=1", "/?a=1"),
        ("/a//b?c=%2F&d=e", "/a//b?c=%2F&d=e"),
        ("/a%20b/%C3%A9", "/a%20b/%C3%A9"),
        ("/a#fragment", "/a"),
        ("/é", "/%C3%A9"),
    ],
)
async def test_a_path_reaches_the_server_as_it_was_written(path: str, asked: str, transport: HttpTransport) -> None:
    async with serving(saying(OK)) as server:
        await transport.send(call(f"http://127.0.0.1:{server.port}{path}"))

        assert server.requests[0].split(b"\r\n")[0] == f"POST {asked} HTTP/1.1".encode()


@pytest.mark.parametrize("path", ["/a b", "/a\\b", "/a\r\nX: 1", "/\x00"])
async def test_a_path_that_could_be_read_in_two_ways_is_refused_on_a_known_host_too(
    path: str, transport: HttpTransport
) -> None:
    async with serving(saying(OK)) as server:
        await transport.send(call(server.url))

        with pytest.raises(CallForbidden):
            await transport.send(call(f"http://127.0.0.1:{server.port}{path}"))
        assert len(server.requests) == 1


async def test_a_host_that_is_known_opens_no_other(transport: HttpTransport) -> None:
    async with serving(saying(OK)) as server:
        await transport.send(call(server.url))

        for other in (
            f"http://user@127.0.0.1:{server.port}/",
            "http://127.0.0.1.:99999/",
            "http://10.0.0.1/",
            "http://[::2]/",
        ):
            with pytest.raises(CallForbidden):
                await transport.send(call(other))


async def test_an_answer_to_head_has_no_body_and_one_without_content_none_either(transport: HttpTransport) -> None:
    async with serving(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")) as server:
        assert (await transport.send(call(server.url, method="HEAD", body=b""))).body == b""
    async with serving(saying(b"HTTP/1.1 204 No Content\r\n\r\n", then="hang")) as server:
        assert (await transport.send(call(server.url))).status == 204


async def test_a_connection_is_kept_for_the_next_call(transport: HttpTransport) -> None:
    async def answers_on(reader: Reader, writer: Writer) -> None:
        writer.write(OK)
        for _ in range(2):
            await read_request(reader)
            writer.write(OK)

    async with serving(answers_on) as server:
        for _ in range(3):
            await transport.send(call(server.url))

        assert server.connections == 1


async def test_an_idle_connection_is_taken_just_as_aiohttp_takes_one(transport: HttpTransport) -> None:
    async def answers_once_all_are_here(_: Reader, writer: Writer) -> None:
        await all_here.wait()
        writer.write(OK)
        await asyncio.sleep(3600)

    all_here = asyncio.Event()
    async with serving(answers_once_all_are_here) as server:
        calls = [asyncio.create_task(transport.send(call(server.url))) for _ in range(4)]
        while server.connections < len(calls):
            await asyncio.sleep(0.01)
        all_here.set()
        await asyncio.gather(*calls)
        (place,) = transport._places.values()
        books, taken = place.pool._conns[place.key], place.pool._acquired
        idle = [wire for wire, _ in books]

        ours = place.pool.idle(place.key)
        theirs = await place.pool.connect(place.route, [], aiohttp.ClientTimeout())

        assert ours is not None
        assert (ours, theirs.protocol) == (idle[0], idle[1])
        assert ([wire for wire, _ in books], taken) == (idle[2:], set(idle[:2]))
        place.pool.give_back(place.key, ours)
        theirs.release()
        assert ([wire for wire, _ in books], taken) == ([*idle[2:], *idle[:2]], set())


async def test_an_idle_connection_that_is_closed_or_old_is_left_to_aiohttp(
    transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(saying(OK, then="hang")) as server:
        await transport.send(call(server.url))
        (place,) = transport._places.values()
        (wire, _), *_ = place.pool._conns[place.key]

        with monkeypatch.context() as later:
            later.setattr("hub.transports.http._IDLE_SECONDS", -1.0)
            assert place.pool.idle(place.key) is None
        assert wire.transport is not None
        wire.transport.close()

        assert place.pool.idle(place.key) is None
        await transport.send(call(server.url))
        assert server.connections == 2


@pytest.mark.parametrize("cut_at", [0, 1, 17, 60, 90, 97])
async def test_an_answer_is_the_same_in_one_piece_and_in_two(cut_at: int, transport: HttpTransport) -> None:
    answer = b"HTTP/1.1 201 Created\r\nContent-Type: text/plain\r\nX-Note: a: b\r\nContent-Length: 12\r\n\r\nHello, world"

    async def answers_in_two(reader: Reader, writer: Writer) -> None:
        for _ in range(2):
            writer.write(answer[:cut_at])
            await asyncio.sleep(0.01)
            writer.write(answer[cut_at:])
            await read_request(reader)

    async with serving(answers_in_two) as server:
        replies = [await transport.send(call(server.url)) for _ in range(2)]

        assert server.connections == 1
        for reply in replies:
            assert (reply.status, reply.body) == (201, b"Hello, world")
            assert reply.headers == {"content-type": "text/plain", "x-note": "a: b"}


async def test_an_answer_that_comes_before_the_body_has_left_is_heard(transport: HttpTransport) -> None:
    async def hasty(reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await answered.wait()

    answered = asyncio.Event()
    running = await asyncio.start_server(hasty, "127.0.0.1", 0, limit=1024)
    port = running.sockets[0].getsockname()[1]

    reply = await transport.send(call(f"http://127.0.0.1:{port}/", body=bytes(20_000_000)))
    answered.set()

    assert reply.status == 413
    running.close()
