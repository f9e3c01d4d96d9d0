"""One exchange of thirty fields, of the kinds that real ones have: its mapping, and the same written by hand.

By hand there are the same conversions, and the same checks: required, code, date, number, length, every fault at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hub.contract import Kind, Shape
from hub.errors import MessageError
from hub.specs.load import build
from hub.specs.mapping import Mapping as Spec
from hub.specs.source import parse_source
from hub.translation.mapping import Translation, compile_mapping
from hub.translation.tables import Table

_TEXTS = ("street", "place", "district", "phone", "mail", "note", "agent", "desk", "origin", "file_number")
_LISTS = {
    "motives": {"theft": ("VOL", "P1"), "loss": ("PERTE", "P2"), "wear": ("USURE", "P3"), "moving": ("DEMENAGEMENT", "P4")},
    "dwellings": {"house": ("MAISON", "M"), "flat": ("APPARTEMENT", "A"), "shop": ("COMMERCE", "C")},
    "channels": {"web": ("INTERNET", "1"), "desk": ("GUICHET", "2"), "phone": ("TELEPHONE", "3")},
    "waste": {"paper": ("PAPIER", "10"), "glass": ("VERRE", "20"), "rest": ("ORDURES", "30")},
}
MAPPING = r"""
exchange: wide
title: Thirty fields
sector: relations-usagers
between: {portal: {in: tell, out: hear}, waste: {out: order, in: ordered}}
key: number
fields:
  number: {portal: dossier.numero, waste: RefExterne, required: true}
  motive: {portal: demande.motif, waste: Commande.CodeMotif, table: motives, required: true}
  dwelling: {portal: demande.logement.nature, waste: Commande.Logement.Type, table: dwellings}
  channel: {portal: dossier.canal, waste: Canal, table: channels}
  stream: {portal: demande.flux, waste: Commande.CodeFlux, table: waste}
  filed:
    {portal: dossier.deposeLe, waste: DateDemande, date: {portal: datetime, waste: "dd/MM/yyyy HH:mm:ss"}, required: true}
  wished: {portal: demande.souhaiteLe, waste: Commande.DateSouhaitee, date: {portal: date, waste: dd/MM/yyyy}}
  moved: {portal: demande.logement.depuis, waste: Commande.Logement.Depuis, date: {portal: date, waste: yyyyMMdd}}
  fee: {portal: demande.montant, waste: Commande.Montant, as: decimal, number: {portal: comma, waste: cents}}
  deposit: {portal: demande.caution, waste: Commande.Caution, as: decimal, number: {portal: comma}}
  surface: {portal: demande.logement.surface, waste: Commande.Logement.Surface, as: decimal, number: {portal: comma}}
  residents: {portal: demande.habitants, waste: Commande.NbPers, as: integer, required: true}
  litres: {portal: demande.volume, waste: Commande.Litrage, as: integer}
  floor: {portal: demande.logement.etage, waste: Commande.Logement.Etage, as: integer}
  urgent: {portal: demande.urgent, waste: Commande.Urgent, as: boolean, values: {waste: {"true": O, "false": N}}}
  owner:
    portal: demande.logement.proprietaire
    waste: Commande.Logement.Prop
    as: boolean
    values: {waste: {"true": O, "false": N}}
  family: {portal: usager.nom, personal: true}
  given: {portal: usager.prenom, personal: true}
  holder:
    {waste: Demandeur.NomComplet, join: "{family} {given}", split: {family: "[\\p{Lu}' -]+", given: "\\p{Lu}\\p{Ll}.*"}}
  kind: {waste: Type, constant: REMPL}
  complaint: {portal: demande.numPlainte, waste: Commande.NumPV, when: {motive: [theft]}, required: true}
