"""Five hundred and more things that somebody could plant in the files of an installation, by family.

`INSTALLATION` is a small sound one; a payload changes or adds files of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MAPPING = "mappings/trial.yaml"
EXAMPLES = "mappings/trial.examples.yaml"
TABLE = "mappings/tables/motives.csv"
CONNECTOR = "connectors/alpha/connector.yaml"
CONTRACT = "connectors/alpha/api.yaml"
SCHEDULE = "schedules/nightly.yaml"


def _contract(operation: str, method: str = "post") -> str:
    return f"""
openapi: 3.1.0
info: {{title: Small, version: '1'}}
paths:
  /things:
    {method}:
      operationId: {operation}
      requestBody:
        required: true
        content:
          application/json:
            schema: {{$ref: '#/components/schemas/Thing'}}
      responses:
        '200':
          description: Done
          content: {{application/json: {{schema: {{type: object, properties: {{state: {{type: string}}}}}}}}}}
  /list:
    get:
      operationId: list
      responses:
        '200':
          description: A list
          content:
            application/json:
              schema:
                type: object
                properties:
                  items: {{type: array, items: {{$ref: '#/components/schemas/Thing'}}}}
components:
  schemas:
    Thing:
      type: object
      required: [id]
      properties:
        id: {{type: string, minLength: 1, maxLength: 40}}
        text: {{type: string}}
        motive: {{type: string}}
        name: {{type: string}}
"""


INSTALLATION = {
    CONNECTOR: """
connector: alpha
title: Alpha
protocol: rest
contract: api.yaml
instances: {default: {address: "http://127.0.0.1:9"}}
operations:
  tell: {direction: in, action: tell}
  changes: {direction: feed, action: list, items: items}
""",
    CONTRACT: _contract("tell"),
    "connectors/beta/connector.yaml": """
connector: beta
title: Beta
protocol: rest
contract: api.yaml
instances: {default: {address: "http://127.0.0.1:9"}}
operations:
  hear: {direction: out, action: hear, repeatable: true}
""",
    "connectors/beta/api.yaml": _contract("hear"),
    MAPPING: """
exchange: trial
title: Trial
sector: social
between: {alpha: {in: tell, feed: changes}, beta: {out: hear}}
key: id
fields:
  id: {alpha: id, beta: id, required: true}
  text: {alpha: text, beta: text}
  motive: {alpha: motive, beta: motive, table: motives}
ignore: {alpha: [name], beta: [name]}
""",
    EXAMPLES: """
examples:
  - name: one
    start: alpha
    documents:
      alpha: {id: A1, text: bonjour, motive: V}
      beta: {id: A1, text: bonjour, motive: '1'}
""",
    TABLE: "code,alpha,beta,label_fr,label_en\nvol,V,1,Vol,Theft\ncasse,C,2,Casse,Breakage\n",
    SCHEDULE: """
