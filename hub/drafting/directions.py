"""What an operation is for, guessed from its name and binding: do we ask, do we tell, or do they call us?"""

from __future__ import annotations

from dataclasses import dataclass

from hub.contract import Operation, RestBinding, Shape
from hub.drafting.names import word_set, words_of
from hub.errors import Text
from hub.specs.connector import Direction

_ASKS = word_set(
    "get find list search query lookup look fetch read check is has exists retrieve show count download "
    "recuperer consulter rechercher chercher lister obtenir lire trouver interroger verifier controler compter"
)
_CALLS_US = word_set("notify notifier on callback signal signaler alert alerter changed updated webhook")
_BY_NAME = "by its name", "d'après son nom"
_TELLS = ("the hub tells it something", "le hub lui dit quelque chose")
_SAYS = {
    "ask": ("the hub asks and uses the answer at once", "le hub pose la question et se sert de la réponse"),
    "in": ("it calls the hub", "elle appelle le hub"),
    "out": _TELLS,
}


@dataclass(frozen=True, slots=True)
class Guess:
    """A direction and its reason; `sure` when the contract says so by itself."""

    direction: Direction
    why: Text
    sure: bool = False


def direction_of(operation: Operation) -> Guess:
    """The likely direction of an operation."""
    words = words_of(operation.name)
    asks = bool(words) and words[0] in _ASKS
    match operation.binding:
        case RestBinding(path=""):
            return Guess("in", Text(en="a webhook: it calls the hub", fr="un webhook : elle appelle le hub"), sure=True)
        case RestBinding(method=method) if method.upper() in ("GET", "HEAD"):
            return Guess("ask", Text(en=f"{method.upper()} only reads", fr=f"{method.upper()} ne fait que lire"), sure=True)
        case RestBinding():
            return _named("ask" if asks else "out")
        case _ if not asks and words and (words[0] in _CALLS_US or words[-1] in _CALLS_US):
            return _named("in")
        case _:
            return _named("ask" if asks else "out")


def lists_of(operation: Operation) -> list[str]:
    """The repeated fields of an answer: what a feed could fetch."""
    return _repeated(operation.output.shape) if operation.output else []


def _repeated(shape: Shape, prefix: str = "") -> list[str]:
    found: list[str] = []
    for child in shape.children:
        path = f"{prefix}{child.name}"
        found += [path] if child.repeated and child.children else _repeated(child, f"{path}.")
    return found


def _named(direction: Direction) -> Guess:
    en, fr = _SAYS[direction]
    return Guess(direction, Text(en=f"{_BY_NAME[0]}: {en}", fr=f"{_BY_NAME[1]} : {fr}"))
