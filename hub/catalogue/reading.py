"""Reads the three folders of an installation into one Catalogue, with every finding on the way."""

from __future__ import annotations

import hashlib
from pathlib import Path

from hub.catalogue.connectors import read_connector
from hub.catalogue.facts import Application, Catalogue, Exchange
from hub.catalogue.mappings import Draft, compiled, read_draft, read_tables
from hub.catalogue.schedules import read_schedule
from hub.errors import ConfigurationError, Finding, Report, Text
from hub.specs.schedule import Schedule


def load_catalogue(root: Path) -> Catalogue:
    """What is configured under `root`. Raises ConfigurationError with every error found."""
    catalogue, report = inspect(root)
    if report.errors:
        raise ConfigurationError(findings=report.errors)
    return catalogue


def inspect(root: Path) -> tuple[Catalogue, Report]:
    """What can be used of what is configured under `root`, and everything that is wrong with it."""
    findings: list[Finding] = [*_nothing(root)]
    revision = _revision(root)
    connectors = _connectors(root, findings)
    exchanges = _exchanges(root, connectors, revision, findings)
    schedules = _schedules(root, connectors, exchanges, findings)
    ordered = sorted(set(findings), key=lambda finding: (finding.file, finding.line, finding.column))
    return Catalogue(revision, connectors, exchanges, schedules), Report(tuple(ordered))


def _nothing(root: Path) -> list[Finding]:
    if any((root / "connectors").glob("*/connector.yaml")):
        return []
    text = Text(
        en=f"there is no connector under {root}: run hub in the folder that holds connectors/, or set HUB_ROOT",
        fr=f"aucun connecteur sous {root} : lancez hub dans le dossier qui contient connectors/, ou réglez HUB_ROOT",
    )
    return [Finding(text, "connectors/")]


def _connectors(root: Path, findings: list[Finding]) -> dict[str, Application]:
    found: dict[str, Application] = {}
    for file in sorted((root / "connectors").glob("*/connector.yaml")):
        application, wrong = read_connector(file.parent, root=root)
        findings.extend(wrong)
        if application is not None:
            found[application.name] = application
    return found


def _exchanges(
    root: Path, connectors: dict[str, Application], revision: str, findings: list[Finding]
) -> dict[str, Exchange]:
    tables, wrong = read_tables(root / "mappings" / "tables", root=root)
    findings.extend(wrong)
    drafts = _drafts(root, findings)
    others = {name: draft.spec for name, draft in drafts.items()}
    found: dict[str, Exchange] = {}
    for name, draft in drafts.items():
        exchange, wrong = compiled(draft, connectors=connectors, tables=tables, others=others, revision=revision)
        findings.extend(wrong)
        if exchange is not None:
            found[name] = exchange
    return found


def _drafts(root: Path, findings: list[Finding]) -> dict[str, Draft]:
    found: dict[str, Draft] = {}
    for file in sorted((root / "mappings").glob("*.yaml")):
        if file.name.endswith(".examples.yaml"):
            continue
        draft, wrong = read_draft(file, root=root)
        findings.extend(wrong)
        if draft is not None:
            found[draft.spec.exchange] = draft
    return found


def _schedules(
    root: Path, connectors: dict[str, Application], exchanges: dict[str, Exchange], findings: list[Finding]
) -> dict[str, Schedule]:
    found: dict[str, Schedule] = {}
    for file in sorted((root / "schedules").glob("*.yaml")):
        spec, wrong = read_schedule(file, root=root, connectors=connectors, exchanges=exchanges)
        findings.extend(wrong)
        if spec is not None:
            found[spec.schedule] = spec
    return found


def _revision(root: Path) -> str:
    """A digest of every configuration file, by name and content."""
    digest = hashlib.sha256()
    for folder in ("connectors", "mappings", "schedules"):
        for file in sorted(each for each in (root / folder).rglob("*") if each.is_file()):
            digest.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:12]
