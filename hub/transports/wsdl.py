"""A WSDL 1.1 file -> Contract: its bindings say how each operation is called, its schemas what the payloads look like.

Read: SOAP 1.1 and 1.2, document/literal wrapped and bare, rpc/literal; rpc/encoded of what is only taken in. What cannot be
carried out is left out and named in `mended`, with its line; the rest of the contract stays usable.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from pathlib import Path

from hub.contract import Contract, Operation, Part
from hub.errors import ConfigurationError, Finding, Text
from hub.specs.connector import Patch
from hub.transports import wsdl_words as words
from hub.transports.contract_folder import Folder, line_of
from hub.transports.encoded_schemas import lists_for_arrays
from hub.transports.wsdl_definitions import BINDING, PORT_TYPE, Definitions
from hub.transports.wsdl_files import gather, importers
from hub.transports.wsdl_operations import LeftOut, Message, Said, operations
from hub.transports.wsdl_wrappers import declare_wrappers
from hub.transports.xsd import Schemas
from hub.transports.xsd_patches import apply_patches

_MEDIA = {"1.1": "text/xml", "1.2": "application/soap+xml"}
_MOST_NAMED = 3


def load_wsdl(
    path: Path, *, folder: Path | None = None, patches: Sequence[Patch] = (), served: Set[str] = frozenset()
) -> Contract:
    """The contract of a SOAP application, read offline.

    `folder` (default: the file's own) is the one that imports must not leave. Operations are keyed by name, SOAP 1.1
    before 1.2; the faults of an operation by the local name of their element, which is what an answer shows. Operations of
    the names `served` are only taken in, and may be encoded (rpc/encoded).
    ConfigurationError names the file, the line, the element and what would be right.
    """
    place = Folder((folder or path.parent).resolve())
    gathered, definitions = gather(place, path)
    said, left_out = operations(definitions, served)
    if not said:
        raise _nothing(place, path, definitions, _findings(place, left_out))
    declare_wrappers(gathered, said, path)
    apply_patches(gathered, {each.name: _roots(each) for each in said}, patches)
    mended = (*gathered.mended, *_findings(place, left_out))
    corrected = gathered.corrected()
    if any(each.binding.encoded for each in said):
        lists_for_arrays(gathered)  # for reading only: what is served says arrays
    schemas = Schemas(gathered)
    made = {each.name: _operation(each, schemas, place) for each in said}
    return Contract("soap", path.name, made, mended=tuple(dict.fromkeys(mended)), corrected=corrected)


def _roots(said: Said) -> dict[str, str]:
    """The elements of an operation's documents, by the words that a patch calls them."""
    answers = {"input": said.input, "output": said.output}
    faults = {each.name.rpartition("}")[2]: each for each in said.faults}
    return {part: message.name for part, message in {**faults, **answers}.items() if message}


def _operation(said: Said, schemas: Schemas, place: Folder) -> Operation:
    media = _MEDIA[said.binding.version]

    def part(message: Message | None) -> Part | None:
        if message is None:
            return None
        found = schemas.part(message.name, media=media)
        if found is None:
            raise place.wrong(said.file, line_of(said.element), words.undeclared("element", message.name))
        return found

    faults = {made.shape.name: made for each in said.faults if (made := part(each))}
    return Operation(said.name, said.binding, part(said.input), part(said.output), faults, said.title, said.also)


def _findings(place: Folder, left_out: Sequence[LeftOut]) -> tuple[Finding, ...]:
    """One warning for each reason: twenty operations that are all encoded are said once."""
    groups: dict[tuple[Text, Text | None], list[LeftOut]] = {}
    for each in left_out:
        groups.setdefault((each.why, each.right), []).append(each)
    found = []
    for (why, right), those in groups.items():
        names = list(dict.fromkeys(each.operation for each in those if each.operation))
        shown, more = names[:_MOST_NAMED], len(names) - _MOST_NAMED
        first = those[0]
        found.append(place.note(first.file, line_of(first.element), words.of_operations(shown, more, why), right=right))
    return tuple(found)


def _nothing(place: Folder, path: Path, definitions: Definitions, left_out: tuple[Finding, ...]) -> ConfigurationError:
    """Why no operation is left: what is wrong with each, or what the file lacks."""
    if left_out:
        findings = tuple(Finding(each.text, each.file, each.line, right=each.right) for each in left_out)
        return ConfigurationError(words.NOTHING, findings=findings)
    bindings, port_types = definitions.all(BINDING), definitions.all(PORT_TYPE)
    others = importers(place, path)
    if bindings:
        lacking = words.no_operation(bindings[0].local)
        line = line_of(bindings[0].element)
    else:
        lacking = words.no_binding([each.local for each in port_types])
        line = line_of(port_types[0].element) if port_types else 1
    right = words.imported_by(others) if others else words.ASK_FOR_BINDINGS
    text = Text(en=f"{words.NOTHING.en} {lacking.en}", fr=f"{words.NOTHING.fr} {lacking.fr}")
    return place.wrong(path, line, text, right=right)
