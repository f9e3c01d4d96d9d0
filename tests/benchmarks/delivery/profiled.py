"""`hub serve` under cProfile, each thread by itself and in CPU time; its tables go to the folder of the first argument."""

from __future__ import annotations

import cProfile
import pstats
import sys
import threading
import time
from pathlib import Path
from typing import Any

from hub.cli.serve import serve

SHOWN = 45


class Threads:
    """A profile for every thread that starts."""

    def __init__(self) -> None:
        self.profiles: dict[str, cProfile.Profile] = {}

    def begin(self, *_event: Any) -> None:
        """Called at the first event of a new thread, in it: from here on its own profile is called instead."""
        profile = self.profiles[threading.current_thread().name] = cProfile.Profile(time.thread_time)
        profile.enable()

    def write(self, folder: Path) -> None:
        """For each thread a dump and a table, by time of their own and cumulated."""
        for name, profile in self.profiles.items():
            profile.create_stats()
            profile.dump_stats(folder / f"{name}.pstats")
            with (folder / f"{name}.txt").open("w", encoding="utf-8") as file:
                for order in ("tottime", "cumulative"):
                    pstats.Stats(profile, stream=file).sort_stats(order).print_stats(SHOWN)


if __name__ == "__main__":
    threads = Threads()
    threading.setprofile(threads.begin)
    threads.begin()
    try:
        serve()
    finally:
        threads.write(Path(sys.argv[1]))
