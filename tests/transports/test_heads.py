"""The head of a call: each header is said as it stands, and what cannot be said is refused before anything leaves."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import MessageError
from hub.transports.heads import header_lines

OURS = {"User-Agent": "hub", "Accept": "*/*", "Accept-Encoding": "gzip, deflate"}
FRAMING = {"host", "content-length", "transfer-encoding", "connection"}

_NAMES = st.one_of(
    st.text("!#$%&'*+.^_`|~-" + string.ascii_letters + string.digits, min_size=1, max_size=8),
    st.sampled_from(["Accept", "User-Agent", "Host", "content-length", "CONNECTION", "%s", "%%", "Idempotency-Key"]),
)
_VALUES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E) | st.just("\t"), max_size=20)


@given(st.dictionaries(_NAMES, _VALUES, max_size=6))
def test_each_header_is_said_as_it_stands_but_for_those_that_are_ours_to_say(headers: dict[str, str]) -> None:
    said = {**{name: value for name, value in OURS.items() if name not in headers}, **headers}

    lines = header_lines(headers)

    assert lines == "".join(f"{name}: {value}\r\n" for name, value in said.items() if name.lower() not in FRAMING)


@pytest.mark.parametrize("name", ["", "a b", "a:", "a\r\nb", "é", "Host\n"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(MessageError):
        header_lines({"Accept": "*/*", name: "value"})


@pytest.mark.parametrize("name", ["X-Note", "Host"])
@pytest.mark.parametrize("value", ["a\r\nb", "a\nb", "\x00", "é", "a\x7f"])
def test_a_value_that_no_header_can_carry_is_refused_by_the_name_of_its_header(name: str, value: str) -> None:
    with pytest.raises(MessageError) as refused:
        header_lines({"X-Fine": "fine", name: value, "X-Last": "fine"})

    assert repr(name) in refused.value.text.en
