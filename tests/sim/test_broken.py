"""The product broken on purpose: each defect is found, by the least trouble that shows it, and only then."""

import pytest

from tests.sim.broken import BROKEN, Defect
from tests.sim.scenario import SCENARIOS
from tests.sim.story import Trouble
from tests.sim.yard import reference, run

_CASES = [pytest.param(defect, id=name) for name, defect in BROKEN.items()]
_PAIRS = [pytest.param(defect, id=name) for name, defect in BROKEN.items() if defect.least > 1]


@pytest.mark.parametrize("defect", _CASES)
def test_a_defect_breaks_a_promise(defect: Defect) -> None:
    ends = reference(defect.scenario)[2]
    tale = run(SCENARIOS[defect.scenario], defect.trouble, ends=ends, twist=defect.twist)
    assert tale.violations


@pytest.mark.parametrize("defect", _CASES)
def test_the_same_trouble_breaks_no_promise_of_the_product_as_it_is(defect: Defect) -> None:
    tale = run(SCENARIOS[defect.scenario], defect.trouble, ends=reference(defect.scenario)[2])
    assert not tale.violations


@pytest.mark.parametrize("defect", _PAIRS)
def test_some_defects_take_two_troubles_at_once(defect: Defect) -> None:
    faults = [Trouble((fault,)) for fault in defect.trouble.faults]
    blows = [Trouble(blows=(blow,)) for blow in defect.trouble.blows]
    ends = reference(defect.scenario)[2]
    for alone in (*faults, *blows):
        assert not run(SCENARIOS[defect.scenario], alone, ends=ends, twist=defect.twist).violations
