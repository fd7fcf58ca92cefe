"""What is planned for a linked app: its callback, its way to live, its WABA; and what is not ours."""

from dataclasses import replace

import pytest

from controller.core.planning.digest import callback_key, of_callback
from controller.model.manifest import App, Policy, SubscribeWhen, Subscription, Suspend
from controller.model.memory import Binding, LedgerEntry, Memory, Refusal
from controller.model.plan import Item, Kind, Observed, Plan, Request, SetCallback, Subscribe, Verb, WaitFor
from controller.model.upstream import Details, Facts, ReadFailed, Row, Stage
from tests.builders.health import of_waba
from tests.builders.manifest import CALLBACK, PARTNER, app, desired, phone, subscription
from tests.builders.memory import KEYED, NOW, memory
from tests.builders.plan import observed, planned
from tests.builders.upstream import app_id, live, looked, row

APP = replace(app(1), callback_url=CALLBACK)
PLAIN = app(1)
ITEM = Item(Kind.APP, "main", APP.name, APP.name)
KEY = callback_key(app_id(1))
NOTHING = Request()
LEFT = Request(resend=False)


def wrote(digest: str) -> Memory:
    return memory(ledger=[LedgerEntry(KEY, digest)])


def with_callback(
    declared: App, known: Memory, asked: Request = NOTHING, keyed: str | ReadFailed = KEYED
) -> Plan:
    return planned(desired(declared), observed(live(1), known=known, digests={ITEM: keyed}), asked)


@pytest.mark.parametrize(
    ("known", "asked", "expected", "unverifiable"),
    [
        pytest.param(Memory(), NOTHING, False, False, id="no row in the ledger: declared wins"),
        pytest.param(Memory(), LEFT, None, True, id="no row, and left as it is: not written, and said so"),
        pytest.param(wrote(KEYED), NOTHING, None, False, id="the row agrees: once is enough"),
        pytest.param(wrote(KEYED), LEFT, None, False, id="the row agrees, and nobody asks"),
        pytest.param(wrote("keyed:0"), LEFT, False, False, id="the row differs: known, and written"),
        pytest.param(wrote("keyed:0"), NOTHING, False, False, id="the row differs: written"),
        pytest.param(wrote(""), NOTHING, True, False, id="the link could not set it: written, to finish it"),
        pytest.param(
            memory(ledger=[LedgerEntry(callback_key(app_id(2)), KEYED)]),
            NOTHING,
            False,
            False,
            id="the row of another app says nothing",
        ),
    ],
)
def test_a_callback_is_compared_with_the_ledger(
    *, known: Memory, asked: Request, expected: bool | None, unverifiable: bool
) -> None:
    plan = with_callback(APP, known, asked)
    unknown = KEY not in known.ledger
    actions = () if expected is None else (SetCallback(APP, app_id(1), CALLBACK, expected, unknown),)
    assert plan.actions == actions
    assert plan.unverifiable == ((ITEM,) if unverifiable else ())
    assert plan.unchanged == (() if actions or unverifiable else (ITEM,))


@pytest.mark.parametrize(
    ("known", "allowed", "expected"),
    [
        pytest.param(wrote(""), {Policy.LINK}, True, id="finishing a link needs no more than the link did"),
        pytest.param(wrote(""), {Policy.UPDATE}, False, id="and no less"),
        pytest.param(wrote("keyed:0"), {Policy.LINK}, False, id="a changed callback is an update"),
        pytest.param(wrote("keyed:0"), {Policy.UPDATE}, True, id="which its own policy allows"),
    ],
)
def test_a_callback_needs_the_policy_of_what_it_is_part_of(
    *, known: Memory, allowed: set[Policy], expected: bool
) -> None:
    plan = with_callback(replace(APP, policies=frozenset(allowed)), known)
    assert bool(plan.actions) is expected
    assert [each.wait_for for each in plan.waiting] == ([] if expected else [WaitFor.POLICY])


@pytest.mark.parametrize("asked", [NOTHING, LEFT])
def test_an_app_without_a_declared_callback_is_unchanged(asked: Request) -> None:
    plan = planned(desired(PLAIN), observed(live(1), known=wrote("keyed:0")), asked)
    assert (plan.actions, plan.unverifiable, plan.unchanged) == ((), (), (ITEM,))


def test_a_callback_without_a_digest_is_neither_written_nor_called_as_declared() -> None:
    plan = with_callback(APP, wrote("keyed:0"), NOTHING, ReadFailed("no key"))
    assert (plan.actions, plan.unchanged, plan.unverifiable) == ((), (), (ITEM,))


