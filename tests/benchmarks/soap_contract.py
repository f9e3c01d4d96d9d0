"""Contracts that are made: one order of thirty-one fields with its lines, and WSDLs of as many types as one wants."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

TYPES = "urn:exemple:banc:types"
SERVICE = "urn:exemple:banc:service"
XS = "http://www.w3.org/2001/XMLSchema"
TYPES_AN_OPERATION = 8
LAYERS = 8

FIELDS = {
    **{f"Texte{number:02}": ("Libelle", f"Rue des Écoles, numéro {number}") for number in range(14)},
    **{f"Code{number}": ("Code", f"A{number}") for number in range(4)},
    **{f"Nombre{number}": ("Nombre", str(12 * number)) for number in range(4)},
    **{f"Montant{number}": ("Montant", f"{number}12.50") for number in range(3)},
    **{f"Jour{number}": ("xs:date", f"2026-05-{number + 10}") for number in range(3)},
    "DeposeLe": ("xs:dateTime", "2026-05-31T14:05:09+02:00"),
    "Urgent": ("xs:boolean", "true"),
    "Motif": ("Motif", "VOL"),
}
LINE = {"Flux": ("Code", "OM"), "Litrage": ("Nombre", "120"), "Prix": ("Montant", "12.50")}
LINES = 4

_SIMPLE = """
<xs:simpleType name="Libelle"><xs:restriction base="xs:string"><xs:maxLength value="80"/></xs:restriction></xs:simpleType>
<xs:simpleType name="Code"><xs:restriction base="xs:string"><xs:pattern value="[A-Z][A-Z0-9]{0,7}"/></xs:restriction></xs:simpleType>
<xs:simpleType name="Nombre"><xs:restriction base="xs:int"><xs:minInclusive value="0"/></xs:restriction></xs:simpleType>
<xs:simpleType name="Montant"><xs:restriction base="xs:decimal"><xs:fractionDigits value="2"/></xs:restriction></xs:simpleType>
<xs:simpleType name="Motif"><xs:restriction base="xs:string"><xs:enumeration value="VOL"/><xs:enumeration value="CASSE"/></xs:restriction></xs:simpleType>
"""  # noqa: E501


def order_contract(folder: Path) -> Path:
    """A WSDL with one operation, `CreateOrder`: its request has every field and the lines, its answer the same fields."""
    content = f"""<xs:complexType name="Ligne"><xs:sequence>{_elements(LINE)}</xs:sequence></xs:complexType>
<xs:complexType name="Commande"><xs:sequence>{_elements(FIELDS)}
<xs:element name="Ligne" type="Ligne" minOccurs="0" maxOccurs="unbounded"/></xs:sequence></xs:complexType>
<xs:element name="CreateOrder" type="Commande"/><xs:element name="CreateOrderResponse" type="Commande"/>"""
    return _written(folder / "order.wsdl", _SIMPLE + content, ["CreateOrder"])


def wide_contract(folder: Path, *, types: int) -> Path:
    """A WSDL of so many types, eight for each of its operations."""
    names = [f"Operation{number:03}" for number in range(types // TYPES_AN_OPERATION)]
    return _written(folder / "wide.wsdl", "\n".join(_operation_types(name) for name in names), names)


def woven_contract(folder: Path, *, types: int) -> Path:
    """A WSDL of so many types in eight layers, each of which uses three of the next: written out, a document of one of its
    operations has thousands of fields."""
    width = types // LAYERS
    names = [f"Operation{number:03}" for number in range(width)]
    woven = [_woven(layer, number, width) for layer in range(LAYERS) for number in range(width)]
    roots = [f'<xs:element name="{name}{end}" type="T0N{n}"/>' for n, name in enumerate(names) for end in ("", "Response")]
    return _written(folder / "woven.wsdl", "".join((*woven, *roots)), names)


def _woven(layer: int, number: int, width: int) -> str:
    used = [(number * 3 + each) % width for each in range(3)] if layer + 1 < LAYERS else []
    below = "".join(f'<xs:element name="P{n}" type="T{layer + 1}N{n}" minOccurs="0"/>' for n in used)
    own = "".join(f'<xs:element name="V{n}" type="xs:string" minOccurs="0"/>' for n in range(4))
    return f'<xs:complexType name="T{layer}N{number}"><xs:sequence>{own}{below}</xs:sequence></xs:complexType>'


def _operation_types(name: str) -> str:
    """Three simple and five complex types, two elements."""
    return f"""<xs:simpleType name="{name}Code"><xs:restriction base="xs:string"><xs:pattern value="[A-Z]{{1,8}}"/>
