"""What a change touches: what is declared otherwise than before, and nothing that only stands elsewhere."""

from dataclasses import replace

import pytest

from controller.core.planning.changes.changed import changed, everything
from controller.model.manifest import (
    LIMITS,
    App,
    Desired,
    FromEnv,
    Guards,
    Partner,
    Policy,
    Settle,
    SubscribeWhen,
    Subscription,
    Suspend,
    Token,
    WebhookPolicy,
)
from controller.model.problem import Place
from tests.builders.manifest import PARTNER, app, desired, subscription

ELSEWHERE = Place("moved.yaml", 7, 3)
ONE, TWO, HOOK, AUDIT, OTHER = app(1), app(2), subscription(1), subscription(1, "audit"), subscription(2)
DECLARED = (ONE, TWO, HOOK, AUDIT, OTHER)
RENAMED = (replace(ONE, name="acme"), TWO, replace(HOOK, app="acme"), replace(AUDIT, app="acme"), OTHER)
OF_ONE = {"App/app-0001", "Subscription/audit on App/app-0001", "Subscription/events on App/app-0001"}
ALL = OF_ONE | {"App/app-0002", "Subscription/events on App/app-0002"}


def texts(before: Desired, now: Desired) -> set[str]:
    return {str(item) for item in changed(before, now)}


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param(DECLARED, set(), id="nothing"),
        pytest.param(
            [replace(each, place=ELSEWHERE) for each in DECLARED], set(), id="a moved file touches nothing"
        ),
        pytest.param(RENAMED, set(), id="another name touches nothing"),
        pytest.param(
            [replace(RENAMED[0], app_name="Acme1234"), *RENAMED[1:]],
            {each.replace("app-0001", "acme") for each in OF_ONE},
            id="another appName along with it does",
        ),
        pytest.param(
            [*RENAMED[:2], replace(RENAMED[2], url="https://hooks.example.com/acme"), *RENAMED[3:]],
            {"Subscription/events on App/acme"},
            id="so does a URL with the name in it",
        ),
        pytest.param(
            [replace(ONE, labels={"tier": "gold"}), *DECLARED[1:]], {"App/app-0001"}, id="a label of an app"
        ),
        pytest.param(
            [replace(ONE, callback_url="https://hooks.example.com/x"), *DECLARED[1:]],
            {"App/app-0001"},
            id="a callback, also one that the partner's defaults give",
        ),
        *(
            pytest.param([one, *DECLARED[1:]], OF_ONE, id=f"{what} also decides about its subscriptions")
            for what, one in {
                "a policy": replace(ONE, policies=frozenset(Policy)),
                "a suspension": replace(ONE, suspend=Suspend("ported")),
                "an appId": replace(ONE, app_id=app(1).app_id or "7f9c"),  # type: ignore[arg-type]  # any text
                "an appName": replace(ONE, app_name="Another"),
                "a phone": replace(ONE, phone="919876599999"),
                "a WABA": replace(ONE, waba_id="1"),
            }.items()
        ),
        pytest.param(
            [ONE, TWO, replace(HOOK, url="https://hooks.example.com/new"), AUDIT, OTHER],
            {"Subscription/events on App/app-0001"},
            id="a subscription on one app",
        ),
        pytest.param(
            [ONE, TWO, replace(HOOK, headers={"X-Hook": FromEnv("HOOK_B")}), AUDIT, OTHER],
            {"Subscription/events on App/app-0001"},
            id="a header's reference",
        ),
        pytest.param(
            [ONE, TWO, replace(HOOK, tag="events-2"), AUDIT, OTHER],
            {"Subscription/events on App/app-0001"},
            id="another tag: the old one has the same name here",
        ),
        pytest.param(
            [ONE, TWO, replace(HOOK, name="happenings"), AUDIT, OTHER],
            set(),
            id="a subscription under another name keeps its tag",
        ),
        pytest.param(
            [ONE, TWO, AUDIT, OTHER],
            {"Subscription/events on App/app-0001"},
            id="a removed subscription, by its tag",
        ),
        pytest.param([TWO, OTHER], {"App/app-0001"}, id="a removed app, without its subscriptions"),
        pytest.param(
            [*DECLARED, app(3), subscription(3)],
            {"App/app-0003", "Subscription/events on App/app-0003"},
            id="a new app",
        ),
        pytest.param([], {"App/app-0001", "App/app-0002"}, id="all is gone"),
    ],
)
def test_a_change_touches_what_is_declared_otherwise(
    now: list[App | Subscription], expected: set[str]
) -> None:
    assert texts(desired(*DECLARED), desired(*now)) == expected


def test_a_removed_subscription_is_known_by_its_tag_and_not_by_its_name() -> None:
    hook = replace(HOOK, tag="gitops-events")
    assert texts(desired(ONE, hook), desired(ONE)) == {"Subscription/gitops-events on App/app-0001"}


@pytest.mark.parametrize(
    ("partner", "expected"),
    [
        pytest.param(replace(PARTNER, url="https://other.example.com"), ALL, id="its URL"),
        pytest.param(replace(PARTNER, credentials=Token(FromEnv("OTHER"))), ALL, id="its credentials"),
        pytest.param(replace(PARTNER, partner_id="7"), ALL, id="its id"),
        pytest.param(replace(PARTNER, subscribe_when=SubscribeWhen.LINKED), ALL, id="subscribeWhen"),
        pytest.param(replace(PARTNER, guards=Guards(max_links=Guards().max_updates)), ALL, id="a guard"),
        pytest.param(replace(PARTNER, owned_tags="gitops-*"), ALL, id="ownedTags"),
        pytest.param(
            replace(PARTNER, webhooks=WebhookPolicy(("hooks.example.com",))), ALL, id="the hosts of webhooks"
        ),
        pytest.param(
            replace(PARTNER, limits=dict(list(LIMITS.items())[1:])), set(), id="no limit: only pace"
        ),
        pytest.param(replace(PARTNER, settle=Settle(1, 1)), set(), id="no settling: only time"),
        pytest.param(replace(PARTNER, expires=1.0), set(), id="no end of its secret: only a warning"),
        pytest.param(replace(PARTNER, place=ELSEWHERE), set(), id="not its file"),
    ],
)
def test_a_partner_that_decides_otherwise_touches_all_that_it_has(
    partner: Partner, expected: set[str]
) -> None:
    assert texts(desired(*DECLARED), desired(*DECLARED, partner=partner)) == expected


def test_a_partner_touches_nothing_of_others() -> None:
    theirs = replace(TWO, partner="second")
    second = replace(PARTNER, name="second")
    before = replace(desired(ONE, HOOK, theirs), partners=(PARTNER, second))
    now = replace(before, partners=(PARTNER, replace(second, owned_tags="*")))
    assert texts(before, now) == {"App/app-0002"}


def test_an_app_that_moves_to_another_partner_is_touched_in_both() -> None:
    moved = replace(ONE, partner="second")
    assert {item.partner for item in changed(desired(ONE), desired(moved))} == {"main", "second"}


def test_without_a_declaration_to_compare_with_everything_is_touched() -> None:
    assert {str(item) for item in everything(desired(*DECLARED))} == ALL
