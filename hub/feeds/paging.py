"""The pages of a feed: what is asked for each of them, and whether another one follows. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hub.contract import Document
from hub.errors import CallForbidden, Text
from hub.specs.connector import Page
from hub.transports.answer import values_at
from hub.transports.links import next_page

MOST = 1_000
"""Pages in one fetch: a feed that has more is asked too rarely, in too small pages, or never ends."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A page to ask for. `number` counts from 1. `token` is what the page before told (of links: its address), and `told`
    all that any has; `before` are the items of the page before."""

    number: int = 1
    token: str = ""
    told: frozenset[str] = frozenset()
    before: Sequence[Document] = ()


@dataclass(frozen=True, slots=True)
class Last:
    """No page follows."""


@dataclass(frozen=True, slots=True)
class Endless:
    """More pages are promised than can be believed, for this reason."""

    reason: Text


@dataclass(frozen=True, slots=True)
class Astray:
    """The next page is said to be where the hub does not ask, for this reason."""

    reason: Text


Following = Turn | Last | Endless | Astray


@dataclass(frozen=True, slots=True)
class Heading:
    """What an answer came with: the address that gave it, and what its Link header says."""

    address: str = ""
    link: str = ""


def asked(page: Page | None, turn: Turn) -> Mapping[str, str]:
    """What a request says so that it is answered with this page, by the paths of its fields."""
    if page is None:
        return {}
    size = {page.size_field: str(page.size)} if page.size_field else {}
    if page.field is None:
        return size
    if page.next:
        return {**size, **({page.field: turn.token} if turn.token else {})}
    return {**size, page.field: str(page.number(turn.number))}


def address(page: Page | None, turn: Turn) -> str:
    """Where this page is asked for, if the page before told its address; "" where the connector's is asked."""
    return turn.token if page and page.link else ""


def following(
    page: Page | None, turn: Turn, answer: Document, items: Sequence[Document], *, heading: Heading = Heading()
) -> Following:
    """What comes after the page of this turn, which was answered with these items."""
    if page is None:
        return Last()
    if page.link:
        then = _by_link(turn, heading)
    else:
        then = _by_token(page, turn, answer) if page.next else _by_count(page, turn, items)
    if isinstance(then, Turn) and then.number > MOST:
        return Endless(_TOO_MANY)
    return then


def _by_token(page: Page, turn: Turn, answer: Document) -> Following:
    token = next(values_at(answer, page.next or ""), "")
    if not token:
        return Last()
    if token in turn.told:
        return Endless(_told_twice(page.next or ""))
    return replace(turn, number=turn.number + 1, token=token, told=turn.told | {token})


def _by_link(turn: Turn, heading: Heading) -> Following:
    try:
        there = next_page(heading.link, asked=heading.address)
    except CallForbidden as error:
        return Astray(error.text)
    if not there:
        return Last()
    been = turn.told | {heading.address}
    if there in been:
        return Endless(_told_twice("Link"))
    return replace(turn, number=turn.number + 1, token=there, told=been)


def _by_count(page: Page, turn: Turn, items: Sequence[Document]) -> Following:
    if not items or len(items) < (page.size or 1):
        return Last()
    if list(items) == list(turn.before):
        return Endless(_same_again(page.field or ""))
    return replace(turn, number=turn.number + 1, before=items)


_TOO_MANY = Text(
    en=f"The feed has more than {MOST} pages. Fetch it more often, or in larger pages (page: size).",
    fr=f"La liste a plus de {MOST} pages. Relevez-la plus souvent, ou par pages plus grandes (page : size).",
)


def _told_twice(field: str) -> Text:
    return Text(
        en=f"The application told the same next page twice ({field}): its pages would never end. Ask its supplier.",
        fr=f"L'application a indiqué deux fois la même page suivante ({field}) : ses pages n'auraient pas de fin. "
        "Voyez avec son éditeur.",
    )


def _same_again(field: str) -> Text:
    return Text(
        en=f"The application answered two pages with the same items, as if it did not read {field}. Correct page: in its "
        "connector.",
        fr=f"L'application a répondu à deux pages par les mêmes éléments, comme si elle ne lisait pas {field}. Corrigez "
        "page: dans son connecteur.",
    )
