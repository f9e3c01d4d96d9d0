"""The document of a REST request, whichever way it comes: as it is, as a form, or first of several parts with files."""

from __future__ import annotations

from collections.abc import Mapping

from hub.claim_check import ClaimCheck
from hub.contract import Operation, RestBinding
from hub.endpoints.package import Package
from hub.errors import MessageError, Text
from hub.message import Apart, Files, stand_in
from hub.transports.forms import json_of_form, text_of, urlencoded_fields
from hub.transports.packages import with_stand_ins

_FORM = "application/x-www-form-urlencoded"
_FORMS = {"urlencoded": _FORM, "multipart": "multipart/form-data"}


def document_in(body: bytes, media: str, saying: Operation) -> bytes:
    """The document that the operation says, in a body of this media type; of a form, as JSON. MessageError 400, 422."""
    return _of_form(urlencoded_fields(body), saying) if media == _FORM else body


async def read_with_files(
    package: Package, saying: Operation, claim_check: ClaimCheck, *, limit: int
) -> tuple[bytes, Files]:
    """The document, and the files by ticket. A contract that asks for a form of several parts has a field for each; for any
    other the document comes first, and names the others as `cid:<name>`. MessageError, HubUnavailable."""
    if form_of(saying) == "multipart":
        return await _parts_of_form(package, saying, claim_check, limit)
    head, body = await package.document(limit=limit)
    check_media(head.media or (saying.input.media if saying.input else ""), head.charset, saying)
    tickets: dict[str, str] = {}
    files: dict[str, Apart] = {}
    async for head in package.heads():
        came = await package.kept(head, claim_check)
        tickets[head.id or head.name] = came.ticket
        files[came.ticket] = came.file
    return _named(body, tickets, saying), files


async def _parts_of_form(
    package: Package, saying: Operation, claim_check: ClaimCheck, limit: int
) -> tuple[bytes, dict[str, Apart]]:
    fields: list[tuple[str, str]] = []
    files: dict[str, Apart] = {}
    left = limit
    async for head in package.heads():
        if head.filename:
            came = await package.kept(head, claim_check)
            files[came.ticket] = came.file
            fields.append((head.name, stand_in(came.ticket)))
        else:
            data = await package.text(head, left=left, limit=limit)
            left -= len(data)
            fields.append((head.name, text_of(data)))
    return _of_form(fields, saying), files


def form_of(saying: Operation) -> str:
    """The form in which the contract wants the fields of the body; "" for none."""
    return saying.binding.form if isinstance(saying.binding, RestBinding) else ""


def check_media(media: str, charset: str, saying: Operation) -> None:
    """MessageError 415 for a document of another media type, or in another charset, than the contract's."""
    part, accepted = saying.input, _accepted_media(saying)
    encoding = (part.encoding if part else "") or "utf-8"
    usual = () if part and part.layout else ("utf-8", "utf8")
    if media in accepted and charset in ("", encoding.lower(), *usual):
        return
    wanted, told = ", ".join(accepted), encoding.upper()
    raise MessageError(
        Text(en=f"Send {wanted}, in {told}.", fr=f"Envoyez {wanted}, en {told}."),
        status=415,
        kind="content-type-not-accepted",
    )


def plain_media(saying: Operation) -> frozenset[str]:
    """The media types under which, said alone, a body is the operation's document as it is."""
    return frozenset(_accepted_media(saying)) - set(_FORMS.values())


def _accepted_media(saying: Operation) -> tuple[str, ...]:
    part = saying.input
    media = part.media if part else ""
    if "xml" in media:
        return tuple(dict.fromkeys((media, "application/xml", "text/xml")))
    if part and part.layout:
        return (media,)
    form = _FORMS.get(form_of(saying))
    return tuple(dict.fromkeys((*((form,) if form else ()), media or "application/json", "application/json")))


def _of_form(fields: list[tuple[str, str]], saying: Operation) -> bytes:
    """The JSON that a form says."""
    return json_of_form(fields, saying.input) if saying.input else b""


def _named(body: bytes, tickets: Mapping[str, str], saying: Operation) -> bytes:
    """The document in which what stands for each file takes the place of its name. MessageError 400 for a file that it does
    not name: nobody would ever see it."""
    if saying.input and "xml" in saying.input.media:
        body, named = with_stand_ins(body, tickets)
    else:
        named = frozenset(name for name in tickets if f'"cid:{name}"'.encode() in body)
        for name in named:
            body = body.replace(f'"cid:{name}"'.encode(), f'"{stand_in(tickets[name])}"'.encode())
    check_named(named, tickets)
    return body


def check_named(named: frozenset[str], tickets: Mapping[str, str]) -> None:
    """MessageError 400 for a file that no document names."""
    if left := sorted(set(tickets) - named):
        shown = ", ".join(name[:60] or "-" for name in left[:5])
        raise MessageError(
            Text(
                en=f"The document does not name these files: {shown}. Write cid:<name> where each of them belongs.",
                fr=f"Le document ne désigne pas ces fichiers : {shown}. Écrivez cid:<nom> à la place de chacun.",
            ),
            status=400,
            kind="file-not-named",
        )
