"""A power cut: of what a ledger wrote, the disk has what was synced, and of the rest any part.

A real ledger's calls are recorded by `strace` with their bytes. For a moment drawn among them the files are made as a disk
may then hold them: every write before the last sync of its file, and of the later ones some whole, some torn in sectors and
some not at all; a file whose name was not synced may be gone, or be back. SQLite then opens what is left.
"""

from __future__ import annotations

import json
import os
import random
import re
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.storage.crash_points import why_not

REPOSITORY = Path(__file__).parents[2]
SECTOR = 512
CALLS = "openat,pwrite64,ftruncate,fdatasync,fsync,unlink,close,write"
ENTERED = re.compile(r"^(\d+) +(\w+)\((.*)$")
RESUMED = re.compile(r"^(\d+) +<\.\.\. (\w+) resumed>.*= (-?\d+)")
RETURNED = re.compile(r"= (-?\d+)[^=]*$")
BYTES = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


@dataclass(frozen=True)
class Step:
    """One call: "write" (data at a place), "cut" (to a length), "sync", "make", "remove" of a file; or "said" by it."""

    what: str
    file: str = ""
    at: int = 0
    data: bytes = b""


def recorded(folder: Path) -> list[Step]:
    """What a ledger does to its files, and what it says, while it lives through the phase "traffic"."""
    book, log = folder / "hub.db", folder / "strace.log"
    tracing = ("strace", "-f", "-xx", "-s", "4000000", "-o", str(log), "-e", f"trace={CALLS}")
    command = (*tracing, sys.executable, "-m", "tests.storage.workload", "traffic", f"sqlite:///{book}")
    ended = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    return list(steps(log.read_text().splitlines(), folder))


def steps(lines: Sequence[str], folder: Path) -> Iterator[Step]:
    """The log's calls on files of the folder, in order."""
    open_: dict[int, str] = {}
    waiting: dict[str, str] = {}
    for line in lines:
        if found := RESUMED.match(line):
            if found[2] == "openat" and int(found[3]) >= 0 and found[1] in waiting:
                yield from _opened(waiting.pop(found[1]), int(found[3]), open_, folder)
            continue
        found = ENTERED.match(line)
        if not found:
            continue
        thread, call, rest = found[1], found[2], found[3]
        if call == "openat":
            if "<unfinished" in rest:
                waiting[thread] = rest
            elif (result := RETURNED.search(rest)) and int(result[1]) >= 0:
                yield from _opened(rest, int(result[1]), open_, folder)
            continue
        yield from _step(call, rest, open_, folder)


def _opened(rest: str, number: int, open_: dict[int, str], folder: Path) -> Iterator[Step]:
    path = Path(_bytes(rest).decode())
    open_.pop(number, None)
    if path == folder:
        open_[number] = "."
    elif path.parent == folder and path.name.startswith("hub.db") and not path.name.endswith(("-shm", ".lock")):
        open_[number] = path.name
        if "O_CREAT" in rest:
            yield Step("make", path.name)


def _step(call: str, rest: str, open_: dict[int, str], folder: Path) -> Iterator[Step]:
    if call == "unlink":
        path = Path(_bytes(rest).decode())
        if path.parent == folder and path.name.startswith("hub.db") and "-shm" not in path.name:
            yield Step("remove", path.name)
        return
    number = int(re.match(r"(\d+)", rest)[1])
    if call == "write" and number == 1:
        yield Step("said", data=_bytes(rest))
        return
    file = open_.get(number, "")
    if not file:
        return
    match call:
        case "pwrite64":
            yield Step("write", file, int(re.search(r", (\d+)(?: <unfinished|\))", rest)[1]), _bytes(rest))
        case "ftruncate":
            yield Step("cut", file, int(re.match(r"\d+, (\d+)", rest)[1]))
        case "fdatasync" | "fsync":
            yield Step("sync", file)
        case "close":
            del open_[number]


def _bytes(rest: str) -> bytes:
    found = BYTES.search(rest)
    return bytes.fromhex(found[1].replace("\\x", "")) if found else b""


# -- the disk ---------------------------------------------------------------------------------------------------------


