"""What a pass still asks: as little as it can, and never the same twice."""

from dataclasses import replace

import pytest

from controller.core.planning.matched_app import match_apps
from controller.core.planning.queries import drop_stale, facts_about, merge_facts, open_queries, reads_between
from controller.model.manifest import App, Partner, SubscribeWhen, Subscription
from controller.model.memory import Binding, Memory
from controller.model.passes import PassKind
from controller.model.upstream import (
    Details,
    DetailsQuery,
    Facts,
    HealthQuery,
    Query,
    ReadFailed,
    Row,
    Stage,
    StageQuery,
    SubscriptionsQuery,
)
from tests.builders.health import ASK, of_waba
from tests.builders.manifest import ALL, APP, PARTNER, WANTED, app, desired, subscription
from tests.builders.memory import NOW, memory
from tests.builders.plan import observed
from tests.builders.upstream import app_id, live, looked, remote, row

ID = app_id(1)
OWNING = replace(PARTNER, owned_tags="gitops-*")
LINKED = replace(PARTNER, subscribe_when=SubscribeWhen.LINKED)
SILENT = replace(row(1), stage=Stage())
DONE = replace(row(1), stage=Stage("WHATSAPP_PROVISIONING_DONE"))
TOLD = memory(bindings=[Binding(APP.phone, ID, None, "")])
UNASKED = Facts()


def asks(  # a row a world
    seen: Row,
    facts: Facts = UNASKED,
    *,
    declared: App = APP,
    subscribed: bool = True,
    partner: Partner = PARTNER,
    known: Memory = TOLD,
) -> list[Query]:
    things = [declared, WANTED] if subscribed else [declared]
    return list(open_queries(match_apps(desired(*things), partner, observed(seen, facts=facts, known=known))))


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        pytest.param(row(1), [], id="a row that tells its stage says enough"),
        pytest.param(replace(row(1), stage=Stage("ERROR")), [], id="so does one that failed"),
        pytest.param(SILENT, [StageQuery(ID)], id="a row without a stage does not"),
        pytest.param(replace(SILENT, live=True), [SubscriptionsQuery(ID)], id="unless it is live"),
        pytest.param(live(1), [SubscriptionsQuery(ID)], id="a live app's subscriptions"),
        pytest.param(DONE, [SubscriptionsQuery(ID)], id="likewise by its stage"),
        pytest.param(row(9), [], id="nothing about apps of others"),
        pytest.param(replace(row(1), phone="1"), [], id="nothing about an app that blocks us"),
        pytest.param(
            replace(row(9), phone=None), [DetailsQuery(app_id(9))], id="the details of a row without phone"
        ),
    ],
)
def test_a_row_decides_which_queries_are_open(seen: Row, expected: list[Query]) -> None:
    assert [ask for ask in asks(seen, known=Memory()) if ask != ASK] == expected


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        pytest.param(Memory(), True, id="first seen live"),
        pytest.param(memory(bindings=[Binding(APP.phone, ID)]), True, id="bound, and not asked yet"),
        pytest.param(
            memory(bindings=[Binding(APP.phone, app_id(2), None, "1")]), True, id="that was another app"
        ),
        pytest.param(TOLD, False, id="asked before and not told"),
        pytest.param(memory(bindings=[Binding(APP.phone, ID, None, "1")]), False, id="told before"),
    ],
)
def test_the_waba_is_asked_once_when_an_app_is_first_seen_live(*, known: Memory, expected: bool) -> None:
    assert (ASK in asks(live(1), known=known)) is expected
    assert ASK not in asks(row(1), known=known)


