"""Contracts as they really are: each loads, or is refused with a reason; none reaches the network or another folder."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from tests.transports.corpus import contracts
from tests.transports.watched import Canary, Listener

ROOT = Path(__file__).parents[2]
SHARED = ROOT / ".." / "shared" / "contracts"
needs_shared = pytest.mark.skipif(not SHARED.exists(), reason="the folder `shared` is not beside the repository")
linux = pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")

SLOWEST = 10.0
REMOTE = re.compile(r"""((?:schemaLocation|location|systemId)=["']|\$ref["']?:\s*["'])https?://[^/"'?#]*""")
WSDLS = 36
LOADED_WSDLS = 22
"""At least so many of them; the others are abstract parts, plain HTTP, encoded, or stubs without operations."""

CANARY = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:canary" xmlns="urn:canary">
<xs:element name="Sung" type="xs:string"/><xs:simpleType name="Note"><xs:restriction base="xs:string"/></xs:simpleType>
</xs:schema>"""
XSD = """<?xml version="1.0"?>{before}<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"
  xmlns:xi="http://www.w3.org/2001/XInclude" xmlns:c="urn:canary" targetNamespace="urn:t">{brings}
  <xs:element name="R"><xs:complexType><xs:sequence>{inside}<xs:element name="own" type="xs:string"/></xs:sequence>
  </xs:complexType></xs:element></xs:schema>"""
WSDL = """<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:xs="http://www.w3.org/2001/XMLSchema"
  xmlns:c="urn:canary" targetNamespace="urn:w">{brings}
  <types><xs:schema targetNamespace="urn:t">{imports}</xs:schema></types>
  <message name="In"><part name="p" element="c:Sung"/></message>
  <portType name="P"><operation name="O"><input message="c:In"/></operation></portType></definitions>"""
OPENAPI = """openapi: 3.1.0
info: {{title: t, version: '1'}}
paths:
  /a:
    post:
      operationId: o
      requestBody: {{content: {{application/json: {{schema: {{$ref: '{to}'}}}}}}}}
      responses: {{204: {{description: ok}}}}
"""

PATHS = (
    "../canary.xsd",
    "inner/../../canary.xsd",
    "%2e%2e/canary.xsd",
    "..\\canary.xsd",
    "{canary}",
    "file://{canary}",
    "FILE://localhost{canary}",
    "link.xsd",
    "linked/canary.xsd",
    "http://127.0.0.1:{port}/canary.xsd",
    "//127.0.0.1:{port}/canary.xsd",
    "jar:file:{canary}!/x",
)


def run(folder: Path) -> dict[str, dict[str, Any]]:
    """What became of each contract of `folder`, in a process of its own that is under audit."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.transports.corpus", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    outcomes = [json.loads(line) for line in ended.stdout.splitlines()]
    return {each["file"]: each for each in outcomes}


@pytest.fixture
def listener() -> Iterator[Listener]:
    server = Listener()
    yield server
    server.close()


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[tuple[Path, Canary]]:
    file = tmp_path / "canary.xsd"
    file.write_text(CANARY, encoding="utf-8")
    watched = Canary(file)
    yield file, watched
    watched.close()


def copied(to: Path, port: int) -> int:
    """A copy of the whole corpus in which every address that a loader could fetch is that of the listener."""
    shutil.copytree(SHARED, to)
    turned = 0
    for file in contracts(to):
        text = file.read_text(encoding="utf-8")
        text, count = REMOTE.subn(rf"\g<1>http://127.0.0.1:{port}", text)
        file.write_text(text, encoding="utf-8")
        turned += count
    return turned


@needs_shared
@pytest.mark.timeout(120)
def test_every_contract_loads_or_is_refused_with_place_reason_and_remedy(tmp_path: Path, listener: Listener) -> None:
    turned = copied(tmp_path / "contracts", listener.port)

    outcomes = run(tmp_path / "contracts")

    wsdls = {name: each for name, each in outcomes.items() if name.endswith(".wsdl")}
    assert len(wsdls) == WSDLS and len(outcomes) == len(contracts(SHARED))
    assert sum(each["operations"] > 0 for each in wsdls.values()) >= LOADED_WSDLS
    for name, each in outcomes.items():
        assert (each["operations"] > 0) != bool(each["said"]), name
        for said in each["said"]:
            assert said["file"] and int(said["line"]) > 0, said
            assert said["fr"] and said["en"] != said["fr"], said
            assert said["right_fr"] and said["right_en"] != said["right_fr"], said
        assert each["seconds"] < SLOWEST, name
        assert each["forbidden"] == [], name
    assert turned > 40
    assert listener.calls() == 0


