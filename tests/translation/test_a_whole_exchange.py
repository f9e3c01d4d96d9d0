"""The bin replacement, there and back: conditions, constants, joins, groups, files, replies, follow-ups."""

from __future__ import annotations

from typing import Any

import pytest

from hub.errors import ConfigurationError, MessageError
from tests.translation.bins import MAPPING, bin_replacement, order, request


def test_a_request_becomes_an_order_and_comes_back_without_moving_anything() -> None:
    translation = bin_replacement()

    reading = translation.read("portal", request())
    written = translation.write("waste", reading.record, reading.files)
    back = translation.read("waste", written, direction="out")

    assert written == order()
    assert translation.write("portal", back.record, back.files, direction="in", onto=request()) == request()


def test_all_problems_are_said_at_once_each_with_its_place() -> None:
    document = request()
    document["demande"]["motif"] = "X"
    document["demande"]["bacs"].append({"flux": "PLASTIQUE", "volume": "cent"})
    document["dossier"] = {}

    with pytest.raises(MessageError) as refused:
        bin_replacement().read("portal", document)

    assert [(problem.row, problem.label, problem.path) for problem in refused.value.problems] == [
        ("motive", "Motif", "demande.motif"),
        ("bins.stream", "Flux", "demande.bacs[2].flux"),
        ("bins.litres", "litres", "demande.bacs[2].volume"),
        ("request_number", "Numéro de la demande", "dossier.numero"),
    ]
    assert refused.value.problems[1].accepted == ("OM", "TRI", "VERRE")
    assert "VERRE (Verre)" in refused.value.problems[1].text.fr


def test_a_row_with_a_condition_is_wanted_only_when_it_holds() -> None:
    translation, document = bin_replacement(), request()
    del document["demande"]["numPlainte"]

    with pytest.raises(MessageError, match="Numéro de plainte"):
        translation.read("portal", document)
    document["demande"]["motif"] = "CASSE"
    reading = translation.read("portal", document)

    assert "NumPV" not in translation.write("waste", reading.record, reading.files)


def test_a_constant_is_always_written_and_nothing_else_is_read() -> None:
    translation = bin_replacement()
    wrong = order() | {"Type": "RETRAIT"}

    with pytest.raises(MessageError, match="is always “REMPL”"):
        translation.read("waste", wrong, direction="out")


def test_a_name_that_would_be_read_back_as_another_is_refused() -> None:
    translation = bin_replacement(MAPPING.replace("[\\\\p{Lu}' -]+", "[^ ]+").replace("\\\\p{Lu}\\\\p{Ll}.*", ".*"))
    reading = translation.read("portal", request())

    with pytest.raises(MessageError, match="read back with other parts"):
        translation.write("waste", reading.record, reading.files)


def test_a_missing_value_that_the_contract_wants_is_said_before_it_is_sent() -> None:
    translation = bin_replacement()
    record = {"request_number": "1", "residents": 4}

    with pytest.raises(MessageError) as refused:
        translation.write("waste", record, {})

    assert [problem.row for problem in refused.value.problems] == ["old_bin"]


def lines(*pairs: tuple[str, int]) -> list[dict[str, Any]]:
    return [{"stream": stream, "litres": litres} for stream, litres in pairs]


def test_lines_are_paired_by_their_match_row_and_keep_what_no_row_speaks_of() -> None:
    onto = order()
    onto["Bacs"]["Bac"] = [
        {"CodeFlux": "1", "Litrage": "120", "NumPuce": "A1"},
        {"CodeFlux": "2", "Litrage": "240", "NumPuce": "B2"},
        {"CodeFlux": "3", "Litrage": "035", "NumPuce": "C3"},
    ]
    reading = bin_replacement().read("portal", request())
    record = reading.record | {"bins": lines(("verre", 35), ("om", 140))}

    written = bin_replacement().write("waste", record, reading.files, onto=onto)

    assert written["Bacs"]["Bac"] == [
        {"CodeFlux": "1", "Litrage": "140", "NumPuce": "A1"},
        {"CodeFlux": "3", "Litrage": "035", "NumPuce": "C3"},
    ]


