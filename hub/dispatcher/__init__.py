"""The door out: `Dispatcher`, what an attempt is made of, and the words of what it came to."""

from hub.dispatcher.attempt import Plan, Result, outgoing_key
from hub.dispatcher.dispatcher import Dispatcher

__all__ = ["Dispatcher", "Plan", "Result", "outgoing_key"]