def hostile(folder: Path, canary: Path, port: int) -> None:
    """Contracts that try to leave their folder, each in one way."""
    folder.mkdir()
    (folder / "link.xsd").symlink_to(canary)
    (folder / "linked").symlink_to(canary.parent, target_is_directory=True)
    (folder / "inner").mkdir()
    schema = '<xs:import namespace="urn:canary" schemaLocation="{}"/>'
    use = '<xs:element name="sung" type="c:Note"/>'
    for number, path in enumerate(each.format(canary=canary, port=port) for each in PATHS):
        _write(folder / f"import{number}.xsd", XSD.format(before="", brings=schema.format(path), inside=use))
        include = f'<xs:include schemaLocation="{path}"/>'
        _write(folder / f"include{number}.xsd", XSD.format(before="", brings=include, inside=""))
        _write(folder / f"redefine{number}.xsd", XSD.format(before="", brings=include.replace("clude", "define"), inside=""))
        _write(folder / f"types{number}.wsdl", WSDL.format(brings="", imports=schema.format(path)))
        _write(
            folder / f"whole{number}.wsdl", WSDL.format(brings=f'<import namespace="urn:c" location="{path}"/>', imports="")
        )
        _write(folder / f"reference{number}.yaml", OPENAPI.format(to=f"{path}#/a"))
        body = {"$schema": "https://json-schema.org/draft/2020-12/schema", "properties": {"a": {"$ref": f"{path}#/a"}}}
        _write(folder / f"schema{number}.json", json.dumps(body))
    entity = f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{canary}">]>'
    _write(folder / "entity.xsd", XSD.format(before=entity, brings="", inside="&e;"))
    _write(
        folder / "parameter.xsd",
        XSD.format(before=f'<!DOCTYPE x [<!ENTITY % e SYSTEM "{canary}"> %e;]>', brings="", inside=""),
    )
    _write(
        folder / "dtd.wsdl",
        f'<!DOCTYPE definitions SYSTEM "http://127.0.0.1:{port}/d.dtd">' + WSDL.format(brings="", imports=""),
    )
    _write(folder / "xinclude.xsd", XSD.format(before="", brings="", inside=f'<xi:include href="{canary}"/>'))
    _write(
        folder / "hint.xsd",
        XSD.format(before="", brings="", inside="").replace(
            "targetNamespace",
            f'xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:schemaLocation="urn:c {canary}" targetNamespace',
        ),
    )
    _write(folder / "sheet.xsd", XSD.format(before=f'<?xml-stylesheet href="file://{canary}"?>', brings="", inside=""))
    nested = f'<xs:import namespace="urn:n" schemaLocation="inner/nested.xsd"/>{schema.format("inner/nested.xsd")}'
    _write(folder / "nested.xsd", XSD.format(before="", brings=nested, inside=use))
    _write(folder / "inner" / "nested.xsd", XSD.format(before="", brings=schema.format("../../canary.xsd"), inside=use))


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")


@linux
@pytest.mark.timeout(120)
def test_no_contract_reads_a_file_outside_its_folder_or_calls_anyone(
    tmp_path: Path, canary: tuple[Path, Canary], listener: Listener
) -> None:
    file, watched = canary
    hostile(tmp_path / "connector", file, listener.port)
    written = len(contracts(tmp_path / "connector"))
    watched.opened()

    outcomes = run(tmp_path / "connector")

    assert len(outcomes) == written >= 7 * len(PATHS)
    assert not watched.opened()
    assert listener.calls() == 0
    harmless = {"hint.xsd", "sheet.xsd"}
    assert {name for name, each in outcomes.items() if each["operations"]} == harmless
    for name, each in outcomes.items():
        assert each["forbidden"] == [], name
        assert not any("Sung" in word or "sung" in word for word in each["names"]), name


@linux
def test_the_watchers_see_a_forbidden_act_when_one_is_made(
    tmp_path: Path, canary: tuple[Path, Canary], listener: Listener
) -> None:
    file, watched = canary
    acts = f"""
import socket
from tests.transports.corpus import Audit
audit = Audit()
audit.folder = {str(tmp_path / "connector")!r}
open({str(file)!r}).close()
socket.create_connection(("127.0.0.1", {listener.port})).close()
audit.folder = ""
print("\\n".join(audit.seen))
"""
    watched.opened()

    ended = subprocess.run([sys.executable, "-c", acts], cwd=ROOT, capture_output=True, text=True, timeout=110, check=True)

    seen = ended.stdout.splitlines()
    assert f"open {file}" in seen
    assert any(each.startswith("socket.connect") for each in seen)
    assert any(each.startswith("socket.getaddrinfo") for each in seen)
    assert listener.calls() == 1
    assert watched.opened()

    etree.parse(str(file))

    assert watched.opened(), "libxml2 opens files itself, which no hook of Python hears: the kernel tells"
