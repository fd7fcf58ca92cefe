"""What may still change while somebody waits for it, and what only a person or many days can end."""

import pytest

from controller.core.planning.waits import WAITS, EndedBy
from controller.core.status.movement import moving, unsendable
from controller.core.status.state import ResourceState, state_of
from controller.model.plan import Item, Kind, WaitFor
from controller.model.status import Condition, Status
from tests.builders.status import FALSE, TRUE, UNKNOWN, condition, item_named, status_of

APP, SUB = item_named(), Item(Kind.SUBSCRIPTION, "main", "acme", "events")
READY = condition("Ready", TRUE)


def waiting(reason: str) -> tuple[Condition, Condition]:
    return condition("Ready", FALSE, reason), condition("Reconciling", TRUE, reason)


STALLED = (condition("Ready", FALSE, "AppLost"), condition("Stalled", TRUE, "AppLost"))


def items(*statuses: Status) -> list[str]:
    return [str(item) for item in moving(statuses)]


@pytest.mark.parametrize("wait_for", list(WaitFor))
def test_what_waits_moves_unless_a_person_or_many_days_end_it(wait_for: WaitFor) -> None:
    wait = WAITS[wait_for]
    ends = wait.ended_by is not EndedBy.PERSON and wait_for is not WaitFor.SENDABLE
    assert bool(items(status_of(APP, *waiting(wait.reason)))) is ends


@pytest.mark.parametrize(
    ("conditions", "moves"),
    [
        pytest.param(waiting("ChangePlanned"), True, id="the next pass makes the change"),
        pytest.param(waiting("Provisioning"), True, id="Gupshup provisions the app"),
        pytest.param(waiting("Unverifiable"), False, id="only a person writes what cannot be read"),
        pytest.param([condition("Ready", FALSE, "Held")], False, id="a guard holds it"),
        pytest.param(STALLED, False, id="stalled"),
        pytest.param([READY], False, id="ready"),
        pytest.param(
            [condition("Ready", FALSE, "Held"), condition("Reconciling", TRUE, "AwaitingLive")],
            True,
            id="held, and something else of it moves",
        ),
    ],
)
def test_a_resource_moves_while_something_but_a_person_may_end_its_state(
    conditions: list[Condition], *, moves: bool
) -> None:
    assert bool(items(status_of(APP, *conditions))) is moves


def test_what_waits_for_a_stalled_app_does_not_move() -> None:
    sub = status_of(SUB, *waiting("AwaitingLive"))
    assert items(status_of(APP, *waiting("Provisioning")), sub) == [str(APP), str(SUB)]
    assert items(status_of(APP, *STALLED), sub) == []
    assert items(status_of(APP, *STALLED), status_of(SUB, *waiting("RateLimited"))) == [str(SUB)]


def test_what_waits_for_an_app_that_only_another_subscription_stalls_moves() -> None:
    other = Item(Kind.SUBSCRIPTION, "main", "acme", "other")
    sub = status_of(SUB, *waiting("AwaitingLive"))
    assert items(status_of(APP, *STALLED), status_of(other, *STALLED), sub) == [str(SUB)]


def test_the_condition_says_why_something_moves() -> None:
    (found,) = moving([status_of(APP, *waiting("RateLimited"))]).values()
    assert (found.type, found.reason) == ("Reconciling", "RateLimited")


def test_apps_that_cannot_send_are_named() -> None:
    sick = status_of(APP, *waiting("NotSendable"))
    assert unsendable([sick, status_of("well", READY), status_of("slow", *waiting("AwaitingLive"))]) == [APP]


@pytest.mark.parametrize(
    ("conditions", "state"),
    [
        pytest.param([condition("Ready", FALSE, "x"), *STALLED], ResourceState.STALLED, id="stalled"),
        pytest.param([condition("Ready", FALSE, "Held")], ResourceState.HELD, id="held"),
        pytest.param(
            [condition("Ready", FALSE, "Held"), condition("Reconciling", TRUE, "Held")],
            ResourceState.HELD,
            id="held, as an earlier release stored it",
        ),
        pytest.param(waiting("RateLimited"), ResourceState.RECONCILING, id="reconciling"),
        pytest.param([condition("Ready", UNKNOWN, "Held")], ResourceState.UNKNOWN, id="unknown"),
        pytest.param([], ResourceState.UNKNOWN, id="nothing is known"),
        pytest.param([READY], ResourceState.READY, id="ready"),
    ],
)
def test_a_state_is_the_most_urgent_word(conditions: list[Condition], state: ResourceState) -> None:
    assert state_of(status_of(APP, *conditions))[0] is state
