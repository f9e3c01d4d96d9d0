"""A connector drafted from a contract: connector.yaml ready to call, a sample of each operation, a README."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.contract import Contract, Kind, Operation, Part, Shape
from hub.drafting import guidance
from hub.drafting.answers import Rule, rules_for
from hub.drafting.bundle import Bundle
from hub.drafting.directions import Guess, direction_of, lists_of
from hub.drafting.documents import document_for, problems_of
from hub.drafting.names import human, likeness, names_a_thing, snake_case
from hub.drafting.writing import GUESS, block, flow
from hub.errors import Problem, Text

_SERIAL, _FIRST = "{serial:6}", "000001"
_SPEAKS = {"soap": "SOAP", "rest": "REST"}


@dataclass(frozen=True, slots=True)
class ConnectorDraft:
    """The files of connectors/<name>, and for each operation its name, guess and what is wrong with its sample."""

    files: Mapping[str, bytes]
    operations: Mapping[str, Guess]
    unmade: Mapping[str, tuple[Problem, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the newcomer said: the connector's name and title, and the language of the comments."""

    name: str
    title: str
    language: str

    def says(self, text: Text, **places: str) -> str:
        """A sentence in that language, its places filled."""
        return text.said_in(self.language).format(**places)

    @property
    def variable(self) -> str:
        """The environment variable of its address."""
        return f"{self.name.replace('-', '_').upper()}_URL"


def draft_connector(asked: Asked, bundle: Bundle, contract: Contract) -> ConnectorDraft:
    """The files of a new connector, its contract among them."""
    names = _names(contract)
    guesses = {name: direction_of(operation) for name, operation in names.items()}
    samples, unmade = _samples(asked, names, guesses)
    written = {
        "connector.yaml": _connector(asked, bundle, contract, names, guesses),
        "README.md": _readme(asked, bundle, guesses),
        **{f"samples/{name}.yaml": text for name, text in samples.items()},
    }
    files = {**bundle.files, **{path: text.encode() for path, text in written.items()}}
    return ConnectorDraft(files, guesses, unmade)


def _names(contract: Contract) -> dict[str, Operation]:
    """The contract's operations by names that connector.yaml takes, each once."""
    found: dict[str, Operation] = {}
    for operation in contract.operations.values():
        name = wanted = snake_case(operation.name)
        number = 2
        while name in found:
            name, number = f"{wanted[:56]}_{number}", number + 1
        found[name] = operation
    return found


def _connector(
    asked: Asked, bundle: Bundle, contract: Contract, names: Mapping[str, Operation], guesses: Mapping[str, Guess]
) -> str:
    lines = [
        f"# {asked.says(guidance.HEAD, contract=bundle.main)}",
        f"connector: {asked.name}",
        f"title: {flow(asked.title)}",
        f"# owner: service@example.fr    # {asked.says(guidance.OWNER)}",
        f"protocol: {bundle.protocol}",
        f"contract: {flow(bundle.main)}",
        "instances:",
        f'  default: {{address: "${{{asked.variable}}}"}}',
        f"# {asked.says(guidance.SIGN_IN, name=asked.name)}",
        f"# timeout: 20s    # {asked.says(guidance.TIMEOUT)}",
        f"# limits: {{at_once: 4, per_second: 10}}    # {asked.says(guidance.LIMITS)}",
        "operations:",
    ]
    for name, operation in names.items():
        lines += _operation(asked, name, operation, guesses)
    return "\n".join([*lines, *_answers(asked, rules_for(contract))]) + "\n"


def _operation(asked: Asked, name: str, operation: Operation, guesses: Mapping[str, Guess]) -> Iterator[str]:
    guess, key = guesses[name], _key_field(operation)
    yield f"  {name}:"
    yield f"    direction: {guess.direction}    {'#' if guess.sure else GUESS} {asked.says(guess.why)}"
    yield f"    action: {flow(operation.name)}"
    if operation.title:
        yield f"    title: {flow(operation.title)}"
    if key:
        yield f"    key_field: {flow(key)}"
    if guess.direction == "out":
        yield f"    repeatable: {'true' if key else 'false'}    {GUESS} {asked.says(guidance.REPEATABLE)}"
        yield from () if key else _look_up(asked, name, guesses)
    if guess.direction == "ask":
        yield from (f"    # {asked.says(guidance.FEED, items=items)}" for items in lists_of(operation)[:1])
    if guess.direction == "in" and operation.output:
        receipt, _ = document_for(operation.output)
        yield from [f"    receipt: {flow(receipt)}"] if receipt else []


