"""When a link is planned, and everything that holds it back."""

from dataclasses import replace

import pytest

from controller.core.planning.digest import link_key, of_link
from controller.core.planning.plan import LINK_COOLDOWN, refused_alike
from controller.model.manifest import App, Policy, Settle, SubscribeWhen, Suspend
from controller.model.memory import Binding, Intent, LinkAttempt, Memory, Refusal
from controller.model.plan import Blocked, Item, Kind, Link, Outcome, Request, Result, Verb, WaitFor, Waiting
from controller.model.upstream import Row
from tests.builders.manifest import APP, PARTNER, app, desired, phone, subscription
from tests.builders.memory import NOW, memory
from tests.builders.plan import observed, planned
from tests.builders.upstream import app_id, row

LATE = 600.0 + 120.0
WORDS = "Gupshup answered 400: Terms of use are not accepted"
OTHER_WORDS = "Gupshup answered 400: Invalid wabaId"
AGAIN = Request(again=frozenset({APP.name}))


def refusal(number: int = 1, reason: str = "LinkRefused", message: str = WORDS) -> Refusal:
    return Refusal(link_key(phone(number)), of_link(app(number)), reason, message, NOW)


def intent(
    *, of: str = APP.phone, name: str = APP.app_name, ended: float | None = NOW, unclear: int = 1
) -> Memory:
    return memory(intents=[Intent(1, of, name, ended, unclear)])


def answers(*said: tuple[str, str]) -> Memory:
    """Return a memory of these answers to links, newest first, the newest a minute old.

    The history is dated by wall clocks, and these were wrong: nothing may be counted from them.
    """
    links = tuple(
        LinkAttempt(NOW + 86_400 * at, "link", f"App/app-{at}", outcome, message)
        for at, (outcome, message) in enumerate(said, 1)
    )
    known = [replace(refusal(7), at=NOW - 600), replace(refusal(9), at=NOW - 60)]
    return replace(memory(refusals=[*known, refusal(8, message=OTHER_WORDS)]), links=links)


def held_back(declared: App, known: Memory, asked: Request = Request()) -> Waiting | Blocked | None:  # noqa: B008  (frozen)
    """Return what keeps the app from being linked, None where it is linked."""
    plan = planned(desired(declared), observed(row(5), known=known), asked)
    if plan.actions:
        assert plan.actions == (Link(declared),)
        assert [*plan.waiting, *plan.blocked] == []
        return None
    entries: list[Waiting | Blocked] = [*plan.waiting, *plan.blocked]
    (entry,) = entries
    assert entry.item.name == declared.name
    return entry


def test_an_absent_app_is_linked_and_its_subscriptions_wait() -> None:
    wanted = subscription(1)
    plan = planned(desired(APP, wanted), observed())
    assert plan.actions == (Link(APP),)
    assert [(each.verb, each.item.name, each.wait_for) for each in plan.waiting] == [
        (Verb.SUBSCRIBE, wanted.name, WaitFor.LIVE)
    ]


def test_subscriptions_wait_for_the_link_only_if_that_is_enough() -> None:
    partner = replace(PARTNER, subscribe_when=SubscribeWhen.LINKED)
    plan = planned(desired(APP, subscription(1)), observed(), partner=partner)
    assert [each.wait_for for each in plan.waiting] == [WaitFor.LINK]


@pytest.mark.parametrize(
    ("rows", "known", "on", "until"),
    [
        pytest.param([replace(row(1), phone=None)], Memory(), WaitFor.PHONE, None, id="a row without phone"),
        pytest.param(
            [],
            memory(bindings=[Binding(APP.phone, app_id(1), NOW - 20)]),
            WaitFor.LIST,
            NOW + 100,
            id="bound before and absent now",
        ),
    ],
)
def test_a_link_waits_while_the_existence_of_its_app_is_unknown(
    rows: list[Row], known: Memory, on: WaitFor, until: float | None
) -> None:
    plan = planned(desired(APP), observed(*rows, known=known))
    assert [(each.wait_for, each.until) for each in plan.waiting] == [(on, until)]
    assert not plan.actions


@pytest.mark.parametrize("passed", [120.0, 10_000_000.0])
def test_an_app_that_was_lost_is_never_linked_again(passed: float) -> None:
    known = memory(bindings=[Binding(APP.phone, app_id(1), NOW - passed)])
    for asked in (Request(), AGAIN):
        plan = planned(desired(APP, subscription(1)), observed(known=known), asked)
        assert not plan.actions
        assert [each.reason for each in plan.blocked] == ["AppLost"]


