"""Retired apps: what is removed from them, when their reads end, and that nothing else happens to them."""

from dataclasses import replace

import pytest

from controller.core.planning.actions import NO_CLEAR_ANSWER, REMOVED
from controller.core.planning.digest import digest, retired_key, subscription_key
from controller.core.planning.guard import guard
from controller.core.planning.matched_app import match_apps
from controller.core.planning.outcomes.memory_updates import memory_updates
from controller.core.planning.queries import next_health_read, open_queries
from controller.core.planning.retired.retirement import settled_apps
from controller.core.planning.selection import select
from controller.core.status.conditions import statuses
from controller.core.status.state import state_of
from controller.core.status.summary import summarize
from controller.model.manifest import App, AppState, Desired, OnForeign, Partner, Suspend, WebhookPolicy
from controller.model.memory import Binding, LedgerEntry, LedgerWritten, Memory, Refusal
from controller.model.plan import (
    Kind,
    NotYetObserved,
    Observed,
    Plan,
    Request,
    Unsubscribe,
    Verb,
    WaitFor,
    Waiting,
)
from controller.model.status import Status
from controller.model.upstream import (
    DetailsQuery,
    Facts,
    ReadFailed,
    RemoteSubscription,
    Row,
    SubscriptionsQuery,
)
from tests.builders.manifest import APP, OURS, PARTNER, WANTED, app, desired, subscription
from tests.builders.memory import NOW, memory, written
from tests.builders.plan import ITEM, observed, planned
from tests.builders.upstream import EXTRA, THERE, app_id, live, looked, remote, row

ID = app_id(1)
LEFT = replace(APP, state=AppState.RETIRED, policies=frozenset())
BOUND = Binding(APP.phone, ID)
MARK = LedgerEntry(retired_key(ID), digest([None, []]))
DECLARING = replace(MARK, digest=digest([None, [WANTED.tag]]))
"""The mark of an app for which a manifest declares a webhook."""
THEIRS = remote(subscription(1, "theirs"), "9")
OTHER_NAME = replace(live(1), name="Renamed")
UNCLEAR = Refusal(subscription_key(ID, "late"), "digest", NO_CLEAR_ANSWER, "no answer", NOW - 9)
MAY_COME = UNCLEAR.at + PARTNER.settle.late_effect + PARTNER.settle.stale_list
AGAIN = Request(again=frozenset({APP.name}), at=NOW)
WROTE = memory(bindings=[BOUND], ledger=[written(WANTED)])
NO_REQUEST = Request()


def seen_with(
    *there: RemoteSubscription, known: Memory = WROTE, at: float = NOW, of: Row | None = None
) -> Observed:
    return observed(of or live(1), facts=looked(1, there={1: there}), known=known, at=at)


def removed(plan: Plan) -> list[str]:
    return [each.remote.tag for each in plan.actions if isinstance(each, Unsubscribe)]


@pytest.mark.parametrize(
    ("partner", "known", "gone", "foreign"),
    [
        pytest.param(PARTNER, WROTE, ["events"], ["gitops-old", "theirs"], id="written from here"),
        pytest.param(OURS, Memory(), ["events", "gitops-old"], ["theirs"], id="an owned tag"),
        pytest.param(PARTNER, Memory(), ["events"], ["gitops-old", "theirs"], id="taken over, never written"),
    ],
)
@pytest.mark.parametrize("complete", [True, False])
def test_what_is_ours_goes_whatever_is_declared_and_without_a_policy(
    partner: Partner, known: Memory, gone: list[str], foreign: list[str], *, complete: bool
) -> None:
    """`policies: []`, a selector that still matches, and a single file change nothing about it.

    What stays is named, and whether a manifest that was not read may declare it.
    """
    plan = planned(
        desired(LEFT, WANTED, complete=complete),
        seen_with(THERE, EXTRA, THEIRS, known=known),
        partner=partner,
    )
    assert removed(plan) == gone
    assert len(plan.actions) == len(gone)
    assert [(each.item.name, each.partial) for each in plan.foreign] == [
        (tag, not complete) for tag in foreign
    ]
    assert plan.unchanged == (() if gone else (ITEM,))


def test_a_narrowed_plan_shows_what_stays_on_the_retired_app_alone() -> None:
    left, only = select(desired(LEFT, app(2), WANTED), ["App/app-0001"], {})
    plan = planned(left, seen_with(THEIRS), Request(only=only))
    assert [(each.item.name, each.partial) for each in plan.foreign] == [("theirs", False)]
    strict = replace(PARTNER, webhooks=WebhookPolicy((), OnForeign.BLOCK))
    active, only = select(desired(APP, app(2), WANTED), ["App/app-0001"], {})
    blocked = planned(active, seen_with(THEIRS), Request(only=only), partner=strict)
    assert ([each.reason for each in blocked.blocked], blocked.foreign) == (["ForeignWebhook"], ())


