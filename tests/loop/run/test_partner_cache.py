"""The partner cache: lists, observations of single apps, and what each kind of pass may do."""

from dataclasses import replace

import pytest

from controller.core.planning.guard import held_digest
from controller.core.schedule.pass_outcome import PassOutcome
from controller.errors import Busy, Unclear
from controller.loop.run.partner_cache import PartnerCache
from controller.model.manifest import App, AppId, Count, Guards, Partner, Subscription
from controller.model.memory import Memory
from controller.model.passes import Lane
from controller.model.plan import NotYetObserved, Outcome, Plan, Request, Verb, WaitFor
from controller.model.problem import Place
from tests.builders.manifest import PARTNER, desired
from tests.builders.plan import NOBODY
from tests.builders.upstream import HERE
from tests.loop.apply_fixture import HOOKS, ONE, TWO, Bench, app, events
from tests.loop.fake_gupshup import Gupshup, Lose

ALL = (ONE, TWO, *HOOKS)
RENAMED = (replace(ONE, name="one"), TWO, replace(HOOKS[0], app="one"), HOOKS[1])


def sight(
    there: Bench, *declared: App | Subscription, partner: Partner = PARTNER, enforce: bool = True
) -> PartnerCache:
    there.partner = partner
    made = PartnerCache(there.account(), enforce=enforce)
    made.declare(desired(*declared, partner=partner))
    return made


async def whole(made: PartnerCache, *, fresh: bool = True) -> PassOutcome:
    return await made.reconcile_list(NOBODY, Lane.CHANGED, frozenset(), fresh=fresh)


async def single(made: PartnerCache, name: str = "AppOne", *, fresh: bool = True) -> PassOutcome:
    return await made.reconcile_app(name, NOBODY, Lane.CHANGED if fresh else Lane.DRIFT)


def plan(seen: PassOutcome) -> Plan:
    assert seen.error is None
    assert seen.plan is not None
    return seen.plan


def both_live(remote: Gupshup) -> None:
    remote.put("AppOne", ONE.phone)
    remote.put("AppTwo", TWO.phone)


async def listed(there: Bench) -> PartnerCache:
    """Return the cache after a pass over the list, which has both apps, live."""
    both_live(there.remote)
    made = sight(there, *ALL)
    await whole(made)
    return made


# What is declared.


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        pytest.param(ALL, set(), id="nothing new"),
        pytest.param(
            tuple(replace(each, place=Place("b.yaml", 9)) for each in ALL), set(), id="lines that moved"
        ),
        pytest.param((ONE, *HOOKS[:1]), set(), id="an app that is gone"),
        pytest.param((*ALL, app("AppThree", "910000000003")), {"AppThree"}, id="a new app"),
        pytest.param((replace(ONE, waba_id="1"), *ALL[1:]), {"AppOne"}, id="an app that changed"),
        pytest.param((ONE, TWO, HOOKS[0]), {"AppTwo"}, id="a webhook less"),
        pytest.param((*ALL, events("AppTwo", tag="more")), {"AppTwo"}, id="a webhook more"),
        pytest.param((*ALL[:3], replace(HOOKS[1], version=2)), {"AppTwo"}, id="another webhook"),
        pytest.param(RENAMED, set(), id="an app under another name"),
        pytest.param((*RENAMED[:2], replace(RENAMED[2], version=2), HOOKS[1]), {"one"}, id="and otherwise"),
        pytest.param((*ALL[:3], replace(HOOKS[1], name="all")), set(), id="a webhook under another name"),
    ],
)
async def test_declaring_manifests_returns_the_new_names(
    there: Bench, declared: tuple[App | Subscription, ...], expected: set[str]
) -> None:
    made = PartnerCache(there.account(), enforce=True)
    assert made.declare(desired(*ALL)) == set(), "at first nobody knows"
    assert made.declare(desired(*declared)) == expected


async def test_an_app_is_found_by_its_phone_its_name_or_its_id(there: Bench) -> None:
    both_live(there.remote)
    taken_over = replace(TWO, name="two", app_name="Else", app_id=AppId("app-2"))
    made = sight(there, replace(ONE, name="one"), taken_over)
    known = ("AppOne", ONE.phone, TWO.phone, "app-2")
    assert [made.find(each) for each in known] == ["one", "one", "two", "two"]
    assert made.find("app-1") is None
    await whole(made)
    assert [made.find(each) for each in ("app-1", "AppTwo", "stranger")] == ["one", "two", None]


# The whole.


async def test_a_pass_over_the_list_links_missing_apps_and_queries_no_single_app(there: Bench) -> None:
    there.remote.put("AppOne", ONE.phone)
    seen = await whole(sight(there, *ALL))
    calls = {verb for verb, _ in there.remote.calls}
    assert calls == {"rows", "rows_by_phone", "link", "set_callback"}, "a callback takes no look"
    assert {each.verb for each in seen.results} == {Verb.LINK, Verb.UPDATE}
    assert [each.item.app for each in plan(seen).not_observed] == ["AppOne"]


