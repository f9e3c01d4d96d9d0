"""A dead letter's document as its sender said it, to be corrected and handed in again. Whoever looks is journalled."""

from __future__ import annotations

from starlette.responses import Response

from hub.endpoints.console.pages import Visit, render
from hub.errors import MessageError, NotFound, Text
from hub.ledger import Acceptance
from hub.message import Delivery

LONGEST = 15_000
"""Characters of a document that a form takes back: each may be several bytes, and three letters a byte."""


async def correction(visit: Visit) -> Response:
    """The document of a dead letter, in a field. NotAllowed without the right to see content."""
    visit.identity.require("content")
    ledger = visit.hub.ledger
    delivery = await ledger.delivery(visit.request.path_params["delivery"])
    document = await _document(visit, delivery)
    actor, now = visit.identity.actor, visit.hub.clock()
    await ledger.note("content-read", actor=actor, now=now, message=delivery.message, reason="correction")
    message = await ledger.message(delivery.message)
    return render(visit, "correction.html", message=message, delivery=delivery, document=document)


async def correct(visit: Visit, fields: dict[str, str]) -> str:
    """Accept the corrected document in the dead letter's place."""
    visit.identity.require("content")
    body = fields.get("document", "").replace("\r\n", "\n").encode()

    async def corrected(held: Delivery) -> Acceptance:
        return await visit.hub.intake.corrected(held, body)

    id_, actor = visit.request.path_params["delivery"], visit.identity.actor
    receipt = await visit.hub.desk.replace(id_, corrected, actor=actor, reason=fields.get("reason", ""))
    return f"/admin/messages/{receipt.message}?done=correct"


async def _document(visit: Visit, delivery: Delivery) -> str:
    try:
        text = (await visit.hub.ledger.content(delivery.message, "original")).data.decode()
    except (NotFound, UnicodeDecodeError) as error:
        raise MessageError(_NOT_HERE, kind="no-document") from error
    if len(text) > LONGEST:
        raise MessageError(_NOT_HERE, kind="no-document")
    return text


_NOT_HERE = Text(
    en="There is no document here that a form could take: it was not kept, is too long, or is not UTF-8. "
    "hub correct takes a file.",
    fr="Aucun document ici qui tienne dans un formulaire : il n'est pas conservé, trop long, ou pas en UTF-8. "
    "hub correct accepte un fichier.",
)
