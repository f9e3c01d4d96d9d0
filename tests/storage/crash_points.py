"""Every place where a process can be broken off, or its disk can fail, while a ledger works on SQLite: each is tried.

`strace` kills the process before its n-th write, sync, truncation or removal, or lets that call fail with EIO or ENOSPC, for
every n. The book is then opened again: it must be whole, hold all that was acknowledged, and nothing but that and what was
under way. `make crash-points` tries all points; the suite tries a sample.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from hub.errors import HubError
from hub.ledger import Ledger, Search
from tests.ledger.makers import NOON, Reversing, an_acceptance, seconds

REPOSITORY = Path(__file__).parents[2]
PHASES = ("migrate", "intake", "claim", "settle", "take-up", "operate", "purge", "close")
CALLS = ("pwrite64", "fdatasync", "fsync", "unlink", "ftruncate", "write")
FAILURES = {
    "signal=KILL": CALLS,
    "error=EIO": ("fdatasync", "fsync"),
    "error=ENOSPC": ("pwrite64", "ftruncate"),
}
ENDS = {"delivered": "delivered", "dead": "dead", "cancelled": "cancelled", "unanswered": "lease-lost"}
"""What the journal must say of a delivery in a state, and must not say of one that is not."""


@dataclass(frozen=True, order=True)
class Point:
    """One place: in a phase, the n-th call of a kind, and what befalls it."""

    phase: str
    failure: str
    call: str
    number: int


@dataclass(frozen=True)
class Tried:
    """What came of a point: what is wrong with the book, and what was kept of the work under way."""

    point: Point
    hit: bool
    wrong: tuple[str, ...] = ()
    undone: int = 0
    kept: int = 0


def why_not() -> str:
    """Why the points cannot be tried on this machine; "" when they can."""
    if not shutil.which("strace"):
        return "strace is not installed (Debian package strace)"
    tried = subprocess.run(["strace", "-f", "-e", "inject=fsync:error=EIO:when=9", "true"], capture_output=True, check=False)
    return "" if tried.returncode == 0 else "strace is not allowed to trace here (ptrace)"


# -- one process ------------------------------------------------------------------------------------------------------


def run(phase: str, book: Path, *options: str, log: Path | None = None) -> subprocess.CompletedProcess[str]:
    """One phase in a process of its own, under strace when there is a log."""
    traced = ("strace", "-f", "-o", str(log), "-e", f"trace={','.join(CALLS)}", *options) if log else ()
    command = (*traced, sys.executable, "-m", "tests.storage.workload", phase, f"sqlite:///{book}")
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=120)


class Stage:
    """Books as the phases find them, each made once, and copied for every point."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made: dict[str, Counter[str]] = {}
        self._judging = threading.Lock()  # Alembic has one context a process
        (folder / "empty").mkdir()
        prepared = folder / "prepared" / "hub.db"
        prepared.parent.mkdir()
        assert run("prepare", prepared).returncode == 0
        self.keys = dict(acknowledged(run("intake", self._copied("prepared", "left") / "hub.db").stdout))

    def points(self, phases: Sequence[str] = PHASES) -> list[Point]:
        """All points of the phases: as many of each call as the thread that makes most of them."""
        found = []
        for phase in phases:
            if phase not in self._made:
                self._made[phase] = self._calls_of(phase)
            made = self._made[phase]
            for failure, calls in FAILURES.items():
                found += [Point(phase, failure, call, n + 1) for call in calls for n in range(made[call])]
        return found

    def _calls_of(self, phase: str) -> Counter[str]:
        with self.book(phase) as book:
            log = book.parent / "strace.log"
            ended = run(phase, book, log=log)
            assert ended.returncode == 0, ended.stderr
            return counted(log.read_text())

    def book(self, phase: str) -> _Copy:
        """A copy of what a phase finds, for one process."""
        return _Copy(self, {"migrate": "empty", "close": "left"}.get(phase, "prepared"))

    def _copied(self, name: str, to: str) -> Path:
        return Path(shutil.copytree(self.folder / name, self.folder / to))

    def tried(self, point: Point) -> Tried:
        """Break a phase off at a point, and judge what is left."""
        with self.book(point.phase) as book:
            before = states(book)
            log = book.parent / "strace.log"
            inject = f"inject={point.call}:{point.failure}:when={point.number}"
            ended = run(point.phase, book, "-e", inject, log=log)
            hit = ended.returncode == -9 if "KILL" in point.failure else "INJECTED" in log.read_text()
            if not hit:
                return Tried(point, hit=False)
            with self._judging:
                try:
                    return asyncio.run(judged(point, book, before, said(ended.stdout)))
                except HubError as error:
                    return Tried(point, True, (f"it cannot be opened: {error}",))


