"""What the command line shows: findings, tables and failures, in the language of the person."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text as Rich

from hub.errors import ConfigurationError, Finding, HubError, Text

IN_A_PIPE = 400
"""Columns where nobody looks: what is searched and copied is not folded."""


def language_of(environment: Mapping[str, str]) -> str:
    """HUB_LANGUAGE if it is set, else the language of the session: "fr" or "en"."""
    wanted = environment.get("HUB_LANGUAGE") or environment.get("LC_ALL") or environment.get("LANG", "")
    return "fr" if wanted.lower().startswith("fr") else "en"


class Screen:
    """A terminal that is spoken to in one language."""

    def __init__(self, language: str, *, console: Console | None = None) -> None:
        self.language = language
        self.console = console or Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else IN_A_PIPE)

    def say(self, en: str, fr: str, *, style: str = "") -> None:
        """One line of plain words."""
        self.console.print(Rich(Text(en=en, fr=fr).said_in(self.language), style=style))

    def words(self, text: Text) -> str:
        """A sentence in this screen's language."""
        return text.said_in(self.language)

    def findings(self, findings: Iterable[Finding]) -> None:
        """Each finding: where, what, and what would be right."""
        for finding in findings:
            colour = "red" if finding.severity == "error" else "yellow"
            place = f"{finding.file}:{finding.line}:{finding.column}" if finding.line else finding.file
            line = Rich(place, style="bold")
            line.append(f"  {self.words(Text(en='row', fr='ligne'))} {finding.row}" if finding.row else "", style="cyan")
            line.append(f"  {self.words(finding.text)}", style=colour)
            self.console.print(line)
            if finding.right and self.words(finding.right):
                self.console.print(Rich(f"    → {self.words(finding.right)}", style="green"))

    def failure(self, error: HubError) -> None:
        """What went wrong, with all its findings."""
        if isinstance(error, ConfigurationError) and error.findings:
            self.findings(error.findings)
        else:
            self.console.print(Rich(self.words(error.text), style="red"))

    def table(self, columns: Sequence[Text], rows: Iterable[Sequence[str]], *, title: str = "") -> None:
        """A plain table; a long cell is folded, never cut."""
        table = Table(title=title or None, title_justify="left", header_style="bold", box=None, pad_edge=False)
        for column in columns:
            table.add_column(self.words(column), overflow="fold")
        for row in rows:
            table.add_row(*[Rich(cell) for cell in row])
        self.console.print(table)
