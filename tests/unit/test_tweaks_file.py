"""connectors/<application>/tweaks.py: what counts in it, and what is said when it cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.catalogue.tweaks import read_tweaks


def written(folder: Path, text: str) -> Path:
    (folder / "waste").mkdir()
    (folder / "waste" / "tweaks.py").write_text(text)
    return folder / "waste"


def test_pairs_and_functions_are_found_by_their_names_and_imports_are_not(tmp_path: Path) -> None:
    text = """
from os.path import join as read_path, split as write_path
def read_plate(text): return text.replace("-", "")
def write_plate(text): return f"{text[:2]}-{text[2:]}"
def compute_total(record): return 3
"""
    tweaks, findings = read_tweaks(written(tmp_path, text), root=tmp_path)

    assert tweaks is not None and findings == ()
    assert set(tweaks.pairs) == {"plate"} and set(tweaks.functions) == {"total"}
    assert tweaks.pairs["plate"].read("AB-12") == "AB12"


def test_a_connector_without_the_file_has_no_tweaks(tmp_path: Path) -> None:
    (tmp_path / "waste").mkdir()

    assert read_tweaks(tmp_path / "waste", root=tmp_path) == (None, ())


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("def read_plate(text):\n    return text\n", 1, "read_plate stands without write_plate"),
        ("x = 1\ndef write_plate(text) return text\n", 2, "cannot be used: SyntaxError"),
        ("import json\n\njson.loads('')\n", 3, "cannot be used: JSONDecodeError"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    _, findings = read_tweaks(written(tmp_path, text), root=tmp_path)

    assert [(found.file, found.line) for found in findings] == [("waste/tweaks.py", line)]
    assert said in findings[0].text.en and findings[0].right is not None


def test_a_file_that_leads_out_of_its_folder_is_not_run(tmp_path: Path) -> None:
    canary = tmp_path / "ran"
    (tmp_path / "elsewhere.py").write_text(f"open({str(canary)!r}, 'w')")
    (tmp_path / "waste").mkdir()
    (tmp_path / "waste" / "tweaks.py").symlink_to(tmp_path / "elsewhere.py")

    assert read_tweaks(tmp_path / "waste", root=tmp_path) == (None, ())
    assert not canary.exists()
