"""What each stack is tried with, and how it ended: a trial for each thing that it does in a role, a style and a version."""

from __future__ import annotations

import subprocess
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from hub.translation.record import pack
from tests.interop.clients import Client, Heard
from tests.interop.laid_out import BOTH, FACES, Face, told
from tests.interop.message import (
    ABOUT,
    PHOTO,
    REFUSAL,
    WORDS,
    WRONG,
    About,
    differences,
    document,
    message,
    record,
    understood,
)
from tests.interop.run import Running, running
from tests.interop.servers import REFUSE, REFUSED, STAMP, Server, Serving, serving
from tests.interop.tools import Broken

Role = Literal["client", "server"]
_CODES = {"1.1": "Client", "1.2": "Sender"}
_BASE64 = b64encode(PHOTO)[:60]


@dataclass(frozen=True, slots=True)
class Trial:
    """How one trial ended; `way`: how a file travelled beside its document; `why` it failed or was skipped."""

    stack: str
    version: str
    role: Role
    face: Face
    about: About
    ended: Literal["passed", "failed", "skipped"]
    why: str = ""
    way: str = ""


@dataclass(frozen=True, slots=True)
class Meeting:
    """A hub that serves, and the servers that it may call, by authority; `broken`: why one is not up that should be."""

    hub: Running
    up: Mapping[str, Serving]
    broken: Mapping[str, str]

    def with_client(self, client: Client, face: Face) -> Iterator[Trial]:
        """Have a client call the hub, about each thing."""
        for about in ABOUT:
            does = _is_refused if about == "fault" else partial(_calls, about=about)
            yield _trial(client, "client", face, about, partial(does, self.hub, client, face))

    def with_server(self, server: Server, face: Face) -> Iterator[Trial]:
        """Have the hub call a server, about each thing that this one is for."""
        for about in server.about:
            if about == "answer" and face.style == "rpc":
                continue  # a part of rpc cannot be left out, and this one is for those who can
            yield _trial(server, "server", face, about, partial(self._told, server, face, about))

    def _told(self, server: Server, face: Face, about: About) -> str:
        """What is wrong with how the hub calls a server about a thing; "" for nothing."""
        serves = self.up.get(server.authority)
        if serves is None:
            return self.broken[server.authority]
        match about:
            case "fault":
                return _refuses(self.hub, server, face)
            case "answer":
                return _is_answered(self.hub, server, face)
            case _:
                return _hears(self.hub, server, face, serves, about)


def _trial(stack: Client | Server, role: Role, face: Face, about: About, attempt: Callable[[], str]) -> Trial:
    """What an attempt comes to, which says what is wrong: "" for nothing. It is skipped for what the stack cannot do."""
    missing = stack.missing()
    way = stack.beside if about in ("beside", "answer") else ""
    version = "" if missing else stack.version()
    if why := missing or (stack.why_none_beside if about == "beside" and not way else ""):
        return Trial(stack.name, version, role, face, about, "skipped", why)
    try:
        wrong = attempt()
    except (Broken, AssertionError, KeyError, ValueError, subprocess.TimeoutExpired) as error:
        wrong = f"{type(error).__name__}: {error}"
    return Trial(stack.name, version, role, face, about, "failed" if wrong else "passed", wrong, way)


@contextmanager
def meeting(folder: Path, servers: Sequence[Server]) -> Iterator[Meeting]:
    """A hub in `folder`, and those of the servers that are there."""
    with ExitStack() as stack:
        up: dict[str, Serving] = {}
        broken: dict[str, str] = {}
        for each in servers:
            try:
                up |= {} if each.missing() else {each.authority: stack.enter_context(serving(each, folder))}
            except (Broken, AssertionError) as error:
                broken[each.authority] = str(error)
        ways = {"inside", *(each.beside.lower() for each in servers if each.beside)}
        addresses = {name: each.address for name, each in up.items()}
        yield Meeting(stack.enter_context(running(folder, servers=addresses, ways=ways)), up, broken)


