"""`connectors/<application>/connector.yaml`: an application, its contract, its operations and its manners."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from pydantic import Field, model_validator

from hub.specs.layout import Encoding
from hub.specs.words import Duration, Path, Secret, Size, Slug, Spec, Truth, Word, refusal

Direction = Literal["in", "out", "ask", "feed", "collect"]
Meaning = Literal["delivered", "later", "failed", "refused", "unanswered", "unauthorised", "misconfigured", "missing"]


class Instance(Spec):
    """Where one authority's copy of the application is reached."""

    address: str = Field(description="Base address, or a reference to the environment.", examples=["${WASTE_URL}"])
    credentials: Secret = Field("", description="Reference to its secret.", examples=["secret:waste"])
    signature: Secret = Field(
        "",
        description="For soap: reference to a private key and its X.509 certificate (PEM, one after the other). Each call's "
        "body and time are signed with it (WS-Security), beside what `authentication` says.",
        examples=["secret:waste-signature"],
    )
    answers_signed_by: str = Field(
        "",
        pattern=r"^[\w.-]*$",
        description="For soap: a file of this folder (PEM) with the X.509 certificates of which one must have signed the "
        "body and the time of each answer (WS-Security). What is not signed so is not believed. Read at the start.",
        examples=["dechets.pem"],
    )
    certificates: str = Field(
        "",
        pattern=r"^[\w.-]*$",
        description="A file of this folder (PEM) with the only authorities that its certificate may come from, and, if they "
        "keep them, their lists of revoked certificates. Read at the start. Default: HUB_CERTIFICATES.",
        examples=["autorite.pem"],
    )
    client_certificate: Secret = Field(
        "",
        description="Reference to the certificate that the hub shows it, and its key: one PEM with both.",
        examples=["secret:waste-tls"],
    )
    files_from: tuple[str, ...] = Field(
        (),
        description="Where the files lie that it gives by address (`by_address` in a mapping), besides what is under "
        "`address`: other addresses, each a prefix that ends with a whole step of its path, or references to the "
        "environment. Its credentials are shown at the scheme, host and port of `address` only.",
        examples=[["https://fichiers.example.fr/demandes"]],
    )


class Retry(Spec):
    """How a delivery is tried again."""

    waits: tuple[Duration, ...] = Field(
        tuple(timedelta(seconds=s) for s in (5, 30, 120, 600, 1800, 3600, 7200)),
        min_length=1,
        description="The waits between attempts, in turn; the last one repeats.",
    )
    within: Duration = Field(timedelta(hours=96), description="For how long after its first failure.")


class Breaker(Spec):
    """When a lane stops calling an application that does not answer, and how soon it probes it again."""

    failures: int = Field(5, ge=1, description="Failures in a row that open the breaker.")
    within: Duration = Field(timedelta(minutes=2), description="How close together these failures are.")
    rest: Duration = Field(timedelta(minutes=1), description="How long it rests before a probe.")


class Limits(Spec):
    """What the application can bear, all nodes of the hub together."""

    at_once: int = Field(4, ge=1, description="Calls at the same time.")
    per_second: float = Field(10, gt=0, allow_inf_nan=False, description="Calls in a second.")


class Authentication(Spec):
    """How the hub signs in: the secret's text is the token, `user:password`, the header's value, `client:secret`, or what
    requests are signed with."""

    kind: Literal["bearer", "basic", "header", "username-token", "oauth2", "hmac", "webhook"] = Field(
        "bearer",
        description="bearer token, HTTP basic, a header of its own, WS-Security UsernameToken, a token that OAuth 2 gives "
        "for client credentials; or a signature of each request: hmac (HMAC-SHA256 of its body in a header, as "
        "sha256=<hex>), or webhook (Standard Webhooks, whose secret is whsec_...).",
    )
    header: str = Field(
        "X-API-Key", description="The header's name when the kind is header, or hmac (then X-Signature by default)."
    )
    shown_as: Literal["text", "digest"] = Field(
        "text",
        description="For username-token: how it shows the password: itself, or a digest (SHA-1) of it with a nonce and a "
        "time that are new in each call.",
    )
    signs: Literal["body", "timestamp.body"] = Field(
        "body", description="For hmac, what is signed: the body, or the time in seconds, a full stop, and the body."
    )
    time_header: str = Field("X-Timestamp", description="For hmac with signs: timestamp.body: the header with that time.")
    token_url: str = Field(
        "",
        description="For oauth2: where tokens are given, or a reference to the environment.",
        examples=["${TOKEN_URL}"],
    )
    scope: str = Field("", description="For oauth2: what is asked for, if the service wants it said.")
    client_in: Literal["header", "body"] = Field(
        "header", description="For oauth2: whether the service takes the client and its secret in a header or in the body."
    )

    @model_validator(mode="after")
    def _tokens_come_from_somewhere(self) -> Authentication:
        if (self.kind == "oauth2") != bool(self.token_url):
            raise refusal(
                "token_url: say where tokens are given; it belongs to kind: oauth2 alone",
                "token_url : dites où les jetons sont donnés ; ce mot ne va qu'avec kind: oauth2",
            )
        return self

    @model_validator(mode="after")
    def _signs_by_hmac(self) -> Authentication:
        if self.kind != "hmac" and {"signs", "time_header"} & self.model_fields_set:
            raise refusal("signs and time_header belong to kind: hmac", "signs et time_header ne vont qu'avec kind: hmac")
        return self

    @model_validator(mode="after")
    def _shows_a_password(self) -> Authentication:
        if self.kind != "username-token" and "shown_as" in self.model_fields_set:
            raise refusal(
                "shown_as: it belongs to kind: username-token alone", "shown_as : ce mot ne va qu'avec kind: username-token"
            )
        return self

    @property
    def shown_in(self) -> str:
        """The header that shows the secret, or the signature."""
        return "X-Signature" if self.kind == "hmac" and "header" not in self.model_fields_set else self.header


