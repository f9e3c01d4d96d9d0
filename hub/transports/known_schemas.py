"""Short forms of the schemas that every contract may refer to and none brings along: SOAP's encoding, the `xml:` attributes.

Written here from the names that these namespaces define; they say only what a contract needs of them.
"""

from __future__ import annotations

from lxml import etree

XS = "http://www.w3.org/2001/XMLSchema"
XML = "http://www.w3.org/XML/1998/namespace"
ENCODINGS = ("http://schemas.xmlsoap.org/soap/encoding/", "http://www.w3.org/2003/05/soap-encoding")
KNOWN = frozenset({XML, *ENCODINGS})

_VALUES = """
    anyURI base64Binary boolean byte date dateTime decimal double duration float gDay gMonth gMonthDay gYear gYearMonth
    hexBinary int integer language long Name NCName negativeInteger NMTOKEN nonNegativeInteger nonPositiveInteger
    normalizedString positiveInteger QName short string time token unsignedByte unsignedInt unsignedLong unsignedShort
"""

_ATTRIBUTES_OF_XML = """
<xs:attribute name="lang"><xs:simpleType><xs:union memberTypes="xs:language"><xs:simpleType>
  <xs:restriction base="xs:string"><xs:length value="0"/></xs:restriction></xs:simpleType></xs:union></xs:simpleType>
</xs:attribute>
<xs:attribute name="space" type="xs:NCName"/>
<xs:attribute name="base" type="xs:anyURI"/>
<xs:attribute name="id" type="xs:ID"/>
<xs:attributeGroup name="specialAttrs"><xs:attribute ref="xml:lang"/><xs:attribute ref="xml:space"/>
  <xs:attribute ref="xml:base"/><xs:attribute ref="xml:id"/></xs:attributeGroup>
"""

_ENCODING = """
<xs:attribute name="arrayType" type="xs:string"/>
<xs:attribute name="offset" type="xs:string"/>
<xs:attribute name="position" type="xs:string"/>
<xs:attribute name="itemType" type="xs:QName"/>
<xs:attribute name="arraySize" type="xs:string"/>
<xs:attribute name="nodeType" type="xs:NMTOKEN"/>
<xs:attribute name="root" type="xs:boolean"/>
<xs:attributeGroup name="commonAttributes"><xs:attribute name="id" type="xs:ID"/>
  <xs:attribute name="href" type="xs:anyURI"/><xs:anyAttribute namespace="##other" processContents="lax"/>
</xs:attributeGroup>
<xs:attributeGroup name="arrayAttributes"><xs:attribute ref="e:arrayType"/><xs:attribute ref="e:offset"/>
</xs:attributeGroup>
<xs:attributeGroup name="arrayMemberAttributes"><xs:attribute ref="e:position"/></xs:attributeGroup>
<xs:group name="Array"><xs:sequence>
  <xs:any namespace="##any" processContents="lax" minOccurs="0" maxOccurs="unbounded"/></xs:sequence></xs:group>
<xs:group name="Struct"><xs:sequence>
  <xs:any namespace="##any" processContents="lax" minOccurs="0" maxOccurs="unbounded"/></xs:sequence></xs:group>
<xs:simpleType name="base64"><xs:restriction base="xs:base64Binary"/></xs:simpleType>
<xs:simpleType name="arrayCoordinate"><xs:restriction base="xs:string"/></xs:simpleType>
<xs:complexType name="Array"><xs:group ref="e:Array" minOccurs="0"/><xs:attributeGroup ref="e:arrayAttributes"/>
  <xs:attributeGroup ref="e:commonAttributes"/></xs:complexType>
<xs:complexType name="Struct"><xs:group ref="e:Struct" minOccurs="0"/><xs:attributeGroup ref="e:commonAttributes"/>
</xs:complexType>
<xs:element name="Array" type="e:Array"/>
<xs:element name="Struct" type="e:Struct"/>
"""

_VALUE = """<xs:complexType name="{name}"><xs:simpleContent><xs:extension base="xs:{name}">
  <xs:attributeGroup ref="e:commonAttributes"/></xs:extension></xs:simpleContent></xs:complexType>"""


def known_schema(namespace: str) -> etree._Element:
    """The short form of one of KNOWN."""
    if namespace == XML:
        head, content = "", _ATTRIBUTES_OF_XML
    else:
        values = "".join(_VALUE.format(name=name) for name in _VALUES.split())
        head, content = f'xmlns:e="{namespace}"', _ENCODING + values
    return etree.fromstring(f'<xs:schema xmlns:xs="{XS}" {head} targetNamespace="{namespace}">{content}</xs:schema>')
