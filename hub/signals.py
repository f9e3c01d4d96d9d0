"""Named facts that the hub announces to whoever listens (telemetry, the demo's table). Frozen; never content."""

from __future__ import annotations

from collections.abc import Callable

from hub.facts import Fact


class Accepted(Fact, frozen=True):
    """A message was accepted, or recognised as one that already had been."""

    exchange: str
    sender: str
    reference: str
    message: str
    duplicate: bool = False


class NotAccepted(Fact, frozen=True):
    """A message was refused at a door, for `kind` ("invalid-message", "not-allowed" ...)."""

    exchange: str
    sender: str
    kind: str


class Attempted(Fact, frozen=True, rename={"event": "outcome"}):
    """An attempt of a delivery ended; `event` is the word of the journal, and in the log, where each line is an event, its
    `outcome`; `seconds` is how long it took."""

    exchange: str
    lane: str
    reference: str
    message: str
    delivery: str
    event: str
    seconds: float
    reason: str = ""


class LaneChanged(Fact, frozen=True):
    """A lane's gate changed."""

    lane: str
    gate: str
    reason: str = ""


class Missed(Fact, frozen=True):
    """A message was to be followed by `news`, and was not in time."""

    exchange: str
    news: str
    reference: str
    message: str


class Fetched(Fact, frozen=True):
    """A schedule's run ended."""

    schedule: str
    items: int
    error: str = ""


Signal = Accepted | NotAccepted | Attempted | LaneChanged | Fetched | Missed
Listener = Callable[[Signal], None]
