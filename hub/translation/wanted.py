"""Files that a document gives by their address: what is still to be fetched, and what was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.errors import Problem, Text
from hub.message import File

Fetched = Mapping[str, tuple[str, File]]
"""What was found at each address: the ticket of the file, and the file."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file that is to be fetched at `address`, of `limit` bytes at most; and the row and the path of the field that says
    so."""

    address: str
    limit: int
    row: str
    label: str
    side: str
    path: str

    def wrong(self, text: Text) -> Problem:
        """What is wrong with it, told of its row."""
        return Problem(text, self.row, self.label, self.side, self.path)
