"""The oracles: what must hold of a whole run, from the simulator's log, the store's file and the trace."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from controller.simulator import World
from controller.simulator.limits import LIMITS
from controller.simulator.routes import ROUTES
from controller.simulator.tokens import UniversalToken
from tests.sim.effects import KILLS
from tests.sim.scenario import SECRETS, SETTLE
from tests.sim.simulated_world import SimulatedWorld
from tests.sim.timeline import START
from tests.sim.trace import Request

State: TypeAlias = Mapping[str, Any]

_BEHIND = 0.005
_SOON = 0.2
_HEARD = 0.1
_FINE = 200
_HOUR, _DOZEN = 3600.0, 12
_LIFETIME = 20 * 3600.0
_LIFETIMES = {"mintPartner": 1790.0, "mintApp": 1790.0}
"""Half of the shortest life that a token is minted for."""
_GRACE = 60.0
_TOO_MANY = 429
_OURS, _MOST_OF_OURS, _MOST_OF_AN_APP = "gupshupctl-", 2, 3
_DENIED = frozenset({400, 401, 403})
_LOOKS = frozenset({"list", "subscriptions", "subscription"})
_TOKENS = frozenset({"login", "token", "mintPartner", "mintApp"})
_BUCKETS = {"unknown": "other", **{route.name: route.bucket for route in ROUTES}}
_TOKEN = re.compile(rb"sk_[0-9a-f]{32}|eyJ[A-Za-z0-9_-]{20,}\.")


def violations(sim: SimulatedWorld) -> list[str]:
    """Return every promise that the run broke, with the words to find it by."""
    found = [*sim.trace.violations]
    for oracle in (
        _links,
        _absence,
        _rested,
        _looks,
        _limits,
        _rests,
        _sign_ins,
        _adoptions,
        _history,
        _secrets,
        _accounts,
        _own_tokens,
    ):
        found.extend(oracle(sim))
    return found


def _links(sim: SimulatedWorld) -> Iterator[str]:
    """P3, by the simulator's own knowledge: no POST while an earlier one may still take effect."""
    pending: dict[str, int] = defaultdict(int)
    for call in sim.world.log:
        if call.route != "link":
            continue
        if call.fault.startswith("late (the effect)"):
            pending[call.phone] -= 1
        elif "late" in call.fault.split(","):
            if pending[call.phone]:
                yield f"P3: a second link for {call.phone} at {call.at:.3f} while one was under way"
            pending[call.phone] += 1
        elif pending[call.phone] and "(the copy)" not in call.fault:
            yield f"P3: a link for {call.phone} at {call.at:.3f} while an earlier one may still take effect"
    phones = [app.phone for app in sim.world.apps.by_id.values() if not app.deleted and app.phone]
    yield from (f"P3: two apps with the phone {phone}" for phone in phones if phones.count(phone) > 1)


def _absence(sim: SimulatedWorld) -> Iterator[str]:
    """P3, by what a process can know: after an unclear link L + S pass before the next one like it.

    That is one for the same phone, or by the same name.
    """
    unclear: dict[str, Request] = {}
    least = SETTLE.late_effect + SETTLE.stale_list - _BEHIND
    for request in sorted(sim.trace.requests, key=lambda each: each.at):
        if request.verb != "link":
            continue
        for key in (request.phone, request.name):
            earlier = unclear.get(key)
            if earlier is not None and request.at - earlier.ended < least:
                after = request.at - earlier.ended
                yield f"P3: a link for {key} {after:.3f} s after one without a clear answer"
            if request.clear and not request.killed:
                unclear.pop(key, None)
            else:
                unclear[key] = request


def _rested(sim: SimulatedWorld) -> Iterator[str]:
    """P38: where the clock was set, an unclear link is repeated after L + S as before, and soon afterwards.

    Soon is within a minute after that has passed since its end, and since its last process began.
    """
    if not sim.injector.taken:
        return
    unclear: dict[str, float] = {}
    rest = SETTLE.late_effect + SETTLE.stale_list
    for request in sorted(sim.trace.requests, key=lambda each: each.at):
        if request.verb != "link":
            continue
        ended = unclear.pop(request.phone, None)
        if ended is not None:
            begun = max(ended, *(START + each for each in sim.starts if START + each <= request.at))
            if request.at < ended + rest - _BEHIND or request.at > begun + rest + _GRACE:
                after = request.at - ended
                yield f"P38: a link for {request.phone} {after:.3f} s after one without a clear answer"
        if not request.clear or request.killed:
            unclear[request.phone] = request.ended
    there = {app.phone for app in sim.world.apps.by_id.values() if not app.deleted}
    yield from (f"P38: {phone} still rests in the end" for phone in sorted(unclear.keys() - there))


