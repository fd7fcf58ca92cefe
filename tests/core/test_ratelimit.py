"""Which budgets a call counts in, when the next may go, and that no window at Gupshup is ever overfull."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.ratelimit import budgets, cool_down, earliest, window
from controller.model.manifest import LIMITS, AppId, Bucket, Limit
from controller.model.ratelimit import DEADLINE, Budget, CallSpan

APP = AppId("7f9c24e5-1111-4222-8333-444455556666")
MINUTE = Limit(10, 60)
SECOND = Limit(10, 1)
REST = Budget("other", SECOND)
TWO = Limit(2, 60)
NOW = 1_000.0


@pytest.mark.parametrize(
    ("limit", "seconds"),
    [
        pytest.param(Limit(10, 60), 62.0, id="a minute is kept as 62 seconds"),
        pytest.param(Limit(10, 1), 1.2, id="a second is kept as 1.2"),
        pytest.param(Limit(1, 10), 12.0, id="from ten seconds on the margin is two"),
    ],
)
def test_a_rate_limit_window_is_kept_with_a_margin(limit: Limit, seconds: float) -> None:
    assert window(limit) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("bucket", "app_id", "counted"),
    [
        pytest.param(
            Bucket.LINK, None, [Budget("link", MINUTE), REST], id="a link counts by itself and in the rest"
        ),
        pytest.param(Bucket.LOGIN, None, [Budget("login", MINUTE)], id="a login only by itself"),
        pytest.param(
            Bucket.CALLBACK, APP, [Budget("callback", MINUTE), REST], id="a callback counts per partner"
        ),
        pytest.param(Bucket.PIPELINE, APP, [Budget("pipeline", SECOND), REST], id="so does a pipeline"),
        pytest.param(
            Bucket.LIST, None, [Budget("list", SECOND), REST], id="a list is fast until told otherwise"
        ),
        pytest.param(Bucket.OTHER, APP, [REST], id="what has no figure counts in the rest"),
        pytest.param(
            Bucket.TOKEN,
            APP,
            [Budget(f"token:{APP}", MINUTE), REST],
            id="a token counts for its app and in the rest",
        ),
        pytest.param(
            Bucket.SUBSCRIPTION,
            APP,
            [Budget(f"subscription:{APP}", Limit(5, 60)), REST],
            id="so does a subscription",
        ),
    ],
)
def test_a_call_counts_in_the_budgets_of_its_route(
    bucket: Bucket, app_id: AppId | None, counted: list[Budget]
) -> None:
    assert list(budgets(bucket, app_id)) == counted


@pytest.mark.parametrize(
    ("declared", "kept"),
    [
        pytest.param(LIMITS, Limit(10, 60), id="the published one becomes ten a minute"),
        pytest.param({Bucket.LIST: Limit(1, 1)}, Limit(10, 60), id="a declared one is no excuse"),
        pytest.param({Bucket.LIST: Limit(5, 60)}, Limit(5, 60), id="unless it is slower still"),
    ],
)
def test_a_slow_list_has_a_slower_budget(declared: dict[Bucket, Limit], kept: Limit) -> None:
    assert budgets(Bucket.LIST, None, limits=declared, slow_list=True) == (Budget("list", kept), REST)


def test_a_slow_list_slows_nothing_else() -> None:
    assert budgets(Bucket.OTHER, None, slow_list=True) == (REST,)


def test_a_partner_may_declare_its_own_limits() -> None:
    assert budgets(Bucket.LINK, None, limits={Bucket.LINK: Limit(3, 60)}) == (
        Budget("link", Limit(3, 60)),
        REST,
    )


@pytest.mark.parametrize("app_id", [None, AppId("")], ids=["none", "an empty one"])
def test_a_budget_per_app_needs_an_app(app_id: AppId | None) -> None:
    with pytest.raises(ValueError, match="needs its app"):
        budgets(Bucket.SUBSCRIPTION, app_id)


@pytest.mark.parametrize(
    ("stays", "rest_until", "moment"),
    [
        pytest.param([], 0, NOW, id="nothing was called: now"),
        pytest.param([CallSpan(NOW - 5, NOW - 4)], 0, NOW, id="one of two: now"),
        pytest.param(
            [CallSpan(NOW - 9, NOW - 8), CallSpan(NOW - 5, NOW - 4)], 0, NOW + 54, id="full: when one leaves"
        ),
        pytest.param(
            [CallSpan(NOW - 70, NOW - 62), CallSpan(NOW - 5, NOW - 4)], 0, NOW, id="a window after its end"
        ),
        pytest.param(
            [CallSpan(NOW - 70, NOW - 61), CallSpan(NOW - 5, NOW - 4)],
            0,
            NOW + 1,
            id="not one after its start",
        ),
        pytest.param(
            [CallSpan(NOW - 9, NOW - 8), CallSpan(NOW - 5, NOW - 4), CallSpan(NOW - 3, NOW - 2)],
            0,
            NOW + 58,
            id="overfull: when all but one have left",
        ),
        pytest.param(
            [CallSpan(NOW - 5), CallSpan(NOW - 4)],
            0,
            NOW + 62,
            id="going on: a window from now, if one ended now",
        ),
        pytest.param(
            [CallSpan(NOW - DEADLINE - 61), CallSpan(NOW - 1)],
            0,
            NOW + 1,
            id="no end came: counted to its deadline",
        ),
        pytest.param(
            [CallSpan(NOW - DEADLINE - 62), CallSpan(NOW - 1)], 0, NOW, id="no end ever: not counted for ever"
        ),
        pytest.param([], NOW + 30, NOW + 30, id="at rest: when that is over"),
        pytest.param([], NOW - 30, NOW, id="rested: now"),
        pytest.param(
            [CallSpan(NOW - 9, NOW - 8)] * 2, NOW + 99, NOW + 99, id="full and at rest: the later one"
        ),
    ],
)
def test_the_next_call_may_go_at_the_earliest_time_of_all_budgets(
    stays: list[CallSpan], rest_until: float, moment: float
) -> None:
    assert earliest(stays, NOW, TWO, rest_until) == pytest.approx(moment, rel=0, abs=1e-3)


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        pytest.param(None, 62, id="nothing said: a window"),
        pytest.param(0, 62, id="zero: a window all the same"),
        pytest.param(-5, 62, id="the past: a window"),
        pytest.param(float("nan"), 62, id="no number: a window"),
        pytest.param(300, 300, id="more: as long as was asked"),
        pytest.param(99_999_999_999, 900, id="absurd: fifteen minutes"),
    ],
)
def test_a_429_makes_a_budget_cool_down(retry_after: float | None, seconds: float) -> None:
    assert cool_down(MINUTE, retry_after) == pytest.approx(seconds)


@dataclass(slots=True)
class Call:
    """One call as the world sees it: *arrival* is known to Gupshup only, *end* None where we died."""

    start: float
    arrival: float
    end: float | None

    def seen(self, now: float) -> CallSpan:
        """Return what the log holds of it at *now*."""
        return CallSpan(self.start, self.end if self.end is not None and self.end <= now else None)


@dataclass(slots=True)
class Callers:
    """Any number of processes over one log; each goes as soon as it is let, none remembers anything."""

    limit: Limit
    now: float = NOW
    calls: list[Call] = field(default_factory=list)

    def go(self, takes: float, reaches: float, *, dies: bool) -> None:
        while (moment := earliest(self.log(), self.now, self.limit, 0)) > self.now:
            self.now = moment
        lasts = DEADLINE * takes / 2 if dies else takes
        end = None if dies else self.now + lasts
        self.calls.append(Call(self.now, self.now + lasts * reaches, end))

    def log(self) -> list[CallSpan]:
        return [call.seen(self.now) for call in self.calls]


def worst(arrivals: Sequence[float], seconds: float) -> int:
    """Return the most arrivals that any window of *seconds* holds."""
    return max(
        (sum(1 for other in arrivals if first <= other <= first + seconds) for first in arrivals), default=0
    )


STEPS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.0, 0.05, 1.0, 7.0]),  # before the next attempt
        st.floats(0, 2),  # how long the call takes
        st.sampled_from([0.0, 0.5, 1.0]),  # where in it Gupshup is reached
        st.sampled_from([False, False, False, True]),  # the process dies in the call
    ),
    min_size=1,
    max_size=60,
)


@given(STEPS, st.sampled_from([MINUTE, SECOND, Limit(5, 60), Limit(1, 1)]))
def test_no_window_at_gupshup_is_ever_overfull(
    steps: list[tuple[float, float, float, bool]], limit: Limit
) -> None:
    """Whatever the jitter, however often processes die, and however many of them there are."""
    callers = Callers(limit)
    for gap, takes, reaches, dies in steps:
        callers.now += gap
        callers.go(takes, reaches, dies=dies)
    assert worst([call.arrival for call in callers.calls], limit.seconds) <= limit.calls


def test_rate_limiting_is_no_slower_than_it_must_be() -> None:
    """Forty quick calls at ten a minute take three windows."""
    callers = Callers(MINUTE)
    for _ in range(40):
        callers.go(0.0, 0.0, dies=False)
    assert callers.now - NOW == pytest.approx(3 * window(MINUTE))
