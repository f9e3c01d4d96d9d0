"""Reads `schedules/`, and holds each schedule against the connectors and exchanges that it speaks of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from hub.catalogue.facts import Application
from hub.catalogue.files import load_file, said_twice, stray_references, waiting
from hub.errors import ConfigurationError, Finding, Text
from hub.specs import mapping as mappings
from hub.specs.schedule import Schedule
from hub.specs.source import Source
from hub.translation.checks.case import one_of


def read_schedule(
    file: Path,
    *,
    root: Path,
    connectors: Mapping[str, Application],
    exchanges: Mapping[str, mappings.Mapping],
    unread: frozenset[str],
) -> tuple[Schedule | None, tuple[Finding, ...]]:
    """The schedule in `file`, and everything that is wrong with it; None when it cannot be used.

    `exchanges`: every mapping whose form is right; `unread`: the files that have errors of their own.
    """
    try:
        spec, source = load_file(file, Schedule, root=root)
    except ConfigurationError as error:
        return None, error.findings
    named = () if spec.schedule == file.stem else (said_twice(spec.schedule, file.stem, source, key="schedule"),)
    fetched = _wrong_fetch(spec, source, connectors=connectors, exchanges=exchanges, unread=unread)
    findings = (*named, *stray_references(source), *fetched)
    return (None if findings else spec), findings


def _wrong_fetch(
    spec: Schedule,
    source: Source,
    *,
    connectors: Mapping[str, Application],
    exchanges: Mapping[str, mappings.Mapping],
    unread: frozenset[str],
) -> Iterator[Finding]:
    fetch = spec.fetch
    application, file = connectors.get(fetch.connector), f"connectors/{fetch.connector}"
    if file in unread and (application is None or fetch.operation in application.unsound):
        yield waiting(source, ("fetch", "connector"), file)
        return
    if application is None:
        words = Text(en=f"there is no connector “{fetch.connector}”", fr=f"le connecteur « {fetch.connector} » n'existe pas")
        yield source.finding(("fetch", "connector"), words, right=one_of(fetch.connector, connectors))
        return
    feeds = [name for name, each in application.spec.operations.items() if each.direction == "feed"]
    if fetch.operation not in feeds:
        words = Text(
            en=f"“{fetch.operation}” is no operation of {application.name} with the direction feed",
            fr=f"« {fetch.operation} » n'est pas une opération de {application.name} de sens feed",
        )
        yield source.finding(
            ("fetch", "operation"), words, right=one_of(fetch.operation, feeds) or _no_feed(application.name)
        )
        return
    yield from _wrong_exchange(spec, source, exchanges, unread)


def _wrong_exchange(
    spec: Schedule, source: Source, exchanges: Mapping[str, mappings.Mapping], unread: frozenset[str]
) -> Iterator[Finding]:
    fetch, file = spec.fetch, f"mappings/{spec.fetch.into}.yaml"
    if fetch.into not in exchanges and file in unread:
        yield waiting(source, ("fetch", "into"), file)
        return
    found = exchanges.get(fetch.into)
    if found is None:
        words = Text(en=f"there is no exchange “{fetch.into}”", fr=f"l'échange « {fetch.into} » n'existe pas")
        yield source.finding(("fetch", "into"), words, right=one_of(fetch.into, exchanges))
    elif found.between.get(fetch.connector, {}).get("feed") != fetch.operation:
        words = Text(
            en=f"the exchange {fetch.into} does not take {fetch.operation} of {fetch.connector}",
            fr=f"l'échange {fetch.into} ne prend pas {fetch.operation} de {fetch.connector}",
        )
        right = Text(
            en=f"write in mappings/{fetch.into}.yaml: between: {{{fetch.connector}: {{feed: {fetch.operation}}}}}",
            fr=f"écrivez dans mappings/{fetch.into}.yaml : between: {{{fetch.connector}: {{feed: {fetch.operation}}}}}",
        )
        yield source.finding(("fetch", "into"), words, right=right)


def _no_feed(application: str) -> Text:
    return Text(
        en=f"add an operation with direction: feed to connectors/{application}/connector.yaml",
        fr=f"ajoutez une opération avec direction: feed à connectors/{application}/connector.yaml",
    )
