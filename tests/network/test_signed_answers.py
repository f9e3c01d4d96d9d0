"""Answers that must be signed: what is not signed by the application's certificate, where it is read, is never believed."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from lxml import etree

from hub.call import Delivered, Failed, Misconfigured, Outcome, Refused, Reply, Throttled, Unanswered, Unauthorised
from hub.caller import Answer, Caller
from hub.catalogue import inspect, load_catalogue
from hub.settings import read_settings
from hub.transports.http import HttpTransport
from hub.transports.signatures import fingerprint_of
from hub.transports.signed_answers import vouched
from tests.endpoints.depots import MEDIA, installed, wsdl
from tests.endpoints.doors import envelope
from tests.endpoints.signers import ENC, MORE, Manner, holder, signed
from tests.endpoints.test_soap_signatures import (
    OTHER,
    PLACEMENTS,
    SIGNER,
    WRONG,
    a_certificate_that_is_none,
    a_key_beside_the_certificate,
    a_namespace_that_has_no_canonical_form,
    a_second_certificate_of_the_same_id,
    a_value_that_is_no_base64,
    two_signatures,
    without_its_timestamp,
)
from tests.installation import free_port
from tests.transports.test_http import LOOPBACK

RECORDED = Path(__file__).with_name("recorded")
THEN = datetime(2026, 3, 2, 12, 1, tzinfo=UTC)
"""A minute after what zeep signed was signed."""
NOW = datetime.now(UTC)
MINUTE = timedelta(minutes=1)
CONNECTOR = """
connector: depot
title: Dépôts
protocol: {protocol}
contract: depot.wsdl
instances:
  default: {{address: "{address}", answers_signed_by: depot.pem}}
  lax: {{address: "{address}"}}
operations:
  told: {{direction: out, action: Tell, look_up: find}}
  find: {{direction: ask, action: Tell, found: Numero}}
answers: [{answers}]
"""


@dataclass
class Depot:
    """The application, which answers what it is told to, and the hub's way to it."""

    caller: Caller
    catalogue: Any
    now: datetime = NOW
    status: int = 200
    body: bytes = b""
    media: str = MEDIA["1.1"]
    more: tuple[tuple[str, str], ...] = ()

    async def answer(self, request: web.Request) -> web.Response:
        await request.read()
        headers = {**({"Content-Type": self.media} if self.media else {}), **dict(self.more)}
        return web.Response(status=self.status, body=self.body, headers=headers)

    async def call(self, body: bytes | etree._Element, operation: str = "told", authority: str = "default") -> Answer:
        self.body = body if isinstance(body, bytes) else etree.tostring(body)
        application = self.catalogue.connectors["depot"]
        return await self.caller.call(application, operation, {"Ref": "R-1"}, authority=authority, key="k")

    async def say(self, body: bytes | etree._Element, authority: str = "default") -> Outcome:
        return (await self.call(body, authority=authority)).outcome


def files(folder: Path, address: str, *, pem: str = SIGNER.pem, answers: str = "", protocol: str = "soap") -> Path:
    root = installed(folder, wsdl("1.1"))
    (root / "mappings" / "telling.yaml").unlink()
    place = root / "connectors" / "depot"
    said = CONNECTOR.format(address=address, answers=answers, protocol=protocol)
    (place / "connector.yaml").write_text(said, encoding="utf-8")
    (place / "depot.pem").write_text(pem)
    return place


