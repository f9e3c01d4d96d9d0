"""The pages that are read: lanes, messages, one message's story, dead letters, schedules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from starlette.responses import RedirectResponse, Response

from hub.desk import Verb
from hub.dispatcher.recollection import clash_of
from hub.endpoints.console.pages import Visit, render, zone_of
from hub.endpoints.console.words import event_said, next_said, say, soon_said
from hub.endpoints.lanes import LaneStanding, standings
from hub.endpoints.stories import overall, said
from hub.errors import Language, NotFound, Text
from hub.ledger import JournalLine, Search, Story, packed, unpacked
from hub.message import Delivery, State

_ID = re.compile(r"[0-9a-f]{32}")
_BACKLOG = (State.WAITING, State.SENDING, State.UNANSWERED, State.DEAD)


# -- overview ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LaneRow:
    """A lane as one row of the overview. `bars`: (state, start, width) in percent of the fullest lane;
    `traffic`: deliveries of the last hour in steps of five minutes, with their heights out of 24."""

    lane: LaneStanding
    bars: tuple[tuple[str, float, float], ...]
    traffic: tuple[tuple[int, int], ...]
    delivered: int


async def overview(visit: Visit) -> Response:
    """Every lane: its gate, what stands in it, since when, and what went through."""
    lanes = await standings(visit.hub)
    most = max((sum(lane.counts.values()) for lane in lanes), default=0)
    busiest = max((max(visit.hub.telemetry.traffic(lane.name)) for lane in lanes), default=0)
    totals = {state: sum(lane.counts.get(state, 0) for lane in lanes) for state in _BACKLOG}
    return render(
        visit,
        "overview.html",
        rows=[_row(visit, lane, most=most, busiest=busiest) for lane in lanes],
        totals=totals,
        delivered=sum(sum(visit.hub.telemetry.traffic(lane.name)) for lane in lanes),
        stopped=[lane.name for lane in lanes if lane.gate != "closed"],
    )


def _row(visit: Visit, lane: LaneStanding, *, most: int, busiest: int) -> LaneRow:
    traffic = visit.hub.telemetry.traffic(lane.name)
    heights = tuple((number, round(24 * number / busiest) if busiest else 0) for number in traffic)
    return LaneRow(lane, _bars(lane, most), heights, sum(traffic))


def _bars(lane: LaneStanding, most: int) -> tuple[tuple[str, float, float], ...]:
    bars, start = [], 0.0
    for state in _BACKLOG:
        width = 100 * lane.counts.get(state, 0) / most if most else 0.0
        if width:
            bars.append((str(state), round(start, 2), round(max(width, 1.0), 2)))
            start += max(width, 1.0)
    return tuple(bars)


# -- messages ---------------------------------------------------------------------------------------------------------


async def messages(visit: Visit) -> Response:
    """Messages that match what was asked, newest first."""
    asked = {name: visit.request.query_params.get(name, "").strip() for name in _ASKED}
    if _ID.fullmatch(asked["reference"]):
        return RedirectResponse(f"/admin/messages/{asked['reference']}", status_code=303)
    state = State(asked["state"]) if asked["state"] in set(State) else None
    search = Search(
        reference=asked["reference"],
        exchange=asked["exchange"],
        state=state,
        lane=asked["lane"],
        reason=asked["text"],
        after=asked["after"],
        limit=50,
    )
    found, rule = await visit.hub.ledger.find(search), visit.hub.catalogue.done_when
    return render(
        visit,
        "messages.html",
        asked=asked,
        found=[(each, overall(each.deliveries, rule(each.message.exchange))) for each in found.found],
        next=found.next,
        exchanges=sorted(visit.hub.catalogue.exchanges),
        states=[str(state) for state in State],
    )


_ASKED = ("reference", "exchange", "state", "lane", "text", "after")


@dataclass(frozen=True, slots=True)
class DeliveryCard:
    """A delivery with its reason, what comes next, what a person can do, and whether there is a clash to look at, or a
    document to correct."""

    delivery: Delivery
    reason: str
    next: str
    actions: tuple[str, ...]
    clashes: bool
    correctable: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the story in plain words."""

    at: datetime
    event: str
    said: str
    reason: str
    receiver: str
    notes: tuple[str, ...]


