"""`hub reference`: the reference pages, made from what the code is: models, tables, routes, commands.

Each page is a pure function of the code. What no model says (environment, kinds of problems) stands in tables at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path as FilePath
from typing import Any, Literal, get_args, get_origin, get_type_hints

import cyclopts
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from starlette.routing import Route

from hub.call import Delivered, Outcome, Unanswered
from hub.cli import app
from hub.cli.described import PROBLEMS, SETTINGS
from hub.endpoints.admin import admin_router
from hub.endpoints.health import health_routes
from hub.endpoints.mailboxes import mailbox_routes
from hub.endpoints.problems import NAMESPACE
from hub.endpoints.rest import rest_routes
from hub.endpoints.soap import soap_routes
from hub.endpoints.soap_mailboxes import soap_mailbox_routes
from hub.errors import Text
from hub.lifecycle import LONGEST_WAIT, TRANSITIONS, Gate, Lane, LanePolicy, RetryPolicy, decide, lane_after
from hub.message import Delivery, State
from hub.settings import read_settings
from hub.specs.connector import Connector
from hub.specs.connector import Retry as RetrySpec
from hub.specs.layout import Layout
from hub.specs.mapping import Examples
from hub.specs.mapping import Mapping as MappingSpec
from hub.specs.sample import Sample
from hub.specs.schedule import Schedule
from hub.specs.words import Duration, Path, Secret, Size, Slug, Spec, Truth, Word, Zone

MADE = "<!-- Made by `hub reference docs/reference`. Change the code, not this page. -->"

Pages = dict[str, str]


def reference_pages(app: cyclopts.App) -> Pages:
    """Every page of the reference by its file name; `app` is the command line that commands.md describes."""
    return {
        "connectors.md": _file_page("Connectors", "connectors/<application>/connector.yaml", Connector),
        "mappings.md": _file_page("Mappings", "mappings/<exchange>.yaml", MappingSpec, Examples),
        "schedules.md": _file_page("Schedules", "schedules/<name>.yaml", Schedule),
        "layouts.md": _file_page("Layouts", "connectors/<application>/<name>.layout.yaml", Layout),
        "samples.md": _file_page("Samples", "connectors/<application>/samples/<operation>.yaml", Sample),
        "settings.md": _settings_page(),
        "commands.md": _commands_page(app),
        "problems.md": _problems_page(),
        "delivery.md": _delivery_page(),
        "http.md": _http_page(),
    }


def reference(folder: FilePath) -> None:
    """Write the reference pages of the documentation, as the code is now.

    Parameters
    ----------
    folder
        Where they go: docs/reference.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in reference_pages(app).items():
        (folder / name).write_text(text, encoding="utf-8")


# -- the YAML files ---------------------------------------------------------------------------------------------------


def _file_page(title: str, file: str, *roots: type[Spec]) -> str:
    models = list(dict.fromkeys(model for root in roots for model in _models(root)))
    lines = [f"The keys of `{file}`. A key that is not here is an error.", "", *_VALUES]
    for model in models:
        lines += ["", f"## {model.__name__}", "", *_prose(model.__doc__), "", *_fields(model)]
    return _page(title, lines)


def _models(root: type[Spec], seen: tuple[type[Spec], ...] = ()) -> Iterator[type[Spec]]:
    """`root` and every model below it, each once, in the order of the fields."""
    waiting, found = [root], list(seen)
    while waiting:
        model = waiting.pop(0)
        if model in found:
            continue
        found.append(model)
        yield model
        hints = get_type_hints(model, include_extras=True)
        waiting += [inner for name in model.model_fields for inner in _specs_in(hints[name])]


def _specs_in(hint: Any) -> list[type[Spec]]:
    if isinstance(hint, type) and issubclass(hint, Spec):
        return [hint]
    return [inner for part in get_args(hint) for inner in _specs_in(part)]


def _fields(model: type[BaseModel]) -> list[str]:
    hints = get_type_hints(model, include_extras=True)
    rows = [
        (f"`{_key(name, field)}`", _words(hints[name]), _default(field), _described(field))
        for name, field in model.model_fields.items()
    ]
    return _table(("Key", "Takes", "Default", "What it says"), rows)


def _key(name: str, field: FieldInfo) -> str:
    """The key as it is typed. The cells of a row are not under a key: each side's name is one."""
    return "<side>" if name == "cells" else field.alias or name


