"""The seventeen kinds of mapping fault that people make: each is found with its place, its value and its remedy, alone."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from hub.catalogue import inspect, prove
from hub.cli.check import check
from hub.errors import Finding
from tests.installation import REPOSITORY

BINS = "mappings/bin-replacement.yaml"
PROGRESS = "mappings/bin-progress.yaml"
MOTIVES = "mappings/tables/bin-motives.csv"
STATUSES = "mappings/tables/bin-statuses.csv"
ADDRESS = "mappings/address-change.yaml"
DISTRICTS = "mappings/tables/districts.csv"
CASCADE = 3
"""The most findings that one fault may give."""


@dataclass(frozen=True)
class Kind:
    """One kind of fault: in `file`, `old` becomes `new`; said at the line of `at` in `where` (if not `file`)."""

    name: str
    file: str
    old: str
    new: str
    row: str
    value: str
    right: str
    at: str = ""
    where: str = ""
    severity: Literal["error", "question"] = "error"

    @property
    def home(self) -> Path:
        """The installation that it is seeded in: what ships, or the two-way exchange of this folder."""
        return Path(__file__).with_name("two_way") if self.file in (ADDRESS, DISTRICTS) else REPOSITORY


SEVENTEEN = (
    Kind(
        "a line deleted from a table",
        MOTIVES,
        "too_small,trop_petit,CAPA,Bac trop petit,Bin too small\n",
        "",
        "motive",
        "trop_petit",
        "trop_petit in the column portal",
        "missing,",
    ),
    Kind(
        "a wrong code",
        MOTIVES,
        "trop_petit,CAPA,",
        "trop_petit,CASSE,",
        "motive",
        "“CAPA”, the mapping writes “CASSE”",
        f"or the row “motive” in {BINS}",
        "CodeMotif: CAPA",
        BINS.replace(".yaml", ".examples.yaml"),
    ),
    Kind(
        "a leading zero lost by a spreadsheet",
        DISTRICTS,
        ",07000,",
        ",7000,",
        "",
        "“7000” has 4 digits",
        "write 07000",
        "north,",
    ),
    Kind(
        "a status that is not read back",
        PROGRESS,
        """    loses: {portal: "« affectée » revient « en cours »"}\n""",
        "",
        "status",
        "“assigned” on portal came back as “in_progress”",
        "declare it: loses: {portal:",
        "portal: statut",
    ),
    Kind(
        "a duplicate code",
        MOTIVES,
        "lid,couvercle",
        "broken,casse",
        "",
        "“broken” stands twice",
        "one line per code",
        "Couvercle",
    ),
    Kind(
        "day and month in the other order",
        ADDRESS,
        "dd/MM/yyyy HH:mm",
        "MM/dd/yyyy HH:mm",
        "changed_on",
        "31/05/2026 14:05",
        f"or the row “changed_on” in {ADDRESS}",
        "dateEffet: 31/05/2026",
        ADDRESS.replace(".yaml", ".examples.yaml"),
    ),
    Kind(
        "a day where the time matters",
        PROGRESS,
        'waste: "dd/MM/yyyy HH:mm:ss"',
        "waste: dd/MM/yyyy",
        "changed_on",
        "31/12/2026",
        "write dd/MM/yyyy HH:mm:ss",
        "waste: dd/MM/yyyy,",
    ),
    Kind(
        "a forgotten field",
        BINS,
        "portal: demande.ancienBac\n    waste: NumBacAncien\n",
        "portal: demande.ancienBac\n",
        "",
        "NumBacAncien",
        "add waste: NumBacAncien to the row “old_bin”",
        "  old_bin:",
    ),
    Kind(
        "a slip in a path",
        BINS,
        "portal: usager.courriel",
        "portal: usager.couriel",
        "email",
        "usager.couriel",
        "did you mean “usager.courriel”?",
    ),
    Kind(
        "two rows on one field",
        BINS,
        "portal: usager.telephone",
        "portal: usager.courriel",
        "phone",
        "usager.courriel of portal already has the row “email”",
        "one row per field",
        "phone:",
    ),
    Kind(
        "a name split at the first blank",
        ADDRESS,
        """split: {family_name: "\\\\p{Lu}(?:[\\\\p{Lu}' -]*\\\\p{Lu})?", given_name: "\\\\p{Lu}\\\\p{Ll}(?:.*\\\\S)?"}""",
        """split: {family_name: "[^ ]+", given_name: ".*"}""",
        "holder",
        "“DE LA TOUR” on register came back as “DE”",
        "correct the row",
        "split: {family_name",
    ),
    Kind(
        "a street split at the first blank",
        ADDRESS,
        """split: {street_number: "(?:\\\\d+(?: ?(?:bis|ter))?)?", street: "(?!bis |ter )\\\\D.*"}""",
        """split: {street_number: "[^ ]+", street: ".*"}""",
        "address",
        "“12 bis” on register came back as “12”",
        "correct the row",
        "split: {street_number",
    ),
    Kind(
        "an e-mail in capitals one way",
        ADDRESS,
        "register: mel, personal: true",
        "register: mel, tweak: {register: capitals}, personal: true",
        "email",
        " on register came back as “",
        "correct the row",
        "tweak:",
    ),
    Kind("lines paired by position", BINS, "    match: stream\n", "", "bins", "has no match", "stream, litres", "  bins:"),
    Kind(
        "a text cut short",
        BINS,
        "waste: Demandeur.Courriel, personal",
        "waste: Demandeur.Courriel, max: {waste: 40}, personal",
        "email",
        "… (80)” on waste came back as “",
        "declare it: loses: {waste:",
        "email:",
    ),
    Kind(
        "a limit without a cut",
        BINS,
        "    max: {waste: 32}\n",
        "",
        "street",
        "portal may send 120 characters, waste takes 32",
        "max: {waste: 32}",
        "waste: Adresse.Voie",
    ),
    Kind(
        "two ways where one side owns the field",
        ADDRESS,
        ", owner: portal}",
        "}",
        "district",
        "both portal and register may change: district",
        "add owner: portal or owner: register to the row; if each may, owner: both",
        "district:",
        severity="question",
    ),
)


def installed(folder: Path, kind: Kind) -> Path:
    """A copy of the installation in which the fault is to be seeded."""
    for name in ("connectors", "mappings", "schedules"):
        if (kind.home / name).is_dir():
            shutil.copytree(kind.home / name, folder / name)
    return folder


def found_in(root: Path) -> list[Finding]:
    catalogue, read = inspect(root)
    _, proven = prove(catalogue)
    return [*read.findings, *proven.findings]


def test_they_are_seventeen() -> None:
    assert len({kind.name for kind in SEVENTEEN}) == 17


@pytest.mark.parametrize("home", sorted({kind.home for kind in SEVENTEEN}), ids=lambda home: home.name)
def test_nothing_is_found_in_the_mappings_as_they_are(home: Path) -> None:
    assert [(each.file, each.line, each.text.en) for each in found_in(home)] == []


@pytest.mark.parametrize("kind", SEVENTEEN, ids=lambda kind: kind.name)
def test_each_is_found_with_its_place_its_value_and_its_remedy(tmp_path: Path, kind: Kind) -> None:
    root = installed(tmp_path, kind)
    text = (root / kind.file).read_text(encoding="utf-8")
    assert kind.old in text
    (root / kind.file).write_text(text.replace(kind.old, kind.new, 1), encoding="utf-8")

    found = found_in(root)

    where = kind.where or kind.file
    lines = (root / where).read_text(encoding="utf-8").split("\n")
    line = next(number for number, each in enumerate(lines, 1) if (kind.at or kind.new) in each)
    said = [
        each for each in found if (each.file, each.line, each.row) == (where, line, kind.row) and kind.value in each.text.en
    ]
    assert said, "\n".join(f"{each.file}:{each.line} {each.row}: {each.text.en}" for each in found)
    assert all(each.right and kind.right in each.right.en and each.right.fr and each.text.fr for each in said)
    assert {each.severity for each in found} == {kind.severity}
    assert len(found) <= CASCADE


def test_a_question_does_not_fail_the_check_and_is_asked_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = installed(tmp_path, SEVENTEEN[-1])
    mapping = root / ADDRESS
    mapping.write_text(mapping.read_text(encoding="utf-8").replace(", owner: both", ""), encoding="utf-8")

    with pytest.raises(SystemExit) as ended:
        check(root, language="en")

    assert ended.value.code == 0
    questions = [line for line in capsys.readouterr().out.splitlines() if "may change" in line]
    assert len(questions) == 1
    assert "may change: family_name, given_name, street, email, phone" in questions[0]
