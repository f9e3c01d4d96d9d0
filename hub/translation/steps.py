"""The rows that are more than one value in one place: conditional, constant, file, joined. Groups are in `groups`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hub.message import File, Record
from hub.specs.mapping import FileWord
from hub.translation.attachments import address_of, form_base64, open_base64, open_fetched, substitute, type_of
from hub.translation.faults import Fault, fault
from hub.translation.joins import Joint
from hub.translation.levels import not_text
from hub.translation.scene import ABSENT, Scene, Slot, Step, put_empty

Condition = Mapping[str, tuple[str, ...]]


def applying(condition: Condition) -> Callable[[Scene], bool]:
    """Whether, on a scene, every row of `condition` has one of its canonical values."""
    rows = tuple(condition.items())

    def applies(scene: Scene) -> bool:
        record = scene.record
        for row, values in rows:
            value = record.get(row)
            if (value if value.__class__ is str else scene.value_of(row)) not in values:
                return False
        return True

    return applies


def reading_when(condition: Condition, slot: Slot, step: Step) -> Step:
    """`step`, only when the condition holds; the row is then wanted if it is required."""
    applies = applying(condition)

    def read(scene: Scene) -> None:
        if not applies(scene):
            return
        step(scene)
        if slot.read_required and scene.record.get(slot.name) in (None, []):
            scene.trip.missing(slot, scene.at)

    return read


def writing_when(condition: Condition, step: Step) -> Step:
    """`step`, only when the condition holds; else what stands on the side is left alone."""
    applies = applying(condition)

    def write(scene: Scene) -> None:
        if applies(scene):
            step(scene)

    return write


def reading_value(slot: Slot) -> Step:
    """A simple row as a step (because it has a condition)."""

    def read(scene: Scene) -> None:
        text = _text(scene, slot)
        if text is not ABSENT:
            _set(scene, slot, None if text is None else _parsed(scene, slot, text))

    return read


def writing_value(slot: Slot) -> Step:
    """A simple row as a step (because it has a condition)."""

    def write(scene: Scene) -> None:
        value = scene.record.get(slot.name, ABSENT)
        if value is ABSENT:
            scene.absent.append(slot)
        elif scene.trip.fresh or not slot.agrees(scene.raw(slot), value):
            _put(scene, slot, value)

    return write


def reading_constant(slot: Slot, constant: str) -> Step:
    """A constant is not part of the record; another value than it is an error."""

    def read(scene: Scene) -> None:
        text = _text(scene, slot)
        if text is not ABSENT and text is not None and text.strip() != constant:
            wrong = fault(
                f"is always “{constant}” in this exchange",
                f"vaut toujours « {constant} » dans cet échange",
                accepted=(constant,),
            )
            scene.trip.wrong(slot, scene.at, wrong)

    return read


def writing_constant(slot: Slot, constant: str) -> Step:
    """A constant is written always: its text is made once, unless it is wrong."""
    try:
        text = slot.cell.form(constant)
    except Fault:
        return lambda scene: _put(scene, slot, constant)

    def write(scene: Scene) -> None:
        scene.container(slot.parent)[slot.key] = text

    return write


def reading_computed(slot: Slot, work_out: Callable[[Record], Any], *, held: bool) -> Step:
    """What is worked out is not part of the record; `held`: it must be what the document's own lines make."""

    def read(scene: Scene) -> None:
        text = _text(scene, slot)
        value = ABSENT if text is ABSENT or text is None else _parsed(scene, slot, text)
        made = work_out(scene.record) if held and value is not ABSENT else ABSENT
        if made is not ABSENT and made != value:
            wrong = fault("is not what its lines make", "ne correspond pas à ses lignes")
            scene.trip.wrong(slot, scene.at, wrong)

    return read


def writing_computed(slot: Slot, work_out: Callable[[Record], Any]) -> Step:
    """Worked out anew each time, unless the side has that value already."""

    def write(scene: Scene) -> None:
        try:
            value = work_out(scene.record)
        except Fault as found:
            scene.trip.wrong(slot, scene.at, found)
            return
        if value is ABSENT:
            scene.absent.append(slot)
        elif scene.trip.fresh or not slot.agrees(scene.raw(slot), value):
            _put(scene, slot, value)

    return write


def reading_file(slot: Slot, word: FileWord, *, by_address: bool) -> Step:
    """A file leaves its bytes with the trip and its ticket in the record."""
    opened = _fetched if by_address else _decoded

    def read(scene: Scene) -> None:
        text = _text(scene, slot)
        if text is ABSENT or text is None:
            if text is None:
                _set(scene, slot, None)
            return
        try:
            ticket, content = opened(scene, slot, word, text)
        except Fault as found:
            scene.trip.wrong(slot, scene.at, found)
            return
        _set(scene, slot, ticket)
        scene.trip.files[ticket["ticket"]] = content  # type: ignore[index]  # a reading's own dict

    return read


def _decoded(scene: Scene, slot: Slot, word: FileWord, text: str) -> tuple[dict[str, Any], File]:
    return open_base64(text, limit=word.limit, types=word.types, apart=scene.trip.apart)


