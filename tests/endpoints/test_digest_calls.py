"""The hub shows a digest of its password: the hub's own door takes it, another maker's digest is the same, each is new."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lxml import etree
from zeep.wsse.username import UsernameToken as ZeepToken

from hub.call import Delivered, Unauthorised
from hub.caller import Answer, Caller
from hub.catalogue import inspect, load_catalogue
from hub.settings import read_settings
from hub.transports.envelope import UsernameToken, open_envelope
from hub.transports.http import HttpTransport
from hub.transports.signatures import fingerprint_of
from tests.endpoints.depots import Depot, installed, opened, tell, wsdl
from tests.endpoints.doors import SECURITY
from tests.endpoints.served import plainly_served
from tests.endpoints.signers import holder
from tests.transports.test_http import LOOPBACK

SIGNER = holder()


@pytest.fixture
async def depot(tmp_path: Path) -> AsyncIterator[Depot]:
    async with opened(installed(tmp_path, wsdl("1.1", "1.2"))) as found:
        yield found


@pytest.fixture
async def address(depot: Depot) -> AsyncIterator[str]:
    """Where that hub is reached."""
    async with plainly_served(depot.app) as found:
        yield f"http://127.0.0.1:{found.port}/soap/depot"


def calling(folder: Path, address: str, *, authentication: str, signature: str = "", protocol: str = "soap") -> Path:
    """The folders of a hub that tells that application what it says."""
    root = installed(folder, wsdl("1.1"))
    (root / "mappings" / "telling.yaml").unlink()
    (root / "connectors" / "depot" / "connector.yaml").write_text(
        f"connector: depot\ntitle: Dépôts\nprotocol: {protocol}\ncontract: depot.wsdl\n"
        f'instances: {{default: {{address: "{address}", credentials: "secret:depot"{signature}}}}}\n'
        f"authentication: {authentication}\n"
        "operations: {told: {direction: out, action: Tell, repeatable: true}}\n",
        encoding="utf-8",
    )
    return root


async def called(
    depot: Depot, folder: Path, address: str, secret: str, *, times: int = 1, way: str = "digest", signature: str = ""
) -> list[Answer]:
    """What so many calls come to, one after the other, of a hub that shows this secret in that way."""
    authentication = f"{{kind: username-token, shown_as: {way}}}"
    root = calling(folder / "calling", address, authentication=authentication, signature=signature)
    settings = {"HUB_ROOT": str(root), "HUB_SECRET_DEPOT": secret, "HUB_SECRET_DEPOT_SIGNATURE": SIGNER.secret}
    transport = HttpTransport(LOOPBACK)
    caller = Caller(settings=read_settings(settings), transport=transport, clock=depot.hub.clock)
    application = load_catalogue(root).connectors["depot"]
    answers = [
        await caller.call(application, "told", {"Ref": f"R-{number}"}, authority="default", key="the same")
        for number in range(times)
    ]
    await transport.close()
    return answers


async def sealed(depot: Depot) -> tuple[str, str]:
    """The id and the secret of a key by whose digest the door knows the application."""
    key = await depot.hub.desk.issue_key("depot", "default", ("send:*",), actor="test", sealed=True)
    _, user, secret = key.split("_")
    return user, secret


def shown(answer: Answer) -> UsernameToken:
    token = open_envelope(answer.request).token
    assert token is not None
    return token


async def test_the_hubs_own_door_takes_the_digest_that_the_hub_shows(depot: Depot, address: str, tmp_path: Path) -> None:
    user, secret = await sealed(depot)

    answers = await called(depot, tmp_path, address, f"{user}:{secret}", times=3)

    assert [type(answer.outcome) for answer in answers] == [Delivered] * 3
    assert await depot.kept() == 3
    assert not any(secret.encode() in answer.request for answer in answers)


async def test_each_call_has_a_nonce_and_a_time_of_its_own_also_a_repeated_one(
    depot: Depot, address: str, tmp_path: Path
) -> None:
    user, secret = await sealed(depot)

    tokens = [shown(answer) for answer in await called(depot, tmp_path, address, f"{user}:{secret}", times=5)]

    assert all(token.digest and token.proves(secret) for token in tokens)
    assert len({token.nonce for token in tokens}) == 5
    assert {len(token.nonce) for token in tokens} == {12}
    for token in tokens:
        made = datetime.strptime(token.created, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        assert abs(depot.hub.clock() - made) < timedelta(minutes=1)


async def test_a_digest_of_another_password_or_for_a_key_that_keeps_none_is_refused(
    depot: Depot, address: str, tmp_path: Path
) -> None:
    user, _ = await sealed(depot)
    _, plain_user, plain_secret = depot.key.split("_")

    for number, secret in enumerate((f"{user}:{'0' * 64}", f"{plain_user}:{plain_secret}")):
        (answer,) = await called(depot, tmp_path / str(number), address, secret)
        assert isinstance(answer.outcome, Unauthorised)

    assert await depot.kept() == 0


async def test_zeep_makes_the_same_digest(depot: Depot, address: str, tmp_path: Path) -> None:
    user, secret = await sealed(depot)
    (answer,) = await called(depot, tmp_path, address, f"{user}:{secret}")
    ours = shown(answer)

    class Nonce(str):
        """Zeep takes the nonce as a text, and ours are bytes that are none."""

        __slots__ = ()

        def encode(self, *_: str) -> bytes:  # type: ignore[override]
            return ours.nonce

    created = datetime.fromisoformat(ours.created)
    theirs = ZeepToken(user, secret, use_digest=True, nonce=Nonce("n"), created=created, zulu_timestamp=True)
    envelope, _ = theirs.apply(etree.fromstring(tell()), {})

    mine, zeeps = (each.find(f".//{{{SECURITY}}}UsernameToken") for each in (etree.fromstring(answer.request), envelope))
    assert said(mine) == said(zeeps)
    assert set(said(mine)) == {"Username", "Password", "Nonce", "Created"}


def said(token: etree._Element) -> dict[str, object]:
    """The texts and attributes in a token."""
    return {etree.QName(each).localname: (each.text, dict(each.attrib)) for each in token}


async def test_a_digest_and_a_signature_go_together(depot: Depot, address: str, tmp_path: Path) -> None:
    certificate = fingerprint_of(SIGNER.pem)
    key = await depot.hub.desk.issue_key("depot", "default", ("send:*",), actor="test", sealed=True, certificate=certificate)
    _, user, secret = key.split("_")
    signature = ', signature: "secret:depot-signature"'

    right, wrong = [
        (await called(depot, tmp_path / each, address, f"{user}:{each}", signature=signature))[0]
        for each in (secret, "0" * 64)
    ]

    assert isinstance(right.outcome, Delivered)
    assert open_envelope(right.request).signed
    assert shown(right).digest
    assert isinstance(wrong.outcome, Unauthorised)


async def test_a_password_is_shown_in_clear_unless_the_connector_says_otherwise(
    depot: Depot, address: str, tmp_path: Path
) -> None:
    _, user, secret = depot.key.split("_")

    (answer,) = await called(depot, tmp_path, address, f"{user}:{secret}", way="text")

    assert isinstance(answer.outcome, Delivered)
    assert shown(answer) == UsernameToken(user, secret)


@pytest.mark.parametrize("kind", ["bearer", "basic", "header", "hmac", "webhook"])
@pytest.mark.parametrize("way", ["text", "digest"])
def test_how_a_password_is_shown_belongs_to_a_token_alone(tmp_path: Path, kind: str, way: str) -> None:
    calling(tmp_path, "http://127.0.0.1:9", authentication=f"{{kind: {kind}, shown_as: {way}}}")

    rights = [each.right for each in inspect(tmp_path)[1].errors if each.right]

    assert any("belongs to kind: username-token" in each.en for each in rights)
    assert any("ne va qu'avec kind: username-token" in each.fr for each in rights)


def test_another_way_to_show_a_password_is_found_by_the_check(tmp_path: Path) -> None:
    calling(tmp_path, "http://127.0.0.1:9", authentication="{kind: username-token, shown_as: sha256}")

    assert any("text" in str(each.right) and "digest" in str(each.right) for each in inspect(tmp_path)[1].errors)
