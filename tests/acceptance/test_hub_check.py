"""`hub check` on a copy of what ships: all good as it is; each seeded fault is said with file, line, row and remedy."""

from __future__ import annotations

import copy
import re
import resource
import shutil
import subprocess
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random

import pytest

from hub.catalogue import editing, inspect, prove
from hub.cli.check import check
from tests.acceptance.fault import BINS, MOTIVES, WASTE, Fault
from tests.acceptance.faults_of_files import FORMS, NAMES, REFERENCES, SECRETS
from tests.acceptance.faults_of_mappings import CODES, DATES, KEYS, LOSSES, PATHS
from tests.installation import HUB, Installation, install

FAULTS = (*CODES, *DATES, *PATHS, *KEYS, *LOSSES, *NAMES, *FORMS, *REFERENCES, *SECRETS)
FRENCH = [fault for fault in FAULTS if fault.french[0]]
CASCADE = 3
"""The most errors that one fault may give."""
MUTATIONS = [range(12), pytest.param(range(12, 72), marks=pytest.mark.long)]
SECONDS = 20
"""Far more than one takes alone: the whole suite may be running beside it."""


@pytest.fixture(autouse=True, scope="module")
def models_described_once() -> Iterator[None]:
    """Hundreds of checks describe the same models to the editors: here each is described once."""
    described = cache(editing.schema_of)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(editing, "schema_of", lambda model: copy.deepcopy(described(model)))
        yield


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return install(tmp_path)


@pytest.fixture
def bins(installation: Installation) -> Installation:
    """What ships for bins alone: the faults are seeded there, and the rest would only take time."""
    for name in ("civil-status", "finance"):
        shutil.rmtree(installation.root / "connectors" / name)
    for file in (installation.root / "mappings").glob("*.yaml"):
        if file.name.startswith(("birth-", "invoice-")):
            file.unlink()
    for name in (
        "applicant-capacities",
        "certificate-forms",
        "certificate-statuses",
        "file-types",
        "invoice-statuses",
        "sexes",
    ):
        (installation.root / "mappings" / "tables" / f"{name}.csv").unlink()
    return installation


def checked(
    installation: Installation, capsys: pytest.CaptureFixture[str], *, language: str = "en"
) -> tuple[int, list[str]]:
    """What `hub check` ends with, and its lines; in this process, for speed."""
    with pytest.raises(SystemExit) as ended:
        check(installation.root, language=language)
    return int(ended.value.code or 0), capsys.readouterr().out.splitlines()


def seed(installation: Installation, fault: Fault) -> str:
    """Make the fault; `file:line` where it is to be found."""
    installation.replace(fault.file, fault.old, fault.new)
    where, mark = fault.where or fault.file, fault.at or fault.new
    lines = (installation.root / where).read_text(encoding="utf-8").split("\n")
    return f"{where}:{next(number for number, line in enumerate(lines, 1) if mark in line)}"


def remedies(lines: list[str], *, place: str, says: str, row: str, language: str = "en") -> list[str]:
    """The lines after each finding at `place` that says so, and names the row."""
    named = f"  {'row' if language == 'en' else 'ligne'} {row}  " if row else "  "
    pairs = zip(lines, [*lines[1:], ""], strict=True)
    return [after for line, after in pairs if line.startswith(f"{place}:") and named in line and says in line]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_ships_is_all_good(installation: Installation, language: str) -> None:
    ended = installation.hub("check", HUB_LANGUAGE=language)

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stderr == ""
    assert ended.stdout.splitlines()[-1].startswith({"en": "All good: ", "fr": "Tout est bon : "}[language])
    assert "✗" not in ended.stdout
    assert "→" not in ended.stdout


def test_what_ships_is_checked_in_five_seconds_of_one_processor(installation: Installation) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)

    subprocess.run((*HUB, "check"), env=installation.environment, cwd=installation.root, capture_output=True, check=True)

    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 5


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{Path(fault.file).name}: {fault.says}")
def test_a_fault_is_said_with_its_place_its_row_and_its_remedy(
    bins: Installation, capsys: pytest.CaptureFixture[str], fault: Fault
) -> None:
    place = seed(bins, fault)

    code, lines = checked(bins, capsys)

    assert code == 1
    found = remedies(lines, place=place, says=fault.says, row=fault.row)
    assert found, f"nothing of the kind at {place}:\n" + "\n".join(lines)
    assert found[0].startswith("    → ")
    assert fault.right in found[0]
    assert int(lines[-1].split()[0]) <= CASCADE, "\n".join(lines)