def _fetched(scene: Scene, slot: Slot, word: FileWord, text: str) -> tuple[dict[str, Any], File]:
    """What was fetched at the address; until then what stands for it, and the address is noted."""
    found = scene.trip.fetched.get(text)
    if found is not None:
        return open_fetched(found, limit=word.limit, types=word.types)
    scene.trip.want(slot, scene.at, text, word.limit)
    ticket, content = substitute(text, word.types)
    return {"ticket": ticket, "size": len(content), "type": type_of(content)}, content


def writing_file(slot: Slot, word: FileWord, *, by_address: bool) -> Step:
    """A ticket takes its bytes from the trip, or the address where they are."""

    def formed(scene: Scene, value: Mapping[str, Any]) -> str:
        if by_address:
            return address_of(value, scene.trip.files, scene.trip.fetched, word.types)
        return form_base64(value, scene.trip.files)

    def is_same(scene: Scene, value: Mapping[str, Any]) -> bool:
        old = scene.raw(slot)
        return _same_address(scene, old, value, word) if by_address else _same_file(old, value, word)

    def write(scene: Scene) -> None:
        value = scene.record.get(slot.name, ABSENT)
        if value is ABSENT:
            scene.absent.append(slot)
        elif value is None:
            if scene.trip.fresh or not slot.agrees(scene.raw(slot), None):
                put_empty(scene, slot)
        elif scene.trip.fresh or not is_same(scene, value):
            try:
                scene.container(slot.parent)[slot.key] = formed(scene, value)
            except Fault as found:
                scene.trip.wrong(slot, scene.at, found)

    return write


def _same_address(scene: Scene, old: Any, value: Mapping[str, Any], word: FileWord) -> bool:
    if type(old) is not str or not old.strip():
        return False
    ticket, _ = scene.trip.fetched.get(old) or substitute(old, word.types)
    return bool(ticket == value["ticket"])


def _same_file(old: Any, value: Mapping[str, Any], word: FileWord) -> bool:
    try:
        return type(old) is str and open_base64(old, limit=word.limit, types=(), apart={})[0]["ticket"] == value["ticket"]
    except Fault:
        return False


def reading_joint(slot: Slot, joint: Joint) -> Step:
    """The joined rows that the text holds; without `split` it is not read."""

    def read(scene: Scene) -> None:
        text = _text(scene, slot) if joint.whole_match is not None else ABSENT
        if text is ABSENT:
            return
        try:
            found = joint.taken_apart(text) if text is not None else dict.fromkeys(joint.names)
        except Fault as wrong:
            scene.trip.wrong(slot, scene.at, wrong)
            return
        for name, value in found.items():
            scene.record.setdefault(name, value)  # type: ignore[attr-defined]  # a reading's own dict

    return read


def writing_joint(slot: Slot, joint: Joint) -> Step:
    """The joined rows in one text; rows that are not carried keep what the text has of them now."""

    def write(scene: Scene) -> None:
        record = scene.record
        if joint.names[0] not in record and not any(name in record for name in joint.names):
            scene.absent.append(slot)
            return
        present = _present_parts(scene, slot, joint)
        carried = record
        if present is not None:
            carried = present | {name: record[name] for name in joint.names if name in record}
            if carried == present:
                return
        try:
            text = joint.put_together(carried)
        except Fault as found:
            scene.trip.wrong(slot, scene.at, found)
            return
        if text is not None or scene.trip.fresh or not slot.agrees(scene.raw(slot), None):
            _put(scene, slot, text)

    return write


def _present_parts(scene: Scene, slot: Slot, joint: Joint) -> dict[str, Any] | None:
    old = scene.raw(slot)
    if type(old) is not str or joint.whole_match is None:
        return None
    try:
        return dict(joint.taken_apart(old))
    except Fault:
        return None


def _text(scene: Scene, slot: Slot) -> Any:
    """The side's text; None when it is carried empty; ABSENT when it is not carried or is no text (which is noted)."""
    raw = scene.raw(slot)
    if type(raw) is str:
        return raw if raw and not raw.isspace() else None
    if raw is None or raw is ABSENT:
        return raw
    scene.trip.wrong(slot, scene.at, not_text())
    return ABSENT


def _parsed(scene: Scene, slot: Slot, text: str) -> Any:
    try:
        return slot.cell.parse(text)
    except Fault as found:
        scene.trip.wrong(slot, scene.at, found)
        return ABSENT


def _set(scene: Scene, slot: Slot, value: Any) -> None:
    if value is not ABSENT:
        scene.record[slot.name] = value  # type: ignore[index]  # a reading's own dict


def _put(scene: Scene, slot: Slot, value: Any) -> None:
    if value is None:
        put_empty(scene, slot)
        return
    cell = slot.cell
    try:
        text = value if value.__class__ is str and 0 < len(value) <= cell.room else cell.form(value)
        scene.container(slot.parent)[slot.key] = text
    except Fault as found:
        scene.trip.wrong(slot, scene.at, found)