async def test_the_last_list_is_good_enough_for_a_change(there: Bench) -> None:
    made = sight(there, ONE)
    await whole(made)
    made.declare(desired(ONE, TWO))
    before = there.remote.count("rows")
    seen = await whole(made, fresh=False)
    assert (there.remote.count("rows"), [each.outcome for each in seen.results]) == (before, [Outcome.DONE])


async def test_an_old_list_proves_no_absence(there: Bench) -> None:
    """The app of a link without an answer may exist since: only a later list can show it."""
    there.remote.on("link", Lose(after=1))
    made = sight(there, ONE)
    await whole(made)
    there.clock.time += 800
    for seen in (await whole(made, fresh=False), await single(made, fresh=False)):
        assert [each.wait_for for each in plan(seen).waiting] == [WaitFor.OUTCOME]
        assert ONE.phone in (await there.memory()).intents
    assert plan(await whole(made)).provisioning == ()
    memory = await there.memory()
    assert (list(memory.intents), ONE.phone in memory.bindings) == ([], True)
    assert there.remote.count("link") == 1


async def test_a_failed_list_keeps_earlier_observations(there: Bench) -> None:
    made = await listed(there)
    there.remote.on("rows", Busy("no answer"))
    seen = await whole(made)
    assert (seen.plan, str(seen.error), len(made.rows)) == (None, "no answer", 2)


# One app.


async def test_a_pass_over_one_app_subscribes_it_and_its_results_are_known_to_the_next_list(
    there: Bench,
) -> None:
    made = await listed(there)
    seen = await single(made)
    assert [(each.verb, each.item.app) for each in seen.results] == [(Verb.SUBSCRIBE, "AppOne")]
    left = plan(await whole(made))
    assert [each.item.app for each in left.not_observed] == ["AppTwo"]
    assert {each.app for each in left.unchanged} == {"AppOne", "AppTwo"}
    assert there.remote.count("subscribe") == 1


async def test_a_pass_over_one_app_links_nothing(there: Bench) -> None:
    seen = await single(sight(there, *ALL))
    assert there.remote.writes == []
    assert (Verb.LINK, WaitFor.FULL_PASS) in {(each.verb, each.wait_for) for each in plan(seen).waiting}


@pytest.mark.parametrize("asked", [NOBODY, Request(again=frozenset({"AppOne"}))])
async def test_a_pass_over_one_app_does_nothing_that_a_guard_counts(there: Bench, asked: Request) -> None:
    both_live(there.remote)
    made = sight(there, *ALL, partner=replace(PARTNER, owned_tags="*"))
    await whole(made)
    await single(made)
    changed = replace(HOOKS[0], version=2)
    made.declare(desired(ONE, TWO, replace(changed, tag="else"), HOOKS[1], partner=there.partner))
    before = len(there.remote.writes)
    seen = await made.reconcile_app("AppOne", asked, Lane.ASKED)
    assert there.remote.writes[before:] == [("subscribe", "app-1")], "what is new is added"
    assert [(each.verb, each.wait_for) for each in plan(seen).waiting] == [
        (Verb.UNSUBSCRIBE, WaitFor.FULL_PASS)
    ]
    made.declare(desired(ONE, TWO, changed, HOOKS[1], partner=there.partner))
    before = len(there.remote.writes)
    seen = await made.reconcile_app("AppOne", asked, Lane.ASKED)
    assert there.remote.writes[before:] == []
    assert {each.verb for each in plan(seen).waiting if each.wait_for is WaitFor.FULL_PASS} == {
        Verb.UPDATE,
        Verb.UNSUBSCRIBE,
    }


async def test_drift_is_put_back_by_a_pass_over_its_app(there: Bench) -> None:
    made = await listed(there)
    await single(made)
    subs = there.remote.subs[AppId("app-1")]
    subs["events"] = replace(subs["events"], url="https://x")
    seen = await single(made, fresh=False)
    assert [(each.verb, each.outcome) for each in seen.results] == [(Verb.UPDATE, Outcome.DONE)]


async def test_a_pass_with_reread_reads_the_apps_row_and_no_list(there: Bench) -> None:
    there.remote.live_after = 60
    there.remote.put("AppOne", ONE.phone, live=False)
    made = sight(there, *ALL[:1], HOOKS[0])
    assert plan(await whole(made)).provisioning
    there.clock.time += 60
    lists = there.remote.count("rows")
    assert plan(await single(made, fresh=False)).provisioning, "by the last list"
    assert not plan(await single(made)).provisioning
    assert there.remote.count("rows") == lists
    assert there.remote.count("subscribe") == 1


async def test_a_failed_query_by_phone_ends_the_pass(there: Bench) -> None:
    made = sight(there, *ALL)
    there.remote.on("rows_by_phone", Unclear("no reply"))
    seen = await single(made)
    assert (seen.plan, seen.matches, str(seen.error)) == (None, None, "no reply")


