"""Invented words, numbers, telephones, addresses and dates of the form of real ones; the same for the same, per seed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

_VOWELS, _CONSONANTS = "aeiou", "bcdfghjklmnpqrstvwxyz"
_UNMARKED = {"œ": "æ", "æ": "ø", "ø": "æ"}
"""Letters without a base: each for another that the same encodings hold."""
_PIECE = re.compile(
    r"(?P<mail>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)|(?P<phone>(?<!\d)(?:\+33|0)\s?[1-9](?:[ .-]?\d\d){4}(?!\d))"
    r"|(?P<word>[^\W\d_]+)|(?P<number>\d+)"
)
_FICTION = {"1": "19900", "2": "26191", "3": "35301", "4": "46571", "5": "53649", "6": "63998", "7": "63998"}
"""The numbers that are given to nobody, by the first digit after the zero (kept for works of fiction in France)."""
_SHORT = 2
"""Words of so few letters (le, de, d') stay, unless there is no other."""


def folded(text: str) -> str:
    """`text` in small letters without accents, by which names are known again."""
    return "".join(sign for sign in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(sign))


@dataclass(frozen=True, slots=True)
class Inventor:
    """Invents in place of what is real. `seed` decides on all of it: the same word always becomes the same."""

    seed: str

    def text(self, real: str) -> str:
        """Another text of the same form: capitals, accents, lengths and signs stay."""
        words = [found["word"] for found in _PIECE.finditer(real) if found["word"]]
        whole = all(len(word) <= _SHORT for word in words)
        return _PIECE.sub(lambda found: self._piece(found, lambda word: whole or len(word) > _SHORT), real)

    def only(self, real: str, is_known: Callable[[str], bool]) -> str:
        """`real`, with another piece for each whose folded form `is_known`."""
        return _PIECE.sub(lambda found: self._piece(found, lambda _: True) if is_known(folded(found[0])) else found[0], real)

    def day(self, real: str, zone: ZoneInfo) -> str:
        """A canonical date or moment, some weeks or months earlier; how much is the same for all."""
        earlier = timedelta(days=self.lots("days").randint(20, 300))
        if len(real) == len("2026-05-31"):
            return (date.fromisoformat(real) - earlier).isoformat()
        return (datetime.fromisoformat(real).astimezone(zone) - earlier).isoformat()

    def other(self, real: str, choices: tuple[str, ...]) -> str:
        """Another of these codes; the same where there is no other."""
        others = [each for each in choices if each != real]
        return self.lots(real).choice(others) if others else real

    def _piece(self, found: re.Match[str], is_replaced: Callable[[str], bool]) -> str:
        if found["mail"]:
            name, _, domain = found["mail"].partition("@")
            return f"{self.text(name)}@{domain if domain.startswith('example.') else 'example.fr'}"
        if found["phone"]:
            return self._phone(found["phone"])
        if found["number"]:
            return self._number(found["number"])
        return self._word(found["word"]) if is_replaced(found["word"]) else found["word"]

    def _word(self, word: str) -> str:
        lots = self.lots(folded(word))
        return "".join(self._letter(sign, lots) for sign in word)

    def _letter(self, sign: str, lots: Random) -> str:
        """Another letter of its kind; one draw for each, so that cases and accents change nothing."""
        base, *marks = list(unicodedata.normalize("NFD", sign.lower()))
        kind = _VOWELS if base in _VOWELS else _CONSONANTS if base in _CONSONANTS else ""
        step = lots.randrange(1, 1 << 20)
        if not kind:
            return _like(sign, _UNMARKED.get(base) or _neighbour(base))
        moved = kind[(kind.find(base) + 1 + step % (len(kind) - 1)) % len(kind)]
        marked = unicodedata.normalize("NFC", moved + "".join(marks)) if kind is _VOWELS else moved
        return _like(sign, marked if len(marked) == 1 else moved)

    def _number(self, digits: str) -> str:
        lots = self.lots(digits)
        made = "".join(str((int(digit) + lots.randint(1, 9)) % 10) for digit in digits)
        first = "0" if digits[0] == "0" else made[0] if made[0] != "0" else "1" if digits[0] != "1" else "2"
        return first + made[1:]

    def _phone(self, written: str) -> str:
        digits = re.sub(r"\D", "", written.replace("+33", "0"))
        end = f"{self.lots(digits).randrange(10000):04d}"
        made = iter(_FICTION.get(digits[1], _FICTION["1"]) + end)
        head = "+33" if written.startswith("+33") else "0"
        return head + "".join(next(made) if sign.isdigit() else sign for sign in written[len(head) :])

    def lots(self, of: str) -> Random:
        return Random(f"{self.seed}:{of}")  # noqa: S311 - what is invented need not be secret, its seed is


def _like(sign: str, letter: str) -> str:
    """`letter` in the case of `sign`."""
    other = letter.upper() if sign.isupper() else letter
    return other if len(other) == 1 else letter


def _neighbour(letter: str) -> str:
    """A letter of the same script: one of the next that is of the same category."""
    kind = unicodedata.category(letter)
    near = (chr(ord(letter) + step) for step in (1, -1, 2, -2, 3, -3, 5, -5, 8, -8))
    return next((each for each in near if unicodedata.category(each) == kind), letter)
