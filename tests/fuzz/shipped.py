"""The shipped connectors and mappings as targets need them: who says what to us, and how it is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from hub.catalogue import Catalogue, load_catalogue
from hub.codecs import Codec, codec_for
from hub.contract import Document, Part
from hub.errors import MessageError
from hub.translation.mapping import Direction, Translation
from tests.fuzz.words import refused_in_words, said_in_words
from tests.installation import REPOSITORY


@cache
def catalogue() -> Catalogue:
    """What ships, read once."""
    return load_catalogue(REPOSITORY)


@dataclass(frozen=True)
class Entry:
    """One way by which something comes in: `items` is where the messages stand in a fetched list."""

    side: str
    direction: Direction
    part: Part
    codec: Codec
    translation: Translation
    items: str = ""

    def take(self, data: bytes) -> None:
        """Reads it as the door does: bytes, contract, rows. What fits the contract is written back as the same document."""
        try:
            document = self.codec.read(data)
        except MessageError as error:
            refused_in_words(error)
            return
        problems = self.part.check(data)
        said_in_words(problems)
        if not problems:
            assert self.codec.read(self.codec.write(document)) == document
        for message in _at(document, self.items):
            self._read(message)

    def _read(self, document: Document) -> None:
        try:
            self.translation.read(self.side, document, direction=self.direction)
        except MessageError as error:
            refused_in_words(error)


def entries(word: str) -> tuple[Entry, ...]:
    """Every way in whose media type holds `word` ("xml", "json")."""
    return tuple(entry for entry in _entries() if word in entry.part.media)


def _entries() -> Iterator[Entry]:
    for exchange in catalogue().exchanges.values():
        for side in exchange.spec.between:
            for direction in ("in", "feed"):
                yield from _entry(exchange.translation, side, direction)


def _entry(translation: Translation, side: str, direction: Direction) -> Iterator[Entry]:
    name = translation.spec.between[side].get(direction)
    if name is None:
        return
    application = catalogue().connectors[side]
    operation = application.operation(name)
    part = operation.output if direction == "feed" else operation.input
    items = application.spec.operations[name].items or "" if direction == "feed" else ""
    if part is not None:
        yield Entry(side, direction, part, codec_for(part), translation, items)


def _at(document: Any, path: str) -> Iterator[Any]:
    """The documents at a dotted path; the document itself without one."""
    if isinstance(document, list):
        for each in document:
            yield from _at(each, path)
    elif not path and document is not None:
        yield document
    elif isinstance(document, Mapping):
        name, _, rest = path.partition(".")
        yield from _at(document.get(name), rest)
