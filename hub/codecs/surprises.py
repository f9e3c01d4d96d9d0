"""What a codec says when a document and its shape differ: one set of sentences, with a place, never a value."""

from __future__ import annotations

from hub.contract import Shape
from hub.errors import MessageError, Problem, Text

_LONGEST_NAME = 80
MOST = 100
"""Surprises of one document that are told: whoever has mended so many sees the next."""


class Problems(list[Problem]):
    """What was found, up to so many as are told."""

    @property
    def are_enough(self) -> bool:
        """Whether no more are noted."""
        return len(self) >= MOST

    def append(self, problem: Problem) -> None:
        """Note one more, unless there are enough."""
        if not self.are_enough:
            super().append(problem)


def below(path: str, name: str) -> str:
    """The dotted path of a child; a name from outside is cut to 80 characters."""
    name = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}..."
    return f"{path}.{name}" if path else name


def unknown(path: str, shape: Shape) -> Problem:
    """A field that the contract does not have at this place; `shape` is its parent."""
    names = tuple(child.name for child in shape.children)
    return Problem(
        Text(
            en=f"{path}: the contract has no such field here.",
            fr=f"{path} : le contrat n'a pas ce champ à cet endroit.",
        ),
        path=path,
        accepted=names,
    )


def doubled(path: str) -> Problem:
    """A field that comes more than once and may not."""
    return Problem(Text(en=f"{path}: comes more than once.", fr=f"{path} : présent plusieurs fois."), path=path)


def no_text(path: str) -> Problem:
    """Text where only fields may stand."""
    return Problem(
        Text(
            en=f"{path or 'the document'}: has text where only fields are expected.",
            fr=f"{path or 'le document'} : contient du texte là où seuls des champs sont attendus.",
        ),
        path=path,
    )


def no_fields(path: str) -> Problem:
    """Fields or a list where only a value may stand."""
    return Problem(
        Text(
            en=f"{path or 'the document'}: has fields where one value is expected.",
            fr=f"{path or 'le document'} : contient des champs là où une valeur est attendue.",
        ),
        path=path,
    )


def no_value(path: str) -> Problem:
    """A value where fields are expected."""
    return Problem(
        Text(
            en=f"{path or 'the document'}: fields are expected, not a value.",
            fr=f"{path or 'le document'} : des champs sont attendus, pas une valeur.",
        ),
        path=path,
    )


def no_list(path: str) -> Problem:
    """Something else where a list is expected."""
    return Problem(Text(en=f"{path}: a list is expected.", fr=f"{path} : une liste est attendue."), path=path)


def not_a(path: str, what: Text) -> Problem:
    """A value that cannot be written as what it should be."""
    return Problem(Text(en=f"{path}: this is not {what.en}.", fr=f"{path} : ce n'est pas {what.fr}."), path=path)


def refuse(problems: list[Problem]) -> None:
    """Raises all of them as one MessageError (422), if any."""
    if problems:
        raise MessageError(problems=tuple(problems), kind="not-in-contract")
