"""Reads the three folders of an installation into one Catalogue, with every finding on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from hub.catalogue.authorities import Tables, known, read_own_tables, strangers, with_own
from hub.catalogue.connectors import read_connector
from hub.catalogue.facts import Application, Catalogue, Exchange
from hub.catalogue.mappings import Draft, compiled, read_draft, read_tables, unknown_columns
from hub.catalogue.misplaced import misplaced
from hub.catalogue.schedules import read_schedule
from hub.errors import ConfigurationError, Finding, Report, Text
from hub.specs import mapping as mappings
from hub.specs.schedule import Schedule
from hub.specs.source import is_file_inside


def load_catalogue(root: Path) -> Catalogue:
    """What is configured under `root`. Raises ConfigurationError with every error found."""
    catalogue, report = inspect(root)
    if report.errors:
        raise ConfigurationError(findings=report.errors)
    return catalogue


def inspect(root: Path) -> tuple[Catalogue, Report]:
    """What can be used of what is configured under `root`, and everything that is wrong with it."""
    if nothing := _nothing(root):
        return Catalogue(_revision(root), {}, {}), Report(nothing)
    findings: list[Finding] = [*misplaced(root)]
    connectors = _connectors(root, findings)
    drafts, exchanges = _exchanges(root, connectors, findings)
    schedules = _schedules(root, findings, connectors=connectors, exchanges=drafts)
    sound = {name: each for name, each in schedules.items() if each.fetch.into in exchanges}
    ordered = sorted(set(findings), key=lambda finding: (finding.file, finding.line, finding.column))
    return Catalogue(_revision(root), connectors, exchanges, sound), Report(tuple(ordered))


def _nothing(root: Path) -> tuple[Finding, ...]:
    if any((root / "connectors").glob("*/connector.y*ml")):
        return ()
    text = Text(en=f"there is no connector under {root}", fr=f"il n'y a aucun connecteur sous {root}")
    right = Text(
        en="run hub in the folder that holds connectors/, or set HUB_ROOT; hub init makes a new installation, "
        "where each application gets a folder connectors/<name> with a connector.yaml",
        fr="lancez hub dans le dossier qui contient connectors/, ou renseignez HUB_ROOT ; hub init crée une nouvelle "
        "installation, où chaque application reçoit un dossier connectors/<nom> avec un connector.yaml",
    )
    return (Finding(text, "connectors/", right=right),)


def _connectors(root: Path, findings: list[Finding]) -> dict[str, Application]:
    found: dict[str, Application] = {}
    for file in sorted((root / "connectors").glob("*/connector.yaml")):
        application, wrong = read_connector(file.parent, root=root)
        findings.extend(wrong)
        if application is not None:
            found[application.name] = application
    return found


def _exchanges(
    root: Path, connectors: Mapping[str, Application], findings: list[Finding]
) -> tuple[dict[str, mappings.Mapping], dict[str, Exchange]]:
    """The mappings whose form is right, and the exchanges that they make."""
    tables, wrong = read_tables(root / "mappings" / "tables", root=root)
    own, of_authorities = read_own_tables(root / "mappings" / "tables", root=root)
    findings.extend((*wrong, *of_authorities, *strangers(own, tables, connectors.values())))
    used = {authority: its for authority, its in own.items() if authority in known(connectors.values())}
    for each in (tables, *used.values()):
        findings.extend(unknown_columns(each, _folders(root)))
    drafts = _drafts(root, findings)
    specs = {name: draft.spec for name, draft in drafts.items()}
    unread, revision = _unread(findings), _revision(root)
    found: dict[str, Exchange] = {}
    for name, draft in drafts.items():
        compile_with = partial(_compiled, draft, connectors, specs, unread=unread, revision=revision)
        exchange, wrong = compile_with(tables)
        findings.extend(wrong)
        if exchange is not None:
            found[name], wrong = with_own(exchange, used, tables, compile_with)
            findings.extend(wrong)
    return specs, found


def _compiled(
    draft: Draft,
    connectors: Mapping[str, Application],
    others: Mapping[str, mappings.Mapping],
    tables: Tables,
    *,
    unread: frozenset[str],
    revision: str,
) -> tuple[Exchange | None, tuple[Finding, ...]]:
    return compiled(draft, connectors=connectors, tables=tables, others=others, unread=unread, revision=revision)


def _folders(root: Path) -> list[str]:
    return sorted(folder.name for folder in (root / "connectors").iterdir() if folder.is_dir())


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
    root: Path,
    findings: list[Finding],
    *,
    connectors: Mapping[str, Application],
    exchanges: Mapping[str, mappings.Mapping],
) -> dict[str, Schedule]:
    unread = _unread(findings)
    found: dict[str, Schedule] = {}
    for file in sorted((root / "schedules").glob("*.yaml")):
        spec, wrong = read_schedule(file, root=root, connectors=connectors, exchanges=exchanges, unread=unread)
        findings.extend(wrong)
        if spec is not None:
            found[spec.schedule] = spec
    return found


def _unread(findings: list[Finding]) -> frozenset[str]:
    """The files that have errors, and the folders of such connectors: what depends on them waits."""
    wrong = {finding.file for finding in findings if finding.severity == "error"}
    folders = {"/".join(file.split("/")[:2]) for file in wrong if file.startswith("connectors/")}
    return frozenset(wrong | folders)


def _revision(root: Path) -> str:
    """A digest of every configuration file, by name and content; what a link brings in from elsewhere is no part of it."""
    digest = hashlib.sha256()
    for folder in ("connectors", "mappings", "schedules"):
        for file in sorted(each for each in (root / folder).rglob("*") if is_file_inside(each, root)):
            digest.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:12]