</xs:restriction></xs:simpleType>
<xs:simpleType name="{name}Libelle"><xs:restriction base="xs:string"><xs:maxLength value="60"/></xs:restriction>
</xs:simpleType>
<xs:simpleType name="{name}Etat"><xs:restriction base="xs:string"><xs:enumeration value="OUVERT"/>
<xs:enumeration value="CLOS"/></xs:restriction></xs:simpleType>
<xs:complexType name="{name}Adresse"><xs:sequence><xs:element name="Voie" type="{name}Libelle"/>
<xs:element name="Commune" type="{name}Libelle"/><xs:element name="CodePostal" type="xs:string" minOccurs="0"/></xs:sequence>
<xs:attribute name="insee" type="{name}Code"/></xs:complexType>
<xs:complexType name="{name}Ligne"><xs:sequence><xs:element name="Code" type="{name}Code"/>
<xs:element name="Quantite" type="xs:int"/><xs:element name="Montant" type="xs:decimal"/></xs:sequence></xs:complexType>
<xs:complexType name="{name}Personne"><xs:sequence><xs:element name="Nom" type="{name}Libelle"/>
<xs:element name="Adresse" type="{name}Adresse"/><xs:element name="NeeLe" type="xs:date" minOccurs="0"/></xs:sequence>
</xs:complexType>
<xs:complexType name="{name}Demande"><xs:sequence><xs:element name="Numero" type="{name}Code"/>
<xs:element name="Demandeur" type="{name}Personne"/><xs:element name="Ligne" type="{name}Ligne" maxOccurs="unbounded"/>
<xs:element name="Etat" type="{name}Etat" minOccurs="0"/></xs:sequence></xs:complexType>
<xs:complexType name="{name}Reponse"><xs:sequence><xs:element name="Numero" type="{name}Code"/>
<xs:element name="Etat" type="{name}Etat"/></xs:sequence></xs:complexType>
<xs:element name="{name}" type="{name}Demande"/><xs:element name="{name}Response" type="{name}Reponse"/>"""


def _elements(fields: dict[str, tuple[str, str]]) -> str:
    return "".join(f'<xs:element name="{name}" type="{kind}"/>' for name, (kind, _) in fields.items())


def _written(path: Path, types: str, operations: list[str]) -> Path:
    schema = f'<xs:schema xmlns:xs="{XS}" xmlns="{TYPES}" targetNamespace="{TYPES}" elementFormDefault="qualified">{types}'
    path.write_text(
        f"""<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
 xmlns:t="{TYPES}" xmlns:s="{SERVICE}" targetNamespace="{SERVICE}"><types>{schema}</xs:schema></types>
{"".join(_messages(operations))}
<portType name="Port">{"".join(_offered(operations))}</portType>
<binding name="Binding" type="s:Port"><soap:binding transport="http://schemas.xmlsoap.org/soap/http"/>
{"".join(_bound(operations))}</binding>
<service name="Service"><port name="Port" binding="s:Binding"><soap:address location="http://127.0.0.1:9/"/></port></service>
</definitions>""",
        encoding="utf-8",
    )
    return path


def _messages(operations: list[str]) -> Iterator[str]:
    for name in operations:
        for each in (name, f"{name}Response"):
            yield f'<message name="{each}"><part name="parameters" element="t:{each}"/></message>'


def _offered(operations: list[str]) -> Iterator[str]:
    for name in operations:
        yield f'<operation name="{name}"><input message="s:{name}"/><output message="s:{name}Response"/></operation>'


def _bound(operations: list[str]) -> Iterator[str]:
    body = '<soap:body use="literal"/>'
    for name in operations:
        yield f'<operation name="{name}"><soap:operation soapAction="{SERVICE}:{name}"/>'
        yield f"<input>{body}</input><output>{body}</output></operation>"
