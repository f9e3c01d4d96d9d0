"""Contracts that lead astray, by imports or addresses: read offline and in a moment, or refused with their line."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from hub.assembly import assemble
from hub.codecs import codec_for
from hub.contract import Contract
from hub.errors import ConfigurationError, HubError
from hub.settings import read_settings
from hub.transports.contracts import load_contract
from hub.transports.envelope import open_envelope, wrap
from hub.transports.http import HttpTransport
from hub.transports.soap import soap_call
from tests.benchmarks.soap import DOCUMENT
from tests.benchmarks.soap_contract import TYPES, order_contract, wide_contract, woven_contract
from tests.installation import install
from tests.transports.test_http import LOOPBACK, saying, serving

XS = "http://www.w3.org/2001/XMLSchema"
WSDL = "http://schemas.xmlsoap.org/wsdl/"
SECONDS = 8
"""Of the processor, for ten thousand imports on any machine; two are usual, and three where much else is done."""


class Ear:
    """A listener that nobody is to call."""

    def __init__(self) -> None:
        self.calls = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                self._socket.accept()[0].close()
            except OSError:
                return
            self.calls += 1

    def close(self) -> None:
        """Listen no more."""
        self._socket.close()


@contextmanager
def listening() -> Iterator[Ear]:
    ear = Ear()
    yield ear
    ear.close()


def in_schema(path: Path, text: str) -> Path:
    """Puts something at the beginning of the WSDL's schema."""
    whole = path.read_text(encoding="utf-8")
    at = whole.index(">", whole.index("<xs:schema")) + 1
    path.write_text(whole[:at] + text + whole[at:], encoding="utf-8")
    return path


def in_wsdl(path: Path, text: str) -> Path:
    """Puts something before the WSDL's types."""
    path.write_text(path.read_text(encoding="utf-8").replace("<types>", f"{text}<types>", 1), encoding="utf-8")
    return path


def schema(inside: str = "", namespace: str = TYPES) -> str:
    return f'<xs:schema xmlns:xs="{XS}" targetNamespace="{namespace}">{inside}</xs:schema>'


def loaded(path: Path) -> Contract:
    """The contract, loaded within the time that anything may take."""
    started = time.process_time()
    contract = load_contract(path)
    assert time.process_time() - started < SECONDS
    return contract


def refused(path: Path) -> str:
    """The first finding of a contract that is refused within the time that anything may take."""
    started = time.process_time()
    with pytest.raises(ConfigurationError) as caught:
        load_contract(path)
    assert time.process_time() - started < SECONDS
    finding = caught.value.findings[0]
    assert finding.file
    assert finding.text.fr
    return finding.text.en


# -- imports ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "location",
    ["{url}/x", "http://[/x", "//[::1/x", "file:///proc/version", "../../x", "%2e%2e/x", "..\\x", "x%00", "x" * 5000],
)
def test_an_import_that_leads_out_of_the_folder_is_refused_with_its_line_and_nobody_is_called(
    location: str, tmp_path: Path
) -> None:
    (tmp_path / "x").write_text(schema(namespace="urn:x"))
    (tmp_path / "folder").mkdir()
    with listening() as ear:
        place = location.format(url=ear.url)
        imported = in_schema(order_contract(tmp_path / "folder"), f'<xs:import namespace="urn:x" schemaLocation="{place}"/>')
        assert place[:40] in refused(imported)

        included = in_schema(order_contract(tmp_path / "folder"), f'<xs:include schemaLocation="{place}"/>')
        assert place[:40] in refused(included)

        of_wsdl = in_wsdl(order_contract(tmp_path / "folder"), f'<import namespace="urn:x" location="{place}"/>')
        assert place[:40] in refused(of_wsdl)

        assert ear.calls == 0


async def test_a_contract_that_stands_behind_a_redirection_is_not_gone_and_fetched(tmp_path: Path) -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
    async with serving(saying(moved)) as server:
        path = in_wsdl(order_contract(tmp_path), f'<import namespace="urn:x" location="{server.url}"/>')

        assert "read offline" in await asyncio.to_thread(refused, path)

    assert server.connections == 0


def test_wsdls_that_import_each_other_are_read_once_each(tmp_path: Path) -> None:
    path = in_wsdl(order_contract(tmp_path), '<import namespace="urn:b" location="b.wsdl"/>')
    back = f'<import namespace="urn:a" location="{path.name}"/>'
    (tmp_path / "b.wsdl").write_text(f'<definitions xmlns="{WSDL}" targetNamespace="urn:b">{back}</definitions>')

    assert set(loaded(path).operations) == {"CreateOrder"}


def test_ten_thousand_imports_of_one_file_are_read_as_one(tmp_path: Path) -> None:
    (tmp_path / "o.xsd").write_text(schema(namespace="urn:o"))
    path = in_schema(order_contract(tmp_path), '<xs:import namespace="urn:o" schemaLocation="o.xsd"/>' * 10_000)
    in_wsdl(path, f'<import namespace="urn:own" location="{path.name}"/>' * 10_000)

    assert set(loaded(path).operations) == {"CreateOrder"}


@pytest.mark.parametrize("location", ["o{}.xsd", "http://127.0.0.1:9/o{}.xsd"])
def test_ten_thousand_imports_of_nothing_are_refused_at_the_first(location: str, tmp_path: Path) -> None:
    links = (f'<xs:import namespace="urn:o{n}" schemaLocation="{location.format(n)}"/>' for n in range(10_000))

    assert "o0.xsd" in refused(in_schema(order_contract(tmp_path), "".join(links)))


