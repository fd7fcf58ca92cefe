"""The throttle: however many events come in, they cause few observations."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from controller.core.schedule.throttle import Throttle

ACME, BAKERY = ("AcmeSupport",), ("Bakery",)


def test_a_first_observation_may_go_at_once() -> None:
    assert Throttle().earliest(ACME, 100.0) == 100.0


def test_an_app_is_observed_again_after_its_quiet_time() -> None:
    spent = Throttle(quiet=5.0).after(ACME, 100.0)
    assert spent.earliest(ACME, 101.0) == 105.0
    assert spent.earliest(BAKERY, 101.0) == 101.0


def test_an_exhausted_throttle_waits_until_the_oldest_observation_leaves_its_window() -> None:
    spent = Throttle(reads=2, seconds=60.0).after(ACME, 100.0).after(BAKERY, 110.0)
    assert spent.earliest(("Clinic",), 120.0) == 160.0
    assert spent.earliest(("Clinic",), 161.0) == 161.0


@given(st.lists(st.tuples(st.floats(0, 10), st.integers(0, 30)), max_size=200))
def test_no_window_of_the_throttle_ever_holds_more_than_is_allowed(events: list[tuple[float, int]]) -> None:
    """Every event is let through as early as it may: the greediest sequence there is."""
    allowance, now, looked = Throttle(reads=5, seconds=60.0, quiet=5.0), 0.0, []
    for pause, app in events:
        now = max(now + pause, allowance.earliest((str(app),), now + pause))
        allowance = allowance.after((str(app),), now)
        looked.append((now, app))

    assert len(allowance.spent) <= 5
    assert all(later >= first + 60.0 for (first, _), (later, _) in zip(looked, looked[5:], strict=False))
    for app in {app for _, app in looked}:
        mine = [at for at, other in looked if other == app]
        assert all(later >= first + 5.0 for first, later in pairwise(mine))
