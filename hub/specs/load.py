"""From a file to its model: the findings of a file that does not fit say file, line, column and what would be right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from hub.errors import ConfigurationError, Finding, Text
from hub.specs.source import Place, Source, read_source

Model = TypeVar("Model", bound=BaseModel)


def load(path: Path, model: type[Model], *, shown: str) -> tuple[Model, Source]:
    """The file at `path` as `model`, with its source. Raises ConfigurationError with one finding per fault."""
    source = read_source(path, shown=shown)
    return build(source, model), source


def build(source: Source, model: type[Model]) -> Model:
    """The model of an already read source. Raises ConfigurationError with one finding per fault."""
    try:
        return model.model_validate(source.data)
    except ValidationError as error:
        items = error.errors(include_url=False)
        findings = tuple(_finding(source, model, item) for item in items if not _is_misspelt(item, items))
        raise ConfigurationError(findings=findings) from error


def _finding(source: Source, model: type[BaseModel], item: Any) -> Finding:
    place = _in_file(source, item["loc"])
    name = str(place[-1]) if place else source.file
    if _is_word_of_a_row(item):
        return source.finding(place, unknown_key(name), right=nearest(name, _words_of_a_row(model, item["loc"])))
    match item["type"]:
        case "extra_forbidden":
            return source.finding(place, unknown_key(name), right=nearest(name, _known_keys(model, item["loc"])))
        case "missing":
            missing = Text(en=f"the key “{name}” is missing", fr=f"la clé « {name} » manque")
            return source.finding(place[:-1], missing, right=Text(en=f"add {name}:", fr=f"ajoutez {name} :"))
        case "literal_error":
            accepted = str(item["ctx"]["expected"]).replace(" or ", ", ").replace("'", "")
            words = Text(en=f"“{item['input']}” is not taken here", fr=f"« {item['input']} » n'est pas admis ici")
            return source.finding(place, words, right=Text(en=f"one of {accepted}", fr=f"au choix : {accepted}"))
        case _:
            if place[-1:] == ("[key]",):
                words = Text(
                    en=f"“{place[-2]}” is no name that is taken here", fr=f"« {place[-2]} » n'est pas un nom admis ici"
                )
                return source.finding(place, words, right=_NAMES)
            words = Text(en=f"the value of “{name}” does not fit", fr=f"la valeur de « {name} » ne convient pas")
            return source.finding(place, words, right=_wanted(item))


_NAMES = Text(
    en="small letters, digits and _ (in names of files: -), a letter first",
    fr="des minuscules sans accent, des chiffres et _ (dans les noms de fichiers : -), une lettre d'abord",
)
_FORMS = {
    "string_type": Text(
        en="write one text, without a list or keys below it", fr="écrivez un texte seul, sans liste ni clés"
    ),
    "string_pattern_mismatch": _NAMES,
    "string_too_long": Text(en="write a shorter one", fr="écrivez-en un plus court"),
    "int_parsing": Text(en="write a whole number", fr="écrivez un nombre entier"),
    "float_parsing": Text(en="write a number, such as 2.5", fr="écrivez un nombre, comme 2.5"),
    "dict_type": Text(en="write keys below it, such as a: b", fr="écrivez des clés en dessous, comme a: b"),
    "model_type": Text(en="write keys below it, such as a: b", fr="écrivez des clés en dessous, comme a: b"),
    "tuple_type": Text(en="write a list: [a, b]", fr="écrivez une liste : [a, b]"),
    "too_short": Text(en="write at least one", fr="écrivez-en au moins un"),
}
_BOUNDS = {
    "greater_than": Text(en="more than {bound}", fr="plus que {bound}"),
    "greater_than_equal": Text(en="at least {bound}", fr="au moins {bound}"),
    "less_than": Text(en="less than {bound}", fr="moins que {bound}"),
    "less_than_equal": Text(en="at most {bound}", fr="au plus {bound}"),
}


def _wanted(item: Any) -> Text:
    """What a value must be, in both languages."""
    context = item.get("ctx", {})
    if item["type"] == "hub":
        return Text(en=str(context["en"]), fr=str(context["fr"]))
    if item["type"] in _BOUNDS:
        bound = context.get("le", context.get("lt", context.get("ge", context.get("gt"))))
        shown = Text(en=str(bound), fr=str(bound).replace("days", "jours"))
        form = _BOUNDS[item["type"]]
        return Text(en=form.en.format(bound=shown.en), fr=form.fr.format(bound=shown.fr))
    said = str(item["msg"]).removeprefix("Value error, ")
    return _FORMS.get(item["type"], Text(en=said, fr=said))


def _is_misspelt(item: Any, items: Sequence[Any]) -> bool:
    """Whether a missing key stands beside an unknown one that is nearly the same: one fault, said once."""
    if item["type"] != "missing":
        return False
    *above, name = item["loc"]
    beside = [str(each["loc"][-1]) for each in items if each["type"] == "extra_forbidden" and [*each["loc"][:-1]] == above]
    return bool(get_close_matches(str(name), beside, n=1, cutoff=0.5))


def _is_word_of_a_row(item: Any) -> bool:
    """Whether a row's cell holds keys: then its name was meant as a word."""
    return item["type"] == "string_type" and isinstance(item["input"], dict) and item["loc"][-2:-1] == ("cells",)


def _words_of_a_row(model: type[BaseModel], loc: tuple[str | int, ...]) -> set[str]:
    return _known_keys(model, loc[:-1]) - {"cells"}


def unknown_key(name: str) -> Text:
    """The sentence for a key that a file does not have."""
    return Text(en=f"there is no key “{name}” here", fr=f"la clé « {name} » n'existe pas ici")


def nearest(name: str, known: Iterable[str]) -> Text:
    """What would be right instead of `name`: the nearest of `known`, or all of them."""
    words = sorted(known)
    close = get_close_matches(name, words, n=1, cutoff=0.5)
    if close:
        return Text(en=f"did you mean “{close[0]}”?", fr=f"vouliez-vous dire « {close[0]} » ?")
    if not words:
        return Text(en="nothing can be named here", fr="rien ne peut être nommé ici")
    return Text(en=f"known here: {', '.join(words)}", fr=f"admis ici : {', '.join(words)}")


def _in_file(source: Source, loc: tuple[str | int, ...]) -> Place:
    """pydantic's place as the file has it: aliases as typed, without the gathered `cells`."""
    return tuple(part for part in loc if part != "cells" or loc in source.places)


def _known_keys(model: Any, loc: tuple[str | int, ...]) -> set[str]:
    """The keys that the model takes where `loc`'s last key stood."""
    for part in loc[:-1]:
        model = _below(model, part)
    fields = getattr(model, "model_fields", {})
    return {field.alias or name for name, field in fields.items()}


def _below(model: Any, part: str | int) -> Any:
    fields = getattr(model, "model_fields", None)
    if fields is None:
        return model
    field = next((f for name, f in fields.items() if part in (name, f.alias)), None)
    return _innermost(field.annotation) if field else model


def _innermost(annotation: Any) -> Any:
    """The model inside `dict[str, Model]`, `tuple[Model, ...]`, `Model | None`."""
    if hasattr(annotation, "model_fields"):
        return annotation
    for inside in reversed(getattr(annotation, "__args__", ())):
        if found := _innermost(inside):
            return found
    return None
