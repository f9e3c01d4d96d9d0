"""A newer contract for a connector that is there: what it changes, what that hits, and its files put in place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from hub.catalogue import Application, inspect
from hub.drafting.bundle import Bundle, bundle_of
from hub.drafting.differences import Change, differences
from hub.drafting.impact import Hit, hits
from hub.drafting.staging import read_staged, write_files
from hub.errors import ConfigurationError, Finding, NotFound, Text
from hub.specs.load import load
from hub.specs.mapping import Mapping as Spec
from hub.specs.source import Source


@dataclass(frozen=True, slots=True)
class Refreshed:
    """Every change with what it hits, and what the new contract makes wrong in connector.yaml."""

    changes: tuple[tuple[Change, tuple[Hit, ...]], ...]
    findings: tuple[Finding, ...]

    @property
    def hit(self) -> bool:
        """Whether somebody has something to do."""
        return bool(self.findings) or any(found for _, found in self.changes)


def refresh(root: Path, name: str, file: Path, *, write: bool = False) -> Refreshed:
    """What the contract in `file` changes for the connector `name`; with `write`, it takes the present one's place.

    Raises NotFound, or ConfigurationError with what is wrong in either contract: nothing is written then.
    """
    present = _present(root, name)
    old, new = (
        bundle_of(present.folder / present.spec.contract, present.spec.protocol),
        bundle_of(file, present.spec.protocol),
    )
    files = _files(present, old, new)
    application, found = read_staged(name, files)
    if application is None:
        raise ConfigurationError(findings=tuple(_as_given(each, name, file, new) for each in found))
    mappings = _mappings(root)
    changes = differences(present.contract, application.contract)
    if write:
        for path in set(old.files) - set(new.files):
            (present.folder / path).unlink()
        write_files(present.folder, {**new.files, "connector.yaml": files["connector.yaml"]})
    errors = tuple(each for each in found if each.severity == "error")
    return Refreshed(tuple((change, tuple(hits(change, present, mappings))) for change in changes), errors)


def _present(root: Path, name: str) -> Application:
    catalogue, report = inspect(root)
    if found := catalogue.connectors.get(name):
        return found
    if own := tuple(finding for finding in report.errors if finding.file.startswith(f"connectors/{name}/")):
        raise ConfigurationError(findings=own)
    known = ", ".join(catalogue.connectors) or "-"
    raise NotFound(
        Text(
            en=f"There is no connector “{name}”. There are: {known}.", fr=f"Pas de connecteur « {name} ». Il y a : {known}."
        )
    )


def _files(present: Application, old: Bundle, new: Bundle) -> dict[str, bytes]:
    """The connector's folder with the new contract in the place of the present one."""
    there = [each for each in present.folder.rglob("*") if each.is_file()]
    kept = {each.relative_to(present.folder).as_posix(): each.read_bytes() for each in there}
    files = {path: content for path, content in kept.items() if path not in old.files} | dict(new.files)
    lines = kept["connector.yaml"].decode("utf-8-sig").splitlines(keepends=True)
    number = present.source.line("contract") - 1
    lines[number] = lines[number].replace(present.spec.contract, new.main, 1)
    return {**files, "connector.yaml": "".join(lines).encode()}


def _as_given(finding: Finding, name: str, file: Path, new: Bundle) -> Finding:
    path = finding.file.removeprefix(f"connectors/{name}/")
    return replace(finding, file=f"{file.parent.as_posix()}/{path}") if path in new.files else finding


def _mappings(root: Path) -> dict[str, tuple[Spec, Source]]:
    """The mappings whose form can be read; what is wrong with the others is for `hub check` to say."""
    found: dict[str, tuple[Spec, Source]] = {}
    for file in sorted((root / "mappings").glob("*.yaml")):
        if file.name.endswith(".examples.yaml"):
            continue
        try:
            found[file.stem] = load(file, Spec, shown=file.relative_to(root).as_posix())
        except ConfigurationError:
            continue
    return found
