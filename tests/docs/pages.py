"""The pages of the documentation as the tests read them: their links, and their fenced blocks by language."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
DOCS = REPOSITORY / "docs"
PAGES = sorted([*REPOSITORY.glob("*.md"), *DOCS.rglob("*.md")])
GUIDES = [page for page in PAGES if page.parent.name in ("tutorial", "how-to", "explanation") or page.name == "README.md"]

_FENCE = re.compile(r"^([ ]*)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset|href)=\"([^\"]+)\"")


def name(page: Path) -> str:
    """A page's name in the report of a test."""
    return page.relative_to(REPOSITORY).as_posix()


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a language, without their indentation."""
    text = page.read_text(encoding="utf-8")
    return [textwrap.dedent(found[3]) for found in _FENCE.finditer(text) if found[2] == language]


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def links(page: Path) -> list[str]:
    """What a page points to."""
    return [found[1] or found[2] for found in _LINK.finditer(prose(page))]


def anchors(page: Path) -> set[str]:
    """The places of a page that a link may name: its headings, as they are turned into anchors."""
    titles = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
