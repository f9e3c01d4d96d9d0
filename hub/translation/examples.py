"""The examples beside a mapping, run both ways: what each side writes is given, so each side can be held against it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from hub.errors import ConfigurationError, Finding, MessageError, Problem, Text
from hub.specs.mapping import Example, Examples, RefusedExample
from hub.specs.source import Place, Source
from hub.translation.checks.case import READ, WRITTEN
from hub.translation.compare import leaves_apart, path_text
from hub.translation.mapping import Reading, Translation
from hub.translation.scene import ABSENT

_SHOWN = 80


def check_examples(
    translation: Translation, examples: Examples, source: Source, *, others: Mapping[str, Translation] | None = None
) -> tuple[Finding, ...]:
    """Each example read from its start, written on every other side, and back; each refused example with its errors.

    `source` is the examples' own file. No finding = every side's document is exactly the one given. `others`: the
    exchanges by name, for what `then` tells.
    """
    run = _Run(translation, source, others or {})
    for index, example in enumerate(examples.examples):
        run.example(example, ("examples", index))
    for index, refused in enumerate(examples.refused):
        run.refused(refused, ("refused", index))
    return tuple(sorted(run.findings, key=lambda finding: (finding.line, finding.column)))


@dataclass(slots=True)
class _Run:
    """One run of an examples file, and what it has found. `seen`: by identity, the name and record of the first with it."""

    translation: Translation
    source: Source
    others: Mapping[str, Translation]
    findings: list[Finding] = field(default_factory=list)
    seen: dict[str, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)

    def example(self, example: Example, place: Place) -> None:
        """One example: from its start to every other side, and back onto the start; then what its sender is told."""
        named = [side for side in (example.start, *example.documents) if side or not example.given]
        unknown = [side for side in named if side not in self.translation.levels]
        if unknown or ((example.start or not example.given) and example.start not in example.documents):
            self._say((*place, "start"), *_no_side(unknown[0] if unknown else example.start))
            return
        reading = self._content(example, place)
        if reading is None:
            return
        self._tell_apart(example, reading.record, place)
        for side, wanted in example.documents.items():
            if side != example.start:
                self._there_and_back(example, side, reading, wanted, place=(*place, "documents"))
        if example.reply or example.reason or example.told:
            self._ended(example, reading.record, place)

    def _content(self, example: Example, place: Place) -> Reading | None:
        """What the example says: its start's document, and the rows that are given beside it."""
        reading: Reading | None = Reading({}, {})
        if example.start:
            document = example.documents[example.start]
            reading = self._read(example.start, document, (*place, "documents", example.start), incoming=True)
        try:
            given = self.translation.adopt(example.given, reference="") if example.given else {}
        except MessageError as error:
            self._failed(error, (*place, "given"))
            return None
        given = {name: given[name] for name in example.given}
        return reading and Reading({**given, **reading.record}, reading.files)

    def _tell_apart(self, example: Example, record: Mapping[str, Any], place: Place) -> None:
        """What comes in and is something else than an earlier example is not to be taken as a repeat of it."""
        says = not example.start or bool(READ & set(self.translation.levels[example.start]))
        identity = self.translation.identity(record) if says else ""
        name, before = self.seen.setdefault(identity, (example.name, record)) if identity else ("", record)
        if before != record:
            rows = ", ".join(self.translation.spec.once or (self.translation.spec.key,))
            en = f"would be taken as a repeat of “{name}”: {rows} are the same ({identity})"
            fr = f"passerait pour une répétition de « {name} » : mêmes {rows} ({identity})"
            right = Text(
                en="give the example a value of its own there, or name under once: what tells a repeat from a new message",
                fr="donnez-y à l'exemple une valeur à lui, ou nommez sous once: ce qui distingue un nouveau message",
            )
            self._say((*place, "documents", example.start), en, fr, right=right)

    def _ended(self, example: Example, record: Mapping[str, Any], place: Place) -> None:
        """What the receivers answer, and what the sender is then told."""
        reply: dict[str, Any] = {}
        try:
            for side, document in example.reply.items():
                if side != example.start:
                    reply |= self.translation.read_reply(side, document)
            if example.start in example.reply:
                answer = self.translation.write_reply(example.start, reply)
                self._same((*place, "reply", example.start), example.start, example.reply[example.start], answer)
            told = self._told(example, record, reply)
        except MessageError as error:
            self._failed(error, (*place, "told"))
            return
        for side in dict.fromkeys((*example.told, *told)):
            self._same((*place, "told", side), side, example.told.get(side, {}), told.get(side, {}))

    def _told(self, example: Example, record: Mapping[str, Any], reply: Mapping[str, Any]) -> dict[str, Any]:
        ended: Literal["delivered", "refused"] = "refused" if example.reason else "delivered"
        follow = self.translation.follow_up(ended, record, reply=reply, reason=example.reason)
        other = self.others.get(follow.exchange) if follow else None
        if follow is None or other is None:
            return {}
        said = other.adopt(follow.values, reference=self.translation.reference(record))
        ways = [(side, way) for side, ways in other.levels.items() for way in ways if way in ("out", "collect")]
        return {side: other.write(side, said, {}, direction=way) for side, way in ways}  # type: ignore[arg-type]

    def _there_and_back(self, example: Example, side: str, reading: Reading, wanted: Any, *, place: Place) -> None:
        written = self._write(side, reading, (*place, side), incoming=False)
        if written is None:
            return
        wrong = self._same((*place, side), side, wanted, written)
        back = self._read(side, wanted, (*place, side), incoming=False) if example.start else None
        if back is None:
            return
        start = example.documents[example.start]
        again = self._write(example.start, back, (*place, example.start), incoming=True, onto=start)
        if again is not None:
            self._same((*place, example.start), example.start, start, again, given=example.given, said=wrong)

    def refused(self, refused: RefusedExample, place: Place) -> None:
        """One refused example: exactly these rows, in these words (English or French)."""
        if refused.start not in self.translation.levels:
            self._say((*place, "start"), *_no_side(refused.start))
            return
        problems = self._problems(refused)
        expected = [(error.row, error.says) for error in refused.errors]
        for index, error in enumerate(refused.errors):
            if not any(_is_said(problem, error.row, error.says) for problem in problems):
                en, fr = _not_said(error.row, error.says, problems)
                self._say((*place, "errors", index), en, fr, row=error.row)
        for problem in problems:
            if not any(_is_said(problem, row, says) for row, says in expected):
                en = f"an error that the example does not expect: {problem.row}: {problem.text.en}"
                fr = f"une erreur que l'exemple n'attend pas : {problem.row} : {problem.text.fr}"
                self._say((*place, "errors"), en, fr, row=problem.row)

    def _problems(self, refused: RefusedExample) -> tuple[Problem, ...]:
        """What refuses the example: reading it, or else writing it on any side that it leaves to."""
        direction = self._direction(refused.start, incoming=True)
        try:
            reading = self.translation.read(refused.start, refused.document, direction=direction)
        except MessageError as error:
            return error.problems
        found: list[Problem] = []
        for receiver in self.translation.receivers(refused.start):
            try:
                self.translation.write(receiver.side, reading.record, reading.files, direction=receiver.direction)
            except MessageError as error:
                found += error.problems
        return tuple(found)

    def _direction(self, side: str, *, incoming: bool) -> Any:
        """The direction that the example speaks of: the side's own way in or out, or the only one that it has."""
        directions = list(self.translation.levels[side])
        return next((one for one in directions if one in (READ if incoming else WRITTEN)), directions[0])

    def _read(self, side: str, document: Mapping[str, Any], place: Place, *, incoming: bool) -> Reading | None:
        try:
            return self.translation.read(side, document, direction=self._direction(side, incoming=incoming))
        except (MessageError, ConfigurationError) as error:
            self._failed(error, place)
            return None

    def _write(self, side: str, reading: Reading, place: Place, *, incoming: bool, onto: Any = None) -> Any:
        direction = self._direction(side, incoming=incoming)
        try:
            return self.translation.write(side, reading.record, reading.files, direction=direction, onto=onto)
        except (MessageError, ConfigurationError) as error:
            self._failed(error, place)
            return None

    def _failed(self, error: MessageError | ConfigurationError, place: Place) -> None:
        problems = error.problems if isinstance(error, MessageError) else ()
        for problem in problems:
            en = f"is refused: {problem.path} ({problem.row}): {problem.text.en}"
            fr = f"est refusé : {problem.path} ({problem.row}) : {problem.text.fr}"
            self._say((*place, *_keys(problem.path)), en, fr, row=problem.row)
        if not problems:
            self._say(place, error.text.en, error.text.fr)

    def _same(  # noqa: PLR0917 - two documents, where they stand, and what is known of them
        self,
        place: Place,
        side: str,
        wanted: Any,
        written: Any,
        given: Collection[str] = (),
        said: Collection[str] = (),
    ) -> set[str]:
        """The rows in which `written` is not as `wanted`: but for rows `said` before, and for those that no side says."""
        wrong: set[str] = set()
        for path, one, other in leaves_apart(wanted, written, ()):
            shown = path_text(path)
            row = self.translation.row_at(side, shown)
            if row in said or (row in given and one is ABSENT):
                continue
            here, made = _shown(one), _shown(other)
            en = f"{side} {shown}: the example has {here.en}, the mapping writes {made.en}"
            fr = f"{side} {shown} : l'exemple a {here.fr}, la correspondance écrit {made.fr}"
            self._say((*place, *path), en, fr, row=row)
            wrong.add(row)
        return wrong

    def _say(self, place: Place, en: str, fr: str, *, row: str = "", right: Text | None = None) -> None:
        self.findings.append(self.source.finding(place, Text(en=en, fr=fr), row=row, right=right))


def _is_said(problem: Problem, row: str, says: str) -> bool:
    return problem.row == row and says in (problem.text.en, problem.text.fr)


def _not_said(row: str, says: str, problems: tuple[Problem, ...]) -> tuple[str, str]:
    same_row = [problem.text for problem in problems if problem.row == row]
    if same_row:
        return f"“{row}” says: {same_row[0].en}", f"« {row} » dit : {same_row[0].fr}"
    return f"“{row}” is not refused with: {says}", f"« {row} » n'est pas refusé par : {says}"


def _no_side(side: str) -> tuple[str, str]:
    return f"“{side}” is no side of this example", f"« {side} » n'est pas un côté de cet exemple"


def _keys(path: str) -> Place:
    parts = path.replace("[", ".").replace("]", "").split(".") if path else []
    return tuple(int(part) if part.isdigit() else part for part in parts)


def _shown(value: Any) -> Text:
    if value is ABSENT:
        return Text(en="nothing", fr="rien")
    text = str(value)
    text = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return Text(en=f"“{text}”", fr=f"« {text} »")