schedule: nightly
title: Nightly
cron: "0 3 * * *"
timezone: Europe/Paris
fetch: {connector: alpha, operation: changes, into: trial}
""",
}


@dataclass(frozen=True)
class Payload:
    """What is planted: files and links by path. `silent`: it is text that is used as text, so nothing is said."""

    name: str
    files: tuple[tuple[str, bytes], ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    silent: bool = False

    def plant(self, root: Path) -> None:
        """The sound installation with this in it."""
        for path, text in INSTALLATION.items():
            _write(root / path, text.encode())
        for path, content in self.files:
            _write(root / path, content)
        for path, target in self.links:
            (root / path).unlink(missing_ok=True)
            (root / path).symlink_to(target)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


EXPRESSIONS = (
    "{x.__class__}",
    "{x.__class__.__mro__[1].__subclasses__()}",
    "{0.__init__.__globals__[os]}",
    "{id.__class__.__base__}",
    "{!r}",
    "{:>999999999}",
    "{0:{1}}",
    "%s%s%s%s%n",
    "%(__class__)s",
    "%999999999d",
    "${HOME}",
    "${jndi:ldap://127.0.0.1/a}",
    "${{7*7}}",
    "$(touch /tmp/planted)",
    "`touch /tmp/planted`",
    "{{7*7}}",
    "{{ self.__init__.__globals__.__builtins__ }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{% import os %}{{ os.system('id') }}",
    "{%raw%}",
    "{{#each this}}{{/each}}",
    "<%= system('id') %>",
    "#{7*7}",
    "*{7*7}",
    "@{7*7}",
    "T(java.lang.Runtime).getRuntime().exec('id')",
    "__import__('os').system('id')",
    "eval(compile('1','','eval'))",
    "lambda: 1",
    "exec('import os')",
    "'; drop table message; --",
    "1' or '1'='1",
    "<script>alert(1)</script>",
    "<!ENTITY x SYSTEM 'file:///etc/passwd'>",
    "file:///etc/passwd",
    "http://127.0.0.1:9/steal",
    "secret:../../etc/passwd",
    "secret:waste",
    "javascript:alert(1)",
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "\\x41\\u0041",
    "../../../etc/passwd",
    "/etc/passwd",
    "C:\\Windows\\win.ini",
    "аdmin",
    "\u202eyaml.lairt",
    "\u200bzero\u200bwidth",
    "A\u0301\u0301\u0301\u0301",
)


def _said(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _in_mapping(old: str, new: str) -> tuple[tuple[str, bytes], ...]:
    return _changed(MAPPING, old, new)


def _changed(file: str, old: str, new: str) -> tuple[tuple[str, bytes], ...]:
    text = INSTALLATION[file]
    assert old in text, (file, old)
    return ((file, text.replace(old, new, 1).encode("utf-8", "surrogatepass")),)


ROW = "text: {alpha: text, beta: text}"


def expressions() -> Iterator[Payload]:
    """Templates, format strings and references where words are."""
    for number, text in enumerate(EXPRESSIONS):
        said = _said(text)
        free = "${" not in text
        places = (
            ("title", _in_mapping("title: Trial", f"title: {said}"), free),
            ("label", _in_mapping(ROW, f"text: {{label: {said}, alpha: text, beta: text}}"), free),
            ("says", _in_mapping(ROW, f"text: {{alpha: text, beta: text, check: {{looks: '.*', says: {said}}}}}"), free),
            ("constant", _in_mapping(ROW, f"text: {{alpha: text}}\n  kind: {{beta: text, constant: {said}}}"), False),
            ("cell", _in_mapping(ROW, f"text: {{alpha: {said}, beta: text}}"), False),
            ("join", _in_mapping(ROW, f"text: {{alpha: text}}\n  both: {{beta: text, join: {said}}}"), False),
            ("date", _in_mapping(ROW, f"text: {{alpha: text, beta: text, date: {{alpha: date, beta: {said}}}}}"), False),
            ("example", _changed(EXAMPLES, "text: bonjour, motive: V", f"text: {said}, motive: V"), False),
        )
        yield from (Payload(f"expression-{place}-{number}", files, silent=silent) for place, files, silent in places)


TAGS = (
    "!!python/object/apply:os.system ['touch /tmp/planted']",
    "!!python/object/new:subprocess.Popen [['true']]",
    "!!python/name:os.system",
    "!!python/module:os",
    "!!python/object:hub.settings.Settings {}",
    "!!python/tuple [1, 2]",
    "!!binary aGVsbG8=",
    "!!set {a, b}",
    "!!omap [a: b]",
    "!!timestamp 2026-01-01",
    "!!int 3",
    "!local x",
    "!<tag:yaml.org,2002:python/object/apply:os.system> ['id']",
    "&a [*a]",
    "&a {b: *a}",
    "*missing",
    "&x Trial",
    "{<<: {title: T}}",
    "{<<: [{a: b}, {c: d}]}",
    "? [a, b] : c",
)


def tags() -> Iterator[Payload]:
    """YAML's own machinery: tags, anchors, merges, keys that are no words."""
    for number, tag in enumerate(TAGS):
        for file, old in ((MAPPING, "title: Trial"), (CONNECTOR, "title: Alpha"), (SCHEDULE, "title: Nightly")):
            yield Payload(f"tag-{Path(file).stem}-{number}", _changed(file, old, f"title: {tag}"))
        yield Payload(f"tag-document-{number}", _changed(EXAMPLES, "text: bonjour", f"text: {tag}"))
    bomb = "a: &a [lol]\n" + "".join(
        f"{two}: &{two} [{', '.join([f'*{one}'] * 9)}]\n" for one, two in zip("abcdefgh", "bcdefghi", strict=True)
    )
    quadratic = "a: &a " + "x" * 50_000 + "\nb: [" + ", ".join(["*a"] * 20_000) + "]\n"
    keys = ("? {a: b}\n: c\n", "? [a]\n: c\n", "? !!python/name:os.system\n: c\n", "title: a\ntitle: b\n", "? |\n  a\n  b\n: c\n", "'': x\n", "~: x\n", "__class__: x\n", "__init__: {__globals__: x}\n", "'a.b': x\n")  # fmt: skip  # noqa: E501
    more = ("%YAML 9.9\n---\na: b\n", "---\na: b\n---\nc: d\n", "%TAG ! tag:x,2026:\n---\n!a b\n", "a: b\n...\n", "- a\n- b\n", "only text\n", "", "~\n", "[]\n", "\t\n", "@\n", "%\n", "{", "]", "'", '"', "|", "- - - -\n", "? ? ?\n", "a: |\n b\n\tc\n")  # fmt: skip  # noqa: E501
    for number, text in enumerate((bomb, quadratic, *keys, *more)):
        for file in (MAPPING, CONNECTOR):
            yield Payload(f"document-{Path(file).parent.name}-{number}", ((file, text.encode()),))


