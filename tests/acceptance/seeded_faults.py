"""The faults that IT agents make in an installation, one at a time: what is changed, and what `hub check` says of it."""

from __future__ import annotations

from dataclasses import dataclass

BINS = "mappings/bin-replacement.yaml"
BINS_EXAMPLES = "mappings/bin-replacement.examples.yaml"
PROGRESS = "mappings/bin-progress.yaml"
MOTIVES = "mappings/tables/bin-motives.csv"
STATUSES = "mappings/tables/bin-statuses.csv"
WASTE = "connectors/waste/connector.yaml"
PORTAL = "connectors/portal/connector.yaml"
WSDL = "connectors/waste/waste.wsdl"
XSD = "connectors/waste/waste.xsd"
SCHEDULE = "schedules/waste-progress.yaml"


@dataclass(frozen=True)
class Fault:
    """`old` becomes `new` in `file`. `says` and `right`: what is wrong, and what would be right, in English; `french`: the same.

    It is said at the line of `where` (if not `file`) that holds `at` (if not `new`), with `row` when it stands in one.
    """

    file: str
    old: str
    new: str
    says: str
    right: str
    row: str = ""
    at: str = ""
    where: str = ""
    french: tuple[str, str] = ("", "")


CODES = (
    Fault(
        MOTIVES,
        "too_small,trop_petit,CAPA,Bac trop petit,Bin too small\n",
        "",
        "codes of portal are missing from the table: trop_petit",
        "trop_petit in the column portal, one of CASSE, VOL, CAPA in the column waste",
        row="motive",
        at="missing,",
        french=("des codes de portal manquent à la table : trop_petit", "trop_petit dans la colonne portal"),
    ),
    Fault(
        STATUSES,
        "done,05,TERMINEE,Bac remplacé,Bin replaced\n",
        "",
        "codes of waste are missing from the table: 05",
        "05 in the column waste",
        row="status",
        at="cancelled,",
    ),
    Fault(MOTIVES, ",CAPA,", ",CAPPA,", "the contract of waste has no code “CAPPA”", "did you mean “CAPA”?", row="motive"),
    Fault(MOTIVES, ",CAPA,", ",,", "“too_small” has no value for waste", "one of CASSE, VOL, CAPA", "motive", "too_small,"),
    Fault(MOTIVES, "lid,couvercle", "broken,casse", "the code “broken” stands twice", "one line per code"),
    Fault(
        MOTIVES,
        "code,portal,waste",
        "code,portal,wast",
        "has no column “waste”",
        "add the column “waste” to",
        "motive",
        "table: bin-motives",
        BINS,
    ),
    Fault(MOTIVES, "code,portal", "cod,portal", "has no column “code”", "first line: code, one column per application"),
    Fault(MOTIVES, ",CAPA,Bac", ",CAPA;Bac", "has 4 cells where the first line has 5", "as many cells in each line"),
    Fault(
        BINS,
        "table: bin-motives",
        "table: bin-motifs",
        "there is no table “bin-motifs”",
        "did you mean “bin-motives”?",
        "motive",
    ),
    Fault(
        BINS,
        "when: {motive: [stolen,",
        "when: {motive: [vol,",
        "“vol” is not known here: it is no code of the table bin-motives",
        "stolen",
        row="complaint",
        french=("« vol » n'est pas connu ici : ce n'est pas un code de la table bin-motives", "admis ici : broken, lid"),
    ),
    Fault(BINS, "constant: REMPL", "constant: REMPLA", "has no code “REMPLA”", "did you mean “REMPL”?", "kind"),
)

DATES = (
    Fault(
        BINS,
        "waste: dd/MM/yyyy}",
        "waste: jj/mm/aaaa}",
        "“jj/mm/aaaa” is not a date form",
        "did you mean dd/MM/yyyy?",
        row="filed_on",
        french=("« jj/mm/aaaa » n'est pas une forme de date", "vouliez-vous dire dd/MM/yyyy ?"),
    ),
    Fault(
        BINS,
        "waste: dd/MM/yyyy}",
        "waste: MM/dd/yyyy}",
        "MM/dd/yyyy writes 31 December 2026 as 12/31/2026, which the contract of waste does not take",
        "write dd/MM/yyyy",
        row="filed_on",
        french=("que le contrat de waste n'admet pas", "écrivez dd/MM/yyyy"),
    ),
    Fault(
        BINS,
        "{portal: datetime, waste",
        "{portal: date, waste",
        "the form is date, the contract of portal has datetime",
        "date: {portal: datetime}",
        "filed_on",
        french=("la forme est date, le contrat de portal a ici une date et heure", "date: {portal: datetime}"),
    ),
    Fault(
        PROGRESS, "portal: datetime}", "portal: dd/MM/yyyy}", "the form is dd/MM/yyyy", "{portal: datetime}", "changed_on"
    ),
    Fault(BINS, "waste: dd/MM/yyyy}", "waste: HH:mm}", "a time stands against a date", "on each side", "filed_on"),
    Fault(
        BINS,
        "date: {portal: datetime, waste: dd/MM/yyyy}",
        "date: {portal: datetime}",
        "waste has no date form",
        "such as date: {waste: dd/MM/yyyy}",
        "filed_on",
    ),
    Fault(
        BINS,
        "    date: {portal: datetime, waste: dd/MM/yyyy}\n",
        "",
        "the contract of portal has a datetime here",
        "date: {portal: datetime}",
        "filed_on",
        "portal: deposeLe",
    ),
)

