"""One field put together from several rows ("{family_name} {given_name}"), and taken apart again by what each looks like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import regex

from hub.message import Record
from hub.translation.facets import Matcher, compile_pattern, matcher
from hub.translation.faults import fault
from hub.translation.record import canonical_text

_NAME = re.compile(r"\{([a-z][a-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Joint:
    """A compiled `join` and its `split`. `names` are the joined rows in the order of the text, `form` the text with %s for
    each of them; `whole_match` finds the rows in a text, where it can be split: each in the group of its place."""

    template: str
    names: tuple[str, ...]
    form: str
    whole_match: Matcher | None
    places: tuple[int, ...] = ()

    def put_together(self, record: Record) -> str | None:
        """The text of the joined rows; None when all are empty. Raises Fault when it would come back as other values."""
        carried = map(record.get, self.names)
        values = tuple([value if value.__class__ is str else canonical_text(value) for value in carried])
        if not any(values):
            return None
        text = (self.form % values).strip()
        if self.whole_match is None:
            return text
        found = self.whole_match(text)
        if found is None or (found.groups() != values and found.group(0, *self.places) != (text, *values)):
            self._guard(self._found(text), [*values])
        return text

    def taken_apart(self, text: str) -> dict[str, str | None]:
        """The joined rows that `text` holds. Raises Fault when it does not look like them."""
        found = self._found(text.strip())
        if found is None:
            raise fault(f"does not look like {self.template}", f"ne ressemble pas à {self.template}")
        return {name: part.strip() or None for name, part in zip(self.names, found, strict=True)}

    def _guard(self, found: list[str] | None, values: list[str]) -> None:
        """A text that would be read back as *other* values is refused; one that could not be read back may leave."""
        if found is not None and [part.strip() for part in found] != [value.strip() for value in values]:
            raise fault(
                f"put together as {self.template}, it would be read back with other parts",
                f"assemblé comme {self.template}, il serait relu avec d'autres parties",
            )

    def _found(self, text: str) -> list[str] | None:
        """What of the text each row is, "" for nothing."""
        if self.whole_match is None:
            return None
        # an empty first or last row took its blank with it: put it back before looking again
        found = self.whole_match(text) or self.whole_match(f"{text} ") or self.whole_match(f" {text}")
        return [found[place] or "" for place in self.places] if found else None


def compile_joint(template: str, split: Mapping[str, str]) -> Joint:
    """The joint of a `join` and its `split`. Raises ValueError saying what is wrong."""
    names = tuple(_NAME.findall(template))
    literals = tuple(_NAME.split(template)[::2])
    if not names or any("{" in literal or "}" in literal for literal in literals):
        raise ValueError("write the rows in braces: {family_name} {given_name}")
    if len(set(names)) < len(names):
        raise ValueError("a row stands twice")
    form = "%s".join(literal.replace("%", "%%") for literal in literals)
    if not split:
        return Joint(template, names, form, None)
    splitter = _splitter(names, literals, split)
    return Joint(template, names, form, matcher(splitter), tuple(splitter.groupindex[name] for name in names))


def _splitter(names: tuple[str, ...], literals: tuple[str, ...], split: Mapping[str, str]) -> regex.Pattern[str]:
    if missing := [name for name in names if name not in split]:
        raise ValueError(f"say what {missing[0]} looks like")
    parts = [regex.escape(literals[0], special_only=True, literal_spaces=True)]
    for name, literal in zip(names, literals[1:], strict=True):
        parts.append(f"(?P<{name}>{split[name]})" + regex.escape(literal, special_only=True, literal_spaces=True))
    try:
        return compile_pattern("".join(parts))
    except regex.error as error:
        raise ValueError(str(error)) from error
