"""What the readers of XML schemas say of one that is not sound, in plain words of both languages."""

from __future__ import annotations

import re

from hub.errors import Text

CORRECT = Text(
    en="the vendor must correct the schema at this place; put the corrected file here, or correct this copy",
    fr="l'éditeur doit corriger le schéma à cet endroit ; déposez ici le fichier corrigé, ou corrigez cette copie",
)

_KINDS = {
    "type definition": "aucun type",
    "element declaration": "aucun élément",
    "attribute declaration": "aucun attribut",
    "attribute group definition": "aucun groupe d'attributs",
    "model group definition": "aucun groupe",
    "simple type definition": "aucun type simple",
    "complex type definition": "aucun type complexe",
}
_SAID = (
    (
        re.compile(r"'(?:\{(?P<space>[^}]*)\})?(?P<name>[^'{}]+)' does not resolve to a\(n\) (?P<kind>[\w ]+)"),
        'it names "{name}"{in_en}, and no schema here declares a {kind} of this name',
        "il nomme « {name} »{in_fr}, et {kind_fr} de ce nom n'est déclaré ici",
    ),
    (
        re.compile(r"A global (?P<kind>[\w ]+) '(?:\{(?P<space>[^}]*)\})?(?P<name>[^'{}]+)' does already exist"),
        '"{name}"{in_en} is declared twice ({kind})',
        "« {name} »{in_fr} est déclaré deux fois",
    ),
    (
        re.compile(r"attribute '(?P<name>[^'{}]+)' is required but missing"),
        'an attribute "{name}" is missing',
        "il manque un attribut « {name} »",
    ),
    (
        re.compile(r"attribute '(?:\{(?P<space>[^}]*)\})?(?P<name>[^'{}]+)' is not allowed"),
        'the attribute "{name}" is not allowed here',
        "l'attribut « {name} » n'est pas admis ici",
    ),
    (
        re.compile(r"Element '\{[^}]*\}(?P<name>[\w.-]+)'.*: The content is not valid"),
        "what stands inside <{name}> is not what XML Schema allows there",
        "le contenu de <{name}> n'est pas ce que XML Schema y admet",
    ),
    (
        re.compile(r"The content model is not determinist"),
        "two fields of the same name may stand at the same place, so a reader cannot tell them apart (the content model "
        "is not deterministic)",
        "deux champs de même nom peuvent se trouver au même endroit, sans qu'un lecteur les distingue (modèle de contenu "
        "non déterministe)",
    ),
    (
        re.compile(r"The value '(?P<name>[^']*)' of the facet"),
        'the value "{name}" does not fit this facet',
        "la valeur « {name} » ne convient pas à cette facette",
    ),
    (
        re.compile(r"circular", re.IGNORECASE),
        "a definition is made of itself",
        "une définition est faite d'elle-même",
    ),
)


def unsound(words: str) -> Text:
    """A reader's `words` about a schema; what we have no words for is quoted as it was said."""
    for pattern, en, fr in _SAID:
        if found := pattern.search(words):
            named = {"name": "", "space": "", "kind": "", **{key: said or "" for key, said in found.groupdict().items()}}
            named["kind_fr"] = _KINDS.get(named["kind"].strip(), "rien")
            named["in_en"] = f' of "{named["space"]}"' if named["space"] else ""
            named["in_fr"] = f" de « {named['space']} »" if named["space"] else ""
            return Text(
                en=f"The schema is not sound: {en.format(**named)}.",
                fr=f"Le schéma n'est pas valide : {fr.format(**named)}.",
            )
    return Text(
        en=f'The schema is not sound; its reader says: "{words}"',
        fr=f"Le schéma n'est pas valide ; son lecteur dit, en anglais : « {words} »",
    )
