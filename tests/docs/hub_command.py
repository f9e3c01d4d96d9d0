"""The `hub` of a tutorial's session: `hub_command.py SOCKET ARGUMENTS` has the nursery start it with what this process has.

It imports next to nothing: a session calls it a dozen times.
"""

import json
import os
import signal
import socket
import sys
from contextlib import suppress


def main(address: str, *arguments: str) -> int:
    """Be the command for whoever called it: its input and output, the signals, and the exit code."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(address)
    order = {"arguments": arguments, "environment": dict(os.environ), "folder": os.getcwd()}  # noqa: PTH109 - pathlib is large
    socket.send_fds(connection, [json.dumps(order).encode() + b"\n"], [0, 1, 2])
    answer = connection.makefile("r", encoding="ascii")
    process = int(answer.readline())
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda number, _: told(process, number))
    code = int(answer.readline())
    return code if code >= 0 else 128 - code


def told(process: int, number: int) -> None:
    """The process is sent the signal, unless it has ended."""
    with suppress(ProcessLookupError):
        os.kill(process, number)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
