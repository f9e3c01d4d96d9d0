"""A page of the console: who looks at it, in which language, rendered under a strict content policy."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from hub.assembly import Hub
from hub.endpoints.auth import Doorkeeper, Identity
from hub.endpoints.body import media_of, read_body
from hub.endpoints.console import words
from hub.endpoints.console.sessions import Session, Sessions
from hub.endpoints.language import language_of
from hub.endpoints.problems import said_of, standing_of
from hub.endpoints.serving import hub_of
from hub.errors import HubError, Language, MessageError, NotAllowed, Text

SESSION, FORM, LANGUAGE = "hub_session", "hub_form", "hub_language"
_LARGEST_FORM = 64 * 1024
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)

_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class Visit:
    """A request to the console by someone who is signed in."""

    request: Request
    hub: Hub
    identity: Identity
    session: Session
    language: Language

    @property
    def may_act(self) -> bool:
        """Whether the buttons are there for this visitor."""
        return self.identity.may("admin")


Page = Callable[[Visit], Awaitable[Response]]
Action = Callable[[Visit, dict[str, str]], Awaitable[str]]


def page(view: Page) -> Callable[[Request], Awaitable[Response]]:
    """A route's handler for a page: whoever is not signed in is sent to the sign-in page."""

    async def shown(request: Request) -> Response:
        visit = await _visit(request)
        if visit is None:
            return RedirectResponse("/admin/login", status_code=303)
        try:
            visit.identity.require("read")
            answer = await view(visit)
        except HubError as error:
            answer = failure(visit, error)
        return renewed(visit, answer)

    return shown


def action(act: Action) -> Callable[[Request], Awaitable[Response]]:
    """A route's handler for a change: its form must be of this session. `act` gives the place to go to afterwards."""

    async def done(request: Request) -> Response:
        visit = await _visit(request)
        if visit is None:
            return RedirectResponse("/admin/login", status_code=303)
        try:
            visit.identity.require("admin")
            fields = await read_form(request)
            check_form(request, fields, bound_to=visit.session.id)
            answer: Response = RedirectResponse(await act(visit, fields), status_code=303)
        except HubError as error:
            answer = failure(visit, error)
        return renewed(visit, answer)

    return done


async def _visit(request: Request) -> Visit | None:
    session = sessions_of(request).read(request.cookies.get(SESSION, ""))
    if session is None:
        return None
    doorkeeper: Doorkeeper = request.app.doorkeeper
    hub = hub_of(request)
    try:
        identity = await doorkeeper.known(session.key, hub)
    except NotAllowed:
        return None
    return Visit(request, hub, identity, session, language(request))


# -- rendering --------------------------------------------------------------------------------------------------------


def render(visit: Visit, template: str, *, status: int = 200, **values: Any) -> Response:
    """A page for a visitor who is signed in."""
    csrf = sessions_of(visit.request).token(visit.session.id)
    return rendered(visit.request, template, status=status, visit=visit, csrf=csrf, **values)


def rendered(request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
    """A page for anybody."""
    spoken, hub = language(request), hub_of(request)
    zone, now = zone_of(hub), hub.clock()
    done = request.query_params.get("done", "")
    content = _environment.get_template(template).render(
        {"visit": None, "csrf": "", **values},
        language=spoken,
        done=f"done_{done}" if f"done_{done}" in words.WORDS else "",
        path=request.url.path,
        node=hub.settings.node,
        revision=hub.catalogue.revision[:12],
        say=lambda key, **blanks: words.say(key, spoken, **blanks),
        said=lambda text: text.said_in(spoken),
        clock=lambda at: words.clock_said(at, spoken, zone),
        soon=lambda at: words.soon_said(at, now, language=spoken, zone=zone),
        age=lambda seconds: words.age_said(seconds, spoken),
    )
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store", "Content-Language": spoken}
    return HTMLResponse(content, status_code=status, headers=headers)


def failure(visit: Visit, error: Exception) -> Response:
    """The page of what could not be done."""
    status, _ = standing_of(error)
    if status == 500:
        visit.hub.telemetry.failed(error, at=visit.request.url.path[:200])
    return render(visit, "failure.html", status=status, text=said_of(error))


def language(request: Request) -> Language:
    """The language that was chosen, else the browser's."""
    chosen = request.cookies.get(LANGUAGE)
    if chosen in ("fr", "en"):
        return "fr" if chosen == "fr" else "en"
    return language_of(request.headers.get("accept-language", ""))


def zone_of(hub: Hub) -> ZoneInfo:
    """The zone in which times are shown: TZ of the environment, Europe/Paris without."""
    try:
        return ZoneInfo(hub.settings.environment.get("TZ") or "Europe/Paris")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("Europe/Paris")


# -- cookies and forms ------------------------------------------------------------------------------------------------


def sessions_of(request: Request) -> Sessions:
    """The sessions of this application."""
    found: Sessions = request.app.sessions
    return found


def set_cookie(
    request: Request, answer: Response, name: str, *, value: str, same_site: Literal["strict", "lax"] = "strict"
) -> None:
    """A cookie of the console, out of reach of scripts, over TLS wherever the page is."""
    answer.set_cookie(name, value, path="/admin", httponly=True, samesite=same_site, secure=request.url.scheme == "https")


def renewed(visit: Visit, answer: Response) -> Response:
    """The answer, with the session's cookie as of now."""
    sessions = sessions_of(visit.request)
    if sessions.due(visit.session):
        set_cookie(visit.request, answer, SESSION, value=sessions.cookie(visit.session))
    return answer


def nonce() -> str:
    """A value that a sign-in page's form is bound to."""
    return secrets.token_hex(16)


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form. MessageError 415 for anything else."""
    media, _ = media_of(request.headers.get("content-type", ""))
    if media != "application/x-www-form-urlencoded":
        raise MessageError(Text(en="Not a form.", fr="Ce n'est pas un formulaire."), status=415, kind="not-a-form")
    body = await read_body(request, limit=_LARGEST_FORM)
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=50))


def check_form(request: Request, fields: dict[str, str], *, bound_to: str) -> None:
    """Refuse a form that did not come from our own page. NotAllowed."""
    foreign = request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")
    if foreign or not sessions_of(request).fits(fields.get("token", ""), bound_to):
        raise NotAllowed(words.WORDS["form_expired"])
