"""The laws of a mapping, proven on generated records. Each failure names the row, the side, the value and what it became."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hub.errors import Finding, MessageError, Problem, Text
from hub.specs.mapping import Row
from hub.specs.source import Place, Source
from hub.translation.candidates import ADDRESSES, NAMES, taker
from hub.translation.checks.case import READ, WRITTEN
from hub.translation.compare import Comparison, Difference, leaves_apart, path_text
from hub.translation.faults import Fault
from hub.translation.generator import Generator, generator_for, shapes_of
from hub.translation.joins import Joint, compile_joint
from hub.translation.levels import read_level
from hub.translation.mapping import Direction, Reading, Translation
from hub.translation.record import canonical_text
from hub.translation.scene import ABSENT, Trip

WHOLE = Text(en="comes back whole", fr="revient entier")
AGAIN = Text(en="same again", fr="identique au second passage")
UNTOUCHED = Text(en="sender untouched", fr="expéditeur intact")
PRIVATE = Text(en="private data stays with its line", fr="les données propres suivent leur ligne")
TWICE = Text(en="twice is once", fr="deux fois vaut une")
LAWS = (WHOLE, AGAIN, UNTOUCHED, PRIVATE, TWICE)

_PAIRS = (*((one, other) for one in NAMES for other in NAMES), *ADDRESSES, *((way, number) for number, way in ADDRESSES))
"""What is joined and taken apart again: names, and addresses in either order."""

_PRIVATE = "hub:private"
_POOR = "poor"
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class LawReport:
    """What was tried: on how many records each law (by its plain English name) was held, and where it failed."""

    findings: tuple[Finding, ...]
    tried: Mapping[str, int]
    records: int


def check_laws(translation: Translation, source: Source, *, seed: int = 1, records: int = 40) -> LawReport:
    """The five laws on at least `records` generated records, the same for the same `seed`."""
    generator = generator_for(translation, seed=seed)
    made = generator.records(records)
    trial = _Trial(translation, source, generator)
    for name in generator.poor:
        trial.poor(name)
    trial.try_joints()
    for number, record in enumerate(made):
        for side, directions in translation.levels.items():
            for direction in directions:
                trial.try_side(side, direction, record, made[number - 1])
        for sender, receiver in _routes(translation):
            trial.try_route(sender, receiver, record)
    findings = _leading(trial.found, translation.spec.fields)
    return LawReport(findings, {law.en: trial.tried.get(law.en, 0) for law in LAWS}, len(made))


def _leading(found: Mapping[tuple[str, str, str], Finding], rows: Mapping[str, Row]) -> tuple[Finding, ...]:
    """The failures by line, without those that follow: a row without values, or one that does not come back, breaks other
    laws in its wake, and so do the parts of a join."""
    poor = {name for law, name, _ in found if law == _POOR}
    lossy = {name for law, name, _ in found if law == WHOLE.en}
    parts = {part for name in lossy & rows.keys() if (join := rows[name].join) for part in compile_joint(join, {}).names}
    kept = [
        finding
        for (law, name, _), finding in found.items()
        if law == _POOR or (name not in parts | poor and (law == WHOLE.en or name not in lossy))
    ]
    return tuple(sorted(kept, key=lambda finding: (finding.file, finding.line, finding.column)))


Way = tuple[str, Direction]


def _routes(translation: Translation) -> list[tuple[Way, Way]]:
    """Each side that says something, with each other side that hears it."""
    ways: list[Way] = [(side, direction) for side, found in translation.levels.items() for direction in found]  # type: ignore[misc]
    senders = [way for way in ways if way[1] in READ]
    receivers = [way for way in ways if way[1] in WRITTEN]
    return [(sender, receiver) for sender in senders for receiver in receivers if sender[0] != receiver[0]]


@dataclass(slots=True)
class _Trial:
    """One run of the laws: what was tried, and the first failure of each law, row and side."""

    translation: Translation
    source: Source
    generator: Generator
    found: dict[tuple[str, str, str], Finding] = field(default_factory=dict)
    tried: dict[str, int] = field(default_factory=dict)
    made: dict[tuple[str, str, int], dict[str, Any]] = field(default_factory=dict)
    """What each side writes of each generated record."""
    comparisons: dict[tuple[str, bool], Comparison] = field(default_factory=dict)

    def try_side(self, side: str, direction: Any, record: Mapping[str, Any], other: Mapping[str, Any]) -> None:
        """The laws of one side by itself."""
        self._count(WHOLE)
        document = self._attempt(WHOLE, side, lambda: self._fresh(side, direction, record))
        reading = document and self._come_back(side, direction, record, document)
        if not document or not reading:
            return
        self._try_again(side, direction, record, reading, document)
        self._try_twice(side, direction, record, other)
        self._try_private(side, direction, record, document)

    def _come_back(self, side: str, direction: Any, record: Mapping[str, Any], document: Any) -> Reading | None:
        """The document as it is read back; None when that is refused. A changed row is said before what follows from it."""
        trip = Trip(side, {})
        level = self.translation.levels[side][direction]
        came = read_level(level, document, trip=trip, at="", outer=())
        refused = {problem.row for problem in trip.problems}
        rows = self.translation.spec.fields
        comparison = self._comparison(side, with_losses=False)
        changed = [d for d in comparison.differences(rows, record, came, level=level) if d.row not in refused]
        for difference in changed:
            self._differs(WHOLE, side, difference)
        for problem in trip.problems if not changed else ():
            self._refused(WHOLE, side, problem)
        return None if trip.problems else Reading(came, dict(trip.files))

    def _try_again(self, side: str, direction: Any, record: Mapping[str, Any], reading: Reading, document: Any) -> None:
        """Writing what was read changes nothing; what a declared loss left is stable from then on."""
        self._count(AGAIN)
        onto = self._attempt(AGAIN, side, lambda: self._write(side, direction, reading.record, onto=document))
        if onto is not None:
            self._same_documents(AGAIN, side, document, onto)
        told = _with_what_others_own(self.translation.spec.fields, side, record, reading.record)
        second = self._attempt(AGAIN, side, lambda: self._write(side, direction, told))
        if second == document:
            return  # and so it is read back as it was
        back = second and self._attempt(AGAIN, side, lambda: self._read(side, direction, second))
        if back:
            comparison = self._comparison(side, with_losses=True)
            self._compare(AGAIN, comparison, direction, sent=reading.record, came=back.record)

    def _try_twice(self, side: str, direction: Any, record: Mapping[str, Any], other: Mapping[str, Any]) -> None:
        base = self._attempt(WHOLE, side, lambda: self._fresh(side, direction, other))
        if base is None:
            return
        self._count(TWICE)
        once = self._attempt(TWICE, side, lambda: self._write(side, direction, record, onto=base))
        twice = once and self._attempt(TWICE, side, lambda: self._write(side, direction, record, onto=once))
        if once and twice:
            self._same_documents(TWICE, side, once, twice)

    def _try_private(self, side: str, direction: Any, record: Mapping[str, Any], document: Mapping[str, Any]) -> None:
        """Lines get a mark that no row knows; the lines are sent in another order; each keeps its mark."""
        groups = [(name, row) for name, row in self.translation.spec.fields.items() if side in row.each]
        for name, row in groups:
            if len(record.get(name) or []) < 2 or self.translation.spec.fields[name].match is None:
                continue
            if not all(isinstance(line, Mapping) for line in _at(document, row.each[side]) or ()):
                continue  # a line that is nothing but its text has no place for a mark
            self._count(PRIVATE)
            marked = _marked(document, row.each[side])
            turned = {**record, name: list(reversed(record[name]))[:-1]}
            written = self._attempt(PRIVATE, side, lambda m=marked, t=turned: self._write(side, direction, t, onto=m))  # type: ignore[misc]
            if written is not None:
                self._same_marks(side, name, row, before=marked, after=written)

    def try_route(self, sender: Way, receiver: Way, record: Mapping[str, Any]) -> None:
        """Sent by one side, read back from the other, written onto the sender's own document: nothing has moved."""
        self._count(UNTOUCHED)
        try:
            start = self._fresh(*sender, record)
            before = self._fresh(*receiver, record)
            first = self._read(*sender, start)
            there = self._write(*receiver, first.record, onto=before)
            back = self._read(*receiver, there)
            end = self._write(*sender, back.record, onto=start)
        except MessageError as error:
            for problem in error.problems:
                self._refused(UNTOUCHED, problem.side, problem)
            return
        self._same_documents(UNTOUCHED, sender[0], start, end)

    def try_joints(self) -> None:
        """Names of every kind, joined: a text may be refused when read back, but never read as other names."""
        for name, row in self.translation.spec.fields.items():
            if row.join and row.split:
                for side in row.cells:
                    self._try_joint(name, row, side)
            for side in row.cells if row.join and not row.split else ():
                self._unread_joint(name, row, side)

    def _try_joint(self, name: str, row: Row, side: str) -> None:
        joint = compile_joint(row.join or "", row.split)
        if len(joint.names) != 2:
            return
        takes = [self._taker(part) for part in joint.names]
        for pair in _PAIRS:
            if not all(take(value) for take, value in zip(takes, pair, strict=True)):
                continue
            self._count(WHOLE)
            sent = dict(zip(joint.names, pair, strict=True))
            came = _came_back(joint, sent)
            if came is not None and came != sent:
                part = next(key for key in joint.names if came.get(key) != sent[key])
                self._say(WHOLE, side, name, ("fields", name, "split"), sent[part], came.get(part))
                return

    def _taker(self, part: str) -> Callable[[Any], bool]:
        row = self.translation.spec.fields[part]
        if row.table or row.values or row.date or row.as_ != "text":
            return lambda _: False
        around = {side: list(found.values()) for side, found in self.translation.shapes.items()}
        return taker(part, row, shapes=shapes_of(row, around), words=self.translation.words)

    def _unread_joint(self, name: str, row: Row, side: str) -> None:
        joint = compile_joint(row.join or "", {})
        lost = [part for part in joint.names if side not in self.translation.spec.fields[part].cells]
        if lost and side not in row.loses:
            en = f"{WHOLE.en}: {', '.join(lost)} on {side} came back as nothing: the joined text is not taken apart"
            fr = f"loi « {WHOLE.fr} » non tenue : rien ne revient de {', '.join(lost)} du côté {side} (pas de split)"
            right = Text(
                en=f"add split: what each looks like, or loses: {{{side}: …}}: nothing of it comes back",
                fr=f"ajoutez split : à quoi ressemble chacun, ou loses: {{{side}: …}} : rien n'en revient",
            )
            finding = self.source.finding(("fields", name, "join"), Text(en=en, fr=fr), row=name, right=right)
            self.found.setdefault((WHOLE.en, name, side), finding)

    def poor(self, name: str) -> None:
        """Note that nothing could be tried for a row."""
        place = _place_of(name)
        text = Text(en=f"no value could be made for “{name}”", fr=f"aucune valeur n'a pu être fabriquée pour « {name} »")
        right = Text(
            en="the contracts and the row's words leave no common value: correct its paths, check or forms",
            fr="aucune valeur ne convient aux contrats et aux mots de la ligne : corrigez chemins, check ou formes",
        )
        finding = self.source.finding(place, text, row=name, right=right)
        self.found.setdefault((_POOR, name, ""), finding)

    def _write(self, side: str, direction: Any, record: Mapping[str, Any], *, onto: Any = None) -> dict[str, Any]:
        return self.translation.write(side, record, self.generator.files, direction=direction, onto=onto)

    def _fresh(self, side: str, direction: Any, record: Mapping[str, Any]) -> dict[str, Any]:
        """A generated record as the side writes it, written once for all the laws."""
        key = (side, direction, id(record))
        if key not in self.made:
            self.made[key] = self._write(side, direction, record)
        return self.made[key]

    def _comparison(self, side: str, *, with_losses: bool) -> Comparison:
        letters = None if with_losses else self.translation.words.letters.get(side)
        return self.comparisons.setdefault((side, with_losses), Comparison(side, with_losses, letters))

    def _read(self, side: str, direction: Any, document: Mapping[str, Any]) -> Reading:
        return self.translation.read(side, document, direction=direction)

    def _attempt(self, law: Text, side: str, act: Callable[[], Any]) -> Any:
        """What `act` gives; None when the mapping refuses it, which is a failure of the law."""
        try:
            return act()
        except MessageError as error:
            for problem in error.problems:
                self._refused(law, side, problem)
            return None

    def _compare(
        self, law: Text, comparison: Comparison, direction: Any, *, sent: Mapping[str, Any], came: Mapping[str, Any]
    ) -> None:
        level = self.translation.levels[comparison.side][direction]
        for found in comparison.differences(self.translation.spec.fields, sent, came, level=level):
            self._differs(law, comparison.side, found)

    def _differs(self, law: Text, side: str, found: Difference) -> None:
        self._say(law, side, found.row, (*found.place, side), found.sent, found.came)

    def _same_documents(self, law: Text, side: str, before: Any, after: Any) -> None:
        for path, one, other in leaves_apart(before, after, ()):
            row = self.translation.row_at(side, path_text(path))
            self._say(law, side, row or path_text(path), (*_place_of(row), side), one, other)

    def _same_marks(self, side: str, name: str, row: Row, *, before: Any, after: Any) -> None:
        level = self.translation.levels[side]
        match = next(iter(level.values())).groups[name].slots[row.match or ""].path
        marks = {_at(line, match): line[_PRIVATE] for line in _at(before, row.each[side])}
        for line in _at(after, row.each[side]) or []:
            if line.get(_PRIVATE) != marks.get(_at(line, match)):
                sent, came = marks.get(_at(line, match)), line.get(_PRIVATE, ABSENT)
                self._say(PRIVATE, side, name, ("fields", name, "match"), sent, came)

    def _refused(self, law: Text, side: str, problem: Problem) -> None:
        key = (law.en, problem.row, side)
        label = problem.label or problem.row
        text = Text(
            en=f"{law.en}: a value of “{label}” cannot pass {side}: {problem.text.en}",
            fr=f"loi « {law.fr} » non tenue : une valeur de « {label} » ne passe pas du côté {side} : {problem.text.fr}",
        )
        right = Text(
            en="correct the words of the row, or narrow its values with check",
            fr="corrigez les mots de la ligne, ou bornez ses valeurs par check",
        )
        place = (*_place_of(problem.row), side)
        self.found.setdefault(key, self.source.finding(place, text, row=problem.row, right=right))

    def _say(self, law: Text, side: str, row: str, place: Place, sent: Any, came: Any) -> None:  # noqa: PLR0917
        en = f"{law.en}: “{_shown(sent)[0]}” on {side} came back as “{_shown(came)[0]}”"
        fr = f"loi « {law.fr} » non tenue : « {_shown(sent)[1]} » du côté {side} revient « {_shown(came)[1]} »"
        right = Text(
            en=f"correct the row, or declare it: loses: {{{side}: what does not come back}}",
            fr=f"corrigez la ligne, ou déclarez la perte : loses: {{{side}: ce qui ne revient pas}}",
        )
        finding = self.source.finding(place, Text(en=en, fr=fr), row=row, right=right)
        self.found.setdefault((law.en, row, side), finding)

    def _count(self, law: Text) -> None:
        self.tried[law.en] = self.tried.get(law.en, 0) + 1


