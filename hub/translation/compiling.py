"""From the rows of a mapping to the level of one side and one document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from hub.contract import Kind, Shape
from hub.errors import ConfigurationError, Text
from hub.specs.mapping import BOTH, Row
from hub.translation.cells import Words, compile_cell
from hub.translation.computed import compile_computed
from hub.translation.faults import Cell
from hub.translation.groups import Group, reading_group, writing_group
from hub.translation.joins import Joint, compile_joint
from hub.translation.levels import Level
from hub.translation.paths import all_paths, lists_on, path_of, shape_at
from hub.translation.scene import Empty, Slot, Step
from hub.translation.steps import (
    reading_computed,
    reading_constant,
    reading_file,
    reading_joint,
    reading_value,
    reading_when,
    writing_computed,
    writing_constant,
    writing_file,
    writing_joint,
    writing_value,
    writing_when,
)
from hub.translation.unrolled import ReadEntry, Rows, Unrolled, UnrolledLines, WriteEntry
from hub.translation.values import TEXT


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be compiled: the rows, on one side, against one shape; `within` is the full name of the rows' group.

    `elsewhere`: the same side's shapes in its other directions: a path may belong to one of these only.
    """

    rows: Mapping[str, Row]
    side: str
    shape: Shape
    words: Words
    within: str = ""
    elsewhere: tuple[Shape, ...] = ()


@dataclass(slots=True)
class _Draft:
    """A level in the making."""

    plan: Plan
    parents: list[tuple[int, str, str]] = field(default_factory=list)
    mandatory: list[bool] = field(default_factory=lambda: [True])
    numbers: dict[str, int] = field(default_factory=lambda: {"": 0})
    reads: list[ReadEntry] = field(default_factory=list)
    writes: list[WriteEntry] = field(default_factory=list)
    required: list[Slot] = field(default_factory=list)
    read_steps: list[Step] = field(default_factory=list)
    write_steps: list[Step] = field(default_factory=list)
    slots: dict[str, Slot] = field(default_factory=dict)
    groups: dict[str, Level] = field(default_factory=dict)

    def container(self, path: str) -> int:
        """The number of the container at `path`, with all above it."""
        if path not in self.numbers:
            above, _, key = path.rpartition(".")
            number = self.container(above)
            self.parents.append((number, key, path))
            self.numbers[path] = len(self.parents)
            shape = shape_at(self.plan.shape, path)
            self.mandatory.append(self.mandatory[number] and shape is not None and shape.required)
        return self.numbers[path]


def compile_level(plan: Plan) -> Level:
    """The level of `plan`. Raises ConfigurationError for a row that cannot be compiled."""
    draft = _Draft(plan)
    for name in _in_order(plan):
        _add(draft, name, plan.rows[name])
    fixed = [
        (draft.container(path.rpartition(".")[0]), path.rpartition(".")[2], shape.fixed)
        for path, shape in plan.shape.leaves()
        if shape.fixed is not None and shape.required and not lists_on(plan.shape, path)
    ]
    simple = {name for _, _, name, _, _ in draft.reads}
    required = tuple((slot, slot.name) for slot in draft.required)
    rows = Rows(tuple(draft.parents), tuple(draft.reads), tuple(draft.writes), frozenset(name for _, name in required))
    return Level(
        rows,
        tuple(draft.mandatory),
        required,
        tuple((slot, name) for slot, name in required if name not in simple),
        tuple(draft.read_steps),
        tuple(draft.write_steps),
        tuple(fixed),
        draft.slots,
        draft.groups,
        Unrolled(rows),
    )


def _in_order(plan: Plan) -> list[str]:
    """The rows of this side in the contract's order, a condition after what it depends on, what is computed last."""
    order = {path: number for number, path in enumerate(all_paths(plan.shape))}
    here = [name for name, row in plan.rows.items() if path_of(row, plan.side)]
    here.sort(key=lambda name: order.get(path_of(plan.rows[name], plan.side), len(order)))
    here.sort(key=lambda name: (plan.rows[name].computed is not None, _depth(plan.rows, name, ())))
    return here


def _depth(rows: Mapping[str, Row], name: str, seen: tuple[str, ...]) -> int:
    """How many conditions stand before this row; a circle counts as its length."""
    if name not in rows or name in seen:
        return 0
    return 1 + max((_depth(rows, other, (*seen, name)) for other in rows[name].when), default=-1)


def _add(draft: _Draft, name: str, row: Row) -> None:
    plan, path = draft.plan, path_of(row, draft.plan.side)
    shape = shape_at(plan.shape, path)
    if shape is None:
        if any(shape_at(other, path) for other in plan.elsewhere):
            return
        full = f"{plan.within}{name}"
        text = Text(
            en=f"row “{full}”: the contract of {plan.side} has no field {path}",
            fr=f"ligne « {full} » : le contrat de {plan.side} n'a pas de champ {path}",
        )
        raise ConfigurationError(text)
    slot = _slot(draft, name, row, path, shape)
    draft.slots[name] = slot
    owned_here = row.is_changed_by(plan.side)
    if _is_simple(row):
        if owned_here:
            draft.reads.append((slot.parent, slot.key, name, None if slot.cell.plain else slot.cell.parse, slot))
        draft.writes.append((slot.parent, slot.key, name, slot.cell.room, slot.cell.form, slot))
    else:
        _add_steps(draft, row, slot, shape, owned_here=owned_here)
    if owned_here and not row.when and not row.recall:
        _require(draft, row, slot)


