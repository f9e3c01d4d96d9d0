"""The demo's story, act by act, and its verdict."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from hub.cli.demo.stage import StageTable
from hub.cli.demo.town import Town, town
from hub.cli.demo.trips import Trip, Trips
from hub.cli.screen import Screen, language_of
from hub.doubles.modes import Mode
from hub.endpoints.console.words import EVENTS
from hub.errors import HubError, NotFound, Text, same
from hub.ledger import Search
from hub.lifecycle import Gate
from hub.logs import configure_logging
from hub.settings import read_settings
from hub.specs.demo import Demo, Line
from hub.specs.load import load


def demo(*, once: bool = False, patience: float = 45.0, language: str | None = None) -> None:
    """Play every exchange both ways with a hub and doubles on this machine; nothing of it is kept.

    Parameters
    ----------
    once
        End when the story is told: 0 if every request made its whole trip, else 1.
    patience
        Seconds that each act is given.
    language
        fr or en.
    """
    screen = Screen(language or language_of(os.environ))
    configure_logging(logging.CRITICAL)
    root = read_settings(os.environ).root
    with tempfile.TemporaryDirectory(prefix="hub-demo-") as folder, suppress(asyncio.CancelledError):
        whole = asyncio.run(_played(screen, root, Path(folder), patience=patience, stay=not once))
    sys.exit(0 if whole else 1)


async def _played(screen: Screen, root: Path, folder: Path, *, patience: float, stay: bool) -> bool:
    teller, script = _script(root)
    trips = Trips(teller, {line.reference: Trip(line) for line in script.lines})
    stage = StageTable(screen, trips)
    async with town(root, folder, os.environ, listener=trips.listen) as here:
        story = Story(screen, here, script=script, trips=trips, patience=patience)
        story.opening()
        with stage.shown():
            await story.requests()
            await story.outage()
            await story.answers()
        screen.console.print()
        screen.console.print(stage.table())
        await story.verdict()
        if stay:
            await story.stay()
    return trips.whole


def _script(root: Path) -> tuple[str, Demo]:
    """The script, and the application from whose side it is told. Raises NotFound, ConfigurationError."""
    for file in sorted(root.glob("connectors/*/samples/demo.yaml")):
        return file.parent.parent.name, load(file, Demo, shown=file.relative_to(root).as_posix())[0]
    raise NotFound(
        Text(
            en=f"There is no connectors/*/samples/demo.yaml under {root}: run hub demo in the hub's own folder.",
            fr=f"Aucun connectors/*/samples/demo.yaml sous {root} : lancez hub demo dans le dossier du hub.",
        )
    )


class Story:
    """The acts of the demo, in their order."""

    def __init__(self, screen: Screen, here: Town, *, script: Demo, trips: Trips, patience: float) -> None:
        self._screen = screen
        self._town = here
        self._script = script
        self._trips = trips
        self._patience = patience
        self._teller = here.doubles[trips.teller]

    def opening(self) -> None:
        """Who is there."""
        titles = [double.application.spec.title for double in self._town.doubles.values()]
        self._act(
            "1. A hub and its applications are up on this machine.",
            "1. Un hub et ses applications sont en route sur cette machine.",
        )
        for title in titles:
            self._screen.console.print(f"    • {title}", markup=False)

    async def requests(self) -> None:
        """Citizens and agents ask; each request reaches its back office."""
        self._act(
            "2. Citizens ask on the portal; the hub keeps each request on disk, then delivers it.",
            "2. Des usagers font leurs demandes ; le hub écrit chacune sur disque, puis la remet.",
        )
        first = [line for line in self._script.lines if not line.during_outage]
        await self._say(first)
        await self._until(lambda: all(self._trips.trips[line.reference].delivered is not None for line in first))

    async def outage(self) -> None:
        """An application goes down; what is asked meanwhile waits, and goes as soon as it is back."""
        name = self._script.outage
        double = self._town.doubles[name]
        self._act(
            f"3. The application “{name}” goes down. Requests go on being accepted; none is lost, none is refused.",
            f"3. L'application « {name} » tombe. Les demandes restent acceptées : aucune perdue, aucune refusée.",
        )
        await double.tell(Mode("down"))
        waiting = [line for line in self._script.lines if line.during_outage]
        await self._say(waiting)
        await self._until(lambda: all(self._trips.trips[line.reference].tries > 0 for line in waiting))
        await asyncio.sleep(2)
        self._act(
            f"4. “{name}” is back: what waited goes, once each.",
            f"4. « {name} » revient : ce qui attendait part, une seule fois.",
        )
        await double.tell(Mode())
        await self._reopen(name)
        await self._until(lambda: all(self._trips.trips[line.reference].delivered is not None for line in waiting))

    async def answers(self) -> None:
        """The applications say how far they are, by push and by fetch; each request ends back where it came from."""
        self._act(
            "5. The applications answer: they call the hub, and the hub fetches what has changed (every 15 minutes).",
            "5. Les applications répondent : elles appellent le hub, et il relève les changements (chaque quart d'heure).",
        )
        for name in self._town.hub.scheduler.schedules:
            with suppress(HubError):
                await self._town.hub.scheduler.fetch_now(name)
        await self._until(lambda: self._trips.whole)

    async def verdict(self) -> None:
        """What came of it, and where to look."""
        count, done = len(self._trips.trips), sum(trip.whole for trip in self._trips.trips.values())
        style = "bold green" if done == count else "bold red"
        self._screen.say(
            f"{done} of {count} requests made their whole trip.",
            f"{done} demandes sur {count} ont fait tout leur trajet.",
            style=style,
        )
        await self._totals()
        await self._one_story()

    async def _totals(self) -> None:
        """How many messages went through the hub in all, and whether any is still on its way."""
        page = await self._town.hub.ledger.find(Search(limit=200))
        left = sum(count.deliveries for count in await self._town.hub.ledger.counts())
        self._screen.say(
            f"{len(page.found)} messages went through the hub, both ways; {left} still on their way or put aside.",
            f"{len(page.found)} messages sont passés par le hub, dans les deux sens ; {left} encore en route ou en rebut.",
        )

    async def stay(self) -> None:
        """Leave everything up until Ctrl-C."""
        say = self._screen.say
        say(f"Console: {self._town.address}/admin", f"Console : {self._town.address}/admin")
        say(f"Admin key: {self._town.admin_key}", f"Clé d'administration : {self._town.admin_key}")
        say("Everything stays up until Ctrl-C.", "Tout reste en route jusqu'à Ctrl-C.")
        await asyncio.Event().wait()

    async def _say(self, lines: list[Line]) -> None:
        for line in lines:
            await self._teller.say(line.operation, line.document, exchange=line.exchange, key=f"demo-{line.reference}")

    async def _reopen(self, name: str) -> None:
        """The breaker would probe the application within a minute by itself: the demo does not wait for that."""
        for view in await self._town.hub.ledger.lanes_overview():
            if view.lane.name.startswith(f"{name}/") and view.lane.gate is not Gate.CLOSED:
                await self._town.hub.desk.resume_lane(view.lane.name, actor="demo", reason="the application is back")

    async def _until(self, done: Callable[[], bool]) -> None:
        """Wait for something, watching what comes back, no longer than our patience."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience):
                while not done():
                    self._trips.look(self._teller)
                    await asyncio.sleep(0.05)

    async def _one_story(self) -> None:
        """The story of a request that had to wait, line by line."""
        waited = [trip for trip in self._trips.trips.values() if trip.line.during_outage and trip.message]
        if not waited:
            return
        story = await self._town.hub.ledger.story(waited[0].message)
        self._act(f"The story of {story.message.reference}:", f"L'histoire de {story.message.reference} :")
        for line in story.lines:
            words = self._screen.words(EVENTS.get(line.event, same(line.event)))
            reason = f" ({self._screen.words(line.reason)})" if line.reason else ""
            self._screen.console.print(f"    {line.at.astimezone():%H:%M:%S}  {words}{reason}", markup=False)

    def _act(self, en: str, fr: str) -> None:
        self._screen.console.print()
        self._screen.say(en, fr, style="bold")
