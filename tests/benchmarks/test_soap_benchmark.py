"""What is measured of SOAP comes to the same by the hub and by hand. Times are for `make benchmark-soap` to show."""

from __future__ import annotations

import pytest
from lxml import etree

from hub.codecs import codec_for
from tests.benchmarks.soap import DOCUMENT, Hand, call_in, call_out, loading, measure, order_operation, table


def test_the_hub_and_the_hand_written_functions_come_to_the_same() -> None:
    operation = order_operation()

    for way in (call_in(operation), call_out(operation)):
        assert way.hub() == way.hand() == DOCUMENT


def test_both_refuse_what_the_contract_does_not_take() -> None:
    operation = order_operation()
    assert operation.input
    spoilt = {**DOCUMENT, "Motif": "PERTE"}

    assert [each.path for each in operation.input.check(codec_for(operation.input).write(spoilt))] == ["Motif"]
    with pytest.raises(etree.DocumentInvalid):
        Hand().written(spoilt)


def test_the_figures_are_printed() -> None:
    found = measure(turns=1, calls=1, types=80, loads=1)

    assert found["soap_in_ratio"] > 0
    assert "31 fields and 4 lines" in table(found)
    assert loading(80, turns=1)["hub"] > 0