class Refusal(Spec):
    """The fault of the contract by which the hub refuses what is wrong with a call, in the place of its own detail."""

    fault: str = Field(description="The fault's name: the local name of its element in the contract.")
    detail: dict[str, Any] = Field(
        description="The fault's element, as a document. In its values, {reason} is what is wrong, {kind} the kind of "
        "refusal (such as invalid-message); {path}, {label} and {row} are of the first problem. What is filled in is cut to "
        "the length that the contract allows.",
        examples=[{"code": "{kind}", "libelle": "{reason}"}],
    )


class Page(Spec):
    """How a feed is asked for its next page: by counting, until one is not full, by what the answer tells (`next`), or at
    the address that the answer's Link header tells (`link`)."""

    field: Path | None = Field(
        None,
        description="The request's field that says which page: its number, or what `next` told. Required, but for `link`.",
        examples=["@page", "@cursor"],
    )
    next: Path | None = Field(
        None,
        description="The answer's field that tells what to ask the next page by; empty after the last. The first page is "
        "asked for without it.",
        examples=["paging.nextCursor"],
    )
    link: Literal["next"] | None = Field(
        None,
        description="For a list that is asked for by GET: the relation, in the answer's `Link` header (RFC 8288), of the "
        "address at which the next page is. It must be under the scheme, host and port of the connector's own. There is "
        "none after the last.",
    )
    counts: Literal["pages", "items"] = Field(
        "pages",
        description="When pages are counted, what the field says: the page's number, or how many items to pass over.",
    )
    first: int | None = Field(
        None, ge=0, description="When pages are counted: what the first is asked for by. Default: 1 for pages, 0 for items."
    )
    size: int | None = Field(
        None,
        ge=1,
        description="How many items a full page has. When pages are counted, one with fewer is the last; without a size, an "
        "empty one.",
    )
    size_field: Path | None = Field(
        None,
        description="The request's field that takes `size`, where the application lets it be chosen.",
        examples=["@limit"],
    )

    @model_validator(mode="after")
    def _ends(self) -> Page:
        if self.size is None and (self.size_field or self.counts == "items"):
            raise refusal(
                "size: say how many items a full page has",
                "size : dites combien d'éléments a une page pleine",
            )
        if not (self.next or self.link):
            return self
        if {"first", "counts"} & self.model_fields_set or (self.size and not self.size_field):
            word = "link" if self.link else "next"
            raise refusal(
                f"{word}: the answer tells the next page; first, counts, and size without size_field, are for counted pages",
                f"{word} : la réponse indique la page suivante ; first, counts, et size sans size_field, valent pour des "
                "pages comptées",
            )
        return self

    @model_validator(mode="after")
    def _is_asked_in_one_way(self) -> Page:
        if self.link and (self.field or self.next):
            raise refusal(
                "link: the next page is asked for at the address that is told; leave out field and next",
                "link : la page suivante est demandée à l'adresse indiquée ; ôtez field et next",
            )
        if not (self.link or self.field):
            raise refusal(
                "field: say which field of the request says the page, or link: next",
                "field : dites quel champ de la requête indique la page, ou link: next",
            )
        return self

    def number(self, page: int) -> int:
        """When pages are counted, what a page is asked for by; `page` counts from 1."""
        if self.counts == "items":
            return (self.first or 0) + (page - 1) * (self.size or 1)
        return (1 if self.first is None else self.first) + page - 1


