"""Memory updates: what an observation proves, and that the same proof is stored only once."""

from dataclasses import replace

import pytest

from controller.core.planning.actions import REMOVED
from controller.core.planning.digest import callback_key, link_key, of_subscription, subscription_key
from controller.core.planning.matched_app import match_apps, subscription_item
from controller.core.planning.outcomes.memory_updates import memory_updates
from controller.model.manifest import App, FromEnv, Subscription
from controller.model.memory import (
    AccountTold,
    Bind,
    Binding,
    ClearRefusal,
    CloseIntent,
    HealthRead,
    Intent,
    LedgerEntry,
    LedgerWritten,
    Memory,
    MemoryUpdate,
    Refusal,
)
from controller.model.plan import Link
from controller.model.upstream import Facts, ReadFailed, RemoteSubscription, Row
from tests.builders import account
from tests.builders.health import of_waba
from tests.builders.manifest import APP, CALLBACK, PARTNER, WANTED, app, desired, subscription
from tests.builders.memory import KEYED, NOW, memory, written
from tests.builders.plan import observed, planned
from tests.builders.upstream import app_id, live, looked, remote, row

ID, PHONE = app_id(1), APP.phone
LATE = 720.0
BOUND = Binding(PHONE, ID, name=APP.app_name)
PENDING = Intent(1, PHONE, APP.app_name, NOW)
REFUSED = Refusal(link_key(PHONE), "digest", "LinkRefused", "no", NOW)
UNASKED = Facts()


def notes(*rows: Row, known: Memory, facts: Facts = UNASKED, declared: App = APP) -> list[MemoryUpdate]:
    """Return the updates, but for those about health."""
    seen = observed(*rows, facts=facts, known=known)
    updates = memory_updates(match_apps(desired(declared, WANTED), PARTNER, seen))
    return [each for each in updates if not isinstance(each, HealthRead)]


@pytest.mark.parametrize(
    ("known", "facts", "expected"),
    [
        pytest.param(Memory(), Facts(), [Bind(BOUND)], id="an app that is found is bound"),
        pytest.param(memory(bindings=[BOUND]), Facts(), [], id="once"),
        pytest.param(
            memory(bindings=[replace(BOUND, missing_since=NOW - 9)]), Facts(), [Bind(BOUND)], id="found again"
        ),
        pytest.param(
            memory(bindings=[Binding(PHONE, app_id(9), None, "1")]),
            Facts(),
            [Bind(BOUND)],
            id="another app by now",
        ),
        pytest.param(
            memory(bindings=[replace(BOUND, name=None)]), Facts(), [Bind(BOUND)], id="its name was not kept"
        ),
        pytest.param(
            memory(bindings=[BOUND]),
            Facts(health={ID: of_waba("1")}),
            [Bind(replace(BOUND, waba="1"))],
            id="its WABA is told",
        ),
        pytest.param(
            memory(bindings=[BOUND]),
            Facts(health={ID: of_waba()}),
            [Bind(replace(BOUND, waba=""))],
            id="or not told",
        ),
        pytest.param(
            memory(bindings=[BOUND]), Facts(unread={ID: ReadFailed("busy")}), [], id="the look gave nothing"
        ),
        pytest.param(
            memory(bindings=[replace(BOUND, waba="1")]), Facts(), [], id="what was told before stays"
        ),
        pytest.param(
            memory(bindings=[BOUND], intents=[PENDING]),
            Facts(),
            [CloseIntent(PHONE)],
            id="its link took effect",
        ),
        pytest.param(
            memory(bindings=[BOUND], refusals=[REFUSED]),
            Facts(),
            [ClearRefusal(link_key(PHONE))],
            id="the no is over",
        ),
        pytest.param(
            memory(bindings=[BOUND], refusals=[replace(REFUSED, key=link_key("1"))]),
            Facts(),
            [],
            id="of this phone",
        ),
    ],
)
def test_an_app_that_is_found_is_bound(known: Memory, facts: Facts, expected: list[MemoryUpdate]) -> None:
    assert notes(row(1), known=known, facts=facts) == expected


@pytest.mark.parametrize(
    ("ledger", "expected"),
    [
        pytest.param(
            [],
            [CloseIntent(PHONE), LedgerWritten(LedgerEntry(callback_key(ID), ""))],
            id="its callback is set anew",
        ),
        pytest.param(
            [LedgerEntry(callback_key(ID), "keyed:1")], [CloseIntent(PHONE)], id="unless it was set since"
        ),
    ],
)
def test_a_link_whose_reply_was_lost_is_finished(
    ledger: list[LedgerEntry], expected: list[MemoryUpdate]
) -> None:
    known = memory(bindings=[BOUND], intents=[PENDING], ledger=ledger)
    assert notes(row(1), known=known, declared=replace(APP, callback_url=CALLBACK)) == expected


