"""Every sentence of the console, in both languages, and times and ages as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from hub.errors import Language, Text

WORDS: Mapping[str, Text] = {
    "product": Text(en="Message hub", fr="Hub d'échanges"),
    "skip": Text(en="Skip to content", fr="Aller au contenu"),
    "menu": Text(en="Main menu", fr="Menu principal"),
    "overview": Text(en="Overview", fr="Vue d'ensemble"),
    "messages": Text(en="Messages", fr="Messages"),
    "dead_letters": Text(en="Dead letters", fr="Rebuts"),
    "schedules": Text(en="Schedules", fr="Planifications"),
    "sign_in": Text(en="Sign in", fr="Se connecter"),
    "sign_out": Text(en="Sign out", fr="Se déconnecter"),
    "signed_in_as": Text(en="Signed in as {name}", fr="Connecté : {name}"),
    "other_language": Text(en="Français", fr="English"),
    "admin_key": Text(en="Administration key", fr="Clé d'administration"),
    "key_help": Text(
        en="Paste the key that the hub showed at its first start, or one that an administrator gave you.",
        fr="Collez la clé affichée au premier démarrage du hub, ou celle qu'un administrateur vous a remise.",
    ),
    "wrong_key": Text(en="This key does not open the console.", fr="Cette clé n'ouvre pas la console."),
    "form_expired": Text(
        en="This page had been open for too long, or came from elsewhere. Please try again.",
        fr="Cette page était ouverte depuis trop longtemps, ou venait d'ailleurs. Veuillez recommencer.",
    ),
    "all_well": Text(en="Everything is flowing.", fr="Tout circule."),
    "attention": Text(en="Something needs you", fr="Votre attention est requise"),
    "dead_now": Text(en="{n} deliveries are in the dead letters.", fr="{n} remises sont en rebut."),
    "unanswered_now": Text(en="{n} deliveries went unanswered.", fr="{n} remises sont restées sans réponse."),
    "stopped_now": Text(en="Not flowing: {names}.", fr="À l'arrêt : {names}."),
    "waiting": Text(en="Waiting", fr="En attente"),
    "sending": Text(en="Being sent", fr="En cours d'envoi"),
    "unanswered": Text(en="Unanswered", fr="Sans réponse"),
    "delivered": Text(en="Delivered", fr="Remis"),
    "dead": Text(en="Dead letter", fr="En rebut"),
    "cancelled": Text(en="Cancelled", fr="Annulé"),
    "accepted": Text(en="Accepted", fr="Accepté"),
    "lanes": Text(en="Lanes to the applications", fr="Voies vers les applications"),
    "lane": Text(en="Lane", fr="Voie"),
    "application": Text(en="Application", fr="Application"),
    "gate": Text(en="State", fr="État"),
    "closed": Text(en="Flowing", fr="Ouverte"),
    "open": Text(en="Resting", fr="En repos"),
    "half-open": Text(en="Being probed", fr="En essai"),
    "paused": Text(en="Paused", fr="En pause"),
    "probed_at": Text(en="next probe {at}", fr="prochain essai {at}"),
    "backlog": Text(en="Backlog", fr="File"),
    "oldest": Text(en="Oldest waiting", fr="Plus ancien en attente"),
    "last_hour": Text(en="Delivered in the last hour", fr="Remis depuis une heure"),
    "last_hour_of": Text(
        en="{n} delivered in the last hour by this node, in five-minute steps",
        fr="{n} remis depuis une heure par ce nœud, par pas de cinq minutes",
    ),
    "actions": Text(en="Actions", fr="Actions"),
    "pause": Text(en="Pause", fr="Mettre en pause"),
    "resume": Text(en="Resume", fr="Reprendre"),
    "replay": Text(en="Send again", fr="Renvoyer"),
    "cancel": Text(en="Skip for good", fr="Abandonner"),
    "correct": Text(en="Correct and send", fr="Corriger et envoyer"),
    "correct_help": Text(
        en="What {sender} said. Corrected, it is checked like any message, goes to {receiver} alone, and takes the place of "
        "the dead letter.",
        fr="Ce que {sender} a dit. Corrigé, il est vérifié comme tout message, part vers {receiver} seul, et prend la place "
        "du rebut.",
    ),
    "document": Text(en="Document", fr="Document"),
    "done_correct": Text(en="The corrected message is accepted.", fr="Le message corrigé est accepté."),
    "confirm": Text(en="Confirm as delivered", fr="Confirmer la remise"),
    "replay_help": Text(
        en="It goes out anew, as if it had never failed. One that may have been carried out is looked up first.",
        fr="Elle repart comme si elle n'avait jamais échoué. Si elle a pu aboutir, l'application est d'abord interrogée.",
    ),
    "cancel_help": Text(
        en="It will never be sent. What waits behind it for the same reference may go.",
        fr="Elle ne sera jamais envoyée. Ce qui attend derrière elle pour la même référence pourra partir.",
    ),
    "confirm_help": Text(
        en="You saw in the application that it was carried out.",
        fr="Vous avez constaté dans l'application qu'elle a abouti.",
    ),
    "pause_help": Text(
        en="Nothing more leaves by this lane. Messages are still accepted and wait.",
        fr="Plus rien ne part par cette voie. Les messages sont toujours acceptés et attendent.",
    ),
    "resume_help": Text(
        en="It flows again at once, its failures forgotten.",
        fr="Elle repart aussitôt, ses échecs oubliés.",
    ),
    "reason": Text(en="Reason", fr="Motif"),
    "reason_help": Text(en="Kept in the journal with your name.", fr="Conservé au journal avec votre nom."),
    "find": Text(en="Search", fr="Rechercher"),
    "find_title": Text(en="Find a message", fr="Retrouver un message"),
    "reference": Text(en="Reference", fr="Référence"),
    "reference_help": Text(
        en="The request's number, or a message's id.", fr="Le numéro de la demande, ou l'identifiant d'un message."
    ),
    "exchange": Text(en="Exchange", fr="Échange"),
    "state": Text(en="State", fr="État"),
    "any": Text(en="any", fr="tous"),
    "text_in_reason": Text(en="Text of the error", fr="Texte de l'erreur"),
    "accepted_at": Text(en="Accepted", fr="Accepté le"),
    "sender": Text(en="From", fr="De"),
    "receivers": Text(en="To", fr="À"),
    "authority": Text(en="Authority", fr="Collectivité"),
    "nothing_found": Text(en="No message matches.", fr="Aucun message ne correspond."),
    "found": Text(en="Messages found, newest first", fr="Messages trouvés, du plus récent au plus ancien"),
    "older": Text(en="Older messages", fr="Messages plus anciens"),
    "message": Text(en="Message", fr="Message"),
    "facts": Text(en="What it is", fr="Identité"),
    "revision": Text(en="Configuration", fr="Configuration"),
    "caller_page": Text(en="Request in the portal", fr="Demande dans le portail"),
    "deliveries": Text(en="Deliveries", fr="Remises"),
    "no_delivery": Text(en="Nobody receives this message.", fr="Ce message n'a pas de destinataire."),
    "attempts": Text(en="Attempts", fr="Tentatives"),
    "what_next": Text(en="What comes next", fr="La suite"),
    "story": Text(en="Its story", fr="Son histoire"),
    "contents": Text(en="What is kept of it", fr="Ce qui en est conservé"),
    "content_gone": Text(en="Its content was erased by retention.", fr="Son contenu a été effacé en fin de conservation."),
    "name": Text(en="Name", fr="Nom"),
    "form": Text(en="Type", fr="Type"),
    "size": Text(en="Size (sealed)", fr="Taille (scellé)"),
    "by": Text(en="by {name}", fr="par {name}"),
    "to": Text(en="to {name}", fr="vers {name}"),
    "took": Text(en="{s} s", fr="{s} s"),
    "http": Text(en="HTTP {status}", fr="HTTP {status}"),
    "see_both_values": Text(en="See both values", fr="Voir les deux valeurs"),
    "both_values": Text(en="What both sides changed", fr="Ce que les deux côtés ont modifié"),
    "both_values_help": Text(
        en="Send again: the value of {sender} goes to {receiver}. Skip for good: {receiver} keeps its own. Decide the same "
        "way for the message that comes from the other side.",
        fr="Renvoyer : la valeur de {sender} va à {receiver}. Abandonner : {receiver} garde la sienne. Décidez de même pour "
        "le message venu de l'autre côté.",
    ),
    "cause": Text(en="Cause", fr="Cause"),
    "causes": Text(en="Dead letters, by what they died of", fr="Rebuts, par cause"),
    "number": Text(en="Deliveries", fr="Remises"),
    "newest": Text(en="Latest", fr="Le plus récent"),
    "no_dead": Text(en="There is no dead letter.", fr="Il n'y a rien en rebut."),
    "see": Text(en="See them", fr="Les voir"),
    "replay_these": Text(en="Send all of them again…", fr="Tous les renvoyer…"),
    "dry_run": Text(en="What would be done", fr="Ce qui serait fait"),
    "cancel_these": Text(en="Skip all of them…", fr="Tous les abandonner…"),
    "replay_dry_run_of": Text(
        en="{n} deliveries would be sent again, in the order in which they were accepted, each lane at its usual pace. "
        "Nothing has been sent yet.",
        fr="{n} remises seraient renvoyées, dans l'ordre de leur réception, chaque voie à son rythme habituel. "
        "Rien n'a encore été envoyé.",
    ),
    "cancel_dry_run_of": Text(
        en="{n} deliveries would be skipped for good. Nothing has been changed yet.",
        fr="{n} remises seraient abandonnées définitivement. Rien n'a encore été modifié.",
    ),
    "first_of_them": Text(en="The first of them:", fr="Les premières :"),
    "replay_n": Text(en="Send {n} deliveries again", fr="Renvoyer {n} remises"),
    "cancel_n": Text(en="Skip {n} deliveries for good", fr="Abandonner {n} remises"),
    "no_reason_kept": Text(en="(no reason kept)", fr="(sans motif)"),
    "schedule": Text(en="Schedule", fr="Planification"),
    "when": Text(en="When", fr="Quand"),
    "last_run": Text(en="Last run", fr="Dernière exécution"),
    "run_now": Text(en="Run now", fr="Exécuter maintenant"),
    "run_help": Text(en="Fetches at once, besides its usual times.", fr="Récupère aussitôt, en plus de ses horaires."),
    "items": Text(en="{n} items", fr="{n} éléments"),
    "running": Text(en="running", fr="en cours"),
    "never": Text(en="never", fr="jamais"),
    "no_schedule": Text(en="No schedule is configured.", fr="Aucune planification n'est configurée."),
    "none": Text(en="none", fr="aucun"),
    "back": Text(en="Back", fr="Retour"),
    "not_done": Text(en="This could not be done", fr="Cela n'a pas pu être fait"),
    "read_only": Text(en="Your key may read only.", fr="Votre clé permet seulement de consulter."),
    "done_replay": Text(en="The delivery goes out again.", fr="La remise repart."),
    "done_cancel": Text(en="The delivery is skipped.", fr="La remise est abandonnée."),
    "done_confirm": Text(en="The delivery is marked as delivered.", fr="La remise est marquée comme faite."),
    "done_pause": Text(en="The lane is paused.", fr="La voie est en pause."),
    "done_resume": Text(en="The lane flows again.", fr="La voie repart."),
    "done_replay_all": Text(en="The deliveries go out again.", fr="Les remises repartent."),
    "done_cancel_all": Text(en="The deliveries are skipped.", fr="Les remises sont abandonnées."),
    "done_run": Text(en="The schedule has run.", fr="La planification a été exécutée."),
    "footer": Text(en="Node {node} · configuration {revision}", fr="Nœud {node} · configuration {revision}"),
}

EVENTS: Mapping[str, Text] = {
    "accepted": Text(en="Accepted, and on disk", fr="Accepté et enregistré"),
    "content-read": Text(en="Its content was looked at", fr="Son contenu a été consulté"),
    "repeated": Text(en="Sent again by its sender: recognised", fr="Renvoyé par son émetteur : reconnu"),
    "delivered": Text(en="Delivered", fr="Remis"),
    "retry": Text(en="The application failed; it will be tried again", fr="Échec de l'application ; nouvel essai prévu"),
    "unanswered": Text(
        en="Sent, but no whole answer came: it may have been carried out",
        fr="Envoyé, mais sans réponse complète : cela a pu aboutir",
    ),
    "throttled": Text(en="The application asks to come later", fr="L'application demande de revenir plus tard"),
    "not-sent": Text(en="Could not be sent; nothing left the hub", fr="Envoi impossible ; rien n'est parti du hub"),
    "stopped": Text(en="The lane stopped: a setting is wrong", fr="La voie s'est arrêtée : un réglage est en cause"),
    "dead": Text(en="Put aside: a person must look", fr="Mis en rebut : une personne doit intervenir"),
    "expired": Text(en="Put aside: it came too late to be of use", fr="Mis en rebut : délai dépassé"),
    "fenced": Text(en="A late answer of a former holder was ignored", fr="Réponse tardive d'un ancien détenteur, ignorée"),
    "released": Text(en="Given back unsent when a node stopped", fr="Rendu sans envoi à l'arrêt d'un nœud"),
    "lease-lost": Text(en="Its node stopped while sending: taken up", fr="Son nœud s'est arrêté pendant l'envoi : repris"),
    "lease-ended": Text(en="Its loan ended: taken up", fr="Son prêt a pris fin : repris"),
    "news-missed": Text(
        en="The news that was to follow did not come in time", fr="La suite attendue n'est pas venue à temps"
    ),
    "purged": Text(en="Content was erased by retention", fr="Contenus effacés en fin de conservation"),
    "replayed": Text(en="Sent anew by a person", fr="Renvoyé par une personne"),
    "cancelled": Text(en="Skipped by a person", fr="Abandonné par une personne"),
    "replaced": Text(en="Replaced by a corrected message", fr="Remplacé par un message corrigé"),
    "replaces": Text(en="Takes the place of a dead letter", fr="Prend la place d'un message en rebut"),
    "confirmed": Text(en="Confirmed by a person as carried out", fr="Confirmé par une personne comme abouti"),
}

_NEXT: Mapping[str, Text] = {
    "due": Text(en="Goes out {at}.", fr="Part {at}."),
    "again": Text(en="Is tried again {at}.", fr="Nouvel essai {at}."),
    "look_up": Text(en="The application is asked whether it has it {at}.", fr="L'application est interrogée {at}."),
    "sending": Text(en="Is being sent.", fr="Envoi en cours."),
    "waits": Text(en="Waits for its turn.", fr="Attend son tour."),
    "person_unanswered": Text(
        en="Look in the application: if it is there, confirm; if not, send again.",
        fr="Vérifiez dans l'application : si elle y est, confirmez ; sinon, renvoyez.",
    ),
    "person_dead": Text(
        en="A person must correct the cause, then send it again, or skip it.",
        fr="Une personne doit corriger la cause, puis la renvoyer, ou l'abandonner.",
    ),
    "ended": Text(en="Nothing: it has ended.", fr="Rien : elle est terminée."),
}


def say(key: str, language: Language, **values: object) -> str:
    """The sentence `key`, its blanks filled."""
    return WORDS[key].said_in(language).format(**values)


def event_said(event: str, language: Language) -> str:
    """A journal event in plain words; its own word when it has none."""
    return EVENTS[event].said_in(language) if event in EVENTS else event


def next_said(key: str, language: Language, **values: object) -> str:
    """What comes next, in a sentence."""
    return _NEXT[key].said_in(language).format(**values)


def clock_said(at: datetime, language: Language, zone: ZoneInfo) -> str:
    """A time to the second, as it is written in that language."""
    local = at.astimezone(zone)
    return local.strftime("%d/%m/%Y %H:%M:%S" if language == "fr" else "%Y-%m-%d %H:%M:%S")


def soon_said(at: datetime, now: datetime, *, language: Language, zone: ZoneInfo) -> str:
    """A coming moment: at once, or at its time."""
    if at <= now:
        return "tout de suite" if language == "fr" else "at once"
    local = at.astimezone(zone)
    same_day = local.date() == now.astimezone(zone).date()
    if language == "fr":
        return local.strftime("à %H:%M:%S" if same_day else "le %d/%m/%Y à %H:%M")
    return local.strftime("at %H:%M:%S" if same_day else "on %Y-%m-%d at %H:%M")


def age_said(seconds: float | None, language: Language) -> str:
    """An age in its largest units: 45 s, 3 min, 2 h 10, 4 d 3 h; a dash for none."""
    if seconds is None:
        return "–"
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d}"
    return f"{whole // 86400} {'j' if language == 'fr' else 'd'} {whole % 86400 // 3600} h"
