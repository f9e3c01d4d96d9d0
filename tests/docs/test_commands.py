"""The commands that the pages show are commands that there are, with options that they have."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import pytest

from tests.docs.pages import GUIDES, REPOSITORY, blocks, name

cli = pytest.importorskip("hub.cli", exc_type=ImportError)

_HEREDOC = re.compile(r"<<'(\w+)'.*?^\1$", re.MULTILINE | re.DOTALL)
_REDIRECTION = re.compile(r"\d?>>?\s*(?:&\d|\S+)")
_BEFORE_A_COMMAND = {"until", "while", "do", "then", "if", "time"}
_TARGETS = set(re.findall(r"^([a-z]+(?:-[a-z]+)*):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))


def commands(text: str) -> Iterator[list[str]]:
    """Each simple command of a shell text, as words; what it is given by the shell (`$NAME`) stands as 1."""
    plain = _REDIRECTION.sub("", _HEREDOC.sub("", text)).replace("\\\n", " ")
    for line in plain.splitlines():
        lexer = shlex.shlex(line.replace("$(", " ( "), posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words: list[str] = []
        for word in [*lexer, ";"]:
            if set(word) <= set("();<>|&"):
                if words and word[0] not in "<>":
                    yield words
                    words = []
            elif words or not (word in _BEFORE_A_COMMAND or re.match(r"[A-Z_]+=", word)):
                words.append(re.sub(r"\$\{?[A-Z_]+\}?", "1", word))


SHOWN = [
    pytest.param(words, id=f"{name(page)}: {' '.join(words)[:60]}")
    for page in GUIDES
    for text in blocks(page, "sh")
    for words in commands(text)
    if words[0] in ("hub", "make")
]


@pytest.mark.parametrize("words", [each for each in SHOWN if each.values[0][0] == "hub"])
def test_a_command_that_is_shown_is_taken_by_the_command_line(words: list[str]) -> None:
    cli.app.parse_args(words[1:], exit_on_error=False, print_error=False)


@pytest.mark.parametrize("words", [each for each in SHOWN if each.values[0][0] == "make"])
def test_a_target_that_is_shown_can_be_made(words: list[str]) -> None:
    targets = [word for word in words[1:] if "=" not in word]

    assert set(targets) <= _TARGETS


def test_the_reader_of_blocks_sees_what_stands_between_pipes_and_loops() -> None:
    text = (
        "until hub messages $ID | grep --quiet x; do sleep 1; done\nA=1 hub serve > hub.log 2>&1 &\nK=$(hub keys | grep a)\n"
    )

    found = [words for words in commands(text) if words[0] == "hub"]

    assert found == [["hub", "messages", "1"], ["hub", "serve"], ["hub", "keys"]]
