"""Every shipped example, were it a real message, becomes an example that passes; the file that takes it stays as it was."""

from __future__ import annotations

import pytest
import yaml

from hub.catalogue import inspect
from hub.cli.example import hold, made_example
from hub.cli.recorded import Recorded
from hub.codecs import codec_for
from hub.errors import ConfigurationError
from hub.specs.appending import with_example
from hub.translation.pseudonyms import survivors
from tests.installation import REPOSITORY

CATALOGUE = inspect(REPOSITORY)[0]
SAID = [
    pytest.param(exchange.name, example.name, id=f"{exchange.name}: {example.name}")
    for exchange in CATALOGUE.exchanges.values()
    for example in exchange.examples[0].examples
    if "in" in exchange.spec.between.get(example.start, {})
]


def recorded(exchange: str, name: str) -> Recorded:
    """The example as the ledger would have it, had its sender said it."""
    of = CATALOGUE.exchanges[exchange]
    example = next(each for each in of.examples[0].examples if each.name == name)
    document = example.documents[example.start]
    part = CATALOGUE.connectors[example.start].operation(of.spec.between[example.start]["in"]).input
    reading = of.translation.read(example.start, document, direction="in")
    body = codec_for(part).write(document)
    return Recorded("id", exchange, "default", example.start, "D-2026-00417", "", body, reading.record, reading.files, {})


@pytest.mark.parametrize(("exchange", "name"), SAID)
def test_a_message_becomes_an_example_that_passes_and_in_which_no_personal_value_stands(exchange: str, name: str) -> None:
    of, message = CATALOGUE.exchanges[exchange], recorded(exchange, name)
    shown = f"mappings/{exchange}.examples.yaml"
    before = (REPOSITORY / shown).read_text(encoding="utf-8")

    made = made_example(CATALOGUE, of, message, name="made of a message")

    after = with_example(before, made, shown=shown)
    hold(CATALOGUE, of, after, shown=shown)
    assert survivors(of.translation, message.record, made) == ()
    assert _is_within(before, after)
    assert yaml.load(after, yaml.BaseLoader)["examples"][-1] == made


def _is_within(before: str, after: str) -> bool:
    """Whether the lines of `before` stand in `after`, in their order."""
    rest = iter(after.splitlines())
    return all(any(line == other for other in rest) for line in before.splitlines() if line.strip())


EXAMPLE = {"name": "new", "start": "a", "documents": {"a": {"x": "0047", "y": "true", "z": None}}}


MADE = "  - name: new\n    start: a\n    documents:\n      a: {x: '0047', y: 'true', z: null}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f"examples:\n{MADE}"),
        ("# mine\nexamples: []\n", f"# mine\nexamples:\n{MADE}"),
        ("examples:\n  - {name: one}   # kept\n", f"examples:\n  - {{name: one}}   # kept\n\n{MADE}"),
        (
            "examples:\n  - name: one\n\n# those refused\nrefused:\n  - name: no\n",
            f"examples:\n  - name: one\n\n{MADE}\n# those refused\nrefused:\n  - name: no\n",
        ),
        (
            "refused:\n  - name: no\nexamples:\n  - name: one\n",
            f"refused:\n  - name: no\nexamples:\n  - name: one\n\n{MADE}",
        ),
    ],
)
def test_an_example_is_written_after_the_others_and_all_else_stays_where_it_is(before: str, after: str) -> None:
    assert with_example(before, EXAMPLE, shown="a.examples.yaml") == after


def test_examples_in_brackets_are_not_written_into() -> None:
    with pytest.raises(ConfigurationError) as refused:
        with_example("examples: [{name: one}]\n", EXAMPLE, shown="a.examples.yaml")

    assert (refused.value.findings[0].line, refused.value.findings[0].right.en) == (
        1,
        "write them as a list, each after “- ”",
    )
