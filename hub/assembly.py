"""Builds one Hub from Settings: the only place where the parts are put together."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from hub.awaiting import Awaiting
from hub.caller import Caller
from hub.catalogue import Catalogue, load_catalogue, refuse_oversized
from hub.chance import random_piece
from hub.claim_check import ClaimCheck
from hub.desk import Desk
from hub.dispatcher import Dispatcher
from hub.intake import Intake
from hub.ledger import Ledger
from hub.logs import Tell, tell
from hub.mailbox import Mailboxes
from hub.privacy import KeyRing, open_keyring
from hub.retention import Retention
from hub.retrieval import Retrieval
from hub.scheduler import Scheduler
from hub.settings import Settings
from hub.signals import Listener, Signal
from hub.telemetry import Telemetry
from hub.transports.addresses import Egress
from hub.transports.antivirus import clamd_at
from hub.transports.http import HttpTransport
from hub.worker import Worker


class Clock:
    """The time by which leases and waits are ruled: the ledger's, so that nodes with wrong clocks agree. From one agreement
    to the next it runs on by itself, whatever becomes of this machine's own clock."""

    def __init__(self) -> None:
        self._ahead = time.time() - time.monotonic()

    def __call__(self) -> datetime:
        """Now, aware, in UTC."""
        return datetime.fromtimestamp(time.monotonic() + self._ahead, UTC)

    async def agree_with(self, ledger: Ledger) -> None:
        """Take over the ledger's time."""
        asked = time.monotonic()
        theirs = await ledger.time()
        self._ahead = theirs.timestamp() - (asked + time.monotonic()) / 2


@dataclass(frozen=True, slots=True)
class Hub:
    """One node, put together and not yet started."""

    settings: Settings
    catalogue: Catalogue
    ledger: Ledger
    claim_check: ClaimCheck
    intake: Intake
    desk: Desk
    mailboxes: Mailboxes
    dispatcher: Dispatcher
    worker: Worker
    scheduler: Scheduler
    telemetry: Telemetry
    keyring: KeyRing
    transport: HttpTransport
    clock: Clock

    async def start(self) -> None:
        """Take up what was left, and begin to deliver and to fetch."""
        await self.worker.start()
        await self.scheduler.start()

    async def stop(self) -> None:
        """Claim nothing more, let calls under way end, and let go of everything."""
        await self.scheduler.stop()
        await self.worker.stop()
        await self.transport.close()
        await self.ledger.close()

    async def ready(self) -> tuple[bool, dict[str, str]]:
        """Whether this node does its work, and what it says of each part."""
        parts = {"ledger": await self.ledger.standing(), "worker": "ok" if self.worker.alive else "stopped"}
        return all(state == "ok" for state in parts.values()), parts


@dataclass(frozen=True, slots=True)
class _Ground:
    """What every part stands on."""

    catalogue: Catalogue
    ledger: Ledger
    claim_check: ClaimCheck
    caller: Caller
    clock: Clock
    announce: Listener
    chance: Callable[[], float]


async def assemble(settings: Settings, *, listeners: tuple[Listener, ...] = (), tell: Tell = tell) -> Hub:
    """A Hub over the ledger and the folders that `settings` name, which tells its log lines to `tell`. Raises
    ConfigurationError, HubUnavailable."""
    catalogue = await asyncio.to_thread(_loaded, settings.root)  # contracts take long to read
    refuse_oversized(catalogue, most=max(settings.largest_body, settings.largest_body_of_any))
    keyring, clock, telemetry = open_keyring(settings.keyring), Clock(), Telemetry(tell)
    ledger = await Ledger.open(
        settings.database, cipher=keyring, node=settings.node, boot=new_id(), ballast=settings.ballast
    )
    await clock.agree_with(ledger)
    transport = HttpTransport(
        Egress(settings.allow_private),
        ca_file=settings.certificates,
        file=lambda enclosed: ledger.file(enclosed.message, enclosed.ticket),
    )
    claim_check = ClaimCheck(
        ledger=ledger, clock=clock, new_id=new_id, antivirus=clamd_at(settings.clamd), largest=settings.largest_file
    )
    caller = Caller(settings=settings, transport=transport, clock=clock)
    announce, chance = _to_all((telemetry.listen, *listeners)), random.Random().random  # noqa: S311 - spreads waits
    ground = _Ground(catalogue, ledger, claim_check, caller, clock, announce, chance)
    intake, dispatcher = _intake(ground, settings.most_waiting), _dispatcher(ground)
    return Hub(
        settings=settings,
        catalogue=catalogue,
        ledger=ledger,
        claim_check=claim_check,
        intake=intake,
        desk=Desk(ledger=ledger, clock=clock, announce=announce),
        mailboxes=Mailboxes(catalogue=catalogue, ledger=ledger, caller=caller, dispatcher=dispatcher, clock=clock),
        dispatcher=dispatcher,
        worker=_worker(ground, dispatcher),
        scheduler=_scheduler(ground, intake),
        telemetry=telemetry,
        keyring=keyring,
        transport=transport,
        clock=clock,
    )


def _loaded(root: Path) -> Catalogue:
    """What the folders say, made ready to be gone by with every message."""
    catalogue = load_catalogue(root)
    for exchange in catalogue.exchanges.values():
        exchange.write_out()
    return catalogue


def _intake(on: _Ground, most_waiting: int) -> Intake:
    return Intake(
        catalogue=on.catalogue,
        ledger=on.ledger,
        claim_check=on.claim_check,
        retrieval=Retrieval(catalogue=on.catalogue, caller=on.caller, claim_check=on.claim_check),
        clock=on.clock,
        new_id=new_id,
        announce=on.announce,
        most_waiting=most_waiting,
    )


def _dispatcher(on: _Ground) -> Dispatcher:
    return Dispatcher(
        catalogue=on.catalogue,
        ledger=on.ledger,
        caller=on.caller,
        clock=on.clock,
        jitter=on.chance,
        new_id=new_id,
        announce=on.announce,
    )


def _worker(on: _Ground, dispatcher: Dispatcher) -> Worker:
    return Worker(
        ledger=on.ledger,
        dispatcher=dispatcher,
        lanes=on.catalogue.lane_policies(),
        clock=on.clock,
        agree=lambda: on.clock.agree_with(on.ledger),
        note_missed=Awaiting(catalogue=on.catalogue, ledger=on.ledger, clock=on.clock, announce=on.announce).look,
        forget=Retention(catalogue=on.catalogue, ledger=on.ledger, clock=on.clock).go_on,
    )


def _scheduler(on: _Ground, intake: Intake) -> Scheduler:
    return Scheduler(
        catalogue=on.catalogue,
        ledger=on.ledger,
        caller=on.caller,
        intake=intake,
        clock=on.clock,
        chance=on.chance,
        announce=on.announce,
    )


def _to_all(listeners: tuple[Listener, ...]) -> Listener:
    if len(listeners) == 1:
        return listeners[0]

    def announce(signal: Signal) -> None:
        for listener in listeners:
            listener(signal)

    return announce


def new_id() -> str:
    """A new id, 32 hex digits, that sorts by the time it was made (the first 48 bits are milliseconds)."""
    milliseconds = time.time_ns() // 1_000_000
    return (milliseconds.to_bytes(6, "big") + random_piece()[:10]).hex()
