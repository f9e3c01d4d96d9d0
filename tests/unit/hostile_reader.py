"""Reads installations one after the other under watch, in a process of its own: what each made the hub do, as JSON lines.

An audit hook notes every forbidden act; memory and time are limited. `python hostile_reader.py prove` shows that it sees.
"""

from __future__ import annotations

import builtins
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hub.catalogue import inspect, prove

LONGEST_SECONDS = 10
MEMORY = 3 * 1024**3
OURS = tuple(os.path.realpath(path) for path in (*sys.path, *sysconfig.get_paths().values(), "/usr/share/zoneinfo") if path)
RUNS = ("os.system", "subprocess.Popen", "os.exec", "os.spawn", "os.posix_spawn", "os.fork", "os.forkpty", "pty.spawn")
CODE = ("exec", "compile", "import", "pickle.find_class", "ctypes.dlopen", "code.__new__", "marshal.loads")
CHANGES = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.chmod", "os.chown", "os.truncate", "os.link", "os.symlink")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Watch:
    """The forbidden acts of this process while it is on."""

    def __init__(self) -> None:
        self.on = False
        self.root = ""
        self.acts: list[str] = []
        sys.addaudithook(self._heard)

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.on:
            return
        self.on = False  # what the hook itself does is not judged
        try:
            if event in (*RUNS, *CODE, *CHANGES) or event.startswith(("socket.", "shutil.", "urllib.")):
                self.acts.append(f"{event} {str(arguments[:1])[:80]}")
            elif event == "open":
                self._opened(*arguments)
        finally:
            self.on = True

    def _opened(self, path: Any, mode: str | None, flags: int) -> None:
        if isinstance(path, int):
            return
        real = os.path.realpath(os.fsdecode(path))
        if flags & WRITING or any(letter in (mode or "") for letter in "wax+"):
            self.acts.append(f"open for writing {real}")
        elif not real.startswith((self.root, *OURS)):
            self.acts.append(f"open outside {real}")


def read(root: Path, watch: Watch) -> dict[str, Any]:
    """One installation, read and proven as `hub check` does."""
    watch.root, watch.acts, findings, crash = str(root.resolve()) + os.sep, [], [], ""
    start = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, LONGEST_SECONDS)
    watch.on = True
    try:
        catalogue, report = inspect(root)
        found = (*report.findings, *prove(catalogue)[1].findings)
        findings = [(each.file, each.line, each.severity, each.text.en, each.text.fr) for each in found]
    except BaseException as error:  # whatever it is, it is the result
        crash = f"{type(error).__name__}: {str(error)[:200]}"
    watch.on = False
    signal.setitimer(signal.ITIMER_PROF, 0)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    seconds = round(time.process_time() - start, 2)
    return {"name": root.name, "findings": findings, "crash": crash, "acts": watch.acts, "seconds": seconds, "peak_mb": peak}


def _too_long(*_: object) -> None:
    raise TimeoutError("is still reading")


def acts() -> dict[str, Callable[[], Any]]:
    """One of each forbidden act, harmless in itself."""
    elsewhere = tempfile.mkdtemp()
    written, outside = Path(elsewhere) / "written", Path(elsewhere) / "outside"
    outside.write_text("canary")
    (Path(elsewhere) / "planted_module.py").write_text("x = 1")

    def imported() -> None:
        sys.path.insert(0, elsewhere)
        __import__("planted_module")

    return {
        "exec": lambda: exec("1"),
        "eval": lambda: eval("1"),
        "compile": lambda: builtins.compile("1", "planted", "eval"),
        "import": imported,
        "os.system": lambda: os.system("true"),
        "subprocess": lambda: subprocess.run(["true"], check=True),
        "socket": lambda: socket.socket().close(),
        "name look-up": lambda: socket.getaddrinfo("localhost", 9),
        "write": lambda: written.write_text("x"),
        "read outside": outside.read_text,
        "remove": written.unlink,
        "mkdir": (Path(elsewhere) / "folder").mkdir,
    }


def main() -> None:
    """`prove`: every forbidden act, and whether it was seen. Else: the folder whose folders are read."""
    watch = Watch()
    signal.signal(signal.SIGPROF, _too_long)
    if sys.argv[1] == "prove":
        for name, act in acts().items():
            watch.acts, watch.root, watch.on = [], os.devnull, True
            act()
            watch.on = False
            print(json.dumps({"name": name, "acts": watch.acts}))
        return
    clean, *roots = sorted(each for each in Path(sys.argv[1]).iterdir() if each.is_dir())
    read(clean, watch)  # everything that is imported late is imported now
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    for root in (clean, *roots[int(sys.argv[2]) :: int(sys.argv[3])]):
        print(json.dumps(read(root, watch)), flush=True)


if __name__ == "__main__":
    main()
