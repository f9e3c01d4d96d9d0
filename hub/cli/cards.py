"""What `hub check` shows of one mapping: a few lines, or the whole card. No line is wider than 100 columns."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap

from rich.text import Text as Rich

from hub.catalogue import Card
from hub.cli.screen import Screen
from hub.errors import Text
from hub.translation.coverage import Coverage
from hub.translation.laws import LAWS

WIDTH = 100
_INDENT = "    "


def show_card(screen: Screen, card: Card, *, full: bool) -> None:
    """One mapping: its rows, what was proven of it, how much of each contract it covers, what it declares lost."""
    failed = any(finding.severity == "error" for finding in card.findings)
    mark, colour = ("✗", "red") if failed else ("✓", "green")
    colon = screen.words(Text(en=":", fr=" :"))
    _line(screen, f"{mark} {card.exchange}{colon} {card.title}", style=colour)
    _line(screen, f"{_INDENT}{screen.words(_summary(card))}")
    for covered in card.coverage:
        _line(screen, f"{_INDENT}{screen.words(_covered(covered))}")
    if full:
        _whole(screen, card)


def many(count: int, one: str, more: str = "") -> str:
    """A number with its noun in English."""
    return f"{count} {one if count == 1 else more or f'{one}s'}"


def plusieurs(count: int, one: str, more: str = "") -> str:
    """A number with its noun in French, where none is singular too."""
    return f"{count} {one if count < 2 else more or f'{one}s'}"


def _summary(card: Card) -> Text:
    records, losses, mended = max(card.laws.values(), default=0), len(card.losses), len(card.mended)
    questions = sum(finding.severity == "question" for finding in card.findings)
    en = [
        many(card.rows, "row"),
        many(card.examples, "example"),
        f"{many(len(card.laws), 'law')} on {many(records, 'record')}",
        many(losses, "declared loss", "declared losses"),
        many(questions, "open question") if questions else "",
        many(mended, "contract notice") if mended else "",
    ]
    fr = [
        plusieurs(card.rows, "ligne"),
        plusieurs(card.examples, "exemple"),
        f"{plusieurs(len(card.laws), 'loi')} sur {plusieurs(records, 'fiche')}",
        plusieurs(losses, "perte déclarée", "pertes déclarées"),
        plusieurs(questions, "question ouverte", "questions ouvertes") if questions else "",
        plusieurs(mended, "avis de contrat", "avis de contrat") if mended else "",
    ]
    return Text(en=", ".join(filter(None, en)), fr=", ".join(filter(None, fr)))


def _covered(covered: Coverage) -> Text:
    """How many fields of one operation have a row; per cent of all that its contract has."""
    mapped, ignored, given, total = len(covered.mapped), len(covered.ignored), len(covered.given), covered.total
    share = round(100 * mapped / total) if total else 100
    en = [f"{mapped} of {many(total, 'field')} mapped ({share}%)", f"{ignored} ignored" if ignored else ""]
    fr = [
        f"{mapped} sur {plusieurs(total, 'champ')} avec ligne ({share} %)",
        plusieurs(ignored, "ignoré") if ignored else "",
    ]
    if given:
        en, fr = [*en, f"{given} filled in by rule"], [*fr, plusieurs(given, "rempli d'office", "remplis d'office")]
    said = Text(en=", ".join(filter(None, en)), fr=", ".join(filter(None, fr)))
    where = f"{covered.side} {covered.operation}"
    return Text(en=f"{where}: {said.en}", fr=f"{where} : {said.fr}")


def _whole(screen: Screen, card: Card) -> None:
    tried = [(law, card.laws[law.en]) for law in LAWS if law.en in card.laws]
    laws = [Text(en=f"{law.en}: {many(count, 'time')}", fr=f"{law.fr} : {count} fois") for law, count in tried]
    _list(screen, Text(en="Laws", fr="Lois"), laws)
    _list(screen, Text(en="Declared losses", fr="Pertes déclarées"), [Text(en=loss, fr=loss) for loss in card.losses])
    for covered in card.coverage:
        if covered.ignored:
            listed = ", ".join(covered.ignored)
            title = Text(en=f"Ignored of {covered.side}", fr=f"Ignorés de {covered.side}")
            _list(screen, title, [Text(en=listed, fr=listed)])
    notices = [
        Text(en=f"{each.file}:{each.line}: {each.text.en}", fr=f"{each.file}:{each.line} : {each.text.fr}")
        for each in card.mended
    ]
    _list(screen, Text(en="Contracts as they were taken", fr="Contrats tels qu'ils ont été pris"), notices)
    asked = [
        Text(en=f"{each.row}: {each.text.en}", fr=f"{each.row} : {each.text.fr}")
        for each in card.findings
        if each.severity == "question"
    ]
    _list(screen, Text(en="Open questions", fr="Questions ouvertes"), asked)


def _list(screen: Screen, title: Text, items: Iterable[Text]) -> None:
    lines = [screen.words(item) for item in items]
    if lines:
        _line(screen, f"{_INDENT}{screen.words(title)}", style="bold")
    for line in lines:
        _line(screen, f"{_INDENT}- {line}")


def _line(screen: Screen, text: str, *, style: str = "") -> None:
    """One line, folded where it is too wide."""
    indent = " " * (len(text) - len(text.lstrip()) + 2)
    for folded in wrap(text, WIDTH, subsequent_indent=indent, break_on_hyphens=False):
        screen.console.print(Rich(folded, style=style))
