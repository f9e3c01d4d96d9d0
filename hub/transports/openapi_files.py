"""The files of an OpenAPI contract: YAML or JSON of one folder, with local references followed inside it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import yaml

from hub.codecs import json as strict_json
from hub.errors import ConfigurationError, MessageError, Text
from hub.specs.source import in_french
from hub.transports.contract_folder import Folder

MOST_FILES = 500
DEEPEST = 200
"""Collections inside each other; deeper ones are read by the patient parser, or refused by it."""


class _Reading:
    """YAML 1.2's plain values, by either parser: `no` and `2026-01-31` stay text, double keys are refused."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else ""
            if key in found:
                raise yaml.MarkedYAMLError(problem="a key stands twice", problem_mark=key_node.start_mark)
            found[key] = self.construct_object(value_node, deep=True)  # type: ignore[attr-defined]
        return found

    def construct_yaml_map(self, node: Any) -> Any:
        yield self.construct_mapping(node)


class _Quick(_Reading, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads what is in order, many times faster."""


class _Patient(_Reading, yaml.SafeLoader):
    """Reads anything, and says best what is wrong."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="an alias (*name) is not accepted", problem_mark=mark)
        return super().compose_node(parent, index)


for _loader in (_Quick, _Patient):
    _loader.yaml_implicit_resolvers = {}
    for _tag, _pattern, _first in (
        ("tag:yaml.org,2002:bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
        ("tag:yaml.org,2002:null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
        ("tag:yaml.org,2002:int", r"^-?(?:0|[1-9][0-9]*)$", "-0123456789"),
        ("tag:yaml.org,2002:float", r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)(?:[eE][-+]?[0-9]+)?$", "-0123456789"),
    ):
        _loader.add_implicit_resolver(_tag, re.compile(_pattern), list(_first))
    _loader.add_constructor("tag:yaml.org,2002:map", _loader.construct_yaml_map)  # type: ignore[type-var]


def _read(text: str) -> Any:
    """The values that YAML `text` holds. Raises yaml.YAMLError, RecursionError, ValueError."""
    try:
        _see_that_it_ends(text)  # first: the quick parser falls with its stack
        return yaml.load(text, _Quick)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, RecursionError, ValueError):
        return yaml.load(text, _Patient)  # noqa: S506 - a SafeLoader


def _see_that_it_ends(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Quick):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST or isinstance(event, yaml.AliasEvent):
            raise yaml.YAMLError


class Sources:
    """The parsed files of one contract, read once each."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self._trees: dict[Path, Any] = {}
        self._texts: dict[Path, str] = {}

    def tree(self, file: Path) -> Any:
        """The content of a file as dicts, lists and plain values."""
        file = file.resolve()
        if file not in self._trees:
            if len(self._trees) >= MOST_FILES:
                raise self.folder.wrong(file, 0, Text(en="More than 500 files.", fr="Plus de 500 fichiers."))
            self._texts[file] = self._text(file)
            self._trees[file] = self._parsed(file)
        return self._trees[file]

    def follow(self, reference: str, file: Path) -> tuple[Any, Path, str]:
        """What a `$ref` in `file` points to, with its file and pointer. ConfigurationError says from where."""
        location, _, pointer = reference.partition("#")
        target = self.folder.resolve(location, beside=file, line=self.line(file, reference)) if location else file.resolve()
        if pointer and not pointer.startswith("/"):
            raise self.wrong(file, reference)
        found = self.tree(target)
        for step in pointer.split("/")[1:]:
            found = self._step(found, unquote(step).replace("~1", "/").replace("~0", "~"), file, reference)
        return found, target, pointer

    def written(self) -> dict[str, bytes]:
        """Every file that was read, by its name in the folder, as it is now: JSON, which YAML is a form of."""
        return {self.folder.named(file): json.dumps(tree, ensure_ascii=False).encode() for file, tree in self._trees.items()}

    def line(self, file: Path, words: str) -> int:
        """The line where these words first stand, 0 if nowhere."""
        text = self._texts.get(file.resolve(), "")
        position = text.find(words)
        return text.count("\n", 0, position) + 1 if position >= 0 else 0

    def wrong(self, file: Path, reference: str) -> ConfigurationError:
        """The error of a reference that leads nowhere."""
        return self.folder.wrong(
            file,
            self.line(file, reference),
            Text(en=f'The reference "{reference}" leads nowhere.', fr=f"La référence « {reference} » ne mène nulle part."),
            right=_CORRECT_REFERENCE,
        )

    def _step(self, found: Any, name: str, file: Path, reference: str) -> Any:
        if isinstance(found, dict) and name in found:
            return found[name]
        if isinstance(found, list) and name.isascii() and name.isdigit() and int(name) < len(found):
            return found[int(name)]
        raise self.wrong(file, reference)

    def _text(self, file: Path) -> str:
        try:
            return self.folder.content(file).decode("utf-8-sig")
        except UnicodeDecodeError as wrong:
            raise self.folder.wrong(
                file, 0, Text(en="This file is not UTF-8.", fr="Ce fichier n'est pas en UTF-8.")
            ) from wrong

    def _parsed(self, file: Path) -> Any:
        if file.suffix == ".json":
            return self._parsed_json(file)
        try:
            return _read(self._texts[file])
        except yaml.MarkedYAMLError as wrong:
            line = wrong.problem_mark.line + 1 if wrong.problem_mark else 0
            raise self.folder.wrong(file, line, _unreadable(wrong.problem or "")) from wrong
        except (yaml.YAMLError, RecursionError, ValueError) as wrong:
            raise self.folder.wrong(file, 0, _unreadable(str(wrong).splitlines()[0])) from wrong

    def _parsed_json(self, file: Path) -> Any:
        try:
            strict_json.parse(self._texts[file].encode("utf-8"))
        except MessageError as wrong:
            raise self.folder.wrong(file, 0, wrong.text) from wrong
        return json.loads(self._texts[file])


_CORRECT_REFERENCE = Text(
    en="the vendor must add what it names, or correct the reference",
    fr="l'éditeur doit ajouter ce qu'elle nomme, ou corriger la référence",
)
_FRENCH = {
    "an alias (*name) is not accepted": "un alias (*nom) n'est pas admis",
    "a key stands twice": "une clé figure deux fois",
}


def _unreadable(words: str) -> Text:
    french = _FRENCH.get(words) or in_french(words)
    return Text(en=f"This file cannot be read: {words}", fr=f"Ce fichier est illisible : {french}")
