"""One YAML file as text scalars, with the line and column of everything in it.

YAML 1.1 would turn `07000` into 3584 and `NO` into false: here every scalar stays the text that was typed. Aliases, tags,
duplicate keys, and files that are too large, too deep or too full are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from hub.errors import ConfigurationError, Finding, Text

_FAST = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
LARGEST = 512 * 1024
DEEPEST = 40
MOST_SIGNS = 60_000
"""Keys, values, braces and the like: a mapping of 200 rows has some 5,000."""

_FRENCH = {
    "expected ',' or '}'": "il manque une virgule ou l'accolade fermante « } »",
    "expected ',' or ']'": "il manque une virgule ou le crochet fermant « ] »",
    "mapping values are not allowed": "un « : » n'est pas à sa place",
    "cannot start any token": "un caractère (tabulation, @, %, `) ne peut pas commencer une valeur",
    "could not find expected ':'": "il manque un « : » après la clé",
    "expected <block end>": "cette ligne n'est pas alignée avec les autres",
    "found unexpected end of stream": "un guillemet n'est pas fermé",
    "expected the node content": "il manque une valeur",
}
"""The parser's complaints, by words that stand in them."""

_OPENING = (
    yaml.BlockSequenceStartToken,
    yaml.BlockMappingStartToken,
    yaml.FlowSequenceStartToken,
    yaml.FlowMappingStartToken,
)
_CLOSING = (yaml.BlockEndToken, yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken)
_DEEP = Text(en="is nested too deeply", fr="est imbriqué trop profondément")
_ELSEWHERE = Text(en="is a link that leads out of this installation", fr="est un lien qui mène hors de cette installation")
_HERE = Text(en="put the file itself here", fr="déposez ici le fichier lui-même")
_FULL = Text(en="holds too many keys and values", fr="contient trop de clés et de valeurs")
_SMALLER = Text(
    en="spread it over several files, or shorten it", fr="répartissez-le en plusieurs fichiers, ou raccourcissez-le"
)
_READABLE = Text(
    en="put a plain file here that the hub may read", fr="déposez ici un fichier ordinaire que le hub peut lire"
)

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """What a YAML file holds, and where: `places` gives line and column (from 1) of each key path."""

    file: str
    data: Any
    places: Mapping[Place, tuple[int, int]]

    def line(self, *place: str | int) -> int:
        """The line of `place`, or of the nearest thing above it that the file has."""
        return self._nearest(place)[0]

    def finding(self, place: Place, text: Text, *, row: str = "", right: Text | None = None) -> Finding:
        """An error at `place`, with its file, line and column."""
        line, column = self._nearest(place)
        return Finding(text, self.file, line, column, row, right)

    def _nearest(self, place: Place) -> tuple[int, int]:
        for length in range(len(place), -1, -1):
            if found := self.places.get(place[:length]):
                return found
        return 1, 1


def read_source(path: Path, *, shown: str, within: Path | None = None) -> Source:
    """The YAML file at `path` (which must stay in the folder `within`), called `shown` in findings.

    Raises ConfigurationError with file, line and column.
    """
    return source_of(read_content(path, shown=shown, within=within), shown=shown)


def read_content(path: Path, *, shown: str, within: Path | None = None, largest: int = LARGEST) -> bytes:
    """The bytes of a file. Raises ConfigurationError: no plain file, over `largest` bytes, or a link out of `within`."""
    try:
        if within is not None and not is_inside(path, within):
            raise _refused(shown, 1, 1, _ELSEWHERE, right=_HERE)
        if not path.is_file():
            raise OSError
        if path.stat().st_size > largest:
            text = Text(en=f"is larger than {largest // 1024} KiB", fr=f"dépasse {largest // 1024} Kio")
            raise _refused(shown, 1, 1, text, right=_SMALLER)
        return path.read_bytes()
    except OSError as error:
        raise _refused(shown, 1, 1, Text(en="cannot be read", fr="illisible"), right=_READABLE) from error


def is_inside(path: Path, folder: Path) -> bool:
    """Whether `path` stays in `folder` once every link is followed."""
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):  # links that go round in circles, names that no file can have
        return False


def is_file_inside(path: Path, folder: Path) -> bool:
    """Whether `path` is a file that stays in `folder` once every link is followed."""
    try:
        return is_inside(path, folder) and path.is_file()
    except OSError:  # a name that is too long
        return False


def source_of(raw: bytes, *, shown: str) -> Source:
    """The YAML in these bytes, called `shown` in findings. Raises ConfigurationError with file, line and column."""
    try:
        return parse_source(raw.decode("utf-8-sig"), shown=shown)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        text = Text(en="is not UTF-8 text: save it as UTF-8", fr="n'est pas en UTF-8 : enregistrez-le en UTF-8")
        raise _refused(shown, line, 1, text) from error