@asynccontextmanager
async def an_application(folder: Path, **told: str) -> AsyncIterator[Depot]:
    port = free_port()
    files(folder, f"http://127.0.0.1:{port}", **told)
    transport, depots = HttpTransport(LOOPBACK), list[Depot]()
    caller = Caller(settings=read_settings({"HUB_ROOT": str(folder)}), transport=transport, clock=lambda: depots[0].now)
    depots.append(Depot(caller, load_catalogue(folder)))
    app = web.Application()
    app.router.add_post("/", depots[0].answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield depots[0]
    finally:
        await transport.close()
        await runner.cleanup()


@pytest.fixture
async def depot(tmp_path: Path) -> AsyncIterator[Depot]:
    async with an_application(tmp_path) as found:
        yield found


def told(number: str = "42", *, version: str = "1.1") -> bytes:
    """The answer of the contract."""
    return envelope(f'<Told xmlns="urn:depot"><Numero>{number}</Numero></Told>', version=version)


def fault(code: str = "Client", *, text: str = "Dépôt fermé") -> bytes:
    """A fault without a detail."""
    return envelope(f"<s:Fault><faultcode>s:{code}</faultcode><faultstring>{text}</faultstring></s:Fault>")


def good() -> Manner:
    """How the application signs."""
    return Manner(SIGNER, NOW)


def not_believed(outcome: Outcome) -> bool:
    """Whether it may have been carried out, and the signature is why, in both languages."""
    assert isinstance(outcome, Unanswered), outcome
    return "not believed" in outcome.reason.en and "pas crue" in outcome.reason.fr


# -- what is believed -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize("place", ["beside", "inside"])
async def test_what_zeep_signed_with_libxmlsec_is_believed(tmp_path: Path, place: str, version: str) -> None:
    async with an_application(tmp_path, pem=(RECORDED / "zeep.pem").read_text()) as depot:
        depot.now, depot.media = THEN, MEDIA[version]

        outcome = await depot.say((RECORDED / f"told-{place}-{version}.xml").read_bytes())

        assert outcome == Delivered({"Numero": "Dépôt 42"}, outcome.body)  # type: ignore[union-attr]


async def test_a_letter_changed_in_what_zeep_signed_is_not_believed(tmp_path: Path) -> None:
    async with an_application(tmp_path, pem=(RECORDED / "zeep.pem").read_text()) as depot:
        depot.now = THEN

        body = (RECORDED / "told-beside-1.1.xml").read_bytes()

        assert not_believed(await depot.say(body.replace(b" 42<", b" 43<")))


@pytest.mark.parametrize(
    "change",
    [{}, {"key_info": "inside"}, {"digest": f"{ENC}sha512", "method": f"{MORE}rsa-sha512"}, {"created": NOW - 4 * MINUTE}],
)
async def test_an_answer_that_the_certificate_signed_is_believed(depot: Depot, change: dict[str, Any]) -> None:
    assert isinstance(await depot.say(signed(told(), good().but(**change))), Delivered)


async def test_an_answer_signed_by_an_elliptic_curve_is_believed(tmp_path: Path) -> None:
    curve = holder(elliptic=True)
    async with an_application(tmp_path, pem=curve.pem) as depot:
        manner = Manner(curve, NOW).but(method=f"{MORE}ecdsa-sha256")

        assert isinstance(await depot.say(signed(told(), manner)), Delivered)


async def test_while_a_certificate_is_renewed_the_old_and_the_new_are_believed(tmp_path: Path) -> None:
    async with an_application(tmp_path, pem=f"the old one\n{OTHER.pem}the new one\n{SIGNER.pem}") as depot:
        for each in (SIGNER, OTHER):
            assert isinstance(await depot.say(signed(told(), Manner(each, NOW))), Delivered)


async def test_a_signed_answer_may_come_in_latin_letters(depot: Depot) -> None:
    depot.media = "text/xml; charset=iso-8859-1"

    outcome = await depot.say(etree.tostring(signed(told("été"), good()), encoding="iso-8859-1"))

    assert isinstance(outcome, Delivered)
    assert outcome.answer == {"Numero": "été"}


@pytest.mark.parametrize("altered", [False, True])
async def test_a_file_beside_a_signed_answer_is_covered_as_if_it_stood_inside(depot: Depot, altered: bool) -> None:
    content = b"%PDF-1.4 a letter"
    root = signed(told(b64encode(content).decode()), good())
    number = root.find(".//{urn:depot}Numero")
    number.text = None
    etree.SubElement(number, "{http://www.w3.org/2004/08/xop/include}Include", href="cid:file@there")
    head = 'Content-Type: application/xop+xml; charset=UTF-8; type="text/xml"\r\nContent-ID: <root@there>\r\n\r\n'
    part = b"\r\n--edge\r\nContent-Type: application/pdf\r\nContent-ID: <file@there>\r\n\r\n"
    sent = content.replace(b"letter", b"better") if altered else content
    depot.media = (
        'multipart/related; boundary="edge"; type="application/xop+xml"; start="<root@there>"; start-info="text/xml"'
    )

    outcome = await depot.say(f"--edge\r\n{head}".encode() + etree.tostring(root) + part + sent + b"\r\n--edge--\r\n")

    assert not_believed(outcome) if altered else isinstance(outcome, Delivered)


# -- what is not ----------------------------------------------------------------------------------------------------------


async def test_an_answer_without_a_signature_is_not_believed_where_one_is_wanted(depot: Depot) -> None:
    wanted, not_wanted = await depot.say(told()), await depot.say(told(), "lax")

    assert not_believed(wanted)
    assert isinstance(wanted, Unanswered)
    assert "not signed" in wanted.reason.en
    assert "may have been carried out" in wanted.reason.en
    assert isinstance(not_wanted, Delivered)


@pytest.mark.parametrize("moved", PLACEMENTS, ids=lambda moved: moved.__name__.replace("_", " "))
async def test_an_answer_whose_signed_body_was_moved_is_not_believed(
    depot: Depot, moved: Callable[[etree._Element], None]
) -> None:
    root = signed(told(), good())
    moved(root)
    for false in list(root.iter("{urn:depot}Tell")):  # what was put in its place answers what was asked
        false.tag, false[0].tag = "{urn:depot}Told", "{urn:depot}Numero"

    assert not_believed(await depot.say(root))
    assert isinstance(await depot.say(root, "lax"), Delivered)


def changed(root: etree._Element) -> None:
    root.find(".//{urn:depot}Numero").text = "43"


@pytest.mark.parametrize(
    "spoilt",
    [
        changed,
        without_its_timestamp,
        two_signatures,
        a_second_certificate_of_the_same_id,
        a_key_beside_the_certificate,
        a_namespace_that_has_no_canonical_form,
        a_certificate_that_is_none,
        a_value_that_is_no_base64,
    ],
    ids=lambda spoilt: spoilt.__name__.replace("_", " "),
)
async def test_a_signed_answer_that_was_changed_is_not_believed(
    depot: Depot, spoilt: Callable[[etree._Element], None]
) -> None:
    root = signed(told(), good())
    spoilt(root)

    assert not_believed(await depot.say(root))


@pytest.mark.parametrize("name", WRONG)
async def test_an_answer_whose_signature_proves_nothing_is_not_believed(depot: Depot, name: str) -> None:
    assert not_believed(await depot.say(signed(told(), good().but(**WRONG[name]))))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"created": NOW - 6 * MINUTE, "lasts": 60 * MINUTE}, "within five minutes"),
        ({"created": NOW + 6 * MINUTE}, "within five minutes"),
        ({"lasts": timedelta(seconds=-1)}, "within five minutes"),
        ({"by": OTHER}, "does not name"),
        ({"covers": ("time",)}, "does not prove"),
        ({"by": OTHER, "shows": SIGNER}, "does not prove"),
    ],
)
async def test_why_an_answer_is_not_believed_is_said(depot: Depot, change: dict[str, Any], says: str) -> None:
    outcome = await depot.say(signed(told(), good().but(**change)))

    assert not_believed(outcome)
    assert isinstance(outcome, Unanswered)
    assert says in outcome.reason.en