class _Copy:
    """A copy of a book that is gone when it has served."""

    def __init__(self, stage: Stage, name: str) -> None:
        self._path = stage.folder / uuid.uuid4().hex
        shutil.copytree(stage.folder / name, self._path)

    def __enter__(self) -> Path:
        return self._path / "hub.db"

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._path)


def counted(log: str) -> Counter[str]:
    """How many calls of each kind the busiest thread made."""
    by_thread = Counter(re.findall(r"^(\d+) +(\w+)\(", log, re.MULTILINE))
    most: Counter[str] = Counter()
    for (_, call), count in by_thread.items():
        most[call] = max(most[call], count)
    return most


def said(output: str) -> list[dict]:
    """The whole lines of a process's output."""
    return [json.loads(line) for line in output.splitlines() if line.startswith("{") and line.endswith("}")]


def acknowledged(output: str) -> Iterator[tuple[str, str]]:
    """The deliveries of messages that were acknowledged, each with its key."""
    facts = said(output)
    held = {delivery for fact in facts for delivery in fact.get("is", ())}
    return ((d, fact["key"]) for fact in facts if "key" in fact for d in fact["may"] if d in held)


def states(book: Path) -> dict[str, str]:
    """Each delivery's state as it is on disk; a copy is read, so that the book's log is not written back."""
    if not book.exists():
        return {}
    with tempfile.TemporaryDirectory(dir=book.parent) as folder:
        for file in book.parent.glob("hub.db*"):
            shutil.copy(file, folder)
        with sqlite3.connect(Path(folder) / "hub.db") as connection:
            return dict(connection.execute("SELECT id, state FROM delivery"))


# -- the judge --------------------------------------------------------------------------------------------------------


def possible(before: Mapping[str, str], facts: Sequence[dict]) -> dict[str, set[str]]:
    """The states that each delivery may be in, after what was said; "" is: not there."""
    may: dict[str, set[str]] = defaultdict(lambda: {""}, {name: {state} for name, state in before.items()})
    asked: dict[str, set[str]] = {}
    for fact in facts:
        for name, state in fact.get("may", {}).items():
            asked[name] = set(may[name])
            may[name] = may[name] | {state}
        for name in fact.get("not", ()):
            may[name] = asked[name]
        for name, state in fact.get("is", {}).items():
            may[name] = {state}
    return may


async def judged(point: Point, book: Path, before: Mapping[str, str], facts: Sequence[dict]) -> Tried:
    """Open the book again, and hold it against what was said."""
    ledger = await Ledger.open(f"sqlite:///{book}", cipher=Reversing(), node="node-1", boot=uuid.uuid4().hex)
    try:
        found = await stored(ledger)
        may = possible(before, facts)
        wrong = [
            f"{name} is {found.get(name, '')!r}, not {sorted(all_)}"
            for name, all_ in may.items()
            if found.get(name, "") not in all_
        ]
        wrong += [f"{name} came from nowhere" for name in found if name not in may]
        wrong += await unsound(ledger)
        wrong += await half_written(ledger)
        wrong += await said_again(ledger, facts, found)
        open_ = {name for name, all_ in may.items() if len(all_) > 1}
        kept = sum(found.get(name, "") not in ("", before.get(name, "")) for name in open_)
        if point.phase == "purge":
            wrong += await half_purged(ledger)
        if point.phase == "settle":
            wrong += await sent_blindly(ledger)
    finally:
        await ledger.close()
    return Tried(point, True, tuple(wrong), len(open_) - kept, kept)


async def stored(ledger: Ledger) -> dict[str, str]:
    rows = await ledger._store.read(lambda of: of.exec_driver_sql("SELECT id, state FROM delivery").all())
    return {row.id: row.state for row in rows}


async def unsound(ledger: Ledger) -> list[str]:
    """What SQLite and the journal's chain say of the file."""
    check = await ledger._store.read(lambda of: of.exec_driver_sql("PRAGMA integrity_check").scalars().all())
    flaw = await ledger.verify_journal()
    return [line for line in check if line != "ok"] + ([f"journal: {flaw}"] if flaw else [])


