"""What is said of a WSDL that cannot be carried out, wholly or in part: what is wrong, and what its vendor should change."""

from __future__ import annotations

from collections.abc import Sequence

from hub.errors import Text

NOTHING = Text(
    en="The WSDL has no SOAP operation that the hub can carry out.",
    fr="Le WSDL n'a aucune opération SOAP que le hub puisse exécuter.",
)
ASK_FOR_BINDINGS = Text(
    en="ask the vendor for the complete WSDL, with <binding> and <service>: it is usually what the service gives at its "
    "address followed by ?wsdl, or ?singleWsdl",
    fr="demandez à l'éditeur le WSDL complet, avec <binding> et <service> : c'est d'ordinaire ce que le service donne à son "
    "adresse suivie de ?wsdl, ou de ?singleWsdl",
)
ASK_FOR_SOAP = Text(
    en="ask the vendor for a SOAP 1.1 or 1.2 binding over HTTP; a service of plain HTTP is described in OpenAPI, with "
    "protocol: rest",
    fr="demandez à l'éditeur un binding SOAP 1.1 ou 1.2 sur HTTP ; un service HTTP simple se décrit en OpenAPI, avec "
    "protocol: rest",
)
ENCODED = Text(
    en='the body is encoded (use="encoded", SOAP section 5), which the hub does not send: WS-I Basic Profile forbids it',
    fr="le corps est encodé (use=\"encoded\", section 5 de SOAP), que le hub n'envoie pas : WS-I Basic Profile l'interdit",
)
ASK_FOR_LITERAL = Text(
    en='ask the vendor for a WSDL with use="literal"; many services offer both',
    fr='demandez à l\'éditeur un WSDL avec use="literal" ; beaucoup de services offrent les deux',
)
NAME_PORT_TYPE = Text(
    en='the vendor must write in type="..." the name, with its prefix, of a <portType> of this WSDL or of an imported one',
    fr="l'éditeur doit écrire dans type=\"...\" le nom, avec son préfixe, d'un <portType> de ce WSDL ou d'un WSDL importé",
)
ADD_MESSAGE = Text(
    en="the vendor must add this <message>, or name one that exists",
    fr="l'éditeur doit ajouter ce <message>, ou en nommer un qui existe",
)
ONE_PART = Text(
    en="the vendor must leave one <part> with element=..., or name in <soap:body parts=...> the one that is the body",
    fr="l'éditeur doit ne laisser qu'un <part> avec element=..., ou nommer dans <soap:body parts=...> celui du corps",
)
ELEMENT_NOT_TYPE = Text(
    en='the vendor must write element="..." instead of type="...", or give the binding style="rpc"',
    fr='l\'éditeur doit écrire element="..." au lieu de type="...", ou donner au binding style="rpc"',
)
TYPE_NOT_ELEMENT = Text(
    en='the vendor must write type="..." instead of element="...", or give the binding style="document"',
    fr='l\'éditeur doit écrire type="..." au lieu de element="...", ou donner au binding style="document"',
)


def of_operations(names: Sequence[str], more: int, why: Text) -> Text:
    """A reason, after the names of the operations that it is about."""
    if not names:
        return why
    listed = ", ".join(names)
    also_en = f" and {more} more" if more > 0 else ""
    also_fr = f" et {more} autres" if more > 1 else " et une autre" if more > 0 else ""
    return Text(en=f"{listed}{also_en}: {why.en}", fr=f"{listed}{also_fr} : {why.fr}")


def no_operation(binding: str) -> Text:
    """A SOAP binding without operations."""
    return Text(en=f"The <binding> {binding} has no <operation>.", fr=f"Le <binding> {binding} n'a aucune <operation>.")


def no_binding(port_types: Sequence[str]) -> Text:
    """A WSDL that says what, and not how."""
    if port_types:
        listed = ", ".join(port_types)
        return Text(
            en=f"It has no <binding>: the <portType> {listed} says what can be called, and nothing says how.",
            fr=f"Il n'a aucun <binding> : le <portType> {listed} dit ce qu'on peut appeler, et rien ne dit comment.",
        )
    return Text(
        en="It has neither <binding> nor <portType>: no operation is described.",
        fr="Il n'a ni <binding> ni <portType> : aucune opération n'y est décrite.",
    )


def imported_by(others: Sequence[str]) -> Text:
    """This file is only a part of another one."""
    listed = ", ".join(others)
    return Text(
        en=f"this file is a part: write contract: {listed}", fr=f"ce fichier est une partie : écrivez contract: {listed}"
    )


def http_binding(binding: str) -> Text:
    """A binding of plain HTTP."""
    return Text(
        en=f"the <binding> {binding} is plain HTTP (<http:binding>), not SOAP",
        fr=f"le <binding> {binding} est du HTTP simple (<http:binding>), pas du SOAP",
    )


