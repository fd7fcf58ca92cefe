"""After April 2027: only Universal Tokens, secrets that are rotated, and a process that is restarted daily.

`TOKEN_DAYS=130 TOKEN_APPS=1000 TOKEN_RESTARTS=20` is the long run.
"""

import os
from dataclasses import replace

import pytest

from controller.model.notice import Notice
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
)
from tests.sim.settled_fleet import settled
from tests.sim.simulated_world import HOUR, SimulatedWorld
from tests.sim.timeline import START

DAYS = int(os.environ.get("TOKEN_DAYS", "30"))
APPS = int(os.environ.get("TOKEN_APPS", "2"))
RESTARTS = int(os.environ.get("TOKEN_RESTARTS", "3"))
DAY = 24 * HOUR
SLOW = Timing(interval=HOUR, drift=6 * HOUR, hint_poll=HOUR)


def rotate(sim: SimulatedWorld, secret: str, *, old_lives: float = 0.0) -> None:
    """Let the partner's people make a new client secret, and give it to the next process."""
    change_account(sim.world, {"secret": secret, "oldSecretLives": old_lives})
    sim.environ = {**sim.environ, "GUPSHUP_SECRET": secret}


@pytest.mark.timeout(36_000)
def test_months_of_restarts_and_two_rotations_fail_no_pass_and_keep_two_tokens_at_most() -> None:
    """Each start may be the one that tells of the secret's end: it is told once, 14 days ahead."""
    ending = replace(UNIVERSAL, expires=START + max(DAYS - 1, 16) * DAY)
    scenario = settled(APPS, ending, *SWITCHES, *OLD_ENDED)
    with run_dir() as context:
        sim = SimulatedWorld(scenario, context)
        notices = list[Notice]()
        long_run = LongRun(sim, [(0.0, scenario.last)], SLOW, notices=notices, alert_every=600.0)
        for start in range(DAYS * RESTARTS):
            if start in {DAYS * RESTARTS // 3, 2 * DAYS * RESTARTS // 3}:
                rotate(sim, f"another-secret-of-start-{start}")
            long_run.run(DAY / RESTARTS)
        failed = [each.error for each in long_run.passes if each.error]
        assert failed == []
        assert violations(sim) == []
        minted = sum(each.route == "mintPartner" for each in sim.trace.requests)
        most = DAYS / 3.5 + 2 * 2 + 2
        assert minted <= most, "each half of a week, twice for each rotation, and first for a day"
        told = [each.title.partition(" ends in ")[2] for each in notices if "client secret" in each.title]
        assert told[:2] in (["13 d 23 h"], ["13 d 23 h", "6 d 23 h"]), "as soon as somebody looks"
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
    scenario = settled(1, UNIVERSAL, *SWITCHES, *OLD_ENDED)
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
    scenario = settled(1, UNIVERSAL, *SWITCHES, *OLD_ENDED)
    with run_dir() as context:
        sim = SimulatedWorld(scenario, context)
        sim.apply(scenario.last)
        rotate(sim, "another-secret")
        assert sim.apply(scenario.last).error is None
        rotate(sim, SECRETS["GUPSHUP_SECRET"])
        assert sim.apply(scenario.last).error is None
        assert violations(sim) == []
