"""Callback URLs that Gupshup no longer takes: what is remembered of them, and what a plan shows."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from controller.core.planning.callbacks import (
    CALLBACK_NOT_SUPPORTED,
    MOST_UNSUPPORTED,
    PARTNER_KEY,
    TRY_AGAIN,
    TRY_ANOTHER,
    in_turn,
    is_blocked,
)
from controller.core.planning.digest import callback_key, of_callback
from controller.core.planning.matched_app import app_item
from controller.core.planning.outcomes.write_outcomes import (
    AnswerContext,
    Verdict,
    of_callback_write,
    of_rejection,
    of_unclear,
)
from controller.errors import Rejected, Unsupported
from controller.model.manifest import App, Policy, Subscription, Suspend
from controller.model.memory import (
    ClearRefusal,
    ClearRefusals,
    LedgerEntry,
    LedgerWritten,
    Memory,
    Refusal,
    Refuse,
)
from controller.model.plan import Outcome, Plan, Request, SetCallback, WaitFor
from tests.builders.manifest import CALLBACK, app, desired, subscription
from tests.builders.memory import KEYED, NOW, memory
from tests.builders.plan import observed, planned
from tests.builders.upstream import app_id, live, looked

APPS = tuple(replace(app(number), callback_url=CALLBACK) for number in range(1, 6))
ONE = APPS[0]
ID = app_id(1)
KEY = callback_key(ID)
SET = SetCallback(ONE, ID, CALLBACK)
SAID = "Gupshup answered 404: Not Found"
GONE = Unsupported("PUT …", status=404, words="Not Found")
EVENTS = replace(subscription(1, "account"), version=2, modes=frozenset({"ACCOUNT"}))

DROP = "remove callbackUrl from App/app-0001, or from spec.defaults of Partner/main"
DECLARE = (
    f"declare a Subscription with version: 2 and ACCOUNT among its modes, which gets the live and account "
    f"events, and {DROP}"
)


def refused(number: int, at: float = NOW - 60, url: str = CALLBACK) -> Refusal:
    """Return the refusal of one app's callback."""
    key = callback_key(app_id(number))
    return Refusal(key, of_callback(url), CALLBACK_NOT_SUPPORTED, SAID, at, retry_at=at)


def counted(tries: int, at: float = NOW - 60) -> Refusal:
    """Return the refusal of the partner's callbacks after so many in a row."""
    return Refusal(PARTNER_KEY, "", CALLBACK_NOT_SUPPORTED, SAID, at, tries, at + TRY_AGAIN)


def plan_of(
    *things: App | Subscription, refusals: Iterable[Refusal] = (), asked: Request | None = None
) -> Plan:
    """Return the plan for live apps; no callback was written yet."""
    apps = [thing for thing in things if isinstance(thing, App)]
    numbers = [int(each.name[-4:]) for each in apps]
    seen = observed(
        *map(live, numbers),
        facts=looked(*numbers),
        known=memory(refusals=refusals),
        digests={app_item(each): KEYED for each in apps},
    )
    return planned(desired(*things), seen, asked or Request())


def tried(plan: Plan) -> list[str]:
    return [each.app.name for each in plan.actions if isinstance(each, SetCallback)]


def blocked(plan: Plan) -> list[tuple[str, str]]:
    return [(each.item.name, each.reason) for each in plan.blocked]


def each_blocked(*apps: App) -> list[tuple[str, str]]:
    return [(each.name, CALLBACK_NOT_SUPPORTED) for each in apps]


# What an answer means.


@pytest.mark.parametrize(
    ("before", "tries"),
    [
        pytest.param(None, 1, id="the first"),
        pytest.param(counted(0), 1, id="the first after another answer"),
        pytest.param(counted(2), 3, id="the third in a row"),
        pytest.param(counted(9), 10, id="one that was tried after a day"),
    ],
)
def test_a_callback_that_is_not_supported_is_counted_for_its_partner(
    before: Refusal | None, tries: int
) -> None:
    verdict = of_rejection(SET, GONE, AnswerContext(NOW, callbacks=before))
    notes = (Refuse(refused(1, NOW)), Refuse(counted(tries, NOW)))
    assert (verdict.outcome, verdict.reason, verdict.notes) == (
        Outcome.FAILED,
        CALLBACK_NOT_SUPPORTED,
        notes,
    )
    assert verdict.message == f"{SAID}; {DECLARE}"


def test_an_answer_without_words_has_a_message_all_the_same() -> None:
    verdict = of_rejection(SET, Unsupported("PUT …", status=410, words=""), AnswerContext(NOW))
    assert verdict.message.startswith("Gupshup answered 410; declare")


