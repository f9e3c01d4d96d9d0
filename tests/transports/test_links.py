"""The Link header: read as RFC 8288 writes it, and followed nowhere but under the address that was asked."""

from __future__ import annotations

import re
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import CallForbidden
from hub.transports.addresses import origin
from hub.transports.links import next_page, read_links

ASKED = "https://api.example.fr/v1/streets?size=2"
THERE = "https://api.example.fr/v1/streets?page=2"


@pytest.mark.parametrize(
    "header",
    [
        f'<{THERE}>; rel="next"',
        f"<{THERE}>;rel=next",
        f'<{THERE}> ; rel = "next"',
        f'<{THERE}>; REL="NEXT"',
        f'<{THERE}>; rel="last next"',
        f'<{THERE}>; rel="\tprefetch  next "',
        f'<{THERE}>; title="a, b; c"; rel="next"',
        f'<{THERE}>; title="<https://api.example.fr/x>; rel=\\"last\\", <y>"; rel="next"',
        f'<{THERE}>; title="ends with a backslash \\\\"; rel="next"',
        f"<{THERE}>; title*=UTF-8''page%20deux; rel=next; type=application/json",
        f"<{THERE}>; rel=next; rel=prev",
        f"<{THERE}>;;rel=next;",
        f"<{THERE}>; crossorigin; rel=next",
        f'<{THERE}>; anchor=""; rel=next',
        f'<{THERE}>; anchor="?size=2#top"; rel=next',
        f'<https://api.example.fr/v1/streets?page=1>; rel="first prev", <{THERE}>; rel="next"',
        f'<{THERE}>; rel="next", <https://api.example.fr/v1/streets?page=9>; rel="last"',
        f", ,<{THERE}>; rel=next, ,",
        f"<{THERE}>; rel=next, <{THERE}>; rel=next",
        "<?page=2>; rel=next",
        "<streets?page=2>; rel=next",
        "</v1/streets?page=2>; rel=next",
        "<//api.example.fr/v1/streets?page=2>; rel=next",
        "<../v1/./streets?page=2#top>; rel=next",
        '<https://other.example/?page=2>; rel="last", <?page=2>; rel="next"',
    ],
)
def test_the_next_page_is_found_however_it_is_written(header: str) -> None:
    assert next_page(header, asked=ASKED) == THERE


@pytest.mark.parametrize(
    "header",
    [
        "",
        " , ",
        f"<{THERE}>",
        f'<{THERE}>; rel="prev"',
        f'<{THERE}>; rel="nextpage"',
        f'<{THERE}>; rel="https://example.fr/rels#next"',
        f'<{THERE}>; rel=prev; rel="next"',
        f'<{THERE}>; title="rel=next"',
        f"<{THERE}>; rel*=UTF-8''next",
        f'<{THERE}>; rev="next"',
        f'<{THERE}>; anchor="https://api.example.fr/v1/squares"; rel="next"',
    ],
)
def test_where_none_is_named_none_follows(header: str) -> None:
    assert next_page(header, asked=ASKED) == ""


@pytest.mark.parametrize("target", ["http://h/a,b;c?x=1,2;3", "/a b", "", "é", "/a?q='x'&y=(1)"])
def test_a_target_is_all_that_stands_between_the_brackets(target: str) -> None:
    assert [link.target for link in read_links(f'<{target}>; rel="next", <b>')] == [target, "b"]


@pytest.mark.parametrize(
    "header",
    [
        THERE,
        f"{THERE}; rel=next",
        f"<{THERE}; rel=next",
        f"<{THERE}> rel=next",
        f'<{THERE}>; rel="next',
        f'<{THERE}>; title="a"b; rel=next',
        f"<{THERE}>; rel=next <b>; rel=last",
        f"<{THERE}>; =next",
        "next",
        "<<a>>; rel=next",
        "<http://[::1>; rel=next",
    ],
)
def test_what_cannot_be_read_is_never_taken_for_the_end(header: str) -> None:
    with pytest.raises(CallForbidden) as refused:
        next_page(header, asked=ASKED)

    assert "cannot be read" in refused.value.text.en and "illisible" in refused.value.text.fr


