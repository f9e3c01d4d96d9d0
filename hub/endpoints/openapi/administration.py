"""The administration as FastAPI describes it, with the answers that the hub really gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.endpoints.openapi.answers import answer, objects, refusals

Schema = dict[str, Any]

_PREFIX = "/admin/api"
_STATUSES = ("400", "401", "403", "404", "405", "408", "409", "413", "422", "429", "431", "503", "507")
_FASTAPI = frozenset({"HTTPValidationError", "ValidationError"})
"""Its own form of refusals, which are not ours."""

_ANSWERS: dict[str, tuple[str, ...]] = {
    "/overview": ("revision", "node", "ready", "parts", "deliveries", "lanes", "stopped", "at"),
    "/lanes": ("lanes",),
    "/messages": ("messages", "next"),
    "/messages/{message}": ("message", "exchange", "reference", "state", "deliveries", "story", "contents"),
    "/messages/{message}/contents": ("message", "exchange", "deliveries", "contents"),
    "/dead": ("causes",),
    "/deliveries/{delivery}": ("message", "delivery", "receiver", "state", "lane", "attempts"),
    "/connectors": ("revision", "connectors", "exchanges"),
    "/schedules": ("schedules",),
    "/keys": ("keys",),
    "/deliveries/{delivery}/replay": ("delivery", "state"),
    "/deliveries/{delivery}/cancel": ("delivery", "state"),
    "/deliveries/{delivery}/confirm": ("delivery", "state"),
    "/deliveries/{delivery}/replace": ("message", "deliveries", "replaces"),
    "/dead/replay": ("dry_run",),
    "/dead/cancel": ("dry_run",),
    "/lanes/{connector}/{instance}/pause": ("lane", "gate", "deliveries"),
    "/lanes/{connector}/{instance}/resume": ("lane", "gate", "deliveries"),
    "/schedules/{schedule}/run": ("schedule", "items"),
    "/keys/{key}/revoke": ("id", "revoked"),
}
"""The fields that each answer has; `/keys` issues a key when it is posted to."""
_ISSUED = ("key", "id")


def administered(described: Mapping[str, Any]) -> tuple[Schema, Schema]:
    """The administration's paths, and the schemas that they refer to."""
    paths = {
        path: {method: _answered(path.removeprefix(_PREFIX), method, each) for method, each in item.items()}
        for path, item in described["paths"].items()
    }
    schemas = described.get("components", {}).get("schemas", {})
    return paths, {name: schema for name, schema in schemas.items() if name not in _FASTAPI}


def _answered(path: str, method: str, operation: Schema) -> Schema:
    fields = _ISSUED if (path, method) == ("/keys", "post") else _ANSWERS.get(path, ())
    found = objects({name: {} for name in fields})
    statuses = (*_STATUSES, "502") if path.endswith("/run") else _STATUSES
    return {**operation, "responses": {"200": answer("Done, or found.", found), **refusals(*statuses)}}
