"""`connectors/<application>/connector.yaml`: an application, its contract, its operations and its manners."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from pydantic import Field

from hub.specs.words import Duration, Path, Secret, Slug, Spec, Truth, Word

Direction = Literal["in", "out", "ask", "feed", "collect"]
Meaning = Literal["delivered", "later", "failed", "refused", "unanswered", "unauthorised", "misconfigured", "missing"]


class Instance(Spec):
    """Where one authority's copy of the application is reached."""

    address: str = Field(description="Base address, or a reference to the environment.", examples=["${WASTE_URL}"])
    credentials: Secret = Field("", description="Reference to its secret.", examples=["secret:waste"])


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
    per_second: float = Field(10, gt=0, description="Calls in a second.")


class Authentication(Spec):
    """How the hub signs in: the secret's text is the token, `user:password`, or the header's value."""

    kind: Literal["bearer", "basic", "header", "username-token"] = Field(
        "bearer", description="bearer token, HTTP basic, a header of its own, or WS-Security UsernameToken."
    )
    header: str = Field("X-API-Key", description="The header's name when the kind is header.")


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
    key_field: Path | None = Field(None, description="Where the hub puts its idempotency key, such as @Idempotency-Key.")
    receipt: dict[str, Any] = Field(
        default_factory=dict, description="For in: what the hub answers when it has accepted, as a document."
    )
    timeout: Duration | None = Field(None, description="Its own time limit, if not the connector's.")


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


class Connector(Spec):
    """An application that the hub links."""

    connector: Slug = Field(description="Its name, which is also its folder's.")
    title: str = Field(description="Its name for people.")
    owner: str = Field("", description="Who answers for it.")
    protocol: Literal["soap", "rest"] = Field(description="How it speaks.")
    contract: str = Field(description="The contract's file in this folder (WSDL, OpenAPI), never fetched at run time.")
    instances: dict[Slug, Instance] = Field(description="One per authority that runs it; `default` for all others.")
    authentication: Authentication = Field(default_factory=Authentication)
    timeout: Duration = Field(timedelta(seconds=20), description="Time limit of a whole call.")
    retry: Retry = Field(default_factory=Retry)
    breaker: Breaker = Field(default_factory=Breaker)
    limits: Limits = Field(default_factory=Limits)
    operations: dict[Word, Operation]
    answers: tuple[AnswerRule, ...] = Field((), description="Read from top to bottom; the first that fits decides.")
