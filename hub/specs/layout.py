"""`connectors/<application>/<name>.layout.yaml`: what stands on the lines of a CSV or fixed-width text."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from hub.specs.words import Slug, Spec, Truth, Word, refusal

Encoding = Literal["utf-8", "utf-8-sig", "iso-8859-1", "iso-8859-15", "windows-1252"]


def _sign(value: str) -> str:
    if len(value) != 1 or value in "\r\n":
        raise refusal("write one character", "écrivez un seul caractère")
    return value


class Column(Spec):
    """One value of a line."""

    title: str = Field("", description="What people call it; in a CSV with a header, its name there. Default: its name.")
    required: Truth = Field(False, description="It may not be empty.")
    longest: int | None = Field(None, ge=1, description="How many characters it takes at most. Nothing is ever cut.")
    values: tuple[str, ...] = Field((), description="The values that it takes, if only these.")
    constant: str | None = Field(
        None,
        description="It always holds this text, and a mapping does not see it. It tells kinds of lines apart.",
        examples=["E"],
    )
    width: int | None = Field(None, ge=1, le=10_000, description="For fixed: how many characters it takes up.")
    start: int | None = Field(
        None, ge=1, description="For fixed: the number of its first character, from 1. Default: after the column before."
    )
    align: Literal["left", "right"] = Field("left", description="For fixed: the side on which the value stands.")
    fill: str = Field(" ", description="For fixed: what fills it up, a blank or 0. An empty value is all blanks.")

    @field_validator("fill")
    @classmethod
    def _one_sign(cls, fill: str) -> str:
        return _sign(fill)


class Lines(Spec):
    """One kind of line."""

    columns: dict[Word, Column] = Field(min_length=1, description="Its columns, in their order.")
    repeated: Truth = Field(True, description="There may be many of them; false: one at most, such as a header or a footer.")
    required: Truth = Field(False, description="There must be one.")
    lines: dict[Word, Lines] = Field(
        default_factory=dict, description="Kinds of lines that follow each of these and belong to it."
    )


class Layout(Spec):
    """A text of lines. A mapping reaches a column by the name of its kind of line and its own: `lignes.montant`."""

    layout: Slug = Field(description="Its name, which is also its file's: `titres` for titres.layout.yaml.")
    title: str = Field("", description="What it is, for people.")
    form: Literal["csv", "fixed"] = Field(description="csv: values between separators; fixed: values at fixed places.")
    encoding: Encoding = Field(
        "utf-8", description="What its bytes are written in; utf-8-sig begins with the mark that spreadsheets look for."
    )
    line_end: Literal["crlf", "lf"] = Field("crlf", description="How lines end when written; both are read.")
    separator: str = Field(";", description='For csv: what stands between values; a tabulation is "\\t".')
    quote: str = Field('"', max_length=1, description="For csv: what stands around a value that needs it; empty for none.")
    header: Truth = Field(False, description="For csv: the first line names the columns.")
    lines: dict[Word, Lines] = Field(min_length=1, description="Its kinds of lines, in the order in which they come.")

    @field_validator("separator")
    @classmethod
    def _one_sign(cls, separator: str) -> str:
        return _sign(separator)
