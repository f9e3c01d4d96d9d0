"""How a double is told to misbehave: which mode, for which operation, how often."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Literal, get_args

ModeName = Literal[
    "ok",
    "slow",
    "down",
    "error500",
    "busy",
    "unauthorised",
    "login_page",
    "fault",
    "answer",
    "timeout_before",
    "reset_before",
    "commit_then_timeout",
    "commit_then_reset",
    "commit_then_half",
]
NAMES: tuple[str, ...] = get_args(ModeName)
UNANSWERING = frozenset({"timeout_before", "reset_before", "commit_then_timeout", "commit_then_reset"})
"""Modes in which nothing at all is answered."""


@dataclass(frozen=True, slots=True)
class Mode:
    """One way to misbehave.

    `seconds`: how long it waits (slow, timeouts), is down (0: until told otherwise) or asks to wait (busy).
    `operation`: only for this one. `times`: for so many calls, then no more (0: without end). `share`: for this part of
    the calls, drawn with `seed`. `answer`: for the mode answer, the name of the sample's answer.
    """

    mode: ModeName = "ok"
    seconds: float = 0
    operation: str = ""
    times: int = 0
    share: float = 1.0
    seed: int = 1
    answer: str = ""

    def __post_init__(self) -> None:
        if self.mode not in NAMES:
            raise ValueError(f"the mode “{self.mode}” is not known; known: {', '.join(NAMES)}")


class Modes:
    """The modes in force; for each operation (and for all, under "") the last one that was told."""

    def __init__(self) -> None:
        self._told: dict[str, Mode] = {}
        self._chance: dict[str, random.Random] = {}

    def tell(self, mode: Mode) -> None:
        """From now on `mode`. `ok` without an operation ends every other."""
        self._told = self._with(mode)
        self._chance[mode.operation] = random.Random(mode.seed)  # noqa: S311 - repeatable misbehaviour, not a secret

    def is_down_with(self, mode: Mode) -> bool:
        """Whether it is down once it is told `mode`."""
        return any(each.mode == "down" for each in self._with(mode).values())

    def next_for(self, operation: str) -> Mode:
        """The mode of the next call of `operation`; counts it."""
        told = self._told.get(operation) or self._told.get("")
        if told is None or told.mode in ("ok", "down") or self._chance[told.operation].random() >= told.share:
            return Mode()
        if told.times == 1:
            del self._told[told.operation]
        elif told.times:
            self._told[told.operation] = replace(told, times=told.times - 1)
        return told

    def all(self) -> tuple[Mode, ...]:
        """What is in force."""
        return tuple(mode for mode in self._told.values() if mode.mode != "ok")

    def _with(self, mode: Mode) -> dict[str, Mode]:
        others = {} if mode.mode == "ok" and not mode.operation else self._told
        return {**others, mode.operation: mode}