"""
PATHS = {name: (f"usager.adresse.{name}", f"Demandeur.Adr.{name.upper()}") for name in _TEXTS[:3]}
PATHS |= {name: (f"complement.{name}", f"Divers.{name.upper()}") for name in _TEXTS[3:]}

PORTAL: dict[str, Any] = {
    "dossier": {"numero": "D-2026-000118", "canal": "INTERNET", "deposeLe": "2026-05-31T14:05:09+02:00"},
    "demande": {
        "motif": "VOL",
        "flux": "VERRE",
        "souhaiteLe": "2026-06-15",
        "montant": "12,50",
        "caution": "100,00",
        "habitants": "4",
        "volume": "120",
        "urgent": "true",
        "numPlainte": "PV 2026/118",
        "logement": {
            "nature": "APPARTEMENT",
            "depuis": "2019-09-01",
            "surface": "72,5",
            "etage": "3",
            "proprietaire": "false",
        },
    },
    "usager": {
        "nom": "DE LA TOUR",
        "prenom": "Léa",
        "adresse": {"street": "12 rue des Écoles", "place": "Saint-Aubin", "district": "Le Bourg"},
    },
    "complement": {
        "phone": "0601020304",
        "mail": "lea@example.fr",
        "note": "Devant l'école maternelle",
        "agent": "M. Petit",
        "desk": "Accueil",
        "origin": "téléservice",
        "file_number": "A-77",
    },
}
WASTE: dict[str, Any] = {
    "RefExterne": "D-2026-000118",
    "Canal": "1",
    "DateDemande": "31/05/2026 14:05:09",
    "Type": "REMPL",
    "Commande": {
        "CodeMotif": "P1",
        "CodeFlux": "20",
        "DateSouhaitee": "15/06/2026",
        "Montant": "1250",
        "Caution": "100.00",
        "NbPers": "4",
        "Litrage": "120",
        "Urgent": "O",
        "NumPV": "PV 2026/118",
        "Logement": {"Type": "A", "Depuis": "20190901", "Surface": "72.5", "Etage": "3", "Prop": "N"},
    },
    "Demandeur": {
        "NomComplet": "DE LA TOUR Léa",
        "Adr": {"STREET": "12 rue des Écoles", "PLACE": "Saint-Aubin", "DISTRICT": "Le Bourg"},
    },
    "Divers": {name.upper(): PORTAL["complement"][name] for name in _TEXTS[3:]},
}
LONGEST = 80


def translation() -> Translation:
    """The mapping, compiled against contracts that limit every text."""
    rows = "".join(f"  {name}: {{portal: {paths[0]}, waste: {paths[1]}}}\n" for name, paths in PATHS.items())
    spec = build(parse_source(MAPPING + rows, shown="mappings/wide.yaml"), Spec)
    shapes = {"portal": shape_of("portal", PORTAL), "waste": shape_of("waste", WASTE)}
    tables = {name: _table(name, codes) for name, codes in _LISTS.items()}
    both = {
        "portal": {"in": shapes["portal"], "out": shapes["portal"]},
        "waste": {"in": shapes["waste"], "out": shapes["waste"]},
    }
    return compile_mapping(spec, shapes=both, replies={}, tables=tables)  # type: ignore[arg-type]


def _table(name: str, codes: dict[str, tuple[str, str]]) -> Table:
    lines = [f"{code},{portal},{waste}" for code, (portal, waste) in codes.items()]
    return Table.parse("\n".join(["code,portal,waste", *lines]), name)


def pairs(codes: str, start: str) -> dict[str, str]:
    """A code list from one side to the other."""
    number = ("portal", "waste").index(start)
    return {pair[number]: pair[1 - number] for pair in _LISTS[codes].values()}


def shape_of(name: str, sample: Any) -> Shape:
    """A contract that takes what the sample has."""
    if isinstance(sample, str):
        return Shape(name, Kind.TEXT, longest=LONGEST)
    return Shape(name, Kind.OBJECT, children=tuple(shape_of(key, each) for key, each in sample.items()))


class Refused(Exception):
    """What the hand-written functions raise: every fault at once."""


def rows_refused_by(act: Callable[[], Any]) -> set[str]:
    """The rows that are at fault, whoever says it."""
    try:
        act()
    except MessageError as error:
        return {problem.row for problem in error.problems}
    except Refused as error:
        return {fault.split(":")[0].split(" ")[0] for fault in error.args[0]}
    return set()


ZONE = ZoneInfo("Europe/Paris")
_COMMA = re.compile(r"[+-]?\d{1,40}(,\d{0,40})?", re.ASCII)
_POINT = re.compile(r"[+-]?\d{1,40}(\.\d{0,40})?", re.ASCII)
_ISO = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,40}", re.ASCII)
_HOLDER = re.compile(r"([A-ZÀ-ÖØ-Þ' -]+) ([A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ].*)")
_TO_CODE = [{name: {pair[side]: code for code, pair in codes.items()} for name, codes in _LISTS.items()} for side in (0, 1)]
_TO_VALUE = [{name: {code: pair[side] for code, pair in codes.items()} for name, codes in _LISTS.items()} for side in (0, 1)]


class _Reading:
    """What a careful person writes around each value: empty is empty, and each fault is kept with its field."""

    def __init__(self) -> None:
        self.record: dict[str, Any] = {}
        self.faults: list[str] = []

    def take(self, name: str, found: Any, parse: Any = None) -> None:
        if found is None:
            return
        if not isinstance(found, str):
            self.faults.append(f"{name}: one value is expected")
            return
        if not found or found.isspace():
            self.record[name] = None
            return
        try:
            self.record[name] = found if parse is None else parse(found)
        except (ValueError, KeyError):
            self.faults.append(f"{name}: this value does not fit")

    def want(self, *names: str) -> None:
        self.faults += [f"{name} is missing" for name in names if self.record.get(name) is None]

    def done(self) -> dict[str, Any]:
        if self.faults:
            raise Refused(self.faults)
        return self.record


class _Writing:
    """The same on the way out: every text is held against the contract's length."""

    def __init__(self, record: dict[str, Any]) -> None:
        self.record = record
        self.faults: list[str] = []

    def put(self, place: dict[str, Any], key: str, name: str, form: Any = None) -> None:
        if name not in self.record:
            return
        value = self.record[name]
        if value is None:
            place[key] = ""
            return
        try:
            text = value if form is None else form(value)
        except (ValueError, KeyError):
            self.faults.append(f"{name}: this value has no form there")
            return
        if len(text) > LONGEST:
            self.faults.append(f"{name}: is longer than {LONGEST}")
        place[key] = text

    def done(self, document: dict[str, Any]) -> dict[str, Any]:
        self.faults += [
            f"{name} is missing" for name in ("number", "motive", "filed", "residents") if not self.record.get(name)
        ]
        if self.faults:
            raise Refused(self.faults)
        return document


