"""A Gupshup that never agrees about one app: few calls, a person has to act, and no other app waits."""

from collections.abc import Mapping

import pytest

from controller.model.passes import Pass
from controller.model.status import Condition
from controller.simulator import Fault
from tests.sim.long_run import LongRun
from tests.sim.oracle import endless_writes, violations
from tests.sim.run_dirs import run_dir
from tests.sim.scenario import SWITCHES, Scenario, app, desired, subscription, there
from tests.sim.simulated_world import HOUR, SimulatedWorld
from tests.sim.trace import Request

_ONE, _TWO = app(1, callback_url=None), app(2, callback_url=None)
_SORTED = "https://hooks.example.com/events?b=1&a=2"


def two(*, switches: tuple[str, ...] = (), tag: str = "gitops-events", url: str = "") -> Scenario:
    """Declare two apps, each with a subscription; the first one's may be special."""
    more = {"url": url} if url else {}
    first = subscription(_ONE, tag, headers={}, **more)
    whole = desired(_ONE, _TWO, first, subscription(_TWO, headers={}))
    return Scenario("two", (whole,), (there(_ONE),), switches=(*SWITCHES, *switches))


def _fault(kind: str, route: str, **parameters: object) -> Fault:
    return Fault(kind, route, name=_ONE.app_name, parameters=parameters)


_TAKEN: Mapping[str, object] = {"status": 400, "message": "Duplicate component tag", "plain": True}


@pytest.mark.parametrize(
    ("scenario", "fault", "reason"),
    [
        pytest.param(two(), _fault("500", "subscribe"), "NoClearAnswer", id="a standing 500"),
        pytest.param(two(), _fault("lose-request", "subscribe"), "NoClearAnswer", id="no answer, ever"),
        pytest.param(
            two(), _fault("status", "subscribe", **_TAKEN), "TagTaken", id="a tag that is not there"
        ),
        pytest.param(two(), _fault("unkept", "subscribe"), "WillNotConverge", id="said and not done"),
        pytest.param(
            two(switches=("tag-case=lower",), tag="Gitops-Events"), None, "TagTaken", id="tags in lower case"
        ),
        pytest.param(
            two(switches=("url-shown=sorted",), url=_SORTED), None, "WillNotConverge", id="another query"
        ),
    ],
)
def test_a_gupshup_that_never_agrees_about_one_app_gets_few_writes(
    scenario: Scenario, fault: Fault | None, reason: str
) -> None:
    with run_dir() as context:
        sim = SimulatedWorld(scenario, context, faults=(fault,) if fault else ())
        long_run = LongRun(sim, ((0.0, scenario.last),))
        for _ in range(2):  # what it knows outlives the process
            long_run.run(HOUR)
        assert [*endless_writes(sim), *violations(sim)] == []
        assert len(_writes(sim, _ONE.name)) <= 14
        (other,) = _writes(sim, _TWO.name)
        assert other.at - sim.timeline.now() + 2 * HOUR < 120, "the other one is live after a minute"
        assert _last(long_run.passes, "Ready").reason == reason
        assert _last(long_run.passes, "Stalled").reason == reason


def _writes(sim: SimulatedWorld, name: str) -> list[Request]:
    mine = (each for each in sim.trace.requests if each.target.endswith(f"on App/{name}"))
    return [each for each in mine if each.verb]


def _last(passes: list[Pass], kind: str) -> Condition:
    moved = (each for done in passes for each in done.transitions)
    return [each.after for each in moved if each.item.name == _ONE.name and each.after.type == kind][-1]
