"""The catalogue: what the three folders configure, read, cross-checked and frozen under one revision."""

from hub.catalogue.facts import Application, Catalogue, Exchange, mailbox
from hub.catalogue.proof import Card, prove
from hub.catalogue.reading import inspect, load_catalogue
from hub.catalogue.sizes import refuse_oversized

__all__ = [
    "Application",
    "Card",
    "Catalogue",
    "Exchange",
    "inspect",
    "load_catalogue",
    "mailbox",
    "prove",
    "refuse_oversized",
]
