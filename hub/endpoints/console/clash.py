"""What both sides of an exchange changed: the two values side by side, for the person who decides.

Whoever looks is journalled.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from hub.dispatcher.recollection import clash_of
from hub.endpoints.console.pages import Visit, render
from hub.translation import canonical_text, unpack


@dataclass(frozen=True, slots=True)
class Both:
    """One row: its label, what was sent and what the receiver has."""

    label: str
    sent: str
    held: str


async def clash(visit: Visit) -> Response:
    """Both values of each row that clashes in a delivery. NotAllowed without the right to see content."""
    visit.identity.require("content")
    ledger = visit.hub.ledger
    delivery = await ledger.delivery(visit.request.path_params["delivery"])
    kept = unpack((await ledger.content(delivery.message, clash_of(delivery.id))).data)
    actor, now = visit.identity.actor, visit.hub.clock()
    await ledger.note("content-read", actor=actor, now=now, message=delivery.message, reason="clash")
    message = await ledger.message(delivery.message)
    rows = [Both(row["label"], _shown(row["sent"]), _shown(row["held"])) for row in kept.values()]
    return render(visit, "clash.html", message=message, delivery=delivery, rows=rows)


def _shown(value: Any) -> str:
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, indent=1, default=canonical_text)
    return canonical_text(value) or "–"
