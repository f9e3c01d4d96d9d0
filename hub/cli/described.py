"""What no model says and the reference tells: the settings of the environment, and the kinds of problems."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Setting:
    """One variable of the environment."""

    name: str
    default: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem."""

    kind: str
    status: int
    meaning: str


SETTINGS = (
    Setting("HUB_ROOT", "where you are", "The folder that holds `connectors/`, `mappings/` and `schedules/`."),
    Setting("HUB_DATABASE", "`sqlite:///<root>/hub.db`", "The ledger: SQLite, or `postgresql://...` for several nodes."),
    Setting("HUB_HOST", "", "The address to listen on."),
    Setting("HUB_PORT", "", "The port to listen on."),
    Setting("HUB_NODE", "the machine's name", "This node's name; each node of a cluster has its own."),
    Setting("HUB_SECRETS", "`<root>/secrets`", "The folder with one file for each secret."),
    Setting("HUB_SECRET_<NAME>", "", "The secret `secret:<name>`: it comes before the file. `-` becomes `_`."),
    Setting("HUB_KEYRING", "`<root>/hub.keys`", "The keys that seal content; made at first use."),
    Setting("HUB_ALLOW_PRIVATE", "none", "Private networks that may be called, with commas: `10.1.0.0/16,127.0.0.0/8`."),
    Setting("HUB_CERTIFICATES", "the usual authorities", "A file with the only authority whose certificates are trusted."),
    Setting("HUB_PROXIES", "none", "Addresses of reverse proxies whose `X-Forwarded-*` headers are believed, with commas."),
    Setting(
        "HUB_LARGEST_BODY",
        "",
        "The largest body that is taken in, in bytes, but for the files beside a document. An operation may say its own "
        "(`largest_body`).",
    ),
    Setting(
        "HUB_LARGEST_BODY_OF_ANY",
        "",
        "The most that an operation may say as its `largest_body`, in bytes: a body is held in memory while it is read.",
    ),
    Setting("HUB_LARGEST_FILE", "", "The largest file that is taken in beside a document, in bytes."),
    Setting(
        "HUB_CLAMD",
        "no antivirus",
        "Where ClamAV's daemon listens, which then sees every file before it is taken: `unix:/run/clamav/clamd.ctl` or "
        "`127.0.0.1:3310`.",
    ),
    Setting(
        "HUB_MOST_WAITING",
        "",
        "How many deliveries may wait: beyond it nothing is taken in (503). Each application that sends has an equal share, "
        "beyond which it alone is refused (429).",
    ),
    Setting(
        "HUB_MOST_CONNECTIONS",
        "",
        "How many connections a node keeps open at once. Beyond it the one that is idle for longest is closed; when none is "
        "idle, the new one is answered 503.",
    ),
    Setting(
        "HUB_MOST_CONNECTIONS_OF_ONE",
        "",
        "The same for one client's address (429); the addresses in `HUB_PROXIES` are excepted.",
    ),
    Setting("HUB_BALLAST", "", "Bytes kept beside a SQLite ledger and given up when its disk is full; 0 for none."),
    Setting("HUB_LANGUAGE", "the session's", "The language of the command line: `fr` or `en`."),
    Setting("HUB_URL", "`http://127.0.0.1:8080`", "For commands: where the running hub is."),
    Setting("HUB_ADMIN_KEY", "", "For commands: the key that they show."),
    Setting("HUB_API_KEY", "", "For `hub rehearse`: the key with which the double speaks to the hub."),
    Setting("<NAME>_URL", "", "Addresses that a connector refers to as `${NAME}`, such as `WASTE_URL`."),
)

