"""Which mappings and rows a change of a contract hits: those whose cells stand on what has changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hub.catalogue import Application
from hub.drafting.differences import Change
from hub.errors import Text
from hub.specs.mapping import Mapping as Spec
from hub.specs.source import Source
from hub.translation.checks.case import READ, WRITTEN, Case, Spot

_HARMLESS = {"written": {"optional", "longer", "codes-new"}, "read": {"required", "shorter", "codes-gone"}}
"""What needs no change: a receiver that takes more, a sender that says less."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One place of a file that a change concerns: its row (label and name), or what else stands there."""

    file: str
    line: int
    what: Text


def hits(change: Change, application: Application, mappings: Mapping[str, tuple[Spec, Source]]) -> list[Hit]:
    """Every row, ignored path or exchange that `change` concerns; none when nothing needs to be looked at."""
    found: list[Hit] = []
    for spec, source in mappings.values():
        for direction, name in spec.between.get(application.name, {}).items():
            operation = application.spec.operations.get(name)
            if operation is not None and operation.action == change.operation:
                found += _Look(spec, source, application, direction, name).hits(change)
    return list(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class _Look:
    """One mapping, and the way by which the application takes part in it."""

    spec: Spec
    source: Source
    application: Application
    direction: str
    operation: str

    @property
    def side(self) -> str:
        return self.application.name

    def hits(self, change: Change) -> Iterator[Hit]:
        if not change.part:
            if change.kind != "new":
                yield self._hit(("between", self.side, self.direction), Text(en="the exchange", fr="l'échange"))
            return
        path, reply = self._where(change)
        if path is None or change.kind in _HARMLESS["read" if reply or self.direction in READ else "written"]:
            yield from self._cut_shorter(change, path, reply=reply)
        elif change.kind == "new":
            yield from () if reply else self._new_field(path)
        else:
            yield from self._rows(path, change, reply=reply)

    def _where(self, change: Change) -> tuple[str | None, bool]:
        """The path as the mapping's cells have it, and whether `reply` rows speak of it; None: no row can."""
        items = self.application.spec.operations[self.operation].items or ""
        if self.direction == "feed":
            below = change.part == "answer" and change.path.startswith(f"{items}.")
            return (change.path.removeprefix(f"{items}.") if below else None), False
        if change.part == "answer" and self.direction in WRITTEN:
            return change.path, True
        return (change.path if change.part == "request" else None), False

    def _rows(self, path: str, change: Change, *, reply: bool) -> Iterator[Hit]:
        spots = [spot for spot in self._spots(reply=reply) if _touches(spot.path(self.side), path, change)]
        for spot in spots:
            if change.kind != "required" or not spot.row.required:
                yield self._hit(spot.cell(self.side), self._row(spot))
        for number, ignored in enumerate(self.spec.ignore.get(self.side, ()) if not reply else ()):
            if ignored == path and change.kind in ("gone", "required"):
                yield self._hit(("ignore", self.side, number), Text(en=f"ignores {path}", fr=f"ignore {path}"))

    def _cut_shorter(self, change: Change, path: str | None, *, reply: bool) -> Iterator[Hit]:
        """A row that cuts a text can cut it less."""
        for spot in self._spots(reply=reply) if change.kind == "longer" else ():
            if spot.path(self.side) == path and self.side in spot.row.max:
                yield self._hit((*spot.place, "max"), self._row(spot))

    def _new_field(self, path: str) -> Iterator[Hit]:
        ignored = self.spec.ignore.get(self.side, ())
        if any(path == above or path.startswith(f"{above}.") for above in ignored):
            return
        words = Text(en=f"no row for {path}, and it is not ignored", fr=f"aucune ligne pour {path}, et il n'est pas ignoré")
        yield self._hit(("ignore", self.side) if ignored else ("fields",), words)

    def _spots(self, *, reply: bool) -> Iterator[Spot]:
        case = Case(self.spec, self.source, shapes={}, replies={}, tables={}, others=None, filled={})
        yield from (spot for spot in case.spots() if spot.is_reply == reply and self.side in spot.sides)

    def _row(self, spot: Spot) -> Text:
        label = f" ({spot.row.label})" if spot.row.label else ""
        return Text(en=f"row {spot.name}{label}", fr=f"ligne {spot.name}{label}")

    def _hit(self, place: tuple[str | int, ...], what: Text) -> Hit:
        return Hit(self.source.file, self.source.line(*place), what)


def _touches(cell: str, path: str, change: Change) -> bool:
    """Whether a cell stands on the field that has changed, or below one that is gone or repeated otherwise."""
    return cell == path or (change.kind in ("gone", "other") and cell.startswith(f"{path}."))