@pytest.mark.parametrize(
    ("declared", "refused", "on", "reason"),
    [
        pytest.param(
            replace(APP, policies=frozenset({Policy.LINK})), "", WaitFor.POLICY, None, id="no Update"
        ),
        pytest.param(replace(APP, suspend=Suspend()), "", WaitFor.SUSPENSION, None, id="suspended"),
        pytest.param(APP, CALLBACK, None, "Rejected", id="refused before"),
        pytest.param(APP, "https://old.example.com", None, None, id="another URL was refused before"),
    ],
)
def test_a_callback_waits_or_is_blocked_with_its_app(
    declared: App, refused: str, on: WaitFor | None, reason: str | None
) -> None:
    refusal = Refusal(KEY, of_callback(refused), "Rejected", "no", NOW)
    plan = with_callback(declared, replace(wrote("keyed:0"), refusals={KEY: refusal}))
    assert [(each.verb, each.wait_for) for each in plan.waiting] == (
        [] if on is None else [(Verb.UPDATE, on)]
    )
    assert [each.reason for each in plan.blocked] == ([] if reason is None else [reason])
    assert bool(plan.actions) == (on is None and reason is None)
    assert plan.unchanged == ()


@pytest.mark.parametrize(
    ("seen", "facts", "reason", "under_way"),
    [
        pytest.param(row(1), Facts(), None, True, id="on its way"),
        pytest.param(live(1), Facts(), None, False, id="live"),
        pytest.param(
            replace(row(1), stage=Stage("ERROR", "WABA_SETUP")),
            Facts(),
            "ProvisioningFailed",
            False,
            id="given up",
        ),
        pytest.param(
            replace(live(1), stage=Stage("ERROR", "WABA_SETUP")),
            Facts(),
            None,
            False,
            id="ERROR beside live is live",
        ),
        pytest.param(
            replace(row(1), created=NOW - 86_400), Facts(), None, True, id="a day old to the second"
        ),
        pytest.param(
            replace(row(1), created=NOW - 86_401),
            Facts(),
            "ProvisioningTimeout",
            False,
            id="older than a day",
        ),
        pytest.param(replace(live(1), created=NOW - 86_401), Facts(), None, False, id="live is never late"),
        pytest.param(
            replace(row(1), stage=Stage("A_NEW_WORD")), Facts(), None, True, id="a word that nobody knows"
        ),
    ],
)
def test_provisioning_of_an_app_is_reported_with_its_stage(
    *, seen: Row, facts: Facts, reason: str | None, under_way: bool
) -> None:
    plan = planned(desired(PLAIN), observed(seen, facts=facts))
    assert [each.reason for each in plan.blocked] == ([] if reason is None else [reason])
    assert plan.unchanged == ((ITEM,) if reason is None else ())
    assert plan.provisioning == ((ITEM,) if under_way else ())
    assert not plan.actions
    if reason:
        assert str(seen.stage.creation) in plan.blocked[0].message


def test_an_unknown_stage_is_reported_as_unknown() -> None:
    plan = planned(desired(PLAIN), observed(replace(row(1), created=0, stage=Stage())))
    assert "no stage, no pipeline stage" in plan.blocked[0].message


def test_a_suspended_app_is_not_waited_for() -> None:
    declared = replace(PLAIN, suspend=Suspend())
    plan = planned(desired(declared, subscription(1)), observed(row(1)))
    assert plan.provisioning == ()
    assert [each.wait_for for each in plan.waiting] == [WaitFor.SUSPENSION]


@pytest.mark.parametrize(
    ("waba", "known", "mismatch"),
    [
        pytest.param(None, Memory(), False, id="not asked yet"),
        pytest.param("", Memory(), False, id="asked and not told is unknown"),
        pytest.param(APP.waba_id, Memory(), False, id="the same"),
        pytest.param("1", Memory(), True, id="another"),
        pytest.param(
            None, memory(bindings=[Binding(APP.phone, app_id(1), None, "1")]), True, id="another, remembered"
        ),
        pytest.param(
            "",
            memory(bindings=[Binding(APP.phone, app_id(1), None, "1")]),
            True,
            id="another, remembered where the last look gave none",
        ),
        pytest.param(
            APP.waba_id,
            memory(bindings=[Binding(APP.phone, app_id(1), None, "1")]),
            False,
            id="another before the last look",
        ),
        pytest.param(
            None,
            memory(bindings=[Binding(APP.phone, app_id(9), None, "1")]),
            False,
            id="that of an earlier app",
        ),
        pytest.param(
            None, memory(bindings=[Binding(APP.phone, app_id(1))]), False, id="remembered as not asked"
        ),
    ],
)
def test_a_different_waba_blocks_its_app(*, waba: str | None, known: Memory, mismatch: bool) -> None:
    facts = replace(looked(1), health={} if waba is None else {app_id(1): of_waba(waba)})
    plan = planned(desired(PLAIN, subscription(1)), observed(live(1), facts=facts, known=known))
    assert [each.reason for each in plan.blocked] == (["WabaMismatch"] if mismatch else [])
    assert [each.wait_for for each in plan.waiting] == ([WaitFor.LIVE] if mismatch else [])
    assert bool(plan.actions) == (not mismatch)


