"""What has changed between two contracts of one application: operations, fields, and what these take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from hub import contract
from hub.contract import Contract, Operation, Part, Shape
from hub.errors import Text

Kind = Literal["gone", "new", "required", "optional", "shorter", "longer", "codes-gone", "codes-new", "other"]


@dataclass(frozen=True, slots=True)
class Change:
    """One change: of an operation (no `part`), or of the field at `path` in its request, its answer or a fault."""

    kind: Kind
    operation: str
    text: Text
    part: str = ""
    path: str = ""


def differences(old: Contract, new: Contract) -> list[Change]:
    """Every change from `old` to `new`, in the order of the old contract; what is new stands last."""
    found: list[Change] = []
    for name, operation in old.operations.items():
        if after := new.operations.get(name):
            found += _of_operation(operation, after)
        else:
            found.append(Change("gone", name, Text(en="the operation is gone", fr="l'opération a disparu")))
    news = [name for name in new.operations if name not in old.operations]
    return [*found, *(Change("new", name, Text(en="a new operation", fr="une nouvelle opération")) for name in news)]


_NOTHING = Shape("", contract.Kind.OBJECT)


def _of_operation(old: Operation, new: Operation) -> Iterator[Change]:
    if old.binding != new.binding:
        text = Text(en="is called in another way (path, method, action)", fr="s'appelle autrement (chemin, action, méthode)")
        yield Change("other", old.name, text)
    parts: dict[str, tuple[Part | None, Part | None]] = {
        "request": (old.input, new.input),
        "answer": (old.output, new.output),
        **{name: (old.faults.get(name), new.faults.get(name)) for name in {**old.faults, **new.faults}},
    }
    for part, (before, after) in parts.items():
        yield from _of_children(old.name, part, before.shape if before else _NOTHING, after.shape if after else _NOTHING)


def _of_children(operation: str, part: str, old: Shape, new: Shape, prefix: str = "") -> Iterator[Change]:
    for child in old.children:
        path = f"{prefix}{child.name}"
        after = new.child(child.name)
        if after is None:
            yield Change("gone", operation, Text(en="is gone", fr="a disparu"), part, path)
            continue
        for kind, text in _of_field(child, after):
            yield Change(kind, operation, text, part, path)
        yield from _of_children(operation, part, child, after, f"{path}.")
    for child in new.children:
        if old.child(child.name) is None:
            text = Text(en="is new", fr="est nouveau")
            if child.required:
                text = Text(en="is new and required", fr="est nouveau et obligatoire")
            yield Change("new", operation, text, part, f"{prefix}{child.name}")


def _of_field(old: Shape, new: Shape) -> Iterator[tuple[Kind, Text]]:
    if old.kind is not new.kind:
        yield "other", Text(en=f"is {new.kind}, was {old.kind}", fr=f"est de type {new.kind}, était {old.kind}")
    if old.repeated != new.repeated:
        words = ("may be repeated now", "peut désormais être répété"), ("is no longer repeated", "n'est plus répété")
        yield "other", Text(*words[0 if new.repeated else 1])
    if old.required != new.required:
        words = ("is required now", "est désormais obligatoire"), ("is no longer required", "n'est plus obligatoire")
        yield "required" if new.required else "optional", Text(*words[0 if new.required else 1])
    yield from _of_length(old, new)
    yield from _of_codes(old, new)
    before, after = (
        (each.patterns, each.lowest, each.highest, each.shortest, each.digits, each.fixed) for each in (old, new)
    )
    if before != after:
        yield "other", Text(en="takes other values (pattern, bounds)", fr="admet d'autres valeurs (motif, bornes)")


def _facets(shape: Shape) -> tuple[object, ...]:
    return shape.patterns, shape.lowest, shape.highest, shape.shortest, shape.digits, shape.decimals, shape.fixed


def _of_length(old: Shape, new: Shape) -> Iterator[tuple[Kind, Text]]:
    if old.longest == new.longest:
        return
    shorter = new.longest is not None and (old.longest is None or new.longest < old.longest)
    now, was = new.longest or "∞", old.longest or "∞"
    text = Text(en=f"takes {now} characters, took {was}", fr=f"admet {now} caractères, en admettait {was}")
    yield "shorter" if shorter else "longer", text


def _of_codes(old: Shape, new: Shape) -> Iterator[tuple[Kind, Text]]:
    if bool(old.values) != bool(new.values):
        words = (
            ("has a list of codes now", "a désormais une liste de codes"),
            ("takes any code now", "admet tout code"),
        )
        yield "codes-gone" if new.values else "codes-new", Text(*words[0 if new.values else 1])
        return
    if gone := ", ".join(value for value in old.values if value not in new.values):
        yield "codes-gone", Text(en=f"codes gone: {gone}", fr=f"codes disparus : {gone}")
    if fresh := ", ".join(value for value in new.values if value not in old.values):
        yield "codes-new", Text(en=f"new codes: {fresh}", fr=f"nouveaux codes : {fresh}")
