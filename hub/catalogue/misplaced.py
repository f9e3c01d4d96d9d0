"""Files that the hub would pass over in silence: another extension, another folder, examples of no mapping."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hub.errors import Finding, Text, same
from hub.translation.checks.case import one_of

_EXAMPLES = ".examples.yaml"


def misplaced(root: Path) -> Iterator[Finding]:
    """A finding for each file that was surely meant to be read."""
    for folder in sorted(each for each in (root / "connectors").glob("[!._]*") if each.is_dir()):
        yield from _without_connector(folder, root)
    for pattern in ("mappings/*.yml", "schedules/*.yml"):
        for file in sorted(root.glob(pattern)):
            yield _not_read(file, root, same(file.relative_to(root).with_suffix(".yaml").as_posix()))
    for file in sorted(root.glob("mappings/*.csv")):
        yield _not_read(file, root, same(f"mappings/tables/{file.name}"))
    for file in sorted(root.glob("mappings/*/*.yaml")):
        yield _not_read(file, root, same(f"mappings/{file.name}"))
    for file in sorted(root.glob(f"mappings/*{_EXAMPLES}")):
        yield from _without_mapping(file, root)


def _without_connector(folder: Path, root: Path) -> Iterator[Finding]:
    if (folder / "connector.yaml").exists() or not any(folder.iterdir()):
        return
    shown = (folder / "connector.yaml").relative_to(root).as_posix()
    if (folder / "connector.yml").exists():
        yield _not_read(folder / "connector.yml", root, same(shown))
        return
    words = Text(en="is missing: the application is not read", fr="manque : l'application n'est pas lue")
    right = Text(en="write this file, or remove its folder", fr="écrivez ce fichier, ou retirez son dossier")
    yield Finding(words, shown, right=right)


def _not_read(file: Path, root: Path, right: Text) -> Finding:
    words = Text(en="is not read under this name", fr="n'est pas lu sous ce nom")
    call = Text(en=f"call it {right.en}", fr=f"nommez-le {right.fr}")
    return Finding(words, file.relative_to(root).as_posix(), right=call)


def _without_mapping(file: Path, root: Path) -> Iterator[Finding]:
    name = file.name.removesuffix(_EXAMPLES)
    if not any(file.with_name(f"{name}{ending}").exists() for ending in (".yaml", ".yml")):
        words = Text(en=f"there is no mapping “{name}” beside it", fr=f"il n'y a pas de correspondance « {name} » à côté")
        known = [each.stem for each in sorted(file.parent.glob("*.yaml")) if not each.name.endswith(_EXAMPLES)]
        yield Finding(words, file.relative_to(root).as_posix(), 1, 1, right=one_of(name, known))
