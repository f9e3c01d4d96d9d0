"""What each stack is tried with, and how it ended: one row of the matrix for a stack, a role, a style and a version."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hub.translation.record import pack
from tests.interop.clients import Client, Heard
from tests.interop.laid_out import Face
from tests.interop.message import WORDS, WRONG, differences, message, record, understood
from tests.interop.run import Running, running
from tests.interop.servers import REFUSE, REFUSED, Server, Serving, serving
from tests.interop.tools import Broken

CALLS = (
    "its call is kept as the one canonical record, the same for all, and reaches the REST application once; its wrong call "
    "is answered by a fault that it reads, and is not kept"
)
SERVES = "it understands every field of the hub's call; the fault of the contract becomes a dead letter with its words"
_CODES = {"1.1": "Client", "1.2": "Sender"}


@dataclass(frozen=True, slots=True)
class Trial:
    """How one trial ended; `why` it failed or was skipped."""

    stack: str
    version: str
    role: Literal["client", "server"]
    face: Face
    ended: Literal["passed", "failed", "skipped"]
    why: str = ""


@dataclass(frozen=True, slots=True)
class Meeting:
    """A hub that serves, and the servers that it may call, by authority."""

    hub: Running
    up: Mapping[str, Serving]

    def with_client(self, client: Client, face: Face) -> Trial:
        """Have a client call the hub."""
        if reason := client.missing():
            return Trial(client.name, "", "client", face, "skipped", reason)
        try:
            wrong = _calls(self.hub, client, face) or _is_refused(self.hub, client, face)
        except (Broken, AssertionError, subprocess.TimeoutExpired) as error:
            wrong = f"{type(error).__name__}: {error}"
        return Trial(client.name, client.version(), "client", face, "failed" if wrong else "passed", wrong)

    def with_server(self, server: Server, face: Face) -> Trial:
        """Have the hub call a server."""
        if reason := server.missing():
            return Trial(server.name, "", "server", face, "skipped", reason)
        try:
            serves = self.up[server.authority]
            wrong = _hears(self.hub, server, serves, face) or _refuses(self.hub, server, face)
        except (AssertionError, KeyError, ValueError) as error:
            wrong = f"{type(error).__name__}: {error}"
        return Trial(server.name, server.version(), "server", face, "failed" if wrong else "passed", wrong)


@contextmanager
def meeting(folder: Path, servers: Sequence[Server]) -> Iterator[Meeting]:
    """A hub in `folder`, and those of the servers that are there."""
    with ExitStack() as stack:
        up = {each.authority: stack.enter_context(serving(each, folder)) for each in servers if not each.missing()}
        hub = stack.enter_context(running(folder, servers={name: each.address for name, each in up.items()}))
        yield Meeting(hub, up)


def _calls(hub: Running, client: Client, face: Face) -> str:
    """What is wrong with a call that carries every field; "" for nothing."""
    said = message(_number(client.name, face))
    heard = client.say(hub, face, said)
    if not heard.receipt:
        return f"refused: {heard.code}: {heard.text} {heard.problems}"
    kept = hub.record(heard.receipt)
    if pack(kept) != pack(record(said)):
        return f"another record: {differences(record(said), kept)}"
    if (state := hub.ended(heard.receipt))["state"] != "delivered":
        return f"not delivered: {state['state']} {state['reason']}"
    received = hub.received(said["Number"])
    if len(received) != 1:
        return f"the REST application was told {len(received)} times"
    wrong = differences(understood(said), understood(received[0]))
    return f"the REST application was told something else: {wrong}" if wrong else ""


def _is_refused(hub: Running, client: Client, face: Face) -> str:
    """What is wrong with the fault that answers a wrong call; "" for nothing."""
    number = _number(client.name, face) + "-wrong"
    heard = client.say(hub, face, message(number, Postcode=WRONG))
    wanted = Heard(code=_CODES[face.version], text=WORDS, problems=(WORDS,))
    found = Heard(heard.receipt, heard.code.rpartition(":")[2], heard.text, heard.problems)
    if found != wanted:
        return f"the fault is read as {found}"
    return "the wrong call was kept" if hub.kept(number) else ""


def _hears(hub: Running, server: Server, serves: Serving, face: Face) -> str:
    """What is wrong with a message that the hub told it; "" for nothing."""
    said = message(_number(server.name, face))
    delivery = hub.ended(hub.say(face, record(said), server.authority))
    if delivery["state"] != "delivered":
        return f"not delivered: {delivery['state']} {delivery['reason']}"
    heard = serves.understood(face, said["Number"])
    if len(heard) != 1:
        return f"told {len(heard)} times"
    return differences(understood(said), understood(heard[0]))


def _refuses(hub: Running, server: Server, face: Face) -> str:
    """What is wrong with what becomes of a refusal; "" for nothing."""
    said = message(_number(server.name, face) + "-refused", Building=REFUSE)
    delivery = hub.ended(hub.say(face, record(said), server.authority))
    found = (delivery["state"], delivery["reason"])
    return "" if found == ("dead", ": ".join(REFUSED)) else f"a refusal became {found}"


def _number(name: str, face: Face) -> str:
    return f"{name} {face.connector}"
