"""What the command line shows: findings, tables and failures, in the language of the person."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text as Rich

from hub.errors import ConfigurationError, Finding, HubError, MessageError, Text

IN_A_PIPE = 400
"""Columns where nobody looks: what is searched and copied is not folded."""

NARROWEST = 34
"""Columns that a document needs to be read beside others."""


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
            colour = {"error": "red", "question": "cyan"}.get(finding.severity, "yellow")
            place = f"{finding.file}:{finding.line}:{finding.column}" if finding.line else finding.file
            line = Rich(place, style="bold")
            line.append(f"  {self.words(Text(en='row', fr='ligne'))} {finding.row}" if finding.row else "", style="cyan")
            line.append(f"  {self.words(finding.text)}", style=colour)
            self.console.print(line)
            if finding.right and self.words(finding.right):
                self.console.print(Rich(f"    → {self.words(finding.right)}", style="green"))

    def beside(self, forms: Sequence[tuple[Text, str]]) -> None:
        """Several texts with their titles: side by side where the terminal is wide enough, else one below the other."""
        if not self.console.is_terminal or self.console.width < NARROWEST * len(forms):
            for title, body in forms:
                self.console.print(Rich(self.words(title), style="bold"))
                self.console.print(Rich(body))
            return
        table = Table(header_style="bold", box=None, pad_edge=False, expand=True, padding=(0, 2, 0, 0))
        for title, _ in forms:
            table.add_column(self.words(title), overflow="fold", ratio=1)
        table.add_row(*[Rich(body) for _, body in forms])
        self.console.print(table, soft_wrap=False)

    def afresh(self, title: str) -> None:
        """Begin again: a clear terminal, or a line in what is not one."""
        if self.console.is_terminal:
            self.console.clear()
        self.console.print(Rich(f"── {title}", style="dim"))

    def failure(self, error: HubError) -> None:
        """What went wrong, with all its findings or problems."""
        if isinstance(error, ConfigurationError) and error.findings:
            self.findings(error.findings)
        elif isinstance(error, MessageError) and error.problems:
            for problem in error.problems:
                where = problem.label or problem.row or problem.path
                self.say(f"  {where}: {problem.text.en}", f"  {where} : {problem.text.fr}", style="red")
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