def test_what_an_active_app_took_over_is_left_alone() -> None:
    plan = planned(desired(replace(LEFT, replaced=True), WANTED), seen_with(THERE))
    assert (plan.actions, plan.foreign, plan.unchanged) == ((), (), (ITEM,))


def test_a_webhook_of_others_that_may_block_changes_blocks_no_removal() -> None:
    block = replace(PARTNER, webhooks=WebhookPolicy((), OnForeign.BLOCK))
    assert removed(planned(desired(LEFT), seen_with(THERE, THEIRS), partner=block)) == ["events"]


def test_removals_are_counted_by_their_guard() -> None:
    tags = [subscription(1, f"hook-{number}") for number in range(4)]
    there = [remote(each, str(number)) for number, each in enumerate(tags)]
    known = memory(ledger=[written(each) for each in tags])
    declared = desired(LEFT, *tags)
    held = guard(planned(declared, seen_with(*there, known=known)), declared, frozenset())
    assert (len(held.held), held.actions) == (4, ())


@pytest.mark.parametrize(
    ("declared", "refusal", "wait_for"),
    [
        pytest.param(replace(LEFT, suspend=Suspend("ported")), None, WaitFor.SUSPENSION, id="suspended"),
        pytest.param(
            LEFT,
            Refusal(subscription_key(ID, "events"), REMOVED, "Rejected", "500", NOW, retry_at=NOW + 9),
            WaitFor.BACKOFF,
            id="refused lately",
        ),
    ],
)
def test_a_removal_waits_as_other_writes_do(
    declared: App, refusal: Refusal | None, wait_for: WaitFor
) -> None:
    known = memory(ledger=[written(WANTED)], refusals=[refusal] if refusal else [])
    (waiting,) = planned(desired(declared), seen_with(THERE, known=known)).waiting
    assert (waiting.verb, waiting.wait_for, waiting.item.name) == (Verb.UNSUBSCRIBE, wait_for, "events")


def test_a_removal_that_never_takes_needs_a_person() -> None:
    tired = Refusal(subscription_key(ID, "events"), REMOVED, "WillNotConverge", "3 writes", NOW)
    known = memory(ledger=[written(WANTED)], refusals=[tired])
    (blocked,) = planned(desired(LEFT), seen_with(THERE, known=known)).blocked
    assert (blocked.reason, blocked.message) == ("WillNotConverge", "3 writes: it is still listed")


@pytest.mark.parametrize(
    ("seen", "entry"),
    [
        pytest.param(observed(), None, id="never linked: it is not linked now"),
        pytest.param(observed(row(1)), None, id="never live: no webhook of ours can be there"),
        pytest.param(observed(live(1), known=memory(ledger=[DECLARING])), None, id="its retirement is over"),
        pytest.param(
            observed(row(1), known=WROTE),
            Waiting(Verb.UNSUBSCRIBE, ITEM, WaitFor.OBSERVATION, None, "not observed in this pass"),
            id="not live, and a webhook was written",
        ),
        pytest.param(
            observed(live(1)),
            Waiting(Verb.UNSUBSCRIBE, ITEM, WaitFor.OBSERVATION, None, "not observed in this pass"),
            id="not read yet",
        ),
        pytest.param(
            observed(live(1), facts=Facts(subscriptions={ID: ReadFailed("busy", NOW + 9)})),
            Waiting(Verb.UNSUBSCRIBE, ITEM, WaitFor.BUDGET, NOW + 9, "busy"),
            id="no room to read it",
        ),
        pytest.param(
            observed(known=memory(bindings=[BOUND])),
            Waiting(Verb.UNSUBSCRIBE, ITEM, WaitFor.LIST, NOW + 120, "bound before, not in this list"),
            id="missing from one list",
        ),
        pytest.param(
            observed(known=memory(bindings=[replace(BOUND, missing_since=0.0)])),
            None,
            id="gone for good",
        ),
        pytest.param(observed(OTHER_NAME), None, id="another app has the phone, and none was ours"),
        pytest.param(
            observed(replace(live(2), name=APP.app_name), known=memory(bindings=[BOUND])),
            "NameTakenByOtherPhone",
            id="it was ours, and cannot be told",
        ),
    ],
)
def test_a_retired_app_is_never_linked(seen: Observed, entry: Waiting | str | None) -> None:
    plan = planned(desired(LEFT, WANTED), seen)
    assert plan.actions == ()
    if entry is None:
        assert (plan.unchanged, plan.waiting, plan.blocked) == ((ITEM,), (), ())
    elif isinstance(entry, str):
        assert [each.reason for each in plan.blocked] == [entry]
    else:
        assert plan.waiting == (entry,)


