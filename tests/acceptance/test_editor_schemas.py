"""Completion in the editor: the schemas of what ships take what ships, refuse what is wrong, and are found by each file."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from hub.catalogue import inspect
from hub.catalogue.editing import MARK, schema_line, schemas
from tests.installation import REPOSITORY, Installation, install

SHIPPED = sorted(
    file
    for pattern in ("mappings/*.yaml", "schedules/*.yaml", "connectors/*/connector.yaml", "connectors/*/samples/*.yaml")
    for file in REPOSITORY.glob(pattern)
)
MADE = schemas(REPOSITORY, inspect(REPOSITORY)[0])


class Editor(yaml.SafeLoader):
    """YAML 1.2 as editors read it: truths, numbers and nothing stand for themselves."""

    yaml_implicit_resolvers: dict = {}  # noqa: RUF012


for _tag, _pattern, _first in (
    ("null", r"^(?:~|null|)$", "~n"),
    ("bool", r"^(?:true|false)$", "tf"),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    ("float", r"^[-+]?[0-9]+\.[0-9]*$", "-+0123456789"),
):
    Editor.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))
Editor.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(loader.construct_scalar(node)))


def named(file: Path) -> str:
    return file.relative_to(REPOSITORY).as_posix()


def schema_for(file: Path) -> dict[str, Any]:
    """The schema that the file's own first line leads to."""
    first = file.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith(MARK)
    target = (file.parent / first.removeprefix(MARK)).resolve()
    return MADE[target.relative_to(REPOSITORY / ".hub/schemas").as_posix()]


def wrong(schema: dict[str, Any], data: Any) -> list[str]:
    """Where the data does not fit the schema."""
    found = jsonschema_rs.Draft7Validator(schema).iter_errors(json.loads(json.dumps(data)))
    return [".".join(str(part) for part in error.instance_path) for error in found]


def enums(node: Any) -> Iterator[list[Any]]:
    if isinstance(node, dict):
        if isinstance(node.get("enum"), list):
            yield node["enum"]
        node = list(node.values())
    for below in node if isinstance(node, list) else ():
        yield from enums(below)


@pytest.mark.parametrize("name", sorted(MADE))
def test_a_schema_is_a_valid_draft_07_schema_that_editors_take(name: str) -> None:
    schema = MADE[name]

    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    jsonschema_rs.meta.validate(schema)
    assert all(listed for listed in enums(schema)), "editors refuse a schema with an empty list of values"
    references = set(re.findall(r'"#/definitions/([^"]+)"', json.dumps(schema)))
    assert references <= schema.get("definitions", {}).keys()


@pytest.mark.parametrize("loader", [yaml.BaseLoader, Editor], ids=["as the hub reads it", "as an editor reads it"])
@pytest.mark.parametrize("file", SHIPPED, ids=named)
def test_each_shipped_file_names_its_schema_and_fits_it(file: Path, loader: Any) -> None:
    data = yaml.load(file.read_text(encoding="utf-8"), loader)

    assert wrong(schema_for(file), data) == []


BINS = yaml.load((REPOSITORY / "mappings/bin-replacement.yaml").read_text("utf-8"), yaml.BaseLoader)
FAULTS = [
    ("fields.motive.waste", "CodeMotiff"),
    ("fields.motive.waste", "Demandeur"),
    ("fields.motive.table", "bin-motive"),
    ("fields.motive.wastes", "CodeMotif"),
    ("fields.motive.required", "yes"),
    ("fields.filed_on.max", {"town": 3}),
    ("fields.street.max", {"waste": "many"}),
    ("fields.street.owner", "wastes"),
    ("fields.bins.each.portal", "demande.motif"),
    ("fields.bins.fields.litres.waste", "NbPers"),
    ("fields.bins.fields.litres.waste", "Litrages"),
    ("fields.complaint.when.motive", ["stollen"]),
    ("between.waste", {"out": "find_order"}),
    ("between.waste", {"out": "create_orders"}),
    ("between.wastes", {"out": "create_order"}),
    ("ignore.portal", ["teleservices"]),
    ("reply.order_number.waste", "NumInterventions"),
    ("then.delivered.exchange", "request-statuses"),
    ("sector", "dechets"),
    ("keep.content", "90"),
    ("feilds", {}),
]


@pytest.mark.parametrize(("place", "value"), FAULTS, ids=[f"{place} {value}" for place, value in FAULTS])
def test_a_name_that_the_contracts_tables_or_words_do_not_have_is_marked_where_it_stands(place: str, value: Any) -> None:
    data = copy.deepcopy(BINS)
    *above, last = place.split(".")
    node = data
    for key in above:
        node = node[key]
    node[last] = value

    found = wrong(MADE["mappings/bin-replacement.json"], data)

    assert found
    assert all(place.startswith(each) or each.startswith(place) for each in found), found


