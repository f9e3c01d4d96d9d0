"""Runs `schedules/`: each slot once over all nodes, its feed fetched, and how that ended written down."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from cronsim import CronSim

from hub.caller import Caller
from hub.catalogue import Catalogue
from hub.errors import HubError, NotFound, Text
from hub.feeds import Feeds
from hub.intake import Intake
from hub.ledger import Ledger
from hub.signals import Fetched, Listener
from hub.specs.schedule import Schedule

log = logging.getLogger("hub.scheduler")

MOST_MISSED = 100
"""Of the slots that `missed: all` makes up for, at most the latest so many: a stop of a month is no reason for a storm."""
EARLY = timedelta(seconds=20)
"""How much sooner than the ledger's clock the node's may fire: less than the minute between two slots."""

_OURSELVES = Text(
    en="The hub itself failed in this run; its log says why.",
    fr="Le hub lui-même a échoué pendant ce relevé ; son journal technique dit pourquoi.",
)


class CronTrigger(BaseTrigger):  # type: ignore[misc]
    """Fires at a schedule's local times: once when the clock goes back, and at the next minute when it goes forward."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._zone = ZoneInfo(schedule.timezone)

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """The next slot after the one before; of several that passed meanwhile, what `missed` says."""
        if previous_fire_time is not None and self._schedule.missed == "all":
            return self.after(previous_fire_time)
        return self.after(now)

    def after(self, moment: datetime) -> datetime:
        """The first slot after `moment`."""
        return next(CronSim(self._schedule.cron, moment.astimezone(self._zone)))

    def between(self, taken: datetime, met: datetime) -> tuple[datetime, ...]:
        """The slots after `taken`, up to `met`."""
        later = CronSim(self._schedule.cron, taken.astimezone(self._zone))
        return tuple(takewhile(lambda slot: slot <= met, later))

    def slot(self, moment: datetime) -> datetime:
        """The slot that is met at `moment`: the last one, or one that is due within seconds, for the timer and the ledger
        do not keep the same time."""
        # Added in UTC: on local time the hour that comes twice would lose which of the two it is.
        late = (moment.astimezone(UTC) + EARLY).astimezone(self._zone)
        return next(CronSim(self._schedule.cron, late, reverse=True))


class Scheduler:
    """Fires the schedules of a catalogue on this node; a slot that another node has taken is left to it."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        ledger: Ledger,
        caller: Caller,
        intake: Intake,
        clock: Callable[[], datetime],
        chance: Callable[[], float],
        announce: Listener,
    ) -> None:
        self._catalogue = catalogue
        self._ledger = ledger
        self._feeds = Feeds(catalogue=catalogue, ledger=ledger, caller=caller, intake=intake, clock=clock)
        self._clock = clock
        self._chance = chance
        self._announce = announce
        self._runs: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._started_at = clock()
        self._timer = AsyncIOScheduler(
            jobstores={"default": MemoryJobStore()}, executors={"default": AsyncIOExecutor()}, timezone=UTC
        )

    @property
    def schedules(self) -> Mapping[str, Schedule]:
        """Every schedule by name."""
        return self._catalogue.schedules

    async def start(self) -> None:
        """Make up for what was missed during a stop or left unended by it, and wait for the next slots."""
        self._started_at = self._clock()
        for schedule in self.schedules.values():
            trigger = CronTrigger(schedule)
            self._timer.add_job(
                self._fire,
                trigger,
                args=[schedule, trigger],
                id=schedule.schedule,
                max_instances=1 if schedule.overlap == "skip" else 2,
                coalesce=schedule.missed != "all",
                misfire_grace_time=None,
            )
        self._timer.start()
        for schedule in self.schedules.values():
            if schedule.missed != "skip":
                self._timer.add_job(self._fire, args=[schedule, CronTrigger(schedule)], id=f"{schedule.schedule} (missed)")

    async def stop(self) -> None:
        """Fire nothing more."""
        if self._timer.running:
            self._timer.shutdown(wait=False)

    async def fetch_now(self, name: str) -> int:
        """Fetch a schedule's feed at once, whatever its slots; the number of items. Raises NotFound, HubError."""
        schedule = self.schedules.get(name)
        if schedule is None:
            raise NotFound(Text(en=f"There is no schedule “{name}”.", fr=f"La planification « {name} » n'existe pas."))
        now = self._clock()
        await self._ledger.begin_fire(name, now, now=now)
        return await self._run(schedule, now)

    async def _fire(self, schedule: Schedule, trigger: CronTrigger) -> None:
        """The slots that are due now and that no node has taken, after the schedule's random delay; given up at a stop."""
        name, now = schedule.schedule, self._clock()
        try:
            await asyncio.sleep(self._chance() * schedule.jitter.total_seconds())
            for slot in await self._due(schedule, trigger, now):
                if await self._ledger.begin_fire(name, slot, now=now, abandoned_before=self._started_at):
                    await self._run(schedule, slot)
        except HubError as error:
            log.warning("schedule %s: %s", name, error)
        except asyncio.CancelledError:
            log.info("schedule %s: stopped before its end; the next start or slot takes it up", name)

    async def _due(self, schedule: Schedule, trigger: CronTrigger, now: datetime) -> tuple[datetime, ...]:
        """The slot that is met now; before it, with `missed: all`, each one since the last that any node took."""
        met = trigger.slot(now)
        taken = await self._ledger.fires(schedule.schedule, limit=1) if schedule.missed == "all" else ()
        return trigger.between(taken[0].slot, met)[-MOST_MISSED:] if taken else (met,)

    async def _run(self, schedule: Schedule, slot: datetime) -> int:
        """One run after the other of a schedule, each written as it ended, and whatever it ended by."""
        async with self._runs[schedule.schedule]:
            try:
                fetch = await self._feeds.fetch(schedule)
            except HubError as error:
                await self._ended(schedule, slot, error=error.text)
                raise
            except Exception:
                await self._ended(schedule, slot, error=_OURSELVES)
                raise
            await self._ended(schedule, slot, items=fetch.items, error=fetch.refusals)
            return fetch.items

    async def _ended(self, schedule: Schedule, slot: datetime, *, items: int = 0, error: Text | None = None) -> None:
        name, now = schedule.schedule, self._clock()
        await self._ledger.end_fire(name, slot, now=now, items=items, error=error.fr if error else "")
        self._announce(Fetched(name, items, error.en if error else ""))
