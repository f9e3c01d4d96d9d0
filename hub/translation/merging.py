"""Two-way exchanges: what is news in what a side says, and how it is merged into what another side holds. Pure.

A side's image is what it holds of an object, as it last said it or was told. News is what differs from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hub.contract import Document, Shape
from hub.facts import Fact, field, replace
from hub.message import Files, Record
from hub.specs.mapping import Row
from hub.translation.mapping import Receiver, Translation
from hub.translation.record import canonical_text, fingerprint
from hub.translation.scene import ABSENT

TOLD = 8
"""So many states that a side was told are known again when it says them late."""


State = Mapping[str, str]
"""What a record says, row by row, as short texts that are the same for the same values; "" is empty."""


class Image(Fact, frozen=True):
    """What a side holds of an object; `origin`: for each row that was ever changed, the side whose change it last was.

    `heard` counts how often the side said each row; `told` are the states (`state_of`) that it was told last.
    """

    document: Document
    origin: Mapping[str, str] = field(default_factory=dict)
    heard: Mapping[str, int] = field(default_factory=dict)
    told: tuple[State, ...] = ()

    def overlaid(self, document: Document, *, news: Record, by: str) -> Image:
        """The image once `document` was said or told: what is not carried stays."""
        origin = {**self.origin, **dict.fromkeys(news, by)}
        return replace(self, document=_overlaid(self.document, document), origin=origin)

    def said(self, record: Record) -> Image:
        """The image once its side said these rows, be they news or not."""
        return replace(self, heard={**self.heard, **{name: self.heard.get(name, 0) + 1 for name in record}})


@dataclass(frozen=True, slots=True)
class Clash:
    """A row that both sides changed without having heard of each other: its label, and what each side has."""

    row: str
    label: str
    sent: Any
    held: Any


class Merged(Fact, frozen=True):
    """A message as its receiver is told it: the document, the rows that are news, and those that clash."""

    document: dict[str, Any]
    news: Mapping[str, Any]
    clashes: tuple[Clash, ...] = ()


def state_of(translation: Translation, record: Record) -> State:
    """What a record says, in whatever order its lines stand."""
    ordered = _ordered(record, translation.spec.fields)
    return {name: fingerprint({name: ordered[name]})[:16] if name in ordered else "" for name in record}


def is_known(said: State, told: Sequence[State]) -> bool:
    """Whether what is `said` is no more than one of the states that were told."""
    return any(all(state.get(name, "") == value for name, value in said.items()) for state in told)


def news_in(translation: Translation, side: str, record: Record, *, before: Image | None) -> dict[str, Any]:
    """The rows of `record` that `side` did not hold so before; all of them when nothing is known of it."""
    if before is None:
        return dict(record)
    held, rows = translation.held(side, before.document), translation.spec.fields
    return {name: value for name, value in record.items() if _differs(rows[name], value, held.get(name, ABSENT))}


def besides(translation: Translation, side: str, image: Image, telling: Image, *, news: Record, said: Document) -> Document:
    """What `side`, which holds `image`, holds once it has `said` this while it is being told `telling`: there, it may just
    repeat what it is told."""
    rows = {**translation.held(side, image.document), **news}
    return translation.laid(side, rows, onto=_besides(image.document, telling.document, said))


def merge(
    translation: Translation,
    receiver: Receiver,
    record: Record,
    files: Files,
    *,
    sender: str,
    before: Image | None = None,
    onto: Image | None = None,
) -> Merged:
    """`record` of `sender` as `receiver` is told it, on what it holds (`onto`). `before`: what the sender held until then.

    Only news is applied, so what the receiver changed meanwhile stays. Raises MessageError as `Translation.write` does.
    """
    news = record if before is None else news_in(translation, sender, record, before=before)
    if onto is None:
        document = translation.write(receiver.side, record, files, direction=receiver.direction)
        return Merged(document, news)
    held = translation.held(receiver.side, onto.document)
    known = _without_files(translation.held(sender, before.document), translation.spec.fields) if before else {}
    base = _known_to(translation.shape_of(receiver), onto.document)
    whole = {**known, **record, **held, **news}
    document = translation.write(receiver.side, whole, files, direction=receiver.direction, onto=base)
    merged = Merged(document, news)
    return replace(merged, clashes=_clashes(translation, receiver.side, merged, sender=sender, before=before, onto=onto))


def _clashes(
    translation: Translation, side: str, merged: Merged, *, sender: str, before: Image | None, onto: Image
) -> tuple[Clash, ...]:
    """News on rows that the receiver holds otherwise than the sender ever knew, by somebody else's change.

    Either may know a row more coarsely than the other: what is the same in the form of one of them is known.
    """
    rows = translation.spec.fields
    others = [name for name in merged.news if onto.origin.get(name, sender) != sender]
    if not others:
        return ()
    held, new = translation.held(side, onto.document), translation.held(side, merged.document)
    known = translation.held(sender, before.document) if before else {}
    known_here, held_there = translation.held_as(side, known), translation.held_as(sender, held)
    return tuple(
        Clash(name, rows[name].label or name, merged.news[name], held[name])
        for name in others
        if name in held
        and _differs(rows[name], held[name], new.get(name, ABSENT))
        and _differs(rows[name], held[name], known_here.get(name, ABSENT))
        and _differs(rows[name], held_there.get(name), known.get(name, ABSENT))
    )


def _differs(row: Row, value: Any, before: Any) -> bool:
    """Whether `value` says something else than `before`; lines are compared by their match row, in any order."""
    if value in (None, []) and before in (None, [], ABSENT):
        return False
    if not row.each or not value or not isinstance(before, list):
        return bool(type(value) is not type(before) or value != before)
    lines = {canonical_text(line.get(row.match or "")): line for line in before}
    if len(lines) != len(value):
        return True
    return any(_line_differs(row, line, lines.get(canonical_text(line.get(row.match or "")))) for line in value)


def _line_differs(group: Row, line: Record, before: Record | None) -> bool:
    if before is None:
        return True
    return any(_differs(group.fields[name], value, before.get(name, ABSENT)) for name, value in line.items())


def _ordered(record: Record, rows: Mapping[str, Row]) -> dict[str, Any]:
    """The record without what is empty, its lines in the order of their match row."""
    carried = {name: value for name, value in record.items() if value not in (None, [])}
    return {name: _lines_in_order(rows[name], value) if rows[name].each else value for name, value in carried.items()}


def _lines_in_order(group: Row, lines: list[Record]) -> list[dict[str, Any]]:
    ordered = [_ordered(line, group.fields) for line in lines]
    return sorted(ordered, key=lambda line: canonical_text(line.get(group.match or "")))


def _without_files(record: Record, rows: Mapping[str, Row]) -> dict[str, Any]:
    """The record without files: its own bytes are not at hand any more."""
    return {name: value for name, value in record.items() if not (rows[name].file or rows[name].each)}


def _besides(held: Document, told: Any, said: Document) -> dict[str, Any]:
    """What is held, and what is said otherwise than it was told."""
    changed = {key: value for key, value in said.items() if not isinstance(told, Mapping) or told.get(key, ABSENT) != value}
    inner = {
        key: _besides(held[key], told.get(key), value)
        if isinstance(value, Mapping) and isinstance(held.get(key), Mapping)
        else value
        for key, value in changed.items()
    }
    return {**held, **inner}


def _overlaid(old: Any, new: Any) -> Any:
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return new
    return {**old, **{key: _overlaid(old.get(key), value) for key, value in new.items()}}


def _known_to(shape: Shape, document: Any) -> Any:
    """What of `document` the shape has a place for: a side may be told less than it says."""
    if isinstance(document, list):
        return [_known_to(shape, line) for line in document]
    if not isinstance(document, Mapping) or shape.open or not shape.children:
        return document
    found = ((key, shape.child(key), value) for key, value in document.items())
    return {key: _known_to(child, value) for key, child, value in found if child is not None}