DEPTHS = {
    "flow-list": "[" * 10_000,
    "flow-list-closed": "[" * 10_000 + "]" * 10_000,
    "flow-map": "{a: " * 10_000,
    "flow-map-closed": "{a: " * 10_000 + "}" * 10_000,
    "indent": "".join(" " * depth + "a:\n" for depth in range(1200)),
    "dashes": "- " * 10_000 + "a",
    "questions": "? " * 10_000 + "a",
    "quotes": "'" * 100_001,
    "colons": "a: " + ":" * 100_000,
    "long-key": "k" * 100_000 + ": v",
    "long-line": "title: " + "x" * 900_000,
    "comments": "# x\n" * 200_000,
    "many-keys": "".join(f"k{number}: v\n" for number in range(60_000)),
    "many-lists": "a: [" + ", ".join(["b"] * 200_000) + "]",
    "many-maps": "a: [" + ", ".join(["{b: c}"] * 80_000) + "]",
    "many-rows": "fields:\n" + "".join(f"  r{number}: {{alpha: text, beta: text}}\n" for number in range(20_000)),
    "blank-lines": "\n" * 900_000,
    "blanks": " " * 900_000,
    "huge": "x" * 24_000_000,
    "huge-list": "- a\n" * 6_000_000,
}


def depths() -> Iterator[Payload]:
    """Too deep, too long, too much."""
    for name, text in DEPTHS.items():
        for file in (MAPPING, EXAMPLES, CONNECTOR, SCHEDULE, *([] if name.startswith("many") else [CONTRACT])):
            yield Payload(f"depth-{Path(file).parent.name}-{Path(file).stem}-{name}", ((file, text.encode()),))
    line = INSTALLATION[TABLE].splitlines()[0] + "\n"
    tables = {
        "huge": line + "v,V,1,a,b\n" * 2_000_000,
        "wide": ",".join(f"c{number}" for number in range(200_000)) + "\n",
        "long-cell": line + "v,V," + "1" * 2_000_000 + ",a,b\n",
        "many-codes": line + "".join(f"c{number},A{number},B{number},a,b\n" for number in range(3_000)),
        "quote": line + '"' * 500_001,
        "commas": line + "," * 500_000,
    }
    for name, text in tables.items():
        yield Payload(f"depth-table-{name}", ((TABLE, text.encode()),))


BYTES = (
    b"\x00",
    b"a\x00b",
    b"\x1b[31m",
    b"\x7f",
    b"\x08",
    b"\xff\xfe" + "a: b".encode("utf-16-le"),
    b"\xfe\xff" + "a: b".encode("utf-16-be"),
    "a: b".encode("utf-32"),
    b"\x80\x81\x82",
    b"\xc0\xaf",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"title: caf\xe9",
    b"\xef\xbb\xbf\xef\xbb\xbfa: b",
    "\ufffe".encode(),
    "\u2028".encode(),
    b"\x1f\x8b\x08\x00" + b"\x00" * 50,
    b"PK\x03\x04" + b"\x00" * 50,
    b"\x7fELF" + b"\x00" * 50,
    b"\x80\x04\x95cos\nsystem\n(S'true'\ntR.",
)


