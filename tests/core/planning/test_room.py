"""Room for subscriptions: five an app, those of others included, and the answer that says so."""

from dataclasses import replace

import pytest

from controller.core.planning.actions import TOO_MANY_SUBSCRIPTIONS
from controller.core.planning.digest import of_subscription, subscription_key
from controller.core.planning.outcomes.write_outcomes import AnswerContext, of_rejection
from controller.errors import Rejected
from controller.model.memory import Memory, Refusal, Refuse
from controller.model.plan import Outcome, Plan, Subscribe, Unsubscribe, Update, WaitFor
from controller.model.upstream import RemoteSubscription
from tests.builders.manifest import APP, OURS, PRUNING, WANTED, desired, subscription
from tests.builders.memory import NOW, memory
from tests.builders.plan import observed, planned
from tests.builders.upstream import MOVED, app_id, live, looked, remote

KEY = subscription_key(app_id(1), WANTED.tag)
WORDS = "Maximum of 5 subscriptions"


def others(count: int) -> tuple[RemoteSubscription, ...]:
    return tuple(remote(subscription(1, f"other-{number}"), str(90 + number)) for number in range(count))


def plan_for(*there: RemoteSubscription, tags: tuple[str, ...], known: Memory | None = None) -> Plan:
    wanted = [subscription(1, tag) for tag in tags]
    return planned(desired(APP, *wanted), observed(live(1), facts=looked(1, there={1: there}), known=known))


@pytest.mark.parametrize(
    ("listed", "made", "blocked"),
    [
        pytest.param(2, ["a", "b", "c"], [], id="all fit"),
        pytest.param(3, ["a", "b"], ["c"], id="the first ones by name fit"),
        pytest.param(4, ["a"], ["b", "c"], id="one fits"),
        pytest.param(5, [], ["a", "b", "c"], id="none fits"),
        pytest.param(7, [], ["a", "b", "c"], id="more than there may be"),
    ],
)
def test_as_many_are_made_as_fit_beside_those_of_others(
    listed: int, made: list[str], blocked: list[str]
) -> None:
    plan = plan_for(*others(listed), tags=("c", "a", "b"))
    assert [each.subscription.name for each in plan.actions if isinstance(each, Subscribe)] == made
    assert [(each.item.name, each.reason) for each in plan.blocked] == [
        (name, "TooManySubscriptions") for name in blocked
    ]
    assert all(f"{listed} subscriptions" in each.message for each in plan.blocked)


def test_an_existing_one_is_updated_whatever_the_others() -> None:
    plan = plan_for(MOVED, *others(4), tags=("events", "a"))
    assert [type(each) for each in plan.actions] == [Update]
    assert [each.item.name for each in plan.blocked] == ["a"]


def test_what_must_wait_anyway_takes_no_room() -> None:
    taken = subscription_key(app_id(1), "a")
    first = replace(subscription(1, "a"))
    known = memory(refusals=[Refusal(taken, of_subscription(first), "Rejected", "no", NOW)])
    plan = plan_for(*others(4), tags=("a", "b"), known=known)
    assert [each.subscription.name for each in plan.actions if isinstance(each, Subscribe)] == ["b"]
    assert [(each.item.name, each.reason) for each in plan.blocked] == [("a", "Rejected")]


def test_what_fits_after_a_removal_of_this_plan_waits_for_it() -> None:
    old = remote(subscription(1, "gitops-old"), "7")
    wanted = [subscription(1, tag) for tag in ("a", "b", "c")]
    seen = observed(live(1), facts=looked(1, there={1: (old, *others(3))}))
    plan = planned(desired(PRUNING, *wanted), seen, partner=OURS)
    assert [type(each) for each in plan.actions] == [Subscribe, Unsubscribe]
    assert [(each.item.name, each.wait_for) for each in plan.waiting] == [("b", WaitFor.ROOM)]
    assert [each.item.name for each in plan.blocked] == ["c"]


@pytest.mark.parametrize(
    ("before", "tries", "pause"),
    [
        pytest.param(None, 1, 0.0, id="the first time: the next read decides"),
        pytest.param(1, 2, 60.0, id="again, although a read showed room"),
        pytest.param(2, 3, 120.0, id="each time later"),
    ],
)
@pytest.mark.parametrize("words", [WORDS, f"{WORDS.upper()} reached", WORDS.replace("5", "10")])
def test_the_answer_that_there_is_no_room_is_understood(
    before: int | None, tries: int, pause: float, words: str
) -> None:
    digest = of_subscription(WANTED)
    prior = None if before is None else Refusal(KEY, digest, TOO_MANY_SUBSCRIPTIONS, "", NOW - 9, before, NOW)
    error = Rejected("no", status=400, words=words)
    verdict = of_rejection(Subscribe(WANTED, app_id(1)), error, AnswerContext(NOW, refusal=prior))
    assert (verdict.outcome, verdict.reason, verdict.reread) == (Outcome.FAILED, "TooManySubscriptions", True)
    (note,) = verdict.notes
    assert isinstance(note, Refuse)
    assert (note.refusal.digest, note.refusal.tries) == (digest, tries)
    assert note.refusal.retry_at is not None
    assert (note.refusal.retry_at - NOW > 0) is (pause > 0)
    assert words in note.refusal.message


@pytest.mark.parametrize(
    ("listed", "retry_at", "acts"),
    [
        pytest.param(5, NOW, False, id="no room: no try"),
        pytest.param(4, NOW, True, id="a read shows room: one try"),
        pytest.param(4, NOW + 60, False, id="room, and refused before in spite of it: a pause"),
    ],
)
def test_it_is_tried_again_once_a_read_shows_room(listed: int, retry_at: float, *, acts: bool) -> None:
    refusal = Refusal(
        KEY, of_subscription(WANTED), TOO_MANY_SUBSCRIPTIONS, "said so", NOW - 9, 1, retry_at=retry_at
    )
    plan = plan_for(*others(listed), tags=(WANTED.tag,), known=memory(refusals=[refusal]))
    assert plan.actions == ((Subscribe(WANTED, app_id(1)),) if acts else ())
    assert [each.reason for each in plan.blocked] == ([] if acts else ["TooManySubscriptions"])
    assert plan.waiting == ()


def test_such_words_to_an_update_are_a_refusal_like_others() -> None:
    update = Update(WANTED, app_id(1), MOVED, {}, drift=False)
    verdict = of_rejection(update, Rejected("no", status=400, words=WORDS), AnswerContext(NOW))
    assert (verdict.outcome, verdict.reason) == (Outcome.FAILED, "Rejected")
