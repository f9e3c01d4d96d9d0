"""The letters that an application can keep: another one is refused by name, or replaced by its nearest, as declared."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Literal

from anyascii import anyascii

from hub.translation.faults import fault

_INVISIBLE = frozenset({"Mn", "Me", "Cf"})


@dataclass(frozen=True, slots=True)
class Letters:
    """What the application `by` keeps: the letters of `encoding`; of `others`, nothing or their nearest."""

    by: str
    encoding: str
    others: Literal["refuse", "transliterate"] = "refuse"

    @property
    def lossy(self) -> bool:
        """Whether a text may come back with other letters."""
        return self.others == "transliterate"

    def kept(self, text: str) -> str:
        """The text as the application keeps it. Raises Fault where letters are refused."""
        if text.isascii() or self._has(text):
            return text
        if self.others == "refuse":
            lacking = ", ".join(dict.fromkeys(f"“{_shown(letter)}”" for letter in text if not self._has(letter)))
            french = lacking.replace("“", "« ").replace("”", " »")
            keeper = f"{self.by} ({self.encoding.upper()})"
            raise fault(f"{lacking} cannot be kept by {keeper}", f"{french} ne peut être conservé par {keeper}")
        text = unicodedata.normalize("NFC", text)
        return "".join(self._nearest(text, place) for place in range(len(text))) or "?"

    def explains(self, sent: object, came: object) -> bool:
        """Whether `came` is what `sent` becomes here."""
        return self.lossy and isinstance(sent, str) and self.kept(sent) == came

    def _has(self, text: str) -> bool:
        try:
            text.encode(self.encoding)
        except UnicodeEncodeError:
            return False
        return True

    def _nearest(self, text: str, place: int) -> str:
        """The letter itself, or without some of its accents, or in plain letters: in capitals where a neighbour is."""
        letter = text[place]
        marked = unicodedata.normalize("NFD", letter)
        for end in range(len(marked), 0, -1):
            if self._has(less := unicodedata.normalize("NFC", marked[:end])):
                return less
        found = anyascii(letter)
        if len(found) > 1 and letter.isupper() and (text[place + 1 : place + 2] or text[place - 1 : place]).isupper():
            return found.upper()
        return found or ("" if unicodedata.category(letter) in _INVISIBLE else "?")


def _shown(letter: str) -> str:
    """A letter, or its number where it could not be seen by itself."""
    return f"U+{ord(letter):04X}" if unicodedata.category(letter) in _INVISIBLE else letter
