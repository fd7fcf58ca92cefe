"""Declared subscriptions against those at Gupshup, tag by tag."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from controller.core.planning.actions import REMOVED, item_of, verb_of
from controller.core.planning.digest import of_subscription, subscription_key
from controller.core.planning.matched_app import app_item, subscription_item
from controller.core.planning.subscriptions import ACTIVE_PAUSE, UNKNOWN, drift
from controller.model.manifest import App, Desired, Partner, Policy, SubscribeWhen, Subscription, Suspend
from controller.model.memory import LedgerEntry, Memory, Refusal
from controller.model.plan import (
    NotYetObserved,
    Plan,
    Request,
    Subscribe,
    Unsubscribe,
    Update,
    Verb,
    WaitFor,
    Waiting,
)
from controller.model.upstream import Details, Facts, ReadFailed, RemoteSubscription, Row, Stage
from tests.builders.health import of_waba
from tests.builders.manifest import APP, OURS, PARTNER, PRUNING, SECRET, WANTED, app, desired, subscription
from tests.builders.memory import KEYED, NOW, memory, written
from tests.builders.plan import observed, planned
from tests.builders.upstream import EXTRA, MOVED, OFF, THERE, app_id, live, looked, remote, row

KEY = subscription_key(app_id(1), WANTED.tag)
ITEM = subscription_item(WANTED)
NOTHING = Request()
LEFT = Request(resend=False)


def plan_for(
    wanted: Subscription,
    *there: RemoteSubscription,
    known: Memory | None = None,
    asked: Request = NOTHING,
    keyed: str | ReadFailed = KEYED,
    declared: App = APP,
) -> Plan:
    seen = observed(
        live(1),
        facts=looked(1, there={1: there}),
        known=known,
        digests={ITEM: keyed} if wanted.headers else {},
    )
    return planned(desired(declared, wanted), seen, asked)


def ledger(row_: LedgerEntry | None) -> Memory:
    return memory(ledger=[] if row_ is None else [row_])


def update(plan: Plan) -> Update:
    (action,) = plan.actions
    assert isinstance(action, Update)
    return action


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(THERE, {}, id="as declared"),
        pytest.param(MOVED, {"url": (MOVED.url, WANTED.url)}, id="another url"),
        pytest.param(replace(THERE, mode=1), {"modes": ("SENT", "SENT, READ")}, id="other modes"),
        pytest.param(replace(THERE, mode=0b101 | 1 << 20), {}, id="unknown high bits are tolerated"),
        pytest.param(replace(THERE, version=2), {"version": ("2", "3")}, id="another version"),
        pytest.param(replace(THERE, version=None), {}, id="a version that was not told"),
        pytest.param(OFF, {"active": ("false", "true")}, id="switched off"),
        pytest.param(
            replace(MOVED, active=False, mode=0, version=0),
            {
                "url": (MOVED.url, WANTED.url),
                "modes": ("NONE", "SENT, READ"),
                "version": ("0", "3"),
                "active": ("false", "true"),
            },
            id="everything",
        ),
    ],
)
def test_readable_fields_of_a_subscription_are_compared(
    found: RemoteSubscription, expected: Mapping[str, tuple[str, str]]
) -> None:
    assert drift(WANTED, found) == expected
    plan = plan_for(WANTED, found)
    if expected:
        assert update(plan) == Update(WANTED, app_id(1), found, expected, drift=False)
    else:
        assert plan.actions == ()
        assert ITEM in plan.unchanged


def test_all_differences_of_a_subscription_go_into_one_update() -> None:
    plan = plan_for(
        SECRET, replace(MOVED, active=False), known=ledger(replace(written(SECRET), secret="old"))
    )
    assert set(update(plan).changes) == {"url", "active", "headers"}


@pytest.mark.parametrize(
    ("facts", "seen", "when", "on", "until"),
    [
        pytest.param(looked(1), live(1), SubscribeWhen.LIVE, None, None, id="confirmed by the details"),
        pytest.param(
            replace(looked(1), details={}),
            live(1),
            SubscribeWhen.LIVE,
            WaitFor.OBSERVATION,
            None,
            id="not confirmed yet",
        ),
        pytest.param(
            replace(looked(1), details={app_id(1): ReadFailed("busy", 9.0)}),
            live(1),
            SubscribeWhen.LIVE,
            WaitFor.BUDGET,
            9.0,
            id="no budget for the second look yet",
        ),
        pytest.param(
            replace(looked(1), details={app_id(1): Details(app_id(1), "", None, live=False)}),
            live(1),
            SubscribeWhen.LIVE,
            WaitFor.LIVE,
            None,
            id="the details do not agree",
        ),
        pytest.param(
            replace(looked(1), details={}, stages={app_id(1): Stage("WHATSAPP_PROVISIONING_DONE")}),
            replace(row(1), stage=Stage("WHATSAPP_PROVISIONING_DONE")),
            SubscribeWhen.LIVE,
            None,
            None,
            id="a stage is confirmed by the pipeline",
        ),
        pytest.param(
            replace(looked(1), details={}),
            row(1),
            SubscribeWhen.LINKED,
            None,
            None,
            id="linked needs no second look",
        ),
    ],
)
def test_a_first_subscription_needs_a_second_source_for_live(
    facts: Facts, seen: Row, when: SubscribeWhen, on: WaitFor | None, until: float | None
) -> None:
    partner = replace(PARTNER, subscribe_when=when)
    plan = planned(desired(APP, WANTED), observed(seen, facts=facts), partner=partner)
    if on is None:
        assert plan.actions == (Subscribe(WANTED, app_id(1)),)
    else:
        assert plan.actions == ()
        assert [(each.verb, each.wait_for, each.until) for each in plan.waiting] == [
            (Verb.SUBSCRIBE, on, until)
        ]


def test_a_further_subscription_needs_no_second_source_for_live() -> None:
    other = remote(subscription(1, "other"), "9")
    seen = observed(live(1), facts=replace(looked(1, there={1: (other,)}), details={}))
    plan = planned(desired(APP, WANTED), seen)
    assert plan.actions == (Subscribe(WANTED, app_id(1)),)


@pytest.mark.parametrize(
    ("there", "on", "until"),
    [
        pytest.param(None, WaitFor.OBSERVATION, None, id="not looked at"),
        pytest.param(ReadFailed("Gupshup was silent"), WaitFor.OBSERVATION, None, id="the look gave nothing"),
        pytest.param(
            ReadFailed("no budget", NOW + 9), WaitFor.BUDGET, NOW + 9, id="the look waits for its budget"
        ),
    ],
)
def test_subscriptions_that_were_not_observed_are_not_planned(
    there: ReadFailed | None, on: WaitFor, until: float | None
) -> None:
    facts = replace(looked(1), subscriptions={} if there is None else {app_id(1): there})
    plan = planned(desired(APP, WANTED), observed(live(1), facts=facts))
    assert plan.actions == ()
    assert [(each.wait_for, each.until) for each in plan.waiting] == [(on, until)]
    assert plan.waiting[0].message == ("not observed in this pass" if there is None else there.why)


@pytest.mark.parametrize(
    ("keyed", "row_", "asked", "writes", "unverifiable"),
    [
        pytest.param(KEYED, None, NOTHING, True, False, id="no row: declared wins"),
        pytest.param(KEYED, None, LEFT, False, True, id="no row and left as it is: not written, and said so"),
        pytest.param(KEYED, written(SECRET), NOTHING, False, False, id="the row agrees: once is enough"),
        pytest.param(KEYED, written(SECRET), LEFT, False, False, id="the row agrees, and nobody asks"),
        pytest.param("keyed:2", written(SECRET), NOTHING, True, False, id="the row differs: written"),
        pytest.param("keyed:2", written(SECRET), LEFT, True, False, id="the row differs: known, and written"),
        pytest.param(KEYED, written(WANTED), NOTHING, True, False, id="headers were added: written"),
    ],
)
def test_headers_are_compared_with_the_ledger(
    *, keyed: str, row_: LedgerEntry | None, asked: Request, writes: bool, unverifiable: bool
) -> None:
    plan = plan_for(SECRET, THERE, known=ledger(row_), asked=asked, keyed=keyed)
    assert plan.unverifiable == ((ITEM,) if unverifiable else ())
    assert (ITEM in plan.unchanged) == (not writes and not unverifiable)
    if writes:
        told = UNKNOWN if row_ is None else ("(hidden)", "(hidden)")
        assert update(plan).changes == {"headers": told}
        assert (update(plan).drift, update(plan).unknown) == (False, row_ is None)
    else:
        assert plan.actions == ()


@pytest.mark.parametrize("asked", [NOTHING, LEFT])
def test_a_subscription_without_headers_has_nothing_to_resend(asked: Request) -> None:
    plan = plan_for(WANTED, THERE, known=ledger(None), asked=asked)
    assert (plan.actions, plan.unverifiable) == ((), ())


def test_headers_are_sent_along_with_any_other_update() -> None:
    """One PUT sends the whole set, so what nobody could verify is known from then on; it is a change."""
    plan = plan_for(SECRET, MOVED, known=ledger(None))
    assert set(update(plan).changes) == {"url", "headers"}
    assert (update(plan).unknown, plan.unverifiable) == (False, ())
    plan = plan_for(SECRET, MOVED, known=ledger(None), asked=LEFT)
    assert set(update(plan).changes) == {"url"}


@pytest.mark.parametrize("there", [(), (MOVED,), (THERE,), (OFF,)], ids=["missing", "other", "same", "off"])
@pytest.mark.parametrize("row_", [None, written(SECRET), written(WANTED)], ids=["none", "agrees", "differs"])
@pytest.mark.parametrize("asked", [NOTHING, LEFT])
def test_an_unavailable_header_blocks_its_subscription(
    there: tuple[RemoteSubscription, ...], row_: LedgerEntry | None, asked: Request
) -> None:
    """What it holds cannot be compared, so nothing is written, nor called as declared."""
    plan = plan_for(SECRET, *there, known=ledger(row_), asked=asked, keyed=ReadFailed("HOOK_A is not set"))
    assert (plan.actions, plan.waiting, plan.unverifiable) == ((), (), ())
    assert ITEM not in plan.unchanged
    assert [(each.item, each.reason, each.message) for each in plan.blocked] == [
        (ITEM, "HeaderUnavailable", "HOOK_A is not set")
    ]


@pytest.mark.parametrize("seen", [(), (row(1),), (live(1),)], ids=["not linked", "not live", "not looked at"])
def test_an_unavailable_header_is_reported_before_its_app_is_live(seen: tuple[Row, ...]) -> None:
    """Days may pass until an app is live; who has to set the variable reads it at once."""
    other = subscription(1, "other")
    facts = Facts(health={app_id(1): of_waba()})
    there = observed(*seen, facts=facts, digests={ITEM: ReadFailed("HOOK_A is not set")})
    plan = planned(desired(APP, SECRET, other), there)
    assert [(each.item, each.reason) for each in plan.blocked] == [(ITEM, "HeaderUnavailable")]
    assert [each.item for each in plan.waiting] == [subscription_item(other)]
    assert [each.differing for each in plan.not_observed] == ([1] if seen == (live(1),) else [])


def test_a_subscription_with_an_unavailable_header_is_never_taken_for_undeclared() -> None:
    seen = observed(
        live(1),
        facts=looked(1, there={1: (replace(THERE, tag="gitops-a"),)}),
        digests={ITEM: ReadFailed("no")},
    )
    plan = planned(desired(PRUNING, replace(SECRET, tag="gitops-a")), seen, partner=OURS)
    assert (plan.actions, [each.reason for each in plan.blocked]) == ((), ["HeaderUnavailable"])


@pytest.mark.parametrize(
    ("row_", "expected"),
    [
        pytest.param(None, False, id="never written by us: a change"),
        pytest.param(
            written(replace(WANTED, url="https://old.example.com")), False, id="the manifest changed"
        ),
        pytest.param(written(WANTED), True, id="written as declared: drift"),
    ],
)
def test_drift_is_distinguished_from_a_change(*, row_: LedgerEntry | None, expected: bool) -> None:
    assert update(plan_for(WANTED, MOVED, known=ledger(row_))).drift is expected


def test_a_changed_header_is_a_change_even_beside_drift() -> None:
    assert not update(plan_for(SECRET, MOVED, known=ledger(replace(written(SECRET), secret="old")))).drift


@pytest.mark.parametrize(
    ("row_", "found", "until"),
    [
        pytest.param(None, OFF, None, id="never written by us"),
        pytest.param(written(WANTED), OFF, None, id="never put back"),
        pytest.param(written(WANTED, active_at=NOW - 60), OFF, NOW - 60 + 3600, id="put back a minute ago"),
        pytest.param(written(WANTED, active_at=NOW - 3600), OFF, None, id="put back an hour ago"),
        pytest.param(
            written(WANTED, active_at=NOW - 60),
            replace(MOVED, active=False),
            None,
            id="something else has to be written anyway",
        ),
        pytest.param(
            written(replace(WANTED, active=False), active_at=NOW - 60),
            OFF,
            None,
            id="the manifest is what changed",
        ),
    ],
)
def test_the_active_flag_is_restored_at_most_once_an_hour(
    row_: LedgerEntry | None, found: RemoteSubscription, until: float | None
) -> None:
    plan = plan_for(WANTED, found, known=ledger(row_))
    if until is None:
        assert "active" in update(plan).changes
    else:
        assert plan.actions == ()
        assert [(each.wait_for, each.until) for each in plan.waiting] == [(WaitFor.BACKOFF, until)]
    assert ACTIVE_PAUSE == 3600


def refused(digest: str, reason: str = "Rejected", retry_at: float | None = None) -> Memory:
    return memory(refusals=[Refusal(KEY, digest, reason, "Gupshup answered 400", NOW - 9, 1, retry_at)])


def unclear(tries: int, retry_at: float = NOW + 1, digest: str = of_subscription(WANTED)) -> Memory:
    said = "NoClearAnswer"
    return memory(refusals=[Refusal(KEY, digest, said, "500", NOW - 9, tries, retry_at)])


@pytest.mark.parametrize("there", [(), (MOVED,)], ids=["subscribe", "update"])
@pytest.mark.parametrize(
    ("known", "asked", "on", "reason"),
    [
        pytest.param(refused(of_subscription(WANTED)), NOTHING, None, "Rejected", id="an earlier no stands"),
        pytest.param(
            refused(of_subscription(WANTED)),
            Request(again=frozenset({APP.name})),
            None,
            None,
            id="asked again",
        ),
        pytest.param(
            refused(of_subscription(WANTED)),
            Request(again=frozenset({APP.name}), at=NOW - 9),
            None,
            "Rejected",
            id="asked again before it was refused again",
        ),
        pytest.param(refused("other"), NOTHING, None, None, id="the manifest changed"),
        pytest.param(
            refused(of_subscription(WANTED), retry_at=NOW + 1),
            NOTHING,
            WaitFor.BACKOFF,
            None,
            id="a sleeping endpoint",
        ),
        pytest.param(
            refused(of_subscription(WANTED), retry_at=NOW), NOTHING, None, None, id="its time has come"
        ),
        pytest.param(unclear(4), NOTHING, WaitFor.BACKOFF, None, id="four answers proved nothing"),
        pytest.param(unclear(5), NOTHING, None, "NoClearAnswer", id="the fifth calls for a person"),
        pytest.param(unclear(5, NOW), NOTHING, None, None, id="and is tried again all the same"),
        pytest.param(unclear(5, digest="x"), NOTHING, None, None, id="of another value it says nothing"),
    ],
)
def test_a_refused_write_of_a_subscription_is_not_repeated(
    there: tuple[RemoteSubscription, ...],
    known: Memory,
    asked: Request,
    on: WaitFor | None,
    reason: str | None,
) -> None:
    plan = plan_for(WANTED, *there, known=known, asked=asked)
    assert [each.wait_for for each in plan.waiting] == ([] if on is None else [on])
    assert [each.reason for each in plan.blocked] == ([] if reason is None else [reason])
    assert bool(plan.actions) == (on is None and reason is None)


@pytest.mark.parametrize(
    ("there", "policies", "expected"),
    [
        pytest.param((), PRUNING.policies - {Policy.SUBSCRIBE}, Verb.SUBSCRIBE, id="no Subscribe"),
        pytest.param((MOVED,), PRUNING.policies - {Policy.UPDATE}, Verb.UPDATE, id="no Update"),
        pytest.param((), frozenset(), Verb.SUBSCRIBE, id="none at all: only observed"),
        pytest.param((MOVED,), frozenset(), Verb.UPDATE, id="none at all: drift is only told"),
    ],
)
def test_a_missing_policy_makes_a_write_wait(
    there: tuple[RemoteSubscription, ...], policies: frozenset[Policy], expected: Verb
) -> None:
    plan = plan_for(WANTED, *there, declared=replace(APP, policies=policies))
    assert plan.actions == ()
    assert [(each.verb, each.wait_for) for each in plan.waiting] == [(expected, WaitFor.POLICY)]
    assert expected.capitalize() in plan.waiting[0].message


def test_a_suspended_app_writes_nothing() -> None:
    declared = replace(PRUNING, suspend=Suspend("ported", NOW + 60))
    extra = remote(subscription(1, "gitops-old"), "7")
    seen = observed(live(1), facts=looked(1, there={1: (MOVED, extra)}))
    plan = planned(desired(declared, WANTED, subscription(1, "new")), seen, partner=OURS)
    assert plan.actions == ()
    assert [(each.verb, each.wait_for, each.until, each.message) for each in plan.waiting] == [
        (verb, WaitFor.SUSPENSION, NOW + 60, "ported")
        for verb in (Verb.UPDATE, Verb.SUBSCRIBE, Verb.UNSUBSCRIBE)
    ]


@pytest.mark.parametrize(
    ("declared", "partner", "tag", "complete", "expected"),
    [
        pytest.param(
            PRUNING, OURS, "gitops-old", True, "unsubscribe", id="policy, owned tag and complete source"
        ),
        pytest.param(APP, OURS, "gitops-old", True, "foreign", id="no Unsubscribe among the policies"),
        pytest.param(PRUNING, PARTNER, "gitops-old", True, "foreign", id="no ownedTags"),
        pytest.param(PRUNING, OURS, "theirs", True, "foreign", id="a tag that is not ours"),
        pytest.param(PRUNING, OURS, "GITOPS-old", True, "foreign", id="tags are compared letter by letter"),
        pytest.param(PRUNING, OURS, "my-gitops-old", True, "foreign", id="the whole tag has to match"),
        pytest.param(PRUNING, OURS, "gitops-old", False, "nothing", id="a narrowed source says nothing"),
        pytest.param(APP, PARTNER, "gitops-old", False, "nothing", id="likewise with nothing else"),
    ],
)
def test_unsubscribing_takes_policy_ownership_and_a_complete_source(
    *, declared: App, partner: Partner, tag: str, complete: bool, expected: str
) -> None:
    extra = replace(EXTRA, tag=tag)
    seen = observed(live(1), facts=looked(1, there={1: (THERE, extra)}))
    plan = planned(desired(declared, WANTED, complete=complete), seen, partner=partner)
    assert plan.actions == ((Unsubscribe(declared, app_id(1), extra),) if expected == "unsubscribe" else ())
    assert [each.id for each in plan.foreign] == ([extra.id] if expected == "foreign" else [])
    assert plan.unmanaged == ()


@pytest.mark.parametrize("others", [PARTNER, OURS])
def test_a_declared_tag_is_never_unsubscribed(others: Partner) -> None:
    wanted = subscription(1, "gitops-old")
    seen = observed(live(1), facts=looked(1, there={1: (remote(wanted),)}))
    plan = planned(desired(PRUNING, wanted), seen, partner=others)
    assert (plan.actions, plan.unmanaged) == ((), ())


def test_actions_come_in_one_order() -> None:
    """Links first, then what is new, what differs and what goes; each by app and name."""
    first, second = subscription(1, "b"), subscription(2, "a")
    there = {1: (MOVED, EXTRA), 2: (replace(remote(subscription(2)), url=MOVED.url),)}
    declared = desired(app(9), PRUNING, app(2), app(8), first, WANTED, subscription(2), second)
    plan = planned(declared, observed(live(1), live(2), facts=looked(1, 2, there=there)), partner=OURS)
    assert [(verb_of(action), item_of(action).app, item_of(action).name) for action in plan.actions] == [
        (Verb.LINK, "app-0008", "app-0008"),
        (Verb.LINK, "app-0009", "app-0009"),
        (Verb.SUBSCRIBE, "app-0001", "b"),
        (Verb.SUBSCRIBE, "app-0002", "a"),
        (Verb.UPDATE, "app-0001", "events"),
        (Verb.UPDATE, "app-0002", "events"),
        (Verb.UNSUBSCRIBE, "app-0001", "gitops-old"),
    ]


def test_a_refused_unsubscribe_is_not_repeated() -> None:
    key = subscription_key(app_id(1), EXTRA.tag)
    known = memory(refusals=[Refusal(key, REMOVED, "NotSubscriptionOwner", "403", NOW)])
    seen = observed(live(1), facts=looked(1, there={1: (EXTRA,)}), known=known)
    plan = planned(desired(PRUNING), seen, partner=OURS)
    assert plan.actions == ()
    assert [each.reason for each in plan.blocked] == ["NotSubscriptionOwner"]


def test_subscriptions_that_were_not_observed_are_not_removed() -> None:
    facts = replace(looked(1), subscriptions={app_id(1): ReadFailed("busy")})
    plan = planned(desired(PRUNING), observed(live(1), facts=facts), partner=OURS)
    assert plan.actions == ()
    assert plan.waiting == (Waiting(Verb.UNSUBSCRIBE, app_item(PRUNING), WaitFor.OBSERVATION, None, "busy"),)


@pytest.mark.parametrize(
    "declared", [desired(app(1)), desired(PRUNING, WANTED)], ids=["no policy", "others wait"]
)
def test_an_app_waits_for_its_own_read_only_if_something_may_be_removed(declared: Desired) -> None:
    facts = replace(looked(1), subscriptions={app_id(1): ReadFailed("busy")})
    plan = planned(declared, observed(live(1), facts=facts), partner=OURS)
    assert app_item(PRUNING) not in {each.item for each in plan.waiting}


def test_two_subscriptions_of_one_tag_are_compared_by_the_first() -> None:
    second = replace(MOVED, id=EXTRA.id)
    for there in ((THERE, second), (second, THERE)):
        assert plan_for(WANTED, *there).actions == ()


@pytest.mark.parametrize(
    ("wanted", "known", "differing"),
    [
        pytest.param(WANTED, memory(), 1, id="nothing was written: it may differ"),
        pytest.param(WANTED, memory(ledger=[written(WANTED)]), 0, id="drift at the most"),
        pytest.param(
            WANTED, memory(ledger=[written(replace(WANTED, version=2))]), 1, id="something else was written"
        ),
        pytest.param(SECRET, memory(ledger=[written(SECRET)]), 0, id="the same headers"),
        pytest.param(
            SECRET,
            memory(ledger=[replace(written(SECRET), secret="keyed:old")]),
            1,
            id="other headers are no drift",
        ),
    ],
)
def test_an_unobserved_app_is_reported_with_what_may_differ(
    wanted: Subscription, known: Memory, differing: int
) -> None:
    seen = observed(
        live(1),
        facts=Facts(health={app_id(1): of_waba()}),
        known=known,
        digests={subscription_item(wanted): KEYED},
    )
    plan = planned(desired(APP, wanted), seen)
    assert plan.not_observed == (NotYetObserved(app_item(APP), differing),)
    assert [each.wait_for for each in plan.waiting] == [WaitFor.OBSERVATION]


@pytest.mark.parametrize(
    ("known", "asked", "unknown"),
    [
        pytest.param(None, NOTHING, 1, id="never written from here"),
        pytest.param(written(SECRET), NOTHING, 0, id="written from here"),
        pytest.param(written(WANTED), NOTHING, 0, id="written without headers: known to differ"),
        pytest.param(None, LEFT, 0, id="never written, and left as it is"),
    ],
)
def test_unknown_headers_of_an_unobserved_app_may_differ(
    known: LedgerEntry | None, asked: Request, unknown: int
) -> None:
    facts = Facts(health={app_id(1): of_waba()})
    seen = observed(live(1), facts=facts, known=ledger(known), digests={ITEM: KEYED})
    assert [each.unknown for each in planned(desired(APP, SECRET), seen, asked).not_observed] == [unknown]


@pytest.mark.parametrize("until", [None, NOW + 5])
def test_an_app_that_cannot_be_observed_is_not_waited_for(until: float | None) -> None:
    plan = planned(
        desired(APP, WANTED), observed(live(1), facts=looked(1, there={1: ReadFailed("500", until)}))
    )
    assert plan.not_observed == ()


@pytest.mark.parametrize(("complete", "unobserved"), [(True, 1), (False, 0)])
def test_an_app_without_subscriptions_is_observed_too(*, complete: bool, unobserved: int) -> None:
    facts = Facts(health={app_id(1): of_waba()})
    plan = planned(desired(APP, complete=complete), observed(live(1), facts=facts))
    assert (len(plan.not_observed), plan.waiting) == (unobserved, ())
    assert all((each.item, each.differing) == (app_item(APP), 0) for each in plan.not_observed)


@pytest.mark.parametrize(
    ("details", "partner", "expected"),
    [
        pytest.param(False, PARTNER, 1, id="the details deny it: it is on its way"),
        pytest.param(True, PARTNER, 0, id="they agree"),
        pytest.param(None, PARTNER, 0, id="nobody could ask: that has a turn of its own"),
        pytest.param(False, replace(PARTNER, subscribe_when=SubscribeWhen.LINKED), 0, id="linked is enough"),
    ],
)
def test_an_app_whose_details_deny_that_it_is_live_is_polled(
    *, details: bool | None, partner: Partner, expected: int
) -> None:
    told = ReadFailed("busy") if details is None else Details(app_id(1), "", None, live=details)
    facts = Facts({app_id(1): told}, {}, {app_id(1): of_waba()}, {app_id(1): ()})
    plan = planned(desired(APP, WANTED), observed(live(1), facts=facts), partner=partner)
    assert len(plan.provisioning) == expected
    there = replace(facts, subscriptions={app_id(1): (THERE,)})
    assert planned(desired(APP, WANTED), observed(live(1), facts=there)).provisioning == ()
