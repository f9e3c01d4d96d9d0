"""The laws of a mapping, proven on generated records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.errors import Finding
from hub.specs.source import Source
from hub.translation.mapping import Translation


@dataclass(frozen=True, slots=True)
class LawReport:
    """What was tried: how many records each law (by its plain name) held on, and where it failed."""

    findings: tuple[Finding, ...]
    tried: Mapping[str, int]
    records: int


def check_laws(translation: Translation, source: Source, *, seed: int = 1, records: int = 60) -> LawReport:
    """The five laws on `records` generated records, the same for the same `seed`."""
    raise NotImplementedError
