"""How much may change at once, on fleets of any size, and how a person lets exactly that through."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.planning.actions import verb_of
from controller.core.planning.changes.effects import fingerprint
from controller.core.planning.guard import (
    GUARDS,
    LEAST_UPDATES,
    allowed,
    change,
    guard,
    guard_for,
    held_digest,
    held_sets,
    release,
    still_held,
)
from controller.core.planning.matched_app import app_item
from controller.core.planning.subscriptions import UNKNOWN
from controller.model.manifest import Ceiling, Count, Desired, Guards, Share
from controller.model.passes import PassKind
from controller.model.plan import (
    Action,
    Link,
    NotYetObserved,
    Plan,
    SetCallback,
    Subscribe,
    Unsubscribe,
    Update,
    Verb,
    WaitFor,
)
from tests.builders.manifest import CALLBACK, PARTNER, app, desired, subscription
from tests.builders.plan import links
from tests.builders.upstream import app_id, remote

Make = Callable[[int], Sequence[Action]]
FLEETS = (1, 2, 9, 10, 11, 1000)


def updates(count: int, *, drift: bool = False) -> list[Update]:
    changes = {"url": ("a", "b")}
    wanted = (subscription(number) for number in range(1, count + 1))
    return [Update(each, app_id(), remote(each), changes, drift) for each in wanted]


def callbacks(count: int, *, finishes: bool = False) -> list[SetCallback]:
    return [SetCallback(app(n), app_id(n), CALLBACK, finishes) for n in range(1, count + 1)]


def unknown(count: int) -> list[SetCallback]:
    """Return callbacks that were never written from here."""
    return [replace(each, unknown=True) for each in callbacks(count)]


def unknown_headers(count: int) -> list[Update]:
    return [replace(each, changes={"headers": UNKNOWN}, unknown=True) for each in updates(count)]


def subscribes(count: int) -> list[Subscribe]:
    return [Subscribe(subscription(number), app_id(number)) for number in range(1, count + 1)]


def unsubscribes(count: int) -> list[Unsubscribe]:
    return [Unsubscribe(app(n), app_id(n), remote(subscription(n))) for n in range(1, count + 1)]


def fleet(size: int) -> Desired:
    return desired(*map(app, range(1, size + 1)))


def wished(*actions: Action, guards: Guards = Guards()) -> Plan:  # noqa: B008  (frozen)
    return Plan(replace(PARTNER, guards=guards), "r1", actions=tuple(actions))


def same(ceiling: Ceiling) -> Guards:
    return Guards(ceiling, ceiling, ceiling, ceiling)


@pytest.mark.parametrize(
    ("ceiling", "expected"),
    [
        pytest.param(Share(20), [1, 1, 1, 2, 2, 200], id="a fifth lets at least one through"),
        pytest.param(Share(0), [1, 1, 1, 1, 1, 1], id="so does nothing"),
        pytest.param(Share(50), [1, 1, 4, 5, 5, 500], id="a half is rounded down"),
        pytest.param(Share(100), [1, 2, 9, 10, 11, 1000], id="everything"),
        pytest.param(Count(3), [3, 3, 3, 3, 3, 3], id="a number is a number on fleets of any size"),
        pytest.param(Count(0), [0, 0, 0, 0, 0, 0], id="none at all"),
    ],
)
def test_a_guard_allows_its_ceiling_on_fleets_of_any_size(ceiling: Ceiling, expected: list[int]) -> None:
    assert [allowed(ceiling, size) for size in FLEETS] == expected


@pytest.mark.parametrize("size", FLEETS)
@pytest.mark.parametrize("make", [links, updates, unsubscribes, callbacks, unknown, unknown_headers])
@pytest.mark.parametrize("ceiling", [Share(20), Count(3), Count(0)], ids=["a fifth", "three", "none"])
def test_one_change_above_the_ceiling_holds_the_whole_class(size: int, make: Make, ceiling: Ceiling) -> None:
    least = 1 if make in {links, unsubscribes} else LEAST_UPDATES
    most, declared = allowed(ceiling, size, least), fleet(size)
    fits, exceeds = wished(*make(most), guards=same(ceiling)), wished(*make(most + 1), guards=same(ceiling))
    assert guard(fits, declared, frozenset()) == fits
    held = guard(exceeds, declared, frozenset())
    assert held.actions == ()
    assert tuple(each.action for each in held.held) == exceeds.actions


@pytest.mark.parametrize(
    ("make", "most", "name"),
    [
        pytest.param(links, 25, "maxLinks", id="25 links"),
        pytest.param(updates, 4, "maxUpdates", id="a fifth of twenty updated"),
        pytest.param(callbacks, 4, "maxUpdates", id="a callback is an update"),
        pytest.param(unknown, 4, "maxUpdates", id="so is one that was never written from here"),
        pytest.param(unknown_headers, 4, "maxUpdates", id="and so are headers"),
        pytest.param(unsubscribes, 3, "maxUnsubscribes", id="three unsubscribed"),
    ],
)
def test_guards_have_default_ceilings(make: Make, most: int, name: str) -> None:
    assert not guard(wished(*make(most)), fleet(20), frozenset()).held
    assert {each.guard for each in guard(wished(*make(most + 1)), fleet(20), frozenset()).held} == {name}


@pytest.mark.parametrize("size", [1, 2, 19])
def test_a_share_lets_one_app_with_its_webhooks_through(size: int) -> None:
    for make in (updates, unknown):
        assert not guard(wished(*make(3)), fleet(size), frozenset()).held
        assert guard(wished(*make(4)), fleet(size), frozenset()).held


@pytest.mark.parametrize(
    "actions",
    [
        pytest.param(subscribes(100), id="new subscriptions"),
        pytest.param(updates(100, drift=True), id="drift put back"),
        pytest.param(callbacks(100, finishes=True), id="callbacks that finish a link"),
    ],
)
def test_changes_that_restore_or_add_do_not_count_for_a_guard(actions: Sequence[Action]) -> None:
    plan = wished(*actions, guards=same(Count(0)))
    assert guard(plan, fleet(1), frozenset()) == plan


def test_a_guard_holds_its_class_and_lets_other_changes_go() -> None:
    rest: list[Action] = [*subscribes(4), *updates(1, drift=True)]
    changes = updates(5)[1:]
    plan = guard(wished(*links(26), *rest, *changes, *unsubscribes(3)), fleet(10), frozenset())
    assert list(plan.actions) == [*rest, *unsubscribes(3)]
    assert [each.action for each in plan.held] == [*links(26), *changes]


def test_the_size_of_a_fleet_includes_subscriptions() -> None:
    declared = desired(*map(app, range(1, 11)), *map(subscription, range(1, 11)))
    assert not guard(wished(*updates(4)), declared, frozenset()).held
    assert guard(wished(*updates(4)), fleet(10), frozenset()).held


def test_the_fleet_of_another_partner_does_not_raise_a_ceiling() -> None:
    others = desired(*(app(number, "other") for number in range(1, 1001)))
    others = replace(
        others, subscriptions=tuple(replace(subscription(n), partner="other") for n in range(99))
    )
    assert guard(wished(*updates(4)), others, frozenset()).held


def test_a_plan_with_nothing_held_has_no_release_digest() -> None:
    assert held_digest(guard(wished(*links(1)), fleet(1), frozenset())) is None


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param(["right"], 26, id="the digest of what is held"),
        pytest.param(["wrong", "right"], 26, id="among others"),
        pytest.param(["wrong"], 0, id="the digest of something else"),
        pytest.param([""], 0, id="an empty name"),
        pytest.param([], 0, id="none"),
    ],
)
def test_a_release_lets_through_all_that_is_held_or_nothing(names: list[str], expected: int) -> None:
    held = guard(wished(*links(26), *subscribes(2)), fleet(10), frozenset())
    right = held_digest(held)
    assert right is not None
    let = release(held, [right if name == "right" else name for name in names])
    assert len(let) == expected
    again = guard(wished(*links(26), *subscribes(2)), fleet(10), let)
    assert len(again.actions) == expected + 2


def test_a_release_name_has_no_effect_if_nothing_is_held() -> None:
    assert release(wished(*links(1)), ["", "None"]) == frozenset()


def test_a_release_lasts_while_its_changes_are_made_and_raises_no_ceiling() -> None:
    let = frozenset(map(fingerprint, links(26)))
    assert not guard(wished(*links(26)[20:]), fleet(10), let).held
    more = [Link(app(number)) for number in range(1, 53)]
    plan = guard(wished(*more), fleet(10), let)
    assert [each.action for each in plan.held] == more[26:]
    assert list(plan.actions) == more[:26]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(links(26), links(27), id="one more"),
        pytest.param(links(26), [*links(25), Link(replace(app(26), waba_id="1"))], id="another WABA"),
        pytest.param(
            updates(4),
            [*updates(3), replace(updates(4)[3], subscription=replace(subscription(4), url="https://x"))],
            id="another URL",
        ),
        pytest.param(
            callbacks(4), [replace(each, url="https://x") for each in callbacks(4)], id="another callback"
        ),
        pytest.param(
            unknown(4), [replace(each, url="https://x") for each in unknown(4)], id="another unknown callback"
        ),
        pytest.param(
            unsubscribes(4),
            [*unsubscribes(3), replace(unsubscribes(4)[3], remote=replace(remote(subscription(4)), url="x"))],
            id="a subscription that was changed meanwhile",
        ),
        pytest.param(
            updates(4),
            [*updates(3), replace(updates(4)[3], found=replace(remote(subscription(4)), active=False))],
            id="an update of what was changed meanwhile",
        ),
        pytest.param(
            unsubscribes(4),
            [*unsubscribes(3), replace(unsubscribes(4)[3], remote=remote(subscription(4, "other")))],
            id="another tag",
        ),
        pytest.param(links(26), updates(4), id="another class"),
    ],
)
def test_a_release_of_one_change_does_not_release_another(
    before: Iterable[Action], after: Iterable[Action]
) -> None:
    first = guard(wished(*before), fleet(10), frozenset())
    second = guard(wished(*after), fleet(10), frozenset())
    assert held_digest(first) != held_digest(second)
    assert not release(second, [held_digest(first) or ""])


def test_a_release_is_for_one_partner() -> None:
    plan = wished(*links(26))
    other = replace(plan, partner=replace(PARTNER, name="other"))
    assert held_digest(guard(plan, fleet(1), frozenset())) != held_digest(guard(other, fleet(1), frozenset()))


def test_the_digest_of_held_changes_does_not_depend_on_their_order() -> None:
    plans = [guard(wished(*each), fleet(1), frozenset()) for each in (links(26), links(26)[::-1])]
    assert held_digest(plans[0]) == held_digest(plans[1])


def test_first_writes_of_unknown_values_are_counted_and_held_by_themselves() -> None:
    """As on a fleet that was adopted: it neither hides a change of mind nor lends it room."""
    few: list[Action] = [*updates(3)]
    many: list[Action] = [*unknown(100), *unknown_headers(100)[3:]]
    plan = guard(wished(*few, *subscribes(5), *many), fleet(100), frozenset())
    assert list(plan.actions) == [*few, *subscribes(5)]
    assert [each.action for each in plan.held] == many
    assert {each.message for each in plan.held} == {
        "197 planned that were never written from here, 20 allowed"
    }
    few, many = [*unknown(3)], [*updates(24)[3:]]
    plan = guard(wished(*few, *many), fleet(100), frozenset())
    assert (list(plan.actions), [each.action for each in plan.held]) == (few, many)


def test_a_release_of_first_writes_does_not_release_a_change() -> None:
    changed, many = updates(30), unknown(30)
    held = guard(wished(*changed, *many), fleet(10), frozenset())
    first, second = (held_digest(held) or "").split(",")
    assert first == held_digest(guard(wished(*changed), fleet(10), frozenset()))
    assert second == held_digest(guard(wished(*many), fleet(10), frozenset()))
    assert release(held, [first]) == set(map(fingerprint, changed))
    assert release(held, [second]) == set(map(fingerprint, many))
    assert release(held, [first, second]) == {*map(fingerprint, changed), *map(fingerprint, many)}
    assert release(held, [f"{first},{second}", first[:-1]]) == frozenset()
    assert guard(wished(*changed, *many), fleet(10), release(held, [second])).actions == tuple(many)


def test_a_subscription_could_be_released_if_one_were_held() -> None:
    plan = replace(guard(wished(*links(26)), fleet(1), frozenset()))
    held = replace(plan, held=tuple(replace(plan.held[0], action=each) for each in subscribes(1)))
    assert release(held, [held_digest(held) or ""]) == {fingerprint(subscribes(1)[0])}


ceilings = st.one_of(st.integers(0, 5).map(Count), st.integers(0, 100).map(Share))
counts = st.tuples(*[st.integers(0, 12)] * 4)


@given(ceilings, counts, st.integers(0, 12), st.sets(st.integers(0, 11)))
def test_a_guard_never_passes_more_than_its_ceiling(
    ceiling: Ceiling, count: tuple[int, ...], size: int, agreed: set[int]
) -> None:
    """Held or passed, nothing is lost; what passes fits its ceiling or was released."""
    linked, updated, removed, drifted = count
    drift = updates(12 + drifted, drift=True)[12:]
    actions: list[Action] = [*links(linked), *updates(updated), *unsubscribes(removed), *drift]
    released = frozenset(fingerprint(each) for at, each in enumerate(actions) if at in agreed)
    plan = wished(*actions, guards=same(ceiling))
    result = guard(plan, fleet(size), released)
    assert sorted(map(str, [*result.actions, *(each.action for each in result.held)])) == sorted(
        map(str, actions)
    )
    assert [each for each in actions if each in result.actions] == list(result.actions)
    for verb in (Verb.LINK, Verb.UPDATE, Verb.UNSUBSCRIBE):
        passed = [
            a
            for a in result.actions
            if verb_of(a) is verb and a not in drift and fingerprint(a) not in released
        ]
        assert len(passed) <= allowed(ceiling, size, LEAST_UPDATES if verb is Verb.UPDATE else 1)


# What a pass may do that did not look at everything.

NOTHING: frozenset[str] = frozenset()


def not_observed(plan: Plan, apps: int, differing: int = 1, unknown: int = 0) -> Plan:
    items = (app_item(app(9_000 + n)) for n in range(apps))
    return replace(plan, not_observed=tuple(NotYetObserved(each, differing, unknown) for each in items))


@pytest.mark.parametrize("size", FLEETS)
def test_a_pass_that_observed_every_app_is_guarded_by_what_it_observed(size: int) -> None:
    for count in (1, size):
        plan = wished(*links(count), *updates(count), *unsubscribes(count))
        assert guard_for(plan, fleet(size), NOTHING, PassKind.FULL) == guard(plan, fleet(size), NOTHING)
        assert guard_for(plan, fleet(size), NOTHING, PassKind.LIST) == guard(plan, fleet(size), NOTHING)


@pytest.mark.parametrize("size", FLEETS)
def test_a_pass_over_one_app_adds_and_restores_and_defers_guarded_changes(size: int) -> None:
    restores: list[Action] = [*subscribes(1), *updates(2, drift=True)[1:], *callbacks(1, finishes=True)]
    counts: list[Action] = [*links(1), *updates(1), *unknown(2)[1:], *unsubscribes(1)]
    result = guard_for(wished(*counts, *restores), fleet(size), NOTHING, PassKind.APP)
    assert list(result.actions) == restores
    assert [(each.verb, each.item, each.wait_for) for each in result.waiting] == [
        (*change(each), WaitFor.FULL_PASS) for each in counts
    ]
    assert result.held == ()


def test_a_release_lets_no_pass_over_one_app_make_guarded_changes() -> None:
    agreed = frozenset(map(fingerprint, links(1)))
    assert guard_for(wished(*links(1)), fleet(1), agreed, PassKind.APP).actions == ()


@pytest.mark.parametrize("size", FLEETS)
def test_a_mass_change_observed_app_by_app_is_held(size: int) -> None:
    """Every app differs, and they are observed one after the other: not one more than allowed is changed."""
    most, changed = allowed(Guards().max_updates, size, LEAST_UPDATES), set[str]()
    for seen in range(1, size + 1, max(1, size // 20)):
        found = [each for each in updates(seen) if each.subscription.app not in changed]
        plan = not_observed(wished(*found), size - seen)
        result = guard_for(plan, fleet(size), NOTHING, PassKind.LIST)
        changed |= {each.subscription.app for each in result.actions if isinstance(each, Update)}
    found = [each for each in updates(size) if each.subscription.app not in changed]
    result = guard_for(wished(*found), fleet(size), NOTHING, PassKind.LIST)
    assert len(result.held) + len(result.actions) + len(changed) == size
    assert len(result.actions) + len(changed) == (size if size <= LEAST_UPDATES else 0) <= most


@pytest.mark.parametrize("size", FLEETS)
def test_few_changes_wait_only_while_unobserved_apps_could_exceed_the_ceiling(size: int) -> None:
    most = allowed(Guards().max_updates, size, LEAST_UPDATES)
    result = guard_for(not_observed(wished(*updates(most)), 1), fleet(size), NOTHING, PassKind.LIST)
    assert (result.actions, {each.wait_for for each in result.waiting}) == ((), {WaitFor.OBSERVATION})
    fits = not_observed(wished(*updates(most)), 500, differing=0)
    assert guard_for(fits, fleet(size), NOTHING, PassKind.LIST).actions == tuple(updates(most))
    fits = not_observed(wished(*updates(most)[1:]), 1)
    assert len(guard_for(fits, fleet(size), NOTHING, PassKind.LIST).actions) == most - 1


def test_first_writes_wait_only_for_unobserved_apps_with_first_writes() -> None:
    few: list[Action] = [*unknown(2), *updates(1)]
    waits = guard_for(
        not_observed(wished(*few), 9, differing=0, unknown=1), fleet(10), NOTHING, PassKind.LIST
    )
    assert (waits.actions, [each.wait_for for each in waits.waiting]) == (
        tuple(updates(1)),
        [WaitFor.OBSERVATION] * 2,
    )
    goes = guard_for(not_observed(wished(*few), 9, differing=1), fleet(10), NOTHING, PassKind.LIST)
    assert (goes.actions, len(goes.waiting)) == (tuple(unknown(2)), 1)


def test_changes_above_the_ceiling_are_held_although_some_apps_are_unobserved() -> None:
    result = guard_for(not_observed(wished(*updates(5)), 9), fleet(10), NOTHING, PassKind.LIST)
    assert (len(result.held), result.waiting, result.actions) == (5, (), ())


def test_removals_wait_until_every_app_was_observed() -> None:
    """One app can have any number of subscriptions that no manifest declares."""
    plan = not_observed(wished(*unsubscribes(1)), 1, differing=0)
    assert guard_for(plan, fleet(1_000), NOTHING, PassKind.LIST).actions == ()
    assert guard_for(not_observed(plan, 0), fleet(1_000), NOTHING, PassKind.LIST).actions == tuple(
        unsubscribes(1)
    )


def test_links_and_restoring_changes_wait_for_no_observation_of_single_apps() -> None:
    actions: list[Action] = [
        *links(25),
        *subscribes(30),
        *updates(30, drift=True),
        *callbacks(9, finishes=True),
    ]
    plan = not_observed(wished(*actions), 1_000)
    assert guard_for(plan, fleet(10), NOTHING, PassKind.LIST).actions == tuple(actions)


def test_released_changes_wait_for_no_observation() -> None:
    agreed = frozenset(map(fingerprint, updates(9)))
    plan = not_observed(wished(*updates(9)), 5)
    assert guard_for(plan, fleet(10), agreed, PassKind.LIST).actions == tuple(updates(9))


def test_what_is_held_is_counted_by_digest_and_guard() -> None:
    plan = wished(*links(3), *updates(4), *unknown(5), guards=same(Count(1)))
    known, never = held_sets(guard(plan, fleet(10), frozenset()))
    assert [(each.guard, each.verb, each.count, each.figures) for each in known.classes] == [
        ("maxLinks", Verb.LINK, 3, "3 planned, 1 allowed"),
        ("maxUpdates", Verb.UPDATE, 4, "4 planned, 1 allowed"),
    ]
    assert str(never) == "guard maxUpdates: 5 planned that were never written from here, 1 allowed"
    assert f"{known.digest},{never.digest}" == held_digest(guard(plan, fleet(10), frozenset()))
    assert held_sets(wished(*links(1))) == ()


def test_a_pass_over_one_app_leaves_held_what_the_last_full_pass_held() -> None:
    full = guard(wished(*links(3), guards=same(Count(1))), fleet(3), frozenset())
    alone = guard_for(wished(links(3)[0], *callbacks(1)), fleet(3), frozenset(), PassKind.APP)
    found = still_held(alone, full)
    assert [each.action for each in found.held] == [links(3)[0]]
    assert [each.item for each in found.waiting] == [app_item(app(1))], "what is new waits for a full pass"
    assert still_held(alone, None) == alone
    slow = replace(alone, waiting=tuple(replace(each, wait_for=WaitFor.LIVE) for each in alone.waiting))
    assert still_held(slow, full) == slow


@pytest.mark.parametrize("make", [links, updates, unsubscribes])
def test_each_verb_that_a_guard_holds_has_its_name(make: Make) -> None:
    (held,) = held_sets(guard(wished(*make(2), guards=same(Count(1))), fleet(2), frozenset()))
    assert GUARDS[held.classes[0].verb] == held.classes[0].guard
