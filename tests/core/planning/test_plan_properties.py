"""What holds for every world: no item twice, nothing where all is well, nothing without leave, one order."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.core.planning.actions import item_of, verb_of
from controller.core.planning.changes.narrow import narrow
from controller.core.planning.digest import callback_key, link_key, of_link, of_subscription
from controller.core.planning.guard import guard
from controller.core.planning.matched_app import app_item, is_ours, match_apps, subscription_item
from controller.core.planning.outcomes.memory_updates import memory_updates
from controller.core.planning.plan import plan
from controller.core.planning.queries import open_queries
from controller.core.render.plans import plan_document, plan_text
from controller.core.status.conditions import statuses
from controller.model.manifest import App, Desired, FromEnv, Partner, Policy, Subscription, Suspend
from controller.model.memory import Binding, Intent, LedgerEntry, LinkAttempt, Memory, Refusal
from controller.model.plan import (
    Action,
    Item,
    Kind,
    Link,
    Observed,
    Plan,
    Request,
    SetCallback,
    Unsubscribe,
    Verb,
    WaitFor,
)
from controller.model.upstream import Details, Facts, ReadFailed, RemoteSubscription, Stage, SubscriptionId
from tests.builders.health import of_waba
from tests.builders.manifest import ALL, CALLBACK, OURS, PARTNER, app, desired, phone, subscription
from tests.builders.memory import KEYED, NOW, memory, written
from tests.builders.plan import observed
from tests.builders.upstream import app_id, live, looked, remote, row

K = TypeVar("K")
V = TypeVar("V")
NUMBERS = (1, 2, 3)
TAGS = ("events", "gitops-a", "gitops-b")
number = st.sampled_from(NUMBERS)
times = st.sampled_from([NOW - 100_000, NOW - 720, NOW - 60, NOW, NOW + 60])
maybe_time = st.one_of(st.none(), times)
unseen = st.builds(ReadFailed, st.just("busy"), maybe_time)

policies = st.frozensets(st.sampled_from(Policy))
suspends = st.one_of(st.none(), st.builds(Suspend, st.just("ported"), maybe_time))
headers: st.SearchStrategy[Mapping[str, FromEnv]] = st.sampled_from([{}, {"X-Hook": FromEnv("HOOK_A")}])


@st.composite
def apps(draw: st.DrawFn, of: int) -> App:
    return replace(
        app(of),
        policies=draw(st.one_of(st.just(ALL), policies)),
        suspend=draw(suspends),
        callback_url=draw(st.sampled_from([None, CALLBACK])),
        app_id=draw(st.sampled_from([None, None, None, app_id(of), app_id(9)])),
    )


@st.composite
def subscriptions(draw: st.DrawFn, of: int, tag: str) -> Subscription:
    active, told = draw(st.booleans()), draw(headers)
    return replace(subscription(of, tag), active=active, headers=told)


@st.composite
def declarations(draw: st.DrawFn) -> Desired:
    chosen = draw(st.sets(number))
    things: list[App | Subscription] = [draw(apps(each)) for each in sorted(chosen)]
    for each in sorted(chosen):
        things.extend(draw(subscriptions(each, tag)) for tag in sorted(draw(st.sets(st.sampled_from(TAGS)))))
    return desired(*things, complete=draw(st.booleans()))


stages = st.builds(Stage, st.sampled_from([None, "STARTED", "ERROR", "WHATSAPP_PROVISIONING_DONE", "NEW"]))
rows = st.builds(
    lambda of, name, its, is_live, stage, created: replace(
        row(of), name=f"Name{name:04d}", phone=its, live=is_live, stage=stage, created=created
    ),
    st.sampled_from([1, 2, 3, 4]),
    number,
    st.sampled_from([None, *map(phone, NUMBERS)]),
    st.booleans(),
    stages,
    maybe_time,
)
normal_rows = st.lists(
    st.one_of(number.map(row), number.map(live)), max_size=3, unique_by=lambda each: each.id
)
any_rows = st.lists(rows, max_size=4, unique_by=lambda each: each.id)


@st.composite
def remotes(draw: st.DrawFn, of: int) -> tuple[RemoteSubscription, ...]:
    tags = draw(st.lists(st.sampled_from([*TAGS, "theirs"]), unique=True))
    return tuple(
        RemoteSubscription(
            SubscriptionId(str(at)),
            tag,
            draw(st.sampled_from([f"https://hooks.example.com/{of}/{tag}", "https://elsewhere.example.com"])),
            3,
            draw(st.sampled_from([None, 0b101, 2047])),
            (),
            active=draw(st.booleans()),
        )
        for at, tag in enumerate(tags, 1)
    )


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    ids = [app_id(each) for each in (1, 2, 3, 4)]
    detail = st.builds(
        lambda its, is_live: Details(app_id(), "", its, live=is_live),
        st.sampled_from([None, *map(phone, NUMBERS)]),
        st.booleans(),
    )
    subs = {app_id(each): draw(st.one_of(unseen, remotes(each))) for each in NUMBERS if draw(st.booleans())}
    return Facts(
        draw(st.dictionaries(st.sampled_from(ids), st.one_of(detail, unseen))),
        draw(st.dictionaries(st.sampled_from(ids), st.one_of(stages, unseen))),
        draw(st.dictionaries(st.sampled_from(ids), st.sampled_from([of_waba(), of_waba("1")]))),
        subs,
    )


PAIRS = [subscription(each, tag) for each in NUMBERS for tag in TAGS]
some_pairs = st.lists(st.sampled_from(range(len(PAIRS))), max_size=4, unique=True)
some_numbers = st.lists(number, unique=True)
answers = st.builds(
    LinkAttempt, times, st.just("link"), st.just(""), st.sampled_from(["failed", "done"]), st.just("no")
)


@st.composite
def memories(draw: st.DrawFn) -> Memory:
    """Draw what a store could hold, in any order."""
    names = st.sampled_from(["Name0001", "Name0002", "Old"])
    tried = draw(st.lists(st.tuples(number, names, maybe_time), max_size=3, unique_by=lambda each: each[0]))
    of_links = [
        Refusal(link_key(phone(n)), of_link(app(n)), "LinkRefused", "no", NOW, 1, draw(maybe_time))
        for n in draw(some_numbers)
    ]
    of_writes = [
        Refusal(written(each).key, of_subscription(each), "Rejected", "no", NOW)
        for each in map(PAIRS.__getitem__, draw(some_pairs))
    ]
    wrote = [
        written(PAIRS[at], updates=draw(st.integers(0, 4)), active_at=draw(maybe_time))
        for at in draw(some_pairs)
    ]
    callbacks = [
        LedgerEntry(callback_key(app_id(n)), draw(st.sampled_from(["", KEYED]))) for n in draw(some_numbers)
    ]
    known = memory(
        bindings=[Binding(phone(n), app_id(n), draw(maybe_time)) for n in draw(some_numbers)],
        intents=[Intent(at, phone(n), name, end, at) for at, (n, name, end) in enumerate(tried, 1)],
        refusals=[*of_links, *of_writes],
        ledger=[*wrote, *callbacks],
    )
    return replace(known, links=tuple(draw(st.lists(answers, max_size=3))))


asks = st.builds(Request, resend=st.booleans(), again=st.frozensets(number.map(lambda n: app(n).name)))
partners = st.sampled_from([PARTNER, OURS])


@st.composite
def rough_worlds(draw: st.DrawFn) -> tuple[Desired, Partner, Observed, Request]:
    declared = draw(declarations())
    items = [*map(app_item, declared.apps), *map(subscription_item, declared.subscriptions)]
    keyed: dict[Item, str | ReadFailed] = {
        each: draw(st.one_of(st.just(KEYED), st.just("other"), unseen)) for each in items
    }
    rows, known_facts, known = draw(st.one_of(normal_rows, any_rows)), draw(facts()), draw(memories())
    seen = observed(*rows, facts=known_facts, known=known, digests=keyed)
    return declared, draw(partners), seen, draw(asks)


@st.composite
def open_worlds(draw: st.DrawFn) -> tuple[Desired, Partner, Observed, Request]:
    """Draw a world in which little stands in the way: each app is live, and its webhooks were read."""
    drawn = draw(declarations())
    declared = replace(drawn, apps=tuple(replace(each, suspend=None, app_id=None) for each in drawn.apps))
    items = [*map(app_item, declared.apps), *map(subscription_item, declared.subscriptions)]
    facts = looked(*NUMBERS, there={each: draw(remotes(each)) for each in NUMBERS})
    seen = observed(*map(live, NUMBERS), facts=facts, digests=dict.fromkeys(items, KEYED))
    return declared, OURS, seen, draw(asks)


World = tuple[Desired, Partner, Observed, Request]
worlds = st.one_of(rough_worlds(), open_worlds())
MANY = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@MANY
@given(worlds)
def test_a_plan_never_holds_two_actions_for_one_thing(world: World) -> None:
    items = [item_of(action) for action in plan(match_apps(*world)).actions]
    assert len(items) == len(set(items))


@MANY
@given(worlds)
def test_no_item_has_both_an_action_and_another_entry_in_a_plan(world: World) -> None:
    found = plan(match_apps(*world))
    acted = {item_of(action) for action in found.actions if verb_of(action) is not Verb.UPDATE}
    rest = {*(each.item for each in found.waiting), *(each.item for each in found.blocked), *found.unchanged}
    assert not acted & rest
    assert not {item_of(action) for action in found.actions} & set(found.unchanged)


@MANY
@given(worlds)
def test_every_declared_thing_is_accounted_for(world: World) -> None:
    declared, found = world[0], plan(match_apps(*world))
    told = {
        *map(item_of, found.actions),
        *(each.item for each in found.waiting),
        *(each.item for each in found.blocked),
        *found.unchanged,
        *found.unverifiable,
    }
    assert {*map(app_item, declared.apps), *map(subscription_item, declared.subscriptions)} <= told


def policy(action: Action) -> Policy:
    """Return what has to be allowed; a callback that a link could not set belongs to the link."""
    finishes = isinstance(action, SetCallback) and action.finishes_link
    return Policy.LINK if finishes else Policy(verb_of(action).capitalize())


@settings(MANY, max_examples=150)
@given(worlds)
def test_no_action_is_planned_without_policy_or_under_suspension(world: World) -> None:
    declared, partner, seen, _ = world
    by_name = {each.name: each for each in declared.apps}
    for action in plan(match_apps(*world)).actions:
        owner = by_name[item_of(action).app]
        assert policy(action) in owner.policies
        assert owner.suspend is None or (owner.suspend.until is not None and owner.suspend.until <= seen.at)
        if isinstance(action, Unsubscribe):
            tags = {each.tag for each in declared.subscriptions if each.app == owner.name}
            assert declared.complete
            assert is_ours(partner, action.remote.tag)
            assert action.remote.tag not in tags


@MANY
@given(worlds)
def test_a_link_is_planned_only_for_an_absent_app_without_an_open_link(world: World) -> None:
    _, _, seen, _ = world
    for action in plan(match_apps(*world)).actions:
        if isinstance(action, Link):
            assert all(each.phone != action.app.phone for each in seen.rows)
            assert action.app.phone not in seen.memory.bindings
            open_ = [
                i
                for i in seen.memory.intents.values()
                if action.app.phone == i.phone or action.app.app_name == i.name
            ]
            assert all(i.ended is not None and i.ended <= NOW - 720 for i in open_)
            assert all(i.unclear < 3 for i in open_ if i.phone == action.app.phone)


def _reversed(seen: Observed) -> Observed:
    known, told = seen.memory, seen.facts
    return replace(
        seen,
        rows=seen.rows[::-1],
        digests=_flipped(seen.digests),
        facts=Facts(
            _flipped(told.details),
            _flipped(told.stages),
            _flipped(told.health),
            {
                key: each[::-1] if isinstance(each, tuple) else each
                for key, each in _flipped(told.subscriptions).items()
            },
        ),
        memory=Memory(
            _flipped(known.bindings),
            _flipped(known.intents),
            _flipped(known.refusals),
            _flipped(known.ledger),
            known.links,
        ),
    )


def _flipped(found: Mapping[K, V]) -> dict[K, V]:
    return dict(reversed(list(found.items())))


@MANY
@given(worlds)
def test_the_same_world_in_another_order_is_the_same_plan(world: World) -> None:
    declared, partner, seen, asked = world
    other = replace(declared, apps=declared.apps[::-1], subscriptions=declared.subscriptions[::-1])
    found, mirrored = plan(match_apps(*world)), plan(match_apps(other, partner, _reversed(seen), asked))
    assert found == mirrored
    assert plan_text([found], "r1") == plan_text([mirrored], "r1")
    assert plan_document([found], "r1") == plan_document([mirrored], "r1")
    assert open_queries(match_apps(declared, partner, seen)) == open_queries(
        match_apps(other, partner, _reversed(seen))
    )
    assert memory_updates(match_apps(declared, partner, seen)) == memory_updates(
        match_apps(other, partner, _reversed(seen))
    )
    assert statuses(match_apps(declared, found.partner, seen), found, {}) == statuses(
        match_apps(other, mirrored.partner, _reversed(seen)), mirrored, {}
    )


@MANY
@given(worlds)
def test_no_plan_shows_a_phone_number(world: World) -> None:
    text = plan_text([plan(match_apps(*world))], "r1")
    assert [each for each in map(phone, NUMBERS) if each in text] == []


@MANY
@given(worlds, st.sets(st.integers(0, 9)))
def test_a_narrowed_plan_is_a_part_of_the_whole_one(world: World, chosen: set[int]) -> None:
    """`--only` leaves entries out; it never adds or changes one."""
    declared, partner, seen, asked = world
    items = [*map(app_item, declared.apps), *map(subscription_item, declared.subscriptions)]
    only = frozenset(each for at, each in enumerate(items) if at in chosen)
    narrowed = plan(match_apps(replace(declared, complete=False), partner, seen, replace(asked, only=only)))
    whole = plan(match_apps(*world))
    assert set(map(item_of, narrowed.actions)) <= only
    assert [each for each in whole.actions if each in narrowed.actions] == list(narrowed.actions)
    assert {each.item for each in narrowed.waiting} <= only
    assert {each.item for each in narrowed.blocked} <= only
    assert narrowed.unmanaged == ()
    assert not any(isinstance(each, Unsubscribe) for each in narrowed.actions)


@MANY
@given(worlds)
def test_memory_updates_that_were_stored_are_not_repeated(world: World) -> None:
    """Bindings that an observation proves are those that it would find again."""
    declared, partner, seen, _ = world
    bound = {
        note.binding.phone: note.binding
        for note in memory_updates(match_apps(declared, partner, seen))
        if hasattr(note, "binding")
    }
    known = replace(seen.memory, bindings={**seen.memory.bindings, **bound})
    again = memory_updates(match_apps(declared, partner, replace(seen, memory=known)))
    assert not any(hasattr(note, "binding") for note in again)


def converged(size: int, extra: int) -> tuple[Desired, Observed]:
    numbers = range(1, size + 1)
    things = [subscription(n, f"tag{each}") for n in numbers for each in range(extra)]
    there = {
        n: tuple(remote(each, str(at)) for at, each in enumerate(things) if each.app == app(n).name)
        for n in numbers
    }
    owners = [replace(app(n), policies=ALL, callback_url=CALLBACK) for n in numbers]
    ids: Mapping[Item, str | ReadFailed] = {app_item(each): KEYED for each in owners}
    known = memory(
        bindings=[Binding(phone(n), app_id(n), None, "", app(n).app_name) for n in numbers],
        ledger=[*map(written, things), *(LedgerEntry(callback_key(app_id(n)), KEYED) for n in numbers)],
    )
    facts = looked(*numbers, there=there)
    known = replace(known, health=facts.health)
    seen = observed(*map(live, numbers), facts=facts, known=known, digests=ids)
    return desired(*owners, *things), seen


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 5), st.integers(0, 3), partners, st.booleans())
def test_a_plan_is_empty_if_everything_is_as_declared(
    size: int,
    extra: int,
    partner: Partner,
    resend: bool,  # noqa: FBT001  (drawn)
) -> None:
    declared, seen = converged(size, extra)
    found = plan(match_apps(declared, partner, seen, Request(resend=resend)))
    everything = (*map(app_item, declared.apps), *map(subscription_item, declared.subscriptions))
    assert found == Plan(partner, "r1", unchanged=found.unchanged)
    assert set(found.unchanged) == set(everything)
    assert guard(found, declared, frozenset()) == found
    assert (
        memory_updates(match_apps(declared, partner, seen)),
        open_queries(match_apps(declared, partner, seen)),
    ) == ((), ())


@MANY
@given(worlds)
def test_a_plan_says_why_each_thing_waits(world: World) -> None:
    for each in plan(match_apps(*world)).waiting:
        assert each.until is None or each.wait_for not in {WaitFor.POLICY, WaitFor.LIVE, WaitFor.LINK}


@MANY
@given(worlds, st.frozensets(number))
def test_the_plan_of_a_change_is_the_whole_one_for_the_apps_that_it_touches(
    world: World, numbers: frozenset[int]
) -> None:
    """Each app that a change touches is planned as without `--since`: what goes is removed or reported."""
    declared, partner, seen, asked = world
    names = {app(each).name for each in numbers}
    touched = frozenset(app_item(each) for each in declared.apps if each.name in names)
    left, items = narrow(declared, None, touched)
    found, whole = plan(match_apps(left, partner, seen, asked)), plan(match_apps(*world))
    assert items is None
    assert list(found.actions) == [each for each in whole.actions if item_of(each).app in names]
    for part in ("waiting", "blocked", "foreign", "not_observed"):
        assert getattr(found, part) == tuple(e for e in getattr(whole, part) if e.item.app in names)
    for part in ("unchanged", "provisioning", "unverifiable"):
        assert getattr(found, part) == tuple(e for e in getattr(whole, part) if e.app in names)
    hooks = tuple(e for e in whole.unmanaged if e.item.kind is Kind.SUBSCRIPTION and e.item.app in names)
    assert found.unmanaged == hooks
