"""A message as a running hub has recorded it, asked for through its administration: who looks is noted in its journal."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub.catalogue import Catalogue, Exchange
from hub.cli.documents import document_in
from hub.cli.operate import Desk
from hub.codecs import codec_for
from hub.contract import Document, SoapBinding
from hub.errors import MessageError
from hub.message import Files, Record
from hub.specs.connector import Direction
from hub.translation import Receiver, unpack
from hub.transports.envelope import open_envelope


@dataclass(frozen=True, slots=True)
class Recorded:
    """A message and what is kept of it. `requests`: receiver -> the bytes of the last call to it, where one was made."""

    id: str
    exchange: str
    authority: str
    sender: str
    reference: str
    revision: str
    original: bytes
    record: Record
    files: Files
    requests: Mapping[str, bytes]

    def whole(self, exchange: Exchange) -> dict[str, Any]:
        """The record as it was delivered: what the crosswalk found stands in it."""
        recalled = dict.fromkeys(exchange.translation.recalls(self.record), self.reference)
        return {**self.record, **recalled}

    def said(self, catalogue: Catalogue, exchange: Exchange) -> tuple[Direction, Document] | None:
        """What its sender said, by the files of `catalogue`; None when the hub said it, or it is not kept.

        Raises MessageError. REST parameters are not kept apart: they are taken from the record. A fetched item is
        written again from the record.
        """
        ways = exchange.spec.between.get(self.sender, {})
        if self.original and "in" in ways:
            document = document_in(catalogue, exchange, self.sender, "in", body=self.original)
            return "in", {**self._parameters(exchange, self.sender, "in"), **document}
        if "feed" in ways:
            return "feed", exchange.translation.write(self.sender, self.record, self.files, direction="feed")
        return None

    def told(self, catalogue: Catalogue, exchange: Exchange, receiver: Receiver) -> Document | None:
        """What a receiver was really told, by the bytes of the call; None when there was no call. Raises MessageError."""
        body = self.requests.get(receiver.side)
        operation = catalogue.connectors[receiver.side].operation(receiver.operation)
        if body is None or operation.input is None:
            return None
        if isinstance(operation.binding, SoapBinding):
            body = open_envelope(body).payload
        return {**self._parameters(exchange, receiver.side, receiver.direction), **codec_for(operation.input).read(body)}

    def _parameters(self, exchange: Exchange, side: str, direction: Direction) -> dict[str, Any]:
        """The REST parameters (`@name`) of a side's document, which stand in no body."""
        try:
            written = exchange.translation.write(side, self.whole(exchange), self.files, direction=direction)
        except MessageError:
            return {}
        return {name: value for name, value in written.items() if name.startswith("@") and isinstance(value, str)}


def recorded(desk: Desk, message: str, *, purpose: str) -> Recorded:
    """The message of that id with all its contents. Raises NotAllowed, HubUnavailable with what to do."""
    found = desk.get(f"/messages/{message}/contents", purpose=purpose)
    contents = {each["name"]: b64decode(each["data"]) for each in found["contents"]}
    receivers = {each["delivery"]: each["receiver"] for each in found["deliveries"]}
    requests = {receivers[name.partition(":")[2]]: data for name, data in contents.items() if name.startswith("request:")}
    return Recorded(
        found["message"],
        found["exchange"],
        found["authority"],
        found["sender"],
        found["reference"],
        found["revision"],
        contents.get("original", b""),
        unpack(contents["record"]) if "record" in contents else {},
        {name.removeprefix("file:"): data for name, data in contents.items() if name.startswith("file:")},
        requests,
    )