def _key_field(operation: Operation) -> str:
    """Where the application takes an idempotency key, if it says so."""
    children = operation.input.shape.children if operation.input else ()
    return next((child.name for child in children if child.name.lower() == "@idempotency-key"), "")


def _look_up(asked: Asked, name: str, guesses: Mapping[str, Guess]) -> Iterator[str]:
    asks = [other for other, guess in guesses.items() if guess.direction == "ask"]
    if asks:
        likely = max(asks, key=lambda other: likeness(name, other))
        yield f"    # look_up: {likely}    {GUESS} {asked.says(guidance.LOOK_UP)}"


def _answers(asked: Asked, rules: list[Rule]) -> Iterator[str]:
    if not rules:
        return
    sure = any(rule.sure for rule in rules)
    yield f"{'answers:' if sure else '# answers:'}    # {asked.says(guidance.ANSWERS)}"
    for rule in rules:
        why = guidance.RULE if rule.sure else guidance.RETURN_CODE if "at" in rule.words else guidance.UNDECIDED
        yield f"  {'' if rule.sure else '# '}- {flow(dict(rule.words))}    {GUESS} {asked.says(why)}"


def _samples(
    asked: Asked, names: Mapping[str, Operation], guesses: Mapping[str, Guess]
) -> tuple[dict[str, str], dict[str, tuple[Problem, ...]]]:
    """A sample's text for each operation that the hub calls, and those whose answer the contract does not take."""
    texts: dict[str, str] = {}
    unmade: dict[str, tuple[Problem, ...]] = {}
    for name, operation in names.items():
        if guesses[name].direction == "in":
            continue
        answer, problems = document_for(operation.output) if operation.output else ({}, ())
        if answer is None:
            unmade[name] = problems
        kept = _kept(name, operation) if guesses[name].direction == "out" else {}
        numbered = _numbered(operation.output, answer) if operation.output and answer and kept else answer
        sample = {"operation": name, **kept, "answers": [*_faults(operation), {"answer": numbered or {}}]}
        why = problems[0].text.said_in(asked.language) if problems else ""
        head = asked.says(guidance.UNMADE, why=why) if answer is None else asked.says(guidance.SAMPLE)
        texts[name] = f"# {head}\n{block(sample)}"
    return texts, unmade


def _kept(name: str, operation: Operation) -> dict[str, Any]:
    """What the double keeps of a call, by the field that names the request."""
    fields = [path for path, shape in operation.input.shape.leaves() if not shape.children] if operation.input else []
    by = next((path for path in fields if names_a_thing(path)), fields[0] if fields else "")
    return {"keeps": {"as": name, "by": by}} if by else {}


def _numbered(part: Part, answer: dict[str, Any]) -> dict[str, Any]:
    """The answer with a number of its own for each call, in the first field that can hold one."""
    for path, shape in part.shape.leaves():
        fits = shape.kind is Kind.TEXT and names_a_thing(path) and _holds(part.shape, path)
        if fits and not problems_of(part, _with(answer, path, _FIRST)):
            return _with(answer, path, _SERIAL)
    return answer


def _holds(shape: Shape, path: str) -> bool:
    """Whether no field on the way is repeated."""
    names = path.split(".")
    found = [shape.at(".".join(names[: end + 1])) for end in range(len(names))]
    return all(each is not None and not each.repeated for each in found)


def _with(document: dict[str, Any], path: str, value: str) -> dict[str, Any]:
    name, _, below = path.partition(".")
    return {**document, name: _with(document.get(name) or {}, below, value) if below else value}


def _faults(operation: Operation) -> Iterator[dict[str, Any]]:
    """The declared faults, each given only when a mode calls for it by name."""
    for name, part in operation.faults.items():
        detail, _ = document_for(part)
        status = {"status": name} if name.isdigit() else {"name": name, "text": human(name)}
        if detail is not None and (not name.isdigit() or 400 <= int(name) <= 599):
            called = name.lower() if name.isdigit() else snake_case(name)
            yield {"name": called, "only_called": True, "applies": False, "fault": {**status, "detail": detail}}


def _readme(asked: Asked, bundle: Bundle, guesses: Mapping[str, Guess]) -> str:
    door = f"/soap/{asked.name}" if bundle.protocol == "soap" else "/api/v1/exchanges/<exchange>/messages"
    called = any(guess.direction == "in" for guess in guesses.values())
    return asked.says(
        guidance.README,
        title=asked.title,
        protocol=_SPEAKS[bundle.protocol],
        files=", ".join(f"`{name}`" for name in bundle.files),
        variable=asked.variable,
        incoming=asked.says(guidance.INCOMING, door=door) if called else "",
        name=asked.name,
    )
