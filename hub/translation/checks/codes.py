"""Code lists against the contracts: tables, inline values, constants, enumerations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from hub.contract import Shape
from hub.errors import Finding, Text
from hub.translation.cells import listed_values
from hub.translation.checks.case import Case, Spot, closest, one_of
from hub.translation.facets import fit_of
from hub.translation.faults import Fault
from hub.translation.tables import Table


def check_codes(case: Case) -> None:
    """Every code that can arrive is known, and every code that is written is one that the contract takes."""
    for name in dict.fromkeys(spot.row.table for spot in case.spots()):
        if name is not None and name in case.tables:
            case.findings.extend(check_table(case.tables[name]))
    for spot in [spot for spot in case.spots() if not case.follows(spot)]:
        if spot.row.table:
            _check_table_row(case, spot, spot.row.table)
        elif spot.row.values:
            _check_values(case, spot)
        elif spot.row.constant is not None:
            _check_constant(case, spot, spot.row.constant)
        elif not spot.row.each:
            _check_enumerations(case, spot)


def check_table(table: Table) -> tuple[Finding, ...]:
    """Lines that stand twice: a code is repeated only to let one more value of one side stand for it."""
    found: list[Finding] = [finding for side in table.sides for finding in _lost_zeros(table, side)]
    first: dict[str, Mapping[str, str]] = {}
    values: dict[str, set[str]] = {side: set() for side in table.sides}
    for line in table.lines:
        fresh = [side for side, value in line.values.items() if value and value not in values[side]]
        if line.code in first and len(fresh) != 1:
            text = Text(en=f"the code “{line.code}” stands twice", fr=f"le code « {line.code} » figure deux fois")
            right = Text(
                en="one line per code; a further line may add one more value of one side",
                fr="une ligne par code ; une ligne de plus peut ajouter une valeur d'un seul côté",
            )
            found.append(Finding(text, table.file, line.line, 1, right=right))
        first.setdefault(line.code, line.values)
        for side, value in line.values.items():
            values[side].add(value)
    return tuple(found)


def _lost_zeros(table: Table, side: str) -> Iterator[Finding]:
    """Numbers that are one digit short of the others, where those have a zero in front or are five or more digits."""
    numbers = [line.values.get(side, "") for line in table.lines if line.values.get(side, "").isdecimal()]
    width = max(map(len, numbers), default=0)
    padded = any(number.startswith("0") and len(number) == width > 1 for number in numbers)
    whole = sum(len(number) == width for number in numbers)
    for line in table.lines:
        value = line.values.get(side, "")
        if value.isdecimal() and (
            len(value) < width if padded else len(value) == width - 1 >= 4 and whole * 2 >= len(numbers)
        ):
            text = Text(
                en=f"“{value}” has {len(value)} digits, others of {side} have {width}: a spreadsheet drops zeros in front",
                fr=f"« {value} » a {len(value)} chiffres, d'autres de {side} {width} : un tableur ôte les zéros de tête",
            )
            right = Text(
                en=f"write {value.zfill(width)}, and keep the column as text in the spreadsheet",
                fr=f"écrivez {value.zfill(width)}, et gardez la colonne au format texte dans le tableur",
            )
            yield Finding(text, table.file, line.line, 1, right=right)


def _check_table_row(case: Case, spot: Spot, name: str) -> None:
    table, file = case.tables.get(name), f"mappings/tables/{name}.csv"
    if table is None and file in case.unread:
        case.not_yet((*spot.place, "table"), file, row=spot.name)
        return
    if table is None:
        text = Text(en=f"there is no table “{name}”", fr=f"la table « {name} » n'existe pas")
        right = Text(en=f"make the file {file}", fr=f"créez le fichier {file}")
        if near := closest(name, case.tables, cutoff=0.8):
            right = Text(en=f"did you mean “{near}”?", fr=f"vouliez-vous dire « {near} » ?")
        case.wrong((*spot.place, "table"), text, row=spot.name, right=right)
        return
    for side in spot.sides:
        if side not in table.sides:
            text = Text(en=f"the table {name} has no column “{side}”", fr=f"la table {name} n'a pas de colonne « {side} »")
            right = Text(
                en=f"add the column “{side}” to {table.file}; its columns: {', '.join(table.sides)}",
                fr=f"ajoutez la colonne « {side} » à {table.file} ; ses colonnes : {', '.join(table.sides)}",
            )
            case.wrong((*spot.place, "table"), text, row=spot.name, right=right)
            continue
        shape = case.field(spot, side)
        if shape is not None and shape.values:
            _check_column(case, spot, table, side, shape)
        elif shape is not None:
            _check_column_fits(case, spot, table, side, shape)
    _check_written_codes(case, spot, table)


def _check_column(case: Case, spot: Spot, table: Table, side: str, shape: Shape) -> None:
    known = frozenset(shape.values)
    for line in table.lines:
        value = line.values.get(side, "")
        if value and value not in known:
            text = Text(
                en=f"the contract of {side} has no code “{value}”", fr=f"le contrat de {side} n'a pas de code « {value} »"
            )
            _at_line(case, spot, table, line.line, text=text, right=one_of(value, shape.values))
    if not case.is_read(spot, side):
        return
    missing = [value for value in shape.values if value.strip() and value not in table.to_code(side)]
    if missing:
        listed = ", ".join(missing)
        text = Text(
            en=f"codes of {side} are missing from the table: {listed}",
            fr=f"des codes de {side} manquent à la table : {listed}",
        )
        _at_line(case, spot, table, table.lines[-1].line, text=text, right=_new_lines(case, spot, table, side, missing[0]))


def _check_column_fits(case: Case, spot: Spot, table: Table, side: str, shape: Shape) -> None:
    """Where the contract lists no codes, it may still say what they look like."""
    for line in table.lines:
        if refused := _refusal(shape, line.values.get(side, "")):
            value = line.values[side]
            en = f"the contract of {side} does not take “{value}”: {refused.en}"
            fr = f"le contrat de {side} n'admet pas « {value} » : {refused.fr}"
            right = Text(en="write the code as the contract has it", fr="écrivez le code tel que le contrat le demande")
            _at_line(case, spot, table, line.line, text=Text(en=en, fr=fr), right=right)


def _refusal(shape: Shape, value: str) -> Text | None:
    """Why the contract does not take `value`; None when it does."""
    fit = fit_of(shape)
    try:
        if value and fit is not None:
            fit(value)
    except Fault as found:
        return found.text
    return None


def _new_lines(case: Case, spot: Spot, table: Table, side: str, value: str) -> Text:
    """What is to be added for a value of `side` that the table does not have."""
    en, fr = [f"{value} in the column {side}"], [f"{value} dans la colonne {side}"]
    for other in table.sides:
        shape = case.field(spot, other) if other != side else None
        if shape is not None and shape.values:
            listed = ", ".join(shape.values)
            en.append(f"one of {listed} in the column {other}")
            fr.append(f"l'une des valeurs {listed} dans la colonne {other}")
    return Text(
        en=f"add a line for each: a code of your own, {', '.join(en)}",
        fr=f"ajoutez une ligne pour chacun : un code de votre choix, {', '.join(fr)}",
    )


def _check_written_codes(case: Case, spot: Spot, table: Table) -> None:
    """What can be read from one side can be written on the others."""
    readable = {
        code
        for side in spot.sides
        if side in table.sides and case.is_read(spot, side)
        for code in table.to_code(side).values()
    }
    for side in spot.sides:
        if side not in table.sides or not case.is_written(spot, side):
            continue
        others = any(case.is_read(spot, other) for other in spot.sides if other != side)
        written = table.to_value(side)
        for line in table.lines:
            if others and line.code in readable and line.code not in written:
                text = Text(
                    en=f"the code “{line.code}” has no value for {side}",
                    fr=f"le code « {line.code} » n'a pas de valeur pour {side}",
                )
                right = Text(en=f"fill the column {side} of this line", fr=f"remplissez la colonne {side} de cette ligne")
                shape = case.field(spot, side)
                if shape is not None and shape.values:
                    listed = ", ".join(shape.values)
                    right = Text(en=f"{right.en}: one of {listed}", fr=f"{right.fr} : au choix {listed}")
                _at_line(case, spot, table, line.line, text=text, right=right)


def _at_line(case: Case, spot: Spot, table: Table, line: int, *, text: Text, right: Text | None) -> None:
    case.findings.append(Finding(text, table.file, line, 1, spot.name, right))


def _check_values(case: Case, spot: Spot) -> None:
    codes = {code for listed in spot.row.values.values() for code in listed}
    for side in spot.sides:
        if side not in spot.row.values and spot.row.as_ == "boolean":
            continue
        listed = listed_values(spot.row, side)
        for code in sorted(codes - set(listed)):
            text = Text(en=f"“{code}” has no value for {side}", fr=f"« {code} » n'a pas de valeur pour {side}")
            right = Text(
                en=f"add it to values: {{{side}: {{{code}: …}}}}", fr=f"ajoutez-le à values: {{{side}: {{{code}: …}}}}"
            )
            case.wrong((*spot.place, "values", side), text, row=spot.name, right=right)
        shape = case.field(spot, side)
        if shape is not None and shape.values:
            _check_listed(case, spot, side, listed, shape)


def _check_listed(case: Case, spot: Spot, side: str, listed: Mapping[str, str], shape: Shape) -> None:
    place = (*spot.place, "values", side)
    for value in listed.values():
        if value not in shape.values:
            text = Text(
                en=f"the contract of {side} has no code “{value}”", fr=f"le contrat de {side} n'a pas de code « {value} »"
            )
            case.wrong(place, text, row=spot.name, right=one_of(value, shape.values))
    missing = [value for value in shape.values if value.strip() and value not in listed.values()]
    if missing and case.is_read(spot, side):
        text = Text(
            en=f"codes of {side} are missing: {', '.join(missing)}",
            fr=f"des codes de {side} manquent : {', '.join(missing)}",
        )
        right = Text(
            en=f"add each to values: {{{side}: {{…: {missing[0]}}}}}",
            fr=f"ajoutez chacun à values: {{{side}: {{…: {missing[0]}}}}}",
        )
        case.wrong(place, text, row=spot.name, right=right)


def _check_constant(case: Case, spot: Spot, constant: str) -> None:
    for side in spot.sides:
        shape = case.field(spot, side)
        if shape is None:
            continue
        if shape.values and constant not in shape.values:
            text = Text(
                en=f"the contract of {side} has no code “{constant}”",
                fr=f"le contrat de {side} n'a pas de code « {constant} »",
            )
            case.wrong((*spot.place, "constant"), text, row=spot.name, right=one_of(constant, shape.values))
        elif shape.longest is not None and len(constant) > shape.longest:
            text = Text(
                en=f"“{constant}” is longer than the contract's {shape.longest}",
                fr=f"« {constant} » dépasse les {shape.longest} caractères du contrat",
            )
            right = Text(en="write a shorter one", fr="écrivez-en une plus courte")
            case.wrong((*spot.place, "constant"), text, row=spot.name, right=right)
        elif refused := _refusal(shape, constant):
            en = f"the contract of {side} does not take “{constant}”: {refused.en}"
            fr = f"le contrat de {side} n'admet pas « {constant} » : {refused.fr}"
            case.wrong((*spot.place, "constant"), Text(en=en, fr=fr), row=spot.name)


def _check_enumerations(case: Case, spot: Spot) -> None:
    """A row without a code list writes the values as they come: the receiver's enumeration must hold the sender's."""
    if spot.row.as_ != "text" or spot.row.date or spot.row.join or spot.row.file:
        return
    for side in spot.sides:
        shape = case.field(spot, side)
        if shape is None or not shape.values or not case.is_written(spot, side):
            continue
        strange = [value for other in spot.sides if other != side for value in _sent(case, spot, other, shape.values)]
        if strange:
            listed = ", ".join(dict.fromkeys(strange))
            text = Text(
                en=f"{side} takes only {', '.join(shape.values)}; it may get {listed}",
                fr=f"{side} n'admet que {', '.join(shape.values)} ; la ligne peut lui apporter {listed}",
            )
            right = Text(
                en="give the row a code list: table, or values", fr="donnez à la ligne une liste de codes : table, ou values"
            )
            case.wrong(spot.cell(side), text, row=spot.name, right=right)


def _sent(case: Case, spot: Spot, side: str, taken: Iterable[str]) -> list[str]:
    shape = case.field(spot, side)
    if shape is None or not case.is_read(spot, side):
        return []
    return [value for value in shape.values if value not in taken] if shape.values else ["…"]