PATHS = (
    Fault(
        BINS,
        "portal: usager.courriel",
        "portal: usager.couriel",
        "the contract of portal has no field usager.couriel",
        "did you mean “usager.courriel”?",
        row="email",
        french=("le contrat de portal n'a pas de champ usager.couriel", "vouliez-vous dire « usager.courriel » ?"),
    ),
    Fault(
        BINS,
        "waste: NumBacAncien",
        "waste: numBacAncien",
        "no field numBacAncien",
        "did you mean “NumBacAncien”?",
        "old_bin",
    ),
    Fault(BINS, "waste: Bacs.Bac}", "waste: Bacs.Bacc}", "has no field Bacs.Bacc", "did you mean “Bacs.Bac”?", "bins"),
    Fault(
        BINS,
        "waste: Litrage",
        "waste: Littrage",
        "no field Bacs.Bac.Littrage",
        "did you mean “Bacs.Bac.Litrage”?",
        "bins.litres",
    ),
    Fault(
        BINS,
        "waste: NumIntervention",
        "waste: NumIntervenion",
        "no field NumIntervenion",
        "“NumIntervention”",
        "order_number",
    ),
    Fault(BINS, "[Equipe,", "[Equippe,", "has no field Equippe", "did you mean “Equipe”?"),
    Fault(BINS, "portal: usager.courriel", "portal: usager", "usager holds other fields", "usager.courriel", "email"),
    Fault(
        BINS,
        "portal: demande.ancienBac\n    waste: NumBacAncien\n",
        "portal: demande.ancienBac\n",
        "the contract of waste wants NumBacAncien, and no row writes it",
        "add waste: NumBacAncien to the row “old_bin”",
        at="  old_bin:",
        french=(
            "le contrat de waste veut NumBacAncien, et aucune ligne ne l'écrit",
            "ajoutez waste: NumBacAncien à la ligne « old_bin »",
        ),
    ),
    Fault(
        BINS,
        "    portal: demande.ancienBac\n",
        "",
        "no row and not ignored: demande.ancienBac",
        "add portal: demande.ancienBac to the row “old_bin”, or ignore: {portal: [demande.ancienBac]}",
        at="  old_bin:",
    ),
    Fault(
        BINS,
        "  kind: {label: Type de commande, waste: Type, constant: REMPL}\n",
        "",
        "the contract of waste wants Type",
        "add a row: {waste: Type, …}",
        at="fields:",
    ),
    Fault(BINS, "waste: [Equipe, ", "waste: [", "not ignored: Equipe", "or name it in ignore: {waste: [Equipe]}"),
    Fault(
        BINS,
        "waste: [Equipe, ",
        "waste: [RefExterne, Equipe, ",
        "RefExterne is ignored and also has the row",
        "drop it from ignore, or drop the row",
        row="request_number",
    ),
)