@pytest.mark.parametrize(
    ("known", "on", "until"),
    [
        pytest.param(intent(ended=None), WaitFor.OUTCOME, None, id="a link is on its way"),
        pytest.param(intent(), WaitFor.OUTCOME, NOW + LATE, id="a link ended without an answer"),
        pytest.param(intent(ended=NOW - LATE + 1), WaitFor.OUTCOME, NOW + 1, id="it may still take effect"),
        pytest.param(
            intent(of="1"), WaitFor.OUTCOME, NOW + LATE, id="the name is on its way for another phone"
        ),
        pytest.param(
            intent(name="Old"), WaitFor.OUTCOME, NOW + LATE, id="the phone is on its way as another name"
        ),
        pytest.param(
            intent(of="1", unclear=3), WaitFor.OUTCOME, NOW + LATE, id="three unclear ones of another phone's"
        ),
        pytest.param(
            intent(unclear=2), WaitFor.OUTCOME, NOW + LATE, id="twice unclear is not enough for a person"
        ),
    ],
)
def test_an_open_link_is_waited_for(known: Memory, on: WaitFor, until: float | None) -> None:
    for asked in (Request(), AGAIN):
        entry = held_back(APP, known, asked)
        assert isinstance(entry, Waiting)
        assert (entry.verb, entry.wait_for, entry.until) == (Verb.LINK, on, until)


@pytest.mark.parametrize(
    "known",
    [
        pytest.param(intent(ended=NOW - LATE), id="absent for lateEffect and staleList since its end"),
        pytest.param(intent(of="1", name="Another"), id="the link of another app"),
        pytest.param(intent(of="1", name=APP.app_name.upper()), id="names are compared letter by letter"),
    ],
)
def test_a_link_that_had_no_effect_is_repeated(known: Memory) -> None:
    assert held_back(APP, known) is None


def test_settle_times_are_those_of_the_partner() -> None:
    partner = replace(PARTNER, settle=Settle(late_effect=10, stale_list=5))
    plan = planned(desired(APP), observed(known=intent()), partner=partner)
    assert [each.until for each in plan.waiting] == [NOW + 15]


@pytest.mark.parametrize("ended", [NOW, NOW - LATE, NOW - 10_000_000], ids=["now", "long enough", "long ago"])
@pytest.mark.parametrize("unclear", [3, 4])
def test_three_unclear_links_in_a_row_need_a_person(ended: float, unclear: int) -> None:
    for asked in (Request(), AGAIN):
        entry = held_back(APP, intent(ended=ended, unclear=unclear), asked)
        assert isinstance(entry, Blocked)
        assert entry.reason == "CreateOutcomeUnknown"
        assert f"resolve {APP.name}" in entry.message


def test_a_plan_with_two_open_links_does_not_depend_on_their_order() -> None:
    own = Intent(2, APP.phone, "Old", NOW)
    other = Intent(1, "1", APP.app_name, NOW + 50)
    plans = [
        planned(desired(APP), observed(known=memory(intents=each))) for each in ([own, other], [other, own])
    ]
    assert plans[0] == plans[1]


def test_an_open_link_of_another_name_still_counts_after_ours_ended() -> None:
    over, other = Intent(1, APP.phone, "Old", NOW - LATE), Intent(2, "1", APP.app_name, NOW)
    entry = held_back(APP, memory(intents=[over, other]))
    assert isinstance(entry, Waiting)


@pytest.mark.parametrize(
    ("declared", "known", "asked", "expected"),
    [
        pytest.param(APP, memory(refusals=[refusal()]), Request(), "LinkRefused", id="an earlier no stands"),
        pytest.param(APP, memory(refusals=[refusal()]), AGAIN, None, id="until a person asks again"),
        pytest.param(
            APP,
            memory(refusals=[refusal()]),
            Request(again=frozenset({"app-0002"})),
            "LinkRefused",
            id="asking for another app is not asking for this one",
        ),
        pytest.param(
            replace(APP, waba_id="1"),
            memory(refusals=[refusal()]),
            Request(),
            None,
            id="or the manifest changes",
        ),
        pytest.param(
            replace(APP, labels={"tier": "gold"}),
            memory(refusals=[refusal()]),
            Request(),
            "LinkRefused",
            id="where what changed is what a link sends",
        ),
        pytest.param(
            APP, memory(refusals=[refusal(2)]), Request(), None, id="the no to another app is its own"
        ),
    ],
)
def test_a_refused_link_is_not_repeated(
    declared: App, known: Memory, asked: Request, expected: str | None
) -> None:
    entry = held_back(declared, known, asked)
    if expected is None:
        assert entry is None
    else:
        assert isinstance(entry, Blocked)
        assert (entry.reason, entry.message) == (expected, WORDS)


@pytest.mark.parametrize(
    ("retry_at", "expected"),
    [
        pytest.param(NOW + 1, NOW + 1, id="before the moment it waits"),
        pytest.param(NOW, None, id="at the moment it is tried again"),
    ],
)
def test_a_refused_link_with_a_retry_time_is_tried_again(retry_at: float, expected: float | None) -> None:
    entry = held_back(APP, memory(refusals=[replace(refusal(), retry_at=retry_at)]))
    if expected is None:
        assert entry is None
    else:
        assert isinstance(entry, Waiting)
        assert (entry.wait_for, entry.until, entry.message) == (WaitFor.BACKOFF, expected, WORDS)


