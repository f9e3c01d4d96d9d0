"""Every lane of the installation as people see it: those that are configured, and those that the ledger still knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.assembly import Hub
from hub.endpoints.stories import iso
from hub.errors import NotFound, Text
from hub.ledger import LaneView
from hub.lifecycle import Lane
from hub.message import State


@dataclass(frozen=True, slots=True)
class LaneStanding:
    """A lane at a moment. `gate` is its breaker's, or "paused"; `oldest_seconds` None when nothing waits."""

    name: str
    title: str
    gate: str
    reason: str
    counts: Mapping[State, int]
    oldest_seconds: float | None
    oldest_due: datetime | None
    until: datetime | None
    configured: bool

    def fields(self) -> dict[str, Any]:
        """The lane as JSON."""
        return {
            "lane": self.name,
            "title": self.title,
            "gate": self.gate,
            "reason": self.reason,
            "deliveries": {str(state): number for state, number in self.counts.items()},
            "oldest_waiting_seconds": self.oldest_seconds,
            "oldest_due": iso(self.oldest_due),
            "probed_at": iso(self.until),
            "configured": self.configured,
        }


async def standings(hub: Hub) -> list[LaneStanding]:
    """Every lane by name."""
    seen = {view.lane.name: view for view in await hub.ledger.lanes_overview()}
    titles = {lane: each.spec.title for each in hub.catalogue.connectors.values() for lane in each.lanes}
    titles |= {name: title for name in seen if (title := _title_of_mailbox(hub, name))}
    now = hub.clock()
    return [_standing(seen.get(name, LaneView(Lane(name), {})), titles.get(name), now) for name in sorted({*seen, *titles})]


def _title_of_mailbox(hub: Hub, lane: str) -> str:
    """The title of the application whose mailbox a lane is; "" for any other lane, and for one that is fetched no more."""
    name, *rest = lane.split("/")
    application, exchange = (
        hub.catalogue.connectors.get(name),
        hub.catalogue.exchanges.get(rest[-1]) if len(rest) > 1 else None,
    )
    return application.spec.title if application and exchange and exchange.collected_by(name) else ""


async def known_lane(hub: Hub, name: str) -> LaneStanding:
    """The lane of that name. NotFound when there is none."""
    for lane in await standings(hub):
        if lane.name == name:
            return lane
    raise NotFound(Text(en="There is no such lane.", fr="Cette voie n'existe pas."))


def _standing(view: LaneView, title: str | None, now: datetime) -> LaneStanding:
    oldest = (now - view.oldest_accepted).total_seconds() if view.oldest_accepted else None
    return LaneStanding(
        name=view.lane.name,
        title=title or view.lane.name,
        gate="paused" if view.lane.paused else str(view.lane.gate),
        reason=view.lane.reason,
        counts=view.counts,
        oldest_seconds=None if oldest is None else max(0.0, oldest),
        oldest_due=view.oldest_due,
        until=view.lane.until,
        configured=title is not None,
    )
