"""Links of an account that may not link are blocked without a call; everything else goes on."""

from dataclasses import replace

import pytest

from controller.model.account import AccountFacts
from controller.model.manifest import App, Policy
from controller.model.memory import Intent, Memory
from controller.model.plan import Link, Plan, Request, Subscribe
from tests.builders.account import ALLOWED, PENDING
from tests.builders.manifest import APP, WANTED, app, desired, subscription
from tests.builders.memory import NOW, memory
from tests.builders.plan import NOBODY, observed, planned
from tests.builders.upstream import live, looked

AGAIN = Request(again=frozenset({APP.name}), at=NOW)


def plan_of(
    told: AccountFacts,
    *,
    known: Memory | None = None,
    asked: Request = NOBODY,
    declared: App = APP,
) -> Plan:
    seen = replace(observed(known=known), account=told)
    return planned(desired(declared, WANTED), seen, asked)


@pytest.mark.parametrize(
    ("told", "remembered", "reason"),
    [
        pytest.param(PENDING, AccountFacts(), "TermsNotAccepted", id="told by this sign-in"),
        pytest.param(AccountFacts(), PENDING, "TermsNotAccepted", id="told by an earlier one"),
        pytest.param(
            AccountFacts(tech_provider=False), AccountFacts(), "NotTechProvider", id="no tech provider"
        ),
        pytest.param(ALLOWED, replace(PENDING, at=NOW - 90), "", id="accepted since"),
        pytest.param(AccountFacts(), AccountFacts(), "", id="nothing is known"),
        pytest.param(AccountFacts(may_mint=False), AccountFacts(), "", id="minting keeps no link back"),
    ],
)
def test_an_obstacle_blocks_links_and_is_a_warning(
    told: AccountFacts, remembered: AccountFacts, reason: str
) -> None:
    found = plan_of(told, known=Memory(account=remembered))
    assert [each.reason for each in found.blocked] == ([reason] if reason else [])
    assert [type(action) for action in found.actions] == ([] if reason else [Link])
    if reason:
        assert [each.reason for each in found.warnings] == [reason]
        assert f"reconcile {APP.name}" in found.blocked[0].message


def test_other_actions_go_on() -> None:
    seen = replace(observed(live(2), facts=looked(2)), account=PENDING)
    found = planned(desired(app(1), app(2), subscription(2)), seen)
    assert [type(action) for action in found.actions] == [Subscribe]
    assert [each.item.app for each in found.blocked] == ["app-0001"]


def test_an_obstacle_hides_neither_an_open_attempt_nor_a_policy() -> None:
    pending = memory(intents=[Intent(1, APP.phone, APP.app_name)])
    for found in (
        plan_of(PENDING, known=pending),
        plan_of(PENDING, declared=replace(APP, policies=frozenset({Policy.SUBSCRIBE}))),
    ):
        assert found.blocked == ()
        assert found.waiting


@pytest.mark.parametrize(
    ("told_at", "links"),
    [
        pytest.param(NOW - 60, 1, id="a person asked again since the sign-in"),
        pytest.param(NOW, 0, id="this sign-in came after the question"),
    ],
)
def test_a_person_who_asks_again_lets_one_link_be_tried(told_at: float, links: int) -> None:
    found = plan_of(replace(PENDING, at=told_at), asked=AGAIN)
    assert (len(found.actions), len(found.blocked)) == (links, 1 - links)
