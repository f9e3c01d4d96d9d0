"""Fills the places in braces of a sample's texts: `{serial:6}`, `{now:dd/MM/yyyy}`, `{request.Path}`, `{kept.Path}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from hub.errors import ConfigurationError, Text
from hub.translation.dates import date_form

_date_form = cache(date_form)
_PLACE = re.compile(r"\{([^{}:]+)(?::([^{}]*))?\}")


@dataclass(frozen=True, slots=True)
class Places:
    """What the places stand for in one call."""

    serial: int
    now: datetime
    zone: ZoneInfo
    request: Mapping[str, Any] = field(default_factory=dict)
    kept: Mapping[str, Any] = field(default_factory=dict)


def fill(value: Any, places: Places) -> Any:
    """`value` with its places filled; a field that is one place which nothing fills is left out."""
    match value:
        case dict():
            filled = {name: fill(each, places) for name, each in value.items()}
            return {name: each for name, each in filled.items() if each is not None or value[name] is None}
        case list():
            return [fill(each, places) for each in value]
        case str():
            return _text(value, places)
        case _:
            return value


def value_at(document: Mapping[str, Any], path: str) -> Any:
    """What a document holds at a dotted path; None where it holds nothing."""
    found: Any = document
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _text(text: str, places: Places) -> Any:
    if only := _PLACE.fullmatch(text):
        return _found(only, places)
    return _PLACE.sub(lambda place: str(_found(place, places) or ""), text)


def _found(place: re.Match[str], places: Places) -> Any:
    name, form = place[1], place[2] or ""
    match name.partition("."):
        case ("serial", "", _):
            return str(places.serial).zfill(int(form or 0))
        case ("now", "", _):
            moment = places.now.astimezone(places.zone).replace(microsecond=0).isoformat()
            return _date_form(form or "datetime", places.zone).cell.form(moment)
        case ("request", _, path):
            return value_at(places.request, path)
        case ("kept", _, path):
            # the fields of a kept thing are flat: their names may hold dots
            return places.kept.get(path)
    raise ConfigurationError(
        Text(
            en=f"a sample has the place “{place[0]}”; known: serial, now, request.<path>, kept.<path>",
            fr=f"un échantillon contient « {place[0]} » ; admis : serial, now, request.<chemin>, kept.<chemin>",
        )
    )
