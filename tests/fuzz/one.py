"""`python -m tests.fuzz.one TARGET SECONDS FOLDER`: one target under atheris, in this process, which libFuzzer ends."""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

from tests.fuzz.mutator import WORDS
from tests.fuzz.target import LONGEST, MEGABYTES

HERE = Path(__file__).parent
HANGS = 20
"""Seconds by the clock after which libFuzzer ends the process: an input that takes more than one of the processor, and comes
to an end, is found by `watch`, which a busy machine does not mislead."""


def main(name: str, seconds: int, folder: Path) -> None:
    """Begin with the seeds, what was ever found, and what earlier runs came upon."""
    with atheris.instrument_imports(include=["hub"], enable_loader_override=False):
        from tests.fuzz.targets import TARGETS
        from tests.fuzz.watch import Watch
    corpus, crashes = folder / "corpus", folder / "crashes"
    for each in (corpus, crashes):
        each.mkdir(parents=True, exist_ok=True)
    (folder / "words.txt").write_text("".join(f'"{_escaped(word)}"\n' for word in WORDS), encoding="ascii")
    watch = Watch(TARGETS[name](), crashes)
    begun = [str(each) for each in (HERE / "seeds" / name, HERE / "found" / name) if each.is_dir()]
    limits = [f"-timeout={HANGS}", f"-rss_limit_mb={MEGABYTES}", f"-max_len={LONGEST}", f"-max_total_time={seconds}"]
    told = [f"-artifact_prefix={crashes}/", f"-dict={folder / 'words.txt'}", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], str(corpus), *begun, *limits, *told], watch.try_)
    atheris.Fuzz()


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{sign:02x}" for sign in word)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
