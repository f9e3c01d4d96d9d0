"""The control port of a double: read its calls and what it keeps, tell it to misbehave, make it speak."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

import orjson
from aiohttp import web

from hub.doubles.keeping import Kept
from hub.doubles.modes import Mode
from hub.doubles.recording import Call, Recording, Said, as_line
from hub.errors import HubError


class Controlled(Protocol):
    """What the control port needs of a running double."""

    @property
    def recording(self) -> Recording: ...

    @property
    def modes(self) -> tuple[Mode, ...]: ...

    def kept(self, collection: str = "") -> list[Kept]: ...

    async def tell(self, mode: Mode) -> None: ...

    async def say(
        self, operation: str, document: Mapping[str, Any], *, exchange: str | None = None, key: str = ""
    ) -> Said: ...


def control_of(double: Controlled) -> Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]:
    """GET /calls, /said, /kept, /mode, /health; POST /mode and /say. Lists are one JSON line each."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await _answer(double, request)
        except (HubError, ValueError, TypeError, KeyError) as error:
            return web.json_response({"error": str(error)}, status=422)

    return handle


async def _answer(double: Controlled, request: web.BaseRequest) -> web.StreamResponse:
    match (request.method, request.path):
        case ("GET", "/health"):
            return web.json_response({"up": True})
        case ("GET", "/calls"):
            return _lines(_after(double.recording.calls, request))
        case ("GET", "/said"):
            return _lines(double.recording.said)
        case ("GET", "/kept"):
            return _lines(double.kept(request.query.get("collection", "")))
        case ("GET", "/mode"):
            return _lines(double.modes)
        case ("POST", "/mode"):
            await double.tell(Mode(**orjson.loads(await request.read())))
            return _lines(double.modes)
        case ("POST", "/say"):
            said = await _say(double, orjson.loads(await request.read()))
            return _lines([said])
        case _:
            return web.json_response({"error": "known: /calls /said /kept /mode /say /health"}, status=404)


async def _say(double: Controlled, wanted: Mapping[str, Any]) -> Said:
    return await double.say(
        wanted["operation"], wanted["document"], exchange=wanted.get("exchange"), key=wanted.get("key", "")
    )


def _after(calls: list[Call], request: web.BaseRequest) -> list[Call]:
    """The calls with a number over `?after=`."""
    after = int(request.query.get("after", "0"))
    return calls[after:]


def _lines(entries: Any) -> web.Response:
    return web.Response(text="".join(as_line(entry) for entry in entries), content_type="application/x-ndjson")