@pytest.mark.parametrize(
    ("binding", "at", "expected"),
    [
        pytest.param(BOUND, NOW, [Bind(replace(BOUND, missing_since=NOW))], id="missed for the first time"),
        pytest.param(replace(BOUND, missing_since=NOW - 9), NOW, [], id="missed before"),
        pytest.param(replace(BOUND, missing_since=NOW - 9999), NOW, [], id="lost"),
    ],
)
def test_a_bound_app_that_is_missing_is_noted_as_missing(
    binding: Binding, at: float, expected: list[MemoryUpdate]
) -> None:
    seen = observed(known=memory(bindings=[binding]), at=at)
    assert list(memory_updates(match_apps(desired(APP), PARTNER, seen))) == expected


@pytest.mark.parametrize(
    ("intent", "closed"),
    [
        pytest.param(PENDING, False, id="it may still take effect"),
        pytest.param(replace(PENDING, ended=NOW - LATE + 1), False, id="for another second"),
        pytest.param(replace(PENDING, ended=NOW - LATE), True, id="absent for lateEffect and staleList"),
        pytest.param(replace(PENDING, ended=None), False, id="it has not ended"),
        pytest.param(replace(PENDING, ended=NOW - LATE, unclear=2), True, id="the second unclear one"),
        pytest.param(
            replace(PENDING, ended=NOW - 9999, unclear=3),
            False,
            id="the third is for a person, however long ago",
        ),
        pytest.param(replace(PENDING, ended=NOW - LATE, name="Old"), True, id="sent under an earlier name"),
        pytest.param(
            replace(PENDING, ended=NOW - LATE, phone="1"), True, id="sent for a phone declared no more"
        ),
        pytest.param(
            replace(PENDING, ended=NOW - LATE, phone="1", unclear=3),
            True,
            id="that nobody could be asked about",
        ),
        pytest.param(
            replace(PENDING, ended=NOW - LATE, phone="1", name="Another"), False, id="of an app of no concern"
        ),
    ],
)
def test_absence_proves_that_a_link_had_no_effect(*, intent: Intent, closed: bool) -> None:
    expected = [CloseIntent(intent.phone)] if closed else []
    assert notes(row(5), known=memory(intents=[intent])) == expected


def test_another_apps_third_unclear_link_is_left_to_a_person() -> None:
    intent = Intent(1, app(2).phone, APP.app_name, NOW - 9999, 3)
    seen = observed(known=memory(intents=[intent]))
    assert memory_updates(match_apps(desired(APP, app(2)), PARTNER, seen)) == ()


def test_another_apps_third_unclear_link_is_left_alone_by_a_pass_over_one_app() -> None:
    intent = Intent(1, app(2).phone, APP.app_name, NOW - 9999, 3)
    seen = observed(known=memory(intents=[intent]))
    assert memory_updates(match_apps(desired(APP), PARTNER, seen)) == (CloseIntent(app(2).phone),)
    assert memory_updates(match_apps(desired(APP), PARTNER, seen), desired(APP, app(2))) == ()


@pytest.mark.parametrize(
    ("listed", "closed"),
    [
        pytest.param(NOW - 1, False, id="an earlier list says nothing about that moment"),
        pytest.param(NOW, True, id="a list of that moment"),
        pytest.param(None, True, id="one that was just read"),
    ],
)
def test_only_a_list_read_late_enough_proves_absence(*, listed: float | None, closed: bool) -> None:
    known = memory(intents=[replace(PENDING, ended=NOW - LATE)])
    seen = replace(observed(known=known, at=NOW + 500), listed=listed)
    assert [type(note) for note in memory_updates(match_apps(desired(APP), PARTNER, seen))] == [
        CloseIntent
    ] * closed
    links = [type(each) for each in planned(desired(APP), seen).actions]
    assert links == [Link] * closed


def test_a_bound_app_is_lost_once_a_list_read_late_enough_lacks_it() -> None:
    known = memory(bindings=[replace(BOUND, missing_since=NOW)])
    for listed, expected in ((NOW + 119, []), (NOW + 120, ["AppLost"])):
        seen = replace(observed(known=known, at=NOW + 999), listed=listed)
        assert [each.reason for each in planned(desired(APP), seen).blocked] == expected
    first = replace(observed(known=memory(bindings=[BOUND]), at=NOW + 999), listed=NOW)
    assert memory_updates(match_apps(desired(APP), PARTNER, first)) == (
        Bind(replace(BOUND, missing_since=NOW)),
    )


def test_an_incomplete_observation_proves_nothing() -> None:
    known = memory(intents=[replace(PENDING, ended=NOW - 9999)])
    assert notes(replace(row(9), phone=None), known=known) == []
    assert notes(replace(row(1), phone="1"), known=known) == []