async def test_a_certificate_that_has_expired_proves_no_answer(tmp_path: Path) -> None:
    late = holder(days=(-30, -1))
    async with an_application(tmp_path, pem=late.pem) as depot:
        outcome = await depot.say(signed(told(), Manner(late, NOW)))

        assert not_believed(outcome)
        assert isinstance(outcome, Unanswered)
        assert "not valid today" in outcome.reason.en


@pytest.mark.parametrize("means", ["delivered", "refused", "failed", "later", "missing"])
async def test_no_rule_of_the_connector_makes_an_unsigned_answer_believed(tmp_path: Path, means: str) -> None:
    rule = f'{{at: Numero, is: "42", means: {means}}}, {{status: "404", means: {means}}}'
    async with an_application(tmp_path, answers=rule) as depot:
        assert not_believed(await depot.say(told()))
        assert type(await depot.say(signed(told(), good()))) is not Unanswered


# -- faults, and what HTTP alone says -------------------------------------------------------------------------------------


async def test_a_fault_that_zeep_signed_is_read_as_any_fault(tmp_path: Path) -> None:
    async with an_application(tmp_path, pem=(RECORDED / "zeep.pem").read_text()) as depot:
        depot.now, depot.status = THEN, 500

        outcome = await depot.say((RECORDED / "fault-1.1.xml").read_bytes())

        assert isinstance(outcome, Refused)
        assert "Erreur" in outcome.reason.fr and "Dépôt fermé" in outcome.reason.fr