def _looks(sim: SimulatedWorld) -> Iterator[str]:
    """P17: a write without a clear answer is not sent again before an observation."""
    open_ends: dict[tuple[str, str], Request] = {}
    looked = 0.0
    for request in sorted(sim.trace.requests, key=lambda each: each.at):
        if request.route in _LOOKS:
            looked = request.at
        if not request.verb:
            continue
        earlier = open_ends.pop((request.verb, request.target), None)
        if earlier is not None and looked < earlier.ended - _BEHIND:
            yield f"P17: {request.verb} {request.target} at {request.at:.3f} again, and nobody looked"
        if not request.clear or request.killed:
            open_ends[request.verb, request.target] = request


def _rests(sim: SimulatedWorld) -> Iterator[str]:
    """P16: after a 429 nothing is sent for a whole window that counts in the same bucket."""
    if any(effect.label.startswith("CallTable.") for effect, _ in sim.injector.injected):
        return  # who could not write it down, or died before, did not know it
    rests: dict[tuple[str, str], tuple[float, float]] = {}
    kills = [effect.at for effect, failure in sim.injector.injected if failure in KILLS]
    for request in sorted(sim.trace.requests, key=lambda each: each.at):
        bucket = _BUCKETS[request.route]
        key = (bucket, request.app if LIMITS[bucket].per_app else "")
        told, until = rests.get(key, (0.0, 0.0))
        if told <= request.at < until - _BEHIND:
            yield f"P16: {request.route} at {request.at:.3f}, too early after a 429 at {told:.3f}"
        died = any(abs(at - request.ended) < _SOON for at in kills)
        if request.status == _TOO_MANY and not died:
            rests[key] = request.ended + _HEARD, max(until, request.ended + LIMITS[bucket].window)


def _sign_ins(sim: SimulatedWorld) -> Iterator[str]:
    """P20: a process asks for a token once, until one was refused or has grown old."""
    good: dict[tuple[int, str], Request] = {}
    for request in sorted(sim.trace.requests, key=lambda each: each.at):
        if request.status in _DENIED or request.fault:
            good = {key: each for key, each in good.items() if key[0] != request.process}
        elif request.route in _TOKENS and request.status == _FINE:
            key = (request.process, request.path)
            earlier = good.get(key)
            if earlier is not None and request.at - earlier.at < _LIFETIMES.get(request.route, _LIFETIME):
                yield f"P20: {request.path} at {request.at:.3f} again, one from {earlier.at:.3f} is good"
            good[key] = request


def _limits(sim: SimulatedWorld) -> Iterator[str]:
    """P15, as Gupshup counts."""
    learnt = len(sim.injector.injected) + 1  # a process may die before it could note that it was told
    for worst in sim.world.windows.worst():
        slow = worst.bucket == "list"  # ten a second, until Gupshup says that it is ten a minute
        if worst.exceeded and not (slow and worst.refused <= learnt):
            yield f"P15: {worst.calls} calls in a window of {worst.bucket} ({worst.owner}), {worst.limit}"


def _adoptions(sim: SimulatedWorld) -> Iterator[str]:
    """P4: what is bound at the end is an app of ours with that phone."""
    for phone, app_id in sim.disk.rows("SELECT phone, app_id FROM bindings"):
        app = sim.world.apps.by_id.get(app_id)
        if app is None or app.phone != phone or app.partner not in sim.world.partners:
            yield f"P4: {phone} is bound to {app_id}, which is {app and app.phone}"


