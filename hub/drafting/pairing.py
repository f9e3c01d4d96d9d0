"""Which field of one contract stands for which of another: by name and kind, each field once, the likeliest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hub.contract import Kind, Shape
from hub.drafting.forms import family_of
from hub.drafting.names import likeness, names_a_thing, stand_apart

LIKELY = 0.8
POSSIBLE = 0.6
_MARGIN = 0.05
"""How much likelier than its rivals a pair must be to stand without a question."""
_LINES = 0.4
_FREE = frozenset({Kind.TEXT, Kind.ANY})
_NUMBERS = frozenset({Kind.INTEGER, Kind.DECIMAL})
_DAYS = frozenset({Kind.DATE, Kind.DATETIME})


@dataclass(frozen=True, slots=True)
class Field:
    """One field, or repeated group, by its path; `demanded`: every document has it, or that the group has in each line."""

    path: str
    shape: Shape
    demanded: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """A field of the sender and one of the receiver; `rival`: another path that is as likely."""

    sender: Field
    receiver: Field
    score: float
    rival: str = ""

    @property
    def likely(self) -> bool:
        """Whether it stands without a question."""
        return self.score >= LIKELY and not self.rival and not stand_apart(self.sender.path, self.receiver.path)


def single_fields(shape: Shape) -> list[Field]:
    """The fields that stand once, without those of repeated groups."""
    return [field for field in _walk(shape, "", demanded=True) if not field.shape.repeated]


def groups(shape: Shape) -> list[Field]:
    """The outermost repeated fields."""
    return [field for field in _walk(shape, "", demanded=True) if field.shape.repeated]


def pairs(senders: list[Field], receivers: list[Field]) -> list[Pair]:
    """The pairs that names and kinds make likely, in the order of the receiver's fields.

    What the receiver demands and no name fits gets the only field of its kind that is left, with a score below POSSIBLE.
    """
    scored = [
        (likeness(one.path, other.path), number, one, other)
        for number, other in enumerate(receivers)
        for one in senders
        if _agree(one.shape, other.shape)
    ]
    taken: set[str] = set()
    filled: dict[int, Pair] = {}
    for score, number, one, other in sorted(scored, key=lambda each: (-each[0], each[1])):
        if score < POSSIBLE or one.path in taken or number in filled or _a_stray_number(score, one, other):
            continue
        rivals = [
            each.path if each is not one else to.path
            for near, _, each, to in scored
            if (each is one) != (to is other) and each.path not in taken and near > score - _MARGIN
        ]
        filled[number] = Pair(one, other, score, rivals[0] if rivals else "")
        taken.add(one.path)
    lacking = {number: other for number, other in enumerate(receivers) if number not in filled and other.demanded}
    filled |= _only_ones([one for one in senders if one.path not in taken], lacking)
    return [filled[number] for number in sorted(filled)]


def _a_stray_number(score: float, one: Field, other: Field) -> bool:
    """Whether two fields have no more in common than being numbers, and nobody needs the second one."""
    return score < LIKELY and names_a_thing(one.path) and names_a_thing(other.path) and not other.demanded


def _only_ones(left: list[Field], lacking: Mapping[int, Field]) -> dict[int, Pair]:
    """The pairs of fields that are the only ones of their family, on either side."""
    found: dict[int, Pair] = {}
    families = [family_of(other.path, other.shape) for other in lacking.values()]
    for (number, other), family in zip(lacking.items(), families, strict=True):
        same = [one for one in left if family and family_of(one.path, one.shape) == family]
        same = [one for one in same if one.demanded] or same
        if len(same) == 1 and families.count(family) == 1 and _agree(same[0].shape, other.shape):
            found[number] = Pair(same[0], other, 0.0)
    return found


def paired_groups(senders: list[Field], receivers: list[Field]) -> list[Pair]:
    """The repeated groups that go together: by their names, and by what their lines have in common."""
    scored = [
        (_likeness_of_groups(one, other), number, one, other)
        for number, other in enumerate(receivers)
        for one in senders
        if bool(one.shape.children) == bool(other.shape.children)
    ]
    taken: set[str] = set()
    filled: dict[int, Pair] = {}
    for score, number, one, other in sorted(scored, key=lambda each: (-each[0], each[1])):
        if score >= _LINES and one.path not in taken and number not in filled:
            filled[number] = Pair(one, other, score)
            taken.add(one.path)
    return [filled[number] for number in sorted(filled)]


def _likeness_of_groups(one: Field, other: Field) -> float:
    named = likeness(one.path, other.path)
    if not one.shape.children:
        return named if named >= POSSIBLE and _agree(one.shape, other.shape) else 0.0
    inside, wanted = single_fields(one.shape), single_fields(other.shape)
    common = pairs(inside, wanted)
    if not common:
        return 0.0
    return (named + sum(pair.score for pair in common) / min(len(inside), len(wanted))) / 2


def _walk(shape: Shape, prefix: str, *, demanded: bool) -> Iterator[Field]:
    for child in shape.children:
        path, wanted = f"{prefix}{child.name}", demanded and child.required
        if child.repeated or not child.children:
            yield Field(path, child, wanted)
        else:
            yield from _walk(child, f"{path}.", demanded=wanted)


def _agree(one: Shape, other: Shape) -> bool:
    """Whether a row can carry a value from one kind to the other; what the contract fixes is not carried."""
    kinds = {one.kind, other.kind}
    if other.fixed is not None or len(other.values) == 1 or Kind.OBJECT in kinds:
        return False
    return len(kinds) == 1 or bool(kinds & _FREE) or kinds <= _NUMBERS or kinds <= _DAYS
