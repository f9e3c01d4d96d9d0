"""A refusal of the hub, told as a fault that the contract of the called operation declares. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from hub.codecs import codec_for
from hub.contract import Part, Shape
from hub.errors import Language, MessageError, Problem
from hub.specs.connector import Refusal

WORDS = ("reason", "kind", "path", "label", "row")
"""What stands in braces in a refusal's detail. All but the reason and the kind are of the first problem."""

_PLACE = re.compile(r"\{(\w*)\}")


def words_of(error: MessageError, language: Language) -> Mapping[str, str]:
    """What takes the places of WORDS: the reason names every problem."""
    first = error.problems[0] if error.problems else Problem(error.text)
    told = [_told(each, language) for each in error.problems] or [error.text.said_in(language)]
    reason = " ".join(_writable(each) for each in told)
    return {"reason": reason, "kind": error.kind, "path": first.path, "label": first.label, "row": first.row}


def unknown_words(detail: Any) -> Iterator[str]:
    """The words in braces that are none of WORDS."""
    for text in _texts(detail):
        yield from (word for word in _PLACE.findall(text) if word not in WORDS)


def declared_detail(refusal: Refusal, part: Part, words: Mapping[str, str]) -> tuple[bytes, tuple[Problem, ...]]:
    """The element in the fault's detail, with what does not fit its contract: nothing, when it can be sent.

    What is filled in is cut to the length that its field takes, and left out where it is empty and may be.
    """
    document = _filled(refusal.detail, part.shape, words)
    try:
        data = codec_for(part).write(document)
    except MessageError as error:
        return b"", error.problems or (Problem(error.text),)
    return data, part.check(data)


def _filled(template: Any, shape: Shape | None, words: Mapping[str, str]) -> Any:
    match template:
        case dict():
            known = {name: shape.child(name) if shape else None for name in template}
            made = {name: _filled(value, known[name], words) for name, value in template.items()}
            return {name: value for name, value in made.items() if value != "" or not _may_lack(known[name])}
        case list():
            return [_filled(each, shape, words) for each in template]
        case str() if _PLACE.search(template):
            text = _PLACE.sub(lambda found: words.get(found[1], found[0]), template)
            return text[: shape.longest] if shape else text
        case _:
            return template


def _may_lack(shape: Shape | None) -> bool:
    return shape is not None and not shape.required


def _texts(template: Any) -> Iterator[str]:
    match template:
        case dict():
            for value in template.values():
                yield from _texts(value)
        case list():
            for each in template:
                yield from _texts(each)
        case str():
            yield template


def _told(problem: Problem, language: Language) -> str:
    name, text = problem.label or problem.path, problem.text.said_in(language)
    if not name:
        return text
    return f"{name} : {text}" if language == "fr" else f"{name}: {text}"


def _writable(text: str) -> str:
    """Text that XML can hold: a value that is quoted in a problem may have come with anything."""
    return "".join(sign if sign.isprintable() else " " for sign in text)
