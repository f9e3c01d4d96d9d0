"""What drafted files say to their reader: comments and the README, in both languages."""

from __future__ import annotations

from hub.errors import Text

HEAD = Text(
    en="Drafted from {contract}. A line with “# ?” was guessed from names: ask the supplier. Drop what you do not use.",
    fr="Ébauche faite d'après {contract}. Une ligne marquée « # ? » a été devinée : décidez-en avec l'éditeur. Ôtez "
    "ce qui ne sert pas.",
)
SIGN_IN = Text(
    en='once it wants a sign-in: credentials: "secret:{name}" beside the address, and authentication: {{kind: basic}}',
    fr="s'il faut s'identifier : credentials: \"secret:{name}\" près de l'adresse, et authentication: {{kind: basic}}",
)
TIMEOUT = Text(en="how long one call may take", fr="la durée maximale d'un appel")
LIMITS = Text(en="what the application can bear", fr="ce que l'application peut supporter")
OWNER = Text(en="who answers for it", fr="qui en répond")
REPEATABLE = Text(
    en="true if sending twice does no more than sending once",
    fr="true si deux envois ne font rien de plus qu'un seul",
)
LOOK_UP = Text(
    en="the question that tells whether an unanswered call was carried out; it needs found: as well",
    fr="la question qui dit si un appel sans réponse a été exécuté ; il y faut aussi found:",
)
FEED = Text(
    en="to fetch this list on a schedule: direction: feed, with items: {items}",
    fr="pour relever cette liste selon un horaire : direction: feed, avec items: {items}",
)
ANSWERS = Text(
    en="how it says no, later, I failed; from top to bottom, the first that fits decides",
    fr="comment elle dit non, plus tard, j'ai échoué ; de haut en bas, la première qui convient décide",
)
RULE = Text(en="guessed from the name", fr="devinée d'après le nom")
UNDECIDED = Text(en="does this mean no? Without a rule it is tried again", fr="est-ce un refus ? Sans règle, on réessaie")
RETURN_CODE = Text(en="does it say no in a normal answer?", fr="dit-elle non dans une réponse normale ?")
SAMPLE = Text(
    en="Made up from the contract: put a true answer here when you have one.",
    fr="Inventé d'après le contrat : mettez ici une vraie réponse dès que vous en avez une.",
)
UNMADE = Text(
    en="No document could be made up that the contract takes: correct this one ({why}).",
    fr="Aucun document admis par le contrat n'a pu être inventé : corrigez celui-ci ({why}).",
)
README = Text(
    en="""# {title}

{protocol}; contract: {files}.

- The hub calls it at the address `{variable}`.{incoming}
- `samples/` holds what its double answers: `hub rehearse {name}`.

To be told here: which service owns it, how one signs in, what is odd about it.
""",
    fr="""# {title}

{protocol} ; contrat : {files}.

- Le hub l'appelle à l'adresse `{variable}`.{incoming}
- `samples/` contient ce que répond sa doublure : `hub rehearse {name}`.

À dire ici : quel service en est responsable, comment on s'y identifie, ce qu'elle a de particulier.
""",
)
INCOMING = Text(en=" It calls the hub at `{door}`.", fr=" Elle appelle le hub sur `{door}`.")

MAPPING_HEAD = Text(
    en="Drafted from the two contracts. “# ?”: guessed, to be confirmed. “# TODO”: to be decided; hub check names it too.",
    fr="Ébauche faite d'après les deux contrats. « # ? » : deviné, à confirmer. « # TODO » : à décider (hub check le dit).",
)
SECTOR = Text(en="the family of services: see the reference", fr="la famille de services : voir la référence")
KEY = Text(en="the row that joins the messages of one request", fr="la ligne qui relie les messages d'une même demande")
NAMES = Text(en="the names are only a little alike", fr="les noms ne se ressemblent qu'un peu")
ONLY = Text(en="the only ones of their kind that were left", fr="les seuls de leur genre qui restaient")
ALIKE = Text(en="codes paired by their letters", fr="codes appariés par leurs lettres")
RIVAL = Text(en="{other} is as likely", fr="{other} convient autant")
UNIT = Text(
    en="euros or cents on each side? as: decimal with number: {{side: plain|comma|cents}}",
    fr="euros ou centimes de chaque côté ? as: decimal avec number: {{côté: plain|comma|cents}}",
)
CENTS = Text(en="cents, or whole euros?", fr="des centimes, ou des euros entiers ?")
DECIMAL = Text(en="12.50 (plain), 12,50 (comma) or 1250 (cents)?", fr="12.50 (plain), 12,50 (comma) ou 1250 (cents) ?")
DATE = Text(
    en="the contract of {side} does not say the form of this date",
    fr="le contrat de {side} ne dit pas sa forme",
)
DATES = Text(
    en="a date in the same form on both sides? Else: date: {{side: form}}",
    fr="une date de même forme des deux côtés ? Sinon : date: {{côté: forme}}",
)
TRUTH = Text(en="how does {side} write yes and no?", fr="comment {side} écrit-il oui et non ?")
CODES = Text(
    en="which codes does {side} use? Its contract lists none",
    fr="quels codes {side} emploie-t-il ? Son contrat n'en donne pas",
)
FILE = Text(en="a file?", fr="un fichier ?")
DIGITS = Text(en="zeros in front would be lost", fr="des zéros de tête seraient perdus")
MATCH = Text(
    en="the row that tells the lines apart; never their position",
    fr="la ligne qui distingue les lignes du groupe ; jamais leur position",
)
WANTED = Text(
    en="the contract of {side} wants {path}, and nothing of {other} fits: add a row, or constant:",
    fr="le contrat de {side} veut {path}, et rien chez {other} ne convient : ajoutez une ligne, ou constant:",
)
UNANSWERED = Text(
    en="the contract of {side} declares no answer that fits: write under reply: what {side} is told",
    fr="le contrat de {side} ne déclare pas de réponse qui convienne : écrivez sous reply: ce que {side} apprend",
)
NOTHING = Text(
    en="No field of {said} goes with one of {told}: this mapping is to be written by hand.",
    fr="Aucun champ de {said} ne va avec un champ de {told} : cette correspondance est à écrire à la main.",
)
REMEMBERED = Text(
    en="the name of this request at {side}: it enters the crosswalk",
    fr="le nom de cette demande chez {side} : il entre dans la table de correspondance",
)
NO_KEY = Text(
    en="no row of {side} names the request: choose the row that joins its messages",
    fr="aucune ligne de {side} ne nomme la demande : choisissez la ligne qui relie ses messages",
)
EXCEEDS = Text(en="what exceeds {count} characters", fr="ce qui dépasse {count} caractères")
TIME_OF_DAY = Text(en="the time of day", fr="l'heure")
TOO_LONG = Text(en="At most {count} characters", fr="{count} caractères au plus")
EXAMPLE = Text(en="made up from the contracts", fr="inventé d'après les contrats")
