"""Effects of faults: whether a call changes anything, when and how often, and what is answered."""

from collections.abc import Callable
from dataclasses import replace

from controller.simulator.dispatch import answer, log
from controller.simulator.faults.fault import Fault
from controller.simulator.faults.kinds import AT_CREATION, IN_ROUTES, REWRITES
from controller.simulator.faults.published import PUBLISHED_500
from controller.simulator.faults.rewrites import rewritten
from controller.simulator.faults.transmissions import TRANSMISSIONS
from controller.simulator.route import ApiRequest
from controller.simulator.wire import Response, Transmission, sent_whole
from controller.simulator.world import World

_TAKES_EFFECT = frozenset(
    {"lose-reply", "reset", "truncated", "slow", "drip", "garbled", "fat-headers", "duplicate"}
)


def respond(world: World, request: ApiRequest) -> Transmission:
    """Let the call take effect: now, later, twice or not at all. Return the transmission of its answer."""
    elsewhere = REWRITES | AT_CREATION | IN_ROUTES
    fault = next((fault for fault in request.faults if fault.kind not in elsewhere), None)
    names = ",".join(fault.kind for fault in request.faults)
    if fault is None:
        whole = _rewritten_answer(world, request)
        log(world, request, whole, names)
        return sent_whole(whole)
    response = _effect(world, request, fault)
    fault = _in_the_routes_words(fault, request.route.name)
    transmission = TRANSMISSIONS[fault.kind](fault, response or Response(200, {"status": "success"}))
    effect = bool(response and response.effect)
    sent = transmission.response and replace(transmission.response, effect=effect)
    log(world, request, sent or (Response(0, effect=effect) if response else None), names)
    return transmission


def _in_the_routes_words(fault: Fault, route: str) -> Fault:
    """Return *fault*. A 500 without words of its own has the text that the route's page publishes."""
    if fault.kind != "500" or route not in PUBLISHED_500:
        return fault
    return replace(fault, parameters={"message": PUBLISHED_500[route], **fault.parameters})


def _effect(world: World, request: ApiRequest, fault: Fault) -> Response | None:
    if fault.kind == "late":
        world.schedule(request.call.at + fault.number("seconds", 30), _late_effect(world, request))
        return None
    if fault.text("effect", "yes" if fault.kind in _TAKES_EFFECT else "no") == "no":
        return None
    response = _rewritten_answer(world, request)
    if fault.kind == "duplicate":
        log(world, request, answer(world, request), "duplicate (the copy)")
    return response


def _rewritten_answer(world: World, request: ApiRequest) -> Response:
    rewrites = tuple(fault for fault in request.faults if fault.kind in REWRITES)
    return rewritten(answer(world, request), rewrites, world)


def _late_effect(world: World, request: ApiRequest) -> Callable[[float], None]:
    def effect(at: float) -> None:
        late = replace(request, call=replace(request.call, at=at))
        log(world, late, replace(answer(world, late), status=0), "late (the effect)")

    return effect
