"""The author's tools on messages that a running hub has recorded: explain, diff, example add."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import yaml

from tests.installation import HUB, Admin, Installation, Node, free_port, install

REQUEST = {
    "teleservice": "remplacement-bac",
    "noteInterne": "Voir le dossier de Mme Quintard-Lévêque",
    "dossier": {"numero": "D-2026-73155"},
    "deposeLe": "2026-11-20T09:12:44+01:00",
    "usager": {
        "nom": "QUINTARD-LÉVÊQUE",
        "prenom": "Ysoline",
        "courriel": "ysoline.quintard@marmande-mairie.fr",
        "telephone": "0553778899",
    },
    "adresse": {"voie": "8 impasse Ferdinand-Buisson, deuxième étage", "codePostal": "47200", "commune": "Marmande"},
    "demande": {
        "motif": "couvercle",
        "ancienBac": "OM-0031877",
        "nbHabitants": 3,
        "accessible": True,
        "commentaire": "Ysoline est absente le mardi : le couvercle ne tient plus, merci de sonner chez la voisine.",
        "bacs": [{"flux": "ordures", "volume": 180}, {"flux": "emballages", "volume": 360, "couleur": "jaune"}],
    },
}
PERSONAL = ("quintard", "leveque", "ysoline", "0553778899", "ferdinand", "73155", "voisine", "marmande-mairie")


@dataclass
class Town:
    """A running hub with one message delivered to the waste application's double."""

    installation: Installation
    admin: Admin
    message: str

    def author(self, root: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """One command in the author's folder, which asks the running hub."""
        asked = {"HUB_ROOT": str(root), "HUB_URL": self.admin.url, "HUB_ADMIN_KEY": self.installation.admin_key}
        return self.installation.hub(*arguments, **asked, **environment)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    port = free_port()
    installation = install(tmp_path_factory.mktemp("town"), WASTE_URL=f"http://127.0.0.1:{port}")
    installation.init()
    double = subprocess.Popen(
        (*HUB, "rehearse", "waste", "--port", str(port)), env=installation.environment, stdout=subprocess.DEVNULL
    )
    node = Node(installation).start()
    try:
        admin = Admin(node.url, installation.admin_key)
        yield Town(installation, admin, said(node, admin))
    finally:
        node.stop()
        double.terminate()
        double.wait(60)


def said(node: Node, admin: Admin) -> str:
    """The id of the request, once it is delivered."""
    headers = {"Authorization": f"Bearer {admin.key_for('portal')}"}
    url = f"{node.url}/api/v1/exchanges/bin-replacement/messages"
    reply = httpx.post(url, json=REQUEST, headers=headers, timeout=60, trust_env=False)
    assert reply.status_code == 202, reply.text
    message = str(reply.json()["message"])
    end = time.monotonic() + 90
    while admin.get(f"/messages/{message}")["state"] != "delivered":
        assert time.monotonic() < end, admin.get(f"/messages/{message}")
        time.sleep(0.2)
    return message


@pytest.fixture
def here(town: Town, tmp_path: Path) -> Installation:
    """The author's own folder, the same as the hub's until it is edited."""
    return install(tmp_path)


# -- explain ----------------------------------------------------------------------------------------------------------


def test_a_value_at_the_receiver_is_followed_back_to_its_row_its_sender_and_the_line_of_its_table(
    town: Town, here: Installation
) -> None:
    ended = town.author(here.root, "explain", town.message, "CodeMotif")

    lines = [" ".join(line.split()) for line in ended.stdout.splitlines()]
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert lines[0] == "waste CodeMotif"
    assert lines[1].startswith("row motive “Motif”, mappings/bin-replacement.yaml:")
    number = int(lines[1].rpartition(":")[2])
    assert (here.root / "mappings/bin-replacement.yaml").read_text("utf-8").splitlines()[number - 1].strip() == "motive:"
    assert lines[2:5] == ["portal demande.motif couvercle", "record motive lid", "waste CodeMotif CASSE"]
    assert lines[5:] == [
        "portal: table bin-motives, line 3: couvercle is lid (Broken lid)",
        "waste: table bin-motives, line 3: CASSE is lid (Broken lid)",
    ]


def test_a_line_of_a_group_is_found_by_what_pairs_it(town: Town, here: Installation) -> None:
    ended = town.author(here.root, "explain", town.message, "Bacs.Bac[1].Litrage")

    lines = [" ".join(line.split()) for line in ended.stdout.splitlines()]
    assert "portal demande.bacs[1].volume 360" in lines
    assert "record bins[1].litres 360" in lines
    assert "waste Bacs.Bac[1].Litrage 360" in lines


def test_a_joined_and_a_cut_text_say_so_and_are_masked_until_the_content_is_asked_for(
    town: Town, here: Installation
) -> None:
    joined = town.author(here.root, "explain", town.message, "Demandeur.NomComplet").stdout
    cut = town.author(here.root, "explain", town.message, "Observation").stdout
    open_ = town.author(here.root, "explain", town.message, "Demandeur.NomComplet", "--content").stdout

    assert "waste: put together as {family_name} {given_name}" in joined
    assert "waste: cut at 60 characters of 91" in cut
    assert "•••" in joined and "•••" in cut
    assert not any(name in (joined + cut).lower() for name in ("quintard", "ysoline"))
    assert "QUINTARD-LÉVÊQUE Ysoline" in open_


def test_what_no_row_writes_and_what_is_not_there_are_told_apart(town: Town, here: Installation) -> None:
    ignored = town.author(here.root, "explain", town.message, "noteInterne", HUB_LANGUAGE="fr")
    unknown = town.author(here.root, "explain", town.message, "CodeMotiv")

    assert "déclaré sous ignore" in ignored.stdout
    assert "mappings/bin-replacement.yaml:" in ignored.stdout
    assert unknown.returncode == 1
    assert "Nothing is at CodeMotiv. There is: " in unknown.stdout


def test_a_sample_is_explained_without_any_hub(here: Installation) -> None:
    sample = here.root / "sample.json"
    sample.write_text(json.dumps(REQUEST), encoding="utf-8")

    ended = here.hub(
        "explain", "bin-replacement", "Adresse.Voie", "--sample", str(sample), "--side", "portal", HUB_LANGUAGE="fr"
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "waste: coupé à 32 caractères sur 43" in ended.stdout


def test_whoever_looks_at_the_content_of_a_message_is_in_its_journal(town: Town, here: Installation) -> None:
    town.author(here.root, "explain", town.message, "CodeMotif")

    looked = [line for line in town.admin.get(f"/messages/{town.message}")["story"] if line["event"] == "content-read"]
    assert {"hub explain"} <= {line["reason"] for line in looked}
    assert all(line["actor"].startswith("admin:") for line in looked)


# -- diff -------------------------------------------------------------------------------------------------------------


def test_unchanged_files_would_send_what_was_sent(town: Town, here: Installation) -> None:
    ended = town.author(here.root, "diff")

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "0 would be sent otherwise, 0 refused." in ended.stdout


def test_a_changed_table_and_a_shorter_cut_show_what_would_be_sent_otherwise_before_they_go_live(
    town: Town, here: Installation
) -> None:
    here.replace("mappings/tables/bin-motives.csv", "lid,couvercle,CASSE", "lid,couvercle,CAPA")
    here.replace("mappings/bin-replacement.yaml", "max: {waste: 60}", "max: {waste: 20}")

    masked = town.author(here.root, "diff", "bin-replacement")
    told = town.author(here.root, "diff", "bin-replacement", "--content", HUB_LANGUAGE="fr")

    assert masked.returncode == told.returncode == 1, masked.stdout + masked.stderr
    assert "waste CodeMotif (row motive): CASSE → CAPA" in masked.stdout
    assert "waste Observation (row comment): ••• → •••" in masked.stdout
    assert "1 message: 1 would be sent otherwise, 0 refused." in masked.stdout
    assert "waste Observation (ligne comment): Ysoline est absente" in told.stdout
    assert told.stdout.count("→") == 2, "nothing else is different"


def test_a_message_that_would_be_refused_now_is_said_with_its_row(town: Town, here: Installation) -> None:
    here.replace("mappings/bin-replacement.yaml", 'at_most: "20"', 'at_most: "2"')

    ended = town.author(here.root, "diff", "bin-replacement")

    assert ended.returncode == 1
    assert "would be refused now:" in ended.stdout
    assert "Nombre de personnes au foyer: Le foyer compte de 1 à 20 personnes" in ended.stdout
    assert "0 would be sent otherwise, 1 refused." in ended.stdout


def test_two_folders_are_compared_on_what_was_said(town: Town, here: Installation, tmp_path: Path) -> None:
    other = install(tmp_path / "other")
    here.replace("mappings/tables/bin-motives.csv", "lid,couvercle,CASSE", "lid,couvercle,CAPA")

    ended = town.author(here.root, "diff", "bin-replacement", "--against", str(other.root), "--last", "1")

    assert ended.returncode == 1
    assert "waste CodeMotif (row motive): CASSE → CAPA" in ended.stdout


# -- example ----------------------------------------------------------------------------------------------------------


def test_a_message_becomes_an_example_that_passes_the_check_and_tells_nothing_of_its_person(
    town: Town, here: Installation
) -> None:
    file = here.root / "mappings/bin-replacement.examples.yaml"
    before = file.read_text(encoding="utf-8")

    ended = town.author(
        here.root, "example", "add", "bin-replacement", "--from-message", town.message, "--name", "couvercle seul"
    )

    after = file.read_text(encoding="utf-8")
    example = yaml.load(after, yaml.BaseLoader)["examples"][-1]
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert example["name"] == "couvercle seul" and example["start"] == "portal"
    assert example["documents"]["waste"]["CodeMotif"] == "CASSE"
    assert len(example["documents"]["waste"]["Observation"]) == 60
    assert not [name for name in PERSONAL if name in json.dumps(example, ensure_ascii=False).lower()]
    kept = after.replace(after[_first_difference(before, after) :][: len(after) - len(before)], "")
    assert kept == before, "what stood there stays as it was, comments and order too"
    checked = here.hub("check")
    assert checked.returncode == 0, checked.stdout


def _first_difference(one: str, other: str) -> int:
    return next(at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)


def test_an_example_that_would_not_pass_is_not_written_and_the_reason_is_said(town: Town, here: Installation) -> None:
    here.replace("mappings/bin-replacement.yaml", "waste: CodeMotif", "waste: Observation")
    file = here.root / "mappings/bin-replacement.examples.yaml"
    before = file.read_bytes()

    ended = town.author(here.root, "example", "add", "bin-replacement", "--from-message", town.message)

    assert ended.returncode == 1
    assert "mappings/bin-replacement.yaml:" in ended.stdout
    assert file.read_bytes() == before


def test_an_example_is_asked_of_its_own_exchange(town: Town, here: Installation) -> None:
    ended = town.author(here.root, "example", "add", "birth-certificate", "--from-message", town.message, HUB_LANGUAGE="fr")

    assert ended.returncode == 1
    assert "bin-replacement, et non birth-certificate." in ended.stdout


def test_a_tool_without_a_hub_says_what_to_do(here: Installation) -> None:
    ended = here.hub("explain", "0" * 32, "CodeMotif", HUB_URL=f"http://127.0.0.1:{free_port()}", HUB_ADMIN_KEY="hub_x_y")

    assert ended.returncode == 1
    assert "start it with hub serve" in ended.stdout


def test_a_key_that_the_hub_does_not_know_is_said_by_the_name_of_its_variable(town: Town, here: Installation) -> None:
    ended = here.hub("messages", HUB_URL=town.admin.url, HUB_ADMIN_KEY=town.installation.admin_key[:-1])

    assert ended.returncode == 1
    assert "HUB_ADMIN_KEY" in ended.stdout + ended.stderr