def all_trials(hub: Meeting, clients: Sequence[Client], servers: Sequence[Server]) -> Iterator[Trial]:
    """Every stack in every style and version."""
    for client in clients:
        for face in (*FACES, *BOTH):
            yield from hub.with_client(client, face)
    for server in servers:
        for face in FACES:
            yield from hub.with_server(server, face)


def _calls(hub: Running, client: Client, face: Face, about: About) -> str:
    """What is wrong with a call that carries every field; "" for nothing."""
    said = message(_number(client.name, face, about), photo=about != "fields")
    heard = client.say(hub, face, said, beside=about == "beside")
    if not heard.receipt:
        return f"refused: {heard.code}: {heard.text} {heard.declared}"
    kept = hub.record(heard.receipt)
    if pack(kept) != pack(record(said)):
        return f"another record: {differences(record(said), kept)}"
    if (_BASE64 in hub.came(heard.receipt)) != (about == "inside"):
        return "the file did not travel as it should"
    if (state := hub.ended(heard.receipt))["state"] != "delivered":
        return f"not delivered: {state['state']} {state['reason']}"
    received = hub.received(said["Number"])
    if len(received) != 1:
        return f"the REST application was told {len(received)} times"
    wrong = differences(understood(said), understood(received[0]))
    return f"the REST application was told something else: {wrong}" if wrong else ""


def _is_refused(hub: Running, client: Client, face: Face) -> str:
    """What is wrong with the fault that answers a wrong call; "" for nothing."""
    number = _number(client.name, face, "fault")
    heard = client.say(hub, face, message(number, Postcode=WRONG), beside=False)
    wanted = Heard(code=_CODES[face.version], text=WORDS, declared=REFUSAL)
    found = Heard(heard.receipt, heard.code.rpartition(":")[2], heard.text, heard.declared)
    if found != wanted:
        return f"the fault is read as {found}"
    return "the wrong call was kept" if hub.kept(number) else ""


def _hears(hub: Running, server: Server, face: Face, serves: Serving, about: About) -> str:
    """What is wrong with a message that the hub told it; "" for nothing."""
    said = message(_number(server.authority, face, about), photo=about != "fields")
    exchange = told(face, server.beside.lower() if about == "beside" else "inside")
    delivery = hub.ended(hub.say(exchange, document(said), server.authority))
    if delivery["state"] != "delivered":
        return f"not delivered: {delivery['state']} {delivery['reason']}"
    heard = serves.understood(face, said["Number"])
    if len(heard) != 1:
        return f"told {len(heard)} times"
    if serves.came_beside(face, said["Number"]) != (about == "beside"):
        return "the file did not travel as it should"
    return differences(understood(said), understood(heard[0]))


def _refuses(hub: Running, server: Server, face: Face) -> str:
    """What is wrong with what becomes of a refusal; "" for nothing."""
    said = message(_number(server.authority, face, "fault"), Building=REFUSE)
    delivery = hub.ended(hub.say(told(face, "inside"), document(said), server.authority))
    found = (delivery["state"], delivery["reason"])
    return "" if found == ("dead", ": ".join(REFUSED)) else f"a refusal became {found}"


def _is_answered(hub: Running, server: Server, face: Face) -> str:
    """What is wrong with how an answer with a file beside it is taken; "" for nothing."""
    said = message(_number(server.authority, face, "answer"), photo=True, Building=STAMP)
    number = hub.say(told(face, server.beside.lower()), document(said), server.authority)
    delivery = hub.ended(number)
    if delivery["state"] != "delivered":
        return f"not delivered: {delivery['state']} {delivery['reason']}"
    media, answer = hub.answer(number)
    return "" if media == "multipart/related" and PHOTO in answer else f"the answer came as {media} without the file"


def _number(name: str, face: Face, about: About) -> str:
    return f"{name} {face.connector} {face.version} {about}"
