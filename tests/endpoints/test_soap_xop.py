"""A package of parts: what it includes comes from the package alone, and a signature covers nothing beside the message."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from lxml import etree

from tests.endpoints.depots import Depot, code_of, installed, opened, tell, wsdl
from tests.endpoints.doors import envelope
from tests.endpoints.signers import Manner, holder, signed

MEDIA = 'multipart/related; boundary="edge"; type="application/xop+xml"; start-info="{0}"; start="<root@here>"'


@pytest.fixture
async def depot(tmp_path: Path) -> AsyncIterator[Depot]:
    async with opened(installed(tmp_path, wsdl("1.1", "1.2"))) as found:
        yield found


async def packed(depot: Depot, body: bytes, *, inside: str = "text/xml", key: str | None = None) -> httpx.Response:
    """Send an envelope as the root of a package, with one file beside it."""
    root = f'Content-Type: application/xop+xml; charset=UTF-8; type="{inside}"\r\nContent-ID: <root@here>\r\n\r\n'
    file = "Content-Type: application/pdf\r\nContent-ID: <file@here>\r\n\r\n%PDF-1.4 a file"
    content = f"--edge\r\n{root}".encode() + body + f"\r\n--edge\r\n{file}\r\n--edge--\r\n".encode()
    return await depot.call(content, key=key, Content_Type=MEDIA.format(inside))


def including(href: str) -> bytes:
    include = f'<i:Include xmlns:i="http://www.w3.org/2004/08/xop/include" href="{href}"/>'
    return envelope(f'<Tell xmlns="urn:depot"><Ref>{include}</Ref></Tell>')


async def test_what_is_included_comes_from_the_same_package_and_nowhere_else(depot: Depot) -> None:
    came: list[str] = []

    async def receive(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append("somebody")
        writer.close()

    server = await asyncio.start_server(receive, "127.0.0.1", 0)
    place = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/file"

    answers = [
        await packed(depot, including(href)) for href in ("cid:other@here", "file:///etc/passwd", place, "file@here", "")
    ]

    await asyncio.sleep(0.1)
    server.close()
    await server.wait_closed()
    assert came == []
    assert [code_of(answer) for answer in answers] == ["Client"] * 5
    assert b"root:" not in b"".join(answer.content for answer in answers)
    assert await depot.kept() == 0


async def test_a_signed_message_with_files_beside_it_is_refused(depot: Depot) -> None:
    signer = holder()
    fingerprint = signer.certificate.fingerprint(signer.certificate.signature_hash_algorithm).hex()
    await depot.hub.desk.issue_key("depot", "default", ("send:*",), actor="test", certificate=fingerprint)
    root = signed(tell(), Manner(signer, depot.hub.clock()))

    for key in ("", None):
        answer = await packed(depot, etree.tostring(root), key=key)

        assert answer.status_code == 415
        assert b"signed-package" in answer.content
    assert await depot.kept() == 0
