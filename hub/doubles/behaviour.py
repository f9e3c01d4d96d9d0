"""What one call does to a double and what it is answered, by the operation's sample. No socket, no clock of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any
from zoneinfo import ZoneInfo

from hub.contract import Document
from hub.doubles.keeping import Keeping, Kept
from hub.doubles.places import Places, fill, value_at
from hub.errors import ConfigurationError, MessageError, Problem, Text
from hub.specs.sample import Later, Sample, SampleAnswer, SampleFault
from hub.translation.dates import date_form
from hub.translation.faults import Fault


@dataclass(frozen=True, slots=True)
class Act:
    """What a call came to: its answer or its fault. `applied`: it had an effect; `repeat`: it was recognised as one."""

    answer: Mapping[str, Any] | None = None
    fault: SampleFault | None = None
    applied: bool = False
    repeat: bool = False
    kept: Kept | None = None


class Behaviour:
    """The double's memory and manners."""

    def __init__(self, samples: Mapping[str, Sample], *, clock: Callable[[], datetime]) -> None:
        self.samples = samples
        self.keeping = Keeping()
        self._clock = clock
        self._serial = 0
        self._given: dict[tuple[str, str], Act] = {}

    def act(self, operation: str, request: Document, *, answer: str = "") -> Act:
        """Do what the sample of `operation` says; `answer` calls for one of its answers by name."""
        sample = self.samples[operation]
        once = self._once(sample, request)
        if once and once in self._given:
            before = self._given[once]
            return Act(before.answer, before.fault, applied=False, repeat=True, kept=before.kept)
        found = self._find(sample, request)
        chosen = _chosen(sample, request, found=found is not None, name=answer)
        kept = self._keep(sample, request) if chosen.applies and sample.keeps else found
        answered = self._answer(sample, chosen, request, kept)
        act = Act(answered, self._fault(sample, chosen, request, kept), chosen.applies, kept=kept)
        if once and chosen.applies:
            self._given[once] = act
        return act

    def step(self, operation: str, later: Later, thing: Kept) -> tuple[Kept, Mapping[str, Any] | None]:
        """One step of what happens later to `thing`: its new state, and the document that is said, if one is."""
        sample = self.samples[operation]
        thing = self.keeping.now(thing)
        if later.change:
            change = fill(later.change, self._places(sample, {}, thing))
            thing = self.keeping.change(thing, change, at=self._clock())
        return thing, fill(later.say.document, self._places(sample, {}, thing)) if later.say else None

    def _once(self, sample: Sample, request: Document) -> tuple[str, str] | None:
        """By what a repeat is recognised: none when the sample, or the request, has nothing for it."""
        path = sample.keeps.once_by if sample.keeps else None
        value = value_at(request, path) if path else None
        return (sample.operation, str(value)) if value else None

    def _find(self, sample: Sample, request: Document) -> Kept | None:
        if sample.finds is None:
            return None
        return self.keeping.find(sample.finds.in_, str(value_at(request, sample.finds.by)))

    def _keep(self, sample: Sample, request: Document) -> Kept | None:
        if sample.keeps is None:
            return None
        self._serial += 1
        values = fill(sample.keeps.values, self._places(sample, request, None))
        key = str(value_at(request, sample.keeps.by))
        thing = Kept(sample.keeps.as_, key, self._serial, self._clock(), values)
        self.keeping.add(thing)
        return thing

    def _answer(
        self, sample: Sample, chosen: SampleAnswer, request: Document, kept: Kept | None
    ) -> Mapping[str, Any] | None:
        if chosen.answer is None:
            return None
        answer: dict[str, Any] = fill(chosen.answer, self._places(sample, request, kept))
        return _with_items(answer, sample.lists.items, self._items(sample, request)) if sample.lists else answer

    def _fault(self, sample: Sample, chosen: SampleAnswer, request: Document, kept: Kept | None) -> SampleFault | None:
        if chosen.fault is None:
            return None
        places = self._places(sample, request, kept)
        detail = fill(chosen.fault.detail, places)
        return chosen.fault.model_copy(update={"detail": detail, "text": fill(chosen.fault.text, places) or ""})

    def _items(self, sample: Sample, request: Document) -> list[Any]:
        if sample.lists is None:
            return []
        moment = _moment(value_at(request, sample.lists.since), sample.lists.since_form, ZoneInfo(sample.timezone))
        things = self.keeping.changed_since(sample.lists.in_, moment)
        return [fill(sample.lists.item, self._places(sample, request, thing)) for thing in things]

    def _places(self, sample: Sample, request: Document, kept: Kept | None) -> Places:
        serial, values = (kept.serial, kept.values) if kept else (self._serial, {})
        return Places(serial, self._clock(), ZoneInfo(sample.timezone), request, values)


def _chosen(sample: Sample, request: Document, *, found: bool, name: str) -> SampleAnswer:
    """The answer called for by name, else the first that fits."""
    for each in sample.answers:
        if name and each.name == name:
            return each
        if not name and not each.only_called and each.found in (None, found) and _fits(each, request):
            return each
    asked = f"“{name}”" if name else "this request"
    raise ConfigurationError(
        Text(
            en=f"the sample of {sample.operation} has no answer for {asked}",
            fr=f"l'échantillon de {sample.operation} n'a pas de réponse pour {asked if name else 'cette demande'}",
        )
    )


def _fits(answer: SampleAnswer, request: Document) -> bool:
    return all(fnmatchcase(str(value_at(request, path) or ""), wanted) for path, wanted in answer.when.items())


def _moment(value: Any, form: str, zone: ZoneInfo) -> datetime:
    try:
        moment = datetime.fromisoformat(str(date_form(form, zone).cell.parse(str(value or ""))))
    except Fault as wrong:
        raise MessageError(problems=(Problem(wrong.text),)) from wrong
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _with_items(answer: Mapping[str, Any], path: str, items: list[Any]) -> dict[str, Any]:
    """`answer` with `items` at `path`."""
    name, _, below = path.partition(".")
    if not below:
        return {**answer, name: items}
    return {**answer, name: _with_items(answer.get(name) or {}, below, items)}
