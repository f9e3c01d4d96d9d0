"""`hub check` over 200 mappings: the shipped ones, each many times under other names. Prints the seconds."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

from hub.catalogue import inspect, prove
from tests.installation import install

WANTED = 200


def multiplied(root: Path) -> int:
    """Copy every mapping under `root`, with its examples, until there are WANTED; how many there are."""
    files = [file for file in sorted((root / "mappings").glob("*.yaml")) if ".examples." not in file.name]
    names = [file.stem for file in files]
    made = len(files)
    for number in range(2, WANTED // len(files) + 2):
        for file in files:
            if made >= WANTED:
                return made
            text = file.read_text(encoding="utf-8")
            for name in names:
                text = text.replace(
                    f"exchange: {name}\n", f"exchange: {name}-{number}\n" if name == file.stem else f"exchange: {name}\n"
                )
            copy = file.with_name(f"{file.stem}-{number}.yaml")
            copy.write_text(text, encoding="utf-8")
            beside = file.with_suffix(".examples.yaml")
            copy.with_suffix(".examples.yaml").write_text(beside.read_text(encoding="utf-8"), encoding="utf-8")
            made += 1
    return made


def main() -> int:
    """One line of JSON: mappings, seconds of reading and of proving, and how many times the shipped ones alone it is."""
    with tempfile.TemporaryDirectory() as folder:
        root = install(Path(folder)).root
        alone = sum(timed(root)[1:])
        multiplied(root)
        before = time.process_time()
        count, read, proven = timed(root)
        worked = time.process_time() - before
    said = {
        "mappings": count,
        "read_seconds": round(read, 2),
        "prove_seconds": round(proven, 2),
        "seconds": round(read + proven, 2),
    }
    said["processor_seconds"] = round(worked, 2)
    print(json.dumps({**said, "times_what_ships": round((read + proven) / alone, 1)}))
    return 0


def timed(root: Path) -> tuple[int, float, float]:
    """How many mappings were checked, and the seconds of reading and of proving them."""
    start = time.perf_counter()
    catalogue, read = inspect(root)
    between = time.perf_counter()
    cards, proven = prove(catalogue)
    end = time.perf_counter()
    assert not read.errors and not proven.errors, [*read.errors, *proven.errors][:3]
    return len(cards), between - start, end - between


if __name__ == "__main__":
    sys.exit(main())
