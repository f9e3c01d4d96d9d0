"""What the demo shows: a live table on a terminal, one line per event elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.live import Live
from rich.table import Table

from hub.cli.demo.trips import Trip, Trips
from hub.cli.screen import Screen
from hub.errors import Text

_COLUMNS = (
    Text(en="Request", fr="Demande"),
    Text(en="Reference", fr="Référence"),
    Text(en="Sent", fr="Envoyée"),
    Text(en="Delivered", fr="Remise"),
    Text(en="Answered", fr="Répondue"),
    Text(en="Back at the portal", fr="De retour au portail"),
)


class StageTable:
    """The table of trips. On a terminal it moves; elsewhere each new leg is a line."""

    def __init__(self, screen: Screen, trips: Trips) -> None:
        self._screen = screen
        self._trips = trips
        self._live: Live | None = None
        self._told: set[tuple[str, str]] = set()
        trips.changed = self.refresh

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the table while something happens."""
        if not self._screen.console.is_terminal:
            yield
            return
        with Live(self.table(), console=self._screen.console, refresh_per_second=8, transient=True) as self._live:
            yield
        self._live = None

    def refresh(self) -> None:
        """Show what has changed."""
        if self._live:
            self._live.update(self.table())
        elif not self._screen.console.is_terminal:
            self._lines()

    def table(self) -> Table:
        """Every trip, one a line."""
        table = Table(header_style="bold", box=None, pad_edge=False)
        for column in _COLUMNS:
            table.add_column(self._screen.words(column))
        for reference, trip in self._trips.trips.items():
            title = Text(en=trip.line.title.en, fr=trip.line.title.fr)
            legs = [_leg(trip.sent), self._delivery(trip), _leg(trip.answered), _leg(trip.back)]
            table.add_row(self._screen.words(title), reference, *legs)
        return table

    def _delivery(self, trip: Trip) -> str:
        if trip.delivered is not None:
            return f"{_leg(trip.delivered)} → {trip.receiver}"
        if trip.tries:
            return self._screen.words(
                Text(en=f"[yellow]kept, {trip.tries} tries[/]", fr=f"[yellow]gardée, {trip.tries} essais[/]")
            )
        return "…" if trip.sent is not None else ""

    def _lines(self) -> None:
        for reference, trip in self._trips.trips.items():
            for leg, words in _legs(trip).items():
                if (reference, leg) not in self._told:
                    self._told.add((reference, leg))
                    self._screen.say(f"    {reference:<14} {words.en}", f"    {reference:<14} {words.fr}")


def _legs(trip: Trip) -> dict[str, Text]:
    """The legs that are done, in words."""
    done = {
        "sent": (trip.sent, Text(en=f"sent ({trip.line.title.en})", fr=f"envoyée ({trip.line.title.fr})")),
        "delivered": (
            trip.delivered,
            Text(en=f"delivered to {trip.receiver}", fr=f"remise à {trip.receiver}"),
        ),
        "answered": (
            trip.answered,
            Text(en=f"{trip.receiver} says how far it is", fr=f"{trip.receiver} dit où elle en est"),
        ),
        "back": (trip.back, Text(en="back at the portal, done", fr="de retour au portail, terminée")),
    }
    return {leg: words for leg, (at, words) in done.items() if at is not None}


def _leg(at: float | None) -> str:
    return f"[green]✓ {at:.1f} s[/]" if at is not None else ""
