"""Reads `connectors/<application>/tweaks.py`: the pairs and functions that a connector's own author wrote."""

from __future__ import annotations

import traceback
from pathlib import Path
from types import FunctionType
from typing import Any

from hub.errors import Finding, Text
from hub.translation.tweaks import Pair, Tweaks

_READ, _WRITE, _COMPUTE = "read_", "write_", "compute_"


def read_tweaks(folder: Path, *, root: Path) -> tuple[Tweaks | None, tuple[Finding, ...]]:
    """What tweaks.py in `folder` offers (None when there is none), and what is wrong with it.

    Only functions that the file itself defines count, by their names: read_x with write_x, compute_x.
    """
    file = folder / "tweaks.py"
    if not file.is_file() or not file.resolve().is_relative_to(folder.resolve()):
        return None, ()
    shown = file.relative_to(root).as_posix()
    names: dict[str, Any] = {"__name__": f"tweaks of {folder.name}", "__file__": shown}
    try:
        exec(compile(file.read_bytes(), shown, "exec"), names)  # noqa: S102 - the one place for code of an author
    except Exception as error:
        return None, (_broken(error, shown),)
    own = {name: each for name, each in names.items() if isinstance(each, FunctionType) and each.__globals__ is names}
    pairs = {
        name.removeprefix(_READ): Pair(own[name], own[other])
        for name in own
        if name.startswith(_READ) and (other := name.replace(_READ, _WRITE, 1)) in own
    }
    functions = {name.removeprefix(_COMPUTE): each for name, each in own.items() if name.startswith(_COMPUTE)}
    return Tweaks(shown, pairs, functions), tuple(_alone(own, shown))


def _broken(error: Exception, shown: str) -> Finding:
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == shown]
    line = error.lineno if isinstance(error, SyntaxError) else next(iter(lines), 1)
    words = Text(
        en=f"cannot be used: {type(error).__name__}: {error}", fr=f"inutilisable : {type(error).__name__} : {error}"
    )
    right = Text(
        en="it is Python: correct this line; it holds functions only, and imports what they need",
        fr="c'est du Python : corrigez cette ligne ; il n'y faut que des fonctions, et les imports utiles",
    )
    return Finding(words, shown, line or 1, 1, right=right)


def _alone(own: dict[str, FunctionType], shown: str) -> list[Finding]:
    """A finding for each half of a pair."""
    found = []
    for name, function in own.items():
        for mine, other in ((_READ, _WRITE), (_WRITE, _READ)):
            twin = name.replace(mine, other, 1)
            if name.startswith(mine) and twin not in own:
                words = Text(en=f"{name} stands without {twin}", fr=f"{name} est seul, sans {twin}")
                right = Text(en=f"write {twin}: what undoes {name}", fr=f"écrivez {twin} : ce qui défait {name}")
                found.append(Finding(words, shown, function.__code__.co_firstlineno, 1, right=right))
    return found
