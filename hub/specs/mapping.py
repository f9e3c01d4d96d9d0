"""`mappings/<exchange>.yaml` and its examples: one row a field, one column an application."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Literal

from pydantic import Field, model_validator

from hub.specs.words import Duration, Path, Size, Slug, Spec, Truth, Word, Zone, refusal

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


BOTH = "both"
"""The `owner` of a row that each side may change: asked and answered."""


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
    types: tuple[str, ...] = Field(
        (), description="The types taken, told by the first bytes: pdf, jpg, png, gif, xml, zip (docx and odt too)."
    )
    by_address: tuple[str, ...] = Field(
        (),
        description="The sides whose field holds the file's address: it is fetched there while the message is accepted. "
        "Each is a side that says the message; its connector's instances name where its files may lie (`address`, "
        "`files_from`).",
        examples=[["portal"]],
    )


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
    owner: str | None = Field(None, description="The one side that may change it, or both.")
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

    @property
    def is_free_text(self) -> bool:
        """Whether it takes any letters: a text that is no date, code, constant, file or group."""
        words = (self.date, self.table, self.values, self.each, self.file)
        return self.as_ == "text" and self.constant is None and not any(words)

    def is_changed_by(self, side: str) -> bool:
        """Whether `side` may change it: what it says of it counts."""
        return self.owner in (None, BOTH, side)


class Keep(Spec):
    """How long things are kept."""

    content: Duration = Field(
        timedelta(days=90),
        le=timedelta(days=92),
        description="What was said, from its acceptance; never deleted before all its deliveries have ended.",
    )
    journal: Duration = Field(timedelta(days=730), description="What became of it. Nothing of it is deleted yet.")


class Follow(Spec):
    """What the sender is told, through another exchange: its rows, each a row of this mapping or a value."""

    exchange: Slug
    with_: dict[Word, str] = Field(alias="with")


class Then(Spec):
    """What is said once a delivery has ended."""

    delivered: Follow | None = None
    refused: Follow | None = None


class Expects(Spec):
    """What is to be heard next of the same reference."""

    exchange: Slug = Field(description="The exchange by which it comes.")
    within: Duration = Field(description="How long after the message was accepted.")


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
    timezone: Zone = Field("Europe/Paris", description="The zone of times that are written without one.")
    expires: Duration | None = Field(None, description="Not delivered after this: a dead letter.")
    deadline: Word | None = Field(
        None, description="The row that says until when it is of use: a date, to the end of that day, or a time."
    )
    done_when: Literal["all", "any"] | tuple[Slug, ...] = Field(
        "all",
        description="For several receivers, when the message as a whole is delivered: all of them have it, any of them has "
        "it, or those listed have it. This is what its sender is told, once, by `then`.",
        examples=["any"],
    )
    priority: Literal["high", "normal", "low"] = Field(
        "normal",
        description="Which messages an application is told first, when more wait than it bears: one of high priority goes "
        "before those of normal priority that have waited for up to ten minutes longer, and so on. Within a reference the "
        "order stands.",
        examples=["high"],
    )
    on_dead: Literal["block", "skip"] | None = Field(
        None,
        description="What a dead letter does to what comes after it in its reference: block (it waits for a person) or skip "
        "(it goes on without it). Default: what the connector's operation says.",
        examples=["skip"],
    )
    fields: dict[Word, Row]
    reply: dict[Word, Row] = Field(default_factory=dict)
    then: Then = Field(default_factory=Then)
    expects: Expects | None = Field(
        None,
        description="The news that must follow, and by when. What does not come is missed: it is counted, logged, and told "
        "in the message's story, once.",
        examples=[{"exchange": "bin-progress", "within": "10d"}],
    )
    ignore: dict[str, tuple[Path, ...]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known_receivers(self) -> Mapping:
        unknown = set(self.done_when) - self.between.keys() if isinstance(self.done_when, tuple) else set()
        if unknown or self.done_when == ():
            known = ", ".join(self.between)
            raise refusal(
                f"done_when: write all, any, or some of these receivers: {known}",
                f"done_when : écrivez all, any, ou certains de ces destinataires : {known}",
            )
        return self

    @model_validator(mode="after")
    def _deadline_is_a_date(self) -> Mapping:
        row = self.fields.get(self.deadline) if self.deadline else None
        days = [form for form in row.date.values() if form in ("date", "datetime") or "yyyy" in form] if row else []
        if self.deadline and not (row and row.date and len(days) == len(row.date)):
            raise refusal(
                f"deadline: “{self.deadline}” is no row with a date",
                f"deadline : « {self.deadline} » n'est pas une ligne de date",
            )
        return self


class Example(Spec):
    """The same content as each side writes it. `start` is the side whose document is read first."""

    name: str
    like: str | None = Field(
        None, description="An example further up: only what is different from it is written; an empty value takes one away."
    )
    start: str = Field("", description="The side that says it; none when another exchange's `then` does, by `given`.")
    given: dict[Word, str] = Field(
        default_factory=dict, description="Rows that the start's document does not say: recalled, or told by `then`."
    )
    documents: dict[str, dict[str, Any]]
    reply: dict[str, dict[str, Any]] = Field(default_factory=dict, description="What each receiver answers.")
    reason: str = Field("", description="The words of a receiver that refuses it.")
    told: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="What `then` tells each side, after the reply or the refusal."
    )


class ExpectedError(Spec):
    """One error of a refused example: the row, and the words."""

    row: str
    says: str


class RefusedExample(Spec):
    """A document that is refused, with the exact errors."""

    name: str
    like: str | None = Field(None, description="An example: its start's document, but for what is different.")
    start: str
    document: dict[str, Any]
    errors: tuple[ExpectedError, ...]


class Examples(Spec):
    """`mappings/<exchange>.examples.yaml`."""

    examples: tuple[Example, ...]
    refused: tuple[RefusedExample, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _filled_up(cls, data: Any) -> Any:
        """Every example written out whole."""
        if not isinstance(data, dict):
            return data
        whole: dict[str, Any] = {}
        for part, fill in (("examples", _merged), ("refused", _refused_like)):
            if isinstance(listed := data.get(part), list):
                data = {**data, part: [_written_out(each, whole, fill) for each in listed]}
        return data


def _written_out(example: Any, whole: dict[str, Any], fill: Callable[[Any, Any], Any]) -> Any:
    if not isinstance(example, dict):
        return example
    found = example
    if isinstance(name := example.get("like"), str) and name:  # anything else is for the spec to refuse
        if name not in whole:
            raise refusal(
                f"like: “{name}”: no example further up has this name",
                f"like : « {name} » : aucun exemple plus haut ne porte ce nom",
            )
        found = fill(whole[name], example)
    if "documents" in found:
        whole[str(found.get("name"))] = found
    return found


def _refused_like(base: dict[str, Any], refused: dict[str, Any]) -> dict[str, Any]:
    start, documents = str(base.get("start", "")), base["documents"]
    whole = documents.get(start, {}) if isinstance(documents, dict) else {}
    document = _merged(whole, refused.get("document", {}))
    return {"start": start, **refused, "document": document}


def _merged(base: Any, change: Any) -> Any:
    """`base` with what `change` says: objects field by field, nothing takes a field away, all else stands in its place."""
    if not isinstance(base, dict) or not isinstance(change, dict):
        return change
    changed = {key: _merged(base.get(key), value) for key, value in change.items()}
    return {key: value for key, value in {**base, **changed}.items() if key not in changed or value is not None}