def test_a_success_frees_all_callbacks() -> None:
    notes = (LedgerWritten(LedgerEntry(KEY, KEYED)), ClearRefusal(KEY))
    for before, freed in ((None, ()), (counted(3), (ClearRefusals(CALLBACK_NOT_SUPPORTED),))):
        verdict = of_callback_write(SET, AnswerContext(NOW, KEYED, callbacks=before))
        expected = Verdict(Outcome.DONE, (*notes, *freed), message="callbackUrl set", app_id=ID)
        assert verdict == expected


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(None, None, id="nothing is remembered"),
        pytest.param(counted(2), replace(counted(2), tries=0), id="the row ends"),
        pytest.param(
            counted(3), replace(counted(3), retry_at=NOW + TRY_AGAIN), id="blocked: another one tomorrow"
        ),
    ],
)
def test_another_refusal_of_a_callback_ends_the_row(before: Refusal | None, after: Refusal | None) -> None:
    error = Rejected("PUT …", status=400, words="Invalid App Details Passed")
    verdict = of_rejection(SET, error, AnswerContext(NOW, callbacks=before))
    own, *others = verdict.notes
    assert (verdict.reason, isinstance(own, Refuse)) == ("Rejected", True)
    assert others == ([] if after is None else [Refuse(after)])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(None, None, id="nothing is remembered"),
        pytest.param(counted(2), None, id="a row goes on"),
        pytest.param(counted(3), None, id="one that a person asked for: the day goes on"),
        pytest.param(
            counted(3, NOW - TRY_AGAIN),
            replace(counted(3, NOW - TRY_AGAIN), retry_at=NOW + TRY_ANOTHER),
            id="one of the day: another one in an hour",
        ),
    ],
)
def test_no_answer_to_a_callback_neither_counts_nor_ends_the_row(
    before: Refusal | None, after: Refusal | None
) -> None:
    _, *others = of_unclear(SET, "500", AnswerContext(NOW, callbacks=before)).notes
    kept = before if after is None else after
    assert [each.refusal for each in others if isinstance(each, Refuse)] in ([], [kept])
    assert (after is None) or others == [Refuse(after)]


def test_three_in_a_row_block_the_partner() -> None:
    assert MOST_UNSUPPORTED == 3
    assert [is_blocked(counted(tries)) for tries in range(5)] == [False, False, False, True, True]
    assert not is_blocked(None)


# What a plan shows.


@pytest.mark.parametrize(
    ("refusals", "expected"),
    [
        pytest.param([], APPS, id="nothing is known: all are tried"),
        pytest.param([counted(0)], APPS, id="a row that ended: likewise"),
        pytest.param([counted(2), refused(1), refused(2)], APPS[2:], id="two: the others are tried"),
        pytest.param([counted(1), refused(1, url="https://old.example.com")], APPS, id="of another URL"),
        pytest.param([counted(3), *map(refused, (1, 2, 3))], (), id="three: none is tried"),
        pytest.param([counted(3)], (), id="three, by other apps"),
        pytest.param([counted(7), refused(1, url="https://old.example.com")], (), id="whatever its URL"),
    ],
)
def test_after_three_in_a_row_no_callback_is_called(
    refusals: list[Refusal], expected: tuple[App, ...]
) -> None:
    plan = plan_of(*APPS, refusals=refusals)
    assert tried(plan) == [each.name for each in expected]
    assert blocked(plan) == each_blocked(*(each for each in APPS if each not in expected))


@pytest.mark.parametrize(
    ("refusals", "expected"),
    [
        pytest.param([counted(3, NOW - TRY_AGAIN)], 1, id="never tried: the first by name"),
        pytest.param([counted(3, NOW - TRY_AGAIN), refused(1), refused(3)], 2, id="one that never was tried"),
        pytest.param(
            [
                counted(5, NOW - TRY_AGAIN),
                *(refused(n, NOW - at) for n, at in zip(range(1, 6), (5, 9, 7, 8, 6), strict=True)),
            ],
            2,
            id="the one that was tried the longest ago",
        ),
    ],
)
def test_one_callback_is_tried_again_after_a_day(refusals: list[Refusal], expected: int) -> None:
    plan = plan_of(*APPS, refusals=refusals)
    assert tried(plan) == [APPS[expected - 1].name]
    assert blocked(plan) == each_blocked(*(each for each in APPS if each != APPS[expected - 1]))


def test_the_oldest_app_is_called_first() -> None:
    """Gupshup supports callbacks of older apps only."""
    rows = [replace(live(number), created=made) for number, made in ((1, None), (2, 9.0), (3, 5.0), (4, 9.0))]
    actions = [SetCallback(each, app_id(number), CALLBACK) for number, each in enumerate(APPS, 1)]
    assert [each.app for each in in_turn(reversed(actions), rows)] == [APPS[at] for at in (2, 1, 3, 0, 4)]
    seen = observed(
        *rows[:4],
        facts=looked(1, 2, 3, 4),
        known=memory(refusals=[counted(3, NOW - TRY_AGAIN), refused(3)]),
        digests={app_item(each): KEYED for each in APPS[:4]},
    )
    assert tried(planned(desired(*APPS[:4]), seen)) == [APPS[1].name], "of those that never were tried"


