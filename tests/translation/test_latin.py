"""A pattern in terms of `re` tells of texts of Latin-1 what `regex` tells, and of others nothing."""

from __future__ import annotations

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.translation.facets import compile_pattern, look_by, matcher
from hub.translation.latin import latin_match

SIGNS = (
    *("a", "B", "é", "ÿ", " ", "-", "'", ".", "µ", "ª", "ß", "€"),
    *(r"\p{Lu}", r"\p{Ll}", r"\P{L}", r"\d", r"\D", r"\s", r"\S", r"\w", r"\W", r"\.", r"\-", r"\]", r"\^"),
    *("[a-f]", "[^a-f]", r"[\p{Lu}' -]", r"[^\s]", r"[\w.]", "[é-ü]", r"[\]a]", "[.]", "[a^]", "[0-9A-B]"),
)
REPEATS = ("", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,3}", "{2,}")
ODD = ("a++", "(?i)a", "(?=a)a", "(?>a)b", r"(a)\1", r"\bab", r"\x61", "a{2}{3}", "[[a]]", "(?#a)b", "a{e<=1}", r"\Aa", "€")
TEXTS = st.one_of(
    st.text("aB é-'.7_\n\x1c\x85\xa0µªßÿ^]", max_size=8),
    st.text(st.characters(max_codepoint=255), max_size=6),
    st.text(max_size=6),
    st.sampled_from(["RENAUD-D'ARTAGNAN", "Hélène Marie-Ange", "OM-0012345", "٣٣٣", "ŒUVRE"]),
)


@st.composite
def patterns(draw: st.DrawFn, deep: int = 2) -> str:
    """Signs, groups and choices, with repeats."""
    pieces = []
    for _ in range(draw(st.integers(1, 4))):
        if deep and not draw(st.integers(0, 3)):
            opening = draw(st.sampled_from(["(", "(?:", f"(?P<g{draw(st.integers(0, 10**9))}>"]))
            pieces.append(f"{opening}{draw(patterns(deep - 1))}){draw(st.sampled_from(['', '', '?', '??', '+', '{2}']))}")
        else:
            pieces.append(draw(st.sampled_from(SIGNS)) + draw(st.sampled_from(REPEATS)))
    return draw(st.sampled_from(["", "", "^"])) + "".join(pieces) + draw(st.sampled_from(["", "", "$", "|a"]))


@settings(max_examples=1500, deadline=None)
@given(written=patterns(), text=TEXTS)
def test_both_tell_the_same_of_a_text_of_latin_1(written: str, text: str) -> None:
    try:
        pattern = compile_pattern(written)
    except regex.error:
        return
    quick = latin_match(written)
    whole = pattern.fullmatch(text)

    if quick is not None:
        found = quick(text)
        is_latin = all(character <= "\xff" for character in text)
        assert (found is not None) == (whole is not None and (is_latin or found is not None))
        assert found is None or whole is not None
        if found and whole and not regex.search(r"\)[*+{?]", written):
            assert found.span() == whole.span()
            assert found.groups() == whole.groups()
    assert (matcher(pattern)(text) is None) == (whole is None)
    look = look_by(pattern)
    assert look is None or len(text) > look.longest or not look.shows(text) or whole is not None


@pytest.mark.parametrize("written", ODD)
def test_what_may_mean_something_else_to_re_is_for_regex(written: str) -> None:
    assert latin_match(written) is None


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (r"\p{Lu}(?:[\p{Lu}' -]*\p{Lu})?", "RENAUD-D'ARTAGNAN"),
        (r"\p{Lu}\p{Ll}(?:.*\S)?", "Hélène Marie-Ange"),
        (r"OM-\d{7}", "OM-0012345"),
        ("^[0-9][0-9AB][0-9]{3}$", "47157"),
    ],
)
def test_what_is_usual_is_told_at_once(written: str, text: str) -> None:
    quick = latin_match(written)

    assert quick is not None
    assert quick(text)