async def half_written(ledger: Ledger) -> list[str]:
    """A state without its line in the journal, or a line without its state: they are one transaction."""
    wrong, after = [], ""
    while True:
        page = await ledger.find(Search(limit=200, after=after))
        for summary in page.found:
            story = await ledger.story(summary.message.id)
            lines = [line.event for line in story.lines]
            states = {str(each.state) for each in story.deliveries}
            wrong += [f"{state} and {lines}" for state, event in ENDS.items() if (state in states) != (event in lines)]
            is_whole = story.contents or states == {"cancelled"}
            wrong += [] if lines[:1] == ["accepted"] and is_whole else [f"half of a message: {lines}"]
        if not (after := page.next):
            return wrong


async def half_purged(ledger: Ledger) -> list[str]:
    """Contents that are gone without a line that says so, or the other way round; or of some that have ended and not of all
    (a full disk may have refused that one of the two ends)."""
    gone = "SELECT count(*) FROM message WHERE id NOT IN (SELECT message FROM content)"
    told = "SELECT coalesce(sum(json_extract(detail, '$.contents')), 0) FROM journal WHERE event = 'purged'"
    ended = "SELECT count(*) FROM delivery WHERE state = 'cancelled'"
    asked = (gone, told, ended)
    counts = [await ledger._store.read(lambda of, ask=ask: of.exec_driver_sql(ask).scalar()) for ask in asked]
    if counts[0] == counts[1] and counts[0] in (0, counts[2]):
        return []
    return [f"{counts[0]} of {counts[2]} are purged, and the journal says {counts[1]}"]


async def said_again(ledger: Ledger, facts: Sequence[dict], found: Mapping[str, str]) -> list[str]:
    """A sender that says everything again gets the first receipt of what was kept, and one message for what was not."""
    wrong = []
    for fact in (fact for fact in facts if "key" in fact):
        (delivery,) = fact["may"]
        receipt = await ledger.accept(an_acceptance(fact["reference"], key=fact["key"]))
        if receipt.duplicate != (delivery in found) or (receipt.duplicate and receipt.deliveries != (delivery,)):
            wrong.append(f"{fact['key']} said again gave {receipt}")
    return wrong


async def sent_blindly(ledger: Ledger) -> list[str]:
    """What a dead process held may have been carried out: nothing of it is simply sent again."""
    held = {name for name, state in (await stored(ledger)).items() if state == "sending"}
    await ledger.void(now=NOON + seconds(7200))
    after = [await ledger.delivery(name) for name in held]
    return [f"{each.id} is {each.state}, to be sent" for each in after if each.state != "unanswered" or not each.look_up]


# -- all points -------------------------------------------------------------------------------------------------------


def sweep(stage: Stage, points: Sequence[Point]) -> list[Tried]:
    """Try the points, as many at once as there are processors."""
    with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        return [tried for tried in pool.map(stage.tried, points) if tried.hit]


def sample(points: Sequence[Point], count: int, seed: int = 1) -> list[Point]:
    """One point of each phase, of each failure and of each failure in each phase, then any, in a drawn order."""
    drawn = random.Random(seed).sample(list(points), len(points))
    firsts: dict[Point, None] = {}
    for kind in (attrgetter("phase"), attrgetter("failure"), attrgetter("phase", "failure")):
        firsts |= dict.fromkeys({kind(each): each for each in reversed(drawn)}.values())
    return [*firsts, *(each for each in drawn if each not in firsts)][:count]


def summary(tried: Sequence[Tried]) -> dict[str, object]:
    """The one line that a sweep ends with."""
    by: dict[str, str] = {}
    for name in dict.fromkeys(f"{each.point.phase} {each.point.failure}" for each in tried):
        those = [each for each in tried if f"{each.point.phase} {each.point.failure}" == name]
        by[name] = f"{sum(not each.wrong for each in those)}/{len(those)}"
    intake = [each for each in tried if each.point.phase == "intake" and "KILL" in each.point.failure]
    return {
        "points": len(tried),
        "passed": sum(not each.wrong for each in tried),
        "by": by,
        "killed_before_the_intake_commit": sum(each.undone > 0 for each in intake),
        "killed_after_it_before_the_answer": sum(each.kept > 0 for each in intake),
    }


def main() -> int:
    """Try every point, print what is wrong, and end with one JSON line."""
    if reason := why_not():
        print(json.dumps({"skipped": reason}))
        return 0
    with tempfile.TemporaryDirectory(prefix="crash-points-") as folder:
        stage = Stage(Path(folder))
        tried = sweep(stage, stage.points())
    for each in (each for each in tried if each.wrong):
        print(each.point, *each.wrong, sep="\n  ")
    print(json.dumps(summary(tried)))
    return 0 if all(not each.wrong for each in tried) else 1


if __name__ == "__main__":
    sys.exit(main())
