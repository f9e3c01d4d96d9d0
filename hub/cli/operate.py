"""`hub messages`, `replay`, `cancel`, `correct`, `connectors`, `schedules`, `keys`: an operator's requests to a running hub.

They speak to its admin endpoint (HUB_URL, with HUB_ADMIN_KEY), so that they work the same on SQLite and on several nodes.
"""

from __future__ import annotations

import os
from base64 import b64encode
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import httpx
from cyclopts import Parameter

from hub.cli.screen import Screen, language_of
from hub.errors import HubUnavailable, MessageError, NotAllowed, Text
from hub.message import State

_ID = Text(en="Message", fr="Message")
_REFERENCE = Text(en="Reference", fr="Référence")
_EXCHANGE = Text(en="Exchange", fr="Échange")
_STATE = Text(en="State", fr="État")
_WHEN = Text(en="Accepted", fr="Reçu")
_WHY = Text(en="Reason", fr="Motif")
_NAME = Text(en="Name", fr="Nom")
_TITLE = Text(en="Title", fr="Intitulé")


PATIENCE = httpx.Timeout(600, connect=10)
"""Seconds: to send tens of thousands of dead letters again takes a while."""


class Desk:
    """The admin endpoint of a running hub. Raises NotAllowed, HubUnavailable with what to do."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self._url = os.environ.get("HUB_URL", "http://127.0.0.1:8080").rstrip("/")
        self._key = os.environ.get("HUB_ADMIN_KEY", "")

    def get(self, path: str, **query: str) -> Any:
        """What the endpoint answers to a question."""
        return self._asked("GET", path, params={name: value for name, value in query.items() if value})

    def post(self, path: str, **body: Any) -> Any:
        """What the endpoint answers to a change."""
        return self._asked("POST", path, json=body)

    def _asked(self, method: str, path: str, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {self._key}", "Accept-Language": self.screen.language}
        if not self._key:
            raise NotAllowed(
                Text(
                    en="Set HUB_ADMIN_KEY to the admin key that the first start showed.",
                    fr="Renseignez HUB_ADMIN_KEY : la clé d'administration montrée au premier démarrage.",
                )
            )
        try:
            reply = httpx.request(
                method, f"{self._url}/admin/api{path}", headers=headers, timeout=PATIENCE, trust_env=False, **more
            )
        except httpx.HTTPError as error:
            raise HubUnavailable(
                Text(
                    en=f"No hub answers at {self._url}: start it with hub serve, or set HUB_URL.",
                    fr=f"Aucun hub ne répond à {self._url} : lancez hub serve, ou réglez HUB_URL.",
                )
            ) from error
        if reply.is_success:
            return reply.json()
        if reply.status_code == httpx.codes.UNAUTHORIZED:
            raise NotAllowed(
                Text(
                    en="The hub does not know the key in HUB_ADMIN_KEY. Is it whole? hub init --new-admin-key makes one.",
                    fr="Clé de HUB_ADMIN_KEY inconnue du hub. Est-elle entière ? hub init --new-admin-key en crée une.",
                )
            )
        raise NotAllowed(_said(reply), status=reply.status_code)


def _said(reply: httpx.Response) -> Text:
    try:
        problem = reply.json()
        words = str(problem.get("detail") or problem.get("title"))
    except ValueError:
        words = f"HTTP {reply.status_code}"
    return Text(en=words, fr=words)


def _desk() -> Desk:
    return Desk(Screen(language_of(os.environ)))


def messages(
    message: str = "",
    *,
    reference: str = "",
    exchange: str = "",
    state: State | None = None,
    lane: str = "",
    text: str = "",
    limit: int = 50,
) -> None:
    """List messages, newest first; with an id, tell one message's story.

    Parameters
    ----------
    message
        The id of one message.
    reference
        The business key, such as the portal's request number.
    exchange
        An exchange, such as bin-replacement.
    state
        waiting, sending, unanswered, delivered, dead or cancelled.
    lane
        An application's lane, such as waste/default.
    text
        A part of the reason.
    limit
        How many at most.
    """
    desk = _desk()
    if message:
        _tell(desk, desk.get(f"/messages/{message}"))
        return
    asked = {"reference": reference, "exchange": exchange, "state": str(state or ""), "lane": lane, "text": text}
    found = desk.get("/messages", limit=str(limit), **asked)["messages"]
    desk.screen.table((_WHEN, _REFERENCE, _EXCHANGE, _STATE, _ID, _WHY), [_row(each) for each in found])


def _row(each: dict[str, Any]) -> tuple[str, ...]:
    reasons = "; ".join(sorted({delivery["reason"] for delivery in each["deliveries"] if delivery["reason"]}))
    when = str(each["accepted_at"])[:19].replace("T", " ")
    return when, each["reference"], each["exchange"], each["state"], each["message"], reasons


def _tell(desk: Desk, story: dict[str, Any]) -> None:
    """One message: what it is, its deliveries, and its journal line by line."""
    desk.screen.say(
        f"{story['exchange']} {story['reference']}: {story['state']}",
        f"{story['exchange']} {story['reference']} : {story['state']}",
        style="bold",
    )
    deliveries = [(d["delivery"], d["lane"], d["state"], str(d["tries"]), d["reason"]) for d in story["deliveries"]]
    columns = (Text(en="Delivery", fr="Remise"), Text(en="Lane", fr="Voie"), _STATE, Text(en="Tries", fr="Essais"), _WHY)
    desk.screen.table(columns, deliveries)
    lines = [(line["at"][:23].replace("T", " "), line["event"], line["actor"], line["reason"]) for line in story["story"]]
    desk.screen.table((Text(en="When", fr="Quand"), Text(en="What", fr="Quoi"), Text(en="Who", fr="Qui"), _WHY), lines)


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Matching:
    """Which deliveries are meant; what is left out asks nothing.

    Parameters
    ----------
    text
        A part of the reason they died of.
    lane
        Only those of a lane, such as waste/default.
    exchange
        Only those of an exchange.
    receiver
        Only those to an application.
    authority
        Only those of an authority.
    state
        dead; unanswered: those that wait for a person; or waiting, which can only be skipped.
    since
        Only those accepted from this time on, such as 2026-03-02T08:00:00+01:00.
    until
        Only those accepted before this time.
    """

    text: str = ""
    lane: str = ""
    exchange: str = ""
    receiver: str = ""
    authority: str = ""
    state: Literal["dead", "unanswered", "waiting"] = "dead"
    since: str | None = None
    until: str | None = None


EVERY_DEAD_LETTER = Matching()


def replay(delivery: str = "", *, reason: str, go: str = "", matching: Matching = EVERY_DEAD_LETTER) -> None:
    """Send dead letters again: one delivery by its id, or all that match (first a dry run, then with the ticket it gives).

    Parameters
    ----------
    delivery
        The id of one delivery.
    reason
        Why, for the journal.
    go
        The ticket that the dry run gave: do it to what it showed.
    """
    _do("replay", delivery, matching, reason=reason, ticket=go)


def cancel(delivery: str = "", *, reason: str, go: str = "", matching: Matching = EVERY_DEAD_LETTER) -> None:
    """Skip deliveries for good: one by its id, or all that match (first a dry run, then with the ticket it gives).

    Parameters
    ----------
    delivery
        The id of one delivery.
    reason
        Why, for the journal.
    go
        The ticket that the dry run gave: do it to what it showed.
    """
    _do("cancel", delivery, matching, reason=reason, ticket=go)


def correct(delivery: str, document: Path, *, reason: str) -> None:
    """Accept a corrected document of the sender in the place of a dead letter. The key needs the right content.

    Parameters
    ----------
    delivery
        The id of the dead letter.
    document
        The file with the whole document, in the sender's own form.
    reason
        Why, for the journal.
    """
    desk = _desk()
    encoded = b64encode(document.read_bytes()).decode()
    done = desk.post(f"/deliveries/{delivery}/replace", reason=reason, document=encoded)
    desk.screen.say(f"Accepted as {done['message']}.", f"Accepté : {done['message']}.")


def _do(verb: str, delivery: str, matching: Matching, *, reason: str, ticket: str) -> None:
    """Do it to one delivery, or to what the dry run of this ticket showed; without either, show what it would be done to."""
    desk = _desk()
    if delivery:
        done = desk.post(f"/deliveries/{delivery}/{verb}", reason=reason)
        desk.screen.say(f"{delivery}: {done['state']}", f"{delivery} : {done['state']}")
        return
    done = desk.post(f"/dead/{verb}", reason=reason, dry_run=not ticket, ticket=ticket, **asdict(matching))
    if ticket:
        desk.screen.say(f"{done['done']} done.", f"{done['done']} faites.")
        return
    rows = [(str(each["deliveries"]), each["lane"], each["exchange"], each["reason"]) for each in done["causes"]]
    desk.screen.table((Text(en="Deliveries", fr="Remises"), Text(en="Lane", fr="Voie"), _EXCHANGE, _WHY), rows)
    desk.screen.say(
        f"{done['deliveries']} match, nothing was changed. To do it to these: the same command with --go {done['ticket']}",
        f"{done['deliveries']} correspondent, rien n'a été modifié. Pour agir sur celles-ci : la même commande avec "
        f"--go {done['ticket']}",
    )


def connectors(action: Literal["pause", "resume"] | None = None, lane: str = "", *, reason: str = "") -> None:
    """Show every application's lane; pause or resume one.

    Parameters
    ----------
    action
        pause or resume, with a lane.
    lane
        The lane, such as waste/default.
    reason
        Why, for the journal.
    """
    desk = _desk()
    if action:
        desk.post(f"/lanes/{lane}/{action}", reason=reason)
    rows = [_lane(each) for each in desk.get("/lanes")["lanes"]]
    columns = (
        Text(en="Lane", fr="Voie"),
        Text(en="Breaker", fr="Disjoncteur"),
        Text(en="Waiting", fr="En attente"),
        Text(en="Dead", fr="En rebut"),
        Text(en="Oldest", fr="Plus ancienne"),
        _WHY,
    )
    desk.screen.table(columns, rows)


def _lane(each: dict[str, Any]) -> tuple[str, ...]:
    states = each["deliveries"]
    waiting = states.get("waiting", 0) + states.get("sending", 0) + states.get("unanswered", 0)
    oldest = each["oldest_waiting_seconds"]
    age = f"{oldest:.0f} s" if oldest is not None else ""
    return each["lane"], each["gate"], str(waiting), str(states.get("dead", 0)), age, each["reason"]


def schedules(run: str = "", *, reason: str = "") -> None:
    """Show the schedules and their latest runs; run one now.

    Parameters
    ----------
    run
        The schedule to run now.
    reason
        Why, for the journal.
    """
    desk = _desk()
    if run:
        done = desk.post(f"/schedules/{run}/run", reason=reason)
        desk.screen.say(f"{run}: {done['items']} items", f"{run} : {done['items']} éléments")
    rows = []
    for each in desk.get("/schedules")["schedules"]:
        last = each["runs"][0] if each["runs"] else {}
        at = str(last.get("at") or "")[:19].replace("T", " ")
        rows.append((each["schedule"], each["cron"], at, str(last.get("items", "")), last.get("error", ""), each["title"]))
    last_run = Text(en="Last run", fr="Dernier passage")
    desk.screen.table((_NAME, Text(en="Cron", fr="Cron"), last_run, Text(en="Items", fr="Éléments"), _WHY, _TITLE), rows)


def keys(
    action: Literal["issue", "revoke"] | None = None,
    name: str = "",
    *,
    authority: str = "default",
    scope: list[str] | None = None,
    digest: bool = False,
    hmac: bool = False,
    certificate: Path | None = None,
    reason: str = "",
) -> None:
    """Show the API keys; issue one to an application, or revoke one.

    Parameters
    ----------
    action
        issue or revoke.
    name
        The application to issue to, or the id of the key to revoke.
    authority
        The authority that the key speaks for.
    scope
        What the key may do, such as send:bin-replacement; repeat for several.
    digest
        For a SOAP caller that shows a digest of its key (WS-Security, PasswordDigest): its secret is kept, sealed.
    hmac
        For a REST caller that signs its requests (Standard Webhooks) in place of showing a key: its secret is kept, sealed.
    certificate
        For a SOAP caller that signs what it says: a file with its X.509 certificate (PEM).
    reason
        Why a key is revoked.
    """
    desk = _desk()
    if action == "issue":
        scopes = scope or [f"send:{_EVERY}"]
        otherwise = _shown(digest=digest, hmac=hmac, certificate=certificate)
        done = desk.post("/keys", application=name, authority=authority, scopes=scopes, **otherwise)
        if hmac:
            named = f"X-Hub-Key: {done['id']}"
            desk.screen.say(
                f"{named}. Its secret, shown this once:", f"{named}. Son secret, montré cette seule fois :", style="bold"
            )
        else:
            desk.screen.say("The key, shown this once:", "La clé, montrée cette seule fois :", style="bold")
        desk.screen.console.print(f"  {done['key']}", markup=False)
    elif action == "revoke":
        desk.post(f"/keys/{name}/revoke", reason=reason)
    rows = [
        (each["id"], each["application"], each["authority"], " ".join(each["scopes"]), str(each["revoked_at"] or ""))
        for each in desk.get("/keys")["keys"]
    ]
    columns = (
        Text(en="Key", fr="Clé"),
        Text(en="Application", fr="Application"),
        Text(en="Authority", fr="Collectivité"),
        Text(en="Scopes", fr="Droits"),
        Text(en="Revoked", fr="Révoquée"),
    )
    desk.screen.table(columns, rows)


def _shown(*, digest: bool, hmac: bool, certificate: Path | None) -> dict[str, Any]:
    """How the key's holder shows it otherwise than as it is."""
    try:
        pem = certificate.read_text(encoding="ascii") if certificate else ""
    except (OSError, ValueError) as error:
        raise MessageError(
            Text(en=f"{certificate} cannot be read as PEM.", fr=f"{certificate} n'est pas lisible comme PEM.")
        ) from error
    return {name: value for name, value in (("digest", digest), ("hmac", hmac), ("certificate", pem)) if value}


_EVERY = "*"
