"""`schedules/<name>.yaml`: when something is fetched."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

from cronsim import CronSim, CronSimError
from pydantic import Field, field_validator

from hub.specs.words import Duration, Slug, Spec, Word, Zone, refusal

_ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)


class Fetch(Spec):
    """Which feed is fetched, and the exchange that its items enter."""

    connector: Slug
    operation: Word
    into: Slug = Field(description="The exchange that takes the items.")


class Schedule(Spec):
    """A recurring fetch."""

    schedule: Slug = Field(description="Its name, which is also its file's.")
    title: str = Field(description="What it does, for people.")
    cron: str = Field(description="Minute, hour, day, month, weekday.", examples=["*/15 6-20 * * mon-fri"])
    timezone: Zone = Field("Europe/Paris", description="The zone that the cron line speaks of.")
    fetch: Fetch
    authority: Slug = Field("default", description="The authority on whose behalf it fetches.")
    missed: Literal["once", "skip", "all"] = Field("once", description="What to do about runs missed during a stop.")
    overlap: Literal["skip", "queue"] = Field("skip", description="What to do when the last run has not ended.")
    jitter: Duration = Field(timedelta(0), description="A random delay of at most this, so that fetches spread.")

    @field_validator("cron")
    @classmethod
    def _readable_cron(cls, value: str) -> str:
        try:
            CronSim(value, _ANY_TIME)
        except CronSimError as error:
            raise refusal(
                f"{error}: write five fields (minute, hour, day, month, weekday), such as */15 6-20 * * mon-fri",
                "écrivez cinq champs (minute, heure, jour, mois, jour de la semaine), tels que */15 6-20 * * mon-fri",
            ) from error
        return value