def _words(hint: Any) -> str:
    """What a value of this type is called."""
    for known, word in _NAMED:
        if hint == known:
            return word
    if isinstance(hint, type) and issubclass(hint, Spec):
        return f"[{hint.__name__}](#{hint.__name__.lower()})"
    if hint is Any:
        return "any value"
    args = get_args(hint)
    match get_origin(hint):
        case origin if origin is Literal:
            return ", ".join(f"`{value}`" for value in args)
        case origin if origin is dict:
            return f"map: {_words(args[0])} → {_words(args[1])}"
        case origin if origin in (tuple, list):
            return f"list of: {_words(args[0])}"
        case None:
            return str(getattr(hint, "__name__", hint))
        case _:
            return " or ".join(_words(part) for part in args if part is not type(None))


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None or (not isinstance(value, bool | int | timedelta) and not value) or isinstance(value, Spec):
        return ""
    return f"`{_written(value)}`"


def _written(value: Any) -> str:
    """A default as one types it in a file."""
    match value:
        case bool():
            return str(value).lower()
        case timedelta():
            return _duration(value)
        case tuple():
            return f"[{', '.join(_written(each) for each in value)}]"
        case _:
            return str(value)


def _duration(value: timedelta) -> str:
    seconds = int(value.total_seconds())
    if seconds == 0:
        return "0s"
    size, unit = next((size, unit) for size, unit in _UNITS if seconds % size == 0)
    return f"{seconds // size}{unit}"


def _described(field: FieldInfo) -> str:
    shown = [f"`{each}`" for each in field.examples or ()]
    more = f" For example {', '.join(shown)}." if shown else ""
    return f"{field.description or ''}{more}"


# -- delivery ---------------------------------------------------------------------------------------------------------


def _delivery_page() -> str:
    return _page(
        "Delivery",
        [
            "The states of a delivery, and what follows from each outcome of an attempt. Both are made from the table and",
            "the function that decide them.",
            "",
            "## States",
            "",
            *_diagram(),
            "",
            "A dead letter is a delivery in the state `dead`. “Retrying” is `waiting` with attempts.",
            "",
            "## Outcomes",
            "",
            *_outcomes(),
            "",
            "## Waits and lanes",
            "",
            *_limits(),
        ],
    )


def _diagram() -> list[str]:
    arrows = [f"    {before} --> {after}" for before, afters in TRANSITIONS.items() for after in State if after in afters]
    ends = [f"    {state} --> [*]" for state, afters in TRANSITIONS.items() if not afters]
    return ["```mermaid", "stateDiagram-v2", f"    [*] --> {State.WAITING}", *arrows, *ends, "```"]


def _outcomes() -> list[str]:
    policies = {
        "": _policy(),
        " (repeatable)": _policy(),
        " (with a look-up)": _policy(repeatable=False, can_look_up=True),
        " (neither)": _policy(repeatable=False),
    }
    rows = []
    for kind in get_args(Outcome):
        for case, policy in policies.items():
            if (kind is Unanswered) == bool(case):
                rows.append((f"{kind.__name__}{case}", *_consequence(kind, policy)))
    columns = ("Outcome", "When", "The delivery becomes", "Costs an attempt", "Its lane")
    return _table(columns, rows)


def _consequence(kind: type[Any], policy: RetryPolicy) -> tuple[str, str, str, str]:
    """What `decide` and `lane_after` make of an outcome of this kind, in words."""
    outcome = kind() if kind is Delivered else kind(Text(en="", fr=""))
    decision = decide(outcome, _SOME, policy=policy, now=_NOW, jitter=1.0)
    lane = lane_after(Lane("a/b"), outcome, policy=LanePolicy(), now=_NOW)
    state = f"`{decision.state}`"
    if decision.look_up:
        state += ", to be looked up" if decision.due_at else ", for a person to settle"
    elif decision.state is State.WAITING:
        state += ", tried again"
    return " ".join(_prose(kind.__doc__)), state, "yes" if decision.attempts else "no", _lane_words(lane)


def _lane_words(lane: Lane) -> str:
    if lane.gate is Gate.OPEN:
        return "stops at once, and is probed"
    if lane.until:
        return "rests for as long as it was asked"
    return "counts a failure" if lane.failures else "is healthy"