async def message(visit: Visit) -> Response:
    """One message's story, step by step."""
    story = await visit.hub.ledger.story(visit.request.path_params["message"])
    receivers = {delivery.id: delivery.receiver for delivery in story.deliveries}
    return render(
        visit,
        "message.html",
        message=story.message,
        state=overall(story.deliveries, visit.hub.catalogue.done_when(story.message.exchange)),
        cards=[_card(visit, delivery, story) for delivery in story.deliveries],
        steps=[_step(line, receivers, visit.language) for line in story.lines],
        contents=story.contents,
    )


def _card(visit: Visit, delivery: Delivery, story: Story) -> DeliveryCard:
    reason = said(unpacked(delivery.reason), visit.language)
    names = {each.name for each in story.contents} if visit.identity.may("content") else set()
    correctable = visit.may_act and delivery.state is State.DEAD and "original" in names
    actions = _ACTIONS.get(delivery.state, ())
    return DeliveryCard(delivery, reason, _next(visit, delivery), actions, clash_of(delivery.id) in names, correctable)


_ACTIONS = {
    State.DEAD: ("replay", "cancel"),
    State.UNANSWERED: ("confirm", "replay", "cancel"),
    State.WAITING: ("cancel",),
}


def _next(visit: Visit, delivery: Delivery) -> str:
    now, zone = visit.hub.clock(), zone_of(visit.hub)
    if delivery.due_at is None:
        return next_said(_UNTIMED.get(delivery.state, "ended"), visit.language)
    if delivery.state is State.SENDING:
        return next_said("sending", visit.language)
    at = soon_said(delivery.due_at, now, language=visit.language, zone=zone)
    timed = "look_up" if delivery.look_up else ("again" if delivery.tries else "due")
    return next_said(timed, visit.language, at=at)


_UNTIMED = {
    State.WAITING: "waits",
    State.SENDING: "sending",
    State.UNANSWERED: "person_unanswered",
    State.DEAD: "person_dead",
}


def _step(line: JournalLine, receivers: dict[str, str], language: Language) -> Step:
    return Step(
        at=line.at,
        event=line.event,
        said=event_said(line.event, language),
        reason=said(line.reason, language),
        receiver=receivers.get(line.delivery, ""),
        notes=tuple(_notes(line, language)),
    )


def _notes(line: JournalLine, language: Language) -> Iterator[str]:
    """Who did it, what HTTP said, how long it took."""
    if line.actor:
        yield say("by", language, name=line.actor)
    if status := line.detail.get("status"):
        yield say("http", language, status=status)
    if seconds := line.detail.get("seconds"):
        yield say("took", language, s=seconds)


# -- dead letters and schedules ---------------------------------------------------------------------------------------


async def dead(visit: Visit) -> Response:
    """Dead letters grouped by what they died of."""
    causes = await visit.hub.ledger.dead_by_cause()
    return render(
        visit,
        "dead.html",
        causes=[(cause, packed(cause.reason)) for cause in causes],
        exchanges=sorted({cause.exchange for cause in causes}),
        receivers=sorted({cause.lane.partition("/")[0] for cause in causes}),
    )


async def dead_preview(visit: Visit) -> Response:
    """What sending all that match again, or skipping them, would do: nothing is done yet."""
    verb, query = verb_of(visit), visit.request.query_params
    asked = {name: query.get(name, "") for name in _OF_A_CAUSE}
    seen = await visit.hub.desk.preview(verb, cause_of(asked))
    return render(visit, "preview.html", verb=verb, asked=asked, seen=seen.selection, ticket=seen.ticket)


_OF_A_CAUSE = ("lane", "exchange", "receiver", "authority", "text")


def verb_of(visit: Visit) -> Verb:
    """What is to be done to all of them."""
    match visit.request.path_params["verb"]:
        case "replay":
            return "replay"
        case "cancel":
            return "cancel"
    raise NotFound(Text(en="There is no such action.", fr="Cette action n'existe pas."))


def cause_of(asked: dict[str, str]) -> Search:
    """The search for dead letters; the whole reason of a cause, or a part of it."""
    return Search(
        lane=asked.get("lane", ""),
        exchange=asked.get("exchange", ""),
        receiver=asked.get("receiver", ""),
        authority=asked.get("authority", ""),
        reason=asked.get("text", ""),
        state=State.DEAD,
    )


async def schedules(visit: Visit) -> Response:
    """Every schedule with its last runs."""
    every = visit.hub.catalogue.schedules.values()
    return render(
        visit, "schedules.html", rows=[(each, await visit.hub.ledger.fires(each.schedule, limit=5)) for each in every]
    )
