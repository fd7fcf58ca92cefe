"""Routes of the control surface, below `/_simulator/`, which only answer requests from this machine."""

import ipaddress
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from functools import partial
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from controller.simulator.control.account_changes import accounts, change_account
from controller.simulator.control.added_apps import add_apps
from controller.simulator.control.fields import ControlError
from controller.simulator.control.health_changes import change_health, post_event
from controller.simulator.control.manual_changes import advance, change_app, change_switches
from controller.simulator.faults import file as fault_file
from controller.simulator.state import AppRecord, SubscriptionRecord
from controller.simulator.wire import Json
from controller.simulator.world import World

_Write: TypeAlias = Callable[[World, object], Json]
_RECENT = 100
_LONGEST_ANSWER = 10_000


def routes(world: World) -> list[Route]:
    """Return the routes of the control surface, relative to its prefix."""
    reads: dict[str, Callable[[World, Request], Json]] = {
        "state": _state,
        "calls": _calls,
        "worst": _worst,
        "accounts": lambda world, _: accounts(world),
    }
    writes: dict[str, _Write] = {
        "apps": add_apps,
        "drift": change_app,
        "advance": advance,
        "account": change_account,
        "switches": change_switches,
        "health": change_health,
        "event": post_event,
    }
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
    """Refuse other machines and web pages. Browsers send JSON to another site only if the site allows it."""
    try:
        near = request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        near = False
    if not near:
        return _error("the control surface only answers requests from this machine", 403)
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
            {**asdict(attempt), "body": attempt.body.decode()}
            for attempt in list(world.event_queue.record)[-_RECENT:]
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
        "health": asdict(app.health),
        "subscriptions": [_subscription(known) for known in world.subscriptions.of(app.id)],
    }


def _subscription(record: SubscriptionRecord) -> Json:
    return {
        "id": record.id,
        "tag": record.tag,
        "url": record.url,
        "version": record.version,
        "mode": record.mode,
        "active": record.active,
        "modes": record.modes,
        "meta": record.meta,
    }


def _calls(world: World, request: Request) -> Json:
    since = float(request.query_params.get("since", "-inf"))
    route = request.query_params.get("route")
    calls = [asdict(call) for call in world.log if call.at >= since and route in (None, call.route)]
    return {"calls": calls[-_LONGEST_ANSWER:], "total": len(calls)}


def _worst(world: World, _: Request) -> Json:
    windows = world.windows.worst()
    rows = [{**asdict(window), "exceeded": window.exceeded} for window in windows]
    return {"exceeded": any(window.exceeded for window in windows), "buckets": rows[:_LONGEST_ANSWER]}
