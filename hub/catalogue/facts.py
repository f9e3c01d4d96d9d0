"""What the three folders say, read and cross-checked: applications, exchanges, schedules, one numbered revision. Frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from hub.contract import Contract, Operation, RestBinding, Shape
from hub.errors import NotFound, Text
from hub.lifecycle import LanePolicy, RetryPolicy, Rule
from hub.message import Priority
from hub.specs import connector as connectors
from hub.specs import mapping as mappings
from hub.specs.connector import Direction
from hub.specs.schedule import Schedule
from hub.specs.source import Source
from hub.translation import Translation
from hub.translation.letters import Letters
from hub.translation.tweaks import Tweaks


@dataclass(frozen=True, slots=True)
class Application:
    """A connector with its contract: `source` is its connector.yaml, `folder` where it lives.

    `unsound`: the operations that connector.yaml names and that cannot be used; `spec` is without them. `signers`: by
    instance, the fingerprints of the certificates of which one must sign its answers.
    """

    name: str
    spec: connectors.Connector
    source: Source
    contract: Contract
    folder: Path
    unsound: frozenset[str] = frozenset()
    tweaks: Tweaks | None = None
    signers: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def operation(self, name: str) -> Operation:
        """What the contract says of the connector's operation `name`."""
        return self.contract.operations[self.spec.operations[name].action]

    def file(self, name: str) -> bytes:
        """A file of the contract as it is published: with what was mended and patched. OSError when it is not there."""
        return self.contract.corrected.get(name) or (self.folder / name).read_bytes()

    def instance(self, authority: str) -> str:
        """The name of the instance that serves `authority`."""
        return authority if authority in self.spec.instances else "default"

    def signers_of(self, authority: str) -> frozenset[str] | None:
        """The fingerprints of the certificates of which one must sign what `authority`'s instance answers; None when no
        answer must be signed."""
        name = self.instance(authority)
        instance = self.spec.instances.get(name)
        return self.signers.get(name, frozenset()) if instance and instance.answers_signed_by else None

    def shape(self, name: str) -> Shape | None:
        """The shape that a mapping's cells speak of: the operation's input, or for a feed one item of its answer."""
        operation, spec = self.operation(name), self.spec.operations[name]
        if spec.direction != "feed":
            return operation.input.shape if operation.input else None
        return operation.output.shape.at(spec.items) if operation.output and spec.items else None

    @property
    def letters(self) -> Letters | None:
        """The letters that it can keep; None for all."""
        said = self.spec.letters
        return Letters(self.name, said.of, said.others) if said else None

    def retry_policy(self, name: str) -> RetryPolicy:
        """How deliveries to the operation `name` are tried again."""
        operation, retry = self.spec.operations[name], self.spec.retry
        repeatable = operation.repeatable or operation.direction == "collect"
        return RetryPolicy(retry.waits, retry.within, repeatable, operation.look_up is not None)

    def encloses(self, name: str) -> bool:
        """Whether the files of what the operation `name` is told travel beside its document."""
        operation = self.spec.operations.get(name)
        if operation is None or operation.direction != "out":  # what is fetched from a mailbox has them inside
            return False
        binding = self.operation(name).binding
        return operation.files != "inside" or (isinstance(binding, RestBinding) and binding.form == "multipart")

    def collects(self, name: str) -> bool:
        """Whether it fetches what the operation `name` tells it; False too for an operation that it has no more."""
        operation = self.spec.operations.get(name)
        return operation is not None and operation.direction == "collect"

    def lane(self, name: str, *, authority: str, exchange: str) -> str:
        """The lane of what the operation `name` tells it: its instance's, or, where it fetches that, its mailbox."""
        if self.collects(name):
            return mailbox(self.name, authority=authority, exchange=exchange)
        return f"{self.name}/{self.instance(authority)}"

    @property
    def lane_policy(self) -> LanePolicy:
        """The limits and the breaker of each of its lanes."""
        limits, breaker = self.spec.limits, self.spec.breaker
        return LanePolicy(limits.at_once, limits.per_second, breaker.failures, breaker.within, breaker.rest)

    @property
    def lanes(self) -> tuple[str, ...]:
        """The names of its lanes, one per instance; mailboxes are none of them."""
        return tuple(f"{self.name}/{instance}" for instance in self.spec.instances)


