"""Starts nodes from a process in which the hub's modules stand already, and nothing of it runs.

A campaign kills hundreds of nodes. Each that comes back would first read a thousand modules, and on a small machine that
is most of what the machine would do. A node that starts here is a process like any other, from its settings on.

`python -m tests.faults.campaign.nursery` reads one JSON object a line (`environment`, `folder`, `log`) and answers
each with the process id of the node that it started.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.nursery import read_ahead

LONGEST_ORDER = 1 << 20


class Started:
    """A process that somebody else started: told by its id, and waited for by its descriptor."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._descriptor = os.pidfd_open(pid)
        self._ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._descriptor, self._end)

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return not self._ended.is_set()

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal; nothing when it has ended."""
        if self.running:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, number)

    async def wait(self) -> None:
        """Return when it has ended."""
        await self._ended.wait()

    def _end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)
        self._ended.set()


class Nursery:
    """The process that nodes are started from."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self._one_at_a_time = asyncio.Lock()

    @classmethod
    async def open(cls, environment: Mapping[str, str]) -> Nursery:
        """Start it; `environment` says by PYTHONPATH which hub it starts."""
        return cls(
            await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                __name__,
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                limit=LONGEST_ORDER,
            )
        )

    async def start(self, environment: Mapping[str, str], folder: Path, log: Path) -> Started:
        """A node in this folder, with its output at the end of `log`."""
        assert self.process.stdin
        assert self.process.stdout
        order = {"environment": dict(environment), "folder": str(folder), "log": str(log)}
        async with self._one_at_a_time:
            self.process.stdin.write(json.dumps(order).encode() + b"\n")
            return Started(int(await self.process.stdout.readline()))


def main() -> None:
    """Start what is ordered, until there is nobody left to order."""
    import hub.cli.serve

    read_ahead()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    gc.freeze()
    for line in sys.stdin:
        order = json.loads(line)
        if pid := os.fork():
            print(pid, flush=True)
        else:
            _become_a_node(order)
            hub.cli.main()
            return


def _become_a_node(order: Mapping[str, Any]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    nowhere = os.open(os.devnull, os.O_RDONLY)
    log = os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for source, target in ((nowhere, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv = ["hub", "serve"]


if __name__ == "__main__":
    main()