@pytest.mark.parametrize("fault", FRENCH, ids=lambda fault: fault.french[0])
def test_a_fault_is_said_in_french(bins: Installation, capsys: pytest.CaptureFixture[str], fault: Fault) -> None:
    place = seed(bins, fault)

    code, lines = checked(bins, capsys, language="fr")

    assert code == 1
    says, right = fault.french
    found = remedies(lines, place=place, says=says, row=fault.row, language="fr")
    assert found, f"rien de tel à {place} :\n" + "\n".join(lines)
    assert right in found[0]


@pytest.mark.parametrize("fault", SECRETS, ids=lambda fault: fault.new)
def test_a_secret_in_clear_is_not_repeated(bins: Installation, capsys: pytest.CaptureFixture[str], fault: Fault) -> None:
    seed(bins, fault)

    _, lines = checked(bins, capsys)

    assert "hunter2" not in "\n".join(lines)


def test_a_fault_ends_the_command_with_one(installation: Installation) -> None:
    installation.replace(BINS, "waste: dd/MM/yyyy}", "waste: jj/mm/aaaa}")

    ended = installation.hub("check", "--language", "fr")

    assert ended.returncode == 1
    assert "vouliez-vous dire dd/MM/yyyy ?" in ended.stdout
    assert ended.stdout.endswith("1 erreur à corriger.\n")
    assert ended.stderr == ""


def test_a_broken_connector_gives_each_of_its_mappings_one_short_finding(installation: Installation) -> None:
    installation.replace("connectors/portal/connector.yaml", "protocol: rest", "protocol: soep")

    _, read = inspect(installation.root)

    assert [error.file for error in read.errors] == ["connectors/portal/connector.yaml"]
    waiting = [each for each in read.findings if each.severity == "warning"]
    assert {each.text.en for each in waiting} == {"is not checked: connectors/portal has an error of its own"}
    assert len({each.file for each in waiting}) == len(waiting)
    assert BINS in {each.file for each in waiting}


def test_a_broken_table_gives_its_mapping_one_short_finding(installation: Installation) -> None:
    table = installation.root / MOTIVES
    table.write_bytes(table.read_text(encoding="utf-8").encode("latin-1"))

    _, read = inspect(installation.root)

    assert [(each.file, each.line, each.text.fr) for each in read.errors] == [(MOTIVES, 2, "n'est pas un texte en UTF-8")]
    assert [(each.file, each.row) for each in read.findings if each.severity == "warning"] == [(BINS, "motive")]


