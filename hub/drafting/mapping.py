"""A mapping drafted from two contracts: its rows, what it ignores, and what is left for a person to decide."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hub.catalogue import Application
from hub.contract import Kind, Shape
from hub.drafting import guidance
from hub.drafting.names import meanings, names_a_thing, snake_case
from hub.drafting.pairing import Field, Pair, groups, paired_groups, pairs, single_fields
from hub.drafting.rows import Words, label_of, words_for
from hub.drafting.sides import Sides
from hub.drafting.writing import GUESS, TO_DO, WIDTH, entry, flow
from hub.errors import Conflict, Text
from hub.translation.paths import LINE_TEXT

_REQUESTS = frozenset({"request", "file", "order"})


@dataclass(frozen=True, slots=True)
class Seat:
    """One side of the mapping: the application, and its operation there."""

    application: Application
    operation: str

    @property
    def name(self) -> str:
        """The side's name."""
        return self.application.name

    @property
    def direction(self) -> str:
        """How the application takes part."""
        return self.application.spec.operations[self.operation].direction

    @property
    def shape(self) -> Shape:
        """The document that its cells speak of; an empty one where the operation carries none."""
        found = self.application.shape(self.operation)
        return replace(found, repeated=False) if found else _NOTHING

    @property
    def answer(self) -> Shape | None:
        """What it answers."""
        output = self.application.operation(self.operation).output
        return output.shape if output else None

    @property
    def filled(self) -> str:
        """The field that the hub fills by itself."""
        return self.application.spec.operations[self.operation].key_field or ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """One proposed row, or group of rows: its name, words and questions; what it joins, or the one path it stands on."""

    name: str
    words: dict[str, Any]
    doubts: tuple[str, ...] = ()
    fields: tuple[Proposal, ...] = ()
    to_do: tuple[str, ...] = ()
    pair: Pair | None = None
    path: str = ""


@dataclass(frozen=True, slots=True)
class MappingDraft:
    """The text of mappings/<exchange>.yaml, and of the code lists that it names, by table."""

    text: str
    tables: Mapping[str, str]


_NOTHING = Shape("", Kind.OBJECT)


def draft_mapping(exchange: str, sender: Seat, receiver: Seat, *, title: str, sector: str, language: str) -> MappingDraft:
    """The mapping of `exchange`, as far as the two contracts tell it. Raises Conflict where they have nothing in common."""
    drafter = _Drafter(exchange, Sides(sender.name, receiver.name, language))
    rows = drafter.rows(sender.shape, receiver.shape, skipped=(receiver.filled,))
    key = drafter.key(rows, sender)
    reply = drafter.reply(sender, receiver, taken={row.name for row in rows})
    sides = drafter.sides
    lines = [
        f"# {sides.says(guidance.MAPPING_HEAD)}",
        f"exchange: {exchange}",
        f"title: {flow(title)}",
        f"sector: {sector}    # {sides.says(guidance.SECTOR)}",
        "between:",
        *(f"  {seat.name}: {{{seat.direction}: {seat.operation}}}" for seat in (sender, receiver)),
        f"key: {key.name}    {GUESS if key.doubts else '#'} {'; '.join(key.doubts) or sides.says(guidance.KEY)}",
        "fields:",
        *_written(rows, 2),
        *(f"  {TO_DO} {words}" for words in drafter.wanted(receiver, rows)),
        *(["reply:", *_written(reply, 2)] if reply else drafter.unanswered(receiver)),
        *drafter.ignored(sender, receiver, rows),
    ]
    return MappingDraft("\n".join(lines) + "\n", drafter.tables)


