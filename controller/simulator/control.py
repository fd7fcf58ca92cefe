"""The control surface for tests, below `/_simulator/`: answers this machine only."""

import ipaddress
from collections.abc import Callable
from dataclasses import asdict
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from controller.simulator.faults import file as fault_file
from controller.simulator.manual_changes import ControlError, advance, drift, seed
from controller.simulator.state import App
from controller.simulator.wire import Json
from controller.simulator.world import World

_RECENT = 100
_LONGEST_ANSWER = 10_000


def routes(world: World) -> list[Route]:
    """Return the control surface's routes, relative to its prefix."""
    reads: dict[str, Callable[[World, Request], Json]] = {"state": _state, "calls": _calls, "worst": _worst}
    writes: dict[str, Callable[[World, object], Json]] = {"apps": seed, "drift": drift, "advance": advance}
    return [
        *(Route(f"/{name}", partial(_read, world, read), methods=["GET"]) for name, read in reads.items()),
        *(
            Route(f"/{name}", partial(_write, world, write), methods=["POST"])
            for name, write in writes.items()
        ),
        Route("/faults", partial(_faults, world), methods=["POST"]),
    ]


async def _read(world: World, read: Callable[[World, Request], Json], request: Request) -> JSONResponse:
    refusal = _stranger(request)
    if refusal:
        return refusal
    world.now()
    try:
        return JSONResponse(read(world, request))
    except ValueError as error:
        return _bad(str(error))


async def _write(world: World, write: Callable[[World, object], Json], request: Request) -> JSONResponse:
    refusal = _stranger(request)
    if refusal:
        return refusal
    world.now()
    try:
        return JSONResponse(write(world, await request.json()))
    except ControlError as error:
        return _bad(str(error))
    except ValueError as error:
        return _bad(f"the body is not JSON: {error}")


async def _faults(world: World, request: Request) -> JSONResponse:
    refusal = _stranger(request)
    if refusal:
        return refusal
    try:
        faults = fault_file.parse((await request.body()).decode(), "the body")
    except ValueError as error:
        return _bad(str(error))
    world.faults.replace(faults)
    return JSONResponse({"faults": len(faults)})


def _stranger(request: Request) -> JSONResponse | None:
    """Refuse other machines, and web pages: a browser sends no JSON elsewhere without asking."""
    try:
        near = request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        near = False
    if not near:
        return _bad("the control surface answers this machine only", 403)
    if request.method == "POST" and "json" not in request.headers.get("content-type", ""):
        return _bad("send content-type: application/json", 415)
    return None


def _bad(problem: str, status: int = 400) -> JSONResponse:
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
            {**asdict(each), "body": each.body.decode()} for each in list(world.post.record)[-_RECENT:]
        ],
    }


def _app(world: World, app: App, virtual: float) -> Json:
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
        "subscriptions": [
            {
                "id": each.id,
                "tag": each.tag,
                "url": each.url,
                "version": each.version,
                "mode": each.mode,
                "active": each.active,
                "modes": each.modes,
                "meta": each.meta,
            }
            for each in world.subscriptions.of(app.id)
        ],
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