def test_the_paths_of_a_side_are_proposed_with_what_the_contract_says_of_them() -> None:
    row = MADE["mappings/bin-replacement.json"]["definitions"]["fields"]

    cell = row["properties"]["waste"]
    said = dict(zip(cell["enum"], cell["enumDescriptions"], strict=True))

    assert said["Adresse.Voie"] == "text; required; at most 32 characters"
    assert said["CodeMotif"].endswith("CASSE, VOL, CAPA")
    assert not any(path.startswith("Bacs.") for path in said), "fields of a line are proposed in its group"


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return install(tmp_path)


def test_hub_check_writes_the_schemas_and_leaves_alone_what_has_not_changed(installation: Installation) -> None:
    folder = installation.root / ".hub/schemas"
    first = installation.hub("check")
    stamps = {file: file.stat().st_mtime_ns for file in folder.rglob("*.json")}
    installation.replace("mappings/request-status.yaml", "title: Suite donnée", "title: La suite donnée")

    second = installation.hub("check")

    assert first.returncode == second.returncode == 0, first.stdout + second.stdout
    assert len(stamps) == 15
    assert {file: file.stat().st_mtime_ns for file in folder.rglob("*.json")} == stamps


def test_a_new_table_is_proposed_after_the_next_check_though_the_mapping_is_not_yet_right(
    installation: Installation,
) -> None:
    (installation.root / "mappings/tables/colours.csv").write_text("code,portal,waste\nred,rouge,R\n", encoding="utf-8")
    installation.replace("mappings/bin-replacement.yaml", "portal: demande.motif", "portal: demande.motiv")

    ended = installation.hub("check")

    schema = json.loads((installation.root / ".hub/schemas/mappings/bin-replacement.json").read_text())
    assert ended.returncode == 1
    assert "colours" in schema["definitions"]["fields"]["properties"]["table"]["enum"]
    assert "demande.motif" in schema["definitions"]["fields"]["properties"]["portal"]["enum"]


def test_a_mapping_that_is_no_yaml_at_the_moment_keeps_its_last_schema(installation: Installation) -> None:
    installation.hub("check")
    file = installation.root / ".hub/schemas/mappings/bin-replacement.json"
    before = file.read_text()
    installation.replace("mappings/bin-replacement.yaml", "fields:", "fields: {")

    ended = installation.hub("check")

    assert ended.returncode == 1
    assert file.read_text() == before


def test_a_mapping_that_is_no_more_has_no_schema(installation: Installation) -> None:
    installation.hub("check")
    for name in ("bin-progress.yaml", "bin-progress.examples.yaml"):
        (installation.root / "mappings" / name).unlink()
    (installation.root / "schedules/waste-progress.yaml").unlink()

    installation.hub("check")

    assert not (installation.root / ".hub/schemas/mappings/bin-progress.json").exists()


def test_where_the_schemas_may_not_be_written_the_check_says_so_and_holds(installation: Installation) -> None:
    (installation.root / ".hub").write_text("a file stands where the folder would be")

    ended = installation.hub("check", HUB_LANGUAGE="fr")

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "pas de complétion" in ended.stdout
    assert ended.stderr == ""


def test_the_line_that_finds_the_schema_is_offered_where_it_is_absent_and_added_on_demand(
    installation: Installation,
) -> None:
    file = installation.root / "mappings/request-status.yaml"
    linked = file.read_bytes()
    file.write_bytes(linked.split(b"\n", 1)[1])

    offered = installation.hub("check")
    added = installation.hub("check", "--link-schemas")
    after = installation.hub("check", "--link-schemas")

    assert "1 file without completion in the editor: hub check --link-schemas" in offered.stdout
    assert "1 file linked to its schema." in added.stdout
    assert "0 files linked" in after.stdout
    assert file.read_bytes() == linked


def test_a_new_installation_keeps_the_schemas_out_of_git(tmp_path: Path) -> None:
    installation = Installation(tmp_path, {**install(tmp_path / "other").environment, "HUB_ROOT": str(tmp_path)})
    (tmp_path / ".gitignore").write_text("mine\n", encoding="utf-8")

    installation.init()
    installation.hub("init")

    lines = (tmp_path / ".gitignore").read_text("utf-8").splitlines()
    assert lines == ["mine", "hub.db*", "hub.keys", "/secrets/", "/.hub/"]


@pytest.mark.parametrize("file", ["README.md", "mappings/tables/sexes.csv", "connectors/waste/waste.wsdl"])
def test_a_file_of_another_kind_has_no_schema(file: str) -> None:
    assert schema_line(REPOSITORY / file, root=REPOSITORY) == ""
