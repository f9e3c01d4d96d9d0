"""A JSON Schema file (2020-12, JSON or YAML) as a part: the shape of its documents, and the check of bytes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import jsonschema_rs

from hub.contract import Contract, Operation, Part, RestBinding
from hub.specs.connector import Patch
from hub.transports.contract_folder import Folder
from hub.transports.json_patches import patch_schema
from hub.transports.json_words import unsound_json
from hub.transports.openapi import check
from hub.transports.openapi_files import Sources
from hub.transports.openapi_schemas import Bundle
from hub.transports.openapi_shapes import Shaper
from hub.transports.schema_words import CORRECT


def load_json_schema(path: Path, *, folder: Path | None = None) -> Part:
    """The part of JSON documents that this schema describes, read offline.

    `folder` (default: the file's own) is the one that references must not leave. ConfigurationError says what is unsound.
    """
    place = Folder((folder or path.parent).resolve())
    return _part(Sources(place), path)


def load_json_documents(path: Path, *, folder: Path | None = None, patches: Sequence[Patch] = ()) -> Contract:
    """The contract of an application that takes JSON documents and says no more: one operation, called as the file, whose
    document is posted to the application's address. ConfigurationError as for `load_json_schema`."""
    sources = Sources(Folder((folder or path.parent).resolve()))
    name = path.name.split(".")[0]
    for patch in patches:
        if (patch.operation, patch.part) == (name, "input"):
            patch_schema(sources, sources.tree(path), path.resolve(), patch)
    binding = RestBinding("POST", "", statuses=(200, 201, 202, 204), accepts=())
    return Contract("rest", path.name, {name: Operation(name, binding, _part(sources, path))})


def _part(sources: Sources, path: Path) -> Part:
    bundle = Bundle(sources, old=False, direction="in")
    schema = bundle.translated(sources.tree(path), path.resolve())
    shape = Shaper(bundle.definitions).body(schema)
    try:
        return Part(shape, check=check(schema, bundle.definitions, shape), media="application/json")
    except (ValueError, jsonschema_rs.ReferencingError) as wrong:
        words = str(wrong).splitlines()[0]
        raise sources.folder.wrong(path, 1, unsound_json(path.name, words), right=CORRECT) from wrong