@dataclass(slots=True)
class _Drafter:
    """One draft in the making, and the code lists that its rows need."""

    exchange: str
    sides: Sides
    tables: dict[str, str] = field(default_factory=dict)

    def rows(self, one: Shape, other: Shape, *, skipped: Collection[str] = ()) -> list[Proposal]:
        """The rows between two documents, or between the lines of two groups."""
        names: set[str] = set()
        wanted = [each for each in single_fields(other) if each.path not in skipped]
        found = [self._row(pair, names) for pair in pairs(single_fields(one), wanted)]
        found += [self._constant(each, names) for each in wanted if each.demanded and len(each.shape.values) == 1]
        return [*found, *(self._group(pair, names) for pair in paired_groups(groups(one), groups(other)))]

    def _row(self, pair: Pair, names: set[str]) -> Proposal:
        name = _name(pair.sender.path, names)
        made = words_for(pair, self.sides)
        cells = {self.sides.sender: pair.sender.path, self.sides.receiver: pair.receiver.path}
        label = {"label": label_of(pair.sender.shape, pair.receiver.shape)}
        return Proposal(name, {**label, **cells, **self._coded(name, made), **made.words}, tuple(made.doubts), pair=pair)

    def _constant(self, only: Field, names: set[str]) -> Proposal:
        """The row of a field that the contract leaves one value for."""
        label = label_of(only.shape)
        words = {"label": label, self.sides.receiver: only.path, "constant": only.shape.values[0]}
        return Proposal(_name(only.path, names), words, path=only.path)

    def _coded(self, name: str, made: Words) -> dict[str, str]:
        """The row's table, which is kept to be written."""
        if not made.table:
            return {}
        wanted = table = f"{self.exchange}-{name.replace('_', '-')}"[:56].strip("-")
        while table in self.tables:
            table = f"{wanted}-{len(self.tables) + 1}"
        lines = [",".join(made.table[0]), *(",".join(map(_csv, line.values())) for line in made.table)]
        self.tables[table] = "\n".join(lines) + "\n"
        return {"table": table}

    def _group(self, pair: Pair, names: set[str]) -> Proposal:
        name = _name(pair.sender.path, names)
        inner = self._lines(pair)
        match = _match(inner)
        inner = [replace(row, words={**row.words, "required": True}) if row is match else row for row in inner]
        sure = match.pair is not None and names_a_thing(match.pair.sender.path)
        each = {self.sides.sender: pair.sender.path, self.sides.receiver: pair.receiver.path}
        words = {"label": label_of(pair.sender.shape, pair.receiver.shape), "each": each, "match": match.name}
        doubts = () if sure else (f"match: {self.sides.says(guidance.MATCH)}",)
        return Proposal(name, words, doubts, tuple(inner), self._wanted_in(pair, inner), pair)

    def _lines(self, pair: Pair) -> list[Proposal]:
        if pair.sender.shape.children:
            return self.rows(pair.sender.shape, pair.receiver.shape)
        text = [
            replace(field, path=LINE_TEXT, shape=replace(field.shape, repeated=False))
            for field in (pair.sender, pair.receiver)
        ]
        return [replace(self._row(Pair(text[0], text[1], 1.0), set()), name="value")]

    def key(self, rows: list[Proposal], sender: Seat) -> Proposal:
        """The row that names the request, with its question; it is made required. Raises Conflict where no row can be."""
        single = [row for row in rows if row.pair is not None and not row.fields]
        if not single:
            nothing = guidance.NOTHING
            places = {"said": self.sides.sender, "told": self.sides.receiver}
            raise Conflict(Text(en=nothing.en.format(**places), fr=nothing.fr.format(**places)))
        best = max(single, key=_names_the_request)
        best.words["required"] = True
        pair = best.pair
        if pair is None or not (names_a_thing(pair.sender.path) or names_a_thing(pair.receiver.path)):
            return replace(best, doubts=(self.sides.says(guidance.NO_KEY, side=sender.name),))
        return replace(best, doubts=() if pair.likely else (self.sides.says(guidance.KEY),))

    def reply(self, sender: Seat, receiver: Seat, *, taken: set[str]) -> list[Proposal]:
        """For an ask the rows between the two answers; else the receiver's name of the request, to be remembered."""
        if receiver.answer is None:
            return []
        if receiver.direction == "ask" and sender.answer is not None:
            turned = _Drafter(self.exchange, Sides(receiver.name, sender.name, self.sides.language), self.tables)
            return turned.rows(receiver.answer, sender.answer)
        named = [each for each in single_fields(receiver.answer) if names_a_thing(each.path)]
        if not named or receiver.direction != "out":
            return []
        found, name = named[0], _name(named[0].path, set(taken))
        words = {"label": label_of(found.shape), receiver.name: found.path, "remember": True}
        return [Proposal(name, words, (self.sides.says(guidance.REMEMBERED, side=receiver.name),))]

    def unanswered(self, receiver: Seat) -> Iterator[str]:
        """What is to be decided where a question has no answer that its asker can be told."""
        if receiver.direction == "ask":
            yield f"  {TO_DO} {self.sides.says(guidance.UNANSWERED, side=self.sides.sender)}"

    def wanted(self, receiver: Seat, rows: list[Proposal]) -> Iterator[str]:
        """What the receiver demands in every document and no row writes."""
        for path, _ in _demanded(receiver.shape, _mapped(rows, 1)):
            if path != receiver.filled:
                yield self.sides.says(guidance.WANTED, side=receiver.name, path=path, other=self.sides.sender)

    def _wanted_in(self, pair: Pair, inner: list[Proposal]) -> tuple[str, ...]:
        mapped = _mapped(inner, 1)
        missing = [path for path, _ in _demanded(pair.receiver.shape, mapped)] if pair.receiver.shape.children else []
        words = guidance.WANTED
        return tuple(
            self.sides.says(words, side=self.sides.receiver, path=path, other=self.sides.sender) for path in missing
        )

    def ignored(self, sender: Seat, receiver: Seat, rows: list[Proposal]) -> Iterator[str]:
        """`ignore`: what the sender says and nobody wants, and what the receiver can do without."""
        left = {
            seat.name: list(_left(seat.shape, _mapped(rows, index), seat.filled, index))
            for index, seat in enumerate((sender, receiver))
        }
        if any(left.values()):
            yield "ignore:"
        for side, paths in left.items():
            line = f"  {side}: [{', '.join(flow(path) for path in paths)}]"
            if paths and len(line) <= WIDTH:
                yield line
            elif paths:
                yield from (f"  {side}:", *(f"    - {flow(path)}" for path in paths))


