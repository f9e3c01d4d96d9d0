"""Processes: what a tree of them costs, as Linux counts it (CPU time, peak memory), and starting and ending one."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

TICK_US = 1_000_000 // os.sysconf("SC_CLK_TCK")


def tree(roots: Iterable[int]) -> list[int]:
    """These processes and all that descend from them."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        if facts := _stat(int(folder.name)):
            children.setdefault(int(facts[1]), []).append(int(folder.name))
    found, left = [], list(roots)
    while left:
        found.append(left.pop())
        left += children.get(found[-1], [])
    return found


def cpu_us(roots: Iterable[int]) -> int:
    """Microseconds of CPU, user and system, of the trees so far: the living, and the dead that were waited for."""
    facts = [_stat(pid) for pid in tree(roots)]
    return sum(sum(map(int, each[11:15])) for each in facts if each) * TICK_US


def peak_mb(roots: Iterable[int]) -> float:
    """The sum of each process's largest resident memory, in MB; pages that processes share count for each."""
    return sum(_peak_kb(pid) for pid in tree(roots)) / 1024


def child(module: str, *arguments: str) -> subprocess.Popen[str]:
    """A Python module of this package as a process of its own that has said that it is ready."""
    command = (sys.executable, "-m", f"{__package__}.{module}", *arguments)
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout and process.stdout.readline() == "ready\n", f"{module} did not start"
    return process


def wait_for_port(port: int, process: subprocess.Popen[bytes], *, seconds: float = 60.0) -> None:
    """Return when somebody listens on a port of 127.0.0.1. AssertionError when the process ends before, or too late."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert process.poll() is None, "the process has ended"
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise AssertionError(f"nobody listens on {port} after {seconds} s")


def end(process: subprocess.Popen[str] | subprocess.Popen[bytes], *, patience: float = 40.0) -> None:
    """End a process, gently first."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _stat(pid: int) -> list[str] | None:
    """What follows the name in /proc/<pid>/stat; None when the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None


def _peak_kb(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)
