"""A double that runs: its sockets, its modes, its memory, and what it says later by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from aiohttp import web

from hub.catalogue import Application
from hub.doubles.behaviour import Behaviour
from hub.doubles.control import control_of
from hub.doubles.keeping import Kept
from hub.doubles.modes import UNANSWERING, Mode
from hub.doubles.playing import Played, Player
from hub.doubles.publishing import published
from hub.doubles.recording import Call, Recording, Said
from hub.doubles.saying import Speaker
from hub.doubles.serving import heard, respond
from hub.doubles.sockets import Socket
from hub.errors import ConfigurationError, Text
from hub.specs.sample import Sample


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Stage:
    """Where and how a double plays. Ports 0: chosen at start.

    `hub` and `api_key`: what it needs to speak to the hub; without `hub` it says nothing. `file`: where its calls are
    written. `pace` multiplies what the samples wait (0: at once). `again`: seconds before it says again what the hub did
    not take, `tries` times at most. `credentials`: whether callers must show some; None: as connector.yaml has it.
    """

    host: str = "127.0.0.1"
    port: int = 0
    control_port: int = 0
    hub: str = ""
    api_key: str = field(default="", repr=False)
    file: Path | None = None
    pace: float = 1.0
    again: float = 1.0
    tries: int = 120
    credentials: bool | None = None
    clock: Callable[[], datetime] = _now


class RunningDouble:
    """One application's double. `async with` it, or `start` and `stop`."""

    def __init__(self, application: Application, samples: Mapping[str, Sample], stage: Stage) -> None:
        self.application = application
        self.recording = Recording(stage.file)
        self._stage = stage
        self._behaviour = Behaviour(samples, clock=stage.clock)
        self._player = Player(application, self._behaviour, with_credentials=_wants_credentials(application, stage))
        self._socket = Socket(self._answer, host=stage.host, port=stage.port)
        self._control = Socket(control_of(self), host=stage.host, port=stage.control_port)
        self._speaker = _speaker(application, self.recording, stage) if stage.hub else None
        self._later: set[asyncio.Task[None]] = set()
        self._down: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._said = 0

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def address(self) -> str:
        """Where the application is reached, such as http://127.0.0.1:40123. Known once started."""
        return self._socket.address

    @property
    def control_address(self) -> str:
        """Where its control port is."""
        return self._control.address

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every call heard so far."""
        return tuple(self.recording.calls)

    @property
    def said(self) -> tuple[Said, ...]:
        """Every try to tell the hub something so far."""
        return tuple(self.recording.said)

    @property
    def modes(self) -> tuple[Mode, ...]:
        """How it misbehaves now."""
        return self._player.modes.all()

    def kept(self, collection: str = "") -> list[Kept]:
        """What it keeps, all or one collection, in the order of the calls."""
        things = self._behaviour.keeping.all()
        return things.get(collection, []) if collection else [thing for each in things.values() for thing in each]

    async def start(self) -> None:
        """Listen on both ports."""
        await self._control.open()
        await self._socket.open()

    async def stop(self) -> None:
        """Close both ports and leave unsaid what was to be said."""
        await self._control.end()
        async with self._turn:
            pending = [*self._later, *([self._down] if self._down else [])]
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)
            await self._socket.end()
        self.recording.close()

    async def tell(self, mode: Mode) -> None:
        """Misbehave so from now on; `Mode()` ends it."""
        async with self._turn:
            await self._become(mode)

    async def say(self, operation: str, document: Mapping[str, Any], *, exchange: str | None = None, key: str = "") -> Said:
        """Tell the hub something by an operation of direction in. `exchange` is needed for REST, `key` chosen if empty."""
        if self._speaker is None:
            raise ConfigurationError(
                Text(en="this double was not told where the hub is", fr="cette doublure ne sait pas où est le hub")
            )
        self._said += 1
        chosen = key or f"{self.application.name}-{self._said}-{self._stage.clock().isoformat()}"
        return await self._speaker.say(operation, document, exchange=exchange, key=chosen)

    async def _up_after(self, mode: Mode) -> None:
        await asyncio.sleep(mode.seconds)
        async with self._turn:
            self._down = None
            await self._become(Mode(operation=mode.operation))

    async def _become(self, mode: Mode) -> None:
        """Change over to `mode`. What is down says that it is up again once it listens, and no sooner."""
        if self._player.modes.is_down_with(mode):
            self._player.modes.tell(mode)
            await self._socket.close()
        else:
            await self._socket.open()
            self._player.modes.tell(mode)
        if self._down and (mode.mode == "down" or self._socket.is_open):
            self._down.cancel()
            self._down = None
        if mode.mode == "down" and mode.seconds:
            self._down = asyncio.create_task(self._up_after(mode))

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """One call: hear and act, record, go on, answer."""
        asked_for = await heard(request)
        if contract := published(self.application, asked_for, address=self.address):
            return await respond(request, contract, Mode())
        played = self._player.play(asked_for)
        self.recording.write(self._call(played))
        self._go_on(played)
        return await respond(request, played.sent, played.mode)

    def _call(self, played: Played) -> Call:
        return Call(
            time=self._stage.clock(),
            number=len(self.recording.calls) + 1,
            operation=played.operation,
            document=played.document,
            applied=played.act.applied,
            repeat=played.act.repeat,
            mode=played.mode.mode,
            status=0 if played.mode.mode in UNANSWERING else played.sent.status,
            answer=played.answered,
            kept=played.act.kept.values if played.act.kept else {},
            reason=played.reason,
        )

    def _go_on(self, played: Played) -> None:
        """Start what follows later from a call that took effect."""
        sample = self._behaviour.samples.get(played.operation)
        if sample and sample.later and played.act.applied and played.act.kept:
            task = asyncio.create_task(self._follow(sample, played.act.kept))
            self._later.add(task)
            task.add_done_callback(self._later.discard)

    async def _follow(self, sample: Sample, thing: Kept) -> None:
        for number, later in enumerate(sample.later):
            await asyncio.sleep(later.after.total_seconds() * self._stage.pace)
            thing, document = self._behaviour.step(sample.operation, later, thing)
            if later.say and document is not None and self._speaker:
                key = f"{self.application.name}-{thing.collection}-{thing.serial}-{number}"
                await self._speaker.say(later.say.operation, document, exchange=later.say.exchange, key=key)


def _wants_credentials(application: Application, stage: Stage) -> bool:
    if stage.credentials is not None:
        return stage.credentials
    return any(instance.credentials for instance in application.spec.instances.values())


def _speaker(application: Application, recording: Recording, stage: Stage) -> Speaker:
    return Speaker(
        application,
        recording,
        hub=stage.hub,
        api_key=stage.api_key,
        tries=stage.tries,
        again=stage.again,
        clock=stage.clock,
    )
