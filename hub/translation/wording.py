"""What the words of a row did to one value, in plain words: when it was read from a side, and when written for one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hub.errors import Text
from hub.specs.mapping import Row
from hub.translation.cells import Words, listed_values
from hub.translation.mapping import MASK
from hub.translation.record import canonical_text
from hub.translation.scene import ABSENT


def reading_words(row: Row, side: str, words: Words, *, raw: Any, value: Any, hidden: bool) -> Iterator[Text]:
    """From `raw`, the side's text, to `value`, the record's. `hidden`: neither may be said."""
    if row.owner not in (None, side):
        yield Text(en=f"not read: only {row.owner} may change it", fr=f"non lu : seul {row.owner} peut le changer")
        return
    if row.join:
        split = Text(en=f"taken apart by split as {row.join}", fr=f"séparé par split selon {row.join}")
        yield split if row.split else Text(en="not read back: it has no split", fr="non relu : pas de split")
    yield from _condition(row)
    yield from _form(row, side, words, raw=raw, value=value, hidden=hidden)
    if row.check:
        yield Text(en="held against its check", fr="contrôlé par check")
    if row.recall and value in (ABSENT, None, ""):
        yield Text(
            en=f"found in the crosswalk by {row.recall}", fr=f"retrouvé dans la table de correspondance par {row.recall}"
        )


def writing_words(row: Row, side: str, words: Words, *, raw: Any, value: Any, hidden: bool) -> Iterator[Text]:
    """From `value`, the record's, to `raw`, the side's text."""
    yield from _condition(row)
    if row.constant is not None:
        yield Text(en=f"always {row.constant}", fr=f"toujours {row.constant}")
        return
    if row.join:
        yield Text(en=f"put together as {row.join}", fr=f"assemblé selon {row.join}")
    if row.computed is not None:
        yield Text(en="worked out from other rows (computed)", fr="calculé d'après d'autres lignes (computed)")
    if value is ABSENT and not row.join and row.computed is None:
        yield Text(
            en="not carried by this message: what stands there stays", fr="non porté par ce message : rien n'y change"
        )
        return
    yield from _form(row, side, words, raw=raw, value=value, hidden=hidden)
    longest, whole = row.max.get(side), len(canonical_text(value)) if value is not ABSENT else 0
    if longest is not None and whole > longest:
        yield Text(en=f"cut at {longest} characters of {whole}", fr=f"coupé à {longest} caractères sur {whole}")


def _condition(row: Row) -> Iterator[Text]:
    for name, values in row.when.items():
        en, fr = " or ".join(values), " ou ".join(values)
        yield Text(en=f"only when {name} is {en}", fr=f"seulement quand {name} vaut {fr}")


def _form(row: Row, side: str, words: Words, *, raw: Any, value: Any, hidden: bool) -> Iterator[Text]:
    """What stands between a side's text and the record's value, whichever way."""
    if name := row.tweak.get(side):
        yield Text(en=f"through the tweak {name} of its connector", fr=f"par l'ajustement {name} de son connecteur")
    if row.file and side in row.file.by_address:
        yield Text(
            en="the address of a file: fetched as the message is accepted, the record has its ticket",
            fr="l'adresse d'un fichier : recherché à l'acceptation du message, la fiche a son ticket",
        )
    elif row.file:
        yield Text(
            en="a file: kept apart, the record has its ticket", fr="un fichier : conservé à part, la fiche a son ticket"
        )
    elif row.table:
        yield _of_table(row.table, side, words, raw=raw, value=value, hidden=hidden)
    elif row.values:
        code = next((code for code, text in listed_values(row, side).items() if text == raw), "")
        shown, stands = (MASK, MASK) if hidden else (canonical_text(raw if raw is not ABSENT else ""), code)
        yield Text(en=f"values: {shown} is {stands}", fr=f"values : {shown} vaut {stands}")
    elif side in row.date:
        zone = words.zone.key
        yield Text(en=f"date of the form {row.date[side]} ({zone})", fr=f"date de la forme {row.date[side]} ({zone})")
    elif row.as_ == "decimal":
        form = row.number.get(side, "plain")
        yield Text(en=f"number written {form}", fr=f"nombre écrit {form}")
    elif row.as_ != "text":
        yield Text(en=f"as {row.as_}", fr=f"en tant que {row.as_}")
    elif not (row.join or row.computed or row.tweak.get(side)):
        yield Text(en="as it is", fr="tel quel")


def _of_table(name: str, side: str, words: Words, *, raw: Any, value: Any, hidden: bool) -> Text:
    """The line of a code list by which a value passed: the first that fits."""
    table = words.tables[name]
    code = canonical_text(value if value is not ABSENT else None)
    line = next((line for line in table.lines if line.code == code and line.values.get(side) == raw), None)
    if hidden or line is None:
        return Text(en=f"table {name}", fr=f"table {name}")
    return Text(
        en=f"table {name}, line {line.line}: {line.values[side]} is {code} ({line.label.en})",
        fr=f"table {name}, ligne {line.line} : {line.values[side]} vaut {code} ({line.label.fr})",
    )