def test_new_lines_come_last() -> None:
    reading = bin_replacement().read("portal", request())
    record = reading.record | {"bins": lines(("tri", 240), ("verre", 35), ("om", 120))}

    written = bin_replacement().write("waste", record, reading.files, onto=order())

    assert [line["CodeFlux"] for line in written["Bacs"]["Bac"]] == ["1", "3", "2"]


def test_two_lines_that_cannot_be_told_apart_are_refused() -> None:
    document = request()
    document["demande"]["bacs"][1]["flux"] = "OM"

    with pytest.raises(MessageError, match="two lines have the same “Flux”") as refused:
        bin_replacement().read("portal", document)

    assert refused.value.problems[0].path == "demande.bacs[1].flux"


def test_no_line_is_not_the_same_as_lines_not_carried() -> None:
    translation, document = bin_replacement(), request()
    document["demande"]["bacs"] = []
    emptied = translation.read("portal", document)
    del document["demande"]["bacs"]
    kept = translation.read("portal", document)

    assert translation.write("waste", emptied.record, emptied.files, onto=order())["Bacs"] == {"Bac": []}
    assert translation.write("waste", kept.record, kept.files, onto=order())["Bacs"] == order()["Bacs"]


def test_the_reply_is_read_and_remembered_and_the_sender_is_told() -> None:
    translation = bin_replacement()

    reply = translation.read_reply("waste", {"NumIntervention": "I-77"})
    told = translation.follow_up("delivered", {"request_number": "D-1"}, reply=reply, reason="")
    refused = translation.follow_up("refused", {"request_number": "D-1"}, reply={}, reason="Bac inconnu")

    assert translation.remembered("waste", reply) == {"order_number": "I-77"}
    assert told is not None and refused is not None
    assert (told.exchange, told.values) == ("request-status", {"status": "accepted", "order_number": "I-77"})
    assert refused.values == {"status": "refused", "reason": "Bac inconnu"}


def test_a_follow_up_is_adopted_with_the_types_and_the_key_of_its_exchange() -> None:
    translation = bin_replacement()

    assert translation.adopt({"residents": "4", "urgent": "true"}, reference="D-1") == {
        "request_number": "D-1",
        "residents": 4,
        "urgent": True,
    }
    with pytest.raises(MessageError, match="no row “status”"):
        translation.adopt({"status": "accepted"}, reference="D-1")


def test_the_hub_learns_what_else_it_needs_from_the_mapping() -> None:
    translation = bin_replacement()
    record = translation.read("portal", request()).record

    assert translation.reference(record) == translation.identity(record) == "D-2026-0001"
    assert [(one.side, one.direction, one.operation) for one in translation.receivers("portal")] == [
        ("waste", "out", "create_order")
    ]
    assert translation.personal_values(record) == {"family_name": ("DE LA TOUR",), "given_name": ("Léa",)}
    assert translation.masked(record)["family_name"] == "•••"
    assert translation.row_at("portal", "demande.bacs[1].flux") == "bins.stream"
    assert translation.direction_of("waste", "create_order") == "out"


def test_a_row_to_be_recalled_is_not_missing_when_read_but_wanted_when_written() -> None:
    written = MAPPING.replace("label: Numéro de la demande, portal", "recall: old_bin, portal")
    translation, document = bin_replacement(written), request()
    del document["dossier"]

    reading = translation.read("portal", document)

    assert translation.recalls(reading.record) == {"request_number": "old_bin"}
    with pytest.raises(MessageError, match="request_number"):
        translation.write("waste", reading.record, reading.files)


def test_a_direction_that_the_exchange_does_not_have_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match="waste has no operation “in” here"):
        bin_replacement().read("waste", {})