@dataclass
class Disk:
    """What is for sure on the disk, and what is on its way."""

    durable: dict[str, bytes] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    coming: dict[str, list[Step]] = field(default_factory=dict)
    moving: list[Step] = field(default_factory=list)

    def take(self, step: Step, *, honest: bool = True) -> None:
        """One call. A disk that is not honest says that it has synced, and has not."""
        match step.what:
            case "make" if step.file not in self.durable:
                self.durable[step.file] = b""
                self.moving.append(step)
            case "remove":
                self.moving.append(step)
                self.durable.pop(step.file, None)
                self.coming.pop(step.file, None)
            case "write" | "cut":
                self.coming.setdefault(step.file, []).append(step)
            case "sync" if honest and step.file == ".":
                for each in self.moving:
                    self.names = self.names | {each.file} if each.what == "make" else self.names - {each.file}
                self.moving.clear()
            case "sync" if honest:
                self.durable[step.file] = after(self.durable.get(step.file, b""), self.coming.pop(step.file, []))

    def cut_off(self, chance: random.Random) -> dict[str, bytes]:
        """The files as they may be when the power comes back."""
        names = set(self.names)
        for each in self.moving:
            if chance.random() < 0.5:
                names = names | {each.file} if each.what == "make" else names - {each.file}
        return {
            name: after(self.durable.get(name, b""), some(self.coming.get(name, []), chance))
            for name in names
            if name in self.durable or chance.random() < 0.5
        }


def after(data: bytes, changes: Sequence[Step]) -> bytes:
    """A file's bytes after writes and cuts."""
    held = bytearray(data)
    for each in changes:
        if each.what == "cut":
            held = held[: each.at] + bytes(max(0, each.at - len(held)))
        else:
            held.extend(bytes(max(0, each.at - len(held))))
            held[each.at : each.at + len(each.data)] = each.data
    return bytes(held)


def some(changes: Sequence[Step], chance: random.Random) -> list[Step]:
    """Of what was not synced: nothing, all, or any, torn in sectors."""
    share = chance.choice((0.0, 0.5, 0.9, 1.0))
    kept = []
    for each in changes:
        if each.what == "cut" or share == 1.0:
            kept += [each] if chance.random() < max(share, 0.01) else []
            continue
        for start in range(0, len(each.data), SECTOR):
            if chance.random() < share:
                kept.append(Step("write", each.file, each.at + start, each.data[start : start + SECTOR]))
    return kept


# -- what is left -----------------------------------------------------------------------------------------------------


def acknowledged(said: bytes) -> dict[str, str]:
    """The last acknowledged state of each delivery, and "" for one that something was under way for."""
    held: dict[str, str] = {}
    for line in said.splitlines():
        fact = json.loads(line)
        held |= {name: "" for name in fact.get("may", {}) if name in held}
        held |= fact.get("is", {})
    return held


def lost(files: dict[str, bytes], held: dict[str, str], folder: Path) -> list[str]:
    """What is wrong with the book that these files are, of which so much was acknowledged."""
    for old in folder.glob("hub.db*"):
        old.unlink()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    try:
        with sqlite3.connect(folder / "hub.db") as book:
            wrong = [line for (line,) in book.execute("PRAGMA integrity_check") if line != "ok"]
            there = book.execute("SELECT count(*) FROM sqlite_master WHERE name = 'delivery'").fetchone()[0]
            found = dict(book.execute("SELECT id, state FROM delivery")) if there else {}
        book.close()
    except sqlite3.DatabaseError as error:
        return [str(error)] if held else []
    return wrong + [
        f"{name}: {found.get(name)}, not {state or 'there'}"
        for name, state in held.items()
        if name not in found or (state and found[name] != state)
    ]


def cuts(story: Sequence[Step], count: int, folder: Path, *, seed: int = 1, honest: bool = True) -> list[list[str]]:
    """Cut the power at so many moments, spread over the story; what was lost at each."""
    chance, came, disk, said = random.Random(seed), [], Disk(), b""
    moments = sorted(chance.choices(range(len(story) + 1), k=count))
    for place in range(len(story) + 1):
        while moments and moments[0] == place:
            moments.pop(0)
            came.append(lost(disk.cut_off(chance), acknowledged(said), folder))
        if place < len(story):
            disk.take(story[place], honest=honest)
            said += story[place].data if story[place].what == "said" else b""
    return came


def main() -> int:
    """Cut the power HUB_CUTS times (2,000), and end with one JSON line."""
    if reason := why_not():
        print(json.dumps({"skipped": reason}))
        return 0
    count = int(os.environ.get("HUB_CUTS", "2000"))
    with tempfile.TemporaryDirectory(prefix="power-loss-") as folder:
        recording, book = Path(folder) / "recorded", Path(folder) / "left"
        recording.mkdir()
        book.mkdir()
        came = cuts(recorded(recording), count, book)
    for wrong in filter(None, came):
        print(wrong)
    print(json.dumps({"cuts": len(came), "lost": sum(map(bool, came)), "mode": "WAL, synchronous FULL"}))
    return 1 if any(came) else 0


if __name__ == "__main__":
    sys.exit(main())