def _limits() -> list[str]:
    policy, lane = _policy(), LanePolicy()
    waits = ", ".join(_duration(wait) for wait in policy.waits)
    return [
        f"- Default waits: {waits}; the last one repeats. Each is shortened at random by up to a half.",
        f"- A delivery that keeps failing becomes a dead letter {_duration(policy.within)} after its first failure.",
        f"- `Retry-After` is followed up to {_duration(LONGEST_WAIT)}.",
        f"- A breaker opens after {lane.failures} failures within {_duration(lane.within)}, and is probed after "
        f"{_duration(lane.rest)}.",
        f"- A lane that was stopped (Unauthorised, Misconfigured) is probed after {_duration(lane.stopped_rest)}.",
        "- A lane's probe is never charged to its message.",
        "",
        "[connectors.md](connectors.md) has the keys that change them.",
    ]


def _policy(*, repeatable: bool = True, can_look_up: bool = False) -> RetryPolicy:
    spec = RetrySpec()
    return RetryPolicy(spec.waits, spec.within, repeatable, can_look_up)


# -- commands ---------------------------------------------------------------------------------------------------------


def _commands_page(app: cyclopts.App) -> str:
    lines = ["`hub <command> --help` says the same in a terminal. A command ends with 0, or with 1 and a sentence."]
    for name in sorted(commands_of(app)):
        command = commands_of(app)[name]
        lines += ["", f"## hub {name}", "", *_prose(command.help.partition("Parameters")[0]), "", *_parameters(command)]
    return _page("Commands", lines)


def commands_of(app: cyclopts.App, above: str = "") -> Mapping[str, cyclopts.App]:
    """The subcommands that are shown, by name: `check`, `connectors`, `connectors refresh`."""
    found: dict[str, cyclopts.App] = {}
    for name in [name for name in app if not name.startswith("-") and app[name].show]:
        found |= {f"{above}{name}": app[name]} if app[name].default_command else {}
        found |= commands_of(app[name], f"{above}{name} ")
    return found


def _parameters(command: cyclopts.App) -> list[str]:
    rows = []
    for argument in command.assemble_argument_collection(parse_docstring=True):
        options = ", ".join(f"`{name}`" for name in argument.names)
        place = f"`{argument.names[0].removeprefix('--').upper()}`, " if argument.index is not None else ""
        default = argument.field_info.default
        fixed = isinstance(default, str | int | float | FilePath) and str(default) not in ("", "False")
        needed = "required" if argument.required else f"`{default}`" if fixed else ""
        rows.append((place + options, needed, argument.parameter.help or ""))
    return _table(("Parameter", "Default", "What it says"), rows) if rows else []


# -- HTTP -------------------------------------------------------------------------------------------------------------


def _http_page() -> str:
    lines = [
        "Every request but those for health shows an API key: `Authorization: Bearer <key>` or `X-API-Key: <key>`.",
        "SOAP callers may use HTTP Basic or a WS-Security UsernameToken: the key's id, and its secret or the whole key; or",
        "a digest of it, or a signature by the certificate that a key is bound to.",
        "A REST caller may sign its messages with a key's secret instead: [signed requests](../how-to/signed-requests.md).",
        "A key in a URL is refused.",
        "Refusals are [problem details](problems.md), in the language of `Accept-Language` (`en`, `fr`).",
        "`GET /openapi.json` describes what a key may do, each exchange with its contract and examples; with `read`, all.",
        "Headers must be there within 10 s, a body within 30 s (files: or come at 64 kB a second; a body that may have more",
        "than 10 MiB: as much longer); [settings](settings.md) limit connections.",
    ]
    for title, intro, routes in _doors():
        lines += ["", f"## {title}", "", intro, "", *_routes(routes)]
    return _page("HTTP", lines)


def _doors() -> Iterator[tuple[str, str, Iterable[Any]]]:
    yield "Applications, REST", "Rights: `send:<exchange>` to say, `status:own` to ask what became of it.", rest_routes()
    intro = (
        "Right: `collect:<exchange>`. [Let an application fetch what is for it](../how-to/mailboxes.md) shows the bodies."
    )
    yield "Applications, mailboxes", intro, [*mailbox_routes(), *soap_mailbox_routes()]
    yield "Applications, SOAP", "The contract of a SOAP connector, served. Right: `send:<exchange>`.", soap_routes()
    yield "Health and measures", "The two health routes need no key; `/metrics` needs `read`.", health_routes()
    intro = "Needs `read`; every change (POST) needs `admin` and a reason. The console, at `/admin`, offers the same."
    yield "Administration", intro, admin_router().routes