def _matched(pattern: re.Pattern[str], text: str) -> str:
    text = text.strip()
    if pattern.fullmatch(text) is None:
        raise ValueError
    return text


def _comma(text: str) -> Decimal:
    return Decimal(_matched(_COMMA, text).replace(",", "."))


def _point(text: str) -> Decimal:
    return Decimal(_matched(_POINT, text))


def _whole(text: str) -> int:
    return int(_matched(_WHOLE, text))


def _cents(text: str) -> Decimal:
    return Decimal(_matched(_WHOLE, text)).scaleb(-2)


def _form_cents(value: Decimal) -> str:
    cents = value.scaleb(2)
    if cents != cents.to_integral_value():
        raise ValueError
    return format(cents.to_integral_value(), "f")


def _truth(text: str) -> bool:
    return {"true": True, "1": True, "false": False, "0": False}[text.strip()]


def _moment(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(ZONE).isoformat()


def _day(text: str) -> str:
    return date.fromisoformat(_matched(_ISO, text)).isoformat()


def _local(text: str) -> str:
    found = datetime.strptime(text, "%d/%m/%Y %H:%M:%S").replace(tzinfo=ZONE)
    if found.astimezone(UTC).astimezone(ZONE).replace(tzinfo=None) != found.replace(tzinfo=None):
        raise ValueError
    return found.isoformat()


def _slashed(text: str) -> str:
    return datetime.strptime(text, "%d/%m/%Y").date().isoformat()  # noqa: DTZ007 - a day has no zone


def _packed(text: str) -> str:
    return datetime.strptime(text, "%Y%m%d").date().isoformat()  # noqa: DTZ007 - a day has no zone


def _form_local(value: str) -> str:
    return datetime.fromisoformat(value).astimezone(ZONE).strftime("%d/%m/%Y %H:%M:%S")


def _form_slashed(value: str) -> str:
    return f"{value[8:]}/{value[5:7]}/{value[:4]}"


def _form_packed(value: str) -> str:
    return value.replace("-", "")


_TRUTHS = {"O": True, "N": False}


def read_portal(document: dict[str, Any]) -> dict[str, Any]:
    """The portal's document as a record. Raises Refused with every fault."""
    reading, take = (found := _Reading()), found.take
    case, asked, person = document.get("dossier", {}), document.get("demande", {}), document.get("usager", {})
    home, address, more = asked.get("logement", {}), person.get("adresse", {}), document.get("complement", {})
    code = _TO_CODE[0]
    take("number", case.get("numero"))
    take("channel", case.get("canal"), code["channels"].__getitem__)
    take("filed", case.get("deposeLe"), _moment)
    take("motive", asked.get("motif"), code["motives"].__getitem__)
    take("stream", asked.get("flux"), code["waste"].__getitem__)
    take("wished", asked.get("souhaiteLe"), _day)
    take("fee", asked.get("montant"), _comma)
    take("deposit", asked.get("caution"), _comma)
    take("residents", asked.get("habitants"), _whole)
    take("litres", asked.get("volume"), _whole)
    take("urgent", asked.get("urgent"), _truth)
    take("dwelling", home.get("nature"), code["dwellings"].__getitem__)
    take("moved", home.get("depuis"), _day)
    take("surface", home.get("surface"), _comma)
    take("floor", home.get("etage"), _whole)
    take("owner", home.get("proprietaire"), _truth)
    take("family", person.get("nom"))
    take("given", person.get("prenom"))
    for name in _TEXTS[:3]:
        take(name, address.get(name))
    for name in _TEXTS[3:]:
        take(name, more.get(name))
    if reading.record.get("motive") == "theft":
        take("complaint", asked.get("numPlainte"))
        reading.want("complaint")
    reading.want("number", "motive", "filed", "residents")
    return reading.done()


def write_waste(record: dict[str, Any]) -> dict[str, Any]:
    """The record as the waste department's document. Raises Refused with every fault."""
    put = (writing := _Writing(record)).put
    home: dict[str, Any] = {}
    order: dict[str, Any] = {"Logement": home}
    address: dict[str, Any] = {}
    person: dict[str, Any] = {"Adr": address}
    more: dict[str, Any] = {}
    document: dict[str, Any] = {"Type": "REMPL", "Commande": order, "Demandeur": person, "Divers": more}
    value = _TO_VALUE[1]
    put(document, "RefExterne", "number")
    put(document, "Canal", "channel", value["channels"].__getitem__)
    put(document, "DateDemande", "filed", _form_local)
    put(order, "CodeMotif", "motive", value["motives"].__getitem__)
    put(order, "CodeFlux", "stream", value["waste"].__getitem__)
    put(order, "DateSouhaitee", "wished", _form_slashed)
    put(order, "Montant", "fee", _form_cents)
    put(order, "Caution", "deposit", lambda number: format(number, "f"))
    put(order, "NbPers", "residents", str)
    put(order, "Litrage", "litres", str)
    put(order, "Urgent", "urgent", lambda truth: "O" if truth else "N")
    put(home, "Type", "dwelling", value["dwellings"].__getitem__)
    put(home, "Depuis", "moved", _form_packed)
    put(home, "Surface", "surface", lambda number: format(number, "f"))
    put(home, "Etage", "floor", str)
    put(home, "Prop", "owner", lambda truth: "O" if truth else "N")
    for name in _TEXTS[:3]:
        put(address, name.upper(), name)
    for name in _TEXTS[3:]:
        put(more, name.upper(), name)
    holder = f"{record.get('family') or ''} {record.get('given') or ''}".strip()
    if holder:
        found = _HOLDER.fullmatch(holder)
        if found and (found[1], found[2]) != (record.get("family"), record.get("given")):
            writing.faults.append("holder: would be read back with other parts")
        if len(holder) > LONGEST:
            writing.faults.append(f"holder: is longer than {LONGEST}")
        person["NomComplet"] = holder
    if record.get("motive") == "theft":
        put(order, "NumPV", "complaint")
    return writing.done(document)


def read_waste(document: dict[str, Any]) -> dict[str, Any]:
    """The waste department's document as a record. Raises Refused with every fault."""
    reading, take = (found := _Reading()), found.take
    order, person, more = document.get("Commande", {}), document.get("Demandeur", {}), document.get("Divers", {})
    home, address = order.get("Logement", {}), person.get("Adr", {})
    code = _TO_CODE[1]
    take("number", document.get("RefExterne"))
    take("channel", document.get("Canal"), code["channels"].__getitem__)
    take("filed", document.get("DateDemande"), _local)
    take("motive", order.get("CodeMotif"), code["motives"].__getitem__)
    take("stream", order.get("CodeFlux"), code["waste"].__getitem__)
    take("wished", order.get("DateSouhaitee"), _slashed)
    take("fee", order.get("Montant"), _cents)
    take("deposit", order.get("Caution"), _point)
    take("residents", order.get("NbPers"), _whole)
    take("litres", order.get("Litrage"), _whole)
    take("urgent", order.get("Urgent"), _TRUTHS.__getitem__)
    take("dwelling", home.get("Type"), code["dwellings"].__getitem__)
    take("moved", home.get("Depuis"), _packed)
    take("surface", home.get("Surface"), _point)
    take("floor", home.get("Etage"), _whole)
    take("owner", home.get("Prop"), _TRUTHS.__getitem__)
    for name in _TEXTS[:3]:
        take(name, address.get(name.upper()))
    for name in _TEXTS[3:]:
        take(name, more.get(name.upper()))
    if (holder := person.get("NomComplet")) is not None:
        parts = _HOLDER.fullmatch(holder.strip())
        if parts is None:
            reading.faults.append("holder: does not look like a name")
        else:
            reading.record["family"], reading.record["given"] = parts[1], parts[2]
    if document.get("Type", "REMPL") != "REMPL":
        reading.faults.append("kind: is always REMPL")
    if reading.record.get("motive") == "theft":
        take("complaint", order.get("NumPV"))
        reading.want("complaint")
    reading.want("number", "motive", "filed", "residents")
    return reading.done()


def write_portal(record: dict[str, Any]) -> dict[str, Any]:
    """The record as the portal's document. Raises Refused with every fault."""
    put = (writing := _Writing(record)).put
    home: dict[str, Any] = {}
    case: dict[str, Any] = {}
    asked: dict[str, Any] = {"logement": home}
    address: dict[str, Any] = {}
    person: dict[str, Any] = {"adresse": address}
    more: dict[str, Any] = {}
    document: dict[str, Any] = {"dossier": case, "demande": asked, "usager": person, "complement": more}
    value = _TO_VALUE[0]
    put(case, "numero", "number")
    put(case, "canal", "channel", value["channels"].__getitem__)
    put(case, "deposeLe", "filed")
    put(asked, "motif", "motive", value["motives"].__getitem__)
    put(asked, "flux", "stream", value["waste"].__getitem__)
    put(asked, "souhaiteLe", "wished")
    put(asked, "montant", "fee", lambda number: format(number, "f").replace(".", ","))
    put(asked, "caution", "deposit", lambda number: format(number, "f").replace(".", ","))
    put(asked, "habitants", "residents", str)
    put(asked, "volume", "litres", str)
    put(asked, "urgent", "urgent", lambda truth: "true" if truth else "false")
    put(home, "nature", "dwelling", value["dwellings"].__getitem__)
    put(home, "depuis", "moved")
    put(home, "surface", "surface", lambda number: format(number, "f").replace(".", ","))
    put(home, "etage", "floor", str)
    put(home, "proprietaire", "owner", lambda truth: "true" if truth else "false")
    put(person, "nom", "family")
    put(person, "prenom", "given")
    for name in _TEXTS[:3]:
        put(address, name, name)
    for name in _TEXTS[3:]:
        put(more, name, name)
    if record.get("motive") == "theft":
        put(asked, "numPlainte", "complaint")
    return writing.done(document)
