"""Code lists from CSV: read as people save them, refused with file and line."""

from __future__ import annotations

import pytest

from hub.errors import ConfigurationError
from hub.translation.tables import Table


@pytest.mark.parametrize(
    "text",
    [
        "code,portal,waste,label_fr,label_en\nvol,VOL,P1,Vol,Theft\n",
        "\ufeffcode;portal;waste;label_fr;label_en\r\nvol;VOL;P1;Vol;Theft\r\n\r\n",
        'label_en,code,waste,label_fr,portal\nTheft,vol,P1,"Vol",VOL\n',
    ],
)
def test_a_table_is_read_with_comma_or_semicolon_with_or_without_bom(text: str) -> None:
    table = Table.parse(text, "motives")

    assert table.to_code("portal") == {"VOL": "vol"}
    assert table.to_value("waste") == {"vol": "P1"}
    assert table.labels("portal")["VOL"].fr == "Vol"
    assert sorted(table.sides) == ["portal", "waste"]


def test_in_each_direction_the_first_line_that_fits_wins() -> None:
    table = Table.parse("code,a,b\nred,R,1\ndark,D,1\nred,R2,\n", "colours")

    assert table.to_code("a") == {"R": "red", "D": "dark", "R2": "red"}
    assert table.to_value("a") == {"red": "R", "dark": "D"}
    assert table.to_code("b") == {"1": "red"}
    assert table.to_value("b") == {"red": "1", "dark": "1"}


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("kode,a\nx,1\n", 1, "has no column “code”"),
        ("code,a,a\nx,1,2\n", 1, "the column “a” stands twice"),
        ("code,a\nx,1\ny\n", 3, "has 1 cells where the first line has 2"),
        ("code,a\nx,1\n,2\n", 3, "has no code"),
        ("code,a\n", 1, "has no line"),
    ],
)
def test_a_broken_table_is_refused_with_file_and_line(text: str, line: int, says: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Table.parse(text, "motives")

    assert (line, says) in [(one.line, one.text.en) for one in refused.value.findings]
    assert refused.value.findings[0].file == "mappings/tables/motives.csv"