def _routes(routes: Iterable[Any]) -> list[str]:
    rows = []
    for route in routes:
        if isinstance(route, Route):
            methods = ", ".join(sorted((route.methods or set()) - {"HEAD"}))
            path = route.path if "?" not in route.path else route.path.partition("?")[0]
            rows.append((f"`{methods} {path}`", _asked(route.endpoint), " ".join(_prose(route.endpoint.__doc__))))
    return _table(("Request", "Fields", "What it does"), rows)


def _asked(endpoint: Callable[..., Any]) -> str:
    """The names of the fields that a route of the administration takes."""
    hints = get_type_hints(endpoint)
    models = [hint for hint in hints.values() if isinstance(hint, type) and issubclass(hint, BaseModel)]
    return ", ".join(f"`{name}`" for model in models for name in model.model_fields)


# -- settings and problems --------------------------------------------------------------------------------------------


def _settings_page() -> str:
    read = read_settings({"HUB_ROOT": "/"})
    known = {
        "HUB_HOST": read.host,
        "HUB_PORT": str(read.port),
        "HUB_LARGEST_BODY": str(read.largest_body),
        "HUB_LARGEST_BODY_OF_ANY": str(read.largest_body_of_any),
        "HUB_LARGEST_FILE": str(read.largest_file),
        "HUB_BALLAST": str(read.ballast),
        "HUB_MOST_WAITING": str(read.most_waiting),
        "HUB_MOST_CONNECTIONS": str(read.most_connections),
        "HUB_MOST_CONNECTIONS_OF_ONE": str(read.most_connections_of_one),
    }
    rows = [(f"`{each.name}`", known.get(each.name, each.default), each.meaning) for each in SETTINGS]
    lines = ["The environment of `hub`. It is read once, at start.", "", *_table(("Variable", "Default", "Meaning"), rows)]
    return _page("Settings", lines)


def _problems_page() -> str:
    rows = [(f"`{each.kind}`", str(each.status), each.meaning) for each in PROBLEMS]
    lines = [
        "A refusal over HTTP is a problem details document (RFC 9457), `application/problem+json`. Its `type` is",
        f"`{NAMESPACE}:<kind>`. `detail` is a sentence in the caller's language. `errors`, when it is there, has one",
        "entry for each thing that is wrong: `row`, `label`, `path`, `side`, `accepted`, `detail`. SOAP callers get the",
        "same as a fault.",
        "",
        *_table(("Kind", "Status", "Meaning"), rows),
        "",
        "A `401` says the same for no key, an unknown, a wrong, an expired and a revoked one. A `503` has `Retry-After`.",
    ]
    return _page("Problems", lines)


# -- writing ----------------------------------------------------------------------------------------------------------


def _page(title: str, lines: Iterable[str]) -> str:
    return "\n".join([f"# {title}", "", MADE, "", *lines]).rstrip() + "\n"


def _prose(text: str | None) -> list[str]:
    return [line.strip() for line in (text or "").strip().splitlines() if line.strip()]


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    body = [" | ".join(_cell(cell) for cell in row) for row in rows]
    return [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}", *(f"| {row} |" for row in body)]


def _cell(text: str) -> str:
    return (str(text.value) if isinstance(text, Enum) else text).replace("|", "\\|").replace("\n", " ")


# -- what is only said here -------------------------------------------------------------------------------------------


_VALUES = (
    "| Value | How it is written |",
    "| --- | --- |",
    "| duration | a whole number and `s`, `m`, `h`, `d` or `y`: `30s`, `5m`, `2h`, `90d`, `2y` |",
    "| size | a whole number and `B`, `kB`, `MB` or `GB`: `10 MB` |",
    "| name | lower-case letters, digits and hyphens: `bin-replacement` |",
    "| word | lower-case letters, digits and underscores: `family_name` |",
    "| path | names joined by dots; `@name` for an XML attribute or a parameter: `Adresse.@codeInsee` |",
    "| secret | a reference, never the secret itself: `secret:waste` |",
    "| time zone | its name in the time zone database: `Europe/Paris`, `Pacific/Noumea` |",
)
_NAMED: tuple[tuple[Any, str], ...] = (
    (Duration, "duration"),
    (Size, "size"),
    (Truth, "`true` or `false`"),
    (Secret, "secret"),
    (Zone, "time zone"),
    (Slug, "name"),
    (Word, "word"),
    (Path, "path"),
    (str, "text"),
    (int, "whole number"),
    (float, "number"),
)
_UNITS = ((365 * 86400, "y"), (86400, "d"), (3600, "h"), (60, "m"), (1, "s"))
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_SOME = Delivery("d", "m", "", "", "", "", "a/b", "", 1, State.SENDING, None, tries=1)
