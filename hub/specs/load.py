"""From a file to its model: the findings of a file that does not fit say file, line, column and what would be right."""

from __future__ import annotations

from collections.abc import Iterable
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
        findings = tuple(_finding(source, model, item) for item in error.errors(include_url=False))
        raise ConfigurationError(findings=findings) from error


def _finding(source: Source, model: type[BaseModel], item: Any) -> Finding:
    place = _in_file(source, item["loc"])
    name = str(place[-1]) if place else source.file
    match item["type"]:
        case "extra_forbidden":
            return source.finding(place, unknown_key(name), right=nearest(name, _known_keys(model, item["loc"])))
        case "missing":
            missing = Text(en=f"the key “{name}” is missing", fr=f"la clé « {name} » manque")
            return source.finding(place[:-1], missing, right=Text(en=f"add {name}:", fr=f"ajoutez {name} :"))
        case "literal_error":
            accepted = str(item["ctx"]["expected"]).replace(" or ", ", ")
            words = Text(en=f"“{item['input']}” is not taken here", fr=f"« {item['input']} » n'est pas admis ici")
            return source.finding(place, words, right=Text(en=f"one of {accepted}", fr=f"au choix : {accepted}"))
        case _:
            said = str(item["msg"]).removeprefix("Value error, ")
            words = Text(en=f"the value of “{name}” does not fit", fr=f"la valeur de « {name} » ne convient pas")
            return source.finding(place, words, right=Text(en=said, fr=said))


def unknown_key(name: str) -> Text:
    """The sentence for a key that a file does not have."""
    return Text(en=f"there is no key “{name}” here", fr=f"la clé « {name} » n'existe pas ici")


def nearest(name: str, known: Iterable[str]) -> Text:
    """What would be right instead of `name`: the nearest of `known`, or all of them."""
    words = sorted(known)
    close = get_close_matches(name, words, n=1, cutoff=0.5)
    if close:
        return Text(en=f"did you mean “{close[0]}”?", fr=f"vouliez-vous dire « {close[0]} » ?")
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
