"""Whole mappings made by Hypothesis, with states: what is to be said, as a record and as the document of each side.

The hub's own generator has no part in it, and the documents are put together here, not by the engine.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from hub.codecs import JsonCodec, XmlCodec
from hub.contract import Document, Kind, Shape
from hub.specs.mapping import Mapping as Spec
from hub.translation.mapping import Translation, compile_mapping
from hub.translation.tables import Table
from tests.translation import made_fields
from tests.translation.made_fields import Field, Sides, Value

ABSENT: Any = "(not carried)"
OWN = "own"
"""A field of each side and line that no row speaks of."""

State = dict[str, Any]
"""By row: a Value, None (carried empty), ABSENT, or the states of a group's lines. `own`: what no row speaks of."""


@dataclass(frozen=True)
class Row:
    """A row with its cells. `parts`: what a join joins. `level`: a group's lines, told apart by the row `match`."""

    name: str
    made: Field
    paths: Mapping[str, str]
    required: bool = False
    owner: str = ""
    when: tuple[str, tuple[str, ...]] | None = None
    parts: tuple[str, ...] = ()
    level: Level | None = None
    match: str = ""
    pool: tuple[Value, ...] = ()

    def words(self) -> dict[str, Any]:
        """The row as a mapping file has it."""
        found: dict[str, Any] = {**self.made.words}
        if self.level:
            return {"each": dict(self.paths), "match": self.match, "fields": self.level.words()}
        if self.required:
            found["required"] = "true"
        if self.owner:
            found["owner"] = self.owner
        if self.when:
            found["when"] = {self.when[0]: list(self.when[1])}
        return found | dict(self.paths)


@dataclass(frozen=True)
class Level:
    """The rows of a document, or of a group's lines. `bare`: on these sides a line is a text and not an object."""

    rows: tuple[Row, ...]
    bare: tuple[str, ...] = ()

    def words(self) -> dict[str, Any]:
        """The rows as a mapping file has them."""
        return {row.name: row.words() for row in self.rows}

    def tables(self) -> dict[str, Table]:
        """Every code table of these rows and those below."""
        found: dict[str, Table] = {}
        for row in self.rows:
            found |= dict(row.made.tables) | (row.level.tables() if row.level else {})
        return found

    def row(self, name: str) -> Row:
        return next(row for row in self.rows if row.name == name)


@dataclass(frozen=True)
class Case:
    """A made mapping: compiled, with the codecs of its sides."""

    sides: Sides
    level: Level
    translation: Translation
    shapes: Mapping[str, Shape]
    codecs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def through(self, codec: str, side: str, document: Document) -> Any:
        """`document` as the other end of the line has it."""
        found = self.codecs[codec][side]
        return found.read(found.write(document))

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        """As Hypothesis shows it: the rows as a mapping file has them."""
        spec = {"timezone": self.translation.spec.timezone, "fields": self.level.words()}
        tables = {
            name: [(line.code, dict(line.values)) for line in table.lines] for name, table in self.level.tables().items()
        }
        printer.text(f"{json.dumps(spec, ensure_ascii=False)} {tables}")


