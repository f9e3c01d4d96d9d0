"""Why an attempt came to what it did where no application said so: the outcomes and sentences of the hub itself. Pure."""

from __future__ import annotations

from datetime import datetime

from hub.call import Refused, Unanswered
from hub.errors import MessageError, Problem, Text
from hub.ledger import Claim
from hub.translation import Clash

NO_LOOK_UP = Text(
    en="It may have been carried out, and the application has no look-up that tells. Confirm it, or send it anew.",
    fr="L'appel a pu aboutir, et aucune recherche ne permet de le savoir. Confirmez la remise, ou renvoyez-la.",
)
TOO_EARLY = Text(
    en="The application does not know it yet, and may still be at work on it: it is looked up again before it is sent anew.",
    fr="L'application ne le connaît pas encore, mais le traite peut-être : nouvelle recherche avant tout renvoi.",
)
OF_WHICH = Text(
    en="It may have been carried out: the look-up finds something, and nothing tells whether an earlier message of this "
    "reference made it. Confirm it, or send it anew.",
    fr="L'appel a pu aboutir : la recherche trouve quelque chose, sans qu'on sache si un message précédent de cette "
    "référence en est l'origine. Confirmez la remise, ou renvoyez-la.",
)
TAKEN_UP = Text(
    en="Another node has taken this delivery up, so it was not sent from here.",
    fr="Un autre nœud a repris cette remise : elle n'a pas été envoyée d'ici.",
)
OURSELVES = Text(
    en="The hub itself failed during this attempt; its log says why.",
    fr="Le hub lui-même a échoué pendant cette tentative ; son journal technique dit pourquoi.",
)


MOVED = Text(
    en="The application changed it during the call; it is merged and told again.",
    fr="L'application l'a modifié pendant l'appel ; la fusion est refaite et renvoyée.",
)


def too_large_inside(size: int) -> Text:
    """Files of so many bytes cannot stand in a document: the connector has a way for them."""
    told = f"{size / 1000**2:.0f}"
    return Text(
        en=f"Its files ({told} MB) are too large to stand in the document: let them travel beside it (files: mtom or swa "
        "in connector.yaml, or a multipart/form-data operation), then replay.",
        fr=f"Ses fichiers ({told} Mo) sont trop volumineux pour tenir dans le document : faites-les voyager à côté "
        "(files: mtom ou swa dans connector.yaml, ou une opération multipart/form-data), puis rejouez.",
    )


def clash(clashes: tuple[Clash, ...], claim: Claim) -> Refused:
    """Both sides changed the same rows: a person decides. The values are kept apart, for they may be personal."""
    listed = ", ".join(each.label for each in clashes)
    sender, receiver = claim.message.sender, claim.delivery.receiver
    return Refused(
        Text(
            en=f"{sender} and {receiver} both changed: {listed}. Look at both values; replay to let {sender}'s stand, "
            f"cancel to keep {receiver}'s.",
            fr=f"{sender} et {receiver} ont tous deux modifié : {listed}. Comparez les deux valeurs ; rejouez pour "
            f"retenir celle de {sender}, annulez pour garder celle de {receiver}.",
        )
    )


def expired(claim: Claim, now: datetime) -> Refused | None:
    expires = claim.message.expires_at
    if expires is None or expires > now or claim.delivery.look_up:
        return None
    return Refused(
        Text(en=f"Expired on {expires:%Y-%m-%d %H:%M} UTC.", fr=f"Périmé depuis le {expires:%d/%m/%Y %H:%M} UTC.")
    )


def unwritable(error: MessageError, claim: Claim) -> Refused | Unanswered:
    """A message that cannot be written for its receiver: every problem of it, in words. One in doubt stays so: its first
    call, made of an earlier mapping, may have been carried out."""
    problems = error.problems or (Problem(error.text),)
    reason = Text(
        en=" ".join(_told(problem, "en") for problem in problems),
        fr=" ".join(_told(problem, "fr") for problem in problems),
    )
    return Unanswered(reason) if claim.delivery.look_up else Refused(reason)


def _told(problem: Problem, language: str) -> str:
    where = problem.label or problem.row or problem.path
    words = problem.text.said_in(language)
    return f"{where}: {words}" if where else words


def unknown_request(sender: str, name: str, value: str) -> Text:
    return Text(
        en=f"No request is known yet for {name} {value} of {sender}.",
        fr=f"Aucune demande n'est encore connue pour {name} {value} de {sender}.",
    )


def could_not_look_up(reason: Text) -> Text:
    return Text(
        en=f"It could not be looked up, so it was not sent again: {reason.en}",
        fr=f"La recherche a échoué, rien n'a donc été renvoyé : {reason.fr}",
    )


def of_another(value: str) -> Text:
    return Text(
        en=f"It may have been carried out: the look-up finds {value}, which an earlier message of this reference made. "
        "Confirm it, or send it anew.",
        fr=f"L'appel a pu aboutir : la recherche trouve {value}, issu d'un message précédent de cette référence. "
        "Confirmez la remise, ou renvoyez-la.",
    )