@pytest.mark.parametrize(
    ("declared", "subscribed", "complete", "expected"),
    [
        pytest.param(APP, True, True, True, id="subscriptions are declared"),
        pytest.param(APP, False, True, True, id="none is declared: those of others are told"),
        pytest.param(replace(APP, policies=frozenset()), False, True, True, id="observing needs no policy"),
        pytest.param(APP, True, False, True, id="the source is narrowed, with its subscriptions"),
        pytest.param(APP, False, False, False, id="the source is narrowed, and names none"),
    ],
)
def test_the_subscriptions_of_every_live_app_are_queried(
    *, declared: App, subscribed: bool, complete: bool, expected: bool
) -> None:
    wanted = (WANTED,) if subscribed else ()
    source = desired(declared, *wanted, complete=complete)
    asked = open_queries(match_apps(source, PARTNER, observed(live(1), known=TOLD)))
    assert (SubscriptionsQuery(ID) in asked) is expected
    waits = open_queries(match_apps(source, PARTNER, observed(row(1), known=TOLD)))
    assert SubscriptionsQuery(ID) not in waits


def test_a_narrowed_source_queries_nothing_to_remove() -> None:
    owner = replace(APP, policies=ALL)
    seen = observed(live(1), known=TOLD)
    assert open_queries(match_apps(desired(owner), OWNING, seen)) == (SubscriptionsQuery(ID),)
    assert open_queries(match_apps(desired(owner, complete=False), OWNING, seen)) == ()


def test_subscriptions_are_queried_before_live_if_a_link_is_enough() -> None:
    assert asks(row(1), partner=LINKED) == [SubscriptionsQuery(ID)]


NONE_THERE = {ID: ()}


@pytest.mark.parametrize(
    ("seen", "facts", "partner", "expected"),
    [
        pytest.param(live(1), Facts(subscriptions=NONE_THERE), PARTNER, [DetailsQuery(ID)], id="a live row"),
        pytest.param(
            DONE, Facts(subscriptions=NONE_THERE), PARTNER, [StageQuery(ID)], id="a row that is done"
        ),
        pytest.param(live(1), Facts(subscriptions=NONE_THERE), LINKED, [], id="linked is enough"),
        pytest.param(live(1), looked(1), PARTNER, [], id="confirmed"),
        pytest.param(
            live(1),
            Facts(subscriptions={ID: (remote(WANTED),)}),
            PARTNER,
            [],
            id="it has subscriptions already",
        ),
        pytest.param(live(1), Facts(subscriptions={ID: ReadFailed("busy")}), PARTNER, [], id="nobody knows"),
    ],
)
def test_one_query_confirms_live_before_the_first_subscription(
    seen: Row, facts: Facts, partner: Partner, expected: list[Query]
) -> None:
    assert asks(seen, facts, partner=partner) == expected


def test_live_is_not_confirmed_if_no_subscription_is_to_be_made() -> None:
    owner = replace(APP, policies=ALL)
    found = asks(live(1), Facts(subscriptions=NONE_THERE), declared=owner, partner=OWNING, subscribed=False)
    assert found == []


@pytest.mark.parametrize(
    "facts",
    [
        Facts(
            details={ID: ReadFailed("busy")},
            stages={ID: ReadFailed("busy")},
            subscriptions={ID: ReadFailed("busy")},
        ),
        looked(1),
    ],
    ids=["gave nothing", "told"],
)
@pytest.mark.parametrize(
    "seen", [live(1), replace(row(1), phone=None), DONE], ids=["live", "phoneless", "done"]
)
def test_no_query_is_made_twice(seen: Row, facts: Facts) -> None:
    known = facts if seen is not DONE else replace(facts, stages={ID: Stage("STARTED")})
    failed = {ID: ReadFailed("busy", NOW + 1)}
    assert asks(seen, replace(known, health={}, unread=failed), known=Memory()) == []


def test_a_stage_that_a_query_did_not_find_is_not_queried_twice() -> None:
    assert asks(SILENT, Facts(stages={ID: ReadFailed("busy")})) == []


def test_queries_come_in_one_order() -> None:
    things: list[App | Subscription] = [app(2), app(1), subscription(2), subscription(1)]
    both = [live(2), live(1)]
    expected = (
        HealthQuery(app_id(1), 60.0),
        SubscriptionsQuery(app_id(1)),
        HealthQuery(app_id(2), 60.0),
        SubscriptionsQuery(app_id(2)),
    )
    assert open_queries(match_apps(desired(*things), PARTNER, observed(*both))) == expected
    assert open_queries(match_apps(desired(*things[::-1]), PARTNER, observed(*both[::-1]))) == expected


