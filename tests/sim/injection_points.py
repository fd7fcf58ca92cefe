"""The points at which a disruption can strike a run, and which of them are worth a run of their own."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from controller.simulator import Fault
from tests.sim.effects import Effect, Failure
from tests.sim.oracle import state
from tests.sim.sim_run import Disruption, describe
from tests.sim.simulated_world import SimulatedWorld

Shape = tuple[str, Mapping[str, object]]

_WIRE: tuple[Shape, ...] = (
    ("lose-request", {}),
    ("lose-reply", {}),
    ("lose-reply", {"seconds": 25}),
    ("reset", {}),
    ("truncated", {}),
    ("garbled", {}),
    ("html", {}),
    ("empty", {}),
    ("error-200", {}),
    ("500", {}),
    ("500", {"effect": "yes"}),
    ("503", {"retry_after": "5"}),
    ("429", {}),
    ("429", {"plain": True}),
    ("401", {}),
    ("403", {}),
    ("redirect", {}),
)
_WRITES: tuple[Shape, ...] = (
    ("lose-request", {"seconds": 25}),
    ("late", {"seconds": 55}),
    ("late", {"seconds": 78, "wait": 25}),
    ("html", {"effect": "yes"}),
    ("duplicate", {}),
)
_LISTS: tuple[Shape, ...] = (
    ("empty-list", {}),
    ("short-page", {}),
    ("repeat-page", {}),
    ("flicker", {}),
    ("no-phone", {}),
)
_LINK: tuple[Shape, ...] = (
    ("stale-list", {"seconds": 14}),
    ("wrong-app-id", {}),
    ("no-app-id", {}),
    ("callback-refused", {}),
)
_HOOKS: tuple[Shape, ...] = (("canned-mode", {}),)
_HOOK_WRITES: tuple[Shape, ...] = (("invalid-url", {}),)

WRITING = frozenset({"link", "subscribe", "updateSubscription", "unsubscribe", "callbackUrl"})
_MORE: Mapping[str, tuple[Shape, ...]] = {
    "list": _LISTS,
    "link": _WRITES + _LINK,
    "subscriptions": _HOOKS,
    "subscribe": _WRITES + _HOOKS + _HOOK_WRITES,
    "updateSubscription": _WRITES + _HOOKS + _HOOK_WRITES,
    "unsubscribe": _WRITES,
    "callbackUrl": _WRITES,
}
_WITH_KILL: tuple[Shape, ...] = (
    ("late", {"seconds": 55}),
    ("lose-request", {}),
    ("stale-list", {"seconds": 14}),
    ("callback-refused", {}),
    ("duplicate", {}),
)
"""What still makes a difference where the process dies at the very call: all else is in the answer."""

_BREAKS = frozenset(
    {"lose-request", "reset", "truncated", "garbled", "html", "empty", "500", "503", "redirect"}
)
"""What a client makes the same of where it only reads: no answer to rely on. A slow loss takes its time."""

_SOON = 1.0


@dataclass(frozen=True, slots=True)
class Point:
    """One kind of disruption at one effect."""

    effect: Effect
    fault: Fault | None = None
    failure: Failure | None = None

    @property
    def disruption(self) -> Disruption:
        faults = () if self.fault is None else (self.fault,)
        at = (self.effect.label, self.effect.nth)
        return Disruption(faults, () if self.failure is None else ((*at, self.failure),))

    def __str__(self) -> str:
        where = f"at {self.effect.label} #{self.effect.nth}"
        parts = [
            *([describe(self.fault)] if self.fault else []),
            *([f"{self.failure} {where}"] if self.failure else []),
        ]
        return " and ".join(parts)


@dataclass(slots=True)
class PointMap:
    """The points of a run. *pruned* counts those that are left out, by the reason why."""

    points: list[Point] = field(default_factory=list)
    pruned: dict[str, int] = field(default_factory=dict)

    def leave_out(self, why: str, count: int) -> None:
        self.pruned[why] = self.pruned.get(why, 0) + count


@dataclass(slots=True)
class RepeatWatch:
    """Notes which effects of a run meet the same state of Gupshup, of the store and of their process."""

    sim: SimulatedWorld
    repeats: set[int] = field(default_factory=set)
    _known: set[object] = field(default_factory=set)
    _done: dict[int, set[str]] = field(default_factory=dict)

    def __call__(self, effect: Effect) -> None:
        done = self._done.setdefault(effect.process, set())
        key = (
            effect.process,
            effect.label,
            frozenset(done),
            repr(state(self.sim.world)),
            self._remembered(),
        )
        done.add(effect.label)
        if key in self._known:
            self.repeats.add(effect.number)
        self._known.add(key)

    def _remembered(self) -> str:
        disk = self.sim.disk
        return repr(
            [
                disk.rows("SELECT phone, name, ended IS NULL, unclear FROM intents ORDER BY phone"),
                disk.rows("SELECT phone, app_id, waba, missing_since IS NULL FROM bindings ORDER BY phone"),
                disk.rows("SELECT key, reason, tries FROM refusals ORDER BY key"),
                disk.rows("SELECT key, digest, secret, updates FROM ledger ORDER BY key"),
                disk.rows("SELECT verb, target, outcome FROM history ORDER BY id"),
            ]
        )


def survey(
    effects: Sequence[Effect], repeats: set[int], *, behind: int = 0, until: int, sparing: bool = True
) -> PointMap:
    """Return the points of a run behind one effect and up to another: from there it only has to stay so.

    *sparing*: where a read breaks off in one of the ways that end it alike, one of them has to do after its
    route's first call met them all.
    """
    found = PointMap()
    first = {each.label: each.number for each in reversed(effects) if each.number > behind}
    for place, effect in enumerate(effects):
        if not behind < effect.number <= until:
            continue
        points = list(_points(effect))
        if effect.number in repeats:
            found.leave_out("the same call or transaction in the same state", len(points))
            continue
        after = effects[place + 1].at - effect.at if place + 1 < len(effects) else 0.0
        for point in points:
            later = sparing and (behind > 0 or first[effect.label] != effect.number)
            why = _same_as_another(point, after) or (_alike(point) if later else "")
            if why:
                found.leave_out(why, 1)
            else:
                found.points.append(point)
    return found


def _points(effect: Effect) -> Iterator[Point]:
    for failure in (Failure.BEFORE, Failure.DURING, Failure.AFTER):
        yield Point(effect, failure=failure)
    if effect.kind == "store":
        yield from (
            Point(effect, failure=failure) for failure in (Failure.FULL, Failure.TORN, Failure.UNTOLD)
        )
        return
    for kind, parameters in (*_WIRE, *_MORE.get(effect.label, ())):
        yield Point(effect, Fault(kind, effect.label, nth=(effect.nth,), parameters=parameters))
    if effect.label in WRITING:
        for kind, parameters in _WITH_KILL:
            if effect.label == "link" or kind not in {"stale-list", "callback-refused"}:
                fault = Fault(kind, effect.label, nth=(effect.nth,), parameters=parameters)
                yield Point(effect, fault, Failure.AFTER)


def _alike(point: Point) -> str:
    fault, pace = point.fault, point.effect.label in {"CallTable.reserve", "CallTable.ended"}
    if pace and point.failure in {Failure.FULL, Failure.UNTOLD}:
        return "a disk that fails at the pace's own lines, as at an earlier call"
    if fault is None or point.effect.label in WRITING or fault.kind not in _BREAKS:
        return ""
    return (
        ""
        if fault.kind == "html"
        else "a read that breaks in another way, as at an earlier call of its route"
    )


def _same_as_another(point: Point, after: float) -> str:
    effect, failure = point.effect, point.failure
    if point.fault is not None:
        return ""
    if failure is Failure.DURING and effect.kind == "store":
        return "a kill during a transaction undoes it, as a kill before it"
    if failure is Failure.DURING and effect.label not in WRITING:
        return "a kill during a read is one after it"
    if failure is Failure.AFTER and effect.label not in WRITING and after < _SOON:
        return "a kill after an effect is one before the next"
    if failure is Failure.BEFORE and effect.label in {"CallTable.reserve", "CallTable.ended"}:
        return "a kill around the pace's own lines is one before the call they are about"
    return ""