def test_a_fault_hides_no_fault_of_another_file(installation: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    installation.replace("connectors/finance/connector.yaml", "protocol: rest", "protocol: soep")
    installation.replace("mappings/birth-certificate.yaml", "sector: ", "sectors: ")
    installation.replace(BINS, "portal: usager.courriel", "portal: usager.couriel")
    installation.replace("schedules/waste-progress.yaml", "list_changes", "list_change")
    installation.replace("mappings/request-status.examples.yaml", "statut: RECUE", "statut: RECU")

    code, lines = checked(installation, capsys)

    assert code == 1
    for file in (
        "connectors/finance/connector.yaml",
        "mappings/birth-certificate.yaml",
        BINS,
        "schedules/waste-progress.yaml",
        "mappings/request-status.examples.yaml",
    ):
        assert any(line.startswith(f"{file}:") for line in lines), f"{file}:\n" + "\n".join(lines)


def test_a_contract_that_is_not_there_is_said(installation: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    (installation.root / "connectors/waste/waste.wsdl").unlink()

    _, lines = checked(installation, capsys)

    assert remedies(lines, place=f"{WASTE}:6", says="there is no contract “waste.wsdl”", row="")


@pytest.mark.parametrize(("old", "new"), [("type: integer", "type: 7"), ("properties:", "properties: 7\n      x-before:")])
def test_a_contract_of_no_known_form_is_said(
    installation: Installation, capsys: pytest.CaptureFixture[str], old: str, new: str
) -> None:
    installation.replace("connectors/finance/finance.openapi.yaml", old, new)

    code, lines = checked(installation, capsys)

    assert code == 1
    assert any(line.startswith("connectors/finance/finance.openapi.yaml:") for line in lines), "\n".join(lines)


def test_required_content_cannot_be_ignored(installation: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    installation.replace(BINS, "    waste: NumBacAncien\n", "")
    installation.replace(BINS, "waste: [Equipe, ", "waste: [NumBacAncien, Equipe, ")

    code, lines = checked(installation, capsys)

    assert code == 1
    assert any("the contract of waste wants NumBacAncien in every message" in line for line in lines)


@pytest.mark.parametrize(
    ("old", "new", "right"),
    [
        (BINS, "mappings/bin-replacement.yml", "mappings/bin-replacement.yaml"),
        (WASTE, "connectors/waste/connector.yml", "connectors/waste/connector.yaml"),
        (MOTIVES, "mappings/bin-motives.csv", "mappings/tables/bin-motives.csv"),
        ("schedules/waste-progress.yaml", "schedules/waste-progress.yml", "schedules/waste-progress.yaml"),
        (
            BINS.replace(".yaml", ".examples.yaml"),
            "mappings/bin-replacment.examples.yaml",
            "did you mean “bin-replacement”?",
        ),
    ],
)
def test_a_file_that_would_be_passed_over_is_said(
    bins: Installation, capsys: pytest.CaptureFixture[str], old: str, new: str, right: str
) -> None:
    (bins.root / old).rename(bins.root / new)

    code, lines = checked(bins, capsys)

    assert code == 1
    assert any(line.startswith(new) and right in after for line, after in zip(lines, [*lines[1:], ""], strict=True))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("fault: FonctionnelleErreur, code", "fault: FonctionelleErreur, code", "declares a fault “FonctionelleErreur”"),
        ('at: CodeRetour, is: "90"', 'at: CodeRetou, is: "90"', "no answer has a field “CodeRetou”"),
        ("  default: {address", "  marmande: {address", "there is no instance “default”"),
    ],
)
def test_what_may_be_meant_is_warned_about(
    bins: Installation, capsys: pytest.CaptureFixture[str], old: str, new: str, says: str
) -> None:
    bins.replace(WASTE, old, new)

    code, lines = checked(bins, capsys)

    assert code == 0
    assert any(line.startswith(f"{WASTE}:") and says in line for line in lines)


@pytest.mark.parametrize(
    ("language", "says"), [("en", "run hub in the folder that holds connectors/"), ("fr", "lancez hub dans le dossier")]
)
def test_an_empty_folder_is_told_what_to_do(installation: Installation, language: str, says: str) -> None:
    for folder in installation.root.iterdir():
        shutil.rmtree(folder)

    ended = installation.hub("check", HUB_LANGUAGE=language)

    assert ended.returncode == 1
    assert says in ended.stdout
    assert "hub init" in ended.stdout
    assert ended.stderr == ""


@pytest.mark.parametrize("numbers", MUTATIONS)
def test_no_damage_to_a_file_ends_in_an_exception(installation: Installation, numbers: range) -> None:
    endings = (".yaml", ".csv", ".wsdl", ".xsd")
    files = sorted(file for file in installation.root.rglob("*") if file.suffix in endings and "samples" not in file.parts)

    for number in numbers:
        random = Random(number)
        file = random.choice(files)
        good = file.read_text(encoding="utf-8")
        file.write_text(damaged(good, random), encoding="utf-8")
        before = time.perf_counter()
        catalogue, read = inspect(installation.root)
        cards, proven = prove(catalogue)
        took = time.perf_counter() - before
        file.write_text(good, encoding="utf-8")
        where = f"mutation {number} of {file.name}"
        assert took < SECONDS, where
        assert read.errors or proven.errors or len(cards) == len(catalogue.exchanges), where
        assert all(each.file and each.text.en and each.text.fr for each in (*read.findings, *proven.findings)), where


def damaged(text: str, random: Random) -> str:
    """`text` as a slip of the hand leaves it."""
    lines = text.split("\n")
    line, words = random.randrange(len(lines)), list(re.finditer(r"[\w-]+", text))
    word, other = random.choice(words), random.choice(words)
    match random.choice(("delete", "double", "swap", "empty", "indent", "cut", "change", "replace", "sign")):
        case "delete":
            del lines[line]
        case "double":
            lines.insert(line, lines[line])
        case "swap":
            lines[line], lines[-line] = lines[-line], lines[line]
        case "empty":
            lines[line] = lines[line].partition(":")[0] + ":"
        case "indent":
            lines[line] = "  " + lines[line]
        case "cut":
            return text[: random.randrange(len(text))]
        case "change":
            return text[: word.start()] + word[0][:-1] + random.choice(("", "x", "é", "${A}", "'")) + text[word.end() :]
        case "replace":
            return text[: word.start()] + other[0] + text[word.end() :]
        case "sign":
            return text[: word.start()] + random.choice("{}[]:,\"'\t#&*!|>%@`\0<\n-") + text[word.end() :]
    return "\n".join(lines)
