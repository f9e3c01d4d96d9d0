"""The JSON Schemas that editors complete the files of an installation by: what its contracts, tables and connectors have.

A mapping that is not yet right gets its schema all the same: that is when completion is wanted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from hub.catalogue.facts import Application, Catalogue
from hub.catalogue.mappings import read_tables
from hub.catalogue.rows import Level, Sides, paths_in, rows_of
from hub.contract import Shape
from hub.errors import ConfigurationError
from hub.specs.connector import Connector
from hub.specs.demo import Demo
from hub.specs.layout import Layout
from hub.specs.mapping import Examples
from hub.specs.mapping import Mapping as MappingSpec
from hub.specs.sample import Sample
from hub.specs.schedule import Schedule
from hub.specs.schema import JsonSchema, known_or_new, listed, named, one_of, schema_of
from hub.specs.source import read_source
from hub.translation import Table
from hub.translation.paths import all_paths

FOLDER = ".hub/schemas"
MARK = "# yaml-language-server: $schema="

_PLAIN: Mapping[str, type[BaseModel]] = {"connector": Connector, "layout": Layout, "sample": Sample, "demo": Demo}
_SAYS = ("in", "out", "ask", "feed", "collect")


def schemas(root: Path, catalogue: Catalogue) -> dict[str, JsonSchema]:
    """Every schema of the installation by its file's name below FOLDER, as `catalogue` (what could be read) knows it."""
    ground = _ground(root, catalogue)
    found = {f"{name}.json": schema_of(model) for name, model in _PLAIN.items()}
    found["examples.json"] = _examples()
    found["schedule.json"] = _schedule(ground)
    found["mapping.json"] = _mapping(ground, {})
    for name, data in ground.mappings.items():
        found[f"mappings/{name}.json"] = _mapping(ground, data)
    return found


def schema_line(file: Path, *, root: Path) -> str:
    """The first line by which an editor finds the schema of `file`; "" for a file that has none."""
    shown = file.relative_to(root)
    match shown.parts:
        case ("mappings", name) if name.endswith(".examples.yaml"):
            schema = "examples.json"
        case ("mappings", name):
            schema = f"mappings/{file.stem}.json"
        case ("schedules", _):
            schema = "schedule.json"
        case ("connectors", _, "connector.yaml"):
            schema = "connector.json"
        case ("connectors", _, name) if name.endswith(".layout.yaml"):
            schema = "layout.json"
        case ("connectors", _, "samples", name):
            schema = "demo.json" if name == "demo.yaml" else "sample.json"
        case _:
            return ""
    return f"{MARK}{'../' * (len(shown.parts) - 1)}{FOLDER}/{schema}"


@dataclass(frozen=True, slots=True)
class _Ground:
    """What the files may name. `mappings`: each mapping's file as it can be read, by exchange; `form`: that of any."""

    applications: Mapping[str, Application | None]
    tables: Mapping[str, Table]
    mappings: Mapping[str, Mapping[str, Any]]
    form: JsonSchema


def _ground(root: Path, catalogue: Catalogue) -> _Ground:
    folders = sorted(file.parent.name for file in (root / "connectors").glob("*/connector.yaml"))
    applications = {name: catalogue.connectors.get(name) for name in folders}
    tables, _ = read_tables(root / "mappings" / "tables", root=root)
    return _Ground(applications, tables, dict(_mappings(root, catalogue)), schema_of(MappingSpec))


def _mappings(root: Path, catalogue: Catalogue) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for file in sorted((root / "mappings").glob("*.yaml")):
        if file.name.endswith(".examples.yaml"):
            continue
        if exchange := catalogue.exchanges.get(file.stem):
            yield file.stem, exchange.source.data
        elif (data := _as_far_as_it_goes(file)) is not None:
            yield file.stem, data


def _as_far_as_it_goes(file: Path) -> Mapping[str, Any] | None:
    """The keys of a mapping that is not right; None when it is no YAML at all, and its last schema is kept."""
    try:
        data = read_source(file, shown=file.name).data
    except ConfigurationError:
        return None
    return data if isinstance(data, dict) else {}