@pytest.mark.parametrize(
    "target",
    [
        "https://other.example.fr/v1/streets?page=2",
        "//other.example.fr/v1/streets?page=2",
        "http://api.example.fr/v1/streets?page=2",
        "https://api.example.fr:8443/v1/streets?page=2",
        "https://api.example.fr.other.example/v1/streets",
        "https://api.example.fr@other.example/",
        "https://user:word@api.example.fr/v1/streets?page=2",
        "https://169.254.169.254/latest/meta-data",
        "https://2130706433/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "ftp://api.example.fr/v1/streets",
        "https://api.example.fr\\@other.example/",
        "\\\\other.example\\x",
        "/v1/rues?nom=é",
        "/v1/streets?a b",
        "/v1/streets?\x0b",
        "https://api.example.fr:port/",
        "https://api.example.fr:99999/",
    ],
)
def test_no_address_but_the_connector_s_own_is_asked(target: str) -> None:
    with pytest.raises(CallForbidden) as refused:
        next_page(f"<{target}>; rel=next", asked=ASKED)

    assert "https://api.example.fr:443" in refused.value.text.en
    assert "https://api.example.fr:443" in refused.value.text.fr
    assert "word" not in refused.value.text.en, "what it tells is not repeated, but for where it leads"


@pytest.mark.parametrize(
    "target",
    [
        "https://API.example.FR/v1",
        "https://api.example.fr:443/v1",
        "https://api.example.fr./v1",
        "HTTPS://api.example.fr/v1",
    ],
)
def test_one_address_may_be_written_in_several_ways(target: str) -> None:
    assert next_page(f"<{target}>; rel=next", asked=ASKED)
    assert origin(target) == origin(ASKED) == "https://api.example.fr:443"


def test_several_next_pages_are_one_too_many() -> None:
    with pytest.raises(CallForbidden) as refused:
        next_page("<?page=2>; rel=next, <?page=3>; rel=next", asked=ASKED)

    assert "several" in refused.value.text.en and "plusieurs" in refused.value.text.fr


@pytest.mark.parametrize(
    "header",
    [
        " " * 32000,
        "," * 32000,
        "<" * 32000,
        "<a>" + ";" * 32000 + '"',
        "<a>;" + " " * 32000 + '"',
        "<a>;b" + " " * 32000 + "c",
        "<a>;b=" + " " * 32000 + '"',
        '<a>;b="' + "\\" * 32000,
        "<a>" + ';b="c"' * 5000 + "x",
        "<a>,  " * 5000 + "x",
    ],
)
def test_the_longest_header_is_read_in_a_moment(header: str) -> None:
    started = time.thread_time()
    with suppress(ValueError):
        read_links(header)

    assert time.thread_time() - started < 1


names = st.from_regex(r"[A-Za-z][A-Za-z0-9*_-]{0,8}", fullmatch=True)
texts = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)
targets = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="<>"), max_size=20)
blanks = st.sampled_from(["", " ", "\t", "  "])


@given(st.lists(st.tuples(targets, st.lists(st.tuples(names, texts), max_size=4)), max_size=4), blanks, blanks)
def test_what_is_written_is_read(links: list[tuple[str, list[tuple[str, str]]]], before: str, after: str) -> None:
    def written(name: str, value: str) -> str:
        escaped = re.sub(r'(["\\])', r"\\\1", value)
        return f'{before};{after}{name}{before}={after}"{escaped}"'

    header = f"{before},{after}".join(f"<{target}>{''.join(written(*each) for each in said)}" for target, said in links)

    found = read_links(header)

    assert [link.target for link in found] == [target for target, _ in links]
    for link, (_, said) in zip(found, links, strict=True):
        first = {name.lower(): value for name, value in reversed(said)}
        assert link.said == first


@given(st.text(st.characters(max_codepoint=255), max_size=60))
def test_whatever_comes_is_a_page_an_end_or_a_refusal(header: str) -> None:
    try:
        there = next_page(header, asked=ASKED)
    except CallForbidden:
        return

    assert there == "" or (there.isascii() and origin(there) == origin(ASKED))
