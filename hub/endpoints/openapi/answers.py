"""What the hub answers, as the OpenAPI document says it: receipts, stories, mailboxes, health, and every refusal."""

from __future__ import annotations

from typing import Any

from hub.endpoints.problems import NAMESPACE
from hub.message import State

Schema = dict[str, Any]

PROBLEM = "application/problem+json"
JSON = "application/json"
_TEXT: Schema = {"type": "string"}
_ID: Schema = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
_DELIVERY: Schema = {"type": "string", "pattern": "^[0-9a-f]{32}-[0-9]+$"}
_MOMENT: Schema = {"type": "string", "format": "date-time"}
_MOMENT_OR_NONE: Schema = {"type": ["string", "null"], "format": "date-time"}
_STATES = [str(state) for state in State]

_REFUSALS = {
    "400": "The request cannot be read: its JSON, XML, encoding, headers or parameters.",
    "401": "No valid API key was shown.",
    "403": "The key has no right to this.",
    "404": "It is not there, or not for this caller.",
    "405": "This method is not taken here.",
    "408": "The request did not arrive in time.",
    "409": "It is not in a state in which this can be done.",
    "410": "What was fetched was not acknowledged in time; it is fetched again.",
    "413": "The body, or something in it, is too large.",
    "415": "The content type is not the contract's.",
    "422": "What is said does not fit; `errors` has one entry for each thing that is wrong.",
    "429": "Too much of this sender waits already, or it has too many connections open.",
    "431": "The headers are too large.",
    "502": "An application that had to be asked does not answer.",
    "503": "The hub cannot take this now; the same request can be made again.",
    "507": "The hub's disk is full; the same request can be made again when there is room.",
}
_AGAIN = frozenset({"429", "503", "507"})


def objects(required: dict[str, Schema], **optional: Schema) -> Schema:
    """An object with these fields, of which the first must be there; others may come with later versions."""
    return {"type": "object", "required": list(required), "properties": {**required, **optional}}


def lists(items: Schema) -> Schema:
    """A list of these."""
    return {"type": "array", "items": items}


def said(name: str) -> Schema:
    """A schema of the components, by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def answer(description: str, schema: Schema, *, media: str = JSON, headers: Schema | None = None) -> Schema:
    """One response."""
    return {"description": description, "content": {media: {"schema": schema}}, **({"headers": headers} if headers else {})}


def refusals(*statuses: str) -> Schema:
    """The responses of these statuses."""
    return {status: {"$ref": f"#/components/responses/{status}"} for status in statuses}


def components() -> Schema:
    """Everything that operations refer to."""
    return {
        "securitySchemes": {
            "bearer": {"type": "http", "scheme": "bearer", "description": "An API key of the hub."},
            "key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same key."},
            **_SIGNED,
        },
        "responses": {status: _refusal(status) for status in _REFUSALS},
        "schemas": {
            "Problem": _PROBLEM,
            "Receipt": _RECEIPT,
            "Told": _TOLD,
            "Fetched": _FETCHED,
            "Settled": objects({"delivery": _TEXT, "state": _TEXT}),
            "Health": objects({"ready": {"type": "boolean"}, "parts": {"type": "object", "additionalProperties": _TEXT}}),
        },
    }


def _signed(header: str, description: str) -> Schema:
    return {"type": "apiKey", "in": "header", "name": header, "description": description}


_SIGNED = {
    "signer": _signed("X-Hub-Key", "The id of a key that signs: twelve characters. It is no secret."),
    "signed-id": _signed("webhook-id", "The message's id, the same when it is sent again; it is its Idempotency-Key."),
    "signed-at": _signed("webhook-timestamp", "When it was signed, in seconds since 1970, within five minutes of now."),
    "signature": _signed(
        "webhook-signature",
        "v1, and the base64 of the HMAC-SHA256, by the key's secret, of webhook-id.webhook-timestamp.body (Standard "
        "Webhooks). It covers the body alone: no parameters, no files beside it.",
    ),
}
"""What a signed request shows, all four together: OpenAPI has no word for a signature, so each is a header with a value."""

WAYS_OF_SAYING: list[Schema] = [{"bearer": []}, {"key": []}, {name: [] for name in _SIGNED}]
"""How a message may show who says it."""


def _refusal(status: str) -> Schema:
    headers: Schema = {"Content-Language": {"schema": {"enum": ["en", "fr"]}}}
    if status in _AGAIN:
        headers["Retry-After"] = {"required": True, "schema": {"type": "integer", "minimum": 0}}
    if status == "401":
        headers["WWW-Authenticate"] = {"required": True, "schema": _TEXT}
    return answer(_REFUSALS[status], said("Problem"), media=PROBLEM, headers=headers)


_PROBLEM = objects(
    {
        "type": {"type": "string", "pattern": f"^{NAMESPACE}:[a-z-]+$"},
        "title": _TEXT,
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "A sentence in the language of Accept-Language."},
    },
    errors=lists(
        objects(
            {
                "row": {"type": "string", "description": "The mapping's row."},
                "label": {"type": "string", "description": "Its name for people."},
                "path": {"type": "string", "description": "Where in the document."},
                "side": _TEXT,
                "accepted": lists(_TEXT),
                "detail": _TEXT,
            }
        )
    ),
)
_RECEIPT = objects(
    {
        "message": _ID,
        "exchange": _TEXT,
        "reference": _TEXT,
        "accepted_at": _MOMENT,
        "duplicate": {"type": "boolean", "description": "It repeats a message that was accepted before."},
        "deliveries": lists(_DELIVERY),
    }
)
_TOLD = objects(
    {
        "message": _ID,
        "exchange": _TEXT,
        "reference": _TEXT,
        "accepted_at": _MOMENT,
        "state": {"enum": ["accepted", *_STATES]},
        "deliveries": lists(
            objects({"delivery": _DELIVERY, "receiver": _TEXT, "state": {"enum": _STATES}, "reason": _TEXT})
        ),
        "story": lists(objects({"at": _MOMENT, "event": _TEXT, "delivery": _TEXT, "reason": _TEXT})),
    }
)
_FETCHED = objects(
    {
        "mailbox": _TEXT,
        "deliveries": lists(
            objects(
                {
                    "delivery": _DELIVERY,
                    "receipt": {"type": "string", "description": "Shown when it is acknowledged or given back."},
                    "exchange": _TEXT,
                    "operation": _TEXT,
                    "reference": _TEXT,
                    "message": _ID,
                    "accepted_at": _MOMENT,
                    "leased_until": _MOMENT_OR_NONE,
                    "fetched": {"type": "integer", "minimum": 1},
                    "media": _TEXT,
                },
                document={"description": "JSON as JSON, anything else as text."},
                base64={"type": "string", "contentEncoding": "base64", "description": "In the place of text not in UTF-8."},
            )
        ),
    }
)
