"""A hub between a portal that sends and takes forms with files and archives that speak MTOM, SwA and plain SOAP."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import psutil

from hub.codecs.multipart import Head, Parts
from tests.installation import Admin, Node, install

FILES = Path(__file__).parent / "large_files"
MB = 1024 * 1024
SIZE = 200 * MB
GROWTH = 100 * MB
"""What a file of SIZE may cost the hub in memory."""
SIGNED = (
    b'<?xml version="1.0" encoding="ISO-8859-1"?>\r\n<PES  V = \'1\'>\n\t<Nom>Caf\xe9 &#233;</Nom ><!-- as it is -->'
    b'<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/></PES>\r\n\r\n'
)
"""What any XML writer would write otherwise, and break the signature of."""
ANSWER = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><StoreResponse xmlns="urn:test:archive">'
    "<Shelf>A-1</Shelf></StoreResponse></e:Body></e:Envelope>"
)


@dataclass
class Came:
    """One request; of several parts: what each part was headed by, its digest and its size; small ones whole."""

    path: str
    media: str
    heads: list[Head] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    wholes: list[bytes] = field(default_factory=list)


class Applications(ThreadingHTTPServer):
    """The archive and the portal: take what they are told, part by part."""

    def __init__(self) -> None:
        self.came: list[Came] = []
        self.cut: threading.Event | None = None
        """Set when the next request has come to its middle, from where on it is not read."""
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Connections that end in the middle are what some tests are about."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Applications

    def do_POST(self) -> None:
        came, left = Came(self.path, self.headers["Content-Type"]), int(self.headers["Content-Length"])
        if came.media.startswith("multipart/"):
            self._take(came, left)
        else:
            came.wholes.append(self.rfile.read(left))
        self.server.came.append(came)
        self._answer(ANSWER.encode() if self.path.startswith("/archive") else b"")

    def _take(self, came: Came, left: int) -> None:
        parts, half = Parts(came.media), left // 2
        while left:
            if self.server.cut and left < half:
                self.server.cut.set()
                self.server.cut = None
                time.sleep(90)  # the node is killed meanwhile
                raise ConnectionAbortedError
            chunk = self.rfile.read(min(left, 64 * 1024))
            left -= len(chunk)
            for event in parts.feed(chunk):
                self._note(came, event)
        assert parts.is_whole

    def _note(self, came: Came, event: Head | bytes | None) -> None:
        if isinstance(event, Head):
            came.heads.append(event)
            came.sizes.append(0)
            came.wholes.append(b"")
            self.sum = hashlib.sha256()
        elif event is None:
            came.digests.append(self.sum.hexdigest())
        else:
            self.sum.update(event)
            came.sizes[-1] += len(event)
            came.wholes[-1] += event if came.sizes[-1] < MB else b""

    def _answer(self, body: bytes) -> None:
        self.send_response(200 if body else 204)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@dataclass
class Town:
    """A hub that serves, the two applications, and their keys."""

    node: Node
    applications: Applications
    admin: Admin
    portal: str
    archive: str
    book: Path

    def uploads(self) -> tuple[int, int]:
        """How many files the ledger keeps apart, and how many of them are no message's."""
        with closing(sqlite3.connect(f"{self.book.as_uri()}?mode=ro", uri=True)) as book:
            (kept,) = book.execute("SELECT count(*) FROM upload").fetchone()
            (left,) = book.execute("SELECT count(*) FROM upload WHERE id NOT IN (SELECT upload FROM file)").fetchone()
        return kept, left

    def say(self, exchange: str, content: Iterator[bytes] | bytes, media: str) -> httpx.Response:
        """Send a message of several parts, as the portal does."""
        headers = {"Content-Type": media, "Authorization": f"Bearer {self.portal}"}
        url = f"{self.node.url}/api/v1/exchanges/{exchange}/messages"
        return httpx.post(url, content=content, headers=headers, timeout=120, trust_env=False)

    def call(self, content: Iterator[bytes] | bytes, media: str) -> httpx.Response:
        """Call the hub, as the archive does."""
        headers = {"Content-Type": media, "X-API-Key": self.archive, "SOAPAction": '"urn:test:archive:Announce"'}
        return httpx.post(f"{self.node.url}/soap/archive", content=content, headers=headers, timeout=120, trust_env=False)

    def reason(self, message: str) -> str:
        """What is said of the delivery of a message that became a dead letter."""
        until = time.monotonic() + 90
        while time.monotonic() < until:
            for delivery in self.admin.get(f"/messages/{message}")["deliveries"]:
                if delivery["state"] == "dead":
                    return str(delivery["reason"])
            time.sleep(0.05)
        raise AssertionError("it is no dead letter")

    def next(self) -> int:
        """The number of the next request that an application is told, when all that was said before has been."""
        until = time.monotonic() + 90
        while any(self.admin.states().get(state) for state in ("waiting", "sending", "unanswered")):
            assert time.monotonic() < until, self.node.log()[-3000:]
            time.sleep(0.05)
        return len(self.applications.came) + 1

    def told(self, number: int) -> Came:
        """The `number`-th request that an application was told."""
        until = time.monotonic() + 90
        while len(self.applications.came) < number:
            assert time.monotonic() < until, self.node.log()[-3000:]
            time.sleep(0.05)
        return self.applications.came[number - 1]

    @contextmanager
    def growth(self) -> Iterator[list[int]]:
        """How much memory the node takes more, at most, while something is done; in its one item."""
        assert self.node.process
        process, done, most = psutil.Process(self.node.process.pid), threading.Event(), [0]
        before = process.memory_info().rss

        def watch() -> None:
            while not done.wait(0.02):
                most[0] = max(most[0], process.memory_info().rss - before)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield most
        finally:
            done.set()
            watcher.join()


