"""Targets `xml` and `json`: the bytes of a message or of a fetched list, through codec, contract check and mapping of every
shipped exchange that comes in so. Allowed: MessageError."""

from __future__ import annotations

from hub.codecs import json
from hub.errors import MessageError
from tests.fuzz.shipped import entries
from tests.fuzz.target import Take
from tests.fuzz.words import refused_in_words


def xml_intake() -> Take:
    """What SOAP applications tell us."""
    ways = entries("xml")
    assert ways

    def take(data: bytes) -> None:
        for way in ways:
            way.take(data)

    return take


def json_intake() -> Take:
    """What REST applications tell us, and what the doors of the hub's own take."""
    ways = entries("json")
    assert ways

    def take(data: bytes) -> None:
        try:
            json.values(data)
        except MessageError as error:
            refused_in_words(error)
        for way in ways:
            way.take(data)

    return take
