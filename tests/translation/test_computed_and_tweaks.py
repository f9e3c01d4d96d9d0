"""What is worked out from other rows, and what a connector's own pairs read and write."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hub.contract import Kind, Shape
from hub.errors import ConfigurationError, MessageError
from hub.specs.load import build
from hub.specs.mapping import Mapping as Spec
from hub.specs.source import parse_source
from hub.translation import check_laws, check_mapping
from hub.translation.mapping import Translation, compile_mapping
from hub.translation.tweaks import Pair, Tweaks

ROWS = """
exchange: trial
title: Trial
sector: social
between: {shop: {in: tell}, office: {out: hear}}
key: id
fields:
  id: {shop: K, office: K}
  plate: {shop: Plate, office: Plate, tweak: {office: dashes}}
  items:
    each: {shop: Items, office: Lines}
    match: code
    fields:
      code: {shop: Code, office: Code}
      price: {shop: Price, office: Price, as: decimal, number: {shop: comma}}
  count: {office: Count, as: integer, computed: {count: items}}
  total: {office: Total, as: decimal, computed: {sum: items.price}}
  shown: {office: Shown, computed: {by: shown}}
"""


def leaf(name: str, kind: Kind = Kind.TEXT, **facets: Any) -> Shape:
    return Shape(name, kind, **facets)


def contract(lines: str, *others: Shape) -> Shape:
    line = Shape(lines, Kind.OBJECT, repeated=True, children=(leaf("Code"), leaf("Price", longest=12)))
    return Shape("Document", Kind.OBJECT, children=(leaf("K"), leaf("Plate", longest=9), line, *others))


SHAPES = {
    "shop": {"in": contract("Items")},
    "office": {"out": contract("Lines", leaf("Count"), leaf("Total"), leaf("Shown"))},
}
DASHES = Pair(lambda text: text.replace("-", ""), lambda text: f"{text[:2]}-{text[2:]}")


def compiled(rows: str = ROWS, pair: Pair = DASHES) -> tuple[Translation, Any]:
    source = parse_source(rows, shown="mappings/trial.yaml")
    offered = {"office": Tweaks("tweaks.py", {"dashes": pair}, {"shown": lambda record: f"{len(record['items'])} items"})}
    return compile_mapping(build(source, Spec), shapes=SHAPES, replies={}, tables={}, tweaks=offered), source


ORDER = {"K": "1", "Plate": "AB123", "Items": [{"Code": "a", "Price": "1,50"}, {"Code": "b", "Price": "2,25"}]}


def test_counts_sums_and_functions_are_worked_out_when_the_side_is_written() -> None:
    translation, _ = compiled()

    document = translation.write("office", translation.read("shop", ORDER).record, {})

    assert (document["Count"], document["Total"], document["Shown"]) == ("2", "3.75", "2 items")


def test_a_sum_without_lines_is_nought_and_one_without_its_group_is_not_carried() -> None:
    translation, _ = compiled(ROWS.replace("  shown: {office: Shown, computed: {by: shown}}\n", ""))

    empty = translation.write("office", {"id": "1", "items": []}, {})
    absent = translation.write("office", {"id": "1"}, {})

    assert (empty["Count"], empty["Total"]) == ("0", "0")
    assert "Count" not in absent and "Total" not in absent


def test_a_total_that_its_own_lines_contradict_is_refused() -> None:
    translation, _ = compiled()
    document = translation.write("office", translation.read("shop", ORDER).record, {})

    with pytest.raises(MessageError) as refused:
        translation.read("office", {**document, "Total": "4"}, direction="out")

    assert [problem.row for problem in refused.value.problems] == ["total"]


def test_a_tweaked_value_is_read_and_written_by_its_pair() -> None:
    translation, _ = compiled()

    document = translation.write("office", translation.read("shop", ORDER).record, {})
    back = translation.read("office", document, direction="out").record

    assert document["Plate"] == "AB-123"
    assert back["plate"] == "AB123" and back["items"][1]["price"] == Decimal("2.25")


def test_a_pair_that_undoes_itself_holds_the_laws_and_one_that_does_not_is_found() -> None:
    sound, source = compiled()
    unsound, _ = compiled(pair=Pair(lambda text: text, lambda text: text.upper()))

    right, wrong = check_laws(sound, source), check_laws(unsound, source)

    assert right.findings == ()
    assert {finding.row for finding in wrong.findings} == {"plate"}


def test_a_pair_that_fails_refuses_the_value_without_repeating_it() -> None:
    translation, _ = compiled(pair=Pair(lambda text: str(int(text)), lambda text: text))

    with pytest.raises(MessageError) as refused:
        translation.read("office", {"K": "1", "Plate": "Dupont"}, direction="out")

    assert refused.value.problems[0].text.en == "cannot pass the tweak dashes (ValueError)"


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("{office: dashes}", "{office: dots}", "define read_dots(text) and write_dots(text) in connectors/office/tweaks.py"),
        ("{office: dashes}", "{street: dashes}", "office"),
        ("{by: shown}", "{by: told}", "define compute_told(record) in connectors/office/tweaks.py"),
        ("{count: items}", "{count: item}", "did you mean “items”?"),
        ("{sum: items.price}", "{sum: items.code}", "did you mean “items.price”?"),
        ("{office: Count,", "{office: Count, shop: Items,", "keep one of its cells"),
    ],
)
def test_what_a_tweak_or_a_computed_row_lacks_is_found(right: str, wrong: str, said: str) -> None:
    source = parse_source(ROWS.replace(right, wrong, 1), shown="mappings/trial.yaml")
    tweaks = {"office": Tweaks("tweaks.py", {"dashes": DASHES}, {"shown": str})}

    found = check_mapping(build(source, Spec), source, shapes=SHAPES, replies={}, tables={}, tweaks=tweaks)

    assert any(said in (finding.right.en if finding.right else "") for finding in found), found


def test_a_mapping_is_not_compiled_without_its_tweaks() -> None:
    with pytest.raises(ConfigurationError, match="there is no tweak “dashes”"):
        compile_mapping(build(parse_source(ROWS, shown="m.yaml"), Spec), shapes=SHAPES, replies={}, tables={})