KEYS = (
    Fault(
        BINS,
        "    waste: NumBacAncien\n    required: true",
        "    waste: NumBacAncien\n    requird: true",
        "“requird” is not known here: it is neither a word of a row nor a side",
        "did you mean “required”?",
        row="old_bin",
        at="requird",
        french=("ce n'est ni un mot d'une ligne ni un côté", "vouliez-vous dire « required » ?"),
    ),
    Fault(
        BINS,
        "    waste: NumBacAncien\n    required: true",
        "    waste: NumBacAncien\n    obligatoire: true",
        "“obligatoire” is not known here",
        "did you mean “required”?",
        "old_bin",
        "obligatoire",
    ),
    Fault(
        BINS,
        "    label: Motif\n",
        "    lable: Motif\n",
        "“lable” is not known here",
        "did you mean “label”?",
        "motive",
        "lable",
    ),
    Fault(
        BINS, "    table: bin-motives", "    tabel: bin-motives", "“tabel” is not known", "did you mean “table”?", "motive"
    ),
    Fault(
        BINS, "    waste: CodeMotif", "    wast: CodeMotif", "“wast” is not known here", "did you mean “waste”?", "motive"
    ),
    Fault(
        BINS,
        "datetime, waste: dd",
        "datetime, wast: dd",
        "it is no side of this mapping",
        "did you mean “waste”?",
        "filed_on",
    ),
    Fault(
        BINS, 'at_least: "1"', 'at_leats: "1"', "there is no key “at_leats” here", "did you mean “at_least”?", "residents"
    ),
    Fault(
        BINS,
        "sector: relations",
        "sectors: relations",
        "there is no key “sectors” here",
        "did you mean “sector”?",
        french=("la clé « sectors » n'existe pas ici", "vouliez-vous dire « sector » ?"),
    ),
    Fault(BINS, "\nignore:", "\nignor:", "there is no key “ignor” here", "did you mean “ignore”?", at="ignor:"),
    Fault(WASTE, "authentication: {", "autentication: {", "no key “autentication”", "did you mean “authentication”?"),
    Fault(WASTE, "look_up: find_order", "lookup: find_order", "there is no key “lookup” here", "did you mean “look_up”?"),
    Fault(SCHEDULE, "timezone:", "time_zone:", "there is no key “time_zone” here", "did you mean “timezone”?"),
    Fault(SCHEDULE, "operation: list", "operations: list", "no key “operations” here", "did you mean “operation”?"),
    Fault(BINS, "key: request_number", "key: request_numbr", "“request_numbr” is not known here", "“request_number”"),
    Fault(BINS, "\nkey: request_number", "", "the key “key” is missing", "add key:", at="exchange:"),
    Fault(BINS, "match: stream", "match: steam", "no row of the group has this name", "did you mean “stream”?", "bins"),
)

LOSSES = (
    Fault(
        BINS,
        "    max: {waste: 60}\n    loses: {waste: ce qui dépasse 60 caractères}\n",
        "    max: {waste: 60}\n",
        "comes back whole: “À l’école",
        "declare it: loses: {waste: what does not come back}",
        row="comment",
        at="waste: Observation",
        french=("loi « revient entier » non tenue", "déclarez la perte : loses: {waste: ce qui ne revient pas}"),
    ),
    Fault(
        BINS,
        '    loses: {waste: "« couvercle » revient « casse », « disparition » revient « vol »"}\n',
        "",
        "comes back whole: “lid” on waste came back as “broken”",
        "declare it: loses: {waste:",
        row="motive",
        at="waste: CodeMotif",
        french=("« lid » du côté waste revient « broken »", "corrigez la ligne, ou déclarez la perte"),
    ),
    Fault(
        BINS,
        "    loses: {waste: l'heure du dépôt}\n",
        "",
        "came back as “2026-",
        "declare it: loses: {waste:",
        "filed_on",
        "waste: DateDemande",
    ),
    Fault(
        BINS,
        'split: {family_name: "\\\\p{Lu}(?:[\\\\p{Lu}\' -]*\\\\p{Lu})?"',
        'split: {family_name: "\\\\p{Lu}+"',
        "does not look like {family_name} {given_name}",
        f"or the row “holder” in {BINS}",
        "holder",
        "NomComplet: LE GOFF Yann",
        BINS_EXAMPLES,
    ),
    Fault(
        BINS,
        '    split: {family_name: "\\\\p{Lu}(?:[\\\\p{Lu}\' -]*\\\\p{Lu})?", given_name: "\\\\p{Lu}\\\\p{Ll}(?:.*\\\\S)?"}\n',
        "",
        "family_name, given_name on waste came back as nothing",
        "add split",
        "holder",
        "join:",
    ),
    Fault(BINS, "max: {waste: 60}", "max: {waste: 80}", "80 is more than the contract's 60", "max: {waste: 60}", "comment"),
    Fault(
        BINS_EXAMPLES,
        "CodeMotif: CASSE",
        "CodeMotif: CAPA",
        "the example has “CAPA”, the mapping writes “CASSE”",
        f"correct this example, or the row “motive” in {BINS}",
        "motive",
    ),
)

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
    Fault(WSDL, "</wsdl:definitions>", "", "This is not well-formed XML", "correct the file there", at="</wsdl:service>"),
    Fault(XSD, "</xs:schema>", "</xs:shema>", "This is not well-formed XML", "as the application's publisher gave it"),
    Fault(WSDL, 'schemaLocation="waste.xsd"', 'schemaLocation="wast.xsd"', '"wast.xsd" is not there', "correct the file"),
    Fault(XSD, 'type="', 'type="x', "Unable to resolve type", "correct the file there"),
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

FAULTS = (*CODES, *DATES, *PATHS, *KEYS, *LOSSES, *NAMES, *FORMS, *REFERENCES, *SECRETS)
