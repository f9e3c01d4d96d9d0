"""What is changed from the console: each with the visitor's name and a reason. Gives the place to go to afterwards."""

from __future__ import annotations

from hub.endpoints.console.pages import Visit
from hub.endpoints.console.views import cause_of, verb_of
from hub.endpoints.lanes import known_lane
from hub.errors import NotFound, Text


async def delivery(visit: Visit, fields: dict[str, str]) -> str:
    """Replay, cancel or confirm a delivery."""
    id_, verb = visit.request.path_params["delivery"], visit.request.path_params["verb"]
    desk = visit.hub.desk
    verbs = {"replay": desk.replay, "cancel": desk.cancel, "confirm": desk.confirm}
    if verb not in verbs:
        raise NotFound(_NO_ACTION)
    await verbs[verb](id_, actor=visit.identity.actor, reason=fields.get("reason", ""))
    found = await visit.hub.ledger.delivery(id_)
    return f"/admin/messages/{found.message}?done={verb}"


async def lane(visit: Visit, fields: dict[str, str]) -> str:
    """Pause or resume a lane."""
    path = visit.request.path_params
    verbs = {"pause": visit.hub.desk.pause_lane, "resume": visit.hub.desk.resume_lane}
    if path["verb"] not in verbs:
        raise NotFound(_NO_ACTION)
    known = await known_lane(visit.hub, f"{path['connector']}/{path['instance']}")
    await verbs[path["verb"]](known.name, actor=visit.identity.actor, reason=fields.get("reason", ""))
    return f"/admin?done={path['verb']}"


async def act_on_all(visit: Visit, fields: dict[str, str]) -> str:
    """Send every dead letter that the preview showed again, or skip it for good."""
    verb, desk = verb_of(visit), visit.hub.desk
    act = {"replay": desk.replay_all, "cancel": desk.cancel_all}[verb]
    why = fields.get("reason", "")
    await act(cause_of(fields), ticket=fields.get("ticket", ""), actor=visit.identity.actor, reason=why)
    return f"/admin/dead?done={verb}_all"


async def run(visit: Visit, fields: dict[str, str]) -> str:
    """Run a schedule now."""
    hub, name = visit.hub, visit.request.path_params["schedule"]
    actor, reason = visit.identity.actor, fields.get("reason", "")
    await hub.desk.fetch_now(name, hub.scheduler.fetch_now, actor=actor, reason=reason)
    return "/admin/schedules?done=run"


_NO_ACTION = Text(en="There is no such action.", fr="Cette action n'existe pas.")