def binaries() -> Iterator[Payload]:
    """Bytes that are no text."""
    for number, content in enumerate(BYTES):
        for file in (MAPPING, EXAMPLES, TABLE, SCHEDULE, CONTRACT):
            text = INSTALLATION[file].encode()
            yield Payload(f"bytes-{Path(file).stem}-{number}", ((file, text[:40] + content + text[40:]),))


NUMBERS = (
    "9" * 5000,
    "1" + "0" * 300,
    "99999999999999999999",
    "-1",
    "-99999999999",
    "1e400",
    "nan",
    "inf",
    "٣",
    "0x10",
    "1_0",
    "",
)
WHERE = (
    (
        MAPPING,
        "text: {alpha: text, beta: text}",
        "text: {{alpha: text, beta: text, max: {{beta: {}}}, loses: {{beta: end}}}}",
    ),
    (MAPPING, "sector: social", "sector: social\nexpires: {}d"),
    (MAPPING, "sector: social", "sector: social\nkeep: {{journal: {}y}}"),
    (MAPPING, ROW, "text: {{alpha: text, beta: text, file: {{as: base64, limit: {} GB}}}}"),
    (MAPPING, ROW, "text: {{alpha: text, beta: text, as: decimal, check: {{at_most: '{}'}}}}"),
    (MAPPING, ROW, "text: {{alpha: text, beta: text, as: integer, values: {{beta: {{'{}': x}}}}}}"),
    (CONNECTOR, "title: Alpha", "title: Alpha\ntimeout: {}s"),
    (CONNECTOR, "title: Alpha", "title: Alpha\nlimits: {{per_second: {}}}"),
    (CONNECTOR, "title: Alpha", "title: Alpha\nbreaker: {{failures: {}}}"),
    (SCHEDULE, "0 3 * * *", "{} 3 * * *"),
    (SCHEDULE, 'cron: "0 3 * * *"', 'cron: "0 3 * * *"\njitter: {}h'),
)


def numbers() -> Iterator[Payload]:
    """Numbers that are too large, or none."""
    for place, (file, old, new) in enumerate(WHERE):
        for number, text in enumerate(NUMBERS):
            yield Payload(f"number-{place}-{number}", _changed(file, old, new.format(text)))


PATTERNS = (
    "(a+)+$",
    "(a|a)*$",
    "(a|aa)+$",
    "(.*)*x",
    "([a-zA-Z]+)*$",
    "(x+x+)+y",
    r"(\w*)*\d",
    "^(([a-z])+.)+[A-Z]([a-z])+$",
    "(" * 5000 + ")" * 5000,
    "a{1,99999999}",
    "((a{1,1000}){1,1000}){1,1000}",
    "a{100000000}",
    r"\p{L}{50000000}",
    "(?R)",
    "(?:(?R)|a)*",
    r"(?<=a{1,1000})b",
    "[" * 1000,
    "(?e:abcdefghij){e<=9}",
    "|".join(["a"] * 50_000),
    "(?P<__class__>.*)",
    r"\g<0>",
    "(?#" + "x" * 10_000 + ")",
    ".{0,65535}" * 20,
)


def patterns() -> Iterator[Payload]:
    """Regular expressions that never end, or are none."""
    for number, pattern in enumerate(PATTERNS):
        said = _said(pattern)
        yield Payload(
            f"pattern-looks-{number}", _in_mapping(ROW, f"text: {{alpha: text, beta: text, check: {{looks: {said}}}}}")
        )
        joined = f"text: {{alpha: text}}\n  name: {{alpha: name}}\n  both: {{beta: text, join: '{{text}} {{name}}', split: {{text: {said}, name: {said}}}}}"  # noqa: E501
        yield Payload(f"pattern-split-{number}", _in_mapping(ROW, joined))
        contract = INSTALLATION[CONTRACT].replace("text: {type: string}", f"text: {{type: string, pattern: {said}}}")
        yield Payload(f"pattern-contract-{number}", ((CONTRACT, contract.encode()),))


