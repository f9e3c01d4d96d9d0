"""Texts that fit a regular expression: a small sampler for the generator. What it does not understand gives no sample."""

from __future__ import annotations

from random import Random

import regex

from hub.translation.facets import matches

_CLASSES = {
    "d": "0123456789",
    "w": "abzé09_",
    "s": " ",
    "i": "aé_",
    "c": "aé_0-",
    "Lu": "ABDLÉÀZ",
    "Ll": "abeéçz",
    "L": "abÉçZ",
    "N": "0129",
    "Nd": "0129",
    "P": "-.,'",
    "Zs": " ",
}
_ANY = "aé -'7"
_PRINTABLE = [chr(code) for code in range(32, 127)] + list("éèàçÉÀœ")
_MORE = 4
"""How far beyond its least an open repetition goes."""


def samples_of(written: str, rng: Random, *, count: int = 12) -> list[str]:
    """Up to `count` different texts that fit `written` as a whole."""
    try:
        pattern = regex.compile(written)
        found = {_Sampler(written, rng).sample(): None for _ in range(count * 3)}
    except (_NotUnderstood, regex.error, IndexError, ValueError):
        return []
    return [text for text in found if matches(pattern, text)][:count]


class _NotUnderstood(Exception):
    """The pattern uses a sign that this sampler does not know."""


class _Sampler:
    """Walks over a pattern once and makes one text of it."""

    def __init__(self, written: str, rng: Random) -> None:
        self.written = written
        self.rng = rng
        self.at = 0

    def sample(self) -> str:
        text = self._choice()
        if self.at < len(self.written):
            raise _NotUnderstood
        return text

    def _next(self) -> str:
        return self.written[self.at : self.at + 1]

    def _take(self) -> str:
        self.at += 1
        return self.written[self.at - 1]

    def _choice(self) -> str:
        options = [self._sequence()]
        while self._next() == "|":
            self.at += 1
            options.append(self._sequence())
        return self.rng.choice(options)

    def _sequence(self) -> str:
        made = ""
        while self._next() and self._next() not in "|)":
            start = self.at
            piece = self._atom()
            end = self.at
            least, most = self._repetition()
            after = self.at
            times = self.rng.randint(least, most)
            made += piece if times else ""
            for _ in range(times - 1):
                self.at = start
                made += self._atom()
            self.at = after if times or after else end
        return made

    def _atom(self) -> str:
        sign = self._take()
        match sign:
            case "(":
                return self._group()
            case "[":
                return self.rng.choice(self._set())
            case "\\":
                return self.rng.choice(self._escaped())
            case ".":
                return self.rng.choice(_ANY)
            case "^" | "$":
                return ""
            case _:
                return sign

    def _group(self) -> str:
        if self._next() == "?":
            head = regex.compile(r"\?:|\?P?<[A-Za-z_]\w*>").match(self.written, self.at)
            if head is None:
                raise _NotUnderstood
            self.at = head.end()
        text = self._choice()
        if self._take() != ")":
            raise _NotUnderstood
        return text

    def _set(self) -> list[str]:
        negated = self._next() == "^"
        self.at += negated
        members: list[str] = []
        while (sign := self._take()) != "]" or not members:
            piece = self._escaped() if sign == "\\" else [sign]
            if self._next() == "-" and self.written[self.at + 1] != "]" and len(piece) == 1:
                self.at += 1
                last = self._take()
                last = self._escaped()[0] if last == "\\" else last
                piece = [chr(code) for code in range(ord(piece[0]), ord(last) + 1)][:2000]
            members += piece
        return [sign for sign in _PRINTABLE if sign not in members] if negated else members

    def _escaped(self) -> list[str]:
        sign = self._take()
        if sign == "p":
            end = self.written.index("}", self.at)
            name, self.at = self.written[self.at + 1 : end], end + 1
            if name not in _CLASSES:
                raise _NotUnderstood
            return list(_CLASSES[name])
        if sign in _CLASSES:
            return list(_CLASSES[sign])
        if sign.isalnum():
            raise _NotUnderstood
        return [sign]

    def _repetition(self) -> tuple[int, int]:
        found = regex.compile(r"(?:[*+?]|\{(\d+)(,)?(\d*)\})[+?]?").match(self.written, self.at)
        if found is None:
            return 1, 1
        self.at = found.end()
        match found[0][0]:
            case "*":
                return 0, _MORE
            case "+":
                return 1, _MORE
            case "?":
                return 0, 1
        least = int(found[1])
        most = int(found[3]) if found[3] else least + _MORE if found[2] else least
        return least, min(most, least + 50)
