"""Target `mapping`: a document of one side is read, written for another, and read back. Allowed: MessageError in words, from
any step. What is not refused comes back: every row that the receiver may change and that loses nothing there.

The first bytes choose the exchange and its two sides, the rest what the document is (`made_documents`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hub.codecs import Codec, codec_for
from hub.contract import Document, Shape
from hub.errors import MessageError
from hub.translation.compare import Comparison
from hub.translation.mapping import Direction, Receiver, Translation
from tests.fuzz.made_documents import Choices, edited
from tests.fuzz.shipped import catalogue
from tests.fuzz.target import Take
from tests.fuzz.words import refused_in_words


@dataclass(frozen=True)
class Side:
    """An application in an exchange."""

    name: str
    direction: Direction
    shape: Shape
    codec: Codec

    def through_bytes(self, document: Any) -> Document:
        """The document as it is once it has been written and read; REST parameters are beside the bytes."""
        beside = {child.name for child in self.shape.children if child.location}
        parameters = {name: value for name, value in document.items() if name in beside}
        return {**self.codec.read(self.codec.write(document)), **parameters}


@dataclass(frozen=True)
class Route:
    """From whom to whom, with the documents that the examples begin with."""

    translation: Translation
    sender: Side
    receiver: Side
    starts: tuple[Document, ...]


def mapping_engine() -> Take:
    """Every route of every shipped exchange."""
    known = tuple(routes())
    assert known

    def take(data: bytes) -> None:
        choices = Choices(data)
        route = choices.one_of(known)
        document = edited(choices.one_of(route.starts), route.sender.shape, choices)
        try:
            _travel(route, document)
        except MessageError as error:
            refused_in_words(error)

    return take


def _travel(route: Route, document: Any) -> None:
    translation, sender, receiver = route.translation, route.sender, route.receiver
    start = sender.through_bytes(document)
    first = translation.read(sender.name, start, direction=sender.direction)
    told = translation.write(receiver.name, first.record, first.files, direction=receiver.direction)
    there = receiver.through_bytes(told)
    back = translation.read(receiver.name, there, direction=receiver.direction)
    level = translation.levels[receiver.name][receiver.direction]
    comparison = Comparison(receiver.name, False, translation.words.letters.get(receiver.name))
    changed = list(comparison.differences(translation.spec.fields, first.record, back.record, level=level))
    assert not changed, changed
    again = translation.write(
        receiver.name, back.record, {**first.files, **back.files}, direction=receiver.direction, onto=there
    )
    assert receiver.through_bytes(again) == there


def routes() -> Iterator[Route]:
    """Each side that says something, to each that hears it."""
    for exchange in catalogue().exchanges.values():
        translation = exchange.translation
        examples = exchange.examples[0].examples if exchange.examples else ()
        for sender in _senders(translation):
            starts = tuple(each.documents[sender.name] for each in examples if sender.name in each.documents)
            for receiver in translation.receivers(sender.name):
                yield Route(translation, sender, _receiver(translation, receiver), starts or ({},))


def _senders(translation: Translation) -> Iterator[Side]:
    for name in translation.spec.between:
        for direction in ("in", "feed"):
            if direction in translation.spec.between[name]:
                yield _side(translation, name, direction)


def _receiver(translation: Translation, receiver: Receiver) -> Side:
    return _side(translation, receiver.side, receiver.direction)


def _side(translation: Translation, name: str, direction: Direction) -> Side:
    application = catalogue().connectors[name]
    operation = translation.spec.between[name][direction]
    contract = application.operation(operation)
    part = contract.input
    if direction == "feed" and contract.output:
        part = contract.output.item(application.spec.operations[operation].items or "")
    assert part
    return Side(name, direction, translation.shapes[name][direction], codec_for(part))
