"""The routes of the control surface, below `/_simulator/`. They answer this machine alone."""

import ipaddress
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from functools import partial
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from controller.simulator.control.added_apps import add_apps
from controller.simulator.control.fields import ControlError
from controller.simulator.control.manual_changes import advance, change_app
from controller.simulator.faults import file as fault_file
from controller.simulator.state import AppRecord, SubscriptionRecord
from controller.simulator.wire import Json
from controller.simulator.world import World

_Write: TypeAlias = Callable[[World, object], Json]
_RECENT = 100
_LONGEST_ANSWER = 10_000


def routes(world: World) -> list[Route]:
    """Return the routes of the control surface, relative to its prefix."""
    reads: dict[str, Callable[[World, Request], Json]] = {"state": _state, "calls": _calls, "worst": _worst}
    writes: dict[str, _Write] = {"apps": add_apps, "drift": change_app, "advance": advance}
    return [
        *(_route(world, name, "GET", partial(_read, world, read)) for name, read in reads.items()),
        *(_route(world, name, "POST", partial(_write, world, write)) for name, write in writes.items()),
        _route(world, "faults", "POST", partial(_faults, world)),
    ]


def _route(world: World, name: str, method: str, answer: Callable[[Request], Awaitable[Json]]) -> Route:
    async def endpoint(request: Request) -> JSONResponse:
        refusal = _refusal(request)
        if refusal:
            return refusal
        world.now()
        try:
            return JSONResponse(await answer(request))
        except ValueError as error:
            return _error(str(error))

    return Route(f"/{name}", endpoint, methods=[method])


async def _read(world: World, read: Callable[[World, Request], Json], request: Request) -> Json:
    return read(world, request)


async def _write(world: World, write: _Write, request: Request) -> Json:
    try:
        body = await request.json()
    except ValueError as error:
        raise ControlError(f"the body is not JSON: {error}") from error
    return write(world, body)


async def _faults(world: World, request: Request) -> Json:
    faults = fault_file.parse((await request.body()).decode(), "the body")
    world.faults.replace(faults)
    return {"faults": len(faults)}


def _refusal(request: Request) -> JSONResponse | None:
    """Refuse other machines, and web pages: a browser sends JSON to another site only after a question."""
    try:
        near = request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        near = False
    if not near:
        return _error("the control surface answers this machine only", 403)
    if request.method == "POST" and "json" not in request.headers.get("content-type", ""):
        return _error("send content-type: application/json", 415)
    return None


def _error(problem: str, status: int = 400) -> JSONResponse:
    return JSONResponse({"error": problem}, status)


def _state(world: World, request: Request) -> Json:
    now = world.time.clock()
    virtual = world.time.virtual(now)
    name = request.query_params.get("name")
    apps = [app for app in world.apps.by_id.values() if name in (None, app.name)]
    return {
        "now": now,
        "virtual": virtual,
        "total": len(world.apps.by_id),
        "apps": [_app(world, app, virtual) for app in apps[:_LONGEST_ANSWER]],
        "faults": world.faults.counts(),
        "deliveries": [
            {**asdict(each), "body": each.body.decode()} for each in list(world.event_queue.record)[-_RECENT:]
        ],
    }


def _app(world: World, app: AppRecord, virtual: float) -> Json:
    stage = app.stage(virtual)
    return {
        "id": app.id,
        "partner": app.partner,
        "name": app.name,
        "phone": app.phone,
        "wabaId": app.waba_id,
        "live": app.live,
        "deleted": app.deleted,
        "creationStage": stage.creation,
        "pipelineStage": stage.pipe_line,
        "callbackUrl": app.callback_url,
        "subscriptions": [_subscription(each) for each in world.subscriptions.of(app.id)],
    }


def _subscription(each: SubscriptionRecord) -> Json:
    return {
        "id": each.id,
        "tag": each.tag,
        "url": each.url,
        "version": each.version,
        "mode": each.mode,
        "active": each.active,
        "modes": each.modes,
        "meta": each.meta,
    }


def _calls(world: World, request: Request) -> Json:
    since = float(request.query_params.get("since", "-inf"))
    route = request.query_params.get("route")
    found = [asdict(each) for each in world.log if each.at >= since and route in (None, each.route)]
    return {"calls": found[-_LONGEST_ANSWER:], "total": len(found)}


def _worst(world: World, _: Request) -> Json:
    found = world.windows.worst()
    rows = [{**asdict(each), "exceeded": each.exceeded} for each in found]
    return {"exceeded": any(each.exceeded for each in found), "buckets": rows[:_LONGEST_ANSWER]}
