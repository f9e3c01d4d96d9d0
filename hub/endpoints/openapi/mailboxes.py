"""The mailbox of one application, as it fetches, acknowledges and gives back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hub.endpoints.mailboxes import acknowledgement_schema, asked_schema, return_schema
from hub.endpoints.openapi.answers import answer, refusals, said

Schema = dict[str, Any]

_FETCHING = ("400", "401", "403", "405", "408", "422", "429", "431", "503")
_SETTLING = ("400", "401", "403", "404", "405", "408", "409", "410", "413", "422", "429", "431", "503", "507")
_DELIVERY = {"name": "delivery", "in": "path", "required": True, "schema": {"type": "string"}}


def mailbox_paths(application: str, exchanges: Sequence[str]) -> Schema:
    """The three paths of a mailbox in which these exchanges wait."""
    base = f"/api/v1/mailboxes/{application}"
    return {
        base: {"get": _fetching(application, exchanges)},
        f"{base}/{{delivery}}/acknowledge": {
            "post": _settling(
                f"{application}-acknowledge", "What was fetched is done, or refused for good", acknowledgement_schema()
            )
        },
        f"{base}/{{delivery}}/release": {
            "post": _settling(f"{application}-release", "What was fetched is given back", return_schema())
        },
    }


def _fetching(application: str, exchanges: Sequence[str]) -> Schema:
    properties: Schema = asked_schema()["properties"]
    properties["exchange"] = {**properties["exchange"], "enum": ["", *exchanges]}
    return {
        "operationId": f"{application}-fetch",
        "summary": "What waits, on loan to whoever asks",
        "description": f"Waits for up to `wait` seconds when nothing is there. In it: {', '.join(exchanges)}.",
        "tags": ["mailboxes"],
        "parameters": [{"name": name, "in": "query", "schema": schema} for name, schema in properties.items()],
        "responses": {"200": answer("What was lent.", said("Fetched")), **refusals(*_FETCHING)},
    }


def _settling(operation: str, summary: str, schema: Schema) -> Schema:
    return {
        "operationId": operation,
        "summary": summary,
        "tags": ["mailboxes"],
        "parameters": [_DELIVERY],
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {"200": answer("Its new state.", said("Settled")), **refusals(*_SETTLING)},
    }