@pytest.mark.parametrize(
    ("there", "ledger", "expected"),
    [
        pytest.param((remote(WANTED),), [written(WANTED, updates=2)], 0, id="an update took"),
        pytest.param((remote(WANTED),), [written(WANTED)], None, id="nothing to forget"),
        pytest.param(
            (replace(remote(WANTED), mode=1),), [written(WANTED, updates=2)], None, id="it did not take"
        ),
        pytest.param(
            (replace(remote(WANTED), echo=True),),
            [written(WANTED, updates=1)],
            None,
            id="the answer said so: no look did",
        ),
        pytest.param((), [written(WANTED, updates=2)], None, id="it is not there"),
        pytest.param((remote(WANTED),), [], None, id="it was not ours"),
        pytest.param(ReadFailed("busy"), [written(WANTED, updates=2)], None, id="nobody looked"),
        pytest.param(None, [written(WANTED, updates=2)], None, id="nobody asked"),
    ],
)
def test_an_update_that_took_ends_the_count(
    there: tuple[RemoteSubscription, ...] | ReadFailed | None, ledger: list[LedgerEntry], expected: int | None
) -> None:
    facts = replace(looked(1), subscriptions={} if there is None else {ID: there})
    known = memory(
        bindings=[replace(BOUND, waba="")], ledger=[replace(each, active_at=NOW) for each in ledger]
    )
    took = [] if expected is None else [LedgerWritten(written(WANTED, updates=expected, active_at=NOW))]
    assert notes(live(1), known=known, facts=facts) == took


KEY = subscription_key(ID, WANTED.tag)
OLD = subscription_key(ID, "events-old")
HIDDEN = replace(WANTED, headers={"X-Hook": FromEnv("HOOK_A")})
UNHEARD = Refusal(KEY, of_subscription(WANTED), "NoClearAnswer", "500", NOW, 4, NOW + 60)
GONE = Refusal(OLD, REMOVED, "NoClearAnswer", "500", NOW, 4, NOW + 60)


@pytest.mark.parametrize(
    ("there", "wanted", "expected"),
    [
        pytest.param((remote(WANTED),), WANTED, [ClearRefusal(KEY)], id="it took effect all the same"),
        pytest.param((replace(remote(WANTED), mode=1),), WANTED, [], id="it is there, and differs"),
        pytest.param((replace(remote(WANTED), echo=True),), WANTED, [], id="no look shows it"),
        pytest.param((), WANTED, [], id="it is not there"),
        pytest.param((remote(WANTED),), HIDDEN, [], id="nobody can see its headers"),
    ],
)
def test_an_observation_of_the_declared_value_clears_a_refusal(
    there: tuple[RemoteSubscription, ...], wanted: Subscription, expected: list[MemoryUpdate]
) -> None:
    seen = observed(
        live(1),
        facts=looked(1, there={1: there}),
        known=memory(bindings=[replace(BOUND, waba="")], refusals=[UNHEARD], ledger=[written(WANTED)]),
        digests={subscription_item(wanted): KEYED} if wanted.headers else {},
    )
    updates = memory_updates(match_apps(desired(APP, wanted), PARTNER, seen))
    assert [each for each in updates if not isinstance(each, HealthRead)] == expected


@pytest.mark.parametrize(
    ("there", "of", "expected"),
    [
        pytest.param((), 1, [ClearRefusal(OLD)], id="gone"),
        pytest.param((remote(subscription(1, "events-old")),), 1, [], id="still there"),
        pytest.param(ReadFailed("busy"), 1, [], id="nobody could look"),
        pytest.param((), 2, [], id="of another app"),
    ],
)
def test_an_observation_without_the_subscription_ends_the_count_of_removals(
    there: tuple[RemoteSubscription, ...] | ReadFailed, of: int, expected: list[MemoryUpdate]
) -> None:
    key = subscription_key(app_id(of), "events-old")
    again = LedgerEntry(key, REMOVED, updates=2)
    known = memory(
        bindings=[replace(BOUND, waba="")],
        refusals=[replace(GONE, key=key)],
        ledger=[again, LedgerEntry(KEY, REMOVED)],
    )
    taught = [LedgerWritten(replace(again, updates=0)), *expected] if expected else []
    assert notes(live(1), known=known, facts=looked(1, there={1: there})) == taught


def test_what_a_sign_in_told_is_remembered_once() -> None:
    seen = replace(observed(), account=account.PENDING)
    again = replace(seen, memory=Memory(account=account.PENDING))
    accepted = replace(again, account=account.ALLOWED)
    matched = [match_apps(desired(), PARTNER, each) for each in (seen, again, accepted)]
    assert [memory_updates(each) for each in matched] == [
        (AccountTold(account.PENDING),),
        (),
        (AccountTold(account.ALLOWED),),
    ]