def _with_what_others_own(
    rows: Mapping[str, Row], side: str, record: Mapping[str, Any], came: Mapping[str, Any]
) -> dict[str, Any]:
    """`came`, with the rows that `side` writes and is not believed about as they were in `record`."""
    filled = dict(came)
    for name, row in rows.items():
        if not row.is_changed_by(side) and name in record:
            filled[name] = record[name]
        elif row.each and len(came.get(name) or []) == len(record.get(name) or []):
            pairs = zip(record.get(name) or [], came.get(name) or [], strict=True)
            filled[name] = [_with_what_others_own(row.fields, side, one, other) for one, other in pairs]
    return filled


def _came_back(joint: Joint, sent: Mapping[str, Any]) -> dict[str, Any] | None:
    """The joined rows after the text was read back; None when it is refused and could not be meant for these rows."""
    text = joint.form % tuple(sent[name] or "" for name in joint.names)
    try:
        return dict(joint.taken_apart(text.strip()))
    except Fault:
        return None


def _marked(document: Mapping[str, Any], path: str) -> dict[str, Any]:
    """A copy of `document` in which each line at `path` has a mark of its own."""
    key, _, rest = path.partition(".")
    if rest:
        return {**document, key: _marked(document[key], rest)}
    return {**document, key: [{**line, _PRIVATE: f"mark {number}"} for number, line in enumerate(document[key])]}


def _at(document: Any, path: str) -> Any:
    for key in path.split("."):
        document = document.get(key) if isinstance(document, Mapping) else None
    return document


def _place_of(row: str) -> Place:
    place: Place = ()
    for name in row.split(".") if row else ():
        place = (*place, "fields", name)
    return place


def _shown(value: Any) -> tuple[str, str]:
    if value is ABSENT:
        return "nothing", "rien"
    if value is None:
        return "empty", "vide"
    text = canonical_text(value) if isinstance(value, (str, int, Decimal, bool)) else str(value)
    text = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text)})"
    return text, text
