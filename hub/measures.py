"""What is counted with every message: plain numbers, which the event loop's thread alone adds to. A scrape hands them over
to prometheus_client's own measures, which take a lock for each."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from prometheus_client import Counter, Histogram


class Tally:
    """A counter."""

    def __init__(self, shown: Counter) -> None:
        self._shown = shown
        self._counted: dict[tuple[str, ...], int] = {}

    def count(self, *labels: str) -> None:
        """Count one more with these values of its labels."""
        if labels in self._counted:
            self._counted[labels] += 1
        else:
            self._counted[labels] = 1
            self._shown.labels(*labels)  # it is shown from now on

    def hand_over(self) -> None:
        """Have shown what was counted since the last time."""
        for labels, count in self._counted.items():
            self._shown.labels(*labels).inc(count)
            self._counted[labels] = 0


class Durations(Histogram):
    """A histogram that takes many observations at once."""

    def add(self, counts: Sequence[int], total: float) -> None:
        """Add so many observations in each bucket, and their sum."""
        for bucket, count in zip(self._buckets, counts, strict=True):
            bucket.inc(count)
        self._sum.inc(total)


@dataclass(slots=True)
class _Lasted:
    counts: list[int]
    total: float = 0.0


class Stopwatch:
    """Durations by one label, in these bounds."""

    def __init__(self, shown: Durations, bounds: Sequence[float]) -> None:
        self._shown = shown
        self._bounds = tuple(bounds)
        self._lasted: dict[str, _Lasted] = {}

    def observe(self, label: str, seconds: float) -> None:
        """Something took so long."""
        lasted = self._lasted.get(label)
        if lasted is None:
            lasted = self._lasted[label] = self._nothing()
            self._shown.labels(label)  # it is shown from now on
        lasted.counts[bisect_left(self._bounds, seconds)] += 1
        lasted.total += seconds

    def hand_over(self) -> None:
        """Have shown what was observed since the last time."""
        for label, lasted in self._lasted.items():
            self._shown.labels(label).add(lasted.counts, lasted.total)
            self._lasted[label] = self._nothing()

    def _nothing(self) -> _Lasted:
        return _Lasted([0] * (len(self._bounds) + 1))