def _history(sim: SimulatedWorld) -> Iterator[str]:
    """P28: each mutating request has a line of its own, begun before it, finished unless it was killed."""
    rows = sim.disk.rows("SELECT id, verb, target, outcome FROM history ORDER BY id")
    lines: dict[tuple[str, str], list[tuple[float, str]]] = defaultdict(list)
    for number, verb, target, outcome in rows:
        lines[verb, target].append((sim.disk.begun[number], outcome))
    failures = sum(1 for _, failure in sim.injector.injected)
    for request in sim.trace.requests:
        if not request.verb:
            continue
        mine = [line for line in lines[request.verb, request.target] if line[0] <= request.at + _BEHIND]
        if not mine:
            yield f"P28: {request.verb} {request.target} at {request.at:.3f} has no line of its own"
            continue
        line = max(mine)
        lines[request.verb, request.target].remove(line)
        if not line[1] and not failures:
            yield f"P28: {request.verb} {request.target} at {request.at:.3f} is not finished"
    for (verb, target), left in lines.items():
        if any(outcome == "done" for _, outcome in left):
            yield f"P28: {verb} {target} is told to be done, and no request was sent"


def _secrets(sim: SimulatedWorld) -> Iterator[str]:
    """P33: no secret and no token in the store's files, nor in any line of the trace."""
    sinks = {"the store": sim.disk.content(), "the trace": "\n".join(sim.trace.lines).encode()}
    words = {*(value for name, value in SECRETS.items() if name != "GUPSHUP_EMAIL"), *sim.trace.tokens}
    for name, content in sinks.items():
        if _TOKEN.search(content) or any(word.encode() in content for word in words):
            yield f"P33: a secret in {name}"


def endless_writes(sim: SimulatedWorld) -> Iterator[str]:
    """P39: nothing is written more than a dozen times within an hour, where nobody asks for it."""
    moments: dict[tuple[str, str], list[float]] = defaultdict(list)
    for request in sim.trace.requests:
        if request.verb and request.verb != "link":
            moments[request.verb, request.target].append(request.at)
    for (verb, target), at in moments.items():
        most = max(sum(begin <= each < begin + _HOUR for each in at) for begin in at)
        if most > _DOZEN:
            yield f"P39: {most} times {verb} {target} within an hour"


def _accounts(sim: SimulatedWorld) -> Iterator[str]:
    """P41: what was written for one account stands in the store under one name."""
    names = sorted({name for (name,) in sim.disk.rows("SELECT upstream FROM history")})
    if len(names) > len(sim.world.partners):
        yield f"P41: one account has several names: {', '.join(names)}"


def _own_tokens(sim: SimulatedWorld) -> Iterator[str]:
    """P47: never more than two Universal Tokens of ours are active, and the store knows each that is."""
    ours = [each for each in sim.world.tokens.universal.values() if each.name.startswith(_OURS)]
    for app in {each.app for each in ours}:
        mine, most = [each for each in ours if each.app == app], _MOST_OF_AN_APP if app else _MOST_OF_OURS
        for moment in {each.created for each in mine}:
            active = [each for each in mine if each.created <= moment < _end(each)]
            if len(active) > most:
                yield f"P47: {len(active)} tokens of ours are active at {moment:.3f}"
    known = {name for (name,) in sim.disk.rows("SELECT name FROM universal_tokens")}
    now = sim.world.time.clock()
    lost = [each.name for each in ours if not each.app and _end(each) > now and each.name not in known]
    if sim.disk.path.exists():
        yield from (f"P47: {name} is active, and nothing would revoke it" for name in lost)


def _end(token: UniversalToken) -> float:
    return token.expires if token.revoked is None else token.revoked


def state(world: World) -> State:
    """Return what stands at Gupshup, without ids and times."""
    return {
        app.name: {
            "partner": app.partner,
            "phone": app.phone,
            "waba": app.waba_id,
            "callback": app.callback_url,
            "region": app.region,
            "live": app.live,
            "subscriptions": sorted(
                (each.tag, each.url, each.version, each.mode, each.active, each.meta)
                for each in world.subscriptions.of(app.id)
            ),
        }
        for app in sorted(world.apps.by_id.values(), key=lambda app: app.name)
        if not app.deleted
    }


def fullest(world: World) -> dict[str, tuple[int, int]]:
    """Return the most calls that any window of each bucket saw, with its limit."""
    found: dict[str, tuple[int, int]] = {}
    for each in world.windows.worst():
        found[each.bucket] = max(found.get(each.bucket, (0, 0)), (each.calls, each.limit.calls))
    return found


def writes(sim: SimulatedWorld, since: int) -> list[str]:
    """Return the mutating requests among those after the first *since*."""
    later = sim.trace.requests[since:]
    return [f"{each.verb} {each.target} -> {each.status}" for each in later if each.verb]
