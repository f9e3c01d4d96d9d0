"""Reads `schedules/`, and holds each schedule against the connectors and exchanges that it speaks of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from hub.catalogue.facts import Application, Exchange
from hub.errors import ConfigurationError, Finding, Text
from hub.specs.load import load, nearest
from hub.specs.schedule import Schedule
from hub.specs.source import Source


def read_schedule(
    file: Path, *, root: Path, connectors: Mapping[str, Application], exchanges: Mapping[str, Exchange]
) -> tuple[Schedule | None, tuple[Finding, ...]]:
    """The schedule in `file`, and everything that is wrong with it; None when it cannot be used."""
    try:
        spec, source = load(file, Schedule, shown=file.relative_to(root).as_posix())
    except ConfigurationError as error:
        return None, error.findings
    findings = tuple(_wrong(spec, source, file.stem, connectors=connectors, exchanges=exchanges))
    return (None if findings else spec), findings


def _wrong(
    spec: Schedule,
    source: Source,
    stem: str,
    *,
    connectors: Mapping[str, Application],
    exchanges: Mapping[str, Exchange],
) -> Iterator[Finding]:
    if spec.schedule != stem:
        yield _unknown(source, ("schedule",), spec.schedule, [stem])
    application = connectors.get(spec.fetch.connector)
    if application is None:
        yield _unknown(source, ("fetch", "connector"), spec.fetch.connector, connectors)
        return
    feeds = [name for name, each in application.spec.operations.items() if each.direction == "feed"]
    if spec.fetch.operation not in feeds:
        yield _unknown(source, ("fetch", "operation"), spec.fetch.operation, feeds)
    taking = [name for name, each in exchanges.items() if each.operation(application.name, "feed") == spec.fetch.operation]
    if spec.fetch.into not in taking:
        yield _unknown(source, ("fetch", "into"), spec.fetch.into, taking)


def _unknown(source: Source, place: tuple[str, ...], name: str, known: Mapping[str, object] | list[str]) -> Finding:
    words = Text(en=f"“{name}” is not known there", fr=f"« {name} » n'y est pas connu")
    return source.finding(place, words, right=nearest(name, known))