class Operation(Spec):
    """One named thing that the application can receive or say."""

    direction: Direction = Field(
        description="in: they call us; out: we tell them; ask: we ask and use the answer now; "
        "feed: we fetch a list on a schedule; collect: they fetch from a mailbox."
    )
    action: str = Field(description="The operation's name in the contract (WSDL operation, OpenAPI operationId).")
    title: str = Field("", description="What it is, for people.")
    repeatable: Truth = Field(False, description="Sending it twice does no more than sending it once.")
    look_up: Word | None = Field(
        None, description="The ask operation that tells whether an unanswered call was carried out."
    )
    found: Path | None = Field(None, description="For a look-up: the answer's field that has a value when it was found.")
    items: Path | None = Field(None, description="For a feed: the repeated field of the answer that holds the items.")
    since: Path | None = Field(None, description="For a feed: the request's field that takes the time of the last fetch.")
    since_form: str = Field("datetime", description="For a feed: the form of that time, such as dd/MM/yyyy HH:mm:ss.")
    since_of: Path | None = Field(
        None,
        description="For a feed: the field of an item whose value `since` takes the next time, as the application wrote it, "
        "in place of a time: of numbers and dates the highest, of texts (tokens) the last item's. The first fetch sends "
        "none.",
        examples=["sequence"],
    )
    page: Page | None = Field(
        None,
        description="For a feed whose answer is one page of several: how the next one is asked for. Default: there is one.",
    )
    key_field: Path | None = Field(None, description="Where the hub puts its idempotency key, such as @Idempotency-Key.")
    receipt: dict[str, Any] = Field(
        default_factory=dict, description="For in: what the hub answers when it has accepted, as a document."
    )
    refusal: Refusal | None = Field(
        None, description="For in, in SOAP: the declared fault that tells what is wrong. Default: the hub's own detail."
    )
    files: Literal["inside", "mtom", "swa"] = Field(
        "inside",
        description="For SOAP, how its files travel: inside the document in base64; or beside it, as MTOM/XOP or as "
        "attachments (SwA), which a large file needs. A REST operation that takes multipart/form-data has them beside it.",
    )
    largest_body: Size | None = Field(
        None,
        description="For in: the largest body that it may have, in place of HUB_LARGEST_BODY: smaller, or larger up to "
        "HUB_LARGEST_BODY_OF_ANY. Files beside the document do not count. For collect: of what acknowledges it.",
        examples=["200 kB", "40 MB"],
    )
    timeout: Duration | None = Field(None, description="Its own time limit, if not the connector's.")
    on_dead: Literal["block", "skip"] = Field(
        "block",
        description="What a dead letter does to what comes after it in its reference: block (it waits for a person) or skip "
        "(it goes on without it). A mapping may say otherwise.",
    )


class AnswerRule(Spec):
    """How one kind of answer is read. All conditions that stand must hold."""

    operation: Word | None = Field(None, description="Only for this operation.")
    fault: str | None = Field(None, description="A SOAP fault of this name; * stands for any characters.")
    status: str | None = Field(None, description="An HTTP status such as 404, or 4xx.")
    code: str | None = Field(None, description="The fault's or error's field `code` has this value.")
    at: Path | None = Field(None, description="The field of the answer that `is` or `is_not` speak of.")
    is_: str | None = Field(None, alias="is", description="The field has this value.")
    is_not: str | None = Field(None, description="The field has a value other than this.")
    means: Meaning = Field(description="What it comes to.")
    wait: Duration | None = Field(None, description="For later: how long.")
    says: str = Field("", description="The words for people; {field} takes a field of the answer or the fault.")


class Format(Spec):
    """What a document really holds, where the contract only says text: in one of its fields, or as its whole body."""

    operation: Word = Field(description="The operation, as `operations` names it.")
    part: Literal["input", "output"] = Field("input", description="What it is told, or what it answers.")
    at: Path | None = Field(
        None,
        description="The field whose text is a document; a mapping's path goes on inside. Default: the body of a REST call.",
        examples=["Demande.Contenu"],
    )
    contract: str | None = Field(
        None,
        description="What the document looks like: a file of this folder. `.xsd`: XML; `.layout.yaml`: CSV or fixed-width "
        "lines; `.json` (JSON Schema): JSON. Default: as the operation's contract says.",
        examples=["contenu.xsd", "titres.layout.yaml", "contenu.schema.json"],
    )
    root: str = Field("", description="For an XSD: the name of the root element.")
    base64: Truth = Field(
        False, description="The field holds it in base64. A field that the contract calls base64 always does."
    )
    encoding: Encoding | None = Field(
        None, description="For XML, the encoding to write in, with an XML declaration. What is read may be in any."
    )
    values_in: str | None = Field(
        None,
        pattern=r"^[\w.-]+$",
        description="For XML whose values stand in an attribute of this name: the mapping writes `Exer`, not `Exer.@V`.",
        examples=["V"],
    )
    media: str = Field(
        "", description="For a body: its media type, if not the usual one of its form.", examples=["text/plain"]
    )


