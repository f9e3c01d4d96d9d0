"""What every target asks of a refusal: it is said in both languages, and blames the sender."""

from __future__ import annotations

from collections.abc import Iterable

from hub.errors import ConfigurationError, MessageError, NotAllowed, Problem, Text


def refused_in_words(error: MessageError | NotAllowed) -> None:
    """A refusal of what somebody sent."""
    assert 400 <= error.status < 500, error.status
    _both(error.text)
    if isinstance(error, MessageError):
        said_in_words(error.problems)


def said_in_words(problems: Iterable[Problem]) -> None:
    """What is wrong with a message."""
    for problem in problems:
        _both(problem.text)


def found_in_words(error: ConfigurationError, *, lines: int) -> None:
    """A refusal of a file of so many lines: each finding has its place there."""
    assert error.findings, error
    for finding in error.findings:
        _both(finding.text)
        assert finding.file and 1 <= finding.line <= lines + 1, finding


def _both(text: Text) -> None:
    assert text.en.strip() and text.fr.strip(), text
    for said in (text.en, text.fr):
        said.encode()  # it is to be answered, so it must be text that can be sent
