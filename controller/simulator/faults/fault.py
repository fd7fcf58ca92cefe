"""A fault, the calls that it hits, and the list of faults in force."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from random import Random

from controller.simulator.faults.kinds import ROUTES_OF, ROW_KINDS


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault and the calls that it hits.

    Without ``nth``, ``every`` and ``probability``, every call that matches is hit. ``times`` is a limit.
    ``since`` and ``until`` are seconds of the clock since the simulator started.
    """

    kind: str
    route: str = "*"
    nth: tuple[int, ...] = ()
    every: int = 0
    probability: float = 1.0
    times: int = 0
    since: float = 0.0
    until: float = math.inf
    app: str = ""
    phone: str = ""
    name: str = ""
    parameters: Mapping[str, object] = field(default_factory=dict)

    def number(self, name: str, default: float) -> float:
        """Return a numeric parameter."""
        value = self.parameters.get(name, default)
        return float(value) if isinstance(value, int | float) else default

    def text(self, name: str, default: str) -> str:
        """Return a parameter as text."""
        value = self.parameters.get(name)
        return default if value is None else str(value)

    def fits_route(self, route: str) -> bool:
        """Return whether the fault is for *route*, and such a call can show the fault at all."""
        return route in ROUTES_OF.get(self.kind, {route}) and self.route in ("*", route)

    def fits_app(self, app: str, phone: str, name: str) -> bool:
        """Return whether the fault is for this app: each of its three matches is exact or absent."""
        pairs = ((self.app, app), (self.phone, phone), (self.name, name))
        return all(own in ("", value) for own, value in pairs)


@dataclass(slots=True)
class ActiveFaults:
    """The faults in force, with how many calls each matched and hit. Chance comes from the seed."""

    rng: Random
    active: tuple[Fault, ...] = ()
    _matched: dict[int, int] = field(default_factory=dict)
    _hits: dict[int, int] = field(default_factory=dict)

    def replace(self, active: Iterable[Fault]) -> None:
        """Replace the faults in force by *active*, and count from the start."""
        self.active = tuple(active)
        self._matched.clear()
        self._hits.clear()

    def hits(self, route: str, app: tuple[str, str, str], age: float) -> tuple[Fault, ...]:
        """Return the faults that hit one call. Each query counts as a call."""
        return tuple(
            fault
            for place, fault in enumerate(self.active)
            if fault.fits_route(route)
            and (fault.kind in ROW_KINDS or fault.fits_app(*app))
            and fault.since <= age < fault.until
            and self._due(place, fault)
        )

    def _due(self, place: int, fault: Fault) -> bool:
        matched = self._matched[place] = self._matched.get(place, 0) + 1
        if fault.times and self._hits.get(place, 0) >= fault.times:
            return False
        if fault.nth and matched not in fault.nth:
            return False
        if fault.every and matched % fault.every:
            return False
        if fault.probability < 1.0 and self.rng.random() >= fault.probability:
            return False
        self._hits[place] = self._hits.get(place, 0) + 1
        return True

    def counts(self) -> list[dict[str, object]]:
        """Return each fault with how many calls it matched (``met``) and how many it hit (``struck``)."""
        return [
            {
                "kind": fault.kind,
                "route": fault.route,
                "met": self._matched.get(place, 0),
                "struck": self._hits.get(place, 0),
            }
            for place, fault in enumerate(self.active)
        ]