PROBLEMS = (
    Kind("invalid-message", 422, "The message does not fit its mapping or its contract; `errors` says where."),
    Kind("key-reused", 422, "The same key came with another content."),
    Kind("expired", 422, "It came after its deadline: nothing of it is kept."),
    Kind("too-many-waiting", 429, "So much of this sender waits already that it must slow down; `Retry-After` says when."),
    Kind("misformed-multipart", 400, "The body is not of parts, or its first part is not the document."),
    Kind("broken-form", 400, "The form cannot be read."),
    Kind("file-not-named", 400, "A file came that the document does not name."),
    Kind("no-such-part", 400, "The document refers to a file that is no part of the message."),
    Kind("other-digest", 400, "A file is not the one whose digest came with it."),
    Kind("infected-file", 422, "The antivirus found something in a file."),
    Kind("too-large-to-scan", 413, "A file is larger than the antivirus looks at."),
    Kind("not-in-contract", 422, "The contract has no such thing."),
    Kind("not-soap", 400, "The body is no SOAP envelope."),
    Kind("operation-unknown", 400, "The SOAP body is of no operation that this application says to the hub."),
    Kind("soap-action-mismatch", 400, "SOAPAction and the body name different operations."),
    Kind("soap-version-mismatch", 400, "The envelope is not of the SOAP version that is expected."),
    Kind("soap-must-understand", 400, "A SOAP header asks for something that is not done here (mustUnderstand)."),
    Kind("addressing-not-anonymous", 400, "WS-Addressing asks for an answer on another connection than the call's."),
    Kind("addressing-doubled", 400, "A WS-Addressing header stands in the message more than once."),
    Kind("addressing-action", 400, "The wsa:Action is not that of the operation."),
    Kind("encoded-reference", 400, "An encoded message (rpc/encoded) refers to nothing, in a circle, or to half an array."),
    Kind("signed-package", 415, "A signed message or request came in several parts, which its signature does not cover."),
    Kind("broken-csv", 400, "The lines of a CSV or fixed-width text cannot be read."),
    Kind("broken-json", 400, "The JSON cannot be read."),
    Kind("not-a-number", 400, "NaN and Infinity are not JSON."),
    Kind("number-too-large", 400, "A JSON number is too large to be read exactly."),
    Kind("duplicate-key", 400, "A JSON object has a key twice."),
    Kind("broken-xml", 400, "The XML cannot be read."),
    Kind("dtd-forbidden", 400, "The XML has a DOCTYPE, or an entity."),
    Kind("broken-encoding", 400, "A byte does not exist in the declared encoding."),
    Kind("encoding-contradiction", 400, "Two statements about the encoding differ."),
    Kind("encoding-not-accepted", 400, "The encoding is not one that is read."),
    Kind("forbidden-character", 400, "A character that XML cannot carry, or a lone surrogate."),
    Kind("parameter-twice", 400, "A parameter stands twice in the URL."),
    Kind("idempotency-key-not-accepted", 400, "`Idempotency-Key` is given once, in 1 to 255 visible ASCII characters."),
    Kind("webhook-id-not-accepted", 400, "`webhook-id` is 1 to 255 visible ASCII characters, no full stop among them."),
    Kind("parameter-not-signed", 400, "A signed request came with parameters, which its signature does not cover."),
    Kind("deadline-not-accepted", 400, "`CE-ExpiryTime` is a time with its offset: `2026-03-02T18:00:00Z`."),
    Kind("cut-off", 400, "The body ended too early."),
    Kind("bad-request", 400, "The request cannot be read."),
    Kind("not-authenticated", 401, "No valid API key was shown."),
    Kind("not-allowed", 403, "The key has no right to this."),
    Kind("not-found", 404, "It is not there, or not for this caller."),
    Kind("method-not-allowed", 405, "This method is not taken here."),
    Kind("too-slow", 408, "The headers did not arrive within 10 s, or the body within 30 s; files have longer."),
    Kind("conflict", 409, "It is not in a state in which this can be done."),
    Kind("lease-ended", 410, "What was fetched from a mailbox was not acknowledged in time; it is fetched again."),
    Kind("too-large", 413, "The body, or something in it, is too large."),
    Kind("content-type-not-accepted", 415, "The content type is not the contract's."),
    Kind("headers-too-large", 431, "The headers are larger than 32 kB."),
    Kind("too-many-connections", 429, "One client has too many connections open; `Retry-After` says when to try again."),
    Kind("invalid-parameter", 422, "A parameter of the administration does not fit."),
    Kind("reason-missing", 422, "A change needs a reason of 3 to 500 characters."),
    Kind("state-not-accepted", 422, "This is not done to all deliveries in that state."),
    Kind("no-document", 422, "The message was not sent as a document, so there is none to correct."),
    Kind("no-news", 422, "The corrected document has nothing to tell its receiver."),
    Kind("certificate-not-accepted", 422, "It is no X.509 certificate, or its key is too weak to bind a key to."),
    Kind(
        "scope-unknown",
        422,
        "A key's right is not one that there is, or one that signs has more than one `send:<exchange>`.",
    ),
    Kind("expiry-not-accepted", 422, "A key ends within a year."),
    Kind("not-a-form", 415, "The console expects a form."),
    Kind("not-accepted", 400, "The request is not accepted."),
    Kind("internal-error", 500, "The hub failed; its log says where."),
    Kind("application-not-reached", 502, "An application that had to be asked does not answer."),
    Kind("unavailable", 503, "The hub cannot take this now; try again later."),
    Kind("no-room", 507, "The hub's disk is full: nothing is taken until its operators have made room."),
)
