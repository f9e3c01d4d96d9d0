"""A hub that fetches a register of streets over HTTP: the register, which answers as its tests say, and the hub's files."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from hub.assembly import Hub, assemble
from hub.ledger import Fire, Search
from hub.settings import read_settings

NAME = "streets"
OPERATION = "list_streets: {{direction: feed, action: listStreets, items: streets{more}}}"
CONNECTOR = """
connector: register
title: Register of streets
protocol: rest
contract: register.yaml
instances: {{default: {{address: "${{REGISTER_URL}}"}}}}
operations:
  {operation}
"""
CONTRACT = """
openapi: 3.1.0
info: {title: Register, version: "1"}
paths:
  /streets:
    get:
      operationId: listStreets
      parameters:
        - {name: page, in: query, schema: {type: integer}}
        - {name: skip, in: query, schema: {type: integer}}
        - {name: limit, in: query, schema: {type: integer}}
        - {name: cursor, in: query, schema: {type: string}}
        - {name: after, in: query, schema: {type: string}}
      responses:
        "200":
          description: streets
          content: {application/json: {schema: {$ref: "#/components/schemas/List"}}}
  /streets/search:
    post:
      operationId: searchStreets
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              properties:
                page: {type: object, properties: {number: {type: integer}, size: {type: integer}}}
                changed: {type: object, properties: {after: {type: integer}}}
      responses:
        "200":
          description: streets
          content: {application/json: {schema: {$ref: "#/components/schemas/List"}}}
components:
  schemas:
    List:
      type: object
      required: [streets]
      properties:
        streets:
          type: array
          items:
            type: object
            required: [code]
            properties:
              code: {type: string}
              name: {type: string, maxLength: 20}
              sequence: {type: integer}
              token: {type: string}
              changed: {type: string, format: date-time}
        paging: {type: object, properties: {next: {type: [string, "null"]}}}
"""
PLAN = """
connector: plan
title: Plan of the town
protocol: rest
contract: plan.yaml
instances: {default: {address: "${REGISTER_URL}"}}
operations:
  put_street: {direction: out, action: putStreet, repeatable: true}
"""
PLAN_CONTRACT = """
openapi: 3.1.0
info: {title: Plan, version: "1"}
paths:
  /plan:
    post:
      operationId: putStreet
      requestBody:
        required: true
        content:
          application/json:
            schema: {type: object, properties: {code: {type: string}, name: {type: string, maxLength: 20}}}
      responses: {"204": {description: taken}}
"""
MAPPING = """
exchange: streets
title: Streets
sector: relations-usagers
between:
  register: {feed: list_streets}
  plan: {out: put_street}
key: code
fields:
  code: {register: code, plan: code, required: true}
  name: {register: name, plan: name, check: {looks: "[^<>]*", says: no brackets}}
ignore:
  register: [sequence, token, changed]
"""
SCHEDULE = """
schedule: streets
title: Streets
cron: "0 3 * * *"
fetch: {connector: register, operation: list_streets, into: streets}
"""

Manner = Callable[["Register", web.Request], web.Response]


def street(number: int, **more: Any) -> dict[str, Any]:
    """One street."""
    return {"code": f"S-{number}", "name": f"Rue {number}", **more}


def page(*streets: Mapping[str, Any], **more: Any) -> web.Response:
    """A page of streets."""
    return web.json_response({"streets": list(streets), **more})


@dataclass
class Register:
    """The application: what it was asked, and how it answers."""

    manner: Manner = lambda register, request: page()
    asked: list[dict[str, str]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    said: list[bytes] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(dict(request.query))
        self.headers.append(dict(request.headers))
        self.said.append(await request.read())
        return self.manner(self, request)


@dataclass
class Town:
    """A hub that does not deliver, and the register that it fetches."""

    hub: Hub
    register: Register

    async def fetch(self) -> int:
        return await self.hub.scheduler.fetch_now(NAME)

    async def cursor(self) -> str | None:
        return await self.hub.ledger.cursor(NAME)

    async def run(self) -> Fire:
        """The last run."""
        return (await self.hub.ledger.fires(NAME))[0]

    async def known(self) -> set[str]:
        """The streets that were accepted, by reference."""
        return {found.message.reference for found in (await self.hub.ledger.find(Search(limit=1000))).found}


def files(folder: Path, *, more: str = "", operation: str = OPERATION) -> Path:
    """The hub's files, with `more` words for the feed; the root."""
    texts = {
        "connectors/register/connector.yaml": CONNECTOR.format(operation=operation.format(more=more)),
        "connectors/register/register.yaml": CONTRACT,
        "connectors/plan/connector.yaml": PLAN,
        "connectors/plan/plan.yaml": PLAN_CONTRACT,
        "mappings/streets.yaml": MAPPING,
        "schedules/streets.yaml": SCHEDULE,
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@contextmanager
def held() -> Iterator[str]:
    """An address that nobody else is given between two who listen there: a socket has it that does not."""
    with socket.socket() as holding:
        holding.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holding.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{holding.getsockname()[1]}"


@asynccontextmanager
async def a_town(folder: Path, *, more: str = "", operation: str = OPERATION, url: str = "") -> AsyncIterator[Town]:
    """A town in a folder, over the ledger that another one may have left there; its register at `url`, if one is `held`."""
    root, register = files(folder / "root", more=more, operation=operation), Register()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", register.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(url.rpartition(":")[2]) if url else 0).start()
    environment = {
        "HUB_ROOT": str(root),
        "HUB_DATABASE": f"sqlite:///{folder / 'hub.db'}",
        "HUB_KEYRING": str(folder / "hub.keys"),
        "HUB_BALLAST": "0",
        "HUB_ALLOW_PRIVATE": "127.0.0.0/8",
        "REGISTER_URL": f"http://127.0.0.1:{runner.addresses[0][1]}",
    }
    hub = await assemble(read_settings(environment))
    try:
        yield Town(hub, register)
    finally:
        await hub.transport.close()
        await hub.ledger.close()
        await runner.cleanup()