NOTHING = Field({}, {}, st.nothing())


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Two or three sides, rows of every kind, joins, conditions, groups two deep."""
    sides = ("a", "b", "c")[: draw(st.integers(2, 3))]
    zone = draw(st.sampled_from(made_fields.ZONES))
    level = draw(_levels(sides, zone, "", 2, sides))
    between = {side: {"in": f"tell_{side}", "out": f"hear_{side}"} for side in sides}
    first = level.rows[0].name
    written = {"exchange": "made", "title": "Made", "sector": "social", "between": between, "key": first}
    spec = Spec.model_validate({**written, "timezone": zone, "fields": level.words()})
    namespace = draw(st.sampled_from(["", "urn:made"]))
    shapes = {side: shape_of(level, side, namespace) for side in sides}
    both = {side: {"in": shape, "out": shape} for side, shape in shapes.items()}
    codecs = {
        "xml": {side: XmlCodec(shape) for side, shape in shapes.items()},
        "json": {side: JsonCodec(shape) for side, shape in shapes.items()},
    }
    translation = compile_mapping(spec, shapes=both, replies={}, tables=level.tables())
    return Case(sides, level, translation, shapes, codecs)


@st.composite
def _levels(  # noqa: PLR0917 - a recursion with its whole place
    draw: st.DrawFn, sides: Sides, zone: str, within: str, deep: int, whole: Sides, first: Row | None = None
) -> Level:
    """`whole`: the sides that what is required must have cells on."""
    rows = [first] if first else []
    for number in range(draw(st.integers(1, 5))):
        name = f"{within}f{number}"
        here = _some(draw, sides)
        made = draw(made_fields.fields(here, zone=zone, name=f"t-{name.replace('_', '-')}"))
        rows.append(_row(draw, name, made, here, whole))
    rows += _conditional(draw, rows, sides, f"{within}w", whole)
    if draw(st.integers(0, 2)) == 0:
        rows += _join(draw, sides, f"{within}j")
    if deep and draw(st.booleans()):
        rows.append(_group(draw, _some(draw, sides), zone, f"{within}g", deep))
    return Level(tuple(rows))


def _some(draw: st.DrawFn, sides: Sides) -> Sides:
    left = draw(st.sampled_from(("", "", "", *sides)))
    return tuple(side for side in sides if side != left)


def _row(draw: st.DrawFn, name: str, made: Field, here: Sides, whole: Sides) -> Row:
    paths = {side: _path(draw, name, made) for side in here}
    free = made.constant is None
    required = free and here == whole and not made.lossy and draw(st.integers(0, 3)) == 0
    owner = draw(st.sampled_from(("", "", "", *here))) if free and not required and len(here) > 1 else ""
    return Row(name, made, paths, required, owner)


def _path(draw: st.DrawFn, name: str, made: Field) -> str:
    nullable = any(facets.get("nullable") for facets in made.facets.values())
    forms = ["{}", "P.{}", "P.Q.{}", "T{}.#text"] + ([] if nullable else ["@{}", "R.@{}", "P.Q.@{}"])
    return draw(st.sampled_from(forms)).format(name)


def _conditional(draw: st.DrawFn, rows: list[Row], sides: Sides, name: str, whole: Sides) -> list[Row]:
    """A row that depends on another's value."""
    able = [row for row in rows if row.made.codes and not row.owner]
    if not able or draw(st.booleans()):
        return []
    on = draw(st.sampled_from(able))
    made = draw(st.one_of(made_fields.text_field(sides), made_fields.integer_field(sides)))
    values = draw(st.lists(st.sampled_from(on.made.codes), min_size=1, max_size=2, unique=True))
    paths = {side: _path(draw, name, made) for side in sides}
    required = not made.lossy and sides == whole and set(on.paths) == set(whole) and draw(st.booleans())
    return [Row(name, made, paths, required, when=(on.name, tuple(values)))]


_SHAPED = (
    ("{%s} {%s}", r"[\p{Lu}' -]+", r"\p{Lu}\p{Ll}.*", "ÉLÔÏSE' -", "éloïsea"),
    ("{%s}, {%s}", r"\d+", r".*", "0123456789", "abc é"),
    ("({%s}) {%s}", r"[^()]+", r"[^()]+", "abcdé ", "abcdé "),
    ("{%s}{%s}", r"\d{3}", r"[a-z]+", "0", "xyz"),
)


def _join(draw: st.DrawFn, sides: Sides, name: str) -> list[Row]:
    """Two rows of one side, which stand in one text on another."""
    apart, together = draw(st.permutations(sides))[:2]
    template, one, other, *alphabets = draw(st.sampled_from(_SHAPED))
    parts = f"{name}_one", f"{name}_two"
    rows = []
    for part, alphabet in zip(parts, alphabets, strict=True):
        made = Field({}, {apart: {"kind": Kind.TEXT}}, _alike(alphabet, apart))
        rows.append(Row(part, made, {apart: _path(draw, part, made)}))
    split = dict(zip(parts, (one, other), strict=True))
    joint = Field({"join": template % parts, "split": split}, {together: {"kind": Kind.TEXT}}, st.nothing())
    return [*rows, Row(name, joint, {together: _path(draw, name, joint)}, parts=parts)]


