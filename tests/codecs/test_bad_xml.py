"""Whatever XML others send, at every place where the hub reads it: refused in words, within a second of the processor and
fifty megabytes, without a call to anybody and without a word of what is inside."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hub.codecs import xml
from hub.transports.envelope import wrap
from hub.transports.signatures import Forged, claimed, read_signer, signed
from tests.codecs.bad_xml import DTD, PAYLOADS, REFERENCES
from tests.endpoints.signers import holder
from tests.installation import REPOSITORY

SECONDS, MEGABYTES = 1.0, 50
PLACES = ("intake", "check", "door", "answer", "contract", "tester")

pytestmark = pytest.mark.timeout(300)


@dataclass
class Tried:
    """What came of each payload at each place, and how often somebody was called."""

    found: dict[tuple[str, str], dict[str, Any]]
    calls: int


@pytest.fixture(scope="module")
def tried() -> Iterator[Tried]:
    if not REFERENCES.exists():
        pytest.skip("the most memory held is counted by Linux")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        calls = 0

        def count() -> None:
            nonlocal calls
            while True:
                try:
                    listener.accept()[0].close()
                except OSError:
                    return
                calls += 1

        threading.Thread(target=count, daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        shown = subprocess.run(
            (sys.executable, "-m", "tests.codecs.bad_xml", url),
            env={"PYTHONPATH": str(REPOSITORY), "PATH": ""},
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=True,
            timeout=280,
        ).stdout
        lines = [json.loads(line) for line in shown.splitlines()]
        yield Tried({(line["name"], line["place"]): line for line in lines}, calls)


@pytest.mark.parametrize("name", PAYLOADS)
def test_bad_xml_is_refused_everywhere_within_a_second_and_fifty_megabytes(name: str, tried: Tried) -> None:
    for place in PLACES:
        found = tried.found[name, place]

        assert "seconds" in found, found
        assert found["came"] not in ("taken", "Delivered"), place
        assert found["seconds"] <= SECONDS, place
        assert found["megabytes"] <= MEGABYTES, place


@pytest.mark.parametrize("name", DTD)
def test_a_document_type_is_refused_as_such_before_anything_grows(name: str, tried: Tried) -> None:
    for place in ("intake", "door", "tester"):
        assert tried.found[name, place]["came"] == "dtd-forbidden"
        assert tried.found[name, place]["megabytes"] <= 10


def test_nobody_is_called_for_a_document(tried: Tried) -> None:
    assert tried.calls == 0


def test_no_word_of_a_document_or_of_a_file_is_told(tried: Tried) -> None:
    secret = re.compile(r"x{20}|lol|Linux version|file:///|127\.0\.0\.1")

    assert [key for key, each in tried.found.items() if secret.search(each.get("words", ""))] == []


@pytest.mark.parametrize("id_", ["x' or 'a'='a", "hub-signed-body' or '1'='1", "x)]|//*[(1", "$name"])
def test_an_id_that_is_a_piece_of_xpath_names_nothing(id_: str) -> None:
    envelope = signed(wrap(b"<a/>"), read_signer(holder(elliptic=True).secret), now=datetime.now(UTC))
    spoilt = envelope.replace(b'URI="#hub-signed-body"', f'URI="#{id_}"'.encode())

    assert claimed(envelope)
    assert spoilt != envelope
    with pytest.raises(Forged):
        claimed(spoilt)


def test_an_include_of_another_document_stays_the_text_that_it_is(tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("canary")
    root = xml.parse(
        f'<a><i:include xmlns:i="http://www.w3.org/2001/XInclude" href="{(tmp_path / "other.txt").as_uri()}"'
        ' parse="text"/></a>'.encode()
    )

    assert root[0].tag == "{http://www.w3.org/2001/XInclude}include"
    assert "".join(root.itertext()) == ""
