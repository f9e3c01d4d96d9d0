"""Functions written from data: a level of a mapping, a shape of a contract. What is asked of each message, and is always the
same, is written out once as straight lines. No text of a file stands in them but as `repr` writes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any


class Source:
    """The lines of one function in the making, and the objects that they name."""

    def __init__(self, head: str) -> None:
        self._lines = [head]
        self._known: dict[str, Any] = {}

    def add(self, indent: int, *lines: str) -> None:
        """Lines that stand so many steps to the right of the function's head."""
        self._lines += [f"{'    ' * indent}{line}" for line in lines]

    def naming(self, thing: Any, name: str = "") -> str:
        """A name for an object in the lines: its own, or a new one."""
        name = name or f"known_{len(self._known)}"
        self._known[name] = thing
        return name

    def function(self, title: str) -> Callable[..., Any]:
        """The function that the lines make; a traceback shows them, under `title`."""
        name = self._lines[0].removeprefix("def ").partition("(")[0]
        text = "\n".join(self._lines) + "\n"
        space = {"__name__": "hub.generated", "__loader__": _Loader(text), **self._known}
        exec(compile(text, f"generated/{title}", "exec"), space)  # noqa: S102  # its own lines, and names as repr writes them
        made: Callable[..., Any] = space[name]
        return made


class _Loader:
    """Where `linecache` finds the lines of a function for a traceback: they live as long as it does."""

    def __init__(self, text: str) -> None:
        self._text = text

    def get_source(self, _: str) -> str:
        """The lines."""
        return self._text


def listed(names: Iterable[str]) -> str:
    """Names of the lines, as they stand in a display or a call."""
    return ", ".join(names)
