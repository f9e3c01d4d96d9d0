"""The benchmarks run, and what they compare comes to the same. Times are for `make benchmark-mapping` to show."""

from __future__ import annotations

from tests.benchmarks import thirty_fields
from tests.benchmarks.mapping import directions, group_acts, long_group, measure, table


def test_the_mapping_and_the_hand_written_functions_come_to_the_same() -> None:
    there, back = directions()

    assert there.ways["mapping"]() == there.ways["hand"]() == thirty_fields.WASTE
    assert back.ways["mapping"]() == back.ways["hand"]() == thirty_fields.PORTAL


def test_both_refuse_the_same_faults() -> None:
    wrong = {**thirty_fields.PORTAL, "dossier": {"canal": "PIGEON", "deposeLe": "hier"}}
    translation = thirty_fields.translation()

    by_mapping = thirty_fields.rows_refused_by(lambda: translation.read("portal", wrong))
    by_hand = thirty_fields.rows_refused_by(lambda: thirty_fields.read_portal(wrong))
    assert by_mapping == by_hand == {"number", "channel", "filed"}


def test_xslt_and_jmespath_move_what_needs_no_conversion() -> None:
    for direction, whole in zip(directions(), (thirty_fields.WASTE, thirty_fields.PORTAL), strict=True):
        for way in ("xslt", "jmespath"):
            half = direction.ways[way]()
            assert _leaves(half) > 25
            assert _agreeing(half, whole) > 15


def test_a_long_group_is_measured_and_shown() -> None:
    acts = group_acts(long_group(), 3)
    found = measure(turns=1, calls=1, lengths=(1, 2, 3))

    assert [line["Own"] for line in acts["write onto, turned"]()["Items"]] == ["C2", "C1", "C0"]
    assert found["lines"].keys() == acts.keys()
    assert "| portal to waste |" in table(found, (1, 2, 3))


def _leaves(document: object) -> int:
    return sum(map(_leaves, document.values())) if isinstance(document, dict) else 1


def _agreeing(one: object, other: object) -> int:
    if isinstance(one, dict) and isinstance(other, dict):
        return sum(_agreeing(each, other.get(key)) for key, each in one.items())
    return int(one == other)
