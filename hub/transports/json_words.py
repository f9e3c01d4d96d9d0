"""What a JSON Schema validator found wrong in a body, in plain words of both languages: where, what, what is accepted.

Never a value of the body: those are people's data.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from jsonschema_rs import ValidationError, ValidationErrorKind

from hub.codecs.surprises import below
from hub.contract import Shape
from hub.errors import Problem, Text

_TYPES = {
    "string": Text(en="a text", fr="un texte"),
    "integer": Text(en="a whole number", fr="un nombre entier"),
    "number": Text(en="a number", fr="un nombre"),
    "boolean": Text(en="true or false", fr="true ou false"),
    "object": Text(en="an object with fields", fr="un objet avec des champs"),
    "array": Text(en="a list", fr="une liste"),
    "null": Text(en="null", fr="null"),
}
_FORMATS = {
    "date": Text(en="a date such as 2026-03-31", fr="une date telle que 2026-03-31"),
    "date-time": Text(
        en="a date and time such as 2026-03-31T14:05:00+02:00",
        fr="une date et heure telle que 2026-03-31T14:05:00+02:00",
    ),
    "time": Text(en="a time such as 14:05:00Z", fr="une heure telle que 14:05:00Z"),
    "byte": Text(en="base64", fr="du base64"),
    "email": Text(en="an e-mail address", fr="une adresse électronique"),
    "uri": Text(en="an address (URI)", fr="une adresse (URI)"),
    "uuid": Text(en="a UUID", fr="un UUID"),
}
_UNSOUND = (
    (
        r'^(".*") is not a "regex"',
        "the pattern {} is not a regular expression",
        "le motif {} n'est pas une expression régulière",
    ),
    (
        r"is not valid under any of the (?:schemas listed|given schemas)",
        "a word of JSON Schema has a value of the wrong kind (such as a `type` that does not exist)",
        "un mot de JSON Schema a une valeur du mauvais genre (par exemple un `type` qui n'existe pas)",
    ),
    (r'is not of types? (".*")', "a word of JSON Schema must be of type {}", "un mot de JSON Schema doit être du type {}"),
    (r"has non-unique elements", "a list names something twice", "une liste nomme deux fois la même chose"),
    (r"is less than the minimum of (.*)$", "a limit is below {}", "une limite est inférieure à {}"),
)
"""What jsonschema_rs says of schemas, by words that stand in it."""
_MOST_SHOWN = 20
_DEEPEST = 5


def problems(error: ValidationError, depth: int = 0) -> list[Problem]:
    """The problems of one error: for "none of these fits", those of the alternative that fits best."""
    match error.kind:
        case ValidationErrorKind.AnyOf(context) | ValidationErrorKind.OneOfNotValid(context) if depth < _DEEPEST:
            closest = _closest(context, len(error.instance_path))
            found = [problem for each in closest for problem in problems(each, depth + 1)]
            return found or [_problem(error)]
        case ValidationErrorKind.AdditionalProperties(names) | ValidationErrorKind.UnevaluatedProperties(names):
            return [_unknown(below(dotted(error.instance_path), name)) for name in names]
    return [_problem(error)]


def unsound_json(name: str, words: str) -> Text:
    """What the compiler of schemas said of one that is not sound, under the name of what it belongs to."""
    for pattern, en, fr in _UNSOUND:
        if found := re.search(pattern, words):
            said = found[1] if found.groups() else ""
            return Text(
                en=f"{name}: a schema is not sound: {en.format(said)}",
                fr=f"{name} : un schéma n'est pas valide : {fr.format(said)}",
            )
    return Text(
        en=f'{name}: a schema is not sound; its reader says: "{words}"',
        fr=f"{name} : un schéma n'est pas valide ; son lecteur dit, en anglais : « {words} »",
    )


def without_echoes(found: list[Problem], shape: Shape) -> tuple[Problem, ...]:
    """Each problem once; "no such field" about a field that the contract has only echoes another problem beside it."""
    once = tuple(dict.fromkeys(found))
    said = tuple(each for each in once if each.text != _unknown(each.path).text or not _known(shape, each.path))
    return said or once


def _known(shape: Shape, path: str) -> bool:
    return shape.at(re.sub(r"\[\d+\]", "", path)) is not None


def dotted(steps: Sequence[str | int]) -> str:
    """A path as the hub writes it: names with dots, [n] from 1 for list items."""
    path = ""
    for step in steps:
        path = f"{path}[{step + 1}]" if isinstance(step, int) else below(path, step)
    return path


def _closest(context: list[list[ValidationError]], level: int) -> list[ValidationError]:
    """The alternative with the fewest errors; one of another type altogether counts last."""

    def distance(errors: list[ValidationError]) -> tuple[bool, int, int]:
        other_type = any(each.kind.name == "type" and len(each.instance_path) <= level for each in errors)
        return other_type, sum(each.kind.name == "required" for each in errors), len(errors)

    ranked = sorted((errors for errors in context if errors), key=distance)
    if not ranked or distance(ranked[0])[0] or (len(ranked) > 1 and distance(ranked[0]) == distance(ranked[1])):
        return []
    return ranked[0]


def _unknown(path: str) -> Problem:
    return _said(path, "the contract has no such field here", "le contrat n'a pas ce champ à cet endroit")


def _said(path: str, en: str, fr: str, accepted: Sequence[str] = ()) -> Problem:
    place_en, place_fr = path or "the body", path or "le corps"
    return Problem(Text(en=f"{place_en}: {en}.", fr=f"{place_fr} : {fr}."), path=path, accepted=tuple(accepted))


def _problem(error: ValidationError) -> Problem:
    path = dotted(error.instance_path)
    match error.kind:
        case ValidationErrorKind.Required(name):
            return _said(below(path, name), "is missing", "manque")
        case ValidationErrorKind.Type(types):
            wanted = [_TYPES[name] for name in types if name in _TYPES]
            return _said(
                path, "must be " + " or ".join(t.en for t in wanted), "doit être " + " ou ".join(t.fr for t in wanted)
            )
        case ValidationErrorKind.Enum(options):
            return _outside(path, [_shown(option) for option in options])
        case ValidationErrorKind.Constant(value):
            return _outside(path, [_shown(value)])
        case ValidationErrorKind.Format(name):
            wanted_format = _FORMATS.get(name, Text(en=f"of the form {name}", fr=f"de la forme {name}"))
            return _said(path, f"must be {wanted_format.en}", f"doit être {wanted_format.fr}")
        case ValidationErrorKind.Pattern(pattern):
            return _said(path, f"must look like {pattern}", f"doit avoir la forme {pattern}", (pattern,))
        case ValidationErrorKind.AnyOf() | ValidationErrorKind.OneOfNotValid():
            return _said(path, "fits none of the accepted forms", "ne correspond à aucune des formes acceptées")
        case ValidationErrorKind.OneOfMultipleValid():
            return _said(
                path,
                "fits several of the accepted forms, one is wanted",
                "correspond à plusieurs des formes acceptées, une seule est voulue",
            )
    return _limit(error.kind, path)


def _limit(kind: Any, path: str) -> Problem:
    match kind:
        case ValidationErrorKind.MaxLength(limit):
            return _said(path, f"at most {limit} characters", f"{limit} caractères au plus")
        case ValidationErrorKind.MinLength(limit):
            return _said(path, f"at least {limit} characters", f"{limit} caractères au moins")
        case ValidationErrorKind.Maximum(limit):
            return _said(path, f"at most {limit}", f"au plus {limit}")
        case ValidationErrorKind.Minimum(limit):
            return _said(path, f"at least {limit}", f"au moins {limit}")
        case ValidationErrorKind.ExclusiveMaximum(limit):
            return _said(path, f"less than {limit}", f"moins de {limit}")
        case ValidationErrorKind.ExclusiveMinimum(limit):
            return _said(path, f"more than {limit}", f"plus de {limit}")
        case ValidationErrorKind.MaxItems(limit):
            return _said(path, f"at most {limit} items", f"{limit} éléments au plus")
        case ValidationErrorKind.MinItems(limit):
            return _said(path, f"at least {limit} items", f"{limit} éléments au moins")
        case ValidationErrorKind.UniqueItems():
            return _said(path, "items must differ", "les éléments doivent être différents")
        case ValidationErrorKind.MultipleOf(step):
            return _said(path, f"must be a multiple of {step}", f"doit être un multiple de {step}")
    return _said(
        path, f'does not fit the contract\'s rule "{kind.name}"', f"ne respecte pas la règle « {kind.name} » du contrat"
    )


def _outside(path: str, values: list[str]) -> Problem:
    shown = ", ".join(values[:_MOST_SHOWN]) + (", ..." if len(values) > _MOST_SHOWN else "")
    return _said(path, f"not one of the accepted values: {shown}", f"valeur non prévue ; acceptées : {shown}", values)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)
