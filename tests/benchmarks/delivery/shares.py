"""Holding processes to a share of a core each, by Linux control groups: so that two have a core each where cores are few.

It needs the right to make a group, which root has; without it nobody is held, and the report says so.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

PERIOD_US = 20_000
ROOTS = (Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup"))
"""Where version 1 has the groups for CPU, and where version 2 has them all."""


@contextmanager
def held_to(share: float, pids: Sequence[int]) -> Iterator[bool]:
    """Hold each process to a share of a core until the end; False, and nobody is held, where that may not be done."""
    with ExitStack() as stack:
        try:
            for pid in pids:
                stack.enter_context(_group(pid, int(share * PERIOD_US)))
        except OSError:
            stack.close()
            yield False
        else:
            yield True


@contextmanager
def _group(pid: int, quota_us: int) -> Iterator[None]:
    root = next((root for root in ROOTS if (root / "cgroup.procs").exists()), None)
    if root is None:
        raise FileNotFoundError("no control groups")
    group = root / f"hub-benchmark-{os.getpid()}-{pid}"
    group.mkdir()
    try:
        if (group / "cpu.cfs_quota_us").exists():
            (group / "cpu.cfs_period_us").write_text(str(PERIOD_US), encoding="ascii")
            (group / "cpu.cfs_quota_us").write_text(str(quota_us), encoding="ascii")
        else:
            (group / "cpu.max").write_text(f"{quota_us} {PERIOD_US}", encoding="ascii")
        (group / "cgroup.procs").write_text(str(pid), encoding="ascii")
        yield
    finally:
        if Path(f"/proc/{pid}").exists():
            (root / "cgroup.procs").write_text(str(pid), encoding="ascii")
        group.rmdir()
