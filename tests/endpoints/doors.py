"""The doors of one hub with callers that hold keys, and what they say: good messages to be spoilt by tests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from unittest.mock import AsyncMock

import httpx
from fastapi import FastAPI

from hub.assembly import Hub
from hub.ledger import Search

SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"


@dataclass(frozen=True)
class Doors:
    """The doors of one hub. `admin`, `reader`, `portal`, `waste` are keys in clear."""

    hub: Hub
    app: FastAPI
    client: httpx.AsyncClient
    admin: str
    reader: str
    portal: str
    waste: str

    async def say(
        self, body: bytes | Mapping[str, Any], *, key: str | None = None, exchange: str = "bin-replacement", **headers: str
    ) -> httpx.Response:
        """Send a message as the portal does."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
        if key != "":
            sent["Authorization"] = f"Bearer {key or self.portal}"
        return await self.client.post(f"/api/v1/exchanges/{exchange}/messages", content=content, headers=sent)

    async def call(
        self, body: bytes, *, connector: str = "waste", key: str | None = None, media: str = "text/xml", **headers: str
    ) -> httpx.Response:
        """Call the hub in SOAP as the waste application does."""
        sent = {"Content-Type": media, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if key != "":
            sent["X-API-Key"] = key or self.waste
        return await self.client.post(f"/soap/{connector}", content=body, headers=sent)

    async def get(self, path: str, *, key: str = "", **query: str) -> httpx.Response:
        """Read, with a key."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return await self.client.get(path, params=query or None, headers=headers)

    async def post(self, path: str, *, key: str = "", **body: object) -> httpx.Response:
        """Change something of the administration, with a key."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return await self.client.post(path, json=body, headers=headers)

    async def kept(self) -> int:
        """How many messages the ledger holds."""
        return len((await self.hub.ledger.find(Search())).found)

    async def let_pass(self, time: timedelta) -> None:
        """Let the hub's clock be ahead by as much, without waiting."""
        ahead = AsyncMock(spec=self.hub.ledger)
        ahead.time.return_value = self.hub.clock() + time
        await self.hub.clock.agree_with(ahead)

    async def unharmed(self) -> bool:
        """Whether the next good message is taken as if nothing had been."""
        return (await self.say(bin_request("D-2026-99999"))).status_code == 202


def bin_request(number: str = "D-2026-00417", **changed: Any) -> dict[str, Any]:
    """A good request for a new bin, as the portal writes it; `changed` replaces its top-level parts."""
    return {
        "dossier": {"numero": number},
        "deposeLe": "2026-07-14T08:00:00+02:00",
        "usager": {"nom": "LE GOFF", "prenom": "Yann"},
        "adresse": {"voie": "Le Bourg", "codePostal": "07000", "commune": "Privas"},
        "demande": demand(),
        **changed,
    }


def demand(**changed: Any) -> dict[str, Any]:
    """The inner part of a request for a new bin; a None takes a field away."""
    whole = {
        "motif": "trop_petit",
        "ancienBac": "OM-0000001",
        "nbHabitants": 1,
        "bacs": [{"flux": "biodechets", "volume": 35}],
        **changed,
    }
    return {name: value for name, value in whole.items() if value is not None}


def order_change(inner: str | None = None, *, root: str = "NotifyOrderChange") -> str:
    """What the waste application says of an order."""
    told = inner or (
        "<NumIntervention>I-000001</NumIntervention><RefExterne>D-2026-00417</RefExterne>"
        "<Statut>05</Statut><DateModif>09/03/2026 10:42:07</DateModif>"
    )
    return f'<{root} xmlns="urn:exemple:dechets:types:1">{told}</{root}>'


def envelope(payload: str, *, header: str = "", version: str = "1.1") -> bytes:
    """A SOAP envelope around a payload."""
    namespace = {
        "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
        "1.2": "http://www.w3.org/2003/05/soap-envelope",
    }[version]
    head = f"<s:Header>{header}</s:Header>" if header else ""
    return f'<s:Envelope xmlns:s="{namespace}">{head}<s:Body>{payload}</s:Body></s:Envelope>'.encode()


def username_token(user: str, password: str, *, kind: str = "PasswordText") -> str:
    """A WS-Security header."""
    type_ = f"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#{kind}"
    return (
        f'<w:Security xmlns:w="{SECURITY}" s:mustUnderstand="1"><w:UsernameToken><w:Username>{user}</w:Username>'
        f'<w:Password Type="{type_}">{password}</w:Password></w:UsernameToken></w:Security>'
    )
