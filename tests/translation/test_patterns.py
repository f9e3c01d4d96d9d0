"""Patterns of contracts and mappings: each tells whether a whole text fits, and none keeps a message for long."""

from __future__ import annotations

from time import monotonic

import pytest

from hub.translation.facets import SECONDS_TO_MATCH, compile_pattern, matches

FAMILY_NAME = r"\p{Lu}(?:[\p{Lu}' -]*\p{Lu})?"
NEVER_ENDING = (
    "(a+)+",
    "(?:a|aa)+",
    "(?:a*)*",
    "(a|b|ab)*c",
    "(?:(?:a+))+?",
    "(?:a+)++b|(a*)*c",
    "a*a*a*a*a*a*a*b",
    "(x|a?){30}a{30}",
)


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        (FAMILY_NAME, "RENAUD-D'ARTAGNAN", True),
        (FAMILY_NAME, "RENAUD-", False),
        (FAMILY_NAME, "A" * 10_000, True),
        (r"OM-\d{7}", "OM-0012345", True),
        (r"OM-\d{7}", "OM-00123456", False),
        ("(?:a|b)?c{2,3}", "acc", True),
        ("(?:ab){2}", "abab", True),
    ],
)
def test_a_pattern_must_fit_the_whole_text(pattern: str, text: str, fits: bool) -> None:
    assert matches(compile_pattern(pattern), text) is fits


@pytest.mark.parametrize("pattern", NEVER_ENDING)
def test_no_pattern_takes_much_longer_than_its_time(pattern: str) -> None:
    started = monotonic()

    assert not matches(compile_pattern(pattern), "a" * 2000 + "!")

    assert monotonic() - started < 20 * SECONDS_TO_MATCH
