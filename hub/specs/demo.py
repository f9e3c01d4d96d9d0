"""`connectors/<application>/samples/demo.yaml`: what the application says in `hub demo`, and how each request ends."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from hub.specs.words import Path, Slug, Spec, Truth, Word


class Both(Spec):
    """A sentence in both languages."""

    en: str
    fr: str


class Ending(Spec):
    """The call that ends a request's trip: back at the application, this operation with these values."""

    operation: Word
    values: dict[Path, str] = Field(description="Fields of the call and what they are.")


class Line(Spec):
    """One thing said, and what is waited for."""

    title: Both
    operation: Word
    exchange: Slug
    reference: str = Field(description="Its reference, to follow its trip.")
    document: dict[str, Any]
    during_outage: Truth = Field(False, description="Said while the application `outage` is down.")
    ends: Ending


class Demo(Spec):
    """The script of the demo, from the side of the application whose folder it is in."""

    outage: Slug = Field(description="The application that is taken down and up again in the middle.")
    lines: tuple[Line, ...] = Field(min_length=1)
