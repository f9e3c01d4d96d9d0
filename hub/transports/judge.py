"""What an answer comes to: the connector's rules first, then the table of DESIGN section 6. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from fnmatch import fnmatchcase

from hub.call import (
    Delivered,
    Failed,
    Misconfigured,
    NotSent,
    Outcome,
    Refused,
    Reply,
    Throttled,
    Unanswered,
    Unauthorised,
)
from hub.codecs import Codec
from hub.contract import Document, Operation, RestBinding
from hub.errors import CallForbidden, CallNotSent, SignInRefused, Text, TransportError, same
from hub.specs.connector import AnswerRule
from hub.transports.answer import Answer, plain, read_answer, values_at
from hub.transports.envelope import SoapFault

_THROTTLED = frozenset({408, 425, 429, 503})
_GATEWAY = frozenset({502, 504, 520, 521, 522, 523, 524})
"""A gateway spoke for the application; 520 to 524 are the same in the words of a widespread one."""
_LONGEST_WAIT_SECONDS = 10**9
_SIGN_IN = frozenset(
    {"FailedAuthentication", "InvalidSecurity", "InvalidSecurityToken", "SecurityTokenUnavailable", "FailedCheck"}
)
"""Fault codes of WS-Security 1.0, section 12: the credentials were not accepted."""


@dataclass(frozen=True, slots=True)
class Missing:
    """The look-up was answered: what was asked for is not there."""

    reason: Text


def judge(
    reply: Reply,
    operation: Operation,
    *,
    rules: Sequence[AnswerRule],
    operation_name: str,
    now: datetime,
    codec: Codec | None = None,
) -> Outcome:
    """What this answer to `operation` comes to. `operation_name` is the connector's name for it; `now` is what a
    Retry-After date is counted from; `codec` is the one of the operation's output, if the caller keeps it.

    `means: missing` is a refusal here: what the call speaks of is not there."""
    answer = read_answer(reply, operation, codec=codec)
    verdict = _by_rules(answer, rules, operation_name) or _by_default(answer, operation, now)
    return Refused(verdict.reason) if isinstance(verdict, Missing) else verdict


def judge_look_up(
    reply: Reply,
    operation: Operation,
    *,
    rules: Sequence[AnswerRule],
    operation_name: str,
    found: str | None,
    now: datetime,
    codec: Codec | None = None,
) -> Outcome | Missing:
    """Delivered when the answer's field `found` has a value, Missing when the answer fits the contract and it has none;
    a rule that says delivered or missing decides before. Any other outcome: the look-up itself failed."""
    answer = read_answer(reply, operation, codec=codec)
    verdict = _by_rules(answer, rules, operation_name)
    if verdict is not None:
        return verdict
    outcome = _by_default(answer, operation, now)
    if not isinstance(outcome, Delivered):
        return outcome
    if found is None:
        return Misconfigured(_NO_FOUND)
    return outcome if any(values_at(outcome.answer, found)) else Missing(_NOT_THERE)


def judge_error(error: TransportError) -> NotSent | Unanswered | Misconfigured | Unauthorised:
    """What a call that brought back no answer comes to."""
    if isinstance(error, CallNotSent):
        return NotSent(error.text)
    if isinstance(error, CallForbidden):
        return Misconfigured(error.text)
    if isinstance(error, SignInRefused):
        return Unauthorised(error.text)
    return Unanswered(error.text)


# -- the connector's rules --------------------------------------------------------------------------------------------


def _by_rules(answer: Answer, rules: Sequence[AnswerRule], operation_name: str) -> Outcome | Missing | None:
    for rule in rules:
        if _fits(rule, answer, operation_name):
            return _meant(rule, answer)
    return None


def _fits(rule: AnswerRule, answer: Answer, operation_name: str) -> bool:
    """All conditions that stand hold."""
    return (
        (rule.operation is None or rule.operation == operation_name)
        and (rule.fault is None or (answer.fault is not None and fnmatchcase(answer.fault.name, rule.fault)))
        and (rule.status is None or _status_fits(rule.status, answer.reply.status))
        and (rule.code is None or rule.code in values_at(answer.document, "code"))
        and (rule.at is None or _value_fits(rule, _said_at(answer.document, rule.at)))
    )


def _said_at(document: Document, path: str) -> list[str]:
    """The values at a path; at that of one field, the text that it holds, as most do."""
    value = document.get(path) if path and "." not in path else None
    if value.__class__ is str:
        return [value] if value.strip() else []
    return list(values_at(document, path))


def _status_fits(pattern: str, status: int) -> bool:
    return len(pattern) == 3 and all(wanted in ("x", "X", digit) for wanted, digit in zip(pattern, str(status), strict=True))


def _value_fits(rule: AnswerRule, values: list[str]) -> bool:
    """Of several values, one that fits is enough: one line that was refused is an error of the whole."""
    if rule.is_ is not None:
        return rule.is_ in values
    if rule.is_not is not None:
        return any(value != rule.is_not for value in values)
    return bool(values)


def _meant(rule: AnswerRule, answer: Answer) -> Outcome | Missing:
    reason = _rule_words(rule, answer)
    match rule.means:
        case "delivered":
            return Delivered(answer.document, answer.payload)
        case "later":
            return Throttled(reason, rule.wait, whole_lane=False)
        case "failed":
            return Failed(reason)
        case "refused":
            return Refused(reason)
        case "unanswered":
            return Unanswered(reason)
        case "unauthorised":
            return Unauthorised(reason)
        case "misconfigured":
            return Misconfigured(reason)
        case "missing":
            return Missing(reason)


def _rule_words(rule: AnswerRule, answer: Answer) -> Text:
    """The words of `says`, or else those of the answer."""
    said = re.sub(r"\{([^{}]+)\}", lambda name: next(values_at(answer.document, name[1]), ""), rule.says)
    return same(plain(said)) if plain(said) else _answered(answer)


# -- the table --------------------------------------------------------------------------------------------------------


def _by_default(answer: Answer, operation: Operation, now: datetime) -> Outcome:
    """The table, from what is sure to what is least so: status, then fault, then body."""
    status = answer.reply.status
    if 200 <= status < 300 and not answer.fault:
        return _by_body(answer, operation)
    if status in _THROTTLED:
        return Throttled(_answered(answer), retry_after(answer.reply.headers.get("retry-after", ""), now=now))
    if status in _GATEWAY:
        return Unanswered(_answered(answer))
    if status in (401, 403):
        return Unauthorised(_answered(answer))
    if 300 <= status < 400 or status in (405, 410):
        return Misconfigured(_answered(answer))
    if answer.fault:
        return _by_fault(answer.fault, answer)
    if status >= 500:
        return Failed(_answered(answer))
    if status >= 400:
        return Refused(_answered(answer))
    return _by_body(answer, operation)


def _by_fault(fault: SoapFault, answer: Answer) -> Outcome:
    if fault.subcode in _SIGN_IN:
        return Unauthorised(_answered(answer))
    match fault.code:
        case "Client":
            return Refused(_answered(answer))
        case "Server":
            return Failed(_answered(answer))
        case "VersionMismatch" | "MustUnderstand":
            return Misconfigured(_answered(answer))


def _by_body(answer: Answer, operation: Operation) -> Outcome:
    """A 2xx without a fault (or, from a confused server, a 1xx)."""
    if answer.is_page and "text/html" not in _accepted(operation):
        return Misconfigured(_A_PAGE)
    if answer.reply.status not in _declared(operation):
        return Unanswered(_undeclared(answer.reply.status))
    if not answer.whole:
        return Unanswered(_UNFIT if answer.reply.body.strip() else _EMPTY)
    return Delivered(answer.document if operation.output else {}, answer.payload)


def _accepted(operation: Operation) -> tuple[str, ...]:
    return operation.binding.accepts if isinstance(operation.binding, RestBinding) else ()


def _declared(operation: Operation) -> tuple[int, ...]:
    """The statuses of success. SOAP answers 200; to an operation without an answer also 202 (WS-I BP R2750) or 204."""
    if isinstance(operation.binding, RestBinding):
        return operation.binding.statuses
    return (200,) if operation.output else (200, 202, 204)


def retry_after(value: str, *, now: datetime) -> timedelta | None:
    """The wait that a Retry-After header asks for, in seconds or until a date; None when it says nothing that can be
    followed (absent, garbage, negative, past)."""
    text = value.strip()
    if re.fullmatch(r"[0-9]+", text):
        seconds = int(text) if len(text) < 10 else _LONGEST_WAIT_SECONDS
        return timedelta(seconds=seconds) if seconds else None
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    aware = until if until.tzinfo else until.replace(tzinfo=UTC)
    return aware - now if aware > now else None


# -- words ------------------------------------------------------------------------------------------------------------

_A_PAGE = Text(
    en="The application answered with a web page (a sign-in page or a portal, perhaps) instead of data.",
    fr="L'application a répondu par une page web (peut-être une page de connexion) au lieu de données.",
)
_UNFIT = Text(
    en="The application answered success, but its answer does not fit its contract: it may have been carried out.",
    fr="L'application a répondu par un succès, mais sa réponse ne respecte pas son contrat : l'appel a pu aboutir.",
)
_EMPTY = Text(
    en="The application answered success without the answer that its contract promises: it may have been carried out.",
    fr="L'application a répondu par un succès sans la réponse prévue par son contrat : l'appel a pu aboutir.",
)
_NOT_THERE = Text(en="The application does not know it.", fr="L'application ne le connaît pas.")
_NO_FOUND = Text(
    en="The look-up was answered, but its operation names no `found` field that tells whether it was found.",
    fr="La recherche a reçu une réponse, mais son opération ne nomme pas de champ `found` disant si elle a abouti.",
)


def _undeclared(status: int) -> Text:
    return Text(
        en=f"The application answered {status}, which its contract does not declare: it may have been carried out.",
        fr=f"L'application a répondu {status}, que son contrat ne prévoit pas : l'appel a pu aboutir.",
    )


def _answered(answer: Answer) -> Text:
    """What the application answered: its status or its fault, and its own words."""
    status = answer.reply.status
    what = Text(en=f"{status}", fr=f"{status}")
    if answer.fault:
        name = answer.fault.name or answer.fault.subcode or answer.fault.code
        what = Text(en=f"with the fault {name}", fr=f"par l'erreur {name}")
    words = answer.words
    tail = Text(en=f": {words}", fr=f" : {words}") if words else same(".")
    return Text(en=f"The application answered {what.en}{tail.en}", fr=f"L'application a répondu {what.fr}{tail.fr}")