@pytest.mark.parametrize(("code", "outcome"), [("Client", Refused), ("Server", Failed), ("MustUnderstand", Misconfigured)])
async def test_a_fault_is_believed_when_it_is_signed(depot: Depot, code: str, outcome: type) -> None:
    depot.status = 500

    assert isinstance(await depot.say(signed(fault(code), good())), outcome)


@pytest.mark.parametrize("status", [200, 400, 401, 403, 500, 503])
@pytest.mark.parametrize("code", ["Client", "Server"])
async def test_a_fault_that_nobody_signed_refuses_nothing_and_its_words_are_shown(
    depot: Depot, code: str, status: int
) -> None:
    depot.status = status

    outcome = await depot.say(fault(code))

    assert not_believed(outcome)
    assert isinstance(outcome, Unanswered)
    assert outcome.reason.en.endswith("It says: Dépôt fermé")
    assert outcome.reason.fr.endswith("Elle dit : Dépôt fermé")


async def test_what_http_alone_says_of_what_was_not_done_stands(depot: Depot) -> None:
    depot.media, depot.more = "text/plain", (("Retry-After", "90"),)
    came = {}
    for depot.status in (503, 429, 401, 403, 405, 410, 502, 504):
        came[depot.status] = await depot.say(b"not here")

    assert came[503] == Throttled(came[503].reason, timedelta(seconds=90))  # type: ignore[union-attr]
    kinds = [Throttled, Throttled, Unauthorised, Unauthorised, Misconfigured, Misconfigured, Unanswered, Unanswered]
    assert [type(each) for each in came.values()] == kinds


@pytest.mark.parametrize("body", [b"", b"no envelope", b"<a/>", b"<"])
@pytest.mark.parametrize("status", [200, 202, 204, 400, 404, 409, 500])
async def test_what_http_alone_says_of_what_was_done_or_refused_does_not(depot: Depot, status: int, body: bytes) -> None:
    depot.status, depot.media = status, "text/xml" if body else ""

    assert isinstance(await depot.say(b"" if status == 204 else body), Unanswered)


@pytest.mark.parametrize("means", ["delivered", "refused", "failed", "missing"])
async def test_no_rule_makes_a_bare_status_believed(tmp_path: Path, means: str) -> None:
    async with an_application(
        tmp_path, answers=f'{{status: "404", means: {means}}}, {{status: "503", means: {means}}}'
    ) as depot:
        for depot.status in (404, 503):
            assert not_believed(await depot.say(b"not here"))


# -- look-ups -------------------------------------------------------------------------------------------------------------


async def test_a_look_up_is_believed_when_it_is_signed_and_only_then(depot: Depot) -> None:
    nothing = [await depot.call(each, "find") for each in (signed(told(""), good()), told(""))]
    found = [await depot.call(each, "find") for each in (signed(told("42"), good()), told("42"))]

    assert [(type(each.outcome), each.missing) for each in nothing] == [(Delivered, True), (Unanswered, False)]
    assert [(type(each.outcome), each.missing) for each in found] == [(Delivered, False), (Unanswered, False)]