def test_an_app_of_ours_that_was_renamed_at_gupshup_is_known_by_its_id() -> None:
    plan = planned(desired(LEFT), seen_with(THERE, of=OTHER_NAME))
    assert (removed(plan), plan.blocked) == (["events"], ())


@pytest.mark.parametrize(
    ("declared", "seen", "asked", "queries"),
    [
        pytest.param(LEFT, observed(live(1)), NO_REQUEST, (SubscriptionsQuery(ID),), id="once"),
        pytest.param(
            LEFT, observed(live(1), known=memory(ledger=[DECLARING])), NO_REQUEST, (), id="and no more"
        ),
        pytest.param(
            LEFT,
            observed(live(1), known=memory(ledger=[MARK])),
            NO_REQUEST,
            (SubscriptionsQuery(ID),),
            id="what is declared for it is not what was declared then",
        ),
        pytest.param(
            LEFT,
            observed(live(1), known=memory(ledger=[DECLARING])),
            AGAIN,
            (SubscriptionsQuery(ID),),
            id="a person asked again",
        ),
        pytest.param(
            replace(LEFT, replaced=True), observed(live(1)), AGAIN, (), id="an active app decides about it"
        ),
        pytest.param(LEFT, observed(row(1)), NO_REQUEST, (), id="never live"),
        pytest.param(LEFT, observed(), NO_REQUEST, (), id="not there"),
        pytest.param(
            LEFT, observed(replace(row(1), phone=None)), NO_REQUEST, (DetailsQuery(ID),), id="which app it is"
        ),
        pytest.param(
            LEFT,
            observed(replace(row(1), phone=None), known=memory(bindings=[BOUND], ledger=[DECLARING])),
            NO_REQUEST,
            (),
            id="it does not matter any more",
        ),
    ],
)
def test_reads_end(declared: App, seen: Observed, asked: Request, queries: tuple[object, ...]) -> None:
    matches = match_apps(desired(declared, WANTED), PARTNER, seen, asked)
    assert open_queries(matches) == queries
    assert next_health_read(matches.apps[0]) is None


MARKED, UNMARKED = [LedgerWritten(MARK)], [LedgerWritten(replace(MARK, digest=""))]


@pytest.mark.parametrize(
    ("declared", "seen", "noted"),
    [
        pytest.param(LEFT, seen_with(), MARKED, id="nothing is left"),
        pytest.param(LEFT, seen_with(THEIRS), MARKED, id="nothing of ours is left"),
        pytest.param(LEFT, seen_with(THERE), [], id="something is"),
        pytest.param(LEFT, observed(live(1)), [], id="nobody looked"),
        pytest.param(LEFT, observed(), [], id="it is not there"),
        pytest.param(replace(LEFT, replaced=True), seen_with(), [], id="replaced"),
        pytest.param(LEFT, seen_with(known=memory(ledger=[MARK])), [], id="noted already"),
        pytest.param(LEFT, seen_with(known=memory(refusals=[UNCLEAR])), [], id="a webhook may still come"),
        pytest.param(
            LEFT, seen_with(known=memory(refusals=[UNCLEAR]), at=MAY_COME), MARKED, id="it can come no more"
        ),
        pytest.param(APP, seen_with(known=memory(ledger=[MARK])), UNMARKED, id="active again"),
        pytest.param(
            APP, seen_with(known=memory(ledger=[replace(MARK, digest="")])), [], id="and that is known"
        ),
        pytest.param(APP, seen_with(), [], id="never retired"),
    ],
)
def test_the_end_of_a_retirement_is_remembered(
    declared: App, seen: Observed, noted: list[LedgerWritten]
) -> None:
    updates = memory_updates(match_apps(desired(declared), PARTNER, seen))
    written_ = [each for each in updates if isinstance(each, LedgerWritten)]
    assert [each for each in written_ if each.written.key == MARK.key] == noted


def test_a_write_without_an_answer_is_waited_for() -> None:
    seen = seen_with(known=memory(refusals=[UNCLEAR]))
    (waiting,) = planned(desired(LEFT), seen).waiting
    assert (waiting.item, waiting.wait_for, waiting.until) == (ITEM, WaitFor.BACKOFF, MAY_COME)


