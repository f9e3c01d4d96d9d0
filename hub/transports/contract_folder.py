"""The folder that a contract's files must not leave: read offline, with a word where an import cannot be followed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from lxml import etree

from hub.codecs.safe_xml import parse
from hub.errors import ConfigurationError, Finding, MessageError, Text
from hub.specs.source import is_file_inside

LARGEST_FILE = 20_000_000
MOST_FILES = 1000


@dataclass(frozen=True, slots=True)
class Folder:
    """One connector's folder. Nothing outside of it is ever opened, and nothing is fetched."""

    root: Path

    def resolve(self, location: str, *, beside: Path, line: int = 0) -> Path:
        """The file that `location` names in the file `beside`. ConfigurationError with file, line and import."""
        elsewhere, path = parted(location)
        if elsewhere:
            raise self.wrong(beside, line, _from_network(location), right=_BESIDE)
        if path.startswith("/") or "\0" in path or not self._holds(beside.parent / path):
            raise self.wrong(beside, line, _outside(location), right=_BESIDE)
        found = (beside.parent / path).resolve()
        if not is_file_inside(found, self.root):
            raise self.wrong(beside, line, _missing(location), right=_BESIDE)
        return found

    def content(self, file: Path) -> bytes:
        """The bytes of a file of this folder."""
        if not self._holds(file):
            raise self.wrong(file, 0, _outside(file.name))
        try:
            if file.stat().st_size > LARGEST_FILE:
                raise self.wrong(file, 0, _too_large(file.name))
            return file.read_bytes()
        except OSError as cause:
            raise self.wrong(file, 0, _missing(file.name)) from cause

    def xml(self, file: Path) -> etree._Element:
        """The root element of an XML file of this folder; the same limits and refusals as for messages."""
        try:
            return parse(self.content(file))
        except MessageError as wrong:
            raise self.wrong(file, 0, wrong.text) from wrong

    def files(self, *suffixes: str) -> tuple[Path, ...]:
        """The files of this folder and of those in it that end so, at most MOST_FILES; none that a link brings in."""
        found = (each for each in sorted(self.root.rglob("*")) if each.suffix.lower() in suffixes)
        inside = (each.resolve() for each in found if self._holds(each) and each.is_file())
        return tuple(islice(inside, MOST_FILES))

    def wrong(self, file: Path, line: int, text: Text, *, right: Text | None = None) -> ConfigurationError:
        """An error with its one finding."""
        return ConfigurationError(findings=(Finding(text, file=self.named(file), line=line, right=right),))

    def note(self, file: Path, line: int, text: Text, *, right: Text | None = None) -> Finding:
        """What had to be mended, or was left out: a warning."""
        return Finding(text, file=self.named(file), line=line, right=right, severity="warning")

    def named(self, file: Path) -> str:
        """The name of a file as people of this folder know it."""
        inside = self._holds(file)
        return str(file.resolve().relative_to(self.root.resolve())) if inside else file.name

    def _holds(self, path: Path) -> bool:
        try:
            return path.resolve().is_relative_to(self.root.resolve())
        except (OSError, RuntimeError, ValueError):
            return False


def parted(location: str) -> tuple[bool, str]:
    """Whether a location leads to the network, and its path. What can be no URL has no path."""
    try:
        parts = urlsplit(location.strip())
    except ValueError:  # brackets around what is no address
        return True, ""
    return bool(parts.scheme or parts.netloc), unquote(parts.path).replace("\\", "/")


def line_of(element: etree._Element) -> int:
    """The line of an element in its file, 0 where unknown."""
    line: Any = element.sourceline
    return int(line or 0)


_BESIDE = Text(
    en="put the file in the connector's folder, under any name, and name it here; for an XML schema the namespace that it "
    "declares is enough to find it. Its publisher gives it with the contract",
    fr="déposez le fichier dans le dossier du connecteur, sous n'importe quel nom, et nommez-le ici ; pour un schéma XML, "
    "l'espace de noms qu'il déclare suffit à le retrouver. L'éditeur le fournit avec le contrat",
)


def _from_network(location: str) -> Text:
    return Text(
        en=f'The import "{location}" points to the network, and contracts are read offline.',
        fr=f"L'import « {location} » pointe vers le réseau, et les contrats sont lus hors ligne.",
    )


def _outside(location: str) -> Text:
    return Text(
        en=f'"{location}" is outside the connector\'s folder. Contracts are read from that folder only.',
        fr=f"« {location} » est hors du dossier du connecteur. Les contrats ne sont lus que dans ce dossier.",
    )


def _missing(location: str) -> Text:
    return Text(
        en=f'The file "{location}" is not there, or cannot be read.',
        fr=f"Le fichier « {location} » est absent ou illisible.",
    )


def _too_large(location: str) -> Text:
    return Text(
        en=f'The file "{location}" is larger than {LARGEST_FILE // 1_000_000} MB.',
        fr=f"Le fichier « {location} » dépasse {LARGEST_FILE // 1_000_000} Mo.",
    )