def test_what_no_signature_covers_is_not_even_there_to_be_read() -> None:
    root = signed(told(), good())
    etree.SubElement(root[0], "{http://www.w3.org/2005/08/addressing}RelatesTo").text = "urn:uuid:another"
    root.find(".//{urn:depot}Told").addnext(etree.Element("{urn:depot}Beside"))
    came = Reply(
        200, {"content-type": "text/xml; charset=utf-8"}, etree.tostring(signed(etree.tostring(bare(root)), good()))
    )

    read = vouched(came, by={fingerprint_of(SIGNER.pem)}, now=NOW)

    assert b"Numero>42<" in read.body
    assert not any(word in read.body for word in (b"RelatesTo", b"Beside", b"Signature", b"Header"))


def bare(root: etree._Element) -> etree._Element:
    """The message without what signed it."""
    security = root[0][0]
    security.getparent().remove(security)
    return root


async def test_what_came_is_kept_as_it_came(depot: Depot) -> None:
    root = signed(told(), good())

    answer = await depot.call(root)

    assert answer.reply is not None
    assert answer.reply.body == etree.tostring(root)


async def test_answers_are_held_against_their_signatures_beside_other_work(depot: Depot) -> None:
    root = signed(told("x" * 2_000_000), good())

    outcomes = await asyncio.gather(*(depot.say(root) for _ in range(4)))

    assert [type(each) for each in outcomes] == [Delivered] * 4


# -- the check ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pem", "says"),
    [
        (None, "no file “depot.pem”"),
        ("", "not one X.509 certificate"),
        (SIGNER.secret.partition("-----BEGIN CERT")[0], "not one X.509 certificate"),
        (holder(size=1024).pem, "2048 bits"),
        (SIGNER.pem + holder(size=1024).pem, "2048 bits"),
    ],
    ids=["no file", "empty", "a key", "a weak key", "a weak key beside a good one"],
)
def test_a_file_that_names_no_strong_certificate_is_found_by_the_check(tmp_path: Path, pem: str | None, says: str) -> None:
    place = files(tmp_path, "http://127.0.0.1:9", pem=pem or "")
    if pem is None:
        (place / "depot.pem").unlink()

    errors = inspect(tmp_path)[1].errors

    assert [(says in each.text.en, each.line) for each in errors] == [(True, 7)]


def test_a_file_of_another_folder_is_not_read(tmp_path: Path) -> None:
    place = files(tmp_path, "http://127.0.0.1:9")
    (tmp_path / "elsewhere.pem").write_text(SIGNER.pem)
    (place / "depot.pem").unlink()
    (place / "depot.pem").symlink_to(tmp_path / "elsewhere.pem")

    assert any("no file" in each.text.en for each in inspect(tmp_path)[1].errors)


def test_rest_answers_are_not_signed_and_the_check_says_so(tmp_path: Path) -> None:
    files(tmp_path, "http://127.0.0.1:9", protocol="rest")

    assert any("only the answers of SOAP" in str(each.right) for each in inspect(tmp_path)[1].errors)


def test_an_operation_without_an_answer_is_warned_of(tmp_path: Path) -> None:
    place = files(tmp_path, "http://127.0.0.1:9")
    contract = (place / "depot.wsdl").read_text().replace('<output message="t:Told"/>', "")
    (place / "depot.wsdl").write_text(contract.replace('<output><s11:body use="literal"/></output>', ""))
    yaml = (place / "connector.yaml").read_text().replace(", look_up: find", ", repeatable: true")
    (place / "connector.yaml").write_text("\n".join(line for line in yaml.split("\n") if "find:" not in line))

    report = inspect(tmp_path)[1]

    assert report.errors == ()
    assert any("wants answers signed" in each.text.en for each in report.findings)


def test_right_words_are_found_right(tmp_path: Path) -> None:
    files(tmp_path, "http://127.0.0.1:9")

    assert inspect(tmp_path)[1].errors == ()
