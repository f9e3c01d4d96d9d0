"""Follows each request of the demo on its trip: sent, delivered, answered, back where it came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from hub.doubles import RunningDouble
from hub.signals import Accepted, Attempted, Signal
from hub.specs.demo import Line


@dataclass(slots=True)
class Trip:
    """One request's trip: when (seconds since the demo began) each leg of it was done, None while it is not."""

    line: Line
    sent: float | None = None
    delivered: float | None = None
    answered: float | None = None
    back: float | None = None
    tries: int = 0
    message: str = ""
    receiver: str = ""
    last: str = ""

    @property
    def whole(self) -> bool:
        """Whether every leg is done."""
        return None not in (self.sent, self.delivered, self.answered, self.back)


@dataclass(slots=True)
class Trips:
    """Every trip by reference. It listens to the hub's signals, and looks at what came back to `teller`."""

    teller: str
    trips: dict[str, Trip]
    changed: Callable[[], None] = lambda: None
    began: float = field(default_factory=monotonic)

    def listen(self, signal: Signal) -> None:
        """Take note of what the hub announces."""
        match signal:
            case Accepted(reference=reference) if trip := self.trips.get(reference):
                self._accepted(trip, signal)
            case Attempted(reference=reference) if trip := self.trips.get(reference):
                self._attempted(trip, signal)
            case _:
                return
        self.changed()

    def look(self, double: RunningDouble) -> None:
        """See which requests have come back to the application that made them."""
        for trip in self.trips.values():
            ends = trip.line.ends
            if trip.back is None and any(
                call.operation == ends.operation and call.applied and _has(call.document, ends.values)
                for call in double.calls
            ):
                trip.back = self._now()
                self.changed()

    @property
    def whole(self) -> bool:
        """Whether every trip is whole."""
        return all(trip.whole for trip in self.trips.values())

    def _accepted(self, trip: Trip, signal: Accepted) -> None:
        if signal.sender == self.teller:
            trip.sent, trip.message = trip.sent or self._now(), trip.message or signal.message
        else:
            trip.answered = trip.answered or self._now()

    def _attempted(self, trip: Trip, signal: Attempted) -> None:
        if signal.message != trip.message:
            return
        trip.tries += 1
        trip.receiver = signal.lane.partition("/")[0]
        trip.last = signal.event
        if signal.event == "delivered":
            trip.delivered = trip.delivered or self._now()

    def _now(self) -> float:
        return monotonic() - self.began


def _has(document: Mapping[str, Any], values: Mapping[str, str]) -> bool:
    return all(document.get(name) == value for name, value in values.items())
