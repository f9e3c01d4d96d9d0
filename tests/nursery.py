"""Runs `hub` commands, nodes too, from a process in which the hub's modules stand already and nothing of it runs.

The tests run hundreds of commands. Each would first read a thousand modules, and on a small machine that is most of what the
machine would do. A command that starts here is a process like any other, from its environment on.

`python -m tests.nursery SOCKET` takes one order a connection: a JSON line (`arguments`, `environment`, `folder`, and the
files `output` and `errors`, unless its input, output and errors come along as open files). It is answered with the id of the
process, and with its exit code once it has ended; a process that nobody waits for any more is killed.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[1]


class Born:
    """A process that a nursery started; as `subprocess.Popen` tells of its own."""

    def __init__(self, connection: socket.socket) -> None:
        self._told = connection.makefile("r", encoding="ascii")
        self._connection = connection
        self.pid = int(self._told.readline())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit code, None while it runs."""
        if self.returncode is None and select.select([self._connection], [], [], 0)[0]:
            self._ended()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, when it has ended. subprocess.TimeoutExpired when it has not in time."""
        if self.returncode is None:
            if not select.select([self._connection], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("hub", timeout or 0)
            self._ended()
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal; nothing when it has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):  # it has ended just now
                os.kill(self.pid, number)

    def kill(self) -> None:
        """kill -9."""
        self.send_signal(signal.SIGKILL)

    def _ended(self) -> None:
        self.returncode = int(self._told.readline())
        self._told.close()
        self._connection.close()


def begin(
    arguments: tuple[str, ...], *, environment: Mapping[str, str], folder: Path, output: Path, errors: Path | None = None
) -> Born:
    """Start a `hub` command; what it says is added to `output`, and its errors to `errors`."""
    order = {
        "arguments": arguments,
        "environment": dict(environment),
        "folder": str(folder),
        "output": str(output),
        "errors": str(errors or output),
    }
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(address())
    connection.sendall(json.dumps(order).encode() + b"\n")
    return Born(connection)


def run(
    arguments: tuple[str, ...], *, environment: Mapping[str, str], folder: Path, timeout: float
) -> subprocess.CompletedProcess[str]:
    """Run a `hub` command to its end."""
    with tempfile.TemporaryDirectory() as said:
        output, errors = Path(said) / "output", Path(said) / "errors"
        process = begin(arguments, environment=environment, folder=folder, output=output, errors=errors)
        try:
            code = process.wait(timeout)
        except BaseException:
            process.kill()
            raise
        told = [each.read_text(encoding="utf-8") for each in (output, errors)]
    return subprocess.CompletedProcess(("hub", *arguments), code, *told)


@cache
def address() -> str:
    """The socket of this process's own nursery, which ends with it."""
    found = f"{tempfile.mkdtemp(prefix='hub-nursery-')}/orders"
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TZ") if name in os.environ}
    python = {"PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        (sys.executable, "-m", __name__, found), env={**kept, **python}, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout
    assert process.stdout.readline()
    _kept.append(process)
    return found


_kept: list[subprocess.Popen[bytes]] = []
"""Its input is closed when this process ends."""


def read_ahead() -> None:
    """Do what libraries put off until they are first used, once for all nodes: the schema of schemas is built with the first
    schema, and some modules are read with the first call."""
    import encodings.idna  # noqa: F401

    import pydantic.v1  # noqa: F401
    import xmlschema

    xmlschema.XMLSchema10(_ANY_SCHEMA, validation="skip", use_fallback=False)


_ANY_SCHEMA = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="any"/></xs:schema>'


def main(place: str) -> None:
    """Start what is ordered, until there is nobody left to order."""
    import alembic.command
    import alembic.config  # noqa: F401 - some commands import it late: here it is read for all of them

    from hub.cli import COMMANDS, app

    for name in COMMANDS:
        app[name]
    read_ahead()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(place)
        listening.listen(64)
        print("ready", flush=True)
        while sys.stdin not in select.select([listening, sys.stdin], [], [])[0]:
            connection, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                _midwife(connection)
            connection.close()
    Path(place).unlink()
    Path(place).parent.rmdir()


def _midwife(connection: socket.socket) -> None:
    """Start what one connection orders, and tell how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    told, files, _, _ = socket.recv_fds(connection, 1 << 20, 3)
    while not told.endswith(b"\n"):
        told += connection.recv(1 << 20)
    child = os.fork()
    if child == 0:
        connection.close()
        os._exit(_lived(json.loads(told), files))
    connection.sendall(f"{child}\n".encode())
    for file in files:
        os.close(file)
    ended = os.pidfd_open(child)
    if ended not in select.select([ended, connection], [], [])[0]:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    with suppress(OSError):  # whoever ordered it is gone
        connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _lived(order: Mapping[str, Any], files: Sequence[int]) -> int:
    """Be the command, in a folder and an environment of its own; its exit code."""
    from hub.cli import main as hub

    _become(order, files)
    code: object = 0
    try:
        hub()
    except SystemExit as ended:
        code = ended.code
    except BaseException:
        traceback.print_exc()
        code = 1
    if isinstance(code, str):
        print(code, file=sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    return code if isinstance(code, int) else int(code is not None)


def _become(order: Mapping[str, Any], files: Sequence[int]) -> None:
    opened = files or [
        os.open(os.devnull, os.O_RDONLY),
        *(os.open(order[each], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644) for each in ("output", "errors")),
    ]
    for target, source in enumerate(opened):
        os.dup2(source, target)
        os.close(source)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    time.tzset()
    sys.argv = ["hub", *order["arguments"]]


if __name__ == "__main__":
    main(sys.argv[1])
