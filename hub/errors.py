"""Every exception of the hub, grouped by who must act next, and the two-language sentences that they carry.

What lives here is raised anywhere; nothing here knows a message, a file format or a protocol.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Language = Literal["en", "fr"]


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence for people, in both languages of the product."""

    en: str
    fr: str

    def __str__(self) -> str:
        return self.en

    def said_in(self, language: str) -> str:
        """The sentence in `language` ("fr" or anything else for English)."""
        return self.fr if language == "fr" else self.en


def same(words: str) -> Text:
    """A sentence that is not ours to translate: an application's own words."""
    return Text(en=words, fr=words)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a message: which row, where on which side, and what would be accepted."""

    text: Text
    row: str = ""
    label: str = ""
    side: str = ""
    path: str = ""
    accepted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong in a file of `connectors/`, `mappings/` or `schedules/`, and what would be right."""

    text: Text
    file: str
    line: int = 0
    column: int = 0
    row: str = ""
    right: Text | None = None
    severity: Literal["error", "warning", "question"] = "error"


class HubError(Exception):
    """The hub could not do what it was asked."""

    def __init__(self, text: Text | None = None) -> None:
        self.text = text or same((type(self).__doc__ or "").strip().splitlines()[0])
        super().__init__(self.text.en)


class ConfigurationError(HubError):
    """A file or a setting must be corrected by the person who runs the hub."""

    def __init__(self, text: Text | None = None, *, findings: tuple[Finding, ...] = ()) -> None:
        self.findings = findings
        super().__init__(text or (findings[0].text if findings else None))


class MessageError(HubError):
    """The sender must correct the message; nothing of it was kept."""

    def __init__(
        self,
        text: Text | None = None,
        *,
        problems: tuple[Problem, ...] = (),
        status: int = 422,
        kind: str = "invalid-message",
    ) -> None:
        self.problems = problems
        self.status = status
        self.kind = kind
        super().__init__(text or (problems[0].text if problems else None))


class TransportError(HubError):
    """A call did not bring back an answer; it becomes an Outcome."""


class CallNotSent(TransportError):
    """Not one byte of the request left: the call can be made again without risk."""


class CallUnanswered(TransportError):
    """The request left, or may have left, and no whole answer came back."""


class AnswerTooLarge(CallUnanswered):
    """The answer is larger than the call allows."""


class CallForbidden(TransportError):
    """The connector's address is not one that this hub may call."""


class SignInRefused(TransportError):
    """The service that gives tokens refuses the hub: nothing was sent to the application."""


class NotAllowed(HubError):
    """The caller is not known, or has no right to this."""

    def __init__(self, text: Text | None = None, *, status: int = 403) -> None:
        self.status = status
        super().__init__(text)


class NotFound(HubError):
    """There is no such thing here, or not for this caller."""


class Conflict(HubError):
    """The thing is not in a state in which this can be done."""


class LeaseEnded(HubError):
    """What was fetched had to be acknowledged by now: its lease has ended, and it is fetched again."""


class HubUnavailable(HubError):
    """The hub cannot take this now; the same request can be made again later."""


class TooManyWaiting(HubUnavailable):
    """So much of this sender waits already that it must slow down; the same request can be made again later."""


class NoRoom(HubUnavailable):
    """The hub's disk is full; the same request can be made again when there is room."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found: every finding, in the order of files and lines."""

    findings: tuple[Finding, ...] = field(default=())

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity == "error")