class Letters(Spec):
    """The letters that the application can keep, however it is called."""

    of: Literal["ascii", "iso-8859-1", "iso-8859-15", "windows-1252"] = Field(
        description="The character set of its database or files."
    )
    others: Literal["refuse", "transliterate"] = Field(
        "refuse",
        description="refuse: a message with another letter is not taken; transliterate: the nearest letters are written "
        "(œ as oe, € as EUR), which is a loss that hub check shows.",
    )


class Patch(Spec):
    """What the vendor got wrong in the contract about one field, and what the application really takes or says."""

    operation: Word = Field(description="The operation, as `operations` names it.")
    part: str = Field(
        "input",
        pattern=r"^[\w.-]+$",
        description="input: what it is told; output: what it answers; or a fault's name, an error's status.",
        examples=["FonctionnelleErreur", "404"],
    )
    at: Path = Field(description="The field's path, as a mapping's cell has it.", examples=["Demandeur.Telephone"])
    required: Truth | None = Field(None, description="false: it may be left out; true: it must be there.")
    repeated: Truth | None = Field(None, description="true: there may be several; false: there is one at most.")
    nullable: Truth | None = Field(None, description="Whether it may be there without a value (xsi:nil, null).")
    longest: int | None = Field(None, ge=1, description="How many characters it takes at most.")
    shortest: int | None = Field(None, ge=0, description="How many characters it takes at least.")
    values: tuple[str, ...] | None = Field(None, description="The values that it takes; an empty list: any.")
    because: str = Field(
        min_length=1,
        description="How you know: what the application answered, who said so, when.",
        examples=["le serveur refuse la commande sans ce champ (ticket 4711, 12 mars 2026)"],
    )

    @model_validator(mode="after")
    def _changes_something(self) -> Patch:
        if not self.changes:
            raise refusal(
                "say what is true of the field: required, repeated, nullable, longest, shortest or values",
                "dites ce qui est vrai du champ : required, repeated, nullable, longest, shortest ou values",
            )
        return self

    @property
    def changes(self) -> dict[str, Any]:
        """What it says of the field, by the names that a contract's Shape has for it."""
        words = ("required", "repeated", "nullable", "longest", "shortest", "values")
        return {word: said for word in words if (said := getattr(self, word)) is not None}


class Connector(Spec):
    """An application that the hub links."""

    connector: Slug = Field(description="Its name, which is also its folder's.")
    title: str = Field(description="Its name for people.")
    owner: str = Field("", description="Who answers for it.")
    protocol: Literal["soap", "rest"] = Field(description="How it speaks.")
    contract: str = Field(
        description="The contract's file in this folder, never fetched at run time: a WSDL for soap; for rest OpenAPI 3, or "
        "a plain XSD or JSON Schema, whose documents are posted to the address (one operation a root element or schema)."
    )
    patches: tuple[Patch, ...] = Field((), description="What the contract says wrongly, each with its reason.")
    instances: dict[Slug, Instance] = Field(description="One per authority that runs it; `default` for all others.")
    authentication: Authentication = Field(default_factory=Authentication)
    timeout: Duration = Field(timedelta(seconds=20), description="Time limit of a whole call.")
    retry: Retry = Field(default_factory=Retry)
    breaker: Breaker = Field(default_factory=Breaker)
    limits: Limits = Field(default_factory=Limits)
    operations: dict[Word, Operation]
    formats: tuple[Format, ...] = Field((), description="Documents that the contract does not describe.")
    letters: Letters | None = Field(None, description="The letters that it can keep. Default: all.")
    answers: tuple[AnswerRule, ...] = Field((), description="Read from top to bottom; the first that fits decides.")

    @model_validator(mode="after")
    def _is_answered_in_soap(self) -> Connector:
        if self.protocol != "soap" and any(each.answers_signed_by for each in self.instances.values()):
            raise refusal(
                "answers_signed_by: only the answers of SOAP are signed",
                "answers_signed_by : seules les réponses SOAP sont signées",
            )
        return self

    @model_validator(mode="after")
    def _signs_whole_messages(self) -> Connector:
        if not any(each.signature for each in self.instances.values()):
            return self
        if self.protocol != "soap":
            raise refusal("signature: only SOAP messages are signed", "signature : seuls les messages SOAP sont signés")
        if any(each.files != "inside" for each in self.operations.values()):
            raise refusal(
                "signature: a signed call carries its files inside, for the signature covers nothing beside it",
                "signature : un appel signé porte ses fichiers à l'intérieur, car la signature ne couvre rien d'autre",
            )
        return self