def _is_simple(row: Row) -> bool:
    return not (row.each or row.when or row.constant is not None or row.computed or row.file or row.join)


def _require(draft: _Draft, row: Row, slot: Slot) -> None:
    """Note what a document of this side must have: the row itself, or the rows that it is split into."""
    if row.constant is not None or row.computed:
        return
    if not row.join:
        if slot.read_required:
            draft.required.append(slot)
        return
    for name in row.split:
        joined = draft.plan.rows.get(name)
        if joined is not None and joined.required and not joined.recall:
            full, label = f"{draft.plan.within}{name}", joined.label or name
            draft.required.append(
                Slot(full, name, label, slot.path, slot.parent, slot.key, slot.cell, "omit", False, True, False)
            )


def _slot(draft: _Draft, name: str, row: Row, path: str, shape: Shape) -> Slot:
    plan = draft.plan
    above, _, key = path.rpartition(".")
    return Slot(
        row=f"{plan.within}{name}",
        name=name,
        label=row.label or name,
        path=path,
        parent=draft.container(above),
        key=key,
        cell=_cell(name, row, plan, shape),
        empty=_empty(shape),
        needed=shape.required,
        read_required=row.required and not row.recall and not _doubtful(row, plan),
        write_required=row.required
        and not any(plan.rows[other].loses for other in row.when if other in plan.rows)
        and row.owner in (None, BOTH, *(side for side in row.cells if side != plan.side)),
        images=_images(name, row, plan),
    )


def _doubtful(row: Row, plan: Plan) -> bool:
    """Whether the row's condition hangs on a row that does not come back whole from this side: it demands nothing then."""
    return any(name in plan.rows and plan.side in plan.rows[name].loses for name in row.when)


def _cell(name: str, row: Row, plan: Plan, shape: Shape) -> Cell:
    if row.each or row.file:
        return TEXT
    return compile_cell(name, row, side=plan.side, shape=shape, words=plan.words)


def _images(name: str, row: Row, plan: Plan) -> tuple[Cell, ...]:
    """The cells of the other sides that keep less of this row: `max`, a declared loss, or nearest letters only."""
    if row.each or row.file or row.constant is not None or row.computed or row.join:
        return ()
    lettered = {side: each for side, each in plan.words.letters.items() if each.lossy}
    lossy = {side for side in (*row.max, *row.loses, *lettered) if side != plan.side and side in row.cells}
    cells = [compile_cell(name, row, side=side, shape=None, words=plan.words) for side in sorted(lossy)]
    if row.is_free_text:
        # it may stand there in a joined text; on this side itself, lines are paired by what was kept of their match
        here = [each for side, each in lettered.items() if side not in row.cells or side == plan.side]
        cells += [Cell(TEXT.parse, each.kept) for each in here]
    return tuple(cells)


def _empty(shape: Shape) -> Empty:
    if shape.nullable:
        return "null"
    if shape.kind not in (Kind.TEXT, Kind.ANY) or shape.location:
        return "omit"
    if shape.values:
        return "blank" if "" in shape.values else "omit"
    return "omit" if shape.shortest or shape.patterns else "blank"


def _add_steps(draft: _Draft, row: Row, slot: Slot, shape: Shape, *, owned_here: bool) -> None:
    read, write = _steps(draft, row, slot, shape)
    if owned_here:
        draft.read_steps.append(reading_when(row.when, slot, read) if row.when else read)
    draft.write_steps.append(writing_when(row.when, write) if row.when else write)


def _steps(draft: _Draft, row: Row, slot: Slot, shape: Shape) -> tuple[Step, Step]:
    if row.each:
        group = _group(draft.plan, row, slot, shape)
        draft.groups[slot.name] = group.level
        return reading_group(group), writing_group(group)
    if row.constant is not None:
        return reading_constant(slot, row.constant), writing_constant(slot, row.constant)
    if row.computed:
        work_out = compile_computed(row.computed, draft.plan.words.tweaks.get(draft.plan.side))
        return reading_computed(slot, work_out, held=row.computed.by is None), writing_computed(slot, work_out)
    if row.file:
        by_address = draft.plan.side in row.file.by_address
        return reading_file(slot, row.file, by_address=by_address), writing_file(slot, row.file, by_address=by_address)
    if row.join:
        joint = _joint(slot, row)
        return reading_joint(slot, joint), writing_joint(slot, joint)
    return reading_value(slot), writing_value(slot)


def _joint(slot: Slot, row: Row) -> Joint:
    try:
        return compile_joint(row.join or "", row.split)
    except ValueError as error:
        raise ConfigurationError(Text(en=f"row “{slot.row}”: {error}", fr=f"ligne « {slot.row} » : {error}")) from error


def _group(plan: Plan, row: Row, slot: Slot, shape: Shape) -> Group:
    elsewhere = tuple(found for other in plan.elsewhere if (found := shape_at(other, slot.path)) is not None)
    inner = Plan(row.fields, plan.side, shape, plan.words, f"{slot.row}.", elsewhere)
    level = compile_level(inner)
    texts = not shape.children and not shape.open and shape.kind is not Kind.ANY
    match = level.slots.get(row.match or "")
    is_simple = not (level.read_steps or level.write_steps or level.fixed or level.wanted or texts)
    if is_simple:
        level = replace(level, lines=UnrolledLines(level.rows, match.name if match else ""))
    return Group(slot, level, match, texts)
