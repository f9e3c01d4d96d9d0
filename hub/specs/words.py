"""The small typed values that specs are made of: durations ("30s", "2h", "90d"), sizes ("10 MB"), names, paths
and time zones.
"""

from __future__ import annotations

import re
from datetime import timedelta
from functools import cache
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "y": 365 * 86400}
_LONGEST = 1000 * _SECONDS["y"]
_BYTES = {"B": 1, "kB": 1000, "MB": 1000**2, "GB": 1000**3}


class Spec(BaseModel):
    """A part of a file: frozen, and closed to keys that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def refusal(en: str, fr: str) -> PydanticCustomError:
    """What a validator raises: what would be right, in both languages."""
    return PydanticCustomError("hub", "{en}", {"en": en, "fr": fr})


def _duration(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value
    found = re.fullmatch(r"(\d{1,12})\s*([smhdy])", str(value).strip(), re.ASCII)
    seconds = int(found[1]) * _SECONDS[found[2]] if found else _LONGEST + 1
    if seconds > _LONGEST:
        raise refusal(
            "write a whole number and one of s, m, h, d, y: 30s, 5m, 2h, 90d, 2y",
            "écrivez un entier suivi de s, m, h, d (jours) ou y (années) : 30s, 5m, 2h, 90d, 2y",
        )
    return timedelta(seconds=seconds)


def _size(value: Any) -> Any:
    if isinstance(value, int):
        return value
    found = re.fullmatch(r"(\d{1,12})\s*(B|kB|MB|GB)", str(value).strip(), re.ASCII)
    if not found:
        raise refusal(
            "write a whole number and one of B, kB, MB, GB: 10 MB",
            "écrivez un entier suivi de B (octets), kB, MB ou GB : 10 MB",
        )
    return int(found[1]) * _BYTES[found[2]]


def _truth(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if value not in ("true", "false"):
        raise refusal("write true or false", "écrivez true (oui) ou false (non)")
    return value == "true"


def _secret(value: str) -> str:
    if value and not re.fullmatch(r"secret:[a-z0-9][a-z0-9_-]*", value):
        raise refusal(
            "write a reference such as secret:waste, never the secret itself",
            "écrivez une référence telle que secret:waste, jamais le secret lui-même",
        )
    return value


_zones = cache(available_timezones)


def _zone(value: str) -> str:
    # Looked up in the list, as asking for a zone of any other name would open files, or import modules, of that name.
    if value not in _zones():
        raise refusal(
            "write a zone such as Europe/Paris or Pacific/Noumea",
            "écrivez un fuseau tel que Europe/Paris ou Pacific/Noumea",
        )
    return value


Duration = Annotated[
    timedelta, BeforeValidator(_duration), WithJsonSchema({"type": "string", "pattern": r"^\s*\d+\s*[smhdy]\s*$"})
]
Size = Annotated[int, BeforeValidator(_size), WithJsonSchema({"type": "string", "pattern": r"^\s*\d+\s*(B|kB|MB|GB)\s*$"})]
Truth = Annotated[
    bool, BeforeValidator(_truth), WithJsonSchema({"type": ["boolean", "string"], "pattern": "^(true|false)$"})
]
Secret = Annotated[str, AfterValidator(_secret)]
Zone = Annotated[str, AfterValidator(_zone)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=60)]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Path = Annotated[str, StringConstraints(pattern=r"^[^.\s]+(\.[^.\s]+)*$", max_length=400)]
"""Names joined by dots; `@name` for an XML attribute or a REST parameter, `#text` for the text beside attributes."""
