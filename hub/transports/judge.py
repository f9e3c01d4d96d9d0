"""What an answer comes to: the connector's rules first, then the table of DESIGN section 6. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.call import Misconfigured, NotSent, Outcome, Reply, Unanswered
from hub.contract import Operation
from hub.errors import Text, TransportError
from hub.specs.connector import AnswerRule


@dataclass(frozen=True, slots=True)
class Missing:
    """The look-up was answered: what was asked for is not there."""

    reason: Text


def judge(
    reply: Reply, operation: Operation, *, rules: Sequence[AnswerRule], operation_name: str, now: datetime
) -> Outcome:
    """What this answer to `operation` comes to. `operation_name` is the connector's name for it."""
    raise NotImplementedError


def judge_look_up(
    reply: Reply,
    operation: Operation,
    *,
    rules: Sequence[AnswerRule],
    operation_name: str,
    found: str | None,
    now: datetime,
) -> Outcome | Missing:
    """Delivered when the answer's field `found` has a value, Missing when it fits the contract and has none (or a rule
    says missing); any other outcome means that the look-up itself failed."""
    raise NotImplementedError


def judge_error(error: TransportError) -> NotSent | Unanswered | Misconfigured:
    """What a call without an answer comes to."""
    raise NotImplementedError