@pytest.mark.parametrize("kind", ["include", "import"])
def test_imports_within_imports_are_followed_to_a_depth_that_no_contract_has(kind: str, tmp_path: Path) -> None:
    def link(number: int) -> str:
        space = f' namespace="urn:c{number}"' if kind == "import" else ""
        return f'<xs:{kind} schemaLocation="c{number}.xsd"{space}/>'

    for number in range(2_000):
        space = f"urn:c{number}" if kind == "import" else TYPES
        (tmp_path / f"c{number}.xsd").write_text(schema(link(number + 1), space))
    assert "over 50" in refused(in_schema(order_contract(tmp_path), link(0)))

    (tmp_path / "c48.xsd").write_text(schema("", "urn:c48" if kind == "import" else TYPES))
    assert set(loaded(tmp_path / "order.wsdl").operations) == {"CreateOrder"}


def test_more_than_a_thousand_schemas_are_too_many(tmp_path: Path) -> None:
    links = []
    for number in range(1_001):
        (tmp_path / f"c{number}.xsd").write_text(schema(namespace=f"urn:c{number}"))
        links.append(f'<xs:import namespace="urn:c{number}" schemaLocation="c{number}.xsd"/>')

    assert "1000" in refused(in_schema(order_contract(tmp_path), "".join(links)))


# -- addresses ----------------------------------------------------------------------------------------------------------


async def test_the_address_in_a_wsdl_is_never_called(tmp_path: Path) -> None:
    path = order_contract(tmp_path)
    with listening() as ear:
        for address in (ear.url, "http://169.254.169.254/latest/meta-data"):
            path.write_text(path.read_text().replace("http://127.0.0.1:9/", f"{address}/"))
            operation = load_contract(path).operations["CreateOrder"]
            assert operation.input
            payload = codec_for(operation.input).write(DOCUMENT)
            async with serving(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) as server:
                transport = HttpTransport(LOOPBACK)
                await transport.send(soap_call(operation, payload, address=server.url))
                await transport.close()

            assert len(server.requests) == 1
        assert ear.calls == 0


# -- many types ---------------------------------------------------------------------------------------------------------


def test_a_wsdl_of_800_types_is_loaded_in_a_moment_and_served_and_called(tmp_path: Path) -> None:
    contract = loaded(wide_contract(tmp_path, types=800))

    assert len(contract.operations) == 100
    operation = contract.operations["Operation042"]
    assert operation.input
    document = {
        "Numero": "ABC",
        "Demandeur": {"Nom": "LE GOFF", "Adresse": {"@insee": "A", "Voie": "Le Bourg", "Commune": "Privas"}},
        "Ligne": [{"Code": "A", "Quantite": "1", "Montant": "2.50"}],
    }
    payload = codec_for(operation.input).write(document)
    assert not operation.input.check(payload)
    assert codec_for(operation.input).read(open_envelope(wrap(payload)).payload) == document
    assert operation.input.check(payload.replace(b"ABC", b"abc"))


def test_types_that_use_each_other_are_shaped_once_however_large_a_document_is_that_has_them_all(tmp_path: Path) -> None:
    contract = loaded(woven_contract(tmp_path, types=800))

    operation = contract.operations["Operation007"]
    assert operation.input
    assert len(operation.input.shape.leaves()) > 10_000
    document = {"V0": "a", "P21": {"V3": "b", "P63": {"P89": {"V1": "c"}}}}
    payload = codec_for(operation.input).write(document)
    assert not operation.input.check(payload)
    assert codec_for(operation.input).read(payload) == document


def test_the_time_of_loading_grows_with_the_types_and_not_with_their_square(tmp_path: Path) -> None:
    for name in ("few", "many"):
        (tmp_path / name).mkdir()
    few, many = wide_contract(tmp_path / "few", types=200), wide_contract(tmp_path / "many", types=1600)

    def seconds(path: Path) -> float:
        started = time.process_time()
        load_contract(path)
        return time.process_time() - started

    load_contract(few)
    assert min(seconds(many) for _ in range(2)) < 8 * 3 * min(seconds(few) for _ in range(3))


async def test_while_contracts_are_loaded_the_event_loop_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installation = install(tmp_path)
    (tmp_path / "file").touch()
    settings = read_settings(installation.environment | {"HUB_DATABASE": f"sqlite:///{tmp_path}/file/hub.db"})
    loop, begun, went_on, loads = asyncio.get_running_loop(), [], threading.Event(), []

    def loaded_beside(path: Path, **options: Any) -> Contract:
        if not begun:
            begun.append(path)
            loop.call_soon_threadsafe(went_on.set)
        loads.append(went_on.wait(30))
        return load_contract(path, **options)

    monkeypatch.setattr("hub.catalogue.contracts.load_contract", loaded_beside)
    with pytest.raises(HubError):
        await assemble(settings)  # the ledger, which is opened next, cannot be there

    assert loads and all(loads), "the loop had a turn before the first was loaded"


def test_what_a_schema_set_is_compiled_by_fetches_nothing() -> None:
    with listening() as ear:
        text = schema(f'<xs:import namespace="urn:x" schemaLocation="{ear.url}/x.xsd"/>')
        parser = etree.XMLParser(no_network=True, resolve_entities=False, load_dtd=False)
        etree.XMLSchema(etree.fromstring(text.encode(), parser))

        assert ear.calls == 0
