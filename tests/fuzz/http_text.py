"""Inputs that are written as HTTP is: a first line, headers, an empty line, a body. Anything at all is taken as one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Said:
    """`words`: those of the first line; header names are in small letters."""

    words: tuple[str, ...]
    headers: dict[str, str]
    body: bytes


def said(data: bytes) -> Said:
    """What stands in these bytes."""
    head, _, body = data.partition(b"\n\n")
    first, *lines = head.decode("latin-1").split("\n")
    pairs = [line.partition(":") for line in lines]
    return Said(tuple(first.split()), {name.strip().lower(): value.strip() for name, _, value in pairs}, body)
