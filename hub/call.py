"""What a transport is given and gives back: Call and Reply, and what a call came to: Outcome. All frozen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from math import inf

from hub.errors import Text
from hub.facts import Fact, field


class Enclosed(Fact, frozen=True):
    """A file that goes with a call, read from where it is kept as it is sent: a message's, by its ticket, in bytes."""

    message: str
    ticket: str
    size: int


class Call(Fact, frozen=True):
    """One HTTP request, ready to go. `total` bounds the whole call in seconds, `connect` its connection alone;
    `largest` bounds the decoded answer in bytes. `certificates`: the file of the only authorities to trust for it.
    `rest` follows the `body`: the files that go with it, and what stands between them. `identity`: the certificate that is
    shown, and its key, as PEM. `leave_by`: by `time.monotonic`, it leaves before this or never."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    connect: float = 5.0
    total: float = 20.0
    largest: int = 10 * 1024 * 1024
    certificates: str = ""
    rest: tuple[bytes | Enclosed, ...] = ()
    identity: str = ""
    leave_by: float = inf

    def __repr__(self) -> str:
        """Without what is shown by it: headers and certificates are secrets."""
        return f"Call({self.method} {self.url})"

    @property
    def shown(self) -> bytes:
        """What it says, after its headers, but for the files."""
        return self.body + b"".join(each for each in self.rest if isinstance(each, bytes)) if self.rest else self.body

    @property
    def length(self) -> int:
        """How many bytes it says, after its headers."""
        rest = sum(each.size if isinstance(each, Enclosed) else len(each) for each in self.rest) if self.rest else 0
        return len(self.body) + rest


class Reply(Fact, frozen=True):
    """A whole HTTP answer, decoded. Header names are in lower case; `seconds` is how long the call took."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float = 0.0

    @property
    def media(self) -> str:
        """The content type without its parameters, in lower case."""
        return _media(self.headers.get("content-type", ""))


@lru_cache(maxsize=256)
def _media(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


class Delivered(Fact, frozen=True):
    """The receiver has taken it. `answer` is its document (empty when it says nothing), `body` the bytes of it."""

    answer: Mapping[str, object] = field(default_factory=dict)
    body: bytes = b""


class NotSent(Fact, frozen=True):
    """Nothing left: refused connection, DNS, TLS, connect time limit."""

    reason: Text


class Unanswered(Fact, frozen=True):
    """It may have been carried out: no answer, half an answer, or one that does not fit the contract."""

    reason: Text


class Throttled(Fact, frozen=True):
    """The receiver says: later. `wait` is what it asked for, if it did. `whole_lane`: it said so of everything (429, 503),
    not of this one message (a business answer that means later)."""

    reason: Text
    wait: timedelta | None = None
    whole_lane: bool = True


class Failed(Fact, frozen=True):
    """The receiver failed and says so; it did not carry it out."""

    reason: Text


class Refused(Fact, frozen=True):
    """The receiver says no to this message, and will say no again."""

    reason: Text


class Unauthorised(Fact, frozen=True):
    """The receiver does not accept the hub's credentials."""

    reason: Text


class Misconfigured(Fact, frozen=True):
    """What answers is not what the connector describes: a redirection, a login page, no such operation."""

    reason: Text


Outcome = Delivered | NotSent | Unanswered | Throttled | Failed | Refused | Unauthorised | Misconfigured
