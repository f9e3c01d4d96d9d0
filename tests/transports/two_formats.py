"""A portal that speaks JSON, and a finance application that holds documents in text fields, in CSV and in attributes."""

from __future__ import annotations

from pathlib import Path

PORTAL = """
openapi: 3.1.0
info: {title: Portal, version: "1"}
paths:
  /invoices:
    post:
      operationId: sayInvoice
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Invoice"}}}}
      responses: {"202": {description: taken}}
  /lines:
    post:
      operationId: sayLines
      requestBody: {content: {text/plain: {schema: {type: string}}}}
      responses: {"202": {description: taken}}
components:
  schemas:
    Invoice:
      type: object
      required: [number, supplier, lines]
      properties:
        number: {type: string, maxLength: 8}
        supplier: {type: string, maxLength: 20}
        remark: {type: string}
        lines:
          type: array
          items:
            type: object
            required: [label, amount]
            properties: {label: {type: string, maxLength: 20}, amount: {type: string}}
"""
FINANCE = """
openapi: 3.1.0
info: {title: Finance, version: "1"}
paths:
  /envelopes:
    post:
      operationId: deposer
      parameters: [{name: X-Lot, in: header, schema: {type: string}}]
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [contenu]
              additionalProperties: false
              properties:
                contenu: {type: string}
                fichier: {type: string, contentEncoding: base64}
                annexe: {type: [string, "null"]}
      responses: {"204": {description: taken}}
  /titres:
    post:
      operationId: deposerTitres
      requestBody: {content: {text/csv: {schema: {type: string}}}}
      responses: {"200": {description: taken, content: {text/plain: {schema: {type: string}}}}}
  /flux:
    post:
      operationId: deposerFlux
      parameters: [{name: X-Lot, in: header, schema: {type: string}}]
      requestBody: {content: {application/xml: {schema: {type: string}}}}
      responses: {"204": {description: taken}}
"""
CONTENT = """
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:exemple:contenu" elementFormDefault="qualified">
  <xs:element name="Contenu"><xs:complexType><xs:sequence>
    <xs:element name="demandeur"><xs:complexType><xs:sequence>
      <xs:element name="nom"><xs:simpleType><xs:restriction base="xs:string">
        <xs:maxLength value="20"/></xs:restriction></xs:simpleType></xs:element>
    </xs:sequence></xs:complexType></xs:element>
    <xs:element name="remarque" type="xs:string" minOccurs="0"/>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema>
"""
ANNEX = """
{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "required": ["numero"],
 "additionalProperties": false,
 "properties": {"numero": {"type": "string", "maxLength": 8}, "urgent": {"type": "boolean"}}}
"""
LINES = """
layout: lignes
title: Lignes de facture
form: csv
encoding: iso-8859-1
header: true
lines:
  lignes:
    required: true
    columns:
      libelle: {title: Libellé, required: true, longest: 20}
      montant: {title: Montant TTC}
"""
TITLES = """
layout: titres
title: Titres de recettes
form: fixed
encoding: iso-8859-1
lines:
  entete:
    repeated: false
    required: true
    columns: {type: {width: 1, constant: E}, lot: {width: 6, align: right, fill: "0"}}
  titres: {columns: {type: {width: 1, constant: T}, tiers: {width: 12}, centimes: {width: 9, align: right, fill: "0"}}}
  fin: {repeated: false, columns: {type: {width: 1, constant: F}, nombre: {width: 6, align: right}}}
"""
FLOW = """
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:exemple:flux" xmlns:f="urn:exemple:flux">
  <xs:complexType name="T"><xs:attribute name="V" use="required">
    <xs:simpleType><xs:restriction base="xs:string"><xs:maxLength value="20"/></xs:restriction></xs:simpleType>
  </xs:attribute></xs:complexType>
  <xs:complexType name="N"><xs:attribute name="V" type="xs:integer" use="required"/></xs:complexType>
  <xs:element name="Flux"><xs:complexType><xs:sequence>
    <xs:element name="Exer" type="f:N"/>
    <xs:element name="Tiers" type="f:T"/>
    <xs:element name="Ligne" minOccurs="0" maxOccurs="unbounded"><xs:complexType>
      <xs:sequence><xs:element name="Mt" type="f:N"/></xs:sequence>
      <xs:attribute name="Id" type="xs:string"/>
    </xs:complexType></xs:element>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema>
"""
PORTAL_CONNECTOR = """
connector: portal
title: Portal
protocol: rest
contract: portal.openapi.yaml
instances: {default: {address: "http://127.0.0.1:9"}}
operations:
  invoice: {direction: in, action: sayInvoice}
  lines: {direction: in, action: sayLines}
formats:
  - {operation: lines, contract: titres.layout.yaml}
"""
FINANCE_CONNECTOR = """
connector: finance
title: Finance
protocol: rest
contract: finance.openapi.yaml
instances: {default: {address: "http://127.0.0.1:9"}}
operations:
  deposit: {direction: out, action: deposer, repeatable: true}
  titles: {direction: out, action: deposerTitres, repeatable: true}
  flow: {direction: out, action: deposerFlux, repeatable: true}
letters: {of: iso-8859-1, others: refuse}
formats:
  - {operation: deposit, at: contenu, contract: contenu.xsd, root: Contenu}
  - {operation: deposit, at: fichier, contract: lignes.layout.yaml}
  - {operation: deposit, at: annexe, contract: annexe.schema.json, base64: true}
  - {operation: titles, contract: titres.layout.yaml, media: text/csv}
  - {operation: titles, part: output, contract: titres.layout.yaml}
  - {operation: flow, contract: flux.xsd, root: Flux, values_in: V, encoding: iso-8859-1}
"""
SAMPLES = {
    "deposit": "operation: deposit\nanswers: [{answer: {}}]\n",
    "titles": "operation: titles\nanswers: [{answer: {entete: {lot: '{request.entete.lot}'}, fin: {nombre: '0'}}}]\n",
    "flow": "operation: flow\nanswers: [{answer: {}}]\n",
}
MAPPINGS = {
    "invoice": """
exchange: invoice
title: Facture
sector: fiscalite
between: {portal: {in: invoice}, finance: {out: deposit}}
key: number
fields:
  number: {portal: number, finance: annexe.numero, required: true}
  supplier: {portal: supplier, finance: contenu.demandeur.nom, required: true}
  remark: {portal: remark, finance: contenu.remarque}
  lines:
    each: {portal: lines, finance: fichier.lignes}
    match: label
    required: true
    fields:
      label: {portal: label, finance: libelle, required: true}
      amount: {portal: amount, finance: montant, as: decimal, number: {finance: comma}}
ignore: {finance: [annexe.urgent, "@X-Lot"]}
""",
    "titles": """
exchange: titles
title: Titres
sector: fiscalite
between: {portal: {in: lines}, finance: {out: titles}}
key: batch
fields:
  batch: {portal: entete.lot, finance: entete.lot, required: true, check: {looks: "[1-9]\\\\d{0,5}"}}
  lines:
    each: {portal: titres, finance: titres}
    match: debtor
    fields:
      debtor: {portal: tiers, finance: tiers, required: true}
      cents: {portal: centimes, finance: centimes, as: integer}
ignore: {portal: [fin.nombre], finance: [fin.nombre]}
""",
}


def build(root: Path) -> Path:
    """An installation of the two, in `root`."""
    files = {
        "connectors/portal/portal.openapi.yaml": PORTAL,
        "connectors/portal/titres.layout.yaml": TITLES,
        "connectors/portal/connector.yaml": PORTAL_CONNECTOR,
        "connectors/finance/finance.openapi.yaml": FINANCE,
        "connectors/finance/contenu.xsd": CONTENT.strip(),
        "connectors/finance/annexe.schema.json": ANNEX,
        "connectors/finance/lignes.layout.yaml": LINES,
        "connectors/finance/titres.layout.yaml": TITLES,
        "connectors/finance/flux.xsd": FLOW.strip(),
        "connectors/finance/connector.yaml": FINANCE_CONNECTOR,
        "connectors/finance/samples/deposit.yaml": SAMPLES["deposit"],
        "connectors/finance/samples/titles.yaml": SAMPLES["titles"],
        "connectors/finance/samples/flow.yaml": SAMPLES["flow"],
        **{f"mappings/{name}.yaml": text for name, text in MAPPINGS.items()},
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    (root / "schedules").mkdir()
    return root
