"""The names of contracts, compared by what they mean: `NumCli`, `numero_client` and `customerNumber` are alike."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from functools import cache


def word_set(text: str) -> frozenset[str]:
    """The words of a text, apart."""
    return frozenset(text.split())


_CONCEPTS = """
number numero num nr no
reference ref
identifier identifiant identifier ident id uid uuid
name nom lastname surname familyname patronyme
firstname prenom prenoms forename givenname
fullname nomcomplet
email mel mail courriel
phone telephone tel mobile portable gsm
amount montant mnt somme total price prix tarif
date dat dte
time heure heur hour
start debut deb from
end fin
year annee exercice exer millesime
birth naissance naiss birthday birthdate
sex sexe gender civilite
address adresse addr adr
street voie rue ligneadr
postcode codepostal zipcode zip cp
town commune ville city localite
country pays
customer client cli usager user abonne
borrower emprunteur lecteur reader
applicant demandeur requerant
debt dette det
file dossier
request demande
order commande cde
invoice facture fact
line ligne lignes lines
item article produit product
label libelle lib intitule title titre designation
object objet subject sujet
comment commentaire comments observation observations remarque note
reason motif cause
message msg
status statut etat state
type nature kind
code cod
quantity quantite qte qty
count nombre nb nbre
operation op
transaction trans tran
result resultat resul
payment paiement paye paid regle
authorisation autorisation authorization auto
entry saisie
url uri lien link
notification notif notify
redirection redirect redirect retour return
school ecole etablissement
child enfant
meal repas
document doc
piece pieces attachment attachments justificatif justificatifs photo photos
content contenu fichier text
size taille
version vers
language langue lang
copy exemplaire copies exemplaires copie
"""
_PHRASES = {
    "family name": "name",
    "last name": "name",
    "first name": "firstname",
    "given name": "firstname",
    "given names": "firstname",
    "full name": "fullname",
    "nom complet": "fullname",
    "code postal": "postcode",
    "post code": "postcode",
    "postal code": "postcode",
    "zip code": "postcode",
    "e mail": "email",
    "nom famille": "name",
    "ligne adr": "street",
    "ligne adresse": "street",
}
_EMPTY = word_set("de du des la le les l d un une the of a to on pour par value valeur arg 0 return parameters")
_SAME = [line.split() for line in _CONCEPTS.split("\n") if line.strip()]
_CONCEPT = {word: words[0] for words in _SAME for word in words}
_NAMING = frozenset({"number", "reference", "identifier"})
_REGISTERS = frozenset({"isbn", "siret", "siren", "nir", "iban", "barcode"})
_PERSONAL = word_set("name firstname fullname email phone street address postcode town birth sex")
_AKIN = 0.6
"""How alike two different ways of naming a thing are: a number, a reference, an identifier."""
_SHORTEST = 3
"""The letters that a word needs to be recognised inside another one (`numcli`)."""


@cache
def words_of(name: str) -> tuple[str, ...]:
    """The words of a name, small and without accents: `NumVoie`, `num_voie` and `@num-voie` all give num, voie."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", name) if not unicodedata.combining(sign))
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", plain)
    return tuple(re.findall(r"[a-z]+|\d+", re.sub(r"[^A-Za-z0-9]+", " ", parted).lower()))


@cache
def meanings(name: str) -> frozenset[str]:
    """What the words of a name mean, each by one English word; unknown words stand for themselves."""
    words, found = [word for word in words_of(name) if word not in _EMPTY] or list(words_of(name)), list[str]()
    while words:
        if phrase := _PHRASES.get(" ".join(words[:2])):
            found.append(phrase)
            words = words[2:]
        else:
            found += _meaning(words.pop(0))
    return frozenset(found)


def likeness(one: str, other: str) -> float:
    """How likely two dotted paths name the same thing, from 0 to 1: their last names weigh more than those around."""
    leaves = _alike(meanings(_leaf(one)), meanings(_leaf(other)))
    wholes = _alike(_all_meanings(one), _all_meanings(other))
    letters = SequenceMatcher(None, _leaf(one).lower(), _leaf(other).lower()).ratio()
    spelt = 0.9 * letters if letters >= 0.85 else 0.0
    return max(0.8 * leaves + 0.2 * wholes, 0.9 * wholes, spelt)


def stand_apart(one: str, other: str) -> bool:
    """Whether two fields stand in containers that have nothing in common: the applicant's town, the event's town."""
    above, beside = (_around(path) for path in (one, other))
    return bool(above and beside) and not above & beside


def names_a_thing(path: str) -> bool:
    """Whether a field holds a number, reference or identifier: what must never be cut."""
    return bool(meanings(_leaf(path)) & (_NAMING | _REGISTERS))


def is_personal(path: str) -> bool:
    """Whether the name speaks of a person."""
    return bool(meanings(_leaf(path)) & _PERSONAL)


def says(path: str, *concepts: str) -> bool:
    """Whether the last name of a path has one of these meanings."""
    return bool(meanings(_leaf(path)) & set(concepts))


def snake_case(name: str) -> str:
    """A name as connector.yaml and mappings write it: `CreerPaiement` gives creer_paiement."""
    made = "_".join(words_of(name))[:60].rstrip("_")
    return made if made[:1].isalpha() else f"f_{made}"[:60].rstrip("_")


def human(name: str) -> str:
    """A name as a label: `NumDossier` gives Num dossier."""
    return " ".join(words_of(name)).capitalize()


def _leaf(path: str) -> str:
    *above, leaf = path.split(".")
    return above[-1] if leaf == "#text" and above else leaf


def _around(path: str) -> frozenset[str]:
    return frozenset[str]().union(*(meanings(name) for name in path.split(".")[:-1])) - _EMPTY


def _all_meanings(path: str) -> frozenset[str]:
    return frozenset[str]().union(*(meanings(name) for name in path.split("."))) - _EMPTY or meanings(_leaf(path))


def _meaning(word: str) -> list[str]:
    if word in _CONCEPT:
        return [_CONCEPT[word]]
    parts = _parts(word) or _parts(word.rstrip("s"))
    return [_CONCEPT[part] for part in parts] if parts else [_CONCEPT.get(word.rstrip("s"), word)]


def _parts(word: str) -> list[str]:
    """The known words that make up a word as a whole, the longest first; none when it is not made of such."""
    if not word:
        return []
    for length in range(len(word), _SHORTEST - 1, -1):
        if word[:length] in _CONCEPT:
            rest = _parts(word[length:])
            if rest or length == len(word):
                return [word[:length], *rest]
    return []


def _alike(one: frozenset[str], other: frozenset[str]) -> float:
    if not one or not other:
        return 0.0
    both = one & other
    left, right = one - both, other - both
    akin = _AKIN if left & _NAMING and right & _NAMING else 0.0
    return 2 * (len(both) + akin) / (len(one) + len(other))
