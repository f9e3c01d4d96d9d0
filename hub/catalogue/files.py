"""One YAML file of the three folders: its model and its source, or findings that name the row that they speak of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from hub.errors import ConfigurationError, Finding, Text, same
from hub.specs.load import build
from hub.specs.source import Place, Source, read_content, source_of

Model = TypeVar("Model", bound=BaseModel)

_ROWS = ("fields", "reply")
_UNSEEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_FORM = Text(
    en="look at this line and those above: a brace, bracket or quote that is not closed, a tab, blanks at the start that do "
    "not line up, no blank after “:”, or a text with “: ” or “#” in it, which needs quotes around it",
    fr="regardez cette ligne et celles d'avant : une accolade, un crochet ou un guillemet non fermé, une tabulation, un "
    "décalage de début de ligne, un « : » sans espace après, ou un texte avec « : » ou « # », à mettre entre guillemets",
)
_ONCE = Text(
    en="each key stands once, and each value is written out: drop this one, or correct it",
    fr="chaque clé figure une fois, et chaque valeur est écrite en entier : ôtez celle-ci, ou corrigez-la",
)
_REFERENCE = re.compile(r"\$\{[^}]*\}?")


def load_file(file: Path, model: type[Model], *, root: Path) -> tuple[Model, Source]:
    """The file as `model`, with its source. Raises ConfigurationError with one finding per fault."""
    shown = file.relative_to(root).as_posix()
    content = read_content(file, shown=shown, within=root)
    if unseen := _unseen(content, shown):
        raise ConfigurationError(findings=(unseen,))
    source = _read(content, shown)
    try:
        return build(source, model), source
    except ConfigurationError as error:
        rows = {at: row for place, at in source.places.items() if (row := _row_of(place))}
        findings = tuple(replace(each, row=rows.get((each.line, each.column), "")) for each in error.findings)
        raise ConfigurationError(error.text, findings=findings) from error


def _read(content: bytes, shown: str) -> Source:
    try:
        return source_of(content, shown=shown)
    except ConfigurationError as error:
        marked = isinstance(getattr(error.__cause__, "problem", None), str)
        findings = tuple(replace(each, right=each.right or (_FORM if marked else _ONCE)) for each in error.findings)
        raise ConfigurationError(error.text, findings=findings) from error


def stray_references(source: Source, *, but: tuple[str, ...] = ()) -> Iterator[Finding]:
    """A finding for each `${...}` that would be taken as it stands; keys called `but` may hold one, or several."""
    for place, text in _texts(source.data, ()):
        key = next((each for each in reversed(place) if isinstance(each, str)), "")
        if key not in but and (found := _REFERENCE.search(text)):
            words = Text(
                en=f"“{found[0]}” is not replaced here: only addresses may refer to the environment",
                fr=f"« {found[0]} » n'est pas remplacé ici : seules les adresses peuvent renvoyer à l'environnement",
            )
            right = Text(en="write the value itself", fr="écrivez la valeur elle-même")
            yield source.finding(place, words, row=_row_of(place), right=right)


def not_utf_8(shown: str, *, line: int) -> Finding:
    """The finding for a file in another encoding."""
    words = Text(en="is not UTF-8 text", fr="n'est pas un texte en UTF-8")
    right = Text(
        en="save it as UTF-8 (in a spreadsheet: “CSV UTF-8”)", fr="enregistrez-le en UTF-8 (dans un tableur : « CSV UTF-8 »)"
    )
    return Finding(words, shown, line, 1, right=right)


def said_twice(name: str, stem: str, source: Source, *, key: str) -> Finding:
    """The finding for a file whose name is not the name that stands in it."""
    words = Text(
        en=f"is called “{name}” here, and “{stem}” by the name of its file or folder",
        fr=f"s'appelle « {name} » ici, et « {stem} » d'après le nom de son fichier ou dossier",
    )
    return source.finding((key,), words, right=same(f"{key}: {stem}"))


def waiting(source: Source, place: Place, file: str) -> Finding:
    """The one finding of what cannot be checked before `file`, which has errors of its own."""
    words = Text(en=f"is not checked: {file} has an error of its own", fr=f"non vérifié : {file} a lui-même une erreur")
    right = Text(en=f"correct {file} first", fr=f"corrigez d'abord {file}")
    return replace(source.finding(place, words, right=right), severity="warning")


def _unseen(content: bytes, shown: str) -> Finding | None:
    """The finding for a sign that no text holds, such as those of a damaged file."""
    try:
        lines = content.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        return not_utf_8(shown, line=error.object[: error.start].count(b"\n") + 1)
    for number, line in enumerate(lines, 1):
        if found := _UNSEEN.search(line):
            sign = f"U+{ord(found[0]):04X}"
            words = Text(en=f"holds the invisible sign {sign}", fr=f"contient le caractère invisible {sign}")
            right = Text(en="delete this sign, or write the line again", fr="supprimez ce caractère, ou réécrivez la ligne")
            return Finding(words, shown, number, found.start() + 1, right=right)
    return None


def _texts(data: Any, place: Place) -> Iterator[tuple[Place, str]]:
    if isinstance(data, str):
        yield place, data
    below = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in below:
        yield from _texts(value, (*place, key))


def _row_of(place: Place) -> str:
    """The full name of the mapping's row that `place` stands in; "" outside of rows."""
    names: list[str] = []
    while len(place) > 1 and place[0] in (_ROWS if not names else _ROWS[:1]):
        names, place = [*names, str(place[1])], place[2:]
    return ".".join(names)
