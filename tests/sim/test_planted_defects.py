"""The product broken on purpose: the least disruption that shows a defect finds it, and no less."""

import pytest

from tests.sim.defects import Defect
from tests.sim.planted_account_mixups import DEFECTS_OF_ACCOUNTS
from tests.sim.planted_defects import DEFECTS_IN_FUNCTIONS
from tests.sim.planted_defects_at_ports import DEFECTS_AT_PORTS
from tests.sim.planted_endless_writes import DEFECTS_OF_ENDLESS_WRITES
from tests.sim.planted_token_defects import DEFECTS_OF_TOKENS
from tests.sim.sim_run import Disruption

PLANTED = {
    **DEFECTS_AT_PORTS,
    **DEFECTS_IN_FUNCTIONS,
    **DEFECTS_OF_ENDLESS_WRITES,
    **DEFECTS_OF_ACCOUNTS,
    **DEFECTS_OF_TOKENS,
}
_CASES = [pytest.param(defect, id=name) for name, defect in PLANTED.items()]
_PAIRS = [pytest.param(defect, id=name) for name, defect in PLANTED.items() if defect.least > 1]


@pytest.mark.parametrize("defect", _CASES)
def test_a_planted_defect_breaks_its_promise(defect: Defect) -> None:
    found = defect.found()
    assert [each for each in found if each.startswith(f"{defect.breaks}:")], found


@pytest.mark.parametrize("defect", _CASES)
def test_the_same_disruption_breaks_no_promise_without_the_defect(defect: Defect) -> None:
    assert not defect.found(unmutated=True)


@pytest.mark.parametrize("defect", _PAIRS)
def test_a_defect_that_needs_two_disruptions_is_not_found_by_one(defect: Defect) -> None:
    faults = [Disruption((fault,)) for fault in defect.disruption.faults]
    failures = [Disruption(failures=(failure,)) for failure in defect.disruption.failures]
    for alone in (*faults, *failures):
        assert not defect.found(alone)


def test_planted_defects_cover_many_promises() -> None:
    assert len({defect.breaks for defect in PLANTED.values()}) >= 18
