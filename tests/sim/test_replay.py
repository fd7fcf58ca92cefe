"""Equal inputs, equal traces: whatever was found can be replayed, line by line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from controller.simulator import Fault
from tests.sim.effects import Failure
from tests.sim.random_worlds import seeded
from tests.sim.run_dirs import run
from tests.sim.scenario import SCENARIOS
from tests.sim.sim_run import Disruption

ROOT = Path(__file__).parents[2]
TROUBLE = Disruption(
    (Fault("late", "link", nth=(1,), parameters={"seconds": 50}),), (("list", 2, Failure.AFTER),)
)


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_same_disruption_leaves_the_same_trace(name: str) -> None:
    first, second = (run(SCENARIOS[name], TROUBLE) for _ in range(2))
    assert first.lines == second.lines
    assert first.digest == second.digest


def test_another_seed_leaves_another_trace() -> None:
    assert len({run(SCENARIOS["link"], Disruption(seed=seed)).digest for seed in (1, 2, 3)}) == 3


@pytest.mark.parametrize("seed", [3, 8])
def test_no_order_of_hashes_and_no_address_in_memory_leaks_into_a_trace(seed: int) -> None:
    """Another interpreter, with other hashes of strings, leaves the very same trace."""
    code = f"from tests.sim.random_worlds import seeded; print(seeded({seed}).digest)"
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**unmeasured, "PYTHONHASHSEED": hashes, "PYTHONPATH": str(ROOT)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        for hashes in ("1", "77")
    }
    assert told == {seeded(seed).digest}


def test_a_trace_holds_every_request_and_every_write_to_the_store() -> None:
    lines = run(SCENARIOS["link"], Disruption()).lines
    (link,) = [line for line in lines if "POST /partner/tpp/app -> 200" in line]
    (intent,) = [line for line in lines if "INSERT INTO intents" in line]
    assert link.startswith("1700000000.")
    assert "effect=True" in link
    assert lines.index(intent) < lines.index(link)