def test_a_day_is_not_over_before_its_last_second() -> None:
    assert tried(plan_of(*APPS, refusals=[counted(3, NOW - TRY_AGAIN + 1)])) == []


def test_a_refused_callback_is_tried_again_after_a_day_beside_those_that_never_were() -> None:
    plan = plan_of(*APPS, refusals=[counted(1, NOW - TRY_AGAIN), refused(1)])
    assert tried(plan) == [each.name for each in APPS]


def test_a_refusal_without_a_moment_does_not_block_for_ever() -> None:
    plan = plan_of(ONE, refusals=[replace(counted(3), retry_at=None)])
    assert tried(plan) == [ONE.name]


@pytest.mark.parametrize(
    ("again", "at", "expected"),
    [
        pytest.param({"app-0002"}, NOW, ["app-0002"], id="this one"),
        pytest.param({"app-0002"}, NOW - 120, [], id="before the last answer"),
        pytest.param({each.name for each in APPS}, NOW, [each.name for each in APPS], id="all of them"),
    ],
)
def test_a_callback_that_a_person_asks_for_is_tried(again: set[str], at: float, expected: list[str]) -> None:
    asked = Request(again=frozenset(again), at=at)
    assert tried(plan_of(*APPS, refusals=[counted(3), refused(2)], asked=asked)) == expected


@pytest.mark.parametrize(
    ("declared", "wait_for"),
    [
        pytest.param(replace(ONE, suspend=Suspend()), WaitFor.SUSPENSION, id="suspended"),
        pytest.param(replace(ONE, policies=frozenset({Policy.LINK})), WaitFor.POLICY, id="observed only"),
    ],
)
def test_what_a_person_holds_back_is_not_blocked_and_not_tried(declared: App, wait_for: WaitFor) -> None:
    plan = plan_of(declared, *APPS[1:], refusals=[counted(3, NOW - TRY_AGAIN)])
    assert [each.wait_for for each in plan.waiting] == [wait_for]
    assert (tried(plan), blocked(plan)) == ([APPS[1].name], each_blocked(*APPS[2:]))


def test_all_else_of_a_blocked_app_goes_on() -> None:
    plan = plan_of(ONE, app(2), subscription(1), refusals=[counted(3)])
    assert [type(action).__name__ for action in plan.actions] == ["Subscribe"]
    assert blocked(plan) == each_blocked(ONE)


def test_only_what_is_narrowed_to_is_tried_after_a_day() -> None:
    only = Request(only=frozenset({app_item(APPS[3])}))
    plan = plan_of(*APPS, refusals=[counted(3, NOW - TRY_AGAIN)], asked=only)
    assert (tried(plan), blocked(plan)) == ([APPS[3].name], [])


@pytest.mark.parametrize(
    ("known", "declared", "message"),
    [
        pytest.param([refused(1)], (), f"{SAID}; {DECLARE}", id="refused itself"),
        pytest.param(
            [], (), f"no call was made: 4 times in a row {SAID}; {DECLARE}", id="blocked without a call"
        ),
        pytest.param(
            [refused(1)],
            (EVENTS,),
            f"{SAID}; Subscription/account gets the live and account events: {DROP}",
            id="a subscription has the events",
        ),
        *(
            pytest.param([refused(1)], (other,), f"{SAID}; {DECLARE}", id=id_)
            for id_, other in (
                ("version 3 has no live event", replace(EVENTS, version=3)),
                ("other events", replace(EVENTS, modes=frozenset({"MESSAGE"}))),
                ("switched off", replace(EVENTS, active=False)),
            )
        ),
    ],
)
def test_the_message_names_the_way_out(
    known: list[Refusal], declared: tuple[Subscription, ...], message: str
) -> None:
    plan = plan_of(ONE, *declared, refusals=[counted(4), *known])
    assert [each.message for each in plan.blocked] == [f"{message}; one app is tried again once a day"]


def test_a_link_goes_out_with_its_callback_all_the_same() -> None:
    """Nobody knows whether a link still takes one."""
    plan = planned(desired(ONE), observed(known=memory(refusals=[counted(3)])))
    assert [type(action).__name__ for action in plan.actions] == ["Link"]
    assert plan.blocked == ()


def test_a_link_that_was_left_without_its_callback_is_blocked_too() -> None:
    known = Memory(refusals={PARTNER_KEY: counted(3)}, ledger={KEY: LedgerEntry(KEY, "")})
    plan = planned(desired(ONE), observed(live(1), known=known, digests={app_item(ONE): KEYED}))
    assert (plan.actions, blocked(plan)) == ((), each_blocked(ONE))
