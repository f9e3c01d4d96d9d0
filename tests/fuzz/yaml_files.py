"""Target `yaml`: the bytes of a file of an installation, read and built into its model. Allowed: ConfigurationError, in
words and with a place in the file.

An input's first line names the kind of file; the rest is the file.
"""

from __future__ import annotations

from hub.errors import ConfigurationError
from hub.specs.connector import Connector
from hub.specs.layout import Layout
from hub.specs.load import build
from hub.specs.mapping import Examples, Mapping
from hub.specs.sample import Sample
from hub.specs.schedule import Schedule
from hub.specs.source import source_of
from hub.specs.words import Spec
from tests.fuzz.target import Take
from tests.fuzz.words import found_in_words

KINDS: dict[str, type[Spec]] = {
    "connector": Connector,
    "mapping": Mapping,
    "schedule": Schedule,
    "examples": Examples,
    "sample": Sample,
    "layout": Layout,
}


def yaml_files() -> Take:
    """What somebody drops into the three folders."""

    def take(data: bytes) -> None:
        kind, _, content = data.partition(b"\n")
        model = KINDS.get(kind.decode("latin-1").strip(), Mapping)
        try:
            build(source_of(content, shown="file.yaml"), model)
        except ConfigurationError as error:
            found_in_words(error, lines=_lines(content))

    return take


def _lines(content: bytes) -> int:
    """At most: YAML ends lines at several signs."""
    return sum(content.count(sign) for sign in (b"\n", b"\r", b"\x85", b"\xe2\x80\xa8", b"\xe2\x80\xa9")) + 1
