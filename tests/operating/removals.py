"""A citizen moves house: the portal says it once, and three applications are told. The files of such an installation, and
the applications themselves, which answer over HTTP as a test has them do."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

RECEIVERS = ("housing", "leisure", "tax")

PORTAL = """
openapi: 3.1.0
info: {title: Portal, version: "1"}
servers: [{url: "http://127.0.0.1/portal"}]
webhooks:
  moved:
    post:
      operationId: moved
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Move"}}}}
      responses: {"202": {description: Accepted}}
paths:
  /statuses:
    post:
      operationId: tell
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Status"}}}}
      responses: {"204": {description: Kept}}
components:
  schemas:
    Move:
      type: object
      required: [number, city]
      additionalProperties: false
      properties: {number: {type: string}, city: {type: string, maxLength: 20}, until: {type: string, format: date}}
    Status:
      type: object
      required: [number, status]
      additionalProperties: false
      properties:
        number: {type: string}
        status: {type: string}
        reason: {type: string}
        housing: {type: string}
        leisure: {type: string}
        tax: {type: string}
"""
RECEIVER = """
openapi: 3.1.0
info: {title: Receiver, version: "1"}
servers: [{url: "http://127.0.0.1/receiver"}]
paths:
  /moves:
    post:
      operationId: take
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Move"}}}}
      responses:
        "200": {description: Taken, content: {application/json: {schema: {$ref: "#/components/schemas/Taken"}}}}
components:
  schemas:
    Move:
      type: object
      required: [ref, city]
      additionalProperties: false
      properties: {ref: {type: string}, city: {type: string}, key: {type: string}}
    Taken: {type: object, required: [file], properties: {file: {type: string}}}
"""
MANNERS = """
limits: {at_once: 8, per_second: 1000}
retry: {waits: [1s], within: 1h}
breaker: {failures: 3, within: 2m, rest: 1h}
"""
MOVE = """
exchange: move
title: Déménagement
sector: relations-usagers
between: {portal: {in: moved}, housing: {out: take}, leisure: {out: take}, tax: {out: take}}
key: number
once: [number, city]
deadline: until
fields:
  number: {label: Numéro, portal: number, housing: ref, leisure: ref, tax: ref, required: true}
  city: {label: Commune, portal: city, housing: city, leisure: city, tax: city, required: true}
  until: {label: Utile jusqu'au, portal: until, date: {portal: date}}
reply:
  housing: {label: Logement, housing: file}
  leisure: {label: Loisirs, leisure: file}
  tax: {label: Taxe, tax: file}
then:
  delivered: {exchange: move-status, with: {status: done, housing: housing, leisure: leisure, tax: tax}}
  refused: {exchange: move-status, with: {status: refused, reason: reason}}
ignore: {housing: [key], leisure: [key], tax: [key]}
"""
PUPIL = """
exchange: pupil
title: Élève qui déménage
sector: scolaire
between: {school: {in: moved}, leisure: {out: take}}
key: number
fields:
  number: {label: Numéro, school: number, leisure: ref, required: true}
  city: {label: Commune, school: city, leisure: city, required: true}
ignore: {school: [until], leisure: [key]}
"""
STATUS = """
exchange: move-status
title: Suite du déménagement
sector: relations-usagers
between: {portal: {out: tell}}
key: number
once: [number, status, reason]
fields:
  number: {label: Numéro, portal: number, required: true}
  status: {label: Suite, portal: status, required: true}
  reason: {label: Motif, portal: reason}
  housing: {label: Logement, portal: housing}
  leisure: {label: Loisirs, portal: leisure}
  tax: {label: Taxe, portal: tax}
"""


def write_files(root: Path, *, more: str = "", receivers: str = MANNERS, with_school: bool = False) -> None:
    """The installation; `more` is put into the mapping of a move, `receivers` into each receiver's connector; a school may
    say something of its own."""
    _write(root / "connectors/portal/portal.openapi.yaml", PORTAL)
    told = "  moved: {direction: in, action: moved}\n  tell: {direction: out, action: tell, repeatable: true}\n"
    _write(root / "connectors/portal/connector.yaml", _connector("portal", told, MANNERS))
    for name in RECEIVERS:
        _write(root / f"connectors/{name}/{name}.openapi.yaml", RECEIVER)
        taken = "  take: {direction: out, action: take, repeatable: true}\n"
        _write(root / f"connectors/{name}/connector.yaml", _connector(name, taken, receivers))
    if with_school:
        _write(root / "connectors/school/school.openapi.yaml", PORTAL)
        said = "  moved: {direction: in, action: moved}\n"
        _write(root / "connectors/school/connector.yaml", _connector("school", said, MANNERS))
        _write(root / "mappings/pupil.yaml", PUPIL)
    _write(root / "mappings/move.yaml", MOVE + more)
    _write(root / "mappings/move-status.yaml", STATUS)
    (root / "schedules").mkdir(exist_ok=True)


def _connector(name: str, operations: str, manners: str) -> str:
    return (
        f"connector: {name}\ntitle: {name}\nprotocol: rest\ncontract: {name}.openapi.yaml\n"
        f'instances: {{default: {{address: "${{{name.upper()}_URL}}"}}}}\noperations:\n{operations}{manners}'
    )


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text.lstrip(), encoding="utf-8")


Manner = Callable[[web.Request, dict[str, str]], Awaitable[web.Response]]


@dataclass
class Applications:
    """What each was told, in turn and with the key of the call; `manners` is how a receiver answers a move."""

    url: str = ""
    told: dict[str, list[dict[str, str]]] = field(default_factory=lambda: defaultdict(list))
    keys: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    manners: dict[str, Manner] = field(default_factory=dict)

    async def take(self, request: web.Request) -> web.Response:
        """A call to one of them."""
        name, document = request.match_info["name"], json.loads(await request.read())
        self.told[name].append(document)
        self.keys[name].append(request.headers.get("Idempotency-Key", ""))
        if name == "portal":
            return web.Response(status=204)
        return await self.manners.get(name, taking)(request, document)

    @property
    def statuses(self) -> list[dict[str, str]]:
        """What the portal was told."""
        return self.told["portal"]


async def taking(request: web.Request, document: dict[str, str]) -> web.Response:
    """Taken at once."""
    return web.json_response({"file": f"{request.match_info['name']}-{document['ref']}"})


async def refusing(request: web.Request, document: dict[str, str]) -> web.Response:
    """Never taken."""
    return web.json_response({"title": "Unknown city"}, status=422, content_type="application/problem+json")


async def failing(request: web.Request, document: dict[str, str]) -> web.Response:
    """Out of order."""
    return web.Response(status=500)


def slowly(gate: asyncio.Event) -> Manner:
    """Taken once the gate is open."""

    async def manner(request: web.Request, document: dict[str, str]) -> web.Response:
        await gate.wait()
        return await taking(request, document)

    return manner


@asynccontextmanager
async def served() -> AsyncIterator[Applications]:
    """The applications, at a port of 127.0.0.1."""
    applications = Applications()
    app = web.Application()
    app.router.add_post("/{name}/{rest:.*}", applications.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    applications.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield applications
    await runner.cleanup()
