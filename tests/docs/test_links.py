"""What the pages name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, PAGES, REPOSITORY, anchors, links, name, prose

_NAMED_FILE = re.compile(
    r"`((?:connectors|mappings|schedules|hub|tests|docs)/[\w./-]*|[A-Z][\w-]*\.md|Makefile|[\w-]+\.toml)`"
)
_MADE_BY_THE_READER = (
    "connectors/books",
    "connectors/leisure",
    "connectors/library",
    "mappings/book-reservation",
    "mappings/tables/book-reservation",
    "mappings/lamp-report",
    "docs/pictures/",
)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_each_relative_link_leads_somewhere(page: Path) -> None:
    for link in links(page):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{name(page)} links to {link}"
        assert target.is_relative_to(REPOSITORY), f"{name(page)} links out of the repository: {link}"
        assert not anchor or anchor in anchors(target), f"{name(page)} links to {link}, which has no such heading"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_each_file_that_a_page_names_is_there(page: Path) -> None:
    for file in _NAMED_FILE.findall(prose(page)):
        if file.startswith(_MADE_BY_THE_READER) or "<" in file:
            continue
        places = (REPOSITORY / file, page.parent / file, REPOSITORY / "connectors" / "waste" / file)
        assert any(place.exists() for place in places), f"{name(page)} names {file}"


@pytest.mark.parametrize("page", [page for page in DOCS.rglob("*.md") if page.name != "index.md"], ids=name)
def test_each_page_can_be_reached_from_the_index(page: Path) -> None:
    index = DOCS / "index.md"

    linked = {(index.parent / link.partition("#")[0]).resolve() for link in links(index)}

    assert page.resolve() in linked, f"{name(page)} is not in docs/index.md"


@pytest.mark.parametrize("page", [*DOCS.glob("tutorial/*.md"), *DOCS.glob("how-to/*.md")], ids=name)
def test_each_guide_is_there_in_both_languages(page: Path) -> None:
    other = page.name.replace(".fr.md", ".md") if page.name.endswith(".fr.md") else page.name.replace(".md", ".fr.md")

    assert (page.parent / other).is_file()
    assert other in links(page), f"{name(page)} does not link to {other}"
