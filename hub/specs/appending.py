"""One more example in the text of an examples file: its comments, its order and its manner stay as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from hub.errors import ConfigurationError, Finding, Text
from hub.specs.source import parse_source

_WIDE = 120


def with_example(text: str, example: Mapping[str, Any], *, shown: str) -> str:
    """`text` (an examples file called `shown`, or "" for none yet) with `example` after the others.

    Raises ConfigurationError when it is not YAML, or writes its examples in brackets.
    """
    source = parse_source(text, shown=shown)
    lines = text.splitlines()
    if not source.data.get("examples"):
        lines = [line for line in lines if not re.fullmatch(r"examples:\s*(\[\s*\])?\s*", line)]
        start = source.line("refused") - 1 if "refused" in source.data else len(lines)
        return _joined([*lines[:start], "examples:", *_dumped(example, "  "), *lines[start:]])
    first = source.line("examples", 0) - 1
    dash = re.match(r"(\s*)- ", lines[first])
    if dash is None:
        words = Text(en="its examples stand in brackets", fr="ses exemples sont entre crochets")
        right = Text(en="write them as a list, each after “- ”", fr="écrivez-les en liste, chacun après « - »")
        raise ConfigurationError(findings=(Finding(words, shown, first + 1, 1, right=right),))
    end = _end(lines, source.line("refused") - 1 if "refused" in source.data else len(lines), first)
    return _joined([*lines[:end], "", *_dumped(example, dash[1]), *lines[end:]])


def _end(lines: list[str], after: int, first: int) -> int:
    """The line after the last example: comments and blanks before `after` belong to what stands there."""
    end = after if after > first else len(lines)
    while end > first and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1
    return end


def _dumped(example: Mapping[str, Any], indent: str) -> list[str]:
    dumped = yaml.dump(
        [dict(example)], Dumper=_Plain, allow_unicode=True, sort_keys=False, default_flow_style=None, width=_WIDE
    )
    return [f"{indent}{line}" if line else "" for line in dumped.splitlines()]


class _Plain(yaml.SafeDumper):
    """Writes every value out: this project's files have no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _joined(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"