def _alike(alphabet: str, side: str) -> st.SearchStrategy[Value]:
    fixed = {
        "0": st.integers(100, 999).map(str),
        "éloïsea": st.text("éloïsea", min_size=1, max_size=6).map(lambda t: f"É{t}"),
    }
    found = fixed.get(alphabet, st.text(alphabet, min_size=1, max_size=8).map(str.strip).filter(bool))
    return found.map(lambda text: made_fields.plainly(text, {side: text}))


def _group(draw: st.DrawFn, here: Sides, zone: str, name: str, deep: int) -> Row:
    key = f"{name}_k"
    made = draw(made_fields.keys(here, zone=zone, name=f"t-{key.replace('_', '-')}"))
    bare = tuple(side for side in here if draw(st.integers(0, 5)) == 0)
    paths = {side: "#text" if side in bare else _path(draw, key, made) for side in here}
    match = Row(key, made, paths, required=True)
    inside = tuple(side for side in here if side not in bare)
    level = draw(_levels(inside, zone, f"{name}_", deep - 1, here, match)) if len(inside) > 1 else Level((match,))
    pool = draw(st.lists(made.values, min_size=1, max_size=4, unique_by=_once(here)))
    where = {side: draw(st.sampled_from(["{}", "P.{}", "W{}.{}"])).format(*[name] * 2) for side in here}
    return Row(name, NOTHING, where, level=Level(level.rows, bare), match=key, pool=tuple(pool))


def _once(sides: Sides) -> tuple[Any, ...]:
    """Two lines of a group are told apart on each side, also by texts that only stand for the same."""
    return (lambda value: str(value.canonical), *(lambda value, side=side: value.texts[side] for side in sides))


def shape_of(level: Level, side: str, namespace: str) -> Shape:
    """The contract of a side: what the rows speak of, and the field that none speaks of."""
    return _object("root", _tree(level, side, namespace), namespace, {})


def _tree(level: Level, side: str, namespace: str) -> dict[str, Any]:
    tree: dict[str, Any] = {OWN: Shape(OWN, Kind.TEXT, namespace=namespace)}
    for row in level.rows:
        if side not in row.paths:
            continue
        *above, name = row.paths[side].split(".")
        place = tree
        for part in above:
            place = place.setdefault(part, {})
        place[name] = _leaf(row, side, name, namespace)
    return tree


def _leaf(row: Row, side: str, name: str, namespace: str) -> Shape:
    space = "" if name.startswith(("@", "#")) else namespace
    if row.level is None:
        return Shape(name, required=row.required and not row.when, namespace=space, **row.made.facets[side])
    if side in row.level.bare:
        facets = {**row.level.rows[0].made.facets[side], "nullable": False}
        return Shape(name, repeated=True, namespace=space, **facets)
    return _object(name, _tree(row.level, side, namespace), namespace, {"repeated": True})


def _object(name: str, tree: dict[str, Any], namespace: str, facets: dict[str, Any]) -> Shape:
    children = tuple(each if isinstance(each, Shape) else _object(part, each, namespace, {}) for part, each in tree.items())
    return Shape(name, Kind.OBJECT, children=children, namespace=namespace, **facets)


@st.composite
def states(draw: st.DrawFn, level: Level, **given: Value) -> State:
    """Something to be said through these rows, of which some may be given."""
    state: State = {OWN: draw(made_fields.words), **given}
    for row in level.rows:
        if row.name in given or row.parts or row.made.constant is not None:
            continue
        if row.level:
            keys = draw(
                st.lists(st.sampled_from(row.pool), max_size=len(row.pool), unique_by=lambda value: str(value.canonical))
            )
            state[row.name] = [draw(states(row.level, **{row.match: key})) for key in keys]
        elif row.when and not holds(state.get(row.when[0]), row.when[1]):
            state[row.name] = ABSENT
        else:
            carried = row.required or draw(st.integers(0, 3))
            state[row.name] = draw(row.made.values) if carried is True or carried > 1 else (None, ABSENT)[carried]
    for one, other in (row.parts for row in level.rows if row.parts):
        if not (isinstance(state[one], Value) and isinstance(state[other], Value)):
            state[one] = state[other] = draw(st.sampled_from((None, ABSENT)))
    return state


def holds(value: Any, values: tuple[str, ...]) -> bool:
    """Whether a condition's row has one of the values."""
    canonical = getattr(value, "canonical", None)
    text = ("true" if canonical else "false") if isinstance(canonical, bool) else canonical
    return text in values