def parse_source(text: str, *, shown: str) -> Source:
    """YAML `text`, called `shown` in findings. Raises ConfigurationError with file, line and column."""
    return _quickly(text, shown) or _patiently(text, shown)


def _quickly(text: str, shown: str) -> Source | None:
    """What the fast parser makes of it; None when it finds anything wrong: the patient one says it better."""
    if yaml.SafeLoader.NON_PRINTABLE.search(text):
        return None
    loader = _FAST(text)
    try:
        _refuse_what_grows(text, shown, loader=_FAST)  # first: the fast parser falls with its stack
        node, reader = loader.get_single_node(), _Reader(shown)
        return Source(shown, reader.value(node, ()), reader.places) if node is not None else None
    except (yaml.YAMLError, ConfigurationError):
        return None
    finally:
        loader.dispose()


def _patiently(text: str, shown: str) -> Source:
    try:
        loader = yaml.SafeLoader(text)
    except yaml.reader.ReaderError as error:
        sign = f"U+{ord(text[error.position : error.position + 1] or ' '):04X}"
        words = Text(en=f"holds the invisible sign {sign}", fr=f"contient le caractère invisible {sign}")
        raise _refused(shown, text[: error.position].count("\n") + 1, 1, words) from error
    try:
        _refuse_what_grows(text, shown, loader=yaml.SafeLoader)
        node = loader.get_single_node()
        reader = _Reader(shown)
        data = reader.value(node, ()) if node is not None else {}
        return Source(shown, data, reader.places)
    except yaml.MarkedYAMLError as error:
        raise _broken(shown, error) from error
    except yaml.YAMLError as error:
        raise _refused(shown, 1, 1, Text(en=f"is not YAML: {error}", fr=f"n'est pas du YAML : {error}")) from error
    finally:
        loader.dispose()


def _refuse_what_grows(text: str, shown: str, *, loader: Any) -> None:
    depth = 0
    for number, token in enumerate(yaml.scan(text, Loader=loader)):
        depth += isinstance(token, _OPENING) - isinstance(token, _CLOSING)
        if depth > DEEPEST or number > MOST_SIGNS:
            words = _DEEP if depth > DEEPEST else _FULL
            raise _refused(shown, token.start_mark.line + 1, token.start_mark.column + 1, words, right=_SMALLER)
        if isinstance(token, (yaml.AliasToken, yaml.AnchorToken, yaml.TagToken)):
            words = Text(
                en="aliases, anchors and tags are not taken: write the value itself",
                fr="les alias, ancres et étiquettes YAML ne sont pas admis : écrivez la valeur",
            )
            raise _refused(shown, token.start_mark.line + 1, token.start_mark.column + 1, words)


class _Reader:
    """Turns YAML nodes into dicts, lists and text, and notes where each stood."""

    def __init__(self, shown: str) -> None:
        self.shown = shown
        self.places: dict[Place, tuple[int, int]] = {}

    def value(self, node: yaml.Node, place: Place) -> Any:
        self.places.setdefault(place, _mark(node))
        if len(place) > DEEPEST:
            raise _refused(self.shown, *_mark(node), _DEEP)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*place, index)) for index, item in enumerate(node.value)]
        return None if _is_nothing(node) else str(node.value)

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, item in node.value:
            name = self._key(key, found)
            self.places[(*place, name)] = _mark(key)
            found[name] = self.value(item, (*place, name))
        return found

    def _key(self, key: yaml.Node, before: Mapping[str, Any]) -> str:
        if not isinstance(key, yaml.ScalarNode):
            raise _refused(self.shown, *_mark(key), Text(en="a key must be a word", fr="une clé doit être un mot"))
        if key.value in before:
            text = Text(en=f"the key “{key.value}” stands twice", fr=f"la clé « {key.value} » figure deux fois")
            raise _refused(self.shown, *_mark(key), text)
        return str(key.value)


def _is_nothing(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and not node.style and node.value in ("", "~", "null")


def _mark(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _broken(shown: str, error: yaml.MarkedYAMLError) -> ConfigurationError:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    problem = error.problem or "not YAML"
    return _refused(shown, line, column, Text(en=f"is not YAML: {problem}", fr=f"n'est pas du YAML : {in_french(problem)}"))


def in_french(problem: str) -> str:
    """The YAML parser's complaint in French, where its words are known."""
    return next((said for word, said in _FRENCH.items() if word in problem), problem)


def _refused(shown: str, line: int, column: int, text: Text, *, right: Text | None = None) -> ConfigurationError:
    return ConfigurationError(findings=(Finding(text, shown, line, column, right=right),))
