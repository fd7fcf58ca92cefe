"""Faults: what goes wrong, where and how often."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from random import Random

from controller.simulator.faults.kinds import ROUTES_OF, ROWS


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of trouble and the calls it meets.

    Without ``nth``, ``every`` and ``probability`` it meets every call that matches; ``times`` caps how often,
    ``since`` and ``until`` are seconds of the clock since the simulator began.
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

    def at_home(self, route: str) -> bool:
        """Whether calls of *route* can show this fault at all."""
        return route in ROUTES_OF.get(self.kind, {route}) and self.route in ("*", route)

    def about(self, app: str, phone: str, name: str) -> bool:
        """Whether this is the app that the fault is about: each of its three matches is exact or absent."""
        wanted = ((self.app, app), (self.phone, phone), (self.name, name))
        return all(mine in ("", found) for mine, found in wanted)


@dataclass(slots=True)
class Faults:
    """The faults in force, with how often each was met; chance comes from the seed."""

    rng: Random
    active: tuple[Fault, ...] = ()
    _met: dict[int, int] = field(default_factory=dict)
    _struck: dict[int, int] = field(default_factory=dict)

    def replace(self, active: Iterable[Fault]) -> None:
        """Put *active* in force instead of what was, and count from the start."""
        self.active = tuple(active)
        self._met.clear()
        self._struck.clear()

    def strike(self, route: str, app: tuple[str, str, str], age: float) -> tuple[Fault, ...]:
        """Return the faults that this call meets; each call is asked about once."""
        return tuple(
            fault
            for place, fault in enumerate(self.active)
            if fault.at_home(route)
            and (fault.kind in ROWS or fault.about(*app))
            and fault.since <= age < fault.until
            and self._due(place, fault)
        )

    def _due(self, place: int, fault: Fault) -> bool:
        met = self._met[place] = self._met.get(place, 0) + 1
        if fault.times and self._struck.get(place, 0) >= fault.times:
            return False
        if fault.nth and met not in fault.nth:
            return False
        if fault.every and met % fault.every:
            return False
        if fault.probability < 1.0 and self.rng.random() >= fault.probability:
            return False
        self._struck[place] = self._struck.get(place, 0) + 1
        return True

    def counts(self) -> list[dict[str, object]]:
        """Return each fault with how many calls it met and how many it struck."""
        return [
            {
                "kind": fault.kind,
                "route": fault.route,
                "met": self._met.get(place, 0),
                "struck": self._struck.get(place, 0),
            }
            for place, fault in enumerate(self.active)
        ]
