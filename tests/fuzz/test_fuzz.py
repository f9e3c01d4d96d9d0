"""Every seed, every input that ever broke a target, and thousands of mutations of the seeds: refused in words, or taken."""

from __future__ import annotations

import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from zlib import crc32

import pytest

from tests.fuzz.__main__ import NAMES
from tests.fuzz.mutator import mutations
from tests.fuzz.target import SECONDS, Take
from tests.fuzz.targets import TARGETS
from tests.fuzz.watch import TooSlow, Watch, tried
from tests.installation import REPOSITORY

HERE = Path(__file__).parent
MUTATIONS = 1000
"""Of each target's seeds."""


@cache
def target(name: str) -> Take:
    return TARGETS[name]()


def inputs(folder: str) -> list[tuple[str, Path]]:
    return [(file.parent.name, file) for file in sorted((HERE / folder).glob("*/*"))]


def seeds_of(name: str) -> list[bytes]:
    return [file.read_bytes() for owner, file in inputs("seeds") if owner == name]


@pytest.mark.parametrize(
    ("name", "file"),
    [*inputs("seeds"), *inputs("found")],
    ids=lambda each: each.name if isinstance(each, Path) else each,
)
def test_what_is_kept_is_refused_in_words_or_taken(name: str, file: Path) -> None:
    tried(target(name), file.read_bytes())


@pytest.mark.parametrize("name", NAMES)
def test_a_thousand_mutations_of_its_seeds_are_refused_in_words_or_taken(name: str) -> None:
    for data in mutations(seeds_of(name), count=MUTATIONS, seed=crc32(name.encode())):
        try:
            tried(target(name), data)
        except Exception:
            print(f"{name}: {data!r}")
            raise


def test_each_target_has_seeds_and_no_folder_is_of_no_target() -> None:
    assert tuple(TARGETS) == NAMES
    assert {owner for owner, _ in inputs("seeds")} == set(NAMES)
    assert {owner for owner, _ in inputs("found")} <= set(NAMES)


def test_without_its_library_the_fuzzing_says_so_in_words() -> None:
    missing = "import sys, runpy; sys.modules['atheris'] = None; sys.argv = ['fuzz']; "
    code = f"{missing}runpy.run_module('tests.fuzz', None, '__main__')"
    ended = subprocess.run((sys.executable, "-c", code), cwd=REPOSITORY, capture_output=True, text=True, check=False)

    assert ended.returncode == 2
    assert "atheris is not there" in ended.stderr
    assert "make test" in ended.stderr


def test_an_input_that_takes_too_long_is_a_defect() -> None:
    def busy(_: bytes) -> None:
        end = time.process_time() + 1.1 * SECONDS
        while time.process_time() < end:
            pass

    with pytest.raises(TooSlow):
        tried(busy, b"input")


def test_a_defect_is_kept_once_for_each_cause_and_the_fuzzing_goes_on(tmp_path: Path) -> None:
    def broken(data: bytes) -> None:
        if data.startswith(b"b"):
            raise KeyError("one")
        if data.startswith(b"c"):
            raise ValueError("another")

    watch = Watch(broken, tmp_path)
    for data in (b"a", b"b1", b"b2", b"c"):
        watch.try_(data)

    inputs_kept = {each.read_bytes() for each in tmp_path.iterdir() if each.suffix != ".txt"}
    assert inputs_kept == {b"b1", b"c"}
    assert sum("KeyError" in each.read_text() for each in tmp_path.glob("*.txt")) == 1
