"""What a changed mapping does to a message: every value that becomes another, by row, side and path."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub.errors import Problem
from hub.translation.compare import leaves_apart, path_text
from hub.translation.mapping import MASK, Translation
from hub.translation.paths import cells_of
from hub.translation.pseudonyms import personal_rows
from hub.translation.scene import ABSENT

RECORD = "record"


@dataclass(frozen=True, slots=True)
class Forms:
    """What a message becomes: its record and each receiver's document, as far as known; or the problems that refuse it."""

    record: Mapping[str, Any] | None = None
    documents: Mapping[str, Any] | None = None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One value that becomes another: in the record (side RECORD) or for a receiver; ABSENT for none. `row` "" for none."""

    side: str
    path: str
    row: str
    before: Any
    after: Any


def changes(before: Forms, after: Forms, *, translation: Translation, masked: bool = True) -> tuple[Change, ...]:
    """Every value that is not the same in two sets of forms, of what both of them have.

    `masked`: what may be personal (personal rows, and what no row speaks of) is not said.
    """
    found = []
    if before.record is not None and after.record is not None:
        found += _apart(RECORD, before.record, after.record)
    for side, document in (before.documents or {}).items():
        if side in (after.documents or {}):
            found += _apart(side, document, (after.documents or {})[side])
    personal = personal_rows(translation.spec.fields)
    return tuple(_named(each, translation, personal if masked else None) for each in found)


def _apart(side: str, before: Any, after: Any) -> list[Change]:
    return [Change(side, path_text(path), "", one, other) for path, one, other in leaves_apart(before, after, ())]


def _named(change: Change, translation: Translation, personal: set[str] | None) -> Change:
    """The change with its row; its values hidden when they may be personal."""
    plain = re.sub(r"\[\d+\]", "", change.path)
    if change.side == RECORD:
        rows = {name for side in translation.sides for name, _, _ in cells_of(translation.spec.fields, side)}
        row = plain if plain in rows else ""
    else:
        row = translation.row_at(change.side, plain)
    hidden = personal is not None and (not row or row in personal or any(name.startswith(f"{row}.") for name in personal))
    values = [MASK if hidden and value not in (ABSENT, None) else value for value in (change.before, change.after)]
    return Change(change.side, change.path, row, values[0], values[1])
