"""A message's story as JSON: its state, its deliveries, its journal. Never its content.

A sender reads less of it than the people who run the hub: no lane, no actor, no internal detail.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from hub.errors import Language, Text
from hub.ledger import JournalLine, Story, Summary, unpacked
from hub.lifecycle import Event, Rule, as_a_whole
from hub.message import Delivery, Message, State


def overall(deliveries: Iterable[Delivery], rule: Rule) -> str:
    """The state of a message as a whole, by the rule of its exchange; "accepted" when nobody receives it."""
    return str(as_a_whole(((each.receiver, each.state) for each in deliveries), rule) or "accepted")


def iso(at: datetime | None) -> str | None:
    """A time as RFC 3339 in UTC."""
    return at.isoformat().replace("+00:00", "Z") if at else None


def for_sender(story: Story, language: Language, rule: Rule) -> dict[str, Any]:
    """What the sender of a message reads of it."""
    message = story.message
    return {
        "message": message.id,
        "exchange": message.exchange,
        "reference": message.reference,
        "accepted_at": iso(message.accepted_at),
        "state": overall(story.deliveries, rule),
        "deliveries": [_told(delivery, language) for delivery in story.deliveries],
        "story": [_line_told(line, language) for line in story.lines],
    }


def for_operator(story: Story, language: Language, rule: Rule) -> dict[str, Any]:
    """All that is known of a message, without its content."""
    return {
        **message_fields(story.message),
        "state": overall(story.deliveries, rule),
        "deliveries": [delivery_fields(delivery, language) for delivery in story.deliveries],
        "story": [{**_line(line, language), "actor": line.actor, "detail": dict(line.detail)} for line in story.lines],
        "contents": [{"name": each.name, "media": each.media, "size": each.size} for each in story.contents],
    }


def summary_fields(summary: Summary, language: Language, rule: Rule) -> dict[str, Any]:
    """One message of a search, with its deliveries."""
    return {
        **message_fields(summary.message),
        "state": overall(summary.deliveries, rule),
        "deliveries": [delivery_fields(delivery, language) for delivery in summary.deliveries],
    }


def message_fields(message: Message) -> dict[str, Any]:
    """A message's own facts."""
    return {
        "message": message.id,
        "exchange": message.exchange,
        "authority": message.authority,
        "sender": message.sender,
        "operation": message.operation,
        "reference": message.reference,
        "revision": message.revision,
        "accepted_at": iso(message.accepted_at),
        "expires_at": iso(message.expires_at),
        "caller_url": message.caller_url,
        "trace": message.trace,
    }


def delivery_fields(delivery: Delivery, language: Language) -> dict[str, Any]:
    """A delivery as it stands."""
    return {
        **_for_sender(delivery, language),
        "operation": delivery.operation,
        "lane": delivery.lane,
        "position": delivery.position,
        "attempts": delivery.attempts,
        "tries": delivery.tries,
        "due_at": iso(delivery.due_at),
        "look_up": delivery.look_up,
    }


def said(reason: Text | None, language: Language) -> str:
    """A reason for people, "" without one."""
    return reason.said_in(language) if reason else ""


_UNDER_WAY: Mapping[State, Text] = {
    State.WAITING: Text(en="It is tried again.", fr="L'envoi sera retenté."),
    State.SENDING: Text(en="It is tried again.", fr="L'envoi est retenté."),
    State.UNANSWERED: Text(en="Its receiver has not answered yet.", fr="Le destinataire n'a pas encore répondu."),
}
_BETWEEN_US = frozenset({Event.NOT_SENT, Event.STOPPED, Event.UNANSWERED, Event.RETRY})
"""Events whose reason is how a call went: the hub's network is no business of a sender's."""


def _told(delivery: Delivery, language: Language) -> dict[str, Any]:
    """A delivery as its sender reads it: a refusal in the receiver's words, and nothing technical of what is under way."""
    found = _for_sender(delivery, language)
    if found["reason"] and delivery.state in _UNDER_WAY:
        found["reason"] = _UNDER_WAY[delivery.state].said_in(language)
    return found


def _line_told(line: JournalLine, language: Language) -> dict[str, Any]:
    """A line of the journal as the sender reads it."""
    return {**_line(line, language), **({"reason": ""} if line.event in _BETWEEN_US else {})}


def _for_sender(delivery: Delivery, language: Language) -> dict[str, Any]:
    return {
        "delivery": delivery.id,
        "receiver": delivery.receiver,
        "state": str(delivery.state),
        "reason": said(unpacked(delivery.reason), language),
    }


def _line(line: JournalLine, language: Language) -> dict[str, Any]:
    return {
        "at": iso(line.at),
        "event": line.event,
        "delivery": line.delivery,
        "reason": said(line.reason, language),
    }
