"""Every kind of disruption at every effect of a run, alone, and pairs by a seed; in slices for workers.

`make explore` runs every scenario and all pairs. In a normal run: `SIM_SCENARIOS=all` for every scenario,
`SIM_PAIRS=1000` for more pairs.
"""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from tests.sim.effects import Failure
from tests.sim.exploration_summary import ExplorationSummary, write
from tests.sim.explore import places, sample, singles
from tests.sim.injection_points import Point
from tests.sim.run_dirs import reference, run
from tests.sim.scenario import SCENARIOS

_USUAL = ("link", "rename", "pre-exists", "unsubscribe", "saved plan of changes")
_NAMED = os.environ.get("SIM_SCENARIOS", ",".join(_USUAL))
NAMES = tuple(SCENARIOS) if _NAMED == "all" else tuple(_NAMED.split(","))
PAIRS = int(os.environ.get("SIM_PAIRS", "60"))
SLICES = 12
"""Slices of one scenario's points: each takes some seconds."""


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(SLICES))
@pytest.mark.parametrize("name", NAMES)
def test_no_single_disruption_breaks_a_promise(name: str, part: int) -> None:
    summary = singles((name,), part=part, parts=SLICES)
    assert not summary.findings, summary.findings_text()
    assert summary.missed == 0, "a disruption that never comes shows nothing"
    assert summary.runs == len(places(name)[part::SLICES])


def test_the_slices_of_an_exploration_cover_every_point() -> None:
    """Many points, and each of them is run in one slice."""
    assert sum(len(places(name)) for name in NAMES) > 500
    for name in NAMES:
        parts = [place for part in range(SLICES) for place in places(name)[part::SLICES]]
        assert sorted(parts) == list(range(len(reference(name)[1].points)))


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("name", SCENARIOS)
def test_no_sampled_pair_of_disruptions_breaks_a_promise(name: str) -> None:
    summary = sample((name,), seed=1, count=-(-PAIRS // len(SCENARIOS)))
    assert not summary.findings, summary.findings_text()


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_scenario_settles_without_disruption(name: str) -> None:
    result, points, ends = reference(name)
    assert not result.violations
    assert len(points.points) > 50  # one that is held from the beginning has few
    assert result.end in ends


def test_a_kill_during_a_transaction_leaves_what_a_kill_before_it_leaves() -> None:
    """That is why the exploration leaves one of them out."""
    _, points, ends = reference("link")
    opening = next(each.effect for each in points.points if each.effect.label == "IntentTable.open")
    before, during = (
        run(SCENARIOS["link"], Point(opening, failure=failure).disruption, ends=ends)
        for failure in (Failure.BEFORE, Failure.DURING)
    )
    assert before.lines == during.lines


def test_a_kill_leaves_what_was_committed_and_nothing_else() -> None:
    """The intent is on disk once it was opened; killed before that, there is none and none was sent."""
    _, points, _ = reference("link")
    opening = next(each.effect for each in points.points if each.effect.label == "IntentTable.open")
    told = {
        failure: [
            line
            for line in run(SCENARIOS["link"], Point(opening, failure=failure).disruption).lines
            if " p1 " in line
        ]
        for failure in (Failure.BEFORE, Failure.AFTER)
    }
    assert not [line for line in told[Failure.BEFORE] if "INSERT INTO intents" in line]
    assert [line for line in told[Failure.AFTER] if "INSERT INTO intents" in line]
    assert not [line for line in told[Failure.AFTER] if "POST /partner/tpp/app" in line]


def test_an_exploration_summary_is_written_as_json(tmp_path: Path) -> None:
    """Runs of hours end in this file."""
    summary = ExplorationSummary(
        points=3, pruned=Counter({"alike": 2}), runs=1, persons=Counter({"Rejected": 1})
    )
    summary.add(ExplorationSummary(worst={"link": (10, 10)}))
    write({"singles": summary}, str(tmp_path / "summary.json"))
    told = json.loads((tmp_path / "summary.json").read_text())["singles"]
    assert (told["points"], told["pruned"], told["persons"]) == (3, {"alike": 2}, {"Rejected": 1})
    assert told["worst"] == {"link": [10, 10]}
