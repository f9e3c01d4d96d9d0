"""Files that a sender gives by their address: fetched while its message is accepted, piece by piece into the claim check.

What is wrong with one is told of its row; what may be right in a moment is HubUnavailable: nothing is kept, and the sender
says it again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import unquote

from hub.call import Reply
from hub.caller import Caller
from hub.catalogue import Catalogue
from hub.claim_check import ClaimCheck, Deposit
from hub.codecs.multipart import said_digest
from hub.errors import (
    AnswerTooLarge,
    CallForbidden,
    HubUnavailable,
    MessageError,
    Problem,
    Text,
    TransportError,
)
from hub.message import Apart
from hub.translation import Fetched, Wanted, too_large
from hub.transports.given_addresses import Place

log = logging.getLogger("hub.retrieval")

MOST = 100
"""Files that one message gives by their address."""
_LONGEST_NAME = 255
_LATER = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


@dataclass(slots=True)
class Errand:
    """The files of one message: whose, and the `uploads` that were begun for them, for whoever lets go of them."""

    application: str
    authority: str
    uploads: list[str] = field(default_factory=list)


class Retrieval:
    """Fetches files where senders say that they are."""

    def __init__(self, *, catalogue: Catalogue, caller: Caller, claim_check: ClaimCheck) -> None:
        self._applications = catalogue.connectors
        self._caller = caller
        self._claim_check = claim_check

    async def fetch(self, wanted: Sequence[Wanted], errand: Errand) -> Fetched:
        """Every file that is `wanted`, on disk, once for each address.

        MessageError with a problem for each that cannot be had, and as the claim check raises it; HubUnavailable when one
        is not given just now.
        """
        first: dict[str, Wanted] = {}
        for each in wanted:
            first.setdefault(each.address, each)
        if len(first) > MOST:
            raise MessageError(problems=(wanted[MOST].wrong(_TOO_MANY),))
        places = self._places(first.values(), errand)
        found: dict[str, tuple[str, Apart]] = {}
        problems: list[Problem] = []
        for each, place in places:
            try:
                found[each.address] = await self._deposited(each, place, errand)
            except _Wrong as wrong:
                problems.append(each.wrong(wrong.text))
        if problems:
            raise MessageError(problems=tuple(problems))
        return found

    def _places(self, wanted: Iterable[Wanted], errand: Errand) -> list[tuple[Wanted, Place]]:
        """Where each is. MessageError with all that may not be fetched: then none is."""
        places: list[tuple[Wanted, Place]] = []
        problems: list[Problem] = []
        application = self._applications[errand.application]
        for each in wanted:
            try:
                places.append((each, self._caller.place(application, each.address, authority=errand.authority)))
            except CallForbidden as error:
                problems.append(each.wrong(error.text))
        if problems:
            raise MessageError(problems=tuple(problems))
        return places

    async def _deposited(self, wanted: Wanted, place: Place, errand: Errand) -> tuple[str, Apart]:
        deposit = await self._claim_check.begin(unquote(place.path.rpartition("/")[2])[:_LONGEST_NAME])
        errand.uploads.append(deposit.upload)
        try:
            reply = await self._answered(wanted, place, errand, deposit)
            return await _whole(deposit, reply)
        finally:
            deposit.close()

    async def _answered(self, wanted: Wanted, place: Place, errand: Errand, deposit: Deposit) -> Reply:
        """The answer of 200, all of which is in `deposit`."""
        limit = min(wanted.limit, self._claim_check.largest)
        try:
            reply = await self._caller.fetch(
                self._applications[errand.application], place, authority=errand.authority, largest=limit, take=deposit.feed
            )
        except AnswerTooLarge as error:
            raise _Wrong(too_large(limit).text) from error
        except CallForbidden as error:
            log.error("%s: a file of it may not be fetched: %s", errand.application, error)
            raise _Wrong(_FORBIDDEN) from error
        except TransportError as error:
            log.warning("%s: a file of it cannot be fetched now: %s", errand.application, error)
            raise _unavailable(wanted, _SILENT) from error
        if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR or reply.status in _LATER:
            raise _unavailable(wanted, Text(en=f"answers {reply.status}", fr=f"répond {reply.status}"))
        if reply.status != HTTPStatus.OK:
            raise _Wrong(_refused(reply.status))
        return reply


class _Wrong(Exception):
    """A file that cannot be had, for a reason that the sender must see to."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


async def _whole(deposit: Deposit, reply: Reply) -> tuple[str, Apart]:
    try:
        digest = said_digest(lambda name: reply.headers.get(name.lower(), ""))
        return await deposit.end(digest=digest)
    except MessageError as error:
        if error.kind in ("other-digest", "misformed-multipart"):
            raise _Wrong(_OTHER_DIGEST) from error
        raise


def _refused(status: int) -> Text:
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return Text(
            en=f"is not where it is said to be: its address answers {status}; what it leads to is not followed",
            fr=f"n'est pas là où il est dit : son adresse répond {status}, et un renvoi n'est pas suivi",
        )
    return Text(
        en=f"cannot be fetched: its address answers {status}", fr=f"n'a pas pu être lu : son adresse répond {status}"
    )


def _unavailable(wanted: Wanted, why: Text) -> HubUnavailable:
    """How the network answers is not for a sender to read."""
    return HubUnavailable(
        Text(
            en=f"“{wanted.label}” could not be fetched now: its address {why.en}. Nothing was kept: send the message again.",
            fr=f"« {wanted.label} » n'a pas pu être lu : son adresse {why.fr}. Rien n'est conservé : renvoyez le message.",
        )
    )


_SILENT = Text(en="does not answer", fr="ne répond pas")
_TOO_MANY = Text(
    en=f"is one of more than {MOST} files by address: send fewer at once",
    fr=f"est l'un de plus de {MOST} fichiers donnés par adresse : envoyez-en moins à la fois",
)
_FORBIDDEN = Text(
    en="is at an address that this hub may not call",
    fr="se trouve à une adresse que ce hub ne peut pas appeler",
)
_OTHER_DIGEST = Text(
    en="is not the file whose digest its address gives: it was changed or cut on its way",
    fr="n'est pas le fichier dont son adresse donne l'empreinte : altéré ou tronqué en route",
)
