"""The examples beside a mapping, run both ways."""

from __future__ import annotations

from hub.errors import Finding
from hub.specs.mapping import Examples
from hub.specs.source import Source
from hub.translation.mapping import Translation


def check_examples(translation: Translation, examples: Examples, source: Source) -> tuple[Finding, ...]:
    """Each example read from its start, written on every other side, and back; each refused example with its errors."""
    raise NotImplementedError