def test_what_is_there_is_removed_before_a_write_without_an_answer_is_waited_for() -> None:
    known = memory(ledger=[written(WANTED)], refusals=[UNCLEAR])
    plan = planned(desired(LEFT), seen_with(THERE, known=known))
    assert (removed(plan), plan.waiting) == (["events"], ())


def test_a_pass_over_the_list_says_which_app_it_did_not_read() -> None:
    assert planned(desired(LEFT), observed(live(1))).not_observed == (NotYetObserved(ITEM, 0),)
    failed = Facts(subscriptions={ID: ReadFailed("busy")})
    assert planned(desired(LEFT), observed(live(1), facts=failed)).not_observed == ()


def test_a_selection_of_the_app_removes_its_webhooks() -> None:
    left, only = select(desired(LEFT, app(2), WANTED), ["App/app-0001"], {})
    assert removed(planned(left, seen_with(THERE), Request(only=only))) == ["events"]
    left, only = select(desired(LEFT, app(2), WANTED), ["App/app-0001"], {})
    unwritten = seen_with(THERE, known=Memory())
    assert removed(planned(left, unwritten, Request(only=only))) == ["events"], "declared beyond the scope"
    other, only = select(desired(LEFT, app(2), WANTED), ["App/app-0002"], {})
    assert removed(planned(other, seen_with(THERE), Request(only=only))) == []


def test_the_schedule_learns_which_apps_need_no_read() -> None:
    two = replace(app(2), state=AppState.RETIRED)
    marked = observed(live(1), known=memory(ledger=[MARK]))
    matches = match_apps(desired(LEFT, two), PARTNER, marked)
    assert settled_apps(frozenset({"app-0002", "app-0009"}), matches) == {"app-0001", "app-0009"}
    assert settled_apps(frozenset({"app-0001"}), None) == {"app-0001"}
    active, replaced = desired(APP), desired(replace(LEFT, replaced=True))
    assert settled_apps(frozenset({"app-0001"}), match_apps(active, PARTNER, marked)) == set()
    assert settled_apps(frozenset(), match_apps(replaced, PARTNER, observed(live(1)))) == {"app-0001"}


def judged(declared: Desired, seen: Observed, plan: Plan | None = None) -> list[Status]:
    matches = match_apps(declared, PARTNER, seen)
    return list(statuses(matches, plan or planned(declared, seen), {}))


def words(status: Status) -> list[str]:
    return [f"{each.type} {each.status} {each.reason}" for each in status.conditions]


def test_a_retired_app_has_one_status_and_no_alarm() -> None:
    """Its webhooks have none, and a webhook of others is shown without an alarm that nobody could end."""
    strict = replace(THEIRS, url="https://elsewhere.example.org/")
    (status,) = judged(desired(LEFT, WANTED), seen_with(strict))
    assert words(status) == ["Linked True Linked", "Synced True AsDeclared", "Retired True Retired"]
    assert state_of(status) == ("Retired", status.condition("Retired"))
    assert [each.item.name for each in status.foreign] == ["theirs"]
    assert "stay on it, and get its events as before: theirs (elsewhere.example.org); if they are yours" in (
        status.conditions[2].message
    )
    (unsure,) = judged(desired(LEFT, WANTED, complete=False), seen_with(strict))
    assert "webhooks that are not known to be ours stay on it" in unsure.conditions[2].message
    assert "if another one declares them, apply the whole folder; if they" in unsure.conditions[2].message
    summary = summarize([status], each=True)
    assert (summary.ready, summary.unready, summary.stages, summary.oldest) == ({}, {}, {}, None)
    assert summary.conditions[Kind.APP, "Retired", status.conditions[0].status] == 1


@pytest.mark.parametrize(
    ("seen", "state", "reason"),
    [
        pytest.param(seen_with(THERE), "Reconciling", "ChangePlanned", id="a removal is planned"),
        pytest.param(observed(live(1)), "Reconciling", "NotObserved", id="it was not read yet"),
        pytest.param(
            observed(replace(live(2), name=APP.app_name), known=memory(bindings=[BOUND])),
            "Stalled",
            "NameTakenByOtherPhone",
            id="it cannot be told",
        ),
    ],
)
def test_until_its_webhooks_are_gone_an_app_is_not_retired(seen: Observed, state: str, reason: str) -> None:
    (status,) = judged(desired(LEFT, WANTED), seen)
    assert (status.condition("Retired"), status.condition("Ready")) != (None, None)
    assert state_of(status)[0] == state
    ready = status.condition("Ready")
    assert ready is not None
    assert ready.reason == reason
