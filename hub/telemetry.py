"""What the people who run the hub can watch: counters for Prometheus, and a log line for each signal. Never content.

Listens to the hub's signals and is told at each scrape how the ledger stands; it asks nobody anything itself.
"""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, generate_latest

from hub.facts import Fact
from hub.logs import Tell, tell
from hub.measures import Durations, Stopwatch, Tally
from hub.signals import Accepted, Attempted, Fetched, LaneChanged, Missed, NotAccepted, Signal
from hub.traces import kinds, places

STEPS, STEP_SECONDS = 12, 300
"""The traffic that is remembered for the console: one hour, in steps of five minutes."""

GATES = ("closed", "open", "half-open", "paused")
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30)


@dataclass(frozen=True, slots=True)
class Standing:
    """How many deliveries of an exchange stand in a lane in one state."""

    lane: str
    exchange: str
    state: str
    deliveries: int


@dataclass(frozen=True, slots=True)
class Watched:
    """A lane at a moment: its gate (or "paused"), and how many seconds ago its oldest waiting message was accepted."""

    lane: str
    gate: str
    oldest_seconds: float


class _Unexpected(Fact, frozen=True):
    error: str
    at: str
    raised: str


class Telemetry:
    """The hub's measures in a registry of their own, and its log. `listen` is a Listener of signals."""

    def __init__(
        self,
        tell: Tell = tell,
        *,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self.registry = CollectorRegistry()
        self._tell = tell
        self._timer = timer
        self._traffic: defaultdict[str, deque[list[int]]] = defaultdict(lambda: deque(maxlen=STEPS))
        self._count()
        self._gauge()

    def _count(self) -> None:
        self._accepted = Tally(
            self._counter("hub_messages_accepted", "Messages accepted.", "exchange", "sender", "duplicate")
        )
        self._refused = self._counter("hub_messages_refused", "Messages refused at a door.", "exchange", "kind")
        self._attempts = Tally(self._counter("hub_attempts", "Attempts, by what they came to.", "exchange", "lane", "event"))
        seconds = Durations(
            "hub_attempt_seconds", "How long an attempt took.", ("lane",), registry=self.registry, buckets=_SECONDS
        )
        self._seconds = Stopwatch(seconds, _SECONDS)
        self._fetches = self._counter("hub_fetches", "Runs of schedules.", "schedule", "outcome")
        self._missed = self._counter("hub_news_missed", "Messages without the news that was to follow.", "exchange", "news")
        self._items = self._counter("hub_fetched_items", "Items fetched.", "schedule")

    def _counter(self, name: str, words: str, *labels: str) -> Counter:
        return Counter(name, words, labels, registry=self.registry)

    def _gauge(self) -> None:
        self._gates = Gauge("hub_lane_gate", "1 for the gate that a lane has.", ("lane", "gate"), registry=self.registry)
        self._standing = Gauge(
            "hub_deliveries", "Deliveries that have not ended.", ("lane", "exchange", "state"), registry=self.registry
        )
        self._retried = Gauge(
            "hub_ledger_retries", "Transactions that PostgreSQL broke off and that were made anew.", registry=self.registry
        )
        self._oldest = Gauge(
            "hub_oldest_waiting_seconds", "Age of the oldest waiting message.", ("lane",), registry=self.registry
        )

    # -- signals ------------------------------------------------------------------------------------------------------

    def listen(self, signal: Signal) -> None:
        """Count a signal and write its log line."""
        match signal:
            case Accepted():
                self._accepted.count(signal.exchange, signal.sender, "true" if signal.duplicate else "false")
                self._tell("info", "accepted", signal)
            case NotAccepted():
                self._refused.labels(signal.exchange, signal.kind).inc()
                self._tell("warning", "refused at the door", signal)
            case Attempted():
                self._attempts.count(signal.exchange, signal.lane, signal.event)
                self._seconds.observe(signal.lane, signal.seconds)
                self._note_traffic(signal)
                self._tell(_LEVELS.get(signal.event, "warning"), "attempted", signal)
            case LaneChanged():
                self._show_gate(signal.lane, signal.gate)
                self._tell("info" if signal.gate == "closed" else "warning", "lane changed", signal)
            case Missed():
                self._missed.labels(signal.exchange, signal.news).inc()
                self._tell("error", "news missed", signal)
            case Fetched():
                self._fetches.labels(signal.schedule, "failed" if signal.error else "done").inc()
                self._items.labels(signal.schedule).inc(signal.items)
                self._tell("warning" if signal.error else "info", "fetched", signal)

    def failed(self, error: Exception, *, at: str) -> None:
        """Log an error that nobody expected, at `at`: its kinds and its places, never its words."""
        self._tell("error", "unexpected error", _Unexpected(kinds(error), at, places(error)))

    # -- traffic ------------------------------------------------------------------------------------------------------

    def traffic(self, lane: str) -> tuple[int, ...]:
        """How many deliveries this node made by a lane in each five minutes of the last hour, the latest last."""
        now = int(self._timer() // STEP_SECONDS)
        counted = {step[0]: step[1] for step in self._traffic.get(lane, ())}
        return tuple(counted.get(step, 0) for step in range(now - STEPS + 1, now + 1))

    def _note_traffic(self, signal: Attempted) -> None:
        if signal.event != "delivered":
            return
        step, steps = int(self._timer() // STEP_SECONDS), self._traffic[signal.lane]
        if steps and steps[-1][0] == step:
            steps[-1][1] += 1
        else:
            steps.append([step, 1])

    # -- scrapes ------------------------------------------------------------------------------------------------------

    def exposition(self, standings: Iterable[Standing], lanes: Iterable[Watched], *, retried: int = 0) -> tuple[bytes, str]:
        """The measures in Prometheus' form with their content type, the ledger being as it is told."""
        for counted in (self._accepted, self._attempts, self._seconds):
            counted.hand_over()
        self._retried.set(retried)
        self._standing.clear()
        for each in standings:
            self._standing.labels(each.lane, each.exchange, each.state).set(each.deliveries)
        for lane in lanes:
            self._show_gate(lane.lane, lane.gate)
            self._oldest.labels(lane.lane).set(lane.oldest_seconds)
        return generate_latest(self.registry), CONTENT_TYPE_LATEST

    def _show_gate(self, lane: str, gate: str) -> None:
        for name in GATES:
            self._gates.labels(lane, name).set(1 if name == gate else 0)


_LEVELS = {"delivered": "info", "dead": "error", "expired": "error", "stopped": "error"}
