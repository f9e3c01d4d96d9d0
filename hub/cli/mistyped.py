"""What a mistyped command line is told: what is wrong with it, and which command shows what it takes."""

from __future__ import annotations

import os
from enum import Enum
from typing import Literal, get_args, get_origin

from cyclopts import (
    CoercionError,
    CycloptsError,
    MissingArgumentError,
    RepeatArgumentError,
    UnknownCommandError,
    UnknownOptionError,
    UnusedCliTokensError,
)
from rich.text import Text as Rich

from hub.cli.screen import language_of
from hub.errors import Text


def mistyped(error: CycloptsError) -> Rich:
    """One sentence in the language of the session, then the command that says more."""
    command = " ".join(("hub", *(error.command_chain or ()), "--help"))
    words, language = _words(error), language_of(os.environ)
    more = Text(en=f"{command} shows what it takes.", fr=f"{command} montre ce qu'elle prend.")
    return Rich(f"{words.said_in(language)}\n", style="red").append(f"    → {more.said_in(language)}", style="green")


def _words(error: CycloptsError) -> Text:
    match error:
        case UnknownCommandError(unused_tokens=[token, *_]):
            known = ", ".join(_commands(error))
            return Text(
                en=f"There is no command “{token}”. There are: {known}.",
                fr=f"La commande « {token} » n'existe pas. Il y a : {known}.",
            )
        case UnknownOptionError():
            option = error.token.keyword or error.token.value
            known = ", ".join(each.name for each in error.argument_collection if each.field_info.is_keyword_only) or "-"
            return Text(
                en=f"There is no option {option} here. There are: {known}.",
                fr=f"L'option {option} n'existe pas ici. Il y a : {known}.",
            )
        case UnusedCliTokensError():
            extra = " ".join(error.unused_tokens or ())
            return Text(
                en=f"Too much: {extra}. Perhaps the option before it is missing, or quotes around words with blanks.",
                fr=f"En trop : {extra}. Il manque peut-être l'option devant, ou des guillemets autour de mots espacés.",
            )
        case MissingArgumentError() if error.argument:
            positional = not error.argument.field_info.is_keyword_only
            name = error.argument.name.lstrip("-").upper() if positional else error.argument.name
            return Text(en=f"{name} is missing, or its value.", fr=f"Il manque {name}, ou sa valeur.")
        case RepeatArgumentError():
            return Text(en=f"{error.token.keyword} is said twice.", fr=f"{error.token.keyword} est dit deux fois.")
        case CoercionError() if error.token:
            return _unfit(error, error.token.value, error.token.keyword or "")
        case _:
            return Text(en=str(error), fr=f"La commande n'est pas bien écrite : {error}")


def _unfit(error: CoercionError, value: str, option: str) -> Text:
    choices = ", ".join(_choices(error.target_type))
    return Text(
        en=f"“{value}” does not fit {option}." + (f" It takes one of: {choices}." if choices else ""),
        fr=f"« {value} » ne convient pas à {option}." + (f" Au choix : {choices}." if choices else ""),
    )


def _choices(kind: object) -> list[str]:
    """The values that an option of this kind takes, where they are listed."""
    if get_origin(kind) is Literal:
        return [str(each) for each in get_args(kind)]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return [str(each.value) for each in kind]
    return [choice for each in get_args(kind) for choice in _choices(each)]


def _commands(error: CycloptsError) -> list[str]:
    app = error.app
    return [name for name in app or () if not name.startswith("-") and app and app[name].show]