PLACES = (
    "../../etc/passwd",
    "/etc/passwd",
    "../../../canary.txt",
    "..",
    ".",
    "mappings/../../canary",
    "....//....//etc/passwd",
    "%2e%2e%2fcanary.txt",
    "..\\..\\canary.txt",
    "file:///etc/passwd",
    "http://127.0.0.1:9/x",
    "motives\x00.csv",
    "Europe",
    "CON",
    "~/.ssh/id_rsa",
    "a" * 5000,
    "мotives",
    "\u202esevitom",
    "__init__",
    "os.system",
    "con nector",
)
NAMED = (
    (MAPPING, "table: motives", "table: {}"),
    (MAPPING, "exchange: trial", "exchange: {}"),
    (MAPPING, "sector: social", "sector: social\ntimezone: {}"),
    (MAPPING, "{out: hear}", "{{out: {}}}"),
    (MAPPING, "alpha: {in: tell", "{}: {{in: tell"),
    (MAPPING, ROW, "text: {{alpha: text, beta: text, tweak: {{beta: {}}}}}"),
    (MAPPING, ROW, "text: {{alpha: text, beta: text}}\n  n: {{beta: name, computed: {{by: {}}}}}"),
    (CONNECTOR, "contract: api.yaml", "contract: {}"),
    (CONNECTOR, "connector: alpha", "connector: {}"),
    (CONNECTOR, 'address: "http://127.0.0.1:9"', 'address: "http://127.0.0.1:9", credentials: {}'),
    (CONNECTOR, "action: tell", "action: {}"),
    (CONTRACT, "'#/components/schemas/Thing'", "{}"),
    (SCHEDULE, "into: trial", "into: {}"),
    (SCHEDULE, "connector: alpha", "connector: {}"),
    (SCHEDULE, "timezone: Europe/Paris", "timezone: {}"),
    (EXAMPLES, "start: alpha", "start: {}"),
)


def places() -> Iterator[Payload]:
    """Names and files that would lead out of the installation."""
    for place, (file, old, new) in enumerate(NAMED):
        for number, path in enumerate(PLACES):
            said = '"' + path.replace("\\", "\\\\").replace("\x00", "\\0") + '"'
            yield Payload(f"place-{place}-{number}", _changed(file, old, new.format(said)))


def links(canary: Path) -> Iterator[Payload]:
    """Links out of the installation."""
    for number, file in enumerate((MAPPING, EXAMPLES, TABLE, CONNECTOR, CONTRACT, SCHEDULE)):
        for other, target in enumerate(
            (str(canary), "/etc/passwd", "/dev/zero", Path(file).name, "/proc/self/environ", "/")
        ):
            yield Payload(f"link-{number}-{other}", links=((file, target),))
    for file in ("mappings/new.yaml", "mappings/tables/new.csv", "connectors/alpha/new.xsd", "schedules/new.yaml"):
        yield Payload(f"link-{file.replace('/', '-')}", links=((file, str(canary)),))


FORMULAS = (
    "=cmd|' /C calc'!A0",
    "@SUM(A1)",
    "+1",
    "-1",
    '=HYPERLINK("http://127.0.0.1:9")',
    "\t=1+1",
    "=1+1;=2+2",
    "{=1}",
    "|calc",
    "%0A=1",
)


def formulas() -> Iterator[Payload]:
    """What a spreadsheet would run, in code tables: codes, values, labels, columns."""
    for number, formula in enumerate(FORMULAS):
        cell = '"' + formula.replace('"', '""') + '"'
        for place, old in enumerate(("vol", "V", "Vol", "beta")):
            yield Payload(f"formula-{place}-{number}", _changed(TABLE, old, cell), silent=place in (0, 2))


def payloads(canary: Path) -> list[Payload]:
    """Some of each family, and all of those that are few."""
    many = [list(family) for family in (expressions(), binaries(), numbers(), places())]
    few = [*tags(), *depths(), *patterns(), *links(canary), *formulas()]
    found = [*few, *(payload for family in many for payload in family[::3])]
    assert len({payload.name for payload in found}) == len(found)
    return found