async def test_no_app_counts_as_absent_while_a_row_lacks_its_phone(there: Bench) -> None:
    there.remote.put("Else", None)
    made = sight(there, ONE)
    intent = await there.store.intents.open(HERE, ONE.phone, ONE.app_name)
    await there.store.intents.end(HERE, intent.id)
    there.clock.time += 800
    there.remote.on("details", Busy("no answer"), Busy("no answer"))
    for seen in (await whole(made), await single(made)):
        assert [each.wait_for for each in plan(seen).waiting] == [WaitFor.PHONE]
        assert ONE.phone in (await there.memory()).intents


# What a look did not find out.


async def test_an_app_that_cannot_be_observed_defers_guarded_changes_only_for_a_while(there: Bench) -> None:
    both_live(there.remote)
    partner = replace(PARTNER, guards=Guards(max_updates=Count(1)))
    made = sight(there, *ALL, partner=partner)
    await whole(made)
    await single(made, "AppTwo")
    made.declare(desired(ONE, TWO, HOOKS[0], replace(HOOKS[1], version=2), partner=partner))
    held_back = plan(await whole(made))
    assert held_back.not_observed == (NotYetObserved(held_back.not_observed[0].item, 1),)
    assert [each.wait_for for each in held_back.waiting if each.verb is Verb.UPDATE] == [WaitFor.OBSERVATION]
    made.mark_failed("AppOne", "crashed")
    made.mark_failed("gone", "crashed")
    seen = await whole(made)
    assert plan(seen).not_observed == ()
    assert [(each.verb, each.item.app) for each in seen.results] == [(Verb.UPDATE, "AppTwo")]
    assert [each.message for each in plan(seen).waiting] == ["crashed"]


async def test_facts_about_an_app_survive_a_failed_observation(there: Bench) -> None:
    made = await listed(there)
    await single(made)
    made.mark_failed("AppOne", "crashed")
    assert [each.item.app for each in plan(await whole(made)).not_observed] == ["AppTwo"]


async def test_an_app_that_was_undeclared_for_a_while_is_observed_anew(there: Bench) -> None:
    """Nobody watched it meanwhile: what was known of it is no ground to write on."""
    made = await listed(there)
    await single(made)
    made.declare(desired(TWO, HOOKS[1]))
    await whole(made)
    made.declare(desired(*ALL))
    assert [each.item.app for each in plan(await whole(made)).not_observed] == ["AppOne", "AppTwo"]


async def test_an_app_keeps_what_is_known_of_it_under_another_name(there: Bench) -> None:
    made = await listed(there)
    await single(made)
    made.declare(desired(*RENAMED))
    assert [each.item.app for each in plan(await whole(made)).not_observed] == ["AppTwo"]


async def test_apps_that_gupshup_lists_no_more_leave_the_cache(there: Bench) -> None:
    made = await listed(there)
    await single(made)
    await single(made, "AppTwo")
    there.remote.apps.clear()
    await whole(made)
    assert (made._facts.subscriptions, made._facts.details, made._facts.health) == ({}, {}, {})


# Consent.


GUARDED = replace(PARTNER, guards=Guards(max_links=Count(0)))


async def test_a_release_lasts_until_something_else_is_declared(there: Bench) -> None:
    made = sight(there, ONE, TWO, partner=GUARDED)
    there.remote.on("link", *[Busy("later", there.clock.now() + 9)] * 2)
    key = held_digest(plan(await whole(made)))
    assert key is not None
    await made.reconcile_list(NOBODY, Lane.CHANGED, frozenset({key}), fresh=True)
    assert plan(await whole(made)).held == ()
    assert there.remote.count("link") == 2
    made.declare(replace(desired(ONE, TWO, partner=GUARDED), revision="r2"))
    assert len(plan(await whole(made)).held) == 2


# Looking alone.


async def test_an_observing_process_writes_nothing_and_shows_what_there_is_to_do(there: Bench) -> None:
    there.remote.put("AppOne", ONE.phone)
    made = sight(there, *ALL, enforce=False)
    await whole(made)
    seen = await single(made)
    assert (there.remote.writes, seen.results) == ([], ())
    assert await there.memory() == Memory()
    assert [type(each).__name__ for each in plan(seen).actions] == ["Subscribe"]


@pytest.mark.parametrize("fresh", [True, False])
async def test_a_pass_over_one_app_returns_how_many_calls_it_took(there: Bench, *, fresh: bool) -> None:
    """The row by its phone is two pages; what was learnt before is not asked again."""
    made = await listed(there)
    there.remote.calls.clear()
    first = await single(made, fresh=fresh)
    asked = [there.remote.count(each) for each in ("details", "stage", "waba", "subscriptions")]
    again = await single(made, fresh=fresh)
    assert (first.calls, again.calls) == (2 * fresh + sum(asked), 2 * fresh + 1)
