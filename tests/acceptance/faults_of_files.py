"""Faults of connectors, schedules and of what links the files: names, forms, references, secrets."""

from __future__ import annotations

from tests.acceptance.fault import BINS, BINS_EXAMPLES, PORTAL, SCHEDULE, WASTE, WSDL, XSD, Fault

NAMES = (
    Fault(
        WASTE,
        "action: CreateOrder",
        "action: CreateOrdre",
        "waste.wsdl has no operation “CreateOrdre”",
        "did you mean “CreateOrder”?",
        french=("waste.wsdl n'a pas d'opération « CreateOrdre »", "vouliez-vous dire « CreateOrder » ?"),
    ),
    Fault(WASTE, "look_up: find_order", "look_up: list_changes", "“list_changes” is not an ask operation", "find_order"),
    Fault(WASTE, "look_up: find_order", "look_up: find_ordre", "“find_ordre” is not an ask operation", "“find_order”"),
    Fault(
        WASTE,
        ", found: NumIntervention",
        "",
        "find_order is a look-up and does not say `found`",
        "add found:",
        at="  find_order:",
    ),
    Fault(
        WASTE, "found: NumIntervention", "found: NumInterv", "has no field “NumInterv”", "did you mean “NumIntervention”?"
    ),
    Fault(WASTE, "items: Changes.Change", "items: Changes", "a feed needs `items`", "items: Changes.Change"),
    Fault(WASTE, "receipt: {CodeRetour:", "receipt: {CodeRetou:", "has no field “CodeRetou”", "did you mean “CodeRetour”?"),
    Fault(
        BINS,
        "  waste: {out: create_order}",
        "  wast: {out: create_order}",
        "there is no connector “wast”",
        "did you mean “waste”?",
        french=("le connecteur « wast » n'existe pas", "vouliez-vous dire « waste » ?"),
    ),
    Fault(
        BINS,
        "waste: {out: create_order}",
        "waste: {in: create_order}",
        "has no operation “create_order” with the direction in",
        "create_order has the direction out: write waste: {out: create_order}",
        french=("n'a pas d'opération « create_order » de sens in", "create_order est de sens out"),
    ),
    Fault(
        BINS, "{out: create_order}", "{out: creat_order}", "has no operation “creat_order”", "did you mean “create_order”?"
    ),
    Fault(SCHEDULE, "connector: waste", "connector: wast", "there is no connector “wast”", "did you mean “waste”?"),
    Fault(SCHEDULE, "list_changes", "list_change", "no operation of waste with the direction feed", "“list_changes”"),
    Fault(SCHEDULE, "into: bin-progress", "into: bin-progres", "no exchange “bin-progres”", "did you mean “bin-progress”?"),
    Fault(
        SCHEDULE,
        "into: bin-progress",
        "into: request-status",
        "does not take list_changes of waste",
        "write in mappings/request-status.yaml: between: {waste: {feed: list_changes}}",
    ),
    Fault(BINS, "exchange: request-status", "exchange: request-statu", "there is no such exchange", "“request-status”"),
    Fault(BINS, "accepted, order_number:", "accepted, order_numbr:", "“order_numbr” is not known", "“order_number”"),
    Fault(BINS, "order_number: order_number}", "order_number: order_numbr}", "there is no such row", "“order_number”"),
    Fault(
        BINS,
        "{status: accepted",
        "{status: acepted",
        "“acepted” is not known here: it is no code of the table request-statuses",
        "did you mean “accepted”?",
        french=("ce n'est pas un code de la table request-statuses", "vouliez-vous dire « accepted » ?"),
    ),
    Fault(
        WASTE, "connector: waste", "connector: wast", "is called “wast” here, and “waste” by the name of", "connector: waste"
    ),
    Fault(
        BINS_EXAMPLES, "start: portal", "start: portail", "“portail” is no side of this example", "its sides: portal, waste"
    ),
)

FORMS = (
    Fault(BINS, "l'heure du dépôt}", "l'heure du dépôt", "is not YAML", "a brace, bracket or quote", at="  family_name:"),
    Fault(BINS, "  motive:\n", "\tmotive:\n", "is not YAML", "a tab", at="\tmotive:"),
    Fault(BINS, "title: Remplacement d", "title: Remplacement: d", "is not YAML", "needs quotes around it"),
    Fault(
        BINS,
        "    label: Motif\n",
        "    label: Motif\n    label: Motifs\n",
        "the key “label” stands twice",
        "each key stands once",
        at="label: Motifs",
        french=("la clé « label » figure deux fois", "chaque clé figure une fois"),
    ),
    Fault(BINS, "label: Motif", "label: Mo\x00tif", "holds the invisible sign U+0000", "delete this sign"),
    Fault(WASTE, "contract: waste.wsdl", "contract: wast.wsdl", "there is no contract “wast.wsdl”", "waste.wsdl"),
    Fault(WSDL, "<wsdl:types>", "<wsdl:type>", "This is not well-formed XML", "correct the file there", at="</wsdl:types>"),
    Fault(XSD, "</xs:schema>", "</xs:shema>", "This is not well-formed XML", "as the application's publisher gave it"),
    Fault(
        WSDL,
        'types:1" schemaLocation="waste.xsd"',
        'types:2" schemaLocation="wast.xsd"',
        '"wast.xsd" is not there',
        "put the file in the connector's folder",
    ),
    Fault(XSD, 'type="', 'type="x', "no schema here declares a type", "the vendor must correct the schema at this place"),
)

REFERENCES = (
    Fault(
        WASTE,
        "title: Gestion",
        "title: ${TITLE} Gestion",
        "“${TITLE}” is not replaced here",
        "write the value itself",
        french=("« ${TITLE} » n'est pas remplacé ici", "écrivez la valeur elle-même"),
    ),
    Fault(
        BINS,
        "label: Type de commande",
        'label: "${LABEL}"',
        "“${LABEL}” is not replaced here",
        "write the value itself",
        "kind",
    ),
    Fault(WASTE, "${WASTE_URL}", "${WASTE_URL", "the reference to the environment in this address", "such as ${WASTE_URL}"),
    Fault(WASTE, "${WASTE_URL}", "${waste url}", "cannot be read", "(capital letters, digits and _)"),
    Fault(WASTE, "${WASTE_URL}", "dechets.example.fr/ws", "this is not an address", "https://…"),
)

SECRETS = (
    Fault(
        WASTE, "secret:waste", "hunter2", "the value of “credentials” does not fit", "never the secret itself", at="hunter2"
    ),
    Fault(
        WASTE,
        "${WASTE_URL}",
        "https://hub:hunter2@dechets.example.fr/ws",
        "the address holds a password or a key in clear",
        "credentials: secret:<name>",
        french=("l'adresse contient un mot de passe ou une clé en clair", "credentials: secret:<nom>"),
    ),
    Fault(WASTE, "${WASTE_URL}", "https://dechets.example.fr/ws?api_key=hunter2", "in clear", "credentials: secret:<name>"),
    Fault(PORTAL, "header: X-API-Key}", 'header: "X-API-Key: hunter2"}', "is not the name of a header", "its name only"),
    Fault(WASTE, "{kind: username-token}", "{kind: username-token, password: hunter2}", "no key “password”", "known here"),
)
