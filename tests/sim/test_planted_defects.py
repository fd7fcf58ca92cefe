"""The product broken on purpose: each defect is found, by the least trouble that shows it, and only then."""

import pytest

from tests.sim.defects import Defect
from tests.sim.planted_account_mixups import MISTAKEN
from tests.sim.planted_defects import MISPLACED
from tests.sim.planted_defects_at_ports import BROKEN
from tests.sim.planted_endless_writes import UNENDING
from tests.sim.sim_run import Trouble

PLANTED = {**BROKEN, **MISPLACED, **UNENDING, **MISTAKEN}
_CASES = [pytest.param(defect, id=name) for name, defect in PLANTED.items()]
_PAIRS = [pytest.param(defect, id=name) for name, defect in PLANTED.items() if defect.least > 1]


@pytest.mark.parametrize("defect", _CASES)
def test_a_defect_breaks_its_promise(defect: Defect) -> None:
    found = defect.found()
    assert [each for each in found if each.startswith(f"{defect.breaks}:")], found


@pytest.mark.parametrize("defect", _CASES)
def test_the_same_trouble_breaks_no_promise_of_the_product_as_it_is(defect: Defect) -> None:
    assert not defect.found(straight=True)


@pytest.mark.parametrize("defect", _PAIRS)
def test_some_defects_take_two_troubles_at_once(defect: Defect) -> None:
    faults = [Trouble((fault,)) for fault in defect.trouble.faults]
    blows = [Trouble(blows=(blow,)) for blow in defect.trouble.blows]
    for alone in (*faults, *blows):
        assert not defect.found(alone)


def test_defects_are_spread_over_the_promises() -> None:
    assert len({defect.breaks for defect in PLANTED.values()}) >= 18