@contextmanager
def files_town(folder: Path) -> Iterator[Town]:
    """A hub that serves in `folder`, with both applications; all ends with it."""
    applications = Applications()
    addresses = {f"{name.upper()}_URL": f"{applications.url}/{name}" for name in ("portal", "archive")}
    installation = install(folder, **addresses)
    for name in ("connectors", "mappings", "schedules"):
        shutil.rmtree(installation.root / name)
    (installation.root / "schedules").mkdir()
    for name in ("connectors", "mappings"):
        shutil.copytree(FILES / name, installation.root / name)
    for way in ("swa", "inside"):
        shutil.copytree(FILES / "connectors" / "archive", installation.root / "connectors" / f"archive-{way}")
        installation.replace(f"connectors/archive-{way}/connector.yaml", "connector: archive", f"connector: archive-{way}")
        installation.replace(f"connectors/archive-{way}/connector.yaml", "files: mtom", f"files: {way}")
        installation.replace(f"connectors/archive-{way}/connector.yaml", "ARCHIVE_URL}", f"ARCHIVE_URL}}/{way}")
    installation.init()
    with ExitStack() as stack:
        thread = threading.Thread(target=applications.serve_forever)
        thread.start()
        stack.callback(thread.join)
        stack.callback(applications.shutdown)
        node = Node(installation)
        stack.callback(node.stop)
        node.start()
        admin = Admin(node.url, installation.admin_key)
        yield Town(
            node, applications, admin, admin.key_for("portal"), admin.key_for("archive"), installation.root / "hub.db"
        )


def blocks(size: int) -> Iterator[bytes]:
    """So many bytes that no compression makes small, the same each time."""
    block = b"%PDF-1.7" + hashlib.shake_256(b"a file").digest(MB - 8)
    for start in range(0, size, MB):
        yield block[: min(MB, size - start)]


def digest_of(size: int) -> str:
    found = hashlib.sha256()
    for block in blocks(size):
        found.update(block)
    return found.hexdigest()


def form(number: str, file: Iterator[bytes], *, name: str = 'filename="plan.pdf"', more: str = "") -> Iterator[bytes]:
    """A form of several parts, as a browser sends it."""
    for field_name, value in (("number", number), ("pages", "12"), ("words", "un"), ("words", "deux")):
        yield f'--edge\r\nContent-Disposition: form-data; name="{field_name}"\r\n\r\n{value}\r\n'.encode()
    yield f'--edge\r\nContent-Disposition: form-data; name="file"; {name}\r\n{more}'.encode()
    yield b"Content-Type: application/octet-stream\r\n\r\n"
    yield from file
    yield b"\r\n--edge--\r\n"


MULTIPART = "multipart/form-data; boundary=edge"
XOP = 'multipart/related; boundary="edge"; type="application/xop+xml"; start="<root@here>"; start-info="text/xml"'


def announced(number: str, file: Iterator[bytes], *, reference: str = "cid:file@here") -> Iterator[bytes]:
    """An MTOM message, as an application sends it."""
    yield (
        b'--edge\r\nContent-Type: application/xop+xml; charset=UTF-8; type="text/xml"\r\nContent-ID: <root@here>\r\n\r\n'
        b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><Announce xmlns="urn:test:archive">'
    )
    include = f'<xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include" href="{reference}"/>'
    yield f"<Number>{number}</Number><Pages>3</Pages><Word>un</Word><Content>{include}</Content>".encode()
    yield b"</Announce></e:Body></e:Envelope>"
    yield b"\r\n--edge\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: binary\r\n"
    yield b"Content-ID: <file@here>\r\n\r\n"
    yield from file
    yield b"\r\n--edge--\r\n"
