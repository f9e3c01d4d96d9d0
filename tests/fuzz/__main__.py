"""`python -m tests.fuzz --seconds 600 [--target xml]`: every target in a process of its own, two at a time.

The last line is one JSON object; the exit code is 0 when nothing was found.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
KEPT = REPOSITORY / ".fuzz"
NAMES = ("xml", "json", "soap", "mapping", "yaml", "signatures")
AT_ONCE = 2
_ENDED = 0


def main() -> int:
    """Fuzz, and say what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--seconds", type=int, default=600, help="for each target")
    parser.add_argument("--target", choices=NAMES, action="append", help="only this one; may be given again")
    asked = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        print(
            "atheris is not there: it comes as a wheel for Linux on x86_64 and Python 3.11 to 3.13 only. What it would "
            "begin with, and thousands of mutations of that, are tried without it in `make test`.",
            file=sys.stderr,
        )
        return 2
    names = tuple(asked.target or NAMES)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = dict(zip(names, pool.map(lambda name: fuzzed(name, asked.seconds), names), strict=True))
    crashes = sum(each["crashes"] for each in found.values())
    print(json.dumps({"targets": found, "crashes": crashes}))
    return 1 if crashes else 0


def fuzzed(name: str, seconds: int) -> dict[str, Any]:
    """What a run of one target came to; each input that it kept is printed."""
    folder = KEPT / name
    folder.mkdir(parents=True, exist_ok=True)
    before, started = kept(folder), time.monotonic()
    with (folder / "log.txt").open("wb") as log:
        command = (sys.executable, "-m", "tests.fuzz.one", name, str(seconds), str(folder))
        code = subprocess.run(command, cwd=REPOSITORY, stdout=log, stderr=subprocess.STDOUT, check=False).returncode
    said = (folder / "log.txt").read_text(encoding="utf-8", errors="replace")
    crashes = sorted(kept(folder) - before)
    for each in crashes:
        print(f"{name}: {each}", flush=True)
    if code != _ENDED and not crashes:
        print(said[-4000:], flush=True)
    result = {
        "executions": _last(r"number_of_executed_units: (\d+)", said) or _last(r"#(\d+)\s", said),
        "crashes": len(crashes) or int(code != _ENDED),
        "seconds": round(time.monotonic() - started, 1),
        "coverage": _last(r"cov: (\d+)", said),
    }
    print(f"{name}: {result}", flush=True)
    return result


def kept(folder: Path) -> set[Path]:
    """The inputs that broke the target, of this run and of earlier ones."""
    return {each for each in (folder / "crashes").glob("*") if each.suffix != ".txt"}


def _last(pattern: str, said: str) -> int:
    found = re.findall(pattern, said)
    return int(found[-1]) if found else 0


if __name__ == "__main__":
    sys.exit(main())
