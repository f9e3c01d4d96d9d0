"""The schema of a mapping's rows at one level: their cells, what their words may name, and the levels of their groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.contract import Kind, Shape
from hub.specs.mapping import BOTH
from hub.specs.schema import ANY_TEXT, JsonSchema, known_or_new, listed, named, one_of
from hub.translation import Table
from hub.translation.paths import LINE_TEXT, all_paths, lists_on

_WORD: JsonSchema = {"type": "string", "pattern": "^[a-z][a-z0-9_]*$", "maxLength": 60}
_PATH: JsonSchema = {"type": list(ANY_TEXT)}
_FORMS = ("date", "datetime", "time", "dd/MM/yyyy", "yyyy-MM-dd", "yyyyMMdd", "dd/MM/yyyy HH:mm", "dd/MM/yyyy HH:mm:ss")
_BY_SIDE = ("date", "number", "values", "max", "loses", "tweak")


def rows_of(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The rows written under `key`, as far as they are rows."""
    found = data.get(key)
    return {name: row for name, row in found.items() if isinstance(row, dict)} if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True)
class Sides:
    """The sides of a level, each with the shapes (one per direction) that its paths begin at; none = any path."""

    shapes: Mapping[str, tuple[Shape, ...]]
    tables: Mapping[str, Table] = field(default_factory=dict)

    def below(self, each: Mapping[str, Any]) -> Sides:
        """The sides of a group's lines, by the group's path on each; of a group without paths, those of any group."""
        found = {}
        for side, shapes in self.shapes.items():
            path = each.get(side)
            inner = [shape.at(path) for shape in shapes] if isinstance(path, str) else _repeated(shapes)
            found[side] = tuple(shape for shape in inner if shape is not None)
        return Sides(found, self.tables)

    def cells(self, side: str) -> JsonSchema:
        """The paths of fields that a row can stand for: outside of groups, or a line that is a text."""
        shapes = self.shapes[side]
        found = [path for shape in shapes for path, _ in shape.leaves() if not lists_on(shape, path)]
        texts = [LINE_TEXT] if any(not shape.children for shape in shapes) else []
        return paths_in([*found, *texts], shapes)

    def groups(self, side: str) -> JsonSchema:
        """The paths of repeated fields."""
        shapes = self.shapes[side]
        found = [path for shape in shapes for path in all_paths(shape) if lists_on(shape, path)[-1:] == [path]]
        return paths_in(found, shapes)


@dataclass(frozen=True, slots=True)
class Level:
    """The rows of one level (`rows`, as written) on these sides; `name` is what its definitions are called by."""

    sides: Sides
    rows: Mapping[str, Any]
    name: str

    def schema(self) -> JsonSchema:
        """The level's rows: those that are groups by name, and any other."""
        groups = {name: {"$ref": f"#/definitions/{self.name}.{name}"} for name in self._groups()}
        return named(groups, new={"$ref": f"#/definitions/{self.name}"}, names=_WORD)

    def definitions(self, row: JsonSchema) -> dict[str, JsonSchema]:
        """What a row of this level holds, and of each level below; `row` is the schema of any row."""
        new = Level(self.sides.below({}), {}, f"{self.name}.*")
        found = {self.name: self._row(row, new)}
        deeper = _repeated(tuple(shape for shapes in self.sides.shapes.values() for shape in shapes))
        if deeper or not any(self.sides.shapes.values()):
            found |= new.definitions(row) if deeper else {new.name: new._row(row, new)}
        else:
            found[self.name]["properties"]["fields"] = {"type": "object"}
        for name, group in self._groups().items():
            level = self._below(name, group)
            found[f"{self.name}.{name}"] = self._row(row, level)
            found |= level.definitions(row)
        return found

    def _groups(self) -> dict[str, Mapping[str, Any]]:
        return {name: row for name, row in self.rows.items() if isinstance(row.get("each"), dict)}

    def _below(self, name: str, group: Mapping[str, Any]) -> Level:
        return Level(self.sides.below(group["each"]), rows_of(group, "fields"), f"{self.name}.{name}.fields")

    def _row(self, row: JsonSchema, below: Level) -> JsonSchema:
        """A row of this level, the lines of which (if it is a group) are those of the level `below`."""
        words = dict(row["properties"])
        del words["cells"]
        for word in _BY_SIDE:
            words[word] = _by_side(words[word], self.sides.shapes)
        words["date"] |= named(dict.fromkeys(self.sides.shapes, known_or_new(_FORMS, {"type": "string"})))
        words["each"] = {**words["each"], **named({side: self.sides.groups(side) for side in self.sides.shapes})}
        words["table"] = {**one_of(self.sides.tables), "description": words["table"]["description"]}
        words["owner"] = {**one_of([*self.sides.shapes, BOTH]), "description": words["owner"]["description"]}
        words["recall"] = {**known_or_new(self.rows, _WORD), "description": words["recall"]["description"]}
        words["match"] = {**known_or_new(below.rows, _WORD), "description": words["match"]["description"]}
        words["when"] = self._when(words["when"])
        words["fields"] = below.schema()
        cells = {side: self.sides.cells(side) for side in self.sides.shapes}
        return {**row, "properties": {**words, **cells}}

    def _when(self, word: JsonSchema) -> JsonSchema:
        """Conditions on rows of this level, each with the canonical values that its table has."""
        known = {name: {"type": "array", "items": self._codes(row)} for name, row in self.rows.items()}
        return {**word, "properties": known}

    def _codes(self, row: Mapping[str, Any]) -> JsonSchema:
        table = self.sides.tables.get(str(row.get("table")))
        return one_of(table.codes) if table else {"type": list(ANY_TEXT)}


def paths_in(paths: Iterable[str], shapes: tuple[Shape, ...]) -> JsonSchema:
    """These paths, each with what the contract says of it; below open content, any."""
    if not shapes:
        return _PATH
    said = {path: next((_said(found) for shape in shapes if (found := shape.at(path))), "") for path in paths}
    known = listed(said)
    free = [path for shape in shapes for path in _open(shape)]
    if "" in free:
        return {"anyOf": [known, _PATH]}
    more = [{"type": "string", "pattern": f"^{_escaped(path)}\\."} for path in dict.fromkeys(free)]
    return {"anyOf": [known, *more]} if more else known


def _by_side(word: JsonSchema, sides: Iterable[str]) -> JsonSchema:
    value: JsonSchema = word["additionalProperties"]
    return {**word, **named(dict.fromkeys(sides, value))}


def _repeated(shapes: tuple[Shape, ...]) -> list[Shape]:
    """Every repeated field of these shapes, wherever it stands."""
    return [
        found for shape in shapes for path in all_paths(shape) if (found := shape.at(path)) is not None and found.repeated
    ]


def _open(shape: Shape) -> list[str]:
    """The paths below which the contract says nothing; "" for the whole shape."""
    if shape.open or shape.kind is Kind.ANY:
        return [""]
    return [path for path in all_paths(shape) if (found := shape.at(path)) and (found.open or found.kind is Kind.ANY)]


def _said(shape: Shape) -> str:
    """What the contract says of a field, in one line: its kind, whether it must be there, its limits, its note."""
    parts = [f"list of {shape.kind}" if shape.repeated else str(shape.kind), "required" if shape.required else ""]
    parts += [f"at most {shape.longest} characters" if shape.longest else "", ", ".join(shape.values[:15])]
    return "; ".join(part for part in (*parts, shape.note) if part)


def _escaped(path: str) -> str:
    return "".join(f"\\{sign}" if sign in ".*+?()[]{}|^$\\" else sign for sign in path)
