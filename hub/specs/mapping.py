"""`mappings/<exchange>.yaml` and its examples: one row a field, one column an application."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from hub.specs.words import Duration, Path, Size, Slug, Spec, Truth, Word, refusal

Sector = Literal[
    "fiscalite",
    "social",
    "sante",
    "transports",
    "etat-civil",
    "elus",
    "scolaire",
    "economie-amenagement",
    "police-voirie",
    "relations-usagers",
]


class RowCheck(Spec):
    """What a value must look like, and what its sender is told when it does not."""

    looks: str | None = Field(None, description="A regular expression for the whole value.")
    at_least: str | None = Field(None, description="The lowest number.")
    at_most: str | None = Field(None, description="The highest number.")
    says: str = Field("", description="The words for the sender.")


class FileWord(Spec):
    """How a file is carried in a field."""

    as_: Literal["base64"] = Field(alias="as", description="How the bytes are written.")
    limit: Size = Field(10 * 1000**2, description="The largest file.")
    types: tuple[str, ...] = Field((), description="The types taken, told by the first bytes: pdf, jpg, png.")


class Computed(Spec):
    """What a field is worked out from; exactly one of the three."""

    count: str | None = Field(None, description="How many lines this group has.")
    sum: str | None = Field(None, description="The sum of this row over all lines: bins.litres.")
    by: Word | None = Field(None, description="The function compute_<name> in tweaks.py of the side's connector.")

    @model_validator(mode="after")
    def _one_way(self) -> Computed:
        if sum(word is not None for word in (self.count, self.sum, self.by)) != 1:
            raise refusal("write one of count, sum, by", "écrivez l'un de ces mots : count, sum, by")
        return self


class Row(Spec):
    """One field: its cells (one path per side) and the words that say how it is read and written."""

    cells: dict[str, Path] = Field(default_factory=dict, description="The field's path on each side.")
    label: str = Field("", description="The field's name for people.")
    required: Truth = Field(False, description="No message without it.")
    personal: Truth = Field(False, description="It tells something about a person.")
    as_: Literal["text", "integer", "decimal", "boolean"] = Field("text", alias="as")
    date: dict[str, str] = Field(default_factory=dict, description="The form on each side: date, datetime, dd/MM/yyyy.")
    number: dict[str, Literal["plain", "comma", "cents"]] = Field(
        default_factory=dict, description="How a decimal is written on a side: 12.50, 12,50 or 1250."
    )
    values: dict[str, dict[str, str]] = Field(
        default_factory=dict, description="For each side, the side's value of each canonical one: {true: O, false: N}."
    )
    table: Slug | None = Field(None, description="The code list in mappings/tables/.")
    join: str | None = Field(
        None, description="Written on its side as these rows put together: '{family_name} {given_name}'."
    )
    split: dict[Word, str] = Field(default_factory=dict, description="What each joined row looks like, to read it back.")
    max: dict[str, int] = Field(default_factory=dict, description="Cut at this many characters on a side.")
    each: dict[str, Path] = Field(default_factory=dict, description="The repeated group's path on each side.")
    match: Word | None = Field(None, description="The row that pairs lines; never their position.")
    fields: dict[Word, Row] = Field(default_factory=dict, description="The rows of each line.")
    constant: str | None = Field(None, description="Always this value on its side.")
    computed: Computed | None = Field(
        None, description="Worked out from other rows when it is written: {count: bins}, {sum: bins.litres}, {by: name}."
    )
    tweak: dict[str, Word] = Field(
        default_factory=dict,
        description="What no word can say: the pair read_<name>, write_<name> in tweaks.py of that side's connector.",
    )
    when: dict[Word, tuple[str, ...]] = Field(default_factory=dict, description="Only when these rows have these values.")
    file: FileWord | None = Field(None, description="The field holds a file.")
    check: RowCheck | None = None
    owner: str | None = Field(None, description="The one side that may change it.")
    loses: dict[str, str] = Field(default_factory=dict, description="What does not come back from a side, in words.")
    remember: Truth = Field(False, description="The value enters the crosswalk, as the name of this request on its side.")
    recall: Word | None = Field(None, description="When not carried: found in the crosswalk by this row's value.")

    @model_validator(mode="before")
    @classmethod
    def _gather_cells(cls, data: Any) -> Any:
        if not isinstance(data, dict) or "cells" in data:
            return data
        words = {field.alias or name for name, field in cls.model_fields.items()}
        cells = {key: value for key, value in data.items() if key not in words}
        return {key: value for key, value in data.items() if key in words} | {"cells": cells}


class Keep(Spec):
    """How long things are kept."""

    content: Duration = Field(timedelta(days=90), le=timedelta(days=92), description="What was said.")
    journal: Duration = Field(timedelta(days=730), description="What became of it.")


class Follow(Spec):
    """What the sender is told, through another exchange: its rows, each a row of this mapping or a value."""

    exchange: Slug
    with_: dict[Word, str] = Field(alias="with")


class Then(Spec):
    """What is said once a delivery has ended."""

    delivered: Follow | None = None
    refused: Follow | None = None


class Mapping(Spec):
    """One exchange: who says it to whom, and how each field reads on each side."""

    exchange: Slug = Field(description="Its name, which is also its file's.")
    title: str
    sector: Sector = Field(description="The family of services, kept apart from the others.")
    between: dict[str, dict[Literal["in", "out", "ask", "feed", "collect"], Word]]
    key: Word = Field(description="The row that joins the messages of one request: the reference.")
    once: tuple[Word, ...] = Field(
        (), description="The rows that tell a repeat from a new message; the key alone if nothing is said."
    )
    keep: Keep = Field(default_factory=Keep)
    timezone: str = Field("Europe/Paris", description="The zone of times that are written without one.")
    expires: Duration | None = Field(None, description="Not delivered after this: a dead letter.")
    fields: dict[Word, Row]
    reply: dict[Word, Row] = Field(default_factory=dict)
    then: Then = Field(default_factory=Then)
    ignore: dict[str, tuple[Path, ...]] = Field(default_factory=dict)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise refusal(
                "write a zone such as Europe/Paris or Pacific/Noumea",
                "écrivez un fuseau tel que Europe/Paris ou Pacific/Noumea",
            ) from error
        return value


class Example(Spec):
    """The same content as each side writes it. `start` is the side whose document is read first."""

    name: str
    start: str
    documents: dict[str, dict[str, Any]]


class ExpectedError(Spec):
    """One error of a refused example: the row, and the words."""

    row: str
    says: str


class RefusedExample(Spec):
    """A document that is refused, with the exact errors."""

    name: str
    start: str
    document: dict[str, Any]
    errors: tuple[ExpectedError, ...]


class Examples(Spec):
    """`mappings/<exchange>.examples.yaml`."""

    examples: tuple[Example, ...]
    refused: tuple[RefusedExample, ...] = ()