def test_apps_of_another_partner_are_not_queried() -> None:
    assert asks(live(1), declared=app(1, "other")) == []


def test_the_next_pass_repeats_failed_queries_and_those_that_may_have_changed() -> None:
    one, two, three, four = map(app_id, (1, 2, 3, 4))
    is_live, is_not = (Details(one, "", None, live=each) for each in (True, False))
    facts = Facts(
        details={one: is_live, two: is_not, three: is_not, four: ReadFailed("busy")},
        stages={one: Stage("STARTED")},
        health={one: of_waba(), two: of_waba("1")},
        unread={two: ReadFailed("busy", NOW + 1), three: ReadFailed("busy", NOW)},
        subscriptions={one: (), two: (remote(WANTED),), three: ReadFailed("busy")},
    )
    assert drop_stale(facts, [live(1), live(2), row(3)], now=NOW) == Facts(
        details={one: is_live, three: is_not},
        stages={},
        health={one: of_waba(), two: of_waba("1")},
        unread={two: ReadFailed("busy", NOW + 1)},
        subscriptions={one: (), two: (remote(WANTED),)},
    )


def test_a_pass_over_the_list_queries_only_what_decides_whose_an_app_is() -> None:
    known = Memory()
    declared = desired(APP, WANTED, app(2))
    both = observed(live(1), replace(row(9), phone=None), known=known)
    assert open_queries(match_apps(declared, PARTNER, both), PassKind.LIST) == (DetailsQuery(app_id(9)),)
    assert len(open_queries(match_apps(declared, PARTNER, both))) == 3


def test_a_pass_over_the_list_keeps_facts_that_it_does_not_query() -> None:
    """Otherwise each list would drop what passes over single apps found out, and report something else."""
    one, two = app_id(1), app_id(2)
    facts = Facts(
        details={one: Details(one, "", None, live=False), two: ReadFailed("busy")},
        stages={one: Stage("WHATSAPP_PROVISIONING_DONE"), two: ReadFailed("busy")},
        health={one: of_waba("1")},
        unread={two: ReadFailed("busy", NOW + 1)},
        subscriptions={one: (), two: ReadFailed("busy")},
    )
    kept = drop_stale(facts, [live(1), live(2)], PassKind.LIST, now=NOW)
    assert kept == replace(facts, details={one: facts.details[one]})
    assert drop_stale(facts, [live(1), live(2)], now=NOW).stages == {}


@pytest.mark.parametrize("breadth", PassKind)
def test_facts_of_an_app_that_is_not_listed_any_more_are_dropped(breadth: PassKind) -> None:
    facts = looked(1, 2)
    facts = replace(facts, stages={app_id(2): Stage("STARTED")})
    assert drop_stale(facts, [live(1)], breadth, now=NOW) == looked(1)


def test_facts_from_a_pass_over_some_apps_replace_earlier_ones() -> None:
    one, two, three = map(app_id, (1, 2, 3))
    whole = replace(looked(1, 2), stages={one: Stage("STARTED"), three: Stage("ERROR")})
    part = Facts(details={one: Details(one, "new", None, live=True)}, subscriptions={one: (remote(WANTED),)})
    found = merge_facts(whole, part, {one, two})
    assert found == Facts(
        details={one: Details(one, "new", None, live=True)},
        stages={three: Stage("ERROR")},
        health={},
        subscriptions={one: (remote(WANTED),)},
    )


def test_facts_about_some_apps_are_passed_on_without_their_subscriptions() -> None:
    whole = replace(looked(1, 2), stages={ID: Stage("STARTED")})
    part = facts_about(whole, [ID, app_id(9)])
    assert part == Facts(details={ID: whole.details[ID]}, health={ID: whole.health[ID]})


def test_queries_are_counted_by_the_facts_they_returned() -> None:
    """One that gave nothing was a call, too; what was known before is none."""
    before = Facts(health={app_id(): of_waba()})
    after = Facts(
        health=before.health,
        stages={app_id(): Stage("STARTED")},
        subscriptions={app_id(): ReadFailed("no")},
    )
    assert reads_between(before, after) == 2