def no_soap_binding(binding: str) -> Text:
    """A binding that says no protocol that is known."""
    return Text(en=f"the <binding> {binding} has no <soap:binding>", fr=f"le <binding> {binding} n'a pas de <soap:binding>")


def other_transport(transport: str) -> Text:
    """SOAP over something other than HTTP."""
    return Text(
        en=f'its transport is "{transport}"; the hub speaks SOAP over HTTP',
        fr=f"son transport est « {transport} » ; le hub parle SOAP sur HTTP",
    )


def no_port_type(binding: str, said: str) -> Text:
    """A binding whose port type is not there."""
    if not said:
        return Text(
            en=f"the <binding> {binding} names no port type (type=...)",
            fr=f"le <binding> {binding} ne nomme aucun port type (type=...)",
        )
    return Text(
        en=f'the <binding> {binding} has type="{said}", and there is no such <portType>',
        fr=f'le <binding> {binding} a type="{said}", et ce <portType> n\'existe pas',
    )


def not_in_port_type(port_type: str) -> Text:
    """An operation that only the binding has."""
    return Text(
        en=f"the <portType> {port_type} has no operation of this name, so its messages are unknown",
        fr=f"le <portType> {port_type} n'a pas d'opération de ce nom, ses messages sont donc inconnus",
    )


def add_to_port_type(port_type: str) -> Text:
    """The remedy."""
    return Text(
        en=f"the vendor must add it to the <portType> {port_type} with its <input> and <output>, or drop it here",
        fr=f"l'éditeur doit l'ajouter au <portType> {port_type} avec <input> et <output>, ou l'ôter ici",
    )


def no_message(said: str) -> Text:
    """A message that is not there."""
    return Text(en=f'there is no <message> "{said}"', fr=f"le <message> « {said} » n'existe pas")


def several_parts(message: str, parts: Sequence[str]) -> Text:
    """Several elements in one body."""
    listed = ", ".join(parts)
    return Text(
        en=f"the <message> {message} puts several parts in one body ({listed}); document style has one",
        fr=f"le <message> {message} met plusieurs parts dans un corps ({listed}) ; le style document en a une",
    )


def type_not_element(part: str) -> Text:
    """A document message whose part is a type."""
    return Text(
        en=f"the <part> {part} has a type and no element; document style needs an element",
        fr=f"le <part> {part} a un type et pas d'élément ; le style document demande un élément",
    )


def element_not_type(part: str) -> Text:
    """An rpc message whose part is an element."""
    return Text(
        en=f"the <part> {part} has an element and no type; rpc style needs a type",
        fr=f"le <part> {part} a un élément et pas de type ; le style rpc demande un type",
    )


def part_undeclared(message: str, part: str, said: str, *, kind: str = "element") -> Text:
    """A part whose element or type is not there."""
    what = Text(en="element", fr="élément") if kind == "element" else Text(en="type", fr="type")
    return Text(
        en=f'the <message> {message} has {kind}="{said}" in its <part> {part}, and no schema declares this {what.en}',
        fr=f'le <message> {message} a {kind}="{said}" dans son <part> {part}, et aucun schéma ne déclare cet {what.fr}'
        if kind == "element"
        else f'le <message> {message} a {kind}="{said}" dans son <part> {part}, et aucun schéma ne déclare ce {what.fr}',
    )


def declare(name: str, *, kind: str = "element") -> Text:
    """The remedy: declare it in the schema of its namespace."""
    space, _, local = name.rpartition("}")
    space = space.removeprefix("{") if not space.endswith("/wsdl/") else ""
    where_en = f' in the schema of "{space}"' if space else ""
    where_fr = f" dans le schéma de « {space} »" if space else ""
    tag = "element" if kind == "element" else "complexType"
    return Text(
        en=f'the vendor must add <{tag} name="{local}">{where_en}, or correct the name or its prefix here',
        fr=f'l\'éditeur doit ajouter <{tag} name="{local}">{where_fr}, ou corriger ici le nom ou son préfixe',
    )


def undeclared(kind: str, name: str) -> Text:
    """What the compiled schemas do not have."""
    return Text(en=f"no schema declares the {kind} {name}", fr=f"aucun schéma ne déclare « {name} » ({kind})")


def answer_undeclared(message: str, said: str) -> Text:
    """An answer of which only the name is known."""
    return Text(
        en=f'no schema declares the answer\'s element "{said}" (<message> {message}): any content is taken, none is checked',
        fr=f"aucun schéma ne déclare l'élément de la réponse « {said} » (<message> {message}) : tout contenu est pris, "
        "aucun n'est vérifié",
    )


def fault_undeclared(message: str, said: str) -> Text:
    """A fault of which only the name is known."""
    return Text(
        en=f'no schema declares the fault\'s element "{said}" (<message> {message}): it is read as a fault without type',
        fr=f"aucun schéma ne déclare l'élément de la faute « {said} » (<message> {message}) : elle est lue sans type",
    )