def mailbox(application: str, *, authority: str, exchange: str) -> str:
    """The name of the lane in which an exchange waits until an authority's application fetches it."""
    return f"{application}/{authority or 'default'}/{exchange}"


@dataclass(frozen=True, slots=True)
class Exchange:
    """A mapping, compiled: `source` is its file, `examples` the examples beside it, `own` the translation of each authority
    that has code lists of its own."""

    name: str
    spec: mappings.Mapping
    source: Source
    translation: Translation
    examples: tuple[mappings.Examples, Source] | None = None
    own: Mapping[str, Translation] = field(default_factory=dict)

    def write_out(self) -> None:
        """Write the functions of its translations, for a node that serves."""
        for translation in (self.translation, *self.own.values()):
            translation.write_out()

    def of(self, authority: str) -> Exchange:
        """The exchange as `authority` has it, with its own tables."""
        return replace(self, translation=self.own[authority]) if authority in self.own else self

    def operation(self, application: str, direction: Direction) -> str | None:
        """The operation by which `application` takes part in that direction, if it does."""
        return self.spec.between.get(application, {}).get(direction)

    def collected_by(self, application: str) -> str | None:
        """The operation by which `application` fetches this exchange from its mailbox, if it does."""
        return self.operation(application, "collect")

    def incoming(self, application: str) -> str | None:
        """The operation by which `application` says this exchange, if it does."""
        return self.operation(application, "in")


@dataclass(frozen=True, slots=True)
class Way:
    """How what an exchange tells a receiver goes to it: in which lane, and with which priority; `skipped`: if it dies, what
    comes after it goes on."""

    lane: str
    priority: Priority
    skipped: bool


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All that is configured, under one revision (a digest of every file that was read)."""

    revision: str
    connectors: Mapping[str, Application]
    exchanges: Mapping[str, Exchange]
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    _ways: dict[tuple[str, str, str, str], Way] = field(default_factory=dict, init=False, repr=False, compare=False)

    def exchange(self, name: str) -> Exchange:
        """The exchange of that name. Raises NotFound with those that there are."""
        if found := self.exchanges.get(name):
            return found
        known = ", ".join(sorted(self.exchanges)) or "-"
        raise NotFound(
            Text(
                en=f"There is no exchange “{name}”. There are: {known}.",
                fr=f"L'échange « {name} » n'existe pas. Il y a : {known}.",
            )
        )

    def exchange_taking(self, application: str, operation: str) -> Exchange | None:
        """The exchange that what `application` says by `operation` enters."""
        return next((each for each in self.exchanges.values() if each.incoming(application) == operation), None)

    def way(self, exchange: str, receiver: str, *, operation: str, authority: str) -> Way:
        """How what an exchange tells an authority's `receiver` by `operation` goes to it, found out at its first message."""
        found = self._ways.get((exchange, receiver, operation, authority))
        if found is None:
            found = self._new_way(exchange, receiver, operation=operation, authority=authority)
            self._ways[exchange, receiver, operation, authority] = found
        return found

    def _new_way(self, exchange: str, receiver: str, *, operation: str, authority: str) -> Way:
        application, spec = self.connectors[receiver], self.exchanges[exchange].spec
        told = application.spec.operations.get(operation)
        on_dead = spec.on_dead or (told.on_dead if told else "block")
        lane = application.lane(operation, authority=authority, exchange=exchange)
        return Way(lane, Priority[spec.priority.upper()], on_dead == "skip")

    def done_when(self, exchange: str) -> Rule:
        """When a message of an exchange is done that goes to several receivers."""
        return self.exchanges[exchange].spec.done_when if exchange in self.exchanges else "all"

    def lane_policies(self) -> Mapping[str, LanePolicy]:
        """Every lane with its limits."""
        return {lane: each.lane_policy for each in self.connectors.values() for lane in each.lanes}
