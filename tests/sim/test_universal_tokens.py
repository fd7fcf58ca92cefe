"""After April 2027: only Universal Tokens, secrets that are rotated, and a process that is restarted daily.

`TOKEN_DAYS=130 TOKEN_APPS=1000 TOKEN_RESTARTS=20` is the long run.
"""

import os

import pytest

from controller.model.passes import Timing
from controller.simulator.control.account_changes import change_account
from tests.sim.long_run import LongRun
from tests.sim.oracle import violations
from tests.sim.run_dirs import run_dir
from tests.sim.scenario import (
    OLD_ENDED,
    SECRETS,
    SWITCHES,
    UNIVERSAL,
    Scenario,
    app,
    desired,
    subscription,
    there,
)
from tests.sim.simulated_world import HOUR, SimulatedWorld

DAYS = int(os.environ.get("TOKEN_DAYS", "30"))
APPS = int(os.environ.get("TOKEN_APPS", "2"))
RESTARTS = int(os.environ.get("TOKEN_RESTARTS", "3"))
DAY = 24 * HOUR
SLOW = Timing(interval=HOUR, drift=6 * HOUR, hint_poll=HOUR)


def rotate(sim: SimulatedWorld, secret: str, *, old_lives: float = 0.0) -> None:
    """Let the partner's people make a new client secret, and give it to the next process."""
    change_account(sim.world, {"secret": secret, "oldSecretLives": old_lives})
    sim.environ = {**sim.environ, "GUPSHUP_SECRET": secret}


def settled(apps: int) -> Scenario:
    """Return a fleet that is there as it is declared."""
    fleet = [app(number, callback_url=None) for number in range(apps)]
    hooks = [subscription(each, headers={}) for each in fleet]
    seeded = [
        there(
            each,
            id=f"00000000-0000-4000-8000-{number:012}",
            subscriptions=[
                {"tag": hook.tag, "url": hook.url, "version": hook.version, "modes": sorted(hook.modes)}
            ],
        )
        for number, (each, hook) in enumerate(zip(fleet, hooks, strict=True))
    ]
    return Scenario(
        "2027", (desired(*fleet, *hooks, partner=UNIVERSAL),), tuple(seeded), (*SWITCHES, *OLD_ENDED)
    )


@pytest.mark.timeout(36_000)
def test_months_of_restarts_and_two_rotations_fail_no_pass_and_keep_two_tokens_at_most() -> None:
    scenario = settled(APPS)
    with run_dir() as context:
        sim = SimulatedWorld(scenario, context)
        long_run = LongRun(sim, [(0.0, scenario.last)], SLOW)
        for start in range(DAYS * RESTARTS):
            if start in {DAYS * RESTARTS // 3, 2 * DAYS * RESTARTS // 3}:
                rotate(sim, f"another-secret-of-start-{start}")
            long_run.run(DAY / RESTARTS)
        failed = [each.error for each in long_run.passes if each.error]
        assert failed == []
        assert violations(sim) == []
        minted = sum(each.route == "mintPartner" for each in sim.trace.requests)
        assert minted <= DAYS / 3.5 + 2 * 2 + 1, "each half of a week, and twice for each rotation"
        assert {each.route for each in sim.trace.requests} == {
            "unknown",
            "mintPartner",
            "revokePartner",
            "list",
            "subscriptions",
            "wabaInfo",
        }


@pytest.mark.parametrize("shift", [-40 * DAY, 40 * DAY])
def test_gupshups_clock_counts_and_not_ours(shift: float) -> None:
    scenario = settled(1)
    with run_dir() as context:
        sim = SimulatedWorld(
            Scenario(
                scenario.name,
                scenario.revisions,
                scenario.seeded,
                (*scenario.switches, f"clock-shift={shift}"),
            ),
            context,
        )
        for _ in range(20):
            assert sim.apply(scenario.last).error is None
            sim.pass_time(DAY)
        assert violations(sim) == []
        assert sum(each.route == "mintPartner" for each in sim.trace.requests) <= 20 / 3.5 + 1


def test_a_secret_that_is_rotated_while_a_process_runs_is_used_at_the_next_renewal() -> None:
    scenario = settled(1)
    with run_dir() as context:
        sim = SimulatedWorld(scenario, context)
        sim.apply(scenario.last)
        rotate(sim, "another-secret")
        assert sim.apply(scenario.last).error is None
        rotate(sim, SECRETS["GUPSHUP_SECRET"])
        assert sim.apply(scenario.last).error is None
        assert violations(sim) == []
