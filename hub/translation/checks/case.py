"""One mapping under examination: its rows one by one, the contracts' fields that they speak of, and the findings so far."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher

from hub.contract import Shape
from hub.errors import Finding, Text
from hub.specs.mapping import Mapping as Spec
from hub.specs.mapping import Row
from hub.specs.source import Place, Source
from hub.translation.paths import path_of, shape_at
from hub.translation.tables import Table
from hub.translation.tweaks import Tweaks

_TURNED = 0.95
READ = frozenset({"in", "feed"})
WRITTEN = frozenset({"out", "collect", "ask"})


@dataclass(frozen=True, slots=True)
class Spot:
    """One row where it stands: full name, place in the file, the rows beside it, and each side's path of its group.

    `group`: the row of the group that it is in; `in_personal`: a group around it is personal.
    """

    name: str
    row: Row
    place: Place
    siblings: Mapping[str, Row]
    outer: Mapping[str, Row]
    above: Mapping[str, str]
    group: Row | None = None
    in_personal: bool = False

    @property
    def is_reply(self) -> bool:
        return self.place[0] == "reply"

    @property
    def is_line_key(self) -> bool:
        """Whether the lines of its group are told apart by it."""
        return self.group is not None and self.group.match == self.name.rpartition(".")[2]

    @property
    def sides(self) -> tuple[str, ...]:
        """The sides on which the row has a cell or a group."""
        return tuple(self.row.each or self.row.cells)

    def path(self, side: str) -> str:
        """The whole path on `side`, from the document's root."""
        return f"{self.above.get(side, '')}{path_of(self.row, side)}"

    def cell(self, side: str) -> Place:
        """Where the path of `side` is written in the file."""
        return (*self.place, "each", side) if self.row.each else (*self.place, side)


@dataclass(frozen=True, slots=True)
class Case:
    """What check_mapping was given, and what it has found."""

    spec: Spec
    source: Source
    shapes: Mapping[str, Mapping[str, Shape]]
    replies: Mapping[str, Shape]
    tables: Mapping[str, Table]
    others: Mapping[str, Spec] | None
    filled: Mapping[str, frozenset[str]]
    unread: frozenset[str] = frozenset()
    tweaks: Mapping[str, Tweaks] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    meant: dict[str, set[str]] = field(default_factory=dict)
    """By side, the fields that a misspelt cell or ignored path stands for: they are not said to be forgotten too."""
    puzzling: set[str] = field(default_factory=set)
    """The rows with a word that is not known: what else is wrong with them follows from it."""

    def wrong(self, place: Place, text: Text, *, row: str = "", right: Text | None = None) -> None:
        """Note a fault at `place` of the mapping's file."""
        self.findings.append(self.source.finding(place, text, row=row, right=right))

    def warn(self, place: Place, text: Text, *, row: str = "", right: Text | None = None) -> None:
        """Note something that works, and not as it was surely meant."""
        self.findings.append(replace(self.source.finding(place, text, row=row, right=right), severity="warning"))

    def ask(self, place: Place, text: Text, *, row: str = "", right: Text | None = None) -> None:
        """Note what only a person can answer, by a word in the file."""
        self.findings.append(replace(self.source.finding(place, text, row=row, right=right), severity="question"))

    def wrong_name(self, place: Place, word: str, *, known: Iterable[str], row: str = "", what: Text | None = None) -> None:
        """Note a name that is none of `known`; `what` says what the names are of."""
        en, fr = (f": {what.en}", f" : {what.fr}") if what else ("", "")
        text = Text(en=f"“{word}” is not known here{en}", fr=f"« {word} » n'est pas connu ici{fr}")
        self.wrong(place, text, row=row, right=one_of(word, known))

    def not_yet(self, place: Place, file: str, *, row: str = "") -> None:
        """Note that something waits for `file`, which has errors of its own."""
        text = Text(en=f"is not checked: {file} has an error of its own", fr=f"non vérifié : {file} a lui-même une erreur")
        self.warn(place, text, row=row, right=Text(en=f"correct {file} first", fr=f"corrigez d'abord {file}"))

    def means(self, side: str, path: str | None) -> None:
        """Note that a misspelt path of `side` stands for the field `path`."""
        if path:
            self.meant.setdefault(side, set()).add(path)

    def spots(self) -> Iterator[Spot]:
        """Every row of `fields` and `reply`, lines of groups included."""
        yield from _spots(self.spec.fields, ("fields",), None, {})
        yield from _spots(self.spec.reply, ("reply",), None, {})

    def follows(self, spot: Spot) -> bool:
        """Whether what is wrong with the row follows from a word or a group that is not known."""
        return spot.name in self.puzzling or any(spot.name.startswith(f"{name}.") for name in self.puzzling)

    def documents(self, spot: Spot, side: str) -> list[Shape]:
        """The shapes in which the row's path on `side` may stand."""
        if spot.is_reply:
            return [self.replies[side]] if side in self.replies else []
        return list(self.shapes.get(side, {}).values())

    def field(self, spot: Spot, side: str) -> Shape | None:
        """The contract's field that the row speaks of on `side`; None where it has none."""
        found = (shape_at(shape, spot.path(side)) for shape in self.documents(spot, side))
        return next((shape for shape in found if shape is not None), None)

    def is_read(self, spot: Spot, side: str) -> bool:
        """Whether messages bring this row in from `side`."""
        if not spot.row.is_changed_by(side):
            return False
        return spot.is_reply or bool(READ & set(self.spec.between.get(side, {})))

    def is_written(self, spot: Spot, side: str) -> bool:
        """Whether messages carry this row to `side`."""
        return not spot.is_reply and bool(WRITTEN & set(self.spec.between.get(side, {})))


def closest(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The one of `known` that was most likely meant by `word`; None when none is near."""
    scored = [(_likeness(word.lower(), name.lower()), name) for name in known]
    score, name = max(scored, default=(0.0, ""), key=lambda one: one[0])
    return name if score >= cutoff else None


def _likeness(one: str, other: str) -> float:
    """From 0 to 1; letters in another order are a slip of the fingers."""
    ratio = SequenceMatcher(None, one, other).ratio()
    return max(ratio, _TURNED) if ratio < 1 and sorted(one) == sorted(other) else ratio


def one_of(word: str, known: Iterable[str]) -> Text | None:
    """What would be right instead of `word`: the nearest of `known`, or all of them; None when there are none."""
    names = list(dict.fromkeys(known))
    if near := closest(word, names):
        return Text(en=f"did you mean “{near}”?", fr=f"vouliez-vous dire « {near} » ?")
    listed = ", ".join(sorted(names))
    return Text(en=f"known here: {listed}", fr=f"admis ici : {listed}") if names else None


def _spots(rows: Mapping[str, Row], place: Place, around: Spot | None, outer: Mapping[str, Row]) -> Iterator[Spot]:
    within = f"{around.name}." if around else ""
    above = {side: f"{around.path(side)}." for side in around.row.each} if around else {}
    group, personal = (around.row, around.in_personal or around.row.personal) if around else (None, False)
    for name, row in rows.items():
        spot = Spot(f"{within}{name}", row, (*place, name), rows, outer, above, group, personal)
        yield spot
        if row.fields:
            yield from _spots(row.fields, (*spot.place, "fields"), spot, {**outer, **rows})
