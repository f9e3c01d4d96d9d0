"""A hub whose portal gives files by their address: the portal's own server, another that its connector names, and one that
nobody names; and the archive that is told them."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from tests.acceptance.files_town import Applications, Town, blocks
from tests.installation import Admin, Node, install

FILES = Path(__file__).parent / "by_address"
PDF = b"%PDF-1.7 " + bytes(range(256)) * 40


@dataclass
class Answer:
    """What is said at an address. `size`: so many bytes of the usual file in the place of `body`; `cut`: it ends early."""

    status: int = 200
    body: bytes = b""
    size: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False


class Depot(ThreadingHTTPServer):
    """A server of files. `asked`: the path and headers of each request."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, Mapping[str, str]]] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Files that are not read to their end are what some tests are about."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Depot

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers.items())))
        answer = self.server.answers.get(self.path, Answer(404, b"no such file"))
        self.send_response(answer.status)
        length = answer.size or len(answer.body)
        for name, value in {"Content-Length": str(length), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if answer.cut:
            self.wfile.write(answer.body[: length // 2])
            self.close_connection = True
            return
        for block in blocks(answer.size) if answer.size else [answer.body]:
            self.wfile.write(block)

    def log_message(self, format: str, *args: object) -> None:
        pass


@dataclass
class AddressTown(Town):
    """`home` is the portal's own server, `media` another that its connector names, `stranger` one that it does not."""

    home: Depot
    media: Depot
    stranger: Depot

    def letter(self, number: str, url: str, *others: str, key: str = "") -> httpx.Response:
        """Say a letter with files at these addresses, as the portal does."""
        lines = [{"name": f"{place}", "url": each} for place, each in enumerate(others)]
        said: dict[str, Any] = {"number": number, "pages": 2, "piece": {"name": "plan", "url": url}, "others": lines}
        headers = {"Authorization": f"Bearer {self.portal}", "Content-Type": "application/json"}
        headers |= {"Idempotency-Key": key} if key else {}
        asked = f"{self.node.url}/api/v1/exchanges/letter/messages"
        return httpx.post(asked, content=json.dumps(said), headers=headers, timeout=60, trust_env=False)

    def give(self, path: str, body: bytes = PDF, **more: Any) -> str:
        """The address of a file that the portal's own server has from now on."""
        self.home.answers[f"/portal{path}"] = Answer(body=body, **more)
        return f"{self.home.url}/portal{path}"

    def kept(self, number: str) -> list[dict[str, Any]]:
        """The messages of a reference."""
        return list(self.admin.get("/messages", reference=number)["messages"])


@contextmanager
def address_town(folder: Path, *, edit: Callable[[Path], None] | None = None, **environment: str) -> Iterator[AddressTown]:
    """A hub that serves in `folder`, with all that it fetches from and tells; all ends with it."""
    applications, depots = Applications(), [Depot() for _ in range(3)]
    home, media, stranger = depots
    addresses = {"PORTAL_URL": f"{home.url}/portal", "MEDIA_URL": media.url, "ARCHIVE_URL": f"{applications.url}/archive"}
    addresses["PORTAL_PORT"] = str(home.server_address[1])
    installation = install(folder, **{**addresses, **environment})
    for name in ("connectors", "mappings", "schedules"):
        shutil.rmtree(installation.root / name)
        shutil.copytree(FILES / name, installation.root / name)
    if edit:
        edit(installation.root)
    installation.init()
    with ExitStack() as stack:
        for server in (applications, *depots):
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
        node = Node(installation)
        stack.callback(node.stop)
        node.start()
        admin = Admin(node.url, installation.admin_key)
        keys = admin.key_for("portal"), admin.key_for("registry")
        yield AddressTown(node, applications, admin, *keys, installation.root / "hub.db", home, media, stranger)


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
