"""`connectors/<application>/samples/<operation>.yaml`: how the application's double behaves when that operation is called.

A text may hold places in braces: `{serial}`, `{now}` or `{now:dd/MM/yyyy}`, `{request.<path>}`, `{kept.<path>}`, and their
width `{serial:6}`. A field whose whole value is a place that nothing fills is left out.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pydantic import Field, model_validator

from hub.specs.words import Duration, Path, Slug, Spec, Truth, Word, Zone


class SampleFault(Spec):
    """A declared SOAP fault, or an HTTP error of a REST application."""

    name: str = Field("", description="The fault's name in the contract.", examples=["FonctionnelleErreur"])
    status: int = Field(500, ge=400, le=599, description="The HTTP status.")
    text: str = Field("", description="The fault's text.")
    detail: dict[str, Any] = Field(default_factory=dict, description="The fault's, or the error body's, document.")


class SampleAnswer(Spec):
    """One answer, and when it is given. The first that fits is given."""

    name: str = Field("", description="By which the mode `answer` calls for it.")
    when: dict[Path, str] = Field(
        default_factory=dict, description="Fields of the request and what they must be; * stands for any characters."
    )
    found: Truth | None = Field(None, description="Only when `finds` has found something (true), or nothing (false).")
    only_called: Truth = Field(False, description="Given only when a mode calls for it by name.")
    applies: Truth = Field(True, description="The operation takes effect: false for a refusal.")
    answer: dict[str, Any] | None = Field(None, description="The answer's document.")
    fault: SampleFault | None = Field(None, description="The error that is answered instead.")

    @model_validator(mode="after")
    def _one_of_both(self) -> SampleAnswer:
        if (self.answer is None) == (self.fault is None):
            raise ValueError("write answer or fault, and not both")
        return self


class Keeps(Spec):
    """What a call adds to what the application keeps. Two calls add two things: it does not recognise repeats."""

    as_: Word = Field(alias="as", description="The collection.", examples=["orders"])
    by: Path = Field(description="The request's field that things are found by.", examples=["RefExterne"])
    once_by: Path | None = Field(
        None, description="The request's field that tells a repeat: the first answer is given again, nothing is added."
    )
    values: dict[Word | Path, Any] = Field(default_factory=dict, description="The thing's own fields, `{kept.<path>}`.")


class Finds(Spec):
    """Which kept thing an operation is about: the last one that fits. Its fields are `{kept.<path>}`."""

    in_: Word = Field(alias="in", description="The collection.")
    by: Path = Field(description="The request's field that holds what the thing was kept by.")


class Lists(Spec):
    """An answer that lists what has changed in a collection, oldest first."""

    in_: Word = Field(alias="in", description="The collection.")
    since: Path = Field(description="The request's field that holds the moment from which on changes are listed.")
    since_form: str = Field("datetime", description="The form of that moment.")
    items: Path = Field(description="The answer's repeated field.", examples=["Changes.Change"])
    item: dict[str, Any] = Field(description="The document of one change, from `{kept.<path>}`.")


class Say(Spec):
    """What the application tells the hub: an operation of direction in."""

    operation: Word
    exchange: Slug | None = Field(None, description="For REST: the exchange whose messages it joins.")
    document: dict[str, Any]


class Later(Spec):
    """What happens to a kept thing some time after the call that added it."""

    after: Duration = Field(timedelta(seconds=1), description="How long after the step before, or after the call.")
    change: dict[Word | Path, Any] = Field(default_factory=dict, description="Fields of the kept thing that change.")
    say: Say | None = None


class Sample(Spec):
    """How a double answers one operation."""

    operation: Word = Field(description="The operation, as connector.yaml names it; also the file's name.")
    timezone: Zone = Field("Europe/Paris", description="The zone of `{now}` and of moments without one.")
    keeps: Keeps | None = None
    finds: Finds | None = None
    lists: Lists | None = None
    answers: tuple[SampleAnswer, ...] = Field(min_length=1)
    later: tuple[Later, ...] = Field((), description="In turn, when the call was applied.")