def _text_of(field: Field) -> Field:
    """The text of each line, of a field that is a list of texts."""
    return replace(field, path=LINE_TEXT, shape=replace(field.shape, repeated=False))


def _names_the_request(row: Proposal) -> tuple[bool, bool, bool, bool]:
    pair = row.pair
    if pair is None or row.words.keys() & {"as", "values", "table", "file", "date"}:
        return (False, False, False, False)
    paths = (pair.sender.path, pair.receiver.path)
    about = any(meanings(name) & _REQUESTS for path in paths for name in path.split("."))
    return (any(map(names_a_thing, paths)), pair.sender.demanded, about, pair.likely)


def _match(rows: list[Proposal]) -> Proposal:
    """The row of a group that tells its lines apart: a number or reference, else what every line has."""
    return max(rows, key=_tells_apart)


def _tells_apart(row: Proposal) -> tuple[bool, bool, bool]:
    pair = row.pair
    if pair is None or row.fields or row.words.get("file") or row.words.get("as") == "boolean":
        return (False, False, False)
    named = names_a_thing(pair.sender.path) or names_a_thing(pair.receiver.path)
    return (True, named, pair.sender.demanded and pair.receiver.demanded)


def _name(path: str, names: set[str]) -> str:
    """A row's name from its path: the last word, with those before it where that is taken."""
    parts = [part for part in path.split(".") if part != LINE_TEXT] or ["value"]
    made = next(
        (name for count in range(1, len(parts) + 1) if (name := snake_case("_".join(parts[-count:]))) not in names), ""
    )
    number = 2
    while not made:
        made = "" if (name := f"{snake_case(parts[-1])[:56]}_{number}") in names else name
        number += 1
    names.add(made)
    return made


def _csv(value: str) -> str:
    return f'"{value.replace(chr(34), chr(34) * 2)}"' if any(sign in value for sign in ',;"\n') else value


def _mapped(rows: list[Proposal], side: int, above: str = "") -> set[str]:
    """The paths that rows stand on, of the sender (0) or the receiver (1)."""
    found: set[str] = set()
    for row in rows:
        if row.path and side:
            found.add(f"{above}{row.path}")
        elif row.pair is not None:
            path = f"{above}{(row.pair.sender, row.pair.receiver)[side].path}".removesuffix(f".{LINE_TEXT}")
            found |= {path, *_mapped(list(row.fields), side, f"{path}.")}
    return found


def _demanded(shape: Shape, mapped: set[str], prefix: str = "") -> Iterator[tuple[str, Shape]]:
    """What must be in every document and is not mapped: required in what is required, or in what some row writes."""
    for child in shape.children:
        path = f"{prefix}{child.name}"
        inside = any(other.startswith(f"{path}.") for other in mapped)
        if not (child.required or inside) or (path in mapped and child.repeated):
            continue
        if child.children:
            yield from _demanded(child, mapped, f"{path}.")
        elif path not in mapped and child.required and child.fixed is None:
            yield path, child


def _left(shape: Shape, mapped: set[str], filled: str, side: int) -> Iterator[str]:
    """What no row stands on, containers as a whole; of the receiver (1) only what it does not demand."""
    wanted = {path for path, _ in _demanded(shape, mapped)} if side else set()

    def walk(at: Shape, prefix: str) -> Iterator[str]:
        for child in at.children:
            path = f"{prefix}{child.name}"
            touched = any(other == path or other.startswith(f"{path}.") for other in (*mapped, *wanted, filled))
            if not touched and child.fixed is None:
                yield path
            elif child.children:
                yield from walk(child, f"{path}.")

    return walk(shape, "")


def _written(rows: list[Proposal] | tuple[Proposal, ...], depth: int) -> Iterator[str]:
    for row in rows:
        comment = f"{GUESS} {'; '.join(row.doubts)}" if row.doubts else ""
        if not row.fields:
            yield entry(row.name, row.words, depth, comment=comment).rstrip("\n")
            continue
        margin = " " * depth
        yield f"{margin}{row.name}:{f'    {comment}' if comment else ''}"
        yield from (f"{margin}  {flow(key)}: {flow(value)}" for key, value in row.words.items())
        yield f"{margin}  fields:"
        yield from _written(row.fields, depth + 4)
        yield from (f"{margin}    {TO_DO} {words}" for words in row.to_do)