@pytest.mark.parametrize(
    ("declared", "on", "until"),
    [
        pytest.param(
            replace(APP, policies=frozenset()), WaitFor.POLICY, None, id="no policies: only observed"
        ),
        pytest.param(
            replace(APP, policies=frozenset({Policy.SUBSCRIBE, Policy.UPDATE, Policy.UNSUBSCRIBE})),
            WaitFor.POLICY,
            None,
            id="every policy but Link",
        ),
        pytest.param(
            replace(APP, suspend=Suspend("ported")), WaitFor.SUSPENSION, None, id="suspended for good"
        ),
        pytest.param(
            replace(APP, suspend=Suspend("ported", NOW + 5)),
            WaitFor.SUSPENSION,
            NOW + 5,
            id="suspended for a while",
        ),
    ],
)
def test_policy_and_suspension_hold_a_link_and_its_subscriptions(
    declared: App, on: WaitFor, until: float | None
) -> None:
    entry = held_back(declared, Memory(), AGAIN)
    assert isinstance(entry, Waiting)
    assert (entry.wait_for, entry.until) == (on, until)
    assert ("ported" in entry.message) == (on is WaitFor.SUSPENSION)
    plan = planned(desired(declared, subscription(1)), observed())
    assert [each.wait_for for each in plan.waiting] == [on, on]


def test_a_suspension_ends_at_its_date() -> None:
    assert held_back(replace(APP, suspend=Suspend("", NOW)), Memory()) is None


REFUSED = ("failed", WORDS)


@pytest.mark.parametrize(
    ("known", "rests"),
    [
        pytest.param(answers(REFUSED, REFUSED, REFUSED), True, id="three alike in a row"),
        pytest.param(answers(REFUSED, REFUSED, REFUSED, ("done", "")), True, id="whatever came before"),
        pytest.param(answers(REFUSED, REFUSED), False, id="two are none"),
        pytest.param(answers(("done", ""), REFUSED, REFUSED, REFUSED), False, id="a success ends it"),
        pytest.param(answers(REFUSED, ("done", ""), REFUSED, REFUSED), False, id="a success between them"),
        pytest.param(answers(REFUSED, ("unclear", WORDS), REFUSED), False, id="an unclear one between them"),
        pytest.param(answers(REFUSED, ("failed", OTHER_WORDS), REFUSED), False, id="in other words"),
        pytest.param(
            answers(*[("failed", "POST link: 429 Too Many Requests")] * 3), False, id="too fast is no refusal"
        ),
        pytest.param(
            answers(*[("failed", "Bot Already Exists")] * 3),
            False,
            id="names that are taken say nothing of us",
        ),
        pytest.param(answers(*[("done", "")] * 3), False, id="three successes are alike, too"),
        pytest.param(Memory(), False, id="no link was ever made"),
    ],
)
def test_links_cool_down_after_three_identical_refusals(*, known: Memory, rests: bool) -> None:
    entry = held_back(APP, known)
    if not rests:
        assert entry is None
        return
    assert isinstance(entry, Waiting)
    assert (entry.wait_for, entry.until) == (WaitFor.COOLDOWN, NOW - 60 + LINK_COOLDOWN)
    assert WORDS in entry.message
    assert held_back(APP, known, AGAIN) is None
    plan = planned(desired(APP, subscription(1)), observed(known=known))
    assert [each.wait_for for each in plan.waiting] == [WaitFor.COOLDOWN, WaitFor.COOLDOWN]


def test_the_cool_down_of_links_ends() -> None:
    long_ago = memory(refusals=[replace(refusal(9), at=NOW - LINK_COOLDOWN)])
    assert held_back(APP, replace(answers(*[REFUSED] * 3), refusals=long_ago.refusals)) is None


def test_an_earlier_refusal_of_a_link_is_reported_before_the_cool_down() -> None:
    known = replace(answers(REFUSED, REFUSED, REFUSED), refusals=memory(refusals=[refusal()]).refusals)
    assert isinstance(held_back(APP, known), Blocked)


@pytest.mark.parametrize(
    ("reasons", "messages", "expected"),
    [
        pytest.param(["LinkRefused"] * 3, ["no"] * 3, True, id="three alike"),
        pytest.param(["LinkRefused"] * 2, ["no"] * 2, False, id="two are chance"),
        pytest.param(["LinkRefused"] * 3, ["no", "no", "never"], False, id="the words differ"),
        pytest.param(
            ["LinkRefused", "NameTakenElsewhere", "LinkRefused"], ["no"] * 3, False, id="a name taken"
        ),
        pytest.param(
            ["NameTakenElsewhere", *["LinkRefused"] * 3], ["no"] * 4, True, id="the last three count"
        ),
    ],
)
def test_identical_refusals_of_links_are_recognised(
    *, reasons: list[str], messages: list[str], expected: bool
) -> None:
    said = [
        Result(Verb.LINK, Item(Kind.APP, "main", "a", "a"), Outcome.FAILED, reason, message)
        for reason, message in zip(reasons, messages, strict=True)
    ]
    assert refused_alike(said) is expected