@pytest.mark.parametrize(
    ("seen", "when", "expected"),
    [
        pytest.param(row(1), SubscribeWhen.LIVE, WaitFor.LIVE, id="not live yet"),
        pytest.param(row(1), SubscribeWhen.LINKED, None, id="linked is enough where the partner says so"),
        pytest.param(live(1), SubscribeWhen.LIVE, None, id="live"),
        pytest.param(replace(live(1), stage=Stage("ERROR")), SubscribeWhen.LIVE, None, id="live with ERROR"),
        pytest.param(replace(row(1), stage=Stage("ERROR")), SubscribeWhen.LIVE, WaitFor.LIVE, id="given up"),
    ],
)
def test_subscriptions_begin_at_the_stage_that_the_partner_declares(
    seen: Row, when: SubscribeWhen, expected: WaitFor | None
) -> None:
    partner = replace(PARTNER, subscribe_when=when)
    plan = planned(desired(PLAIN, subscription(1)), observed(seen, facts=_of(seen)), partner=partner)
    assert [each.wait_for for each in plan.waiting] == ([] if expected is None else [expected])
    assert any(isinstance(action, Subscribe) for action in plan.actions) == (expected is None)


def _of(seen: Row) -> Facts:
    return looked(1) if seen.live else replace(looked(1), details={})


STRANGER = row(9)


@pytest.mark.parametrize(
    ("declared", "rows", "facts", "expected"),
    [
        pytest.param([PLAIN], [row(1), STRANGER], Facts(), [9], id="an app that no manifest declares"),
        pytest.param([], [STRANGER, row(3)], Facts(), [3, 9], id="in the order of their names"),
        pytest.param(
            [PLAIN], [replace(row(9), phone=phone(1))], Facts(), [], id="not one that has our phone"
        ),
        pytest.param(
            [PLAIN], [replace(row(9), name=PLAIN.app_name)], Facts(), [], id="nor one with our name"
        ),
        pytest.param(
            [PLAIN],
            [replace(row(9), phone=None)],
            Facts(details={app_id(9): Details(app_id(9), "", phone(1), live=False)}),
            [],
            id="nor one whose details have our phone",
        ),
        pytest.param(
            [replace(PLAIN, app_id=app_id(9))],
            [row(9)],
            Facts(),
            [],
            id="nor one that a manifest names by id",
        ),
        pytest.param(
            [replace(PLAIN, partner="other")],
            [row(1)],
            Facts(),
            [1],
            id="another partner's manifest is not ours",
        ),
    ],
)
def test_an_app_that_is_not_declared_is_unmanaged(
    declared: list[App], rows: list[Row], facts: Facts, expected: list[int]
) -> None:
    plan = planned(desired(*declared), observed(*rows, facts=facts))
    assert [each.id for each in plan.unmanaged] == [app_id(number) for number in expected]
    assert not plan.actions


def test_a_narrowed_source_reports_nothing_as_unmanaged() -> None:
    facts = looked(1, there={1: ()})
    plan = planned(desired(PLAIN, complete=False), observed(live(1), STRANGER, facts=facts))
    assert plan.unmanaged == ()


def test_an_app_whose_manifest_is_gone_is_only_reported() -> None:
    known = memory(bindings=[Binding(phone(9), app_id(9))])
    plan = planned(desired(), observed(STRANGER, known=known))
    assert not plan.actions
    assert [each.item.name for each in plan.unmanaged] == [STRANGER.name]


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        pytest.param(None, ["app-0001", "events"], id="everything"),
        pytest.param({ITEM}, ["app-0001"], id="the app"),
        pytest.param(
            {Item(Kind.SUBSCRIPTION, "main", APP.name, "events")}, ["events"], id="its subscription"
        ),
        pytest.param(set(), [], id="nothing"),
    ],
)
def test_a_plan_with_a_selection_holds_only_selected_items(
    only: set[Item] | None, expected: list[str]
) -> None:
    wanted: Subscription = subscription(1)
    asked = Request(only=None if only is None else frozenset(only))
    seen: Observed = observed(live(1), facts=looked(1), known=wrote("keyed:0"), digests={ITEM: KEYED})
    plan = planned(desired(APP, wanted, complete=only is None), seen, asked)
    names = [each.subscription.name if isinstance(each, Subscribe) else ITEM.name for each in plan.actions]
    assert sorted(names) == expected
