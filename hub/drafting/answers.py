"""Rules for an application's answers, guessed from the names of its faults and error bodies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hub.contract import Contract, Part, Shape
from hub.drafting.names import says, word_set, words_of

_REFUSALS = (
    *("fonctionnel", "metier", "business", "functional", "valid", "invalid", "refus", "reject", "rejet"),
    *("unknown", "inconnu", "argument", "notfound", "conflict", "duplicate", "doublon", "forbidden", "interdit"),
)
_FAILURES = (
    *("tech", "system", "indispo", "unavailable", "timeout", "internal", "server", "interne", "dysfonction"),
    *("protocol", "infrastructure"),
)
"""How the words of a fault's name begin that means no, or I failed."""
_OTHERWISE = ("401", "403", "408", "425", "429")
"""Statuses whose usual meaning is not a refusal."""
_CODES = (frozenset({"err"}), frozenset({"error"}), frozenset({"erreur"}), frozenset({"success"}), frozenset({"succes"}))
_RETURNS = word_set("retour return result resultat erreur error")
_WORDS = ("label", "message", "description", "reason", "detail", "descriptif", "msg")


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of `answers`. `sure`: written as a rule; else as a comment, for the reader to decide."""

    words: Mapping[str, Any]
    sure: bool = True


def rules_for(contract: Contract) -> list[Rule]:
    """A rule for each declared fault or error body, and a hint for a return code in normal answers."""
    faults: dict[str, Part] = {}
    for operation in contract.operations.values():
        faults |= operation.faults
    found = [rule for name, part in faults.items() for rule in _rule(contract, name, part.shape)]
    return [*found, *_return_codes(contract)]


def _rule(contract: Contract, name: str, shape: Shape) -> Iterator[Rule]:
    said = _said(shape)
    if contract.protocol == "rest":
        if said and name.isdigit() and name.startswith("4") and name not in _OTHERWISE:
            yield Rule({"status": name, "means": "refused", **said})
        return
    words = words_of(name)
    if any(word.startswith(_REFUSALS) for word in words):
        yield Rule({"fault": name, "means": "refused", **said})
    elif any(word.startswith(_FAILURES) for word in words):
        yield Rule({"fault": name, "means": "failed", **said})
    else:
        yield Rule({"fault": name, "means": "refused", **said}, sure=False)


def _said(shape: Shape | None) -> dict[str, str]:
    """The field that tells the reason in words."""
    paths = [path for path, _ in shape.leaves()] if shape else []
    found = next((path for word in _WORDS for path in paths if says(path, word)), None)
    return {"says": f"{{{found}}}"} if found else {}


def _return_codes(contract: Contract) -> Iterator[Rule]:
    """A hint for the field of normal answers that may say no: many applications refuse in a 200."""
    for operation in contract.operations.values():
        shape = operation.output.shape if operation.output else None
        for path, _ in shape.leaves() if shape else ():
            if _is_return_code(path):
                yield Rule({"at": path, "is_not": "0", "means": "refused", **_said(shape)}, sure=False)
                return


def _is_return_code(path: str) -> bool:
    words = frozenset(words_of(path.rpartition(".")[2]))
    return words in _CODES or ("code" in words and bool(words & _RETURNS))