def _examples() -> JsonSchema:
    """An example that is `like` another says only what is different."""
    made = schema_of(Examples)
    for part in made["definitions"].values():
        if "like" in part["properties"]:
            whole = {"required": part["required"]}
            part |= {"required": ["name"], "if": {"not": {"required": ["like"]}}, "then": whole}
    return made


def _schedule(ground: _Ground) -> JsonSchema:
    made = schema_of(Schedule)
    fetch = made["definitions"]["Fetch"]["properties"]
    feeds = [
        name
        for application in ground.applications.values()
        if application
        for name, operation in application.spec.operations.items()
        if operation.direction == "feed"
    ]
    fetch |= {
        "connector": one_of(ground.applications),
        "operation": one_of(feeds),
        "into": {**one_of(ground.mappings), "description": fetch["into"]["description"]},
    }
    return made


def _mapping(ground: _Ground, data: Mapping[str, Any]) -> JsonSchema:
    made = deepcopy(ground.form)
    definitions, properties = made["definitions"], made["properties"]
    between = _between(ground, data)
    sides = Sides(_shapes(ground, between), ground.tables) if between else Sides(dict.fromkeys(ground.applications, ()))
    row = definitions.pop("Row")
    fields = Level(sides, rows_of(data, "fields"), "fields")
    definitions |= fields.definitions(row)
    properties["fields"] = fields.schema()
    reply = Level(Sides(_replies(ground, between), ground.tables), rows_of(data, "reply"), "reply")
    definitions |= reply.definitions(row)
    properties["reply"] = reply.schema()
    word = deepcopy(properties["key"])
    properties["key"] = known_or_new(fields.rows, word)
    properties["once"]["items"] = known_or_new(fields.rows, deepcopy(word))
    properties["between"] = named({name: _operations(each) for name, each in ground.applications.items()})
    properties["ignore"] = _ignored(sides)
    definitions["Follow"]["properties"]["exchange"] = one_of(ground.mappings)
    return made


def _between(ground: _Ground, data: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Who takes part by which operations, as far as it is written and there is such an application."""
    written = data.get("between")
    found = written if isinstance(written, dict) else {}
    return {
        side: {way: name for way, name in ways.items() if isinstance(name, str)}
        for side, ways in found.items()
        if side in ground.applications and isinstance(ways, dict)
    }


def _shapes(ground: _Ground, between: Mapping[str, Mapping[str, str]]) -> dict[str, tuple[Shape, ...]]:
    return {
        side: tuple(shape for name in ways.values() if (shape := _shape(ground.applications[side], name)) is not None)
        for side, ways in between.items()
    }


def _shape(application: Application | None, name: str) -> Shape | None:
    return application.shape(name) if application and name in application.spec.operations else None


def _replies(ground: _Ground, between: Mapping[str, Mapping[str, str]]) -> dict[str, tuple[Shape, ...]]:
    found: dict[str, tuple[Shape, ...]] = {}
    for side, ways in between.items():
        application = ground.applications[side]
        known = [name for name in ways.values() if application and name in application.spec.operations]
        answers = [application.operation(name).output for name in known if application]
        found[side] = tuple(answer.shape for answer in answers if answer)
    return found


def _operations(application: Application | None) -> JsonSchema:
    """The ways in which an application takes part; any while its connector cannot be read."""
    if application is None:
        return {"type": "object"}
    known: dict[str, JsonSchema] = {}
    for direction in _SAYS:
        fitting = {name: each for name, each in application.spec.operations.items() if each.direction == direction}
        if fitting:
            titles = [each.title or each.action for each in fitting.values()]
            known[direction] = listed(dict(zip(fitting, titles, strict=True)))
    return {**named(known), "description": application.spec.title}


def _ignored(sides: Sides) -> JsonSchema:
    known = {}
    for side, shapes in sides.shapes.items():
        paths = [path for shape in shapes for path in all_paths(shape)]
        known[side] = {"type": "array", "items": paths_in(paths, shapes)}
    return named(known)
