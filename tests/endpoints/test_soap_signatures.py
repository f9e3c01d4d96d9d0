"""A signed call is its signer's, and only what the signature covers is taken: every known way to move it is refused."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from copy import deepcopy
from datetime import timedelta
from functools import partial
from ipaddress import ip_network
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from lxml import etree

from hub.call import Delivered, Misconfigured, Unauthorised
from hub.caller import Caller
from hub.catalogue import inspect, load_catalogue
from hub.contract import Operation, SoapBinding
from hub.errors import Conflict, MessageError
from hub.settings import read_settings
from hub.transports.addresses import Egress
from hub.transports.credentials import Credentials
from hub.transports.http import HttpTransport
from hub.transports.signatures import fingerprint_of, read_signer
from hub.transports.soap import soap_call
from tests import nursery
from tests.endpoints.depots import SOAP, Depot, installed, opened, tell, wsdl
from tests.endpoints.doors import SECURITY, username_token
from tests.endpoints.served import plainly_served
from tests.endpoints.signers import DS, ENC, EXCLUSIVE, ID, MORE, Holder, Manner, holder, signed
from tests.endpoints.test_soap_tokens import UTILITY

ENVELOPE = f"{{{SOAP['1.1']}}}"
MINUTE = timedelta(minutes=1)
SIGNER, OTHER = holder(), holder()
"""Made once: an RSA key takes a while."""


@pytest.fixture
async def depot(tmp_path: Path) -> AsyncIterator[Depot]:
    """A hub that knows a certificate of the application."""
    async with opened(installed(tmp_path, wsdl("1.1", "1.2"))) as found:
        await bind(found, SIGNER)
        yield found


async def bind(depot: Depot, to: Holder) -> str:
    """A key of the application, bound to a certificate."""
    return await depot.hub.desk.issue_key(
        "depot", "default", ("send:*",), actor="test", certificate=to.certificate.fingerprint(SHA256()).hex()
    )


def manner(depot: Depot, by: Holder = SIGNER) -> Manner:
    return Manner(by, depot.hub.clock())


async def test_what_the_hub_signs_the_hub_takes_once(depot: Depot) -> None:
    tokens = Credentials("username-token", f"{depot.key.split('_')[1]}:{depot.key}")
    called = [
        soap_call(
            Operation("Tell", SoapBinding("urn:tell:11")),
            b'<Tell xmlns="urn:depot"><Ref>R-1</Ref></Tell>',
            address="http://hub.test/soap/depot",
            credentials=credentials,
            signer=read_signer(SIGNER.secret),
            now=depot.hub.clock(),
        )
        for credentials in (None, tokens)
    ]

    answers = [await depot.call(each.body, key="") for each in (*called, called[0])]

    assert [answer.status_code for answer in answers] == [200, 200, 401]


async def sent(depot: Depot, root: etree._Element, *, version: str = "1.1", **headers: str) -> httpx.Response:
    """Call with nothing but the signature to say who calls."""
    return await depot.call(etree.tostring(root), version=version, key="", **headers)


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize("shown", ["beside", "inside"])
async def test_a_signed_call_is_its_signers(depot: Depot, version: str, shown: str) -> None:
    root = signed(tell(version=version), manner(depot).but(key_info=shown))

    answer = await sent(depot, root, version=version)

    assert answer.status_code == 200, answer.text
    assert b"<Ref>R-1</Ref>" in await depot.content()


async def test_a_signature_by_an_elliptic_curve_is_taken(depot: Depot) -> None:
    curve = holder(elliptic=True)
    await bind(depot, curve)

    answer = await sent(depot, signed(tell(), manner(depot, curve).but(method=f"{MORE}ecdsa-sha256")))

    assert answer.status_code == 200, answer.text


async def test_a_signature_that_came_before_is_refused(depot: Depot) -> None:
    root = signed(tell(), manner(depot))
    written_otherwise, spread = deepcopy(root), deepcopy(root)
    written_otherwise.find(f".//{{{DS}}}SignatureValue").text += "\n"
    spread.find(f".//{{{DS}}}SignedInfo").tail = "\n"

    answers = [await sent(depot, each) for each in (root, root, written_otherwise, spread)]

    assert [answer.status_code for answer in answers] == [200, 401, 401, 401]
    assert await depot.kept() == 1


async def test_of_ten_copies_at_once_one_is_taken(depot: Depot) -> None:
    root = signed(tell(), manner(depot))

    answers = await asyncio.gather(*(sent(depot, root) for _ in range(10)))

    assert sorted(answer.status_code for answer in answers) == [200, *[401] * 9]


# -- wrapping: what is signed is moved to where the verifier looks, and something else put where the reader looks -------


def parts(root: etree._Element) -> tuple[etree._Element, etree._Element, etree._Element, etree._Element]:
    header, body = root.find(f"{ENVELOPE}Header"), root.find(f"{ENVELOPE}Body")
    security = header.find(f"{{{SECURITY}}}Security")
    return header, security, security.find(f"{{{DS}}}Signature"), body


def false_body(root: etree._Element, *, id_: str = "") -> etree._Element:
    """A body that says something else, in the place of the signed one, which is taken out."""
    body = parts(root)[3]
    made = etree.fromstring(tell("R-666")).find(f"{ENVELOPE}Body")
    if id_:
        made.set(ID, id_)
    root.replace(body, made)
    return body


def body_in_a_header(root: etree._Element) -> None:
    body = false_body(root)
    etree.SubElement(parts(root)[0], "{urn:x}Wrapper").append(body)


def body_in_a_header_under_the_same_id(root: etree._Element) -> None:
    body = false_body(root, id_="body")
    etree.SubElement(parts(root)[0], "{urn:x}Wrapper").append(body)


def body_itself_a_header(root: etree._Element) -> None:
    parts(root)[0].append(false_body(root))


def body_in_the_security_header(root: etree._Element) -> None:
    parts(root)[1].append(false_body(root))


def body_in_an_object_of_the_signature(root: etree._Element) -> None:
    body = false_body(root)
    etree.SubElement(parts(root)[2], f"{{{DS}}}Object").append(body)


def body_inside_the_false_body(root: etree._Element) -> None:
    body = false_body(root)
    parts(root)[3].append(body)


def body_after_the_false_body(root: etree._Element) -> None:
    root.append(false_body(root))


def body_before_a_second_body(root: etree._Element) -> None:
    root.append(etree.fromstring(tell("R-666")).find(f"{ENVELOPE}Body"))


def whole_message_inside_a_header(root: etree._Element) -> None:
    inside = deepcopy(root)
    body = false_body(root)
    del body
    etree.SubElement(parts(root)[0], "{urn:x}Wrapper").append(inside)


def id_by_another_attribute(root: etree._Element) -> None:
    body = false_body(root)
    parts(root)[3].set("ID", "body")
    etree.SubElement(parts(root)[0], "{urn:x}Wrapper").append(body)


def old_timestamp_moved_aside(root: etree._Element) -> None:
    security = parts(root)[1]
    stamp = security.find(f"{{{UTILITY}}}Timestamp")
    newer = deepcopy(stamp)
    del newer.attrib[ID]
    security.replace(stamp, newer)
    etree.SubElement(parts(root)[0], "{urn:x}Wrapper").append(stamp)


def second_security_header(root: etree._Element) -> None:
    header, security, _, _ = parts(root)
    body = false_body(root)
    header.insert(0, etree.Element(security.tag))
    header.append(body)


PLACEMENTS: tuple[Callable[[etree._Element], None], ...] = (
    body_in_a_header,
    body_in_a_header_under_the_same_id,
    body_itself_a_header,
    body_in_the_security_header,
    body_in_an_object_of_the_signature,
    body_inside_the_false_body,
    body_after_the_false_body,
    body_before_a_second_body,
    whole_message_inside_a_header,
    id_by_another_attribute,
    old_timestamp_moved_aside,
    second_security_header,
)


@pytest.mark.parametrize("moved", PLACEMENTS, ids=lambda moved: moved.__name__.replace("_", " "))
async def test_a_signature_whose_body_was_moved_is_refused(depot: Depot, moved: Callable[[etree._Element], None]) -> None:
    root = signed(tell(), manner(depot))
    moved(root)

    answer = await sent(depot, root)

    assert answer.status_code == 401, answer.text
    assert await depot.kept() == 0


# -- what is not covered, not strong, not known, not now -----------------------------------------------------------------


def changed(root: etree._Element) -> None:
    root.find(".//{urn:depot}Ref").text = "R-666"


def without_its_timestamp(root: etree._Element) -> None:
    security = parts(root)[1]
    security.remove(security.find(f"{{{UTILITY}}}Timestamp"))


def two_signatures(root: etree._Element) -> None:
    _, security, signature, _ = parts(root)
    security.append(deepcopy(signature))


def a_second_certificate_of_the_same_id(root: etree._Element) -> None:
    security = parts(root)[1]
    token = deepcopy(security.find(f"{{{SECURITY}}}BinarySecurityToken"))
    token.text = OTHER.text
    security.insert(0, token)


def a_key_beside_the_certificate(root: etree._Element) -> None:
    key_info = parts(root)[2].find(f"{{{DS}}}KeyInfo")
    etree.SubElement(key_info, f"{{{DS}}}KeyName").text = "depot"


def a_namespace_that_has_no_canonical_form(root: etree._Element) -> None:
    info = parts(root)[2].find(f"{{{DS}}}SignedInfo")
    etree.SubElement(info, "{relative}x")


def a_certificate_that_is_none(root: etree._Element) -> None:
    parts(root)[1].find(f"{{{SECURITY}}}BinarySecurityToken").text = "AAAA"


def a_value_that_is_no_base64(root: etree._Element) -> None:
    parts(root)[2].find(f"{{{DS}}}SignatureValue").text = "é"


@pytest.mark.parametrize(
    "spoilt",
    [
        a_namespace_that_has_no_canonical_form,
        a_certificate_that_is_none,
        a_value_that_is_no_base64,
        changed,
        without_its_timestamp,
        two_signatures,
        a_second_certificate_of_the_same_id,
        a_key_beside_the_certificate,
    ],
    ids=lambda spoilt: spoilt.__name__.replace("_", " "),
)
async def test_a_signed_message_that_was_changed_is_refused(depot: Depot, spoilt: Callable[[etree._Element], None]) -> None:
    root = signed(tell(), manner(depot))
    spoilt(root)

    answer = await sent(depot, root)

    assert answer.status_code == 401, answer.text
    assert await depot.kept() == 0


WRONG = {
    "body not signed": {"covers": ("time",)},
    "timestamp not signed": {"covers": ("body",)},
    "only the certificate signed": {"covers": ("cert", "time")},
    "a file that is signed": {"covers": ("body", "time", "file:///etc/passwd")},
    "a page that is signed": {"covers": ("body", "time", "http://127.0.0.1:9/x")},
    "too many references": {"covers": ("body", "time", *["body"] * 7)},
    "a reference to nothing": {"covers": ("body", "time", "nothing")},
    "signed with SHA-1": {"method": f"{DS}rsa-sha1"},
    "signed with MD5": {"method": f"{MORE}rsa-md5"},
    "digested with SHA-1": {"digest": f"{DS}sha1"},
    "digested with MD5": {"digest": f"{MORE}md5"},
    "signed with HMAC and the certificate as its key": {"method": f"{MORE}hmac-sha256"},
    "signed with HMAC and SHA-1": {"method": f"{DS}hmac-sha1"},
    "signed with HMAC cut to eight bits": {"method": f"{MORE}hmac-sha256", "inside_method": "8"},
    "signed with RSA and a length": {"inside_method": "8"},
    "another canonical form": {"canonical": "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"},
    "transformed by XSLT": {"transforms": ("http://www.w3.org/TR/1999/REC-xslt-19991116",)},
    "transformed by XPath": {"transforms": ("http://www.w3.org/TR/1999/REC-xpath-19991116", EXCLUSIVE)},
    "transformed as enveloped": {"transforms": (f"{DS}enveloped-signature", EXCLUSIVE)},
    "not transformed": {"transforms": ()},
    "a bare key": {"key_info": "bare key"},
    "a name for a key": {"key_info": "name"},
    "signed by another, with his certificate": {"by": OTHER},
    "signed by another, with his certificate inside": {"by": OTHER, "key_info": "inside"},
    "signed by another, with the known certificate": {"by": OTHER, "shows": SIGNER},
    "expired": {"lasts": timedelta(seconds=-1)},
}


@pytest.mark.parametrize("name", WRONG)
async def test_a_signature_that_proves_nothing_is_refused_in_the_same_words(depot: Depot, name: str) -> None:
    nobody = await depot.call(tell(), key="")

    answer = await sent(depot, signed(tell(), manner(depot).but(**WRONG[name])))

    assert (answer.status_code, answer.text) == (401, nobody.text)
    assert await depot.kept() == 0


@pytest.mark.parametrize(("prefixes", "status"), [(("t", "x"), 200), (("#default", "t", "x", "xsi"), 200), ((), 500)])
async def test_a_prefix_from_around_the_body_means_what_the_signature_covers(
    depot: Depot, prefixes: tuple[str, ...], status: int
) -> None:
    spaces = 'xmlns:x="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    typed = tell().replace(b"<s:Envelope", f'<s:Envelope xmlns:t="urn:depot" {spaces}'.encode())
    typed = typed.replace(b"<Ref>", b'<Ref xsi:type="x:string">')

    answer = await sent(depot, signed(typed, manner(depot).but(prefixes=prefixes)))

    assert answer.status_code == status, answer.text


async def test_a_digest_of_512_bits_is_taken(depot: Depot) -> None:
    answer = await sent(depot, signed(tell(), manner(depot).but(digest=f"{ENC}sha512", method=f"{MORE}rsa-sha512")))

    assert answer.status_code == 200


@pytest.mark.parametrize(("minutes", "status"), [(-6, 401), (-4, 200), (4, 200), (6, 401)])
async def test_a_timestamp_is_of_now_give_or_take_five_minutes(depot: Depot, minutes: int, status: int) -> None:
    when = manner(depot).created + minutes * MINUTE

    answer = await sent(depot, signed(tell(), manner(depot).but(created=when, lasts=20 * MINUTE)))

    assert answer.status_code == status


async def test_a_certificate_that_has_expired_signs_nothing_any_more(depot: Depot) -> None:
    late = holder(days=(-30, -1))
    await bind(depot, late)

    assert (await sent(depot, signed(tell(), manner(depot, late)))).status_code == 401


async def test_a_key_that_is_revoked_is_signed_for_no_more(depot: Depot) -> None:
    (key,) = (each for each in await depot.hub.ledger.keys() if each.certificate)
    await depot.hub.desk.revoke_key(key.id, actor="test", reason="leaked")

    assert (await sent(depot, signed(tell(), manner(depot)))).status_code == 401


async def test_a_signature_that_is_wrong_is_refused_beside_a_good_key_too(depot: Depot) -> None:
    root = signed(tell(), manner(depot))
    changed(root)

    answer = await sent(depot, root, X_API_Key=depot.key)

    assert answer.status_code == 401
    assert await depot.kept() == 0


async def test_a_signature_and_a_token_must_name_one_application(depot: Depot) -> None:
    stranger = await depot.hub.desk.issue_key("waste", "default", ("send:*",), actor="test")
    _, user, secret = stranger.split("_")
    root = signed(tell(header=username_token(user, secret)), manner(depot))
    first, second = root.findall(f"{ENVELOPE}Header/{{{SECURITY}}}Security")
    second.insert(0, first[0])
    first.getparent().remove(first)

    assert (await sent(depot, root)).status_code == 401


async def test_a_large_signed_message_does_not_hold_up_the_others(depot: Depot) -> None:
    filler = "<x/>" * 50_000
    root = signed(tell().replace(b"</Tell>", f"{filler}</Tell>".encode()), manner(depot))

    large = asyncio.create_task(sent(depot, root))
    await asyncio.sleep(0)
    small = await asyncio.wait_for(depot.call(tell("R-2")), 60)

    assert small.status_code == 200
    assert (await large).status_code == 500  # proven, and not of the contract


# -- binding ---------------------------------------------------------------------------------------------------------------


async def test_a_key_is_bound_to_a_certificate_through_the_administration(depot: Depot) -> None:
    admin = await depot.hub.desk.issue_key("staff", "default", ("admin",), actor="test")
    headers = {"Authorization": f"Bearer {admin}"}
    new = {"application": "depot", "scopes": ["send:*"], "certificate": OTHER.pem}

    made = await depot.client.post("/admin/api/keys", json=new, headers=headers)
    again = await depot.client.post("/admin/api/keys", json=new, headers=headers)
    listed = (await depot.client.get("/admin/api/keys", headers=headers)).json()["keys"]

    assert (made.status_code, again.status_code) == (200, 409)
    assert fingerprint_of(OTHER.pem) in {key["certificate"] for key in listed}
    assert (await sent(depot, signed(tell(), manner(depot, OTHER)))).status_code == 200


async def test_a_certificate_is_bound_once(depot: Depot) -> None:
    with pytest.raises(Conflict):
        await bind(depot, SIGNER)


@pytest.mark.parametrize("pem", ["", "x", SIGNER.secret.partition("-----BEGIN CERT")[0], holder(size=1024).pem])
def test_what_is_no_strong_certificate_is_not_bound(pem: str) -> None:
    with pytest.raises(MessageError):
        fingerprint_of(pem)


# -- the hub's own calls ---------------------------------------------------------------------------------------------------


@pytest.fixture
async def address(depot: Depot) -> AsyncIterator[str]:
    """Where that hub is reached."""
    async with plainly_served(depot.app) as found:
        yield f"http://127.0.0.1:{found.port}/soap/depot"


def calling(folder: Path, address: str, *, protocol: str = "soap", more: str = "") -> Path:
    """The folders of a hub that tells that application what it says, signed."""
    root = installed(folder, wsdl("1.1"))
    (root / "mappings" / "telling.yaml").unlink()
    (root / "connectors" / "depot" / "connector.yaml").write_text(
        f"connector: depot\ntitle: Dépôts\nprotocol: {protocol}\ncontract: depot.wsdl\n"
        f'instances: {{default: {{address: "{address}", signature: "secret:depot-signature"}}}}\n'
        f"operations: {{told: {{direction: out, action: Tell, repeatable: true{more}}}}}\n",
        encoding="utf-8",
    )
    return root


@pytest.mark.parametrize(
    ("secret", "outcome"), [(SIGNER.secret, Delivered), (OTHER.secret, Unauthorised), ("", Misconfigured)]
)
async def test_a_call_of_the_hub_is_signed_by_its_instances_key(
    depot: Depot, address: str, tmp_path: Path, secret: str, outcome: type
) -> None:
    settings = read_settings({"HUB_ROOT": str(tmp_path), "HUB_SECRET_DEPOT_SIGNATURE": secret})
    application = load_catalogue(calling(tmp_path / "other", address)).connectors["depot"]
    transport = HttpTransport(Egress((ip_network("127.0.0.0/8"),)))
    caller = Caller(settings=settings, transport=transport, clock=depot.hub.clock)

    answer = await caller.call(application, "told", {"Ref": "R-1"}, authority="default", key="k")

    await transport.close()
    assert isinstance(answer.outcome, outcome)
    assert await depot.kept() == (outcome is Delivered)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [({"protocol": "rest"}, "only SOAP messages"), ({"more": ", files: mtom"}, "carries its files inside")],
)
def test_what_cannot_be_signed_is_found_by_the_check(tmp_path: Path, wrong: dict[str, str], says: str) -> None:
    _, report = inspect(calling(tmp_path, "http://127.0.0.1:9", **wrong))

    assert any(says in str(finding.right) for finding in report.errors)


async def test_a_key_for_digests_and_signatures_is_issued_on_the_command_line(
    depot: Depot, address: str, tmp_path: Path
) -> None:
    admin = await depot.hub.desk.issue_key("staff", "default", ("admin",), actor="test")
    certificate = tmp_path / "depot.pem"
    certificate.write_text(OTHER.pem)
    words = ("keys", "issue", "depot", "--digest", "--certificate")
    told = {**os.environ, "HUB_URL": address.removesuffix("/soap/depot"), "HUB_ADMIN_KEY": admin, "HUB_LANGUAGE": "en"}
    running = partial(nursery.run, environment=told, folder=tmp_path, timeout=120)

    done = await asyncio.to_thread(running, (*words, str(certificate)))
    wrong = await asyncio.to_thread(running, (*words, str(tmp_path)))

    made = next(each for each in await depot.hub.ledger.keys() if each.certificate == fingerprint_of(OTHER.pem))
    assert f"hub_{made.id}_" in done.stdout, done.stderr
    assert made.sealed is not None
    assert (await sent(depot, signed(tell(), manner(depot, OTHER)))).status_code == 200
    assert (wrong.returncode, "cannot be read as PEM" in wrong.stdout + wrong.stderr) == (1, True)
