"""What a mapping costs: thirty fields in each direction against the same by hand and half of it by XSLT and by jmespath,
and whether a long group of lines takes as long per line as a short one.

Run by `make benchmark-mapping`. Every measure is a median of turns taken by all in the same run, one after the other.
"""

from __future__ import annotations

import gc
import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hub.contract import Kind, Shape
from hub.specs.load import build
from hub.specs.mapping import Mapping as Spec
from hub.specs.source import parse_source
from hub.translation.mapping import Translation, compile_mapping
from tests.benchmarks import thirty_fields as by_hand
from tests.benchmarks.half_of_it import jmespath_half, xslt_half

Act = Callable[[], Any]


@dataclass(frozen=True)
class Direction:
    """One direction, done in four ways; `mapping` and `hand` come to the same document."""

    name: str
    ways: Mapping[str, Act]


def directions() -> tuple[Direction, Direction]:
    """From the portal to the waste department, and back."""
    made = by_hand.translation()

    def there() -> Any:
        reading = made.read("portal", by_hand.PORTAL)
        return made.write("waste", reading.record, reading.files)

    def back() -> Any:
        reading = made.read("waste", by_hand.WASTE, direction="in")
        return made.write("portal", reading.record, reading.files, direction="out")

    to_waste = {
        "mapping": there,
        "hand": lambda: by_hand.write_waste(by_hand.read_portal(by_hand.PORTAL)),
        "xslt": xslt_half(by_hand.PORTAL, "portal"),
        "jmespath": jmespath_half(by_hand.PORTAL, "portal"),
        "xslt on a ready tree": xslt_half(by_hand.PORTAL, "portal", ready=True),
    }
    to_portal = {
        "mapping": back,
        "hand": lambda: by_hand.write_portal(by_hand.read_waste(by_hand.WASTE)),
        "xslt": xslt_half(by_hand.WASTE, "waste"),
        "jmespath": jmespath_half(by_hand.WASTE, "waste"),
        "xslt on a ready tree": xslt_half(by_hand.WASTE, "waste", ready=True),
    }
    return Direction("portal to waste", to_waste), Direction("waste to portal", to_portal)


LINES = """
exchange: long
title: A long group
sector: social
between: {a: {in: tell, out: told}, b: {out: hear, in: heard}}
key: number
fields:
  number: {a: Number, b: Ref}
  lines:
    each: {a: Lines.Line, b: Items}
    match: code
    fields:
      code: {a: Code, b: "@code"}
      litres: {a: Litres, b: Volume, as: integer}
      price: {a: Price, b: Amount, as: decimal, number: {a: comma, b: cents}}
      day: {a: Day, b: Day, date: {a: date, b: dd/MM/yyyy}}
"""


def long_group() -> Translation:
    """A mapping of one group."""
    a = _thing("A", "Number", _thing("Lines", _thing("Line", "Code", "Litres", "Price", "Day", repeated=True)))
    b = _thing("B", "Ref", _thing("Items", "@code", "Volume", "Amount", "Day", "Own", repeated=True))
    spec = build(parse_source(LINES, shown="mappings/long.yaml"), Spec)
    return compile_mapping(spec, shapes={"a": {"in": a}, "b": {"out": b}}, replies={}, tables={})


def _thing(name: str, *children: str | Shape, repeated: bool = False) -> Shape:
    made = tuple(Shape(child, Kind.TEXT) if isinstance(child, str) else child for child in children)
    return Shape(name, Kind.OBJECT, children=made, repeated=repeated)


def group_acts(translation: Translation, lines: int) -> dict[str, Act]:
    """Reading so many lines, writing them, and writing them onto the same lines in another order."""
    said = [{"Code": f"C{n}", "Litres": str(n), "Price": f"{n},50", "Day": "2026-05-31"} for n in range(lines)]
    document = {"Number": "1", "Lines": {"Line": said}}
    record = translation.read("a", document).record
    there = translation.write("b", record, {})
    turned = {**there, "Items": [{**line, "Own": line["@code"]} for line in reversed(there["Items"])]}
    return {
        "read": lambda: translation.read("a", document),
        "write": lambda: translation.write("b", record, {}),
        "write onto, turned": lambda: translation.write("b", record, {}, onto=turned),
    }


def medians(ways: Mapping[str, Act], *, turns: int, calls: int) -> dict[str, float]:
    """Seconds per call of each way: the median of turns that all take one after the other.

    As with `timeit`, the collector of cycles does not run meanwhile: what else lives in the process is not measured.
    """
    taken: dict[str, list[float]] = {name: [] for name in ways}
    gc.collect()
    gc.disable()
    try:
        for _ in range(turns):
            for name, act in ways.items():
                start = time.perf_counter()
                for _ in range(calls):
                    act()
                taken[name].append((time.perf_counter() - start) / calls)
    finally:
        gc.enable()
    return {name: statistics.median(each) for name, each in taken.items()}


def measure(*, turns: int, calls: int, lengths: tuple[int, int, int]) -> dict[str, Any]:
    """Every ratio: `directions` by name, `lines` by act (the longest group against the shortest)."""
    found: dict[str, Any] = {"directions": {}, "lines": {}}
    for direction in directions():
        seconds = medians(direction.ways, turns=turns, calls=calls)
        ratios = {
            f"mapping / {name}": round(seconds["mapping"] / each, 2) for name, each in seconds.items() if name != "mapping"
        }
        found["directions"][direction.name] = {
            "us": {name: round(each * 1e6, 1) for name, each in seconds.items()},
            **ratios,
        }
    translation = long_group()
    acts = {length: group_acts(translation, length) for length in lengths}
    for name in acts[lengths[0]]:
        seconds = medians({str(length): acts[length][name] for length in lengths}, turns=max(turns // 5, 1), calls=1)
        each = {str(length): round(seconds[str(length)] * 1e3, 2) for length in lengths}
        found["lines"][name] = {"ms": each, "ratio": round(seconds[str(lengths[-1])] / seconds[str(lengths[0])], 2)}
    return found


def table(found: Mapping[str, Any], lengths: tuple[int, int, int]) -> str:
    """The measures as Markdown."""
    ways = ("mapping", "hand", "xslt", "jmespath", "xslt on a ready tree")
    rows = [
        "| thirty fields, us a call | mapping | by hand | half by XSLT | half by jmespath | half by XSLT, tree to tree | mapping / by hand |",  # noqa: E501
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for name, each in found["directions"].items():
        cells = " | ".join(f"{each['us'][way]}" for way in ways)
        rows.append(f"| {name} | {cells} | {each['mapping / hand']} |")
    rows += ["", f"| lines, ms | {' | '.join(map(str, lengths))} | {lengths[-1]} / {lengths[0]} |", "|---|--:|--:|--:|--:|"]
    for name, each in found["lines"].items():
        rows.append(f"| {name} | {' | '.join(str(each['ms'][str(length)]) for length in lengths)} | {each['ratio']} |")
    return "\n".join(rows)


def main(*, turns: int = 60, calls: int = 100, lengths: tuple[int, int, int] = (1000, 2000, 4000)) -> None:
    """Measure and print."""
    found = measure(turns=turns, calls=calls, lengths=lengths)
    print(table(found, lengths))
    print(json.dumps(found))


if __name__ == "__main__":
    main(turns=int(sys.argv[1]) if len(sys.argv) > 1 else 60)
