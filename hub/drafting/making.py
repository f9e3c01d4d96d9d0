"""Makes drafts files: a connector from a contract, a mapping between two connectors; nothing that is there is touched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from hub.catalogue import Application, Catalogue, Exchange, inspect, prove
from hub.catalogue.editing import schema_line
from hub.drafting import guidance
from hub.drafting.bundle import Bundle, Protocol, bundle_of
from hub.drafting.connector import Asked, ConnectorDraft, draft_connector
from hub.drafting.documents import document_for, problems_of
from hub.drafting.mapping import Seat, draft_mapping
from hub.drafting.staging import read_staged, write_files
from hub.drafting.writing import GUESS, TO_DO, block
from hub.errors import ConfigurationError, Conflict, Finding, MessageError, NotFound, Text
from hub.specs.load import build
from hub.specs.mapping import Examples
from hub.specs.source import parse_source
from hub.specs.words import Slug
from hub.translation import check_examples

_SLUG = TypeAdapter(Slug)
_SAYS = ("in", "feed")


@dataclass(frozen=True, slots=True)
class MadeMapping:
    """What `make_mapping` wrote, what `hub check` says of it, and its lines that wait for a decision."""

    files: tuple[str, ...]
    findings: tuple[Finding, ...]
    doubts: tuple[tuple[int, str], ...]


def make_connector(root: Path, asked: Asked, file: Path, protocol: Protocol) -> tuple[ConnectorDraft, tuple[Finding, ...]]:
    """Write connectors/<name> from the contract in `file`; also what had to be mended in it.

    Raises ConfigurationError with what the contract cannot be read for, Conflict where the folder is there: nothing is
    written then.
    """
    folder = root / "connectors" / _slug(asked.name)
    _refuse_existing(root, folder)
    bundle = bundle_of(file, protocol)
    application = _loaded(asked, bundle, file)
    draft = draft_connector(asked, bundle, application.contract)
    _, findings = read_staged(asked.name, draft.files)
    if errors := tuple(finding for finding in findings if finding.severity == "error"):
        raise ConfigurationError(findings=errors)
    write_files(folder, {path: _completed(content, folder / path, root) for path, content in draft.files.items()})
    return draft, application.contract.mended


def make_mapping(root: Path, exchange: str, said: str, told: str, *, title: str, sector: str, language: str) -> MadeMapping:
    """Write mappings/<exchange>.yaml between `said` and `told` (CONNECTOR.OPERATION), with its code lists.

    An example is written beside it when one can be made up that holds. Raises NotFound, Conflict, ConfigurationError.
    """
    catalogue, report = inspect(root)
    sender, receiver = _seat(catalogue, report.errors, said), _seat(catalogue, report.errors, told)
    _refuse_directions(sender, receiver)
    draft = draft_mapping(_slug(exchange), sender, receiver, title=title, sector=sector, language=language)
    folder = root / "mappings"
    texts = {f"tables/{name}.csv": text for name, text in draft.tables.items()} | {f"{exchange}.yaml": draft.text}
    files = {path: _completed(text.encode(), folder / path, root) for path, text in texts.items()}
    for path in files:
        _refuse_existing(root, folder / path)
    write_files(folder, files)
    made, findings = _checked(root, exchange, tuple(f"mappings/{path}" for path in files))
    if made is not None and (example := _example(made, sender, receiver, language)):
        path = f"{exchange}.examples.yaml"
        files[path] = _completed(example.encode(), folder / path, root)
        write_files(folder, {path: files[path]})
    return MadeMapping(tuple(f"mappings/{path}" for path in files), findings, _doubts(files[f"{exchange}.yaml"].decode()))


def _completed(content: bytes, file: Path, root: Path) -> bytes:
    """The content under the line by which an editor finds the schema of such a file."""
    line = schema_line(file, root=root)
    return f"{line}\n".encode() + content if line else content


def _loaded(asked: Asked, bundle: Bundle, file: Path) -> Application:
    """The contract as a connector without operations; findings tell of the files that were given."""
    if "connector.yaml" in bundle.files:
        text = (
            "a contract cannot be called connector.yaml: rename it",
            "un contrat ne peut s'appeler connector.yaml : renommez-le",
        )
        raise Conflict(Text(en=text[0], fr=text[1]))
    bare = {"connector": asked.name, "title": asked.title, "protocol": bundle.protocol, "contract": bundle.main}
    spec = block({**bare, "instances": {"default": {"address": f"${{{asked.variable}}}"}}, "operations": {}})
    application, findings = read_staged(asked.name, {**bundle.files, "connector.yaml": spec.encode()})
    if application is None:
        folder = f"connectors/{asked.name}/"
        given = file.parent.as_posix()
        raise ConfigurationError(
            findings=tuple(replace(each, file=f"{given}/{each.file.removeprefix(folder)}") for each in findings)
        )
    return application


def _slug(name: str) -> str:
    try:
        return str(_SLUG.validate_python(name))
    except ValidationError as error:
        text = Text(
            en=f"“{name}” is no name: small letters, digits and hyphens, a letter first",
            fr=f"« {name} » n'est pas un nom : minuscules sans accent, chiffres et traits d'union, une lettre d'abord",
        )
        raise Conflict(text) from error


def _refuse_existing(root: Path, path: Path) -> None:
    if path.exists():
        shown = path.relative_to(root).as_posix()
        raise Conflict(
            Text(
                en=f"{shown} is there already: nothing was written. Give another name, or remove it to begin again.",
                fr=f"{shown} existe déjà : rien n'a été écrit. Donnez un autre nom, ou supprimez-le pour recommencer.",
            )
        )


def _seat(catalogue: Catalogue, errors: tuple[Finding, ...], named: str) -> Seat:
    name, _, operation = named.partition(".")
    application = catalogue.connectors.get(name)
    if application is None:
        if own := tuple(finding for finding in errors if finding.file.startswith(f"connectors/{name}/")):
            raise ConfigurationError(findings=own)
        raise _unknown(name, Text(en="connector", fr="e connecteur"), catalogue.connectors)
    if operation not in application.spec.operations:
        what = Text(en=f"operation of {name}", fr=f"'opération de {name}")
        raise _unknown(operation, what, application.spec.operations)
    return Seat(application, operation)


def _unknown(name: str, what: Text, known: Iterable[str]) -> NotFound:
    listed = ", ".join(sorted(known)) or "-"
    return NotFound(
        Text(
            en=f"There is no {what.en} “{name}”. There are: {listed}.",
            fr=f"Il n'y a pas d{what.fr} « {name} ». Il y a : {listed}.",
        )
    )


def _refuse_directions(sender: Seat, receiver: Seat) -> None:
    if sender.name == receiver.name:
        raise Conflict(Text(en="a mapping links two applications", fr="une correspondance relie deux applications"))
    for seat, option, right in ((sender, "--from", True), (receiver, "--to", False)):
        if (seat.direction in _SAYS) != right:
            wanted = "in, feed" if right else "out, collect, ask"
            raise Conflict(
                Text(
                    en=f"{seat.name}.{seat.operation} has the direction {seat.direction}; {option} takes one of: {wanted}. "
                    f"Directions are in connectors/{seat.name}/connector.yaml.",
                    fr=f"{seat.name}.{seat.operation} est de sens {seat.direction} ; {option} prend : {wanted}. "
                    f"Les sens sont dans connectors/{seat.name}/connector.yaml.",
                )
            )


def _checked(root: Path, name: str, files: tuple[str, ...]) -> tuple[Exchange | None, tuple[Finding, ...]]:
    """The exchange as the catalogue now has it, and what `hub check` says of these files."""
    catalogue, report = inspect(root)
    exchange = catalogue.exchanges.get(name)
    only = replace(catalogue, exchanges={name: exchange} if exchange else {})
    _, proven = prove(only)
    return exchange, tuple(finding for finding in (*report.findings, *proven.findings) if finding.file in files)


def _example(exchange: Exchange, sender: Seat, receiver: Seat, language: str) -> str:
    """An example file that holds both ways; "" when none can be made up from the contracts."""
    said, told = (seat.application.operation(seat.operation).input for seat in (sender, receiver))
    document = document_for(said)[0] if said and sender.direction == "in" else None
    if document is None or told is None:
        return ""
    try:
        reading = exchange.translation.read(sender.name, document)
        written = exchange.translation.write(
            receiver.name,
            reading.record,
            reading.files,
            direction=receiver.direction,  # type: ignore[arg-type]
        )
    except MessageError:
        return ""
    example = {
        "name": guidance.EXAMPLE.said_in(language),
        "start": sender.name,
        "documents": {sender.name: document, receiver.name: written},
    }
    text = block({"examples": [example]})
    source = parse_source(text, shown=f"mappings/{exchange.name}.examples.yaml")
    failed = check_examples(exchange.translation, build(source, Examples), source)
    return "" if failed or problems_of(told, written) else text


def _doubts(text: str) -> tuple[tuple[int, str], ...]:
    """The lines that carry a question or wait for a row."""
    return tuple(_marked(text))


def _marked(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        for mark in (GUESS, TO_DO):
            if f"{mark} " in line and not line.startswith("#"):
                before, _, words = line.partition(f"{mark} ")
                row = before.strip().partition(":")[0]
                yield number, f"{row}: {words}" if row else words
