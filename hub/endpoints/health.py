"""Whether the hub lives and can work (open to all), and its measures (for those who may read)."""

from __future__ import annotations

from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.endpoints.auth import identify
from hub.endpoints.rest import json_response
from hub.endpoints.serving import hub_of
from hub.ledger import LaneView
from hub.telemetry import Standing, Watched


def health_routes() -> list[Route]:
    """What a supervisor and Prometheus ask."""
    return [
        Route("/health/live", live, methods=["GET"]),
        Route("/health/ready", ready, methods=["GET"]),
        Route("/metrics", metrics, methods=["GET"]),
    ]


async def live(_: Request) -> Response:
    """The process answers."""
    return json_response({"live": True})


async def ready(request: Request) -> Response:
    """Whether messages can be taken and delivered; 503 with the part that cannot, in a word."""
    hub = hub_of(request)
    fit, parts = await hub.ready()
    return json_response({"ready": fit, "parts": parts}, status=200 if fit else 503)


async def metrics(request: Request) -> Response:
    """The measures in Prometheus' form, with the ledger as it stands now."""
    hub, identity = hub_of(request), await identify(request)
    identity.require("read")
    standings = [Standing(c.lane, c.exchange, str(c.state), c.deliveries) for c in await hub.ledger.counts()]
    lanes = [_watched(view, hub.clock()) for view in await hub.ledger.lanes_overview()]
    content, media = hub.telemetry.exposition(standings, lanes, retried=hub.ledger.retried)
    return Response(content, media_type=media, headers={"Cache-Control": "no-store"})


def _watched(view: LaneView, now: datetime) -> Watched:
    age = (now - view.oldest_accepted).total_seconds() if view.oldest_accepted else 0.0
    return Watched(view.lane.name, "paused" if view.lane.paused else str(view.lane.gate), max(0.0, age))
