"""The two applications of a drafted mapping, and the language that its words are written in."""

from __future__ import annotations

from dataclasses import dataclass

from hub.errors import Text


@dataclass(frozen=True, slots=True)
class Sides:
    """The names of the application that says the exchange and of the one that it is said to."""

    sender: str
    receiver: str
    language: str

    def says(self, text: Text, **places: object) -> str:
        """A sentence in the mapping's language, its places filled."""
        return text.said_in(self.language).format(**places)
