"""YAML as people write it: short things on one line, and a comment where something is to be decided."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import indent
from typing import Any

import yaml

WIDTH = 120
GUESS = "# ?"
"""How a line begins its comment when it was guessed."""
TO_DO = "# TODO"
"""How a line begins that waits for its reader."""


class _Dumper(yaml.SafeDumper):
    """No aliases, which the hub does not take; double quotes, as people type them."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def choose_scalar_style(self) -> Any:
        style = super().choose_scalar_style()
        return '"' if style == "'" else style


def flow(value: Any) -> str:
    """A value on one line: `{a: b, c: [d]}`."""
    written = yaml.dump([value], Dumper=_Dumper, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10**9)
    return str(written).strip()[1:-1]


def block(value: Any, depth: int = 0) -> str:
    """A value over several lines, moved right by `depth` blanks."""
    written = yaml.dump(value, Dumper=_Dumper, default_flow_style=False, sort_keys=False, allow_unicode=True, width=10**9)
    return indent(str(written), " " * depth)


def entry(key: str, value: Mapping[str, Any], depth: int, *, comment: str = "") -> str:
    """`key: {...}` on one line if it fits, else with its keys below it; the comment stands behind the key's line."""
    margin, behind = " " * depth, f"    {comment}" if comment else ""
    line = f"{margin}{flow(key)}: {flow(dict(value))}"
    if len(line) + len(behind) <= WIDTH:
        return f"{line}{behind}\n"
    below = "".join(f"{margin}  {flow(name)}: {flow(each)}\n" for name, each in value.items())
    return f"{margin}{flow(key)}:{behind}\n{below}"
