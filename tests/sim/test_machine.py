"""People edit, Gupshup drifts, calls fail and processes die in any order; in the end all is as declared."""

import os
from contextlib import ExitStack
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from controller.errors import ControllerError, Locked
from controller.model.manifest import App, Count, Desired, Guards, Subscription
from controller.simulator import Fault
from tests.sim.effects import Failure
from tests.sim.manual_changes import change_by_hand
from tests.sim.oracle import state, violations, writes
from tests.sim.run_dirs import run_dir
from tests.sim.scenario import PARTNER, SWITCHES, Scenario, app, desired, subscription
from tests.sim.sim_run import CRASH_PAUSE, ERROR_PAUSE, stays
from tests.sim.simulated_world import SimulatedWorld

_BOLD = replace(PARTNER, guards=Guards(Count(99), Count(99), Count(99), Count(99)))
_NUMBERS = st.integers(1, 3)
_KINDS = st.sampled_from(
    [
        "lose-request",
        "lose-reply",
        "reset",
        "truncated",
        "html",
        "empty",
        "500",
        "503",
        "429",
        "redirect",
        "duplicate",
    ]
)
_ROUTES = st.sampled_from(
    ["link", "list", "subscribe", "updateSubscription", "subscriptions", "token", "details"]
)
_EFFECTS = st.sampled_from(
    [
        *("link", "list", "subscribe", "updateSubscription"),
        *(
            "IntentTable.open",
            "MemoryTables.note",
            "HistoryTable.begin",
            "HistoryTable.finish",
            "CallTable.reserve",
        ),
    ]
)
_TERMINAL = frozenset(
    {
        "PhoneLinkedToOtherApp",
        "Ambiguous",
        "NameTakenByOtherPhone",
        "NameTakenElsewhere",
        "CreateOutcomeUnknown",
    }
)


class ManifestMachine(RuleBasedStateMachine):
    """Apps come, change and go again in the manifests; a process is started whenever somebody likes."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.apps: dict[int, App] = {}
        self.ever: list[Desired] = []
        self.hooked: set[int] = set()
        self.sim = SimulatedWorld(self._scenario(), self.stack.enter_context(run_dir()))

    def _scenario(self) -> Scenario:
        return Scenario("machine", tuple(self.ever) or (self._desired(),), switches=SWITCHES)

    def _desired(self) -> Desired:
        hooks: list[Subscription] = [
            subscription(self.apps[n]) for n in sorted(self.hooked) if n in self.apps
        ]
        return desired(*self.apps.values(), *hooks, revision=f"r{len(self.ever)}", partner=_BOLD)

    def _edited(self) -> None:
        self.ever.append(self._desired())
        self.sim.scenario = self._scenario()

    @rule(number=_NUMBERS)
    def declare(self, number: int) -> None:
        self.apps.setdefault(number, app(number))
        self.hooked.add(number)
        self._edited()

    @rule(number=_NUMBERS)
    def remove(self, number: int) -> None:
        self.apps.pop(number, None)
        self._edited()

    @rule(number=_NUMBERS)
    def rename(self, number: int) -> None:
        if number in self.apps:
            one = self.apps[number]
            self.apps[number] = replace(one, app_name=f"Other{one.app_name}"[:60])
            self._edited()

    @rule(number=_NUMBERS)
    def change_phone(self, number: int) -> None:
        if number in self.apps:
            self.apps[number] = replace(self.apps[number], phone=f"91987654329{number}")
            self._edited()

    @rule(number=_NUMBERS)
    def toggle_subscription(self, number: int) -> None:
        self.hooked ^= {number}
        self._edited()

    @rule(kind=_KINDS, route=_ROUTES, nth=st.integers(1, 3))
    def fault(self, kind: str, route: str, nth: int) -> None:
        self.sim.world.faults.replace((Fault(kind, route, nth=(nth,)),))

    @rule(seconds=st.integers(1, 55))
    def late_link(self, seconds: int) -> None:
        fault = Fault("late", "link", nth=(1,), parameters={"seconds": seconds})
        self.sim.world.faults.replace((fault,))

    @rule(label=_EFFECTS, after=st.integers(1, 4), failure=st.sampled_from(list(Failure)))
    def strike(self, label: str, after: int, failure: Failure) -> None:
        self.sim.injector.failures = {(label, self.sim.injector.seen.get(label, 0) + after): failure}

    @rule(seed=st.integers(0, 9))
    def drift(self, seed: int) -> None:
        change_by_hand(seed, self.sim.world)

    @rule(seconds=st.sampled_from([1, 61, 600, 7200]))
    def pass_time(self, seconds: int) -> None:
        self.sim.pass_time(seconds)

    @rule(timeout=st.sampled_from([1, 30, 300]))
    def apply(self, timeout: int) -> None:
        ended = self.sim.apply(self._desired(), timeout=timeout)
        self.sim.pass_time(ERROR_PAUSE if ended.error else CRASH_PAUSE)

    @rule()
    def plan(self) -> None:
        since = len(self.sim.trace.requests)
        self.sim.plan(self._desired())
        assert not writes(self.sim, since)

    @rule(after=st.floats(0, 20))
    def second_process(self, after: float) -> None:
        _, met = self.sim.rivalry(self._desired(), after)
        assert all(isinstance(each, (Locked, ControllerError)) for each in met)
        self.sim.pass_time(ERROR_PAUSE)

    @invariant()
    def promises_hold(self) -> None:
        assert not violations(self.sim)

    def teardown(self) -> None:
        try:
            self._settles()
        finally:
            self.stack.close()

    def _settles(self) -> None:
        self.sim.world.faults.replace(())
        self.sim.injector.failures = {}
        for _ in range(6):
            ended = self.sim.apply(self._desired())
            self.sim.pass_time(ERROR_PAUSE)
        assert ended.error is None
        assert ended.plan is not None
        assert {each.reason for each in ended.plan.blocked} <= _TERMINAL
        self._all_is_there({each.item.app for each in ended.plan.blocked})
        assert not stays(self.sim, self._desired())
        assert not violations(self.sim)

    def _all_is_there(self, blocked: set[str]) -> None:
        """Whatever is not blocked stands at Gupshup as it is declared."""
        now, found = self._desired(), state(self.sim.world)
        for one in now.apps:
            if one.name not in blocked:
                hooks = [each for each in now.subscriptions if each.app == one.name]
                assert found[one.app_name]["phone"] == one.phone
                assert found[one.app_name]["live"]
                there = {
                    tag: (url, active) for tag, url, _, _, active, _ in found[one.app_name]["subscriptions"]
                }
                assert there.items() >= {each.tag: (each.url, each.active) for each in hooks}.items()


_MANY = int(os.environ.get("SIM_EXAMPLES", "0"))

ManifestMachine.TestCase.settings = settings(
    max_examples=_MANY or 12,
    stateful_step_count=60 if _MANY else 14,
    derandomize=not _MANY,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.target, *([Phase.shrink] if _MANY else [])],
)
TestManifestMachine = pytest.mark.timeout(1800)(ManifestMachine.TestCase)