def record_of(level: Level, state: State) -> dict[str, Any]:
    """The state as a record."""
    found: dict[str, Any] = {}
    for row in level.rows:
        value = state.get(row.name, ABSENT)
        if value is ABSENT:
            continue
        if row.level:
            found[row.name] = [record_of(row.level, line) for line in value]
        else:
            found[row.name] = value and value.canonical
    return found


def files_of(state: State) -> dict[str, bytes]:
    """Every file of the state, by ticket."""
    found: dict[str, bytes] = {}
    for value in state.values():
        if isinstance(value, list):
            for line in value:
                found |= files_of(line)
        elif isinstance(value, Value) and value.file:
            found[value.canonical["ticket"]] = value.file
    return found


@dataclass(frozen=True)
class Pen:
    """How documents are put together for one side. `loosely`: with other texts of the same meaning, and with `own`."""

    side: str
    loosely: bool = False

    def document(self, level: Level, state: State) -> dict[str, Any]:
        """The state as the side says it."""
        found: dict[str, Any] = {OWN: state[OWN]} if self.loosely else {}
        for row in level.rows:
            if self.side in row.paths:
                self._row(found, level, row, state)
        return found

    def _row(self, found: dict[str, Any], level: Level, row: Row, state: State) -> None:
        path, value = row.paths[self.side], state.get(row.name, ABSENT)
        if row.made.constant is not None:
            _put(found, path, row.made.constant)
        elif row.parts:
            self._join(found, row, state)
        elif value is None:
            self._empty(found, row)
        elif row.level and value is not ABSENT:
            _put(found, path, [self._line(row.level, line) for line in value])
        elif value is not ABSENT:
            _put(found, path, (value.others if self.loosely else value.texts)[self.side])

    def _line(self, level: Level, state: State) -> Any:
        document = self.document(level, state)
        return document["#text"] if self.side in level.bare else document

    def _empty(self, found: dict[str, Any], row: Row) -> None:
        facets = row.made.facets[self.side]
        if facets.get("nullable"):
            _put(found, row.paths[self.side], None)
        elif facets["kind"] is Kind.TEXT:
            _put(found, row.paths[self.side], "")

    def _join(self, found: dict[str, Any], row: Row, state: State) -> None:
        parts = [state.get(part, ABSENT) for part in row.parts]
        if all(part is ABSENT for part in parts):
            return
        said = {name: part.canonical if isinstance(part, Value) else "" for name, part in zip(row.parts, parts, strict=True)}
        text = row.made.words["join"].format(**said).strip() if any(said.values()) else ""
        _put(found, row.paths[self.side], text)


def _put(found: dict[str, Any], path: str, value: Any) -> None:
    *above, name = path.split(".")
    for part in above:
        found = found.setdefault(part, {})
    found[name] = value


def heard(level: Level, state: State, side: str) -> dict[str, Any]:
    """What reading the side's document comes to. Empty and not carried are told apart only where the side can."""
    found: dict[str, Any] = {}
    for row in level.rows:
        if row.parts and side in row.paths:
            _heard_join(found, row, state)
        elif side in row.paths and row.made.constant is None and row.owner in ("", side):
            value = state.get(row.name, ABSENT)
            if row.when and not (row.when[0] in found and holds(state.get(row.when[0]), row.when[1])):
                continue
            if row.level and value is not ABSENT:
                found[row.name] = [heard(row.level, line, side) for line in value]
            elif isinstance(value, Value):
                found[row.name] = value.back[side]
            elif value is None and _tells_empty(row, side):
                found[row.name] = None
    return found


def _tells_empty(row: Row, side: str) -> bool:
    facets = row.made.facets[side]
    return bool(facets.get("nullable") or facets["kind"] is Kind.TEXT)


def _heard_join(found: dict[str, Any], row: Row, state: State) -> None:
    parts = {part: state.get(part, ABSENT) for part in row.parts}
    if any(part is not ABSENT for part in parts.values()):
        found |= {name: part.canonical if isinstance(part, Value) else None for name, part in parts.items()}


def pairs(case: Case) -> Iterator[tuple[str, str]]:
    """Each side with each other."""
    return ((one, other) for one in case.sides for other in case.sides if one != other)
