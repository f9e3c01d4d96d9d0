"""The engine on values that nobody thought of: what is written is read back, and reading refuses only in words.

`make properties` holds the laws on ten thousand made mappings each.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.errors import MessageError
from hub.translation.record import fingerprint, pack, unpack
from tests.translation.bins import bin_replacement
from tests.translation.mapping_laws import LAWS, Law
from tests.translation.one_row import one_row, read, written

PARIS = ZoneInfo("Europe/Paris")
WORDS = [
    "",
    "as: integer",
    "as: decimal",
    "as: boolean",
    "date: {a: datetime, b: dd/MM/yyyy HH:mm:ss}",
    "file: {as: base64}",
]
TRANSLATIONS = {words: one_row(words) for words in WORDS}
BINS = bin_replacement()

plain = st.text(alphabet=st.characters(exclude_categories=["Cs"]))
values = st.one_of(st.none(), st.booleans(), st.integers(), plain, st.decimals(allow_nan=False, allow_infinity=False))
records = st.dictionaries(st.sampled_from("abcdef"), st.one_of(values, st.lists(st.dictionaries(plain, values), max_size=3)))


@given(plain.filter(lambda text: text.strip() != ""))
def test_any_text_comes_back_whole(text: str) -> None:
    assert read(TRANSLATIONS[""], written(TRANSLATIONS[""], text), "b") == text


@given(st.integers(min_value=-(10**39), max_value=10**39))
def test_any_integer_comes_back_whole(number: int) -> None:
    assert read(TRANSLATIONS["as: integer"], written(TRANSLATIONS["as: integer"], number), "b") == number


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=4))
def test_any_decimal_comes_back_digit_for_digit(number: Decimal) -> None:
    back = read(TRANSLATIONS["as: decimal"], written(TRANSLATIONS["as: decimal"], number), "b")

    assert str(back) == format(number, "f")


@given(st.integers(min_value=0, max_value=4_000_000_000))
def test_any_moment_comes_back_but_for_the_hour_that_comes_twice(seconds: int) -> None:
    moment = datetime.fromtimestamp(seconds, PARIS)
    if moment.replace(fold=1).utcoffset() != moment.replace(fold=0).utcoffset():
        return
    translation = TRANSLATIONS["date: {a: datetime, b: dd/MM/yyyy HH:mm:ss}"]

    assert read(translation, written(translation, moment.isoformat()), "b") == moment.isoformat()


@pytest.mark.parametrize("words", WORDS)
@given(anything=st.one_of(st.none(), plain, st.lists(plain), st.dictionaries(plain, plain)))
def test_reading_anything_gives_a_value_or_a_message_error(words: str, anything: Any) -> None:
    try:
        TRANSLATIONS[words].read("a", {"V": anything})
    except MessageError as error:
        assert error.problems


leaves = st.one_of(st.none(), plain)
documents = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["demande", "bacs", "flux", "usager", "nom", "dossier", "numero", "pieces"]), inner),
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["demande", "usager", "dossier", "pieces", "deposeLe"]), documents))
def test_reading_any_document_gives_a_record_or_a_message_error(document: dict[str, Any]) -> None:
    try:
        BINS.read("portal", document)
    except MessageError as error:
        assert all(problem.text.fr and problem.text.en for problem in error.problems)


@given(records)
def test_a_record_comes_back_from_its_bytes(record: dict[str, Any]) -> None:
    assert unpack(pack(record)) == record
    assert pack(unpack(pack(record))) == pack(record)
    assert fingerprint(dict(reversed(record.items()))) == fingerprint(record)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_made_mapping_holds_the_law_through_both_codecs(law: Law, data: st.DataObject) -> None:
    law(data.draw)
